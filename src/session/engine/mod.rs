//! The engine: what happened goes in, events and effects come out. PURE: no clock, no sockets, no tasks.

mod bisection;
mod call;
mod course;
mod gate;
mod health;
mod hold;
mod lenses;
mod liveness;
mod pending;
mod stalls;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::discovery::{Discovery, Step};
use super::plan::{Goal, Until};
use super::script::Script;
use crate::channel::{self, Channel, ConnectionId};
use crate::diagnosis::{self, Conclusion, Ledger};
use crate::lens;
use crate::model::endpoint::Address;
use crate::model::event::{ConnectionReport, Event, EventKind};
use crate::model::finding::{Summary, Verdict};
use crate::model::hold::Held;
use crate::model::reach::{Disconnect, Failure, Health, Phase, Reach};
use crate::model::resolution::{ResolveCode, ResolveError, Update};
use crate::model::rpc::Proxy;
use crate::model::time::Elapsed;
use course::Course;
use gate::Gate;
use health::Vitals;
pub use hold::HoldId;
use hold::Holds;
use lenses::Models;
use liveness::{Ending, Liveness};
pub use pending::Stages;
use stalls::Stalls;

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
    /// The headers of the next answer on the channel's connection name this proxy, or none any more.
    PassedOn(ConnectionId, Option<Arc<Proxy>>),
    /// A call on the channel's connection is over.
    Checked(ConnectionId, Health, Duration),
    /// The health Watch on the channel's connection said something.
    Watched(ConnectionId, Health),
    /// The health Watch on the channel's connection has ended after its last status. One that failed has ended too, and
    /// only [`Input::Watched`] comes.
    WatchEnded(ConnectionId),
    /// Which stages are waiting: before [`Input::Finish`], and before the [`Input::TimePassed`] at [`Engine::ends_at`].
    InStages(Stages),
    /// A held connection has told what became of it.
    Held(HoldId, Box<Held>),
    /// This process did not run for a while: what timed out meanwhile proves nothing.
    Stalled {
        /// When it stopped running.
        from: Elapsed,
        /// For how long.
        lasted: Duration,
    },
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
    /// The session is over: stop everything, and tell what [`Engine::next_conclusion`] gives.
    End,
}

/// The state of a session.
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
    /// When something is due for the health of a connection.
    health_timers: BTreeSet<(Elapsed, ConnectionId)>,
    gate: Gate,
    liveness: Liveness,
    stages: Stages,
    stalls: Stalls,
    now: Elapsed,
    seq: u64,
    over: bool,
    effects: Vec<Effect>,
    conclusion: Option<Conclusions>,
}

/// What is told after the end.
type Conclusions = Box<dyn Iterator<Item = EventKind> + Send>;

#[derive(Debug)]
struct Link {
    address: Address,
    /// Since when it is asked for, and once it is connected since when it is that.
    since: Elapsed,
    /// The server's SETTINGS arrived.
    connected: bool,
    end_told: bool,
    vitals: Vitals,
    /// It stands in the gate as ready.
    is_counted: bool,
    /// The proxy that its responses name.
    proxy: Option<Arc<Proxy>>,
    /// When the last RPC on it ended, or it became READY.
    last_rpc: Elapsed,
    /// When its server last responded, or it became READY.
    responded: Elapsed,
    /// When its liveness is looked at next.
    liveness_due: Option<Elapsed>,
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
                registries: script.registries.clone(),
                service: script.service.clone(),
                rpc_timeout: Some(script.rpc_timeout),
                proxy: script.proxy.clone(),
                lenses_named: matches!(script.lenses, super::plan::Lenses::Chosen(_)),
                watches: matches!(script.goal, Goal::Watch { .. }),
                drains: script.goal == Goal::Watch { until: Some(Until::Drained) },
                ..Ledger::default()
            },
            course: Course::new(script.goal),
            holds: Holds::default(),
            models: Models::new(&script),
            health_timers: BTreeSet::new(),
            gate: Gate::default(),
            liveness: Liveness::default(),
            stages: Stages::default(),
            stalls: Stalls::default(),
            now: Elapsed::ZERO,
            seq: 0,
            over: false,
            effects: Vec::new(),
            conclusion: None,
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
                let now = self.now;
                self.discover(|discovery, steps| discovery.start(now, steps));
                if matches!(self.script.goal, Goal::Watch { .. }) {
                    self.channel(channel::Input::Connect);
                }
            }
            Input::Word { source, generation, word, last } => {
                let now = self.now;
                if matches!(&word, Some(Err(ResolveError::Ambient(failure))) if failure.code == ResolveCode::Timeout)
                    && !self.script.watches()
                    && self.is_excused(self.discovery.asked_for(now, source))
                {
                    self.discover(|discovery, steps| discovery.repeat(now, source, steps));
                } else {
                    self.discover(|discovery, steps| discovery.word(now, source, generation, word, last, steps));
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
                    let seq = self.tell(EventKind::Connection(ConnectionReport { address, result: Ok(phase) }));
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
                self.liveness_begins(connection);
                if matches!(self.script.goal, Goal::Watch { .. }) {
                    self.open_watch(connection);
                }
            }
            Input::ConnectFailed(connection, failure) => {
                if let Some(address) = self.address_of(connection) {
                    let result = Err(failure.clone());
                    if !self.is_excused_attempt(&failure) {
                        self.models_see(&lens::Input::Lost(address.clone()));
                        self.tell(EventKind::Connection(ConnectionReport { address, result }));
                    }
                    self.channel(channel::Input::ConnectFailed(connection, failure));
                    self.forget_connection(connection);
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
            Input::Held(hold, held) => match self.is_excused_hold(&held) {
                true => self.forget_hold(hold),
                false => self.held(hold, *held),
            },
            Input::Stalled { from, lasted } => self.stalled(from, lasted),
            Input::TimePassed => self.time_passed(),
            Input::Finish => self.end_checked(Ending::Asked),
        }
        if !self.over {
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
            self.course.deadline(),
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

    fn time_passed(&mut self) {
        let now = self.now;
        if let Some(limit) = self.script.limits.max_time.filter(|limit| now >= Elapsed::new(*limit)) {
            return self.finish(Some(self.not_met("--max-time", limit)));
        }
        self.discover(|discovery, steps| discovery.time_passed(now, steps));
        if self.channel.as_ref().and_then(Channel::deadline).is_some_and(|due| due <= now) {
            self.channel(channel::Input::TimePassed);
        }
        self.health_time_passed();
        self.liveness_time_passed();
        self.models_see(&lens::Input::TimePassed);
        self.course_time_passed();
        self.gate_notes();
        if let Some(limit) = self.script.limits.run_for.filter(|limit| !self.over && now >= Elapsed::new(*limit)) {
            self.end_checked(Ending::Elapsed(limit));
        }
        self.last_checks_done();
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
                    match &*kind {
                        EventKind::Endpoints(_) => changed = true,
                        EventKind::Backend(report) => error = report.error.as_ref().map(|e| e.text.clone()).or(error),
                        _ => {}
                    }
                    self.tell(*kind);
                }
            }
        }
        if changed {
            self.gate_lists();
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
                    let link = Link {
                        address: address.clone(),
                        since: self.now,
                        connected: false,
                        end_told: false,
                        vitals: Vitals::default(),
                        is_counted: false,
                        proxy: None,
                        last_rpc: self.now,
                        responded: self.now,
                        liveness_due: None,
                    };
                    self.connections.insert(connection, link);
                    self.effects.push(Effect::Open { connection, address, deadline });
                }
                channel::Effect::Close { connection, drain } => {
                    // A call in flight on a draining connection goes on; its answer ends the link.
                    if !drain {
                        self.connection_gone(connection, "the channel closed the connection");
                    }
                    if !drain || !self.is_called_on(connection) {
                        self.forget_connection(connection);
                    }
                    self.effects.push(Effect::Close { connection, drain });
                }
                channel::Effect::WatchHealth(connection) => self.open_watch(connection),
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
            let now = self.now;
            self.discover(|discovery, steps| discovery.start(now, steps));
        }
    }

    /// One `disconnect` event per connection: the GOAWAY, or the end if none came before it.
    fn tell_end(&mut self, connection: ConnectionId, disconnect: &Disconnect) {
        let is_called = self.is_called_on(connection);
        let Some(link) = self.connections.get_mut(&connection) else { return };
        if !link.end_told {
            link.end_told = true;
            let idle = (!is_called && !link.vitals.is_calling()).then(|| self.now.since(link.last_rpc));
            let (address, disconnect) = (link.address.clone(), disconnect.clone());
            self.count_connection(connection);
            self.tell(EventKind::Disconnect { address, disconnect, idle });
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
            time: self.script.began + self.now.since_start(),
            at: self.now,
            target: self.script.label.clone(),
            kind,
        }
    }

    fn tell(&mut self, kind: EventKind) -> u64 {
        let event = self.event(kind);
        self.ledger.observe(&event);
        self.effects.push(Effect::Tell(Box::new(event)));
        self.seq
    }

    /// Judges and ends: what follows is told by [`Engine::next_conclusion`]. `out_of_time` says why there is no verdict.
    fn finish(&mut self, out_of_time: Option<String>) {
        if self.over {
            return;
        }
        self.ledger.now = self.now;
        self.models_conclude();
        self.tell_pending();
        let Conclusion { endpoints, findings, summary } =
            diagnosis::judge(&self.ledger, &self.script.judging, self.script.depth());
        let summary = match out_of_time {
            None => summary,
            Some(why) => Summary {
                verdict: Verdict::OutOfTime,
                exit: Verdict::OutOfTime.exit_code(),
                text: format!("{why}; so far: {}", summary.text),
                counts: summary.counts,
            },
        };
        if let Some(channel) = self.channel.as_mut() {
            // The end of the session closes the channel; that is no news to anybody.
            channel.handle(self.now, channel::Input::Close, &mut Vec::new());
        }
        let verdicts = endpoints.into_iter().map(EventKind::Verdict);
        let rest = findings.into_iter().map(EventKind::Finding).chain([EventKind::Summary(summary)]);
        self.conclusion = Some(Box::new(verdicts.chain(rest)));
        // What was judged is not needed any more, and may be large.
        self.ledger = Ledger::default();
        self.effects.push(Effect::End);
        self.over = true;
    }

    /// After [`Effect::End`]: the verdicts, findings and at last the summary, one after the other. There may be 100,000.
    pub fn next_conclusion(&mut self) -> Option<Event> {
        let kind = self.conclusion.as_mut()?.next()?;
        Some(self.event(kind))
    }
}

#[cfg(test)]
mod tests;
