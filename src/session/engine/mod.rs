//! The engine: inputs go in, events and effects come out. Pure: no clock, no sockets, no tasks.

mod bisection;
mod call;
mod conclusion;
mod config;
mod effect;
mod gate;
mod health;
mod idle_check;
mod input;
mod lenses;
mod liveness;
mod pending;
mod routing;
mod stalls;
mod steps;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::discovery::Discovery;
use super::plan::{Goal, Until};
use crate::channel::{self, Channel, ConnectionId};
use crate::diagnosis::Ledger;
use crate::lens;
use crate::model::endpoint::Address;
use crate::model::event::{ConnectionReport, Event, EventKind};
use crate::model::proxy::Proxy;
use crate::model::reach::Disconnect;
use crate::model::resolution::{ResolveCode, ResolveError};
use crate::model::time::Elapsed;
use conclusion::Conclusions;
pub use config::EngineConfig;
pub use effect::{Effect, IdleCheckId};
use gate::Gate;
use health::Vitals;
use idle_check::RunningChecks;
pub use input::{ChannelRequest, Input};
use lenses::Models;
use liveness::{Liveness, WatchEnding};
pub use pending::Stages;
use stalls::Stalls;
use steps::Steps;

/// The state of a session.
pub struct Engine {
    config: EngineConfig,
    discovery: Discovery,
    channel: Option<Channel>,
    /// The channel's connections by id: their addresses, and whether their end was reported.
    connections: BTreeMap<ConnectionId, EngineConnection>,
    ledger: Ledger,
    steps: Steps,
    idle_checks: RunningChecks,
    /// Other frameworks' clients.
    models: Models,
    /// When an action is due for the health of a connection.
    health_timers: BTreeSet<(Elapsed, ConnectionId)>,
    gate: Gate,
    liveness: Liveness,
    stages: Stages,
    stalls: Stalls,
    now: Elapsed,
    seq: u64,
    finished: bool,
    effects: Vec<Effect>,
    conclusion: Option<Conclusions>,
}

#[derive(Debug)]
struct EngineConnection {
    address: Address,
    /// When it was requested; once it is connected, when it became connected.
    since: Elapsed,
    /// The server's SETTINGS arrived.
    connected: bool,
    end_reported: bool,
    vitals: Vitals,
    /// It counts as ready in the gate.
    is_counted: bool,
    /// The proxy that its responses name.
    proxy: Option<Arc<Proxy>>,
    /// When the last RPC on it ended, or it became READY.
    last_rpc: Elapsed,
    /// When its server last responded, or it became READY.
    responded: Elapsed,
    /// When its liveness is checked next.
    liveness_due: Option<Elapsed>,
}

impl Engine {
    /// An engine that is not started.
    pub fn new(config: EngineConfig) -> Self {
        let discovery = Discovery::new(config.sources.iter().cloned(), config.watches(), config.channel.seed);
        let channel = config.has_channel().then(|| Channel::new(config.channel.clone()));
        Engine {
            discovery,
            channel,
            connections: BTreeMap::new(),
            ledger: Ledger {
                implied: config.implied.clone(),
                registries: config.registries.clone(),
                service: config.service.clone(),
                rpc_timeout: Some(config.rpc_timeout),
                proxy: config.proxy.clone(),
                lenses_named: matches!(config.lenses, super::plan::Lenses::Chosen(_)),
                watches: matches!(config.goal, Goal::Watch { .. }),
                drains: config.goal == Goal::Watch { until: Some(Until::Drained) },
                ..Ledger::default()
            },
            steps: Steps::new(config.goal),
            idle_checks: RunningChecks::default(),
            models: Models::new(&config),
            health_timers: BTreeSet::new(),
            gate: Gate::default(),
            liveness: Liveness::default(),
            stages: Stages::default(),
            stalls: Stalls::default(),
            now: Elapsed::ZERO,
            seq: 0,
            finished: false,
            effects: Vec::new(),
            conclusion: None,
            config,
        }
    }

    /// Processes one input at `now`; returns what to do, in order.
    pub fn handle(&mut self, now: Elapsed, input: Input) -> Vec<Effect> {
        if self.finished {
            return Vec::new();
        }
        self.now = self.now.max(now);
        match input {
            Input::Start => {
                let now = self.now;
                self.discover(|discovery, steps| discovery.start(now, steps));
                if matches!(self.config.goal, Goal::Watch { .. }) {
                    self.channel(channel::Input::Connect);
                }
            }
            Input::Response { source, generation, response, last } => {
                let now = self.now;
                if matches!(&response, Some(Err(ResolveError::Ambient(failure))) if failure.code == ResolveCode::Timeout)
                    && !self.config.watches()
                    && self.is_excused(self.discovery.queried_for(now, source))
                {
                    self.discover(|discovery, steps| discovery.repeat(now, source, steps));
                } else {
                    self.discover(|discovery, steps| {
                        discovery.response(now, source, generation, response, last, steps)
                    });
                }
            }
            Input::Reached(address, reach) => {
                if let Some(reach) = self.unless_stalled(&address, *reach) {
                    self.reached(address, reach);
                }
            }
            Input::Passed(connection, phase) => {
                if let Some(address) = self.address_of(connection) {
                    let (stage, took, later) = (phase.stage, phase.took, phase.detail.is_later());
                    let seq = self.report(EventKind::Connection(ConnectionReport { address, result: Ok(phase) }));
                    if !later {
                        self.call_pays_for(connection, stage, took, seq);
                    }
                }
            }
            Input::Connected(connection) => {
                if let Some(link) = self.connections.get_mut(&connection) {
                    (link.connected, link.since) = (true, self.now);
                }
                self.rpc_ended(connection, true);
                self.channel(channel::Input::Connected(connection));
                self.start_liveness(connection);
                if matches!(self.config.goal, Goal::Watch { .. }) {
                    self.open_watch(connection);
                }
            }
            Input::ConnectFailed(connection, failure) => {
                if let Some(address) = self.address_of(connection) {
                    let result = Err(failure.clone());
                    if !self.is_excused_attempt(&failure) {
                        self.models_see(&lens::Input::Lost(address.clone()));
                        self.report(EventKind::Connection(ConnectionReport { address, result }));
                    }
                    self.channel(channel::Input::ConnectFailed(connection, failure));
                    self.forget_connection(connection);
                }
            }
            Input::GoingAway(connection, disconnect) => {
                self.report_end(connection, &disconnect);
                self.channel(channel::Input::GoingAway(connection, disconnect));
            }
            Input::Lost(connection, disconnect) => {
                self.report_end(connection, &disconnect);
                if let Some(address) = self.address_of(connection) {
                    self.models_see(&lens::Input::Lost(address));
                }
                self.connection_gone(connection, &disconnect.to_string());
                self.channel(channel::Input::Lost(connection, disconnect));
                self.forget_connection(connection);
            }
            Input::Checked(connection, health, took) => {
                self.rpc_ended(connection, liveness::responded(&health));
                if !self.repeats_check(connection, &health, took) && !self.health_checked(connection, &health, took) {
                    self.call_answered(connection, health, took);
                }
            }
            Input::PassedOn(connection, proxy) => {
                if let Some(link) = self.connections.get_mut(&connection) {
                    link.proxy = proxy;
                }
            }
            Input::Watched(connection, health) => {
                self.rpc_ended(connection, liveness::responded(&health));
                self.watched(connection, health);
            }
            Input::WatchEnded(connection) => {
                self.rpc_ended(connection, true);
                self.watch_ended(connection);
            }
            Input::InStages(stages) => self.stages = stages,
            Input::IdleChecked(id, result) => match self.is_excused_idle_check(&result) {
                true => self.forget_idle_check(id),
                false => self.idle_check_ended(id, *result),
            },
            Input::Stalled { from, lasted } => self.stalled(from, lasted),
            Input::Refresh => {
                let now = self.now;
                self.effects.push(Effect::ResolveNow);
                self.discover(|discovery, steps| discovery.refresh(now, steps));
            }
            Input::Requested(request) => self.requested(request),
            Input::TimePassed => self.time_passed(),
            Input::Finish => self.end_checked(WatchEnding::Stopped),
        }
        if !self.finished {
            self.models_read();
            self.gate_notes();
            self.go_on();
        }
        std::mem::take(&mut self.effects)
    }

    /// When [`Input::TimePassed`] is due.
    pub fn deadline(&self) -> Option<Elapsed> {
        let parts = [
            self.discovery.deadline(),
            self.channel.as_ref().and_then(Channel::deadline),
            self.steps.deadline(),
            self.models.deadline(),
            self.health_timers.first().map(|(due, _)| *due),
            self.gate_deadline().filter(|_| self.liveness.ends_at().is_none()),
            self.liveness.deadline(),
            self.ends_at(),
        ];
        parts.into_iter().flatten().min()
    }

    /// The channel's state and its subchannels, for a live table.
    pub fn channel_view(&self) -> Option<&Channel> {
        self.channel.as_ref()
    }

    /// The addresses that a client would use; `None` while no source has returned a list.
    pub fn usable(&self) -> Option<Vec<Address>> {
        self.discovery.any_response().then(|| self.discovery.usable())
    }

    fn requested(&mut self, request: ChannelRequest) {
        match request {
            ChannelRequest::Reconnect => {
                let now = self.now;
                self.effects.push(Effect::ResolveNow);
                self.discover(|discovery, steps| discovery.refresh(now, steps));
                self.channel(channel::Input::Connect);
                self.channel(channel::Input::ResetBackoff);
            }
            ChannelRequest::Call => {
                self.channel(channel::Input::Connect);
                let connections: Vec<ConnectionId> = self.connections.keys().copied().collect();
                connections.into_iter().for_each(|connection| self.check_liveness(connection));
            }
            ChannelRequest::GoIdle => self.channel(channel::Input::GoIdle),
        }
    }

    fn time_passed(&mut self) {
        let now = self.now;
        if let Some(limit) = self.config.limits.max_time.filter(|limit| now >= Elapsed::new(*limit)) {
            return self.finish(Some(self.not_met("--max-time", limit)));
        }
        self.discover(|discovery, steps| discovery.time_passed(now, steps));
        if self.channel.as_ref().and_then(Channel::deadline).is_some_and(|due| due <= now) {
            self.channel(channel::Input::TimePassed);
        }
        self.health_time_passed();
        self.liveness_time_passed();
        self.models_see(&lens::Input::TimePassed);
        self.steps_time_passed();
        self.gate_notes();
        if let Some(limit) = self.config.limits.run_for.filter(|limit| !self.finished && now >= Elapsed::new(*limit)) {
            self.end_checked(WatchEnding::Elapsed(limit));
        }
        self.last_checks_done();
    }

    /// One `disconnect` event per connection: the GOAWAY, or the end if there was no GOAWAY before it.
    fn report_end(&mut self, connection: ConnectionId, disconnect: &Disconnect) {
        let is_called = self.is_called_on(connection);
        let Some(link) = self.connections.get_mut(&connection) else { return };
        if !link.end_reported {
            link.end_reported = true;
            let idle = (!is_called && !link.vitals.is_calling()).then(|| self.now.since(link.last_rpc));
            let (address, disconnect) = (link.address.clone(), disconnect.clone());
            self.count_connection(connection);
            self.report(EventKind::Disconnect { address, disconnect, idle });
        }
    }

    /// From now on the connection is idle, unless an RPC is open on it.
    fn rpc_ended(&mut self, connection: ConnectionId, responded: bool) {
        if let Some(link) = self.connections.get_mut(&connection) {
            link.last_rpc = self.now;
            if responded {
                link.responded = self.now;
            }
        }
    }

    pub(super) fn proxy_of(&self, connection: ConnectionId) -> Option<Arc<Proxy>> {
        self.connections.get(&connection).and_then(|link| link.proxy.clone())
    }

    fn address_of(&self, connection: ConnectionId) -> Option<Address> {
        self.connections.get(&connection).map(|link| link.address.clone())
    }

    fn event(&mut self, kind: EventKind) -> Event {
        self.seq += 1;
        Event {
            seq: self.seq,
            time: self.config.started_at + self.now.since_start(),
            at: self.now,
            target: self.config.label.clone(),
            kind,
        }
    }

    fn report(&mut self, kind: EventKind) -> u64 {
        let event = self.event(kind);
        self.ledger.observe(&event);
        self.effects.push(Effect::Report(Box::new(event)));
        self.seq
    }
}

#[cfg(test)]
mod tests;
