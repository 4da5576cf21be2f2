//! The driver: gives the engine a clock and carries its effects out.

use std::collections::{HashMap, VecDeque};
use std::future::pending;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::{FutureExt, StreamExt};
use tokio::sync::{Notify, mpsc};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;

use super::connection::{self, Command};
use super::engine::{Effect, Engine, Input, Stages};
use super::plan::{Plan, Source};
use super::script::Script;
use crate::backend;
use crate::channel::{Channel, ConnectionId};
use crate::model::endpoint::Address;
use crate::model::event::Event;
use crate::model::pending::PendingReport;
use crate::model::reach::FailureCode;
use crate::model::time::Elapsed;
use crate::transport::{Dial, Progress, Sockets, Transport};

/// A running session: events come out until the summary, which is the last. Everything it began (watches, connections,
/// probes) ends when it is dropped.
pub struct Session {
    engine: Engine,
    began: Instant,
    events: VecDeque<Event>,
    over: bool,
    sources: Vec<Asked>,
    transport: Transport,
    service: Arc<str>,
    connections: HashMap<ConnectionId, Open>,
    probes: Probes,
    tasks: JoinSet<()>,
    inbox: mpsc::UnboundedReceiver<Input>,
    outbox: mpsc::UnboundedSender<Input>,
}

struct Asked {
    source: Source,
    resolve_now: Arc<Notify>,
    task: Option<AbortHandle>,
}

/// A connection of the channel.
struct Open {
    commands: mpsc::UnboundedSender<Command>,
    progress: Progress,
}

/// Probes that wait for room.
struct Probes {
    queue: VecDeque<Address>,
    /// Those under way.
    progress: HashMap<Address, Progress>,
    in_flight: usize,
    concurrency: usize,
    /// None may begin for now ([`Session::hold_attempts`]).
    held: bool,
    /// Time between two beginnings, and when the next may begin.
    spacing: Option<Duration>,
    next: Instant,
}

impl Session {
    /// Begins, over sockets. Must be called within a tokio runtime.
    pub fn start(plan: Plan) -> Session {
        Session::start_with(plan, Arc::new(Sockets))
    }

    /// Begins, dialling with `dial` instead of sockets.
    pub fn start_with(plan: Plan, dial: Arc<dyn Dial>) -> Session {
        let (outbox, inbox) = mpsc::unbounded_channel();
        let call_timeout = plan.transport.connect_timeout + plan.transport.rpc_timeout;
        let label = |source: &Source| -> Arc<str> { Arc::from(source.target.to_string()) };
        let implied = plan.sources.iter().filter(|source| source.implied).map(label);
        let script = Script {
            label: plan.label,
            began: SystemTime::now(),
            sources: plan.sources.iter().map(|source| (source.backend.name(), label(source))).collect(),
            implied: implied.collect(),
            goal: plan.goal,
            holding: plan.holding,
            service: plan.service.clone(),
            channel: plan.channel,
            call_timeout,
            rpc_timeout: plan.transport.rpc_timeout,
            lenses: plan.lenses,
            limits: plan.limits,
            judging: plan.judging,
            proxy: plan.proxy,
        };
        let sources = plan.sources.into_iter().map(|source| Asked { source, resolve_now: Arc::default(), task: None });
        let began = Instant::now();
        let mut session = Session {
            engine: Engine::new(script),
            began,
            events: VecDeque::new(),
            over: false,
            sources: sources.collect(),
            transport: Transport::new(plan.transport, dial),
            service: plan.service,
            connections: HashMap::new(),
            probes: Probes {
                queue: VecDeque::new(),
                progress: HashMap::new(),
                in_flight: 0,
                concurrency: plan.limits.concurrency.max(1),
                held: false,
                spacing: plan.limits.rate.map(|rate| Duration::from_secs(1) / rate.max(1)),
                next: began,
            },
            tasks: JoinSet::new(),
            inbox,
            outbox,
        };
        session.feed(Input::Begin);
        session
    }

    /// The next event; `None` after the summary. Cancel safe.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Some(event);
            }
            if self.over {
                return None;
            }
            let due = self.engine.deadline().map(|at| self.began + at.since_start());
            let more_probes = self.probes.due();
            tokio::select! {
                biased;
                Some(input) = self.inbox.recv() => self.feed(input),
                () = sleep_until(due) => {
                    if self.engine.ends_at().is_some_and(|end| end <= self.elapsed()) {
                        self.feed(Input::InStages(self.stages()));
                    }
                    self.feed(Input::TimePassed);
                }
                () = sleep_until(more_probes) => self.start_probes(),
                // Finished tasks are taken off the set so that it does not grow.
                Some(_) = self.tasks.join_next() => {}
            }
        }
    }

    /// Ends the session early: the verdict of this moment and the summary follow.
    pub fn finish(&mut self) {
        self.feed(Input::InStages(self.stages()));
        self.feed(Input::Finish);
    }

    /// While `hold` is set no new probe begins; what is under way goes on, and its events come out. For a consumer whose own
    /// output does not keep up: it stays able to take events and to end the session.
    pub fn hold_attempts(&mut self, hold: bool) {
        self.probes.held = hold;
        self.start_probes();
    }

    /// What is waited for at the moment, for a progress line: the registries and endpoints that have not come to a result.
    pub fn pending(&mut self) -> Vec<PendingReport> {
        self.engine.pending(self.elapsed(), self.stages())
    }

    /// The channel as it is now, for a live table; `None` when the goal needs none.
    pub fn channel(&self) -> Option<&Channel> {
        self.engine.channel_view()
    }

    /// Time since the session began.
    pub fn elapsed(&self) -> Elapsed {
        Elapsed::new(self.began.elapsed())
    }

    /// Which stages are waiting at the moment.
    fn stages(&self) -> Stages {
        let at = |progress: &Progress| {
            let (stage, since) = progress.stage()?;
            Some((stage, Elapsed::new(since.saturating_duration_since(self.began))))
        };
        let probes = self.probes.progress.iter().filter_map(|(address, of)| Some((address.clone(), at(of)?)));
        let connections = self.connections.iter().filter_map(|(id, open)| Some((*id, at(&open.progress)?)));
        Stages { probes: probes.collect(), connections: connections.collect() }
    }

    fn feed(&mut self, input: Input) {
        match &input {
            Input::Reached(address, reach) => {
                self.probes.in_flight -= 1;
                self.probes.progress.remove(address);
                let failed = reach.outcome.as_ref().err().map(|failure| failure.code);
                if matches!(failed, Some(FailureCode::Exhausted(_))) && self.probes.put_back(address) {
                    return self.start_probes();
                }
            }
            Input::ConnectFailed(connection, _) | Input::Lost(connection, _) => _ = self.connections.remove(connection),
            _ => {}
        }
        for effect in self.engine.handle(self.elapsed(), input) {
            self.carry_out(effect);
        }
        self.start_probes();
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Ask { source, generation } => self.ask(source, generation),
            Effect::Drop { source } => {
                if let Some(task) = self.sources[source].task.take() {
                    task.abort();
                }
            }
            Effect::ResolveNow => self.sources.iter().for_each(|asked| asked.resolve_now.notify_one()),
            Effect::Probe(address) => self.probes.queue.push_back(address),
            Effect::Open { connection, address, deadline } => {
                let (commands, orders) = mpsc::unbounded_channel();
                let progress = Progress::default();
                let transport = self.transport.noting(&progress);
                self.connections.insert(connection, Open { commands, progress });
                let (service, outbox) = (self.service.clone(), self.outbox.clone());
                let deadline = self.began + deadline.since_start();
                let run = connection::run(connection, transport, address, service, deadline, orders, outbox);
                self.tasks.spawn(run);
            }
            Effect::Close { connection, drain } => {
                if let Some(open) = self.connections.remove(&connection) {
                    // A connection that has just ended has nobody listening; then there is nothing to close.
                    let _ = open.commands.send(Command::Close { drain });
                }
            }
            Effect::Hold { hold, address, silence } => {
                let (held, outbox) = (self.transport.hold(address, self.service.clone(), silence), self.outbox.clone());
                self.tasks.spawn(async move {
                    // Nobody is left to hear it once the session is over.
                    let _ = outbox.send(Input::Held(hold, Box::new(held.await)));
                });
            }
            Effect::Check(connection) => self.order(connection, Command::Check),
            Effect::Watch(connection) => self.order(connection, Command::Watch),
            Effect::Tell(event) => self.events.push_back(*event),
            Effect::End => {
                self.over = true;
                self.connections.clear();
                self.tasks.abort_all();
            }
        }
    }

    fn order(&self, connection: ConnectionId, command: Command) {
        if let Some(open) = self.connections.get(&connection) {
            // As above: its end is on the way to the engine.
            let _ = open.commands.send(command);
        }
    }

    fn ask(&mut self, index: usize, generation: u32) {
        let asked = &mut self.sources[index];
        if let Some(task) = asked.task.take() {
            task.abort();
        }
        let context = backend::Context {
            settings: asked.source.settings.clone(),
            resolve_now: asked.resolve_now.clone(),
            implied: asked.source.implied,
        };
        let mut answers = asked.source.backend.resolve(&asked.source.target, &context);
        let outbox = self.outbox.clone();
        asked.task = Some(self.tasks.spawn(async move {
            loop {
                let word = answers.next().await;
                let ended = word.is_none();
                // A stream that ends right after this word ends with it: one event instead of two.
                let after = if ended { None } else { answers.next().now_or_never() };
                let last = ended || matches!(after, Some(None));
                let mut inputs = vec![Input::Word { source: index, generation, word, last }];
                if let Some(Some(next)) = after {
                    inputs.push(Input::Word { source: index, generation, word: Some(next), last: false });
                }
                for input in inputs {
                    if outbox.send(input).is_err() {
                        return;
                    }
                }
                if last {
                    return;
                }
            }
        }));
    }

    fn start_probes(&mut self) {
        while self.probes.may_begin() {
            let Some(address) = self.probes.queue.pop_front() else { return };
            self.probes.begun();
            let progress = Progress::default();
            let reach = self.transport.noting(&progress).reach(address.clone(), self.service.clone());
            self.probes.progress.insert(address.clone(), progress);
            let outbox = self.outbox.clone();
            self.tasks.spawn(async move {
                let reach = Box::new(reach.await);
                // Nobody is left to hear it once the session is over.
                let _ = outbox.send(Input::Reached(address, reach));
            });
        }
    }
}

impl Probes {
    /// This machine had nothing left for the probe of `address`: it waits until others, which hold what is missing, are over,
    /// and from now on no more than these run at the same time. False when there are none: waiting would change nothing.
    fn put_back(&mut self, address: &Address) -> bool {
        if self.in_flight == 0 {
            return false;
        }
        self.concurrency = self.concurrency.min(self.in_flight);
        self.queue.push_back(address.clone());
        true
    }

    fn may_begin(&self) -> bool {
        !self.held
            && self.in_flight < self.concurrency
            && !self.queue.is_empty()
            && (self.spacing.is_none() || self.next <= Instant::now())
    }

    fn begun(&mut self) {
        self.in_flight += 1;
        if let Some(spacing) = self.spacing {
            // Jitter keeps several probers from marching in step.
            self.next = Instant::now() + spacing.mul_f64(0.5 + fastrand::f64());
        }
    }

    /// When the rate lets the next probe begin, if only the rate holds it back.
    fn due(&self) -> Option<Instant> {
        let waits = !self.held && self.in_flight < self.concurrency && !self.queue.is_empty();
        (self.spacing.is_some() && waits).then_some(self.next)
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_for_which_nothing_is_left_waits_for_the_others() {
        let mut probes = Probes {
            queue: VecDeque::new(),
            progress: HashMap::new(),
            in_flight: 3,
            concurrency: 256,
            held: false,
            spacing: None,
            next: Instant::now(),
        };
        let address: Address = "10.0.0.1:1".parse().unwrap();
        assert!(probes.put_back(&address) && !probes.may_begin(), "three hold what it needs");
        probes.in_flight = 2;
        assert!(probes.may_begin());
        probes.held = true;
        assert!(!probes.may_begin(), "the consumer does not keep up");
        probes.in_flight = 0;
        assert!(!probes.put_back(&address), "there is nobody to wait for");
    }
}
