//! The engine: what happened goes in, events and effects come out. PURE: no clock, no sockets, no tasks.

mod bisection;
mod call;
mod course;
mod hold;
mod lenses;

use std::collections::BTreeMap;
use std::time::Duration;

use super::discovery::{Discovery, Step};
use super::plan::{Goal, Until};
use super::script::Script;
use crate::channel::{self, Channel, ConnectionId};
use crate::diagnosis::{self, Ledger};
use crate::lens;
use crate::model::connectivity::ConnectivityState;
use crate::model::endpoint::Address;
use crate::model::event::{ConnectionReport, Event, EventKind, HealthReport};
use crate::model::finding::{Summary, Verdict};
use crate::model::hold::Held;
use crate::model::reach::{Disconnect, Failure, Health, Phase, Reach};
use crate::model::resolution::{ResolveError, Update};
use crate::model::rpc::RpcCause;
use crate::model::time::Elapsed;
use course::Course;
pub use hold::HoldId;
use hold::Holds;
use lenses::Models;

/// After this long without an event a READY channel is stable (`--until stable`).
const STABLE_AFTER: Duration = Duration::from_secs(10);
/// A health Watch that failed on a living connection is opened again after this long.
const REWATCH_AFTER: Duration = Duration::from_secs(5);

/// What happened.
#[derive(Debug)]
pub enum Input {
    /// The session begins.
    Begin,
    /// A source said something; `word` is `None` when its stream just ended.
    Word {
        /// Index of the source.
        source: usize,
        /// Of [`Effect::Ask`].
        generation: u32,
        /// What it said.
        word: Option<Result<Update, ResolveError>>,
        /// The stream ended with this word.
        last: bool,
    },
    /// A probe is over.
    Reached(Address, Box<Reach>),
    /// The channel's connection passed a stage.
    Passed(ConnectionId, Phase),
    /// The channel's connection got the server's SETTINGS.
    Connected(ConnectionId),
    /// The channel's attempt failed.
    ConnectFailed(ConnectionId, Failure),
    /// GOAWAY on the channel's connection.
    GoingAway(ConnectionId, Disconnect),
    /// The channel's connection ended.
    Lost(ConnectionId, Disconnect),
    /// A call on the channel's connection is over.
    Checked(ConnectionId, Health, Duration),
    /// The health Watch on the channel's connection said something.
    Watched(ConnectionId, Health),
    /// A held connection has told what became of it.
    Held(HoldId, Box<Held>),
    /// [`Engine::deadline`] has passed.
    TimePassed,
    /// The user has seen enough.
    Finish,
}

/// What the driver is to do, in order.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Ask a source; drop its earlier question.
    Ask {
        /// Index of the source.
        source: usize,
        /// To come back in [`Input::Word`].
        generation: u32,
    },
    /// Drop the question to a source.
    Drop {
        /// Index of the source.
        source: usize,
    },
    /// Tell every polling source that a connection failed (gRPC's ResolveNow).
    ResolveNow,
    /// Reach this address once, when there is room.
    Probe(Address),
    /// Open a connection of the channel.
    Open {
        /// Names it.
        connection: ConnectionId,
        /// Where to.
        address: Address,
        /// When it has failed at the latest.
        deadline: Elapsed,
    },
    /// Close a connection of the channel.
    Close {
        /// Which.
        connection: ConnectionId,
        /// Let calls in flight finish.
        drain: bool,
    },
    /// Hold a connection in silence, then ask whether it lives.
    Hold {
        /// To come back in [`Input::Held`].
        hold: HoldId,
        /// Where to.
        address: Address,
        /// For how long.
        silence: Duration,
    },
    /// A health Check on this connection.
    Check(ConnectionId),
    /// A health Watch on this connection.
    Watch(ConnectionId),
    /// An event for the user.
    Tell(Box<Event>),
    /// The summary was told: stop everything.
    End,
}

/// The state of a session.
#[derive(Debug)]
pub struct Engine {
    script: Script,
    discovery: Discovery,
    channel: Option<Channel>,
    /// The channel's connections by id: where they lead, and whether the end was told.
    connections: BTreeMap<ConnectionId, Link>,
    ledger: Ledger,
    course: Course,
    holds: Holds,
    /// Other frameworks' clients.
    models: Models,
    rewatch: Vec<(Elapsed, ConnectionId)>,
    now: Elapsed,
    last_event: Elapsed,
    seq: u64,
    over: bool,
    effects: Vec<Effect>,
}

#[derive(Debug)]
struct Link {
    address: Address,
    end_told: bool,
    /// What its health Watch said last.
    said: Option<Health>,
}

impl Engine {
    /// An engine that has not begun.
    pub fn new(script: Script) -> Self {
        let discovery = Discovery::new(script.sources.iter().cloned(), script.watches(), script.channel.seed);
        let channel = script.has_channel().then(|| Channel::new(script.channel.clone()));
        Engine {
            discovery,
            channel,
            connections: BTreeMap::new(),
            ledger: Ledger {
                implied: script.implied.clone(),
                service: script.service.clone(),
                rpc_timeout: Some(script.rpc_timeout),
                proxy: script.proxy.clone(),
                drains: script.goal == Goal::Watch { until: Some(Until::Drained) },
                ..Ledger::default()
            },
            course: Course::new(script.goal),
            holds: Holds::default(),
            models: Models::new(&script),
            rewatch: Vec::new(),
            now: Elapsed::ZERO,
            last_event: Elapsed::ZERO,
            seq: 0,
            over: false,
            effects: Vec::new(),
            script,
        }
    }

    /// Takes one input at `now`; returns what to do, in order.
    pub fn handle(&mut self, now: Elapsed, input: Input) -> Vec<Effect> {
        if self.over {
            return Vec::new();
        }
        self.now = self.now.max(now);
        match input {
            Input::Begin => {
                self.discover(|discovery, steps| discovery.start(steps));
                if matches!(self.script.goal, Goal::Watch { .. }) {
                    self.channel(channel::Input::Connect);
                }
            }
            Input::Word { source, generation, word, last } => {
                let now = self.now;
                self.discover(|discovery, steps| discovery.word(now, source, generation, word, last, steps));
            }
            Input::Reached(address, reach) => self.reached(address, *reach),
            Input::Passed(connection, phase) => {
                if let Some(address) = self.address_of(connection) {
                    let (stage, took) = (phase.stage, phase.took);
                    let seq = self.tell(EventKind::Connection(ConnectionReport { address, result: Ok(phase) }));
                    self.call_pays_for(connection, stage, took, seq);
                }
            }
            Input::Connected(connection) => {
                self.channel(channel::Input::Connected(connection));
                if matches!(self.script.goal, Goal::Watch { .. }) && self.connections.contains_key(&connection) {
                    self.effects.push(Effect::Watch(connection));
                }
            }
            Input::ConnectFailed(connection, failure) => {
                if let Some(address) = self.address_of(connection) {
                    let result = Err(failure.clone());
                    self.models_see(&lens::Input::Lost(address.clone()));
                    self.tell(EventKind::Connection(ConnectionReport { address, result }));
                    self.channel(channel::Input::ConnectFailed(connection, failure));
                    self.connections.remove(&connection);
                }
            }
            Input::GoingAway(connection, disconnect) => {
                self.tell_end(connection, &disconnect);
                self.channel(channel::Input::GoingAway(connection, disconnect));
            }
            Input::Lost(connection, disconnect) => {
                self.tell_end(connection, &disconnect);
                if let Some(address) = self.address_of(connection) {
                    self.models_see(&lens::Input::Lost(address));
                }
                self.connection_gone(connection, &disconnect.to_string());
                self.channel(channel::Input::Lost(connection, disconnect));
                self.connections.remove(&connection);
            }
            Input::Checked(connection, health, took) => self.call_answered(connection, health, took),
            Input::Watched(connection, health) => self.watched(connection, health),
            Input::Held(hold, held) => self.held(hold, *held),
            Input::TimePassed => self.time_passed(),
            Input::Finish => self.finish(None),
        }
        if !self.over {
            self.models_read();
            self.go_on();
        }
        std::mem::take(&mut self.effects)
    }

    /// When [`Input::TimePassed`] is due.
    pub fn deadline(&self) -> Option<Elapsed> {
        let stable = match self.script.goal {
            Goal::Watch { until: Some(Until::Stable) } => Some(self.last_event + STABLE_AFTER),
            _ => None,
        };
        let limits = [self.script.limits.run_for, self.script.limits.max_time];
        let ends = limits.into_iter().flatten().map(Elapsed::new);
        let parts = [
            self.discovery.deadline(),
            self.channel.as_ref().and_then(Channel::deadline),
            self.course.deadline(),
            self.models.deadline(),
            self.rewatch.iter().map(|(at, _)| *at).min(),
            stable,
        ];
        parts.into_iter().flatten().chain(ends).min()
    }

    /// The channel's state and its subchannels, for a live table.
    pub fn channel_view(&self) -> Option<&Channel> {
        self.channel.as_ref()
    }

    fn time_passed(&mut self) {
        let now = self.now;
        if self.script.limits.max_time.is_some_and(|limit| now >= Elapsed::new(limit)) {
            return self.finish(Some("--max-time passed before a verdict".to_string()));
        }
        self.discover(|discovery, steps| discovery.time_passed(now, steps));
        if self.channel.as_ref().and_then(Channel::deadline).is_some_and(|due| due <= now) {
            self.channel(channel::Input::TimePassed);
        }
        let due: Vec<ConnectionId> = self.rewatch.iter().filter(|(at, _)| *at <= now).map(|(_, id)| *id).collect();
        self.rewatch.retain(|(at, _)| *at > now);
        let alive = due.into_iter().filter(|id| self.connections.get(id).is_some_and(|link| !link.end_told));
        self.effects.extend(alive.map(Effect::Watch));
        self.models_see(&lens::Input::TimePassed);
        self.course_time_passed();
        if !self.over && self.script.limits.run_for.is_some_and(|limit| now >= Elapsed::new(limit)) {
            let missed = matches!(self.script.goal, Goal::Watch { until: Some(_) });
            self.finish(missed.then(|| "--for passed before --until was so".to_string()));
        }
    }

    /// Runs discovery and carries its steps out; a changed list goes to the channel.
    fn discover(&mut self, run: impl FnOnce(&mut Discovery, &mut Vec<Step>)) {
        let mut steps = Vec::new();
        run(&mut self.discovery, &mut steps);
        let mut changed = false;
        let mut error = None;
        self.models.unread |= steps.iter().any(|step| matches!(step, Step::Tell(_)));
        for step in steps {
            match step {
                Step::Ask { source, generation } => self.effects.push(Effect::Ask { source, generation }),
                Step::Drop { source } => self.effects.push(Effect::Drop { source }),
                Step::Tell(kind) => {
                    match &kind {
                        EventKind::Endpoints(_) => changed = true,
                        EventKind::Backend(report) => error = report.error.as_ref().map(|e| e.text.clone()).or(error),
                        _ => {}
                    }
                    self.tell(kind);
                }
            }
        }
        if changed {
            self.channel(channel::Input::Resolved(self.discovery.usable()));
        } else if let Some(error) = error
            && self.discovery.is_broken()
        {
            self.channel(channel::Input::ResolverFailed(error));
        }
    }

    /// Runs the channel, if there is one, and carries its effects out.
    fn channel(&mut self, input: channel::Input) {
        let Some(channel) = self.channel.as_mut() else { return };
        let mut effects = Vec::new();
        channel.handle(self.now, input, &mut effects);
        for effect in effects {
            match effect {
                channel::Effect::StartResolver => self.start_resolver(),
                channel::Effect::StopResolver => self.discover(|discovery, steps| discovery.stop(steps)),
                channel::Effect::ResolveNow => self.effects.push(Effect::ResolveNow),
                channel::Effect::Open { connection, address, deadline } => {
                    self.connections.insert(connection, Link { address: address.clone(), end_told: false, said: None });
                    self.effects.push(Effect::Open { connection, address, deadline });
                }
                channel::Effect::Close { connection, drain } => {
                    // A call in flight on a draining connection goes on; its answer ends the link.
                    if !drain {
                        self.connection_gone(connection, "the channel closed the connection");
                    }
                    if !drain || !self.is_called_on(connection) {
                        self.connections.remove(&connection);
                    }
                    self.effects.push(Effect::Close { connection, drain });
                }
                channel::Effect::WatchHealth(connection) => self.effects.push(Effect::Watch(connection)),
                channel::Effect::Publish(transition) => {
                    self.tell(EventKind::Transition(transition));
                }
            }
        }
        self.call_looks_for_a_connection();
    }

    /// The channel wants a list: from sources that are quiet, or the one that is known when they are being watched.
    fn start_resolver(&mut self) {
        if self.discovery.is_running() {
            if self.discovery.anybody_heard() {
                self.channel(channel::Input::Resolved(self.discovery.usable()));
            }
        } else {
            self.discover(|discovery, steps| discovery.start(steps));
        }
    }

    fn watched(&mut self, connection: ConnectionId, health: Health) {
        let Some(link) = self.connections.get_mut(&connection).filter(|link| !link.end_told) else { return };
        let address = link.address.clone();
        // The RPC that dies with its connection is no word about health, and a Watch that fails again in the same way is
        // no news.
        let ended = matches!(&health, Health::Failed { cause: RpcCause::Lost(_) | RpcCause::GoAway(_), .. });
        let is_news = !ended && link.said.as_ref() != Some(&health);
        if is_news {
            link.said = Some(health.clone());
        }
        if matches!(health, Health::Failed { .. } | Health::ServiceUnknown) {
            self.rewatch.push((self.now + REWATCH_AFTER, connection));
        }
        let service = self.script.service.to_string();
        if is_news {
            self.tell(EventKind::Health(HealthReport { address, service, health: health.clone(), took: None }));
        }
        if self.script.channel.client_health {
            self.channel(channel::Input::Health(connection, health));
        }
    }

    /// One `disconnect` event per connection: the GOAWAY, or the end if none came before it.
    fn tell_end(&mut self, connection: ConnectionId, disconnect: &Disconnect) {
        let Some(link) = self.connections.get_mut(&connection) else { return };
        if !link.end_told {
            link.end_told = true;
            let (address, disconnect) = (link.address.clone(), disconnect.clone());
            self.tell(EventKind::Disconnect { address, disconnect });
        }
    }

    fn address_of(&self, connection: ConnectionId) -> Option<Address> {
        self.connections.get(&connection).map(|link| link.address.clone())
    }

    fn tell(&mut self, kind: EventKind) -> u64 {
        self.seq += 1;
        let event = Event {
            seq: self.seq,
            time: self.script.began + self.now.since_start(),
            at: self.now,
            target: self.script.label.clone(),
            kind,
        };
        self.ledger.observe(&event);
        self.last_event = self.now;
        self.effects.push(Effect::Tell(Box::new(event)));
        self.seq
    }

    /// Judges, tells the conclusion, and ends. `out_of_time` says why there is no verdict.
    fn finish(&mut self, out_of_time: Option<String>) {
        if self.over {
            return;
        }
        self.models_conclude();
        let conclusion = diagnosis::judge(&self.ledger, &self.script.judging, self.script.depth());
        for report in conclusion.endpoints {
            self.tell(EventKind::Verdict(report));
        }
        for finding in conclusion.findings {
            self.tell(EventKind::Finding(finding));
        }
        let summary = match out_of_time {
            None => conclusion.summary,
            Some(why) => Summary {
                verdict: Verdict::OutOfTime,
                exit: Verdict::OutOfTime.exit_code(),
                text: format!("{why}; so far: {}", conclusion.summary.text),
                counts: conclusion.summary.counts,
            },
        };
        if let Some(channel) = self.channel.as_mut() {
            // The end of the session closes the channel; that is no news to anybody.
            channel.handle(self.now, channel::Input::Close, &mut Vec::new());
        }
        self.tell(EventKind::Summary(summary));
        self.effects.push(Effect::End);
        self.over = true;
    }

    /// Is the watch's condition met?
    fn until_is_met(&self, until: Until) -> bool {
        let ready = self.channel.as_ref().is_some_and(|c| c.state() == ConnectivityState::Ready);
        match until {
            Until::Ready => ready,
            Until::Stable => ready && self.now.since(self.last_event) >= STABLE_AFTER,
            Until::Drained => self.discovery.anybody_heard() && self.discovery.addresses().is_empty(),
        }
    }
}

#[cfg(test)]
mod tests;
