//! The course of a [`ClientSession`](super::ClientSession): readings, the registries' answers, and the verdict when
//! waiting longer cannot change it.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::{StreamExt, stream};
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

use super::callers::{RegistryCallers, SeenCallers};
use super::reach;
use super::survey::{unread, witness};
use super::targets::resolves_name;
use super::{ClientPlan, ClientSubject};
use crate::diagnosis::{self, Conclusion, Depth, Ledger};
use crate::model::client::{ClientId, ClientReport, ClientVerdict, ClientView, JudgedClient, RegistryContact};
use crate::model::endpoint::Address;
use crate::model::event::{BackendStatus, Event, EventKind};
use crate::model::finding::Summary;
use crate::model::time::Elapsed;
use crate::model::verdict::Verdict;
use crate::platform::clock;
use crate::session::{Goal, Plan, Session};
use crate::text::exact_duration;
use crate::transport::Transport;
use crate::witness::{ReadError, ReadScope, ServedReading, WITNESSES, WitnessContext};

/// Between two readings of a client.
const PAUSE: Duration = Duration::from_secs(2);
/// A registry that has not responded by then is unknown: longer than any backend's own time limit.
const REGISTRY: Duration = Duration::from_secs(12);
/// How many other services are resolved, to find out whose address it is.
const OTHERS: usize = 8;
/// How many servers are read at the same time.
const CONCURRENCY: usize = 32;

/// Numbers the events, keeps the ledger, and passes them on.
struct EventReporter {
    began: Instant,
    date: SystemTime,
    label: Arc<str>,
    seq: u64,
    ledger: Ledger,
    events: mpsc::Sender<Event>,
    /// The clients as they were last reported.
    reported: BTreeMap<ClientId, ClientView>,
}

impl EventReporter {
    fn new(plan: &ClientPlan, events: mpsc::Sender<Event>) -> EventReporter {
        #[expect(clippy::disallowed_methods, reason = "events have dates")]
        let date = SystemTime::now();
        EventReporter {
            began: Instant::now(),
            date,
            label: plan.label.clone(),
            seq: 0,
            ledger: Ledger::default(),
            events,
            reported: BTreeMap::new(),
        }
    }

    fn elapsed(&self) -> Elapsed {
        Elapsed::new(self.began.elapsed())
    }

    fn event(&self, seq: u64, kind: EventKind) -> Event {
        let at = self.elapsed();
        Event { seq, time: self.date + at.since_start(), at, target: self.label.clone(), kind }
    }

    async fn emit(&mut self, kind: EventKind) {
        self.seq += 1;
        let event = self.event(self.seq, kind);
        self.ledger.observe(&event);
        // Fails only when the session was dropped, which ends this task.
        let _ = self.events.send(event).await;
    }

    async fn client(&mut self, report: ClientReport) {
        self.emit(EventKind::Client(Box::new(report))).await;
    }

    /// A reading: reported when it shows something new, or `always`.
    async fn seen(&mut self, mut view: ClientView, always: bool) {
        view.resolves_name = resolves_name(&view.target);
        let is_news = self.reported.get(&view.id).is_none_or(|before| !before.shows_the_same(&view));
        if is_news || always {
            self.reported.insert(view.id.clone(), view.clone());
            return self.client(ClientReport::Seen(view)).await;
        }
        // Counters only: they count for the verdict, and the last report proves the rest.
        let seq = self.ledger.clients.get(&view.id).map_or(self.seq, |record| record.last.seq);
        let event = self.event(seq, EventKind::Client(Box::new(ClientReport::Seen(view))));
        self.ledger.observe(&event);
    }
}

/// Runs the session up to its summary.
pub(super) async fn run(plan: ClientPlan, context: WitnessContext, events: mpsc::Sender<Event>, finish: Arc<Notify>) {
    let mut report = EventReporter::new(&plan, events);
    let limit = plan.max_time;
    let course = async {
        match &plan.subject {
            ClientSubject::Clients { views, unread } => {
                for one in unread.clone() {
                    report.client(ClientReport::Unread(one)).await;
                }
                clients(&plan, views.clone(), &context, &mut report).await;
            }
            ClientSubject::Servers => servers(&plan, &context, &mut report).await,
        }
    };
    let timed_out = tokio::select! {
        biased;
        () = finish.notified() => false,
        () = course => false,
        () = sleep(limit) => true,
    };
    conclude(&plan, &mut report, timed_out).await;
}

async fn sleep(limit: Option<Duration>) {
    match limit {
        Some(limit) => tokio::time::sleep(limit).await,
        None => pending().await,
    }
}

/// The registries of the plan, watched.
fn registries(plan: &ClientPlan) -> Option<Session> {
    let mut registries = plan.registries.clone()?;
    registries.goal = Goal::Resolve { watch: true };
    Some(Session::start(registries))
}

/// The next event of the registries that matters here; never resolves when there is none. Cancel safe.
async fn registry_event(registries: &mut Option<Session>) -> EventKind {
    loop {
        let Some(session) = registries else { return pending().await };
        match session.next().await {
            Some(Event {
                kind: kind @ (EventKind::Endpoints(_) | EventKind::Backend(_) | EventKind::Stall(_)),
                ..
            }) => {
                return kind;
            }
            Some(_) => {}
            None => *registries = None,
        }
    }
}

/// True when every registry has responded or failed.
fn registries_are_known(plan: &ClientPlan, ledger: &Ledger) -> bool {
    let wanted = plan.registries.as_ref().map_or(0, |plan| plan.sources.len());
    let known = ledger.sources.iter().filter(|source| source.answered.is_some() || source.broken.is_some()).count();
    known >= wanted
}

async fn clients(plan: &ClientPlan, views: Vec<ClientView>, context: &WitnessContext, report: &mut EventReporter) {
    for view in views {
        report.seen(view, false).await;
    }
    if report.ledger.clients.is_empty() {
        return;
    }
    let mut registries = registries(plan);
    let mut callers = RegistryCallers::watch(plan.registries.as_ref(), &views_of(&report.ledger));
    let mut others = plan.others.clone();
    let transport = plan.registries.as_ref().map(|plan| Transport::new(plan.transport.clone(), context.dial.clone()));
    let mut next = clock::after(PAUSE);
    loop {
        tokio::select! {
            biased;
            kind = registry_event(&mut registries) => {
                // A change is compared with a reading after it.
                let is_answer = matches!(kind, EventKind::Endpoints(_))
                    || matches!(&kind, EventKind::Backend(backend) if backend.status == BackendStatus::Broken);
                report.emit(kind).await;
                if is_answer && registries_are_known(plan, &report.ledger) {
                    next = Instant::now();
                }
                continue;
            }
            () = callers.changed() => {}
            () = tokio::time::sleep_until(next) => {}
        }
        // As soon as the absence of queries counts, no later reading is needed.
        next = clock::after(callers.seen.counts_in().map_or(PAUSE, |left| left.min(PAUSE)));
        read_again(context, report, &callers.seen, false).await;
        report.ledger.now = report.elapsed();
        let known = registries_are_known(plan, &report.ledger) || report.elapsed().since_start() > REGISTRY;
        let judged = diagnosis::client_verdicts(&report.ledger);
        if known && judged.iter().any(|client| !client.stale.is_empty()) {
            for other in others.drain(..).take(OTHERS) {
                look_up(other, &mut report.ledger).await;
            }
        }
        let judged = diagnosis::client_verdicts(&report.ledger);
        if !known || callers.is_starting() || judged.iter().any(may_change) {
            continue;
        }
        let wanted = reach::wanted(&report.ledger, &judged);
        if let Some(transport) = transport.as_ref().filter(|_| !wanted.is_empty()) {
            for kind in reach::reach(transport, wanted).await {
                report.emit(kind).await;
            }
            next = Instant::now();
            continue;
        }
        return read_again(context, report, &callers.seen, true).await;
    }
}

fn views_of(ledger: &Ledger) -> Vec<ClientView> {
    ledger.clients.values().map(|record| record.view().clone()).collect()
}

/// Reads which addresses the registries of another service list.
async fn look_up(other: Plan, ledger: &mut Ledger) {
    let mut session = Session::start(Plan { goal: Goal::Resolve { watch: false }, ..other });
    while let Some(event) = session.next().await {
        let EventKind::Endpoints(change) = event.kind else { continue };
        let name = change.source.to_string();
        ledger.other_services.extend(change.added.into_iter().map(|endpoint| (endpoint.address.clone(), name.clone())));
    }
}

/// True while a later reading may lead to another verdict.
fn may_change(client: &JudgedClient) -> bool {
    match client.verdict {
        ClientVerdict::Behind => true,
        ClientVerdict::UpToDate => match &client.view.registry {
            RegistryContact::NotSeen { watched, period, .. } => *watched < period.saturating_mul(2),
            RegistryContact::Seen { .. } | RegistryContact::Unknown { .. } => false,
        },
        // Its resolver may still respond.
        ClientVerdict::Idle | ClientVerdict::Unknown => {
            let resolver = &client.view.resolver;
            resolver.left_idle.is_some_and(|left| {
                let recently = client.view.ago(left).is_none_or(|ago| ago < Duration::from_secs(11));
                recently && resolver.updated.is_none_or(|updated| updated < left)
            })
        }
        _ => false,
    }
}

/// Reads every known client again.
async fn read_again(context: &WitnessContext, report: &mut EventReporter, callers: &SeenCallers, always: bool) {
    let mut processes: BTreeMap<(String, &'static str), Vec<u64>> = BTreeMap::new();
    for (id, record) in &report.ledger.clients {
        let process = (id.process.clone(), record.view().witness);
        processes.entry(process).or_default().extend(id.channel);
    }
    let mut readings = Vec::new();
    for ((process, name), channels) in processes {
        let scope = if channels.is_empty() { ReadScope::Everything } else { ReadScope::Channels(channels) };
        let reading = witness(name).map(|witness| witness.clients(&process, &scope, context));
        readings.push(async move {
            let result = match reading {
                Some(reading) => reading.await,
                None => Err(ReadError { why: "unknown witness".to_string(), remedy: None, is_another: false }),
            };
            (process, name, result)
        });
    }
    let readings: Vec<_> = stream::iter(readings).buffer_unordered(CONCURRENCY).collect().await;
    for (process, name, result) in readings {
        match result {
            Ok(reading) => {
                for mut view in reading.clients {
                    view.registry = callers.contact(&view);
                    report.seen(view, always).await;
                }
            }
            Err(error) => report.client(ClientReport::Unread(unread(&process, name, error))).await,
        }
    }
}

async fn servers(plan: &ClientPlan, context: &WitnessContext, report: &mut EventReporter) {
    let mut registries = registries(plan);
    let until = clock::after(REGISTRY);
    while !registries_are_known(plan, &report.ledger) {
        tokio::select! {
            biased;
            kind = registry_event(&mut registries) => report.emit(kind).await,
            () = tokio::time::sleep_until(until) => break,
        }
    }
    let endpoints: Vec<Address> = report.ledger.listing().addresses().cloned().collect();
    let readings: Vec<_> = endpoints.into_iter().map(|endpoint| read_served(endpoint, context.clone())).collect();
    let mut readings = stream::iter(readings).buffer_unordered(CONCURRENCY).boxed();
    while let Some((result, endpoint)) = readings.next().await {
        match result {
            Ok(reading) => {
                report.client(ClientReport::Served(reading.served)).await;
                if let Some(partial) = reading.partial {
                    report.client(ClientReport::Unread(partial)).await;
                }
            }
            Err((name, error)) => {
                report.client(ClientReport::Unread(unread(&endpoint.to_string(), name, error))).await;
            }
        }
    }
}

/// The first witness that can read the server of `endpoint`, or the error of the last one that tried.
async fn read_served(
    endpoint: Address,
    context: WitnessContext,
) -> (Result<ServedReading, (&'static str, ReadError)>, Address) {
    let none = ReadError { why: "no witness reads servers".to_string(), remedy: None, is_another: false };
    let mut last = ("client", none);
    for witness in WITNESSES {
        let Some(reading) = witness.served(&endpoint, &context) else { continue };
        match reading.await {
            Ok(reading) => return (Ok(reading), endpoint),
            Err(error) => last = (witness.name(), error),
        }
    }
    (Err(last), endpoint)
}

async fn conclude(plan: &ClientPlan, report: &mut EventReporter, timed_out: bool) {
    report.ledger.now = report.elapsed();
    let Conclusion { clients, findings, summary, .. } =
        diagnosis::judge(&report.ledger, &plan.criteria, Depth::Clients);
    let summary = match plan.max_time.filter(|_| timed_out) {
        None => summary,
        Some(limit) => Summary {
            verdict: Verdict::TimedOut,
            exit: Verdict::TimedOut.exit_code(),
            text: format!("--max-time {} passed; state so far: {}", exact_duration(limit), summary.text),
            counts: summary.counts,
        },
    };
    for judged in clients {
        report.client(ClientReport::Judged(judged)).await;
    }
    for finding in findings {
        report.emit(EventKind::Finding(finding)).await;
    }
    report.emit(EventKind::Summary(summary)).await;
}
