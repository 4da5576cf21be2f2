//! The driver: gives the engine a clock and executes its effects.

mod failed;
mod log;
mod masked;
mod probes;
mod views;

use std::collections::{HashMap, VecDeque};
use std::future::pending;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::{FutureExt, StreamExt};
use tokio::sync::{Notify, Semaphore, mpsc};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;

use super::connection;
use super::engine::EngineConfig;
use super::engine::{ChannelRequest, Effect, Engine, IdleCheckId, Input, Stages};
use super::heartbeat::Heartbeat;
use super::orders::{self, Command, News, Orders, Outbox};
use super::plan::{Plan, Source};
use crate::backend::{self, BACKENDS};
use crate::channel::ConnectionId;
use crate::model::endpoint::Address;
use crate::model::event::Event;
use crate::model::idle_check::{IdleCheckOutcome, IdleCheckResult};
use crate::model::reach::{Failure, FailureCode, Resource, Stage};
use crate::model::registry::SourceId;
use crate::model::secret::Secrets;
use crate::model::time::Elapsed;
use crate::transport::{Dial, Progress, Sockets, Transport};
use failed::{Owner, Owners};
use probes::Probes;

/// A running session: returns events up to the summary, which is the last. Everything that it started (watches,
/// connections, probes) ends when it is dropped.
///
/// Nothing new is started while no events are taken: what happens in the meantime waits, in a bounded buffer, and is
/// reported later with the time at which it happened.
pub struct Session {
    engine: Engine,
    started_at: Instant,
    /// Boxed: at its end a session has one for every endpoint, all at the same time.
    events: VecDeque<Box<Event>>,
    finished: bool,
    sources: Vec<RunningSource>,
    transport: Transport,
    /// The metadata that are sent to endpoints: no event contains any of it.
    secrets: Secrets,
    service: Arc<str>,
    connections: HashMap<ConnectionId, Open>,
    /// How many more connections of the channel, and idle-connection checks, may be opened.
    room: Arc<Semaphore>,
    probes: Probes,
    tasks: JoinSet<()>,
    owners: Owners,
    heartbeat: Heartbeat,
    inbox: mpsc::Receiver<News>,
    outbox: Outbox,
}

struct RunningSource {
    source: Source,
    resolve_now: Arc<Notify>,
    task: Option<AbortHandle>,
}

/// A connection of the channel.
struct Open {
    orders: Orders,
    progress: Progress,
    /// The server's SETTINGS arrived.
    connected: bool,
}

impl Session {
    /// Starts a session over sockets. Must be called within a tokio runtime.
    pub fn start(plan: Plan) -> Session {
        Session::start_with(plan, Arc::new(Sockets))
    }

    /// Starts a session that dials with `dial` instead of sockets.
    pub fn start_with(plan: Plan, dial: Arc<dyn Dial>) -> Session {
        let (outbox, inbox) = orders::inbox();
        let mut transport = plan.transport;
        if transport.authority.is_none() {
            transport.authority = plan.sources.iter().find_map(|source| source.target.authority());
        }
        let secrets = Secrets::default();
        transport.metadata.iter().for_each(|(name, value)| secrets.learn_header(name, value.reveal()));
        let call_timeout = transport.connect_timeout.saturating_add(transport.rpc_timeout);
        let ids: Vec<Arc<SourceId>> = plan.sources.iter().map(|source| Arc::new(source.id())).collect();
        let implied = plan.sources.iter().zip(&ids).filter(|(source, _)| source.implied).map(|(_, id)| id.clone());
        #[expect(clippy::disallowed_methods, reason = "events have dates")]
        let started_at = SystemTime::now();
        let config = EngineConfig {
            label: plan.label,
            started_at,
            implied: implied.collect(),
            sources: ids,
            registries: BACKENDS.iter().map(|backend| backend.about().registry).collect(),
            goal: plan.goal,
            idle_checks: plan.idle_checks,
            service: plan.service.clone(),
            channel: plan.channel,
            call_timeout,
            rpc_timeout: transport.rpc_timeout,
            check_interval: plan.check_interval,
            lenses: plan.lenses,
            limits: plan.limits,
            criteria: plan.criteria,
            proxy: plan.proxy,
        };
        let sources =
            plan.sources.into_iter().map(|source| RunningSource { source, resolve_now: Arc::default(), task: None });
        let started_at = Instant::now();
        let heartbeat = Heartbeat::new();
        let mut tasks = JoinSet::new();
        tasks.spawn(heartbeat.clone().beat());
        let mut session = Session {
            engine: Engine::new(config),
            started_at,
            events: VecDeque::new(),
            finished: false,
            sources: sources.collect(),
            transport: Transport::new(transport, dial),
            secrets,
            service: plan.service,
            connections: HashMap::new(),
            room: Arc::new(Semaphore::new(plan.limits.connections.unwrap_or(Semaphore::MAX_PERMITS))),
            probes: Probes::new(plan.limits, started_at),
            tasks,
            owners: Owners::default(),
            heartbeat,
            inbox,
            outbox,
        };
        session.feed(Input::Start);
        session
    }

    /// The next event; `None` after the summary. Cancel safe.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Some(*event);
            }
            if self.finished {
                return self.engine.next_conclusion();
            }
            // Finished tasks are removed from the set so that it does not grow, however busy the inbox is.
            while let Some(ended) = self.tasks.try_join_next_with_id() {
                self.ended(ended);
            }
            if !self.events.is_empty() {
                continue;
            }
            let due = self.engine.deadline().and_then(|due| self.moment(due));
            let more_probes = self.probes.due();
            tokio::select! {
                biased;
                // What has happened is processed before timers: a slow consumer makes nothing late.
                Some(news) = self.inbox.recv() => self.feed_at(Elapsed::new(news.at - self.started_at), news.input),
                () = sleep_until(due) => {
                    if self.engine.ends_at().is_some_and(|end| end <= self.elapsed()) {
                        self.feed(Input::InStages(self.stages()));
                    }
                    self.feed(Input::TimePassed);
                }
                () = sleep_until(more_probes) => self.start_probes(),
                Some(ended) = self.tasks.join_next_with_id() => self.ended(ended),
            }
        }
    }

    /// Stops the session early: the current verdict and the summary follow.
    pub fn finish(&mut self) {
        self.feed(Input::InStages(self.stages()));
        self.feed(Input::Finish);
    }

    /// Passes a request of the user to the channel of a watch. Without effect in a session without a channel.
    pub fn request(&mut self, request: ChannelRequest) {
        self.feed(Input::Requested(request));
    }

    /// While `paused` is set, no new probe starts; running ones continue, and their events are returned. For a consumer
    /// whose own output is too slow: it can still take events and stop the session.
    pub fn pause_attempts(&mut self, paused: bool) {
        self.probes.paused = paused;
        self.start_probes();
    }

    /// Time since the session started.
    pub fn elapsed(&self) -> Elapsed {
        Elapsed::new(self.started_at.elapsed())
    }

    /// The instant of `at`; `None` when it is too far in the future.
    fn moment(&self, at: Elapsed) -> Option<Instant> {
        self.started_at.checked_add(at.since_start())
    }

    /// The current stage of every attempt.
    fn stages(&self) -> Stages {
        let at = |progress: &Progress| {
            let (stage, since) = progress.stage()?;
            Some((stage, Elapsed::new(since.saturating_duration_since(self.started_at))))
        };
        let probes = self.probes.progress.iter().filter_map(|(address, of)| Some((address.clone(), at(of)?)));
        let connections = self.connections.iter().filter_map(|(id, open)| Some((*id, at(&open.progress)?)));
        Stages { probes: probes.collect(), connections: connections.collect() }
    }

    fn feed(&mut self, input: Input) {
        self.feed_at(self.elapsed(), input);
    }

    fn feed_at(&mut self, at: Elapsed, input: Input) {
        let input = masked::input(input, &self.secrets);
        for stalled in self.heartbeat.stalls() {
            let from = Elapsed::new(stalled.from.saturating_duration_since(self.started_at));
            let stalled = Input::Stalled { from, lasted: stalled.to - stalled.from };
            self.log_input(&stalled);
            self.handle(at, stalled);
        }
        self.log_input(&input);
        match &input {
            Input::Reached(address, reach) => {
                self.probes.ended(address);
                let failed = reach.outcome.as_ref().err().map(|failure| failure.code);
                if matches!(failed, Some(FailureCode::Exhausted(_))) && self.probes.put_back(address) {
                    return self.start_probes();
                }
            }
            Input::Connected(connection) => {
                if let Some(open) = self.connections.get_mut(connection) {
                    open.connected = true;
                }
            }
            Input::ConnectFailed(connection, _) | Input::Lost(connection, _) => _ = self.connections.remove(connection),
            _ => {}
        }
        self.handle(at, input);
        self.start_probes();
    }

    fn handle(&mut self, at: Elapsed, input: Input) {
        for effect in self.engine.handle(at, input) {
            self.log_effect(&effect);
            self.carry_out(effect);
        }
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Query { source, generation } => self.query(source, generation),
            Effect::Drop { source } => {
                if let Some(task) = self.sources[source].task.take() {
                    task.abort();
                }
            }
            Effect::ResolveNow => self.sources.iter().for_each(|queried| queried.resolve_now.notify_one()),
            Effect::Probe(address) => self.probes.queue.push_back(address),
            Effect::Open { connection, address, deadline } => self.open(connection, address, deadline),
            Effect::Close { connection, drain } => {
                if let Some(open) = self.connections.remove(&connection) {
                    open.orders.give(Command::Close { drain });
                }
            }
            Effect::CheckIdle { id, address, idle_time } => self.check_idle(id, address, idle_time),
            Effect::Check(connection) => self.order(connection, Command::Check),
            Effect::Watch(connection) => self.order(connection, Command::Watch),
            Effect::Report(event) => self.events.push_back(event),
            Effect::End => {
                self.finished = true;
                self.connections.clear();
                self.tasks.abort_all();
            }
        }
    }

    /// Opens a connection of the channel, when the limit allows one more.
    fn open(&mut self, connection: ConnectionId, address: Address, deadline: Elapsed) {
        let outbox = self.outbox.clone();
        let owner = Owner::Connection(connection);
        let Ok(place) = self.room.clone().try_acquire_owned() else {
            self.spawn(owner, async move { _ = outbox.send(Input::ConnectFailed(connection, full())).await });
            return;
        };
        let (orders, progress) = (Orders::default(), Progress::default());
        let transport = self.transport.noting(&progress);
        let open = Open { orders: orders.clone(), progress, connected: false };
        self.connections.insert(connection, open);
        let (service, deadline) = (self.service.clone(), self.moment(deadline));
        let run = connection::run(connection, transport, address, service, deadline, orders, outbox);
        self.spawn(owner, async move {
            run.await;
            drop(place);
        });
    }

    /// Starts an idle-connection check, when the limit allows one more.
    fn check_idle(&mut self, id: IdleCheckId, address: Address, idle_time: Duration) {
        let outbox = self.outbox.clone();
        let place = self.room.clone().try_acquire_owned();
        let check = self.transport.check_idle(address, self.service.clone(), idle_time);
        self.spawn(Owner::IdleCheck(id), async move {
            let result = match place {
                Ok(_place) => check.await,
                Err(_) => IdleCheckResult {
                    measured_idle: Duration::ZERO,
                    interrupted: None,
                    outcome: IdleCheckOutcome::NotReached(full()),
                },
            };
            outbox.send(Input::IdleChecked(id, Box::new(result))).await;
        });
    }

    fn order(&self, connection: ConnectionId, command: Command) {
        if let Some(open) = self.connections.get(&connection) {
            open.orders.give(command);
        }
    }

    fn query(&mut self, index: usize, generation: u32) {
        let queried = &mut self.sources[index];
        if let Some(task) = queried.task.take() {
            task.abort();
        }
        let context = backend::Context {
            settings: queried.source.settings.clone(),
            resolve_now: queried.resolve_now.clone(),
            implied: queried.source.implied,
        };
        let source = queried.source.clone();
        let outbox = self.outbox.clone();
        let task = self.spawn(Owner::Source { index, generation }, async move {
            let mut answers = source.backend.resolve(&source.target, &context);
            loop {
                let response = answers.next().await;
                let ended = response.is_none();
                // When the stream ends right after this item, both are one event.
                let after = if ended { None } else { answers.next().now_or_never() };
                let last = ended || matches!(after, Some(None));
                let mut inputs = vec![Input::Response { source: index, generation, response, last }];
                if let Some(Some(next)) = after {
                    inputs.push(Input::Response { source: index, generation, response: Some(next), last: false });
                }
                for input in inputs {
                    if !outbox.send(input).await {
                        return;
                    }
                }
                if last {
                    return;
                }
            }
        });
        self.sources[index].task = Some(task);
    }

    fn start_probes(&mut self) {
        while !self.finished
            && let Some((address, progress)) = self.probes.start()
        {
            tracing::debug!(%address, "probe started");
            let reach = self.transport.noting(&progress).reach(address.clone(), self.service.clone());
            let outbox = self.outbox.clone();
            self.spawn(Owner::Probe(address.clone()), async move {
                let reach = Box::new(reach.await);
                outbox.send(Input::Reached(address, reach)).await;
            });
        }
    }
}

/// The limit of connections is reached: the rest of the open files is reserved for registries.
fn full() -> Failure {
    let text = "the limit of open connections is reached; the rest is reserved for registries";
    Failure::new(Stage::Tcp, FailureCode::Exhausted(Resource::Files), text, Duration::ZERO)
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => pending().await,
    }
}

#[cfg(test)]
mod tests;
