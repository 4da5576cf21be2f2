//! The sum of the events: the current state and the verdicts of one service, for formats that print at the end or
//! redraw. Nothing is judged here; the latest event of each kind is kept.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use grpc_discover::model::connectivity::{ConnectivityState, Scope, Transition};
use grpc_discover::model::endpoint::{Address, Endpoint};
use grpc_discover::model::event::{
    BackendReport, BackendStatus, ConnectionReport, EndpointReport, EndpointsChange, Event, EventKind, HealthReport,
    IdleReport,
};
use grpc_discover::model::finding::{Finding, Summary};
use grpc_discover::model::idle_check::IdleCheckReport;
use grpc_discover::model::lens::LensReport;
use grpc_discover::model::pending::PendingReport;
use grpc_discover::model::reach::{Failure, Health, PeerSettings, Phase, PhaseDetail, Stage};
use grpc_discover::model::registry::SourceId;
use grpc_discover::model::resolution::{Note, ResolveFailure};
use grpc_discover::model::time::Elapsed;

use super::clients::ClientsSeen;
use super::lines;

/// The reports of all services, in the order of their first events.
#[derive(Debug, Default)]
pub struct Reports {
    reports: Vec<Report>,
    keep: Keep,
}

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Keep {
    /// All of it.
    #[default]
    Everything,
    /// Enough for a few columns, and the events that findings cite.
    Evidence,
    /// Enough for a few columns: no certificates, no transitions, no events. Ten thousand endpoints fit easily.
    Columns,
    /// The current state only: a session that runs for days needs no more memory than one of a minute.
    Present,
}

impl Reports {
    /// Reports that keep this much.
    pub fn keeping(keep: Keep) -> Reports {
        Reports { reports: Vec::new(), keep }
    }

    /// Processes an event.
    pub fn observe(&mut self, event: &Event) {
        let at = match self.reports.iter().position(|report| report.target == event.target) {
            Some(at) => at,
            None => {
                self.reports.push(Report::new(event.target.clone(), self.keep));
                self.reports.len() - 1
            }
        };
        self.reports[at].observe(event);
    }

    /// Every report.
    pub fn iter(&self) -> impl Iterator<Item = &Report> {
        self.reports.iter()
    }
}

/// Everything reported about one service.
#[derive(Debug)]
pub struct Report {
    /// The service.
    pub target: Arc<str>,
    /// Every address that was ever listed, contacted or judged.
    pub endpoints: BTreeMap<Address, Seen>,
    /// Every backend that was queried.
    pub sources: Vec<SourceSeen>,
    /// The channel's state.
    pub channel: Option<ConnectivityState>,
    /// The last phase of the idle cycle.
    pub idle: Option<IdleReport>,
    /// The outcomes of the idle-connection checks, in the order in which they completed.
    pub idle_checks: Vec<IdleCheckReport>,
    /// What clients of other frameworks would hold: the latest report of each model.
    pub lenses: Vec<LensReport>,
    /// Running clients.
    pub clients: ClientsSeen,
    /// What was still pending at the end.
    pub pending: Vec<PendingReport>,
    /// What was proved, worst first.
    pub findings: Vec<Finding>,
    /// Every change of state, if everything is kept.
    pub transitions: Vec<(u64, Elapsed, Transition)>,
    /// The end.
    pub summary: Option<Summary>,
    quotes: BTreeMap<u64, Quote>,
    keep: Keep,
}

/// Everything reported about one address. What most addresses do not have, or get late, is boxed: there may be
/// 100,000.
#[derive(Debug, Default)]
pub struct Seen {
    /// The backends that list it now.
    pub listed: Vec<Listing>,
    /// The stages passed by the last attempt to reach it.
    pub phases: Vec<Phase>,
    /// Why the last attempt failed.
    pub failure: Option<Box<Failure>>,
    /// The last response of its health service.
    pub health: Option<Box<HealthReport>>,
    /// The state of its subchannel.
    pub state: Option<ConnectivityState>,
    /// Why the subchannel is in that state.
    pub cause: Option<String>,
    /// When its backoff ends.
    pub retry_at: Option<Elapsed>,
    /// The verdict.
    pub verdict: Option<Box<EndpointReport>>,
}

/// One instance in one backend's list.
#[derive(Debug)]
pub struct Listing {
    /// Which registry, and what it was queried for.
    pub source: Arc<SourceId>,
    /// The instance as listed.
    pub endpoint: Endpoint,
}

/// Everything reported by one backend.
#[derive(Debug)]
pub struct SourceSeen {
    /// Which registry, and what it was queried for.
    pub source: Arc<SourceId>,
    /// The state of its watch.
    pub status: Option<BackendStatus>,
    /// Why its watch broke; `None` once it responds again.
    pub error: Option<ResolveFailure>,
    /// How many instances it lists; `None` if it never responded.
    pub total: Option<usize>,
    /// Its notes on the last response.
    pub notes: Vec<Note>,
}

/// An event that a finding may cite.
#[derive(Debug)]
enum Quote {
    Words(String),
    /// The normal events of a healthy endpoint, stored compactly: formatted only if a finding cites them.
    Passed(Elapsed, Address, Stage, Duration),
    /// The SETTINGS frame was received; it allows this many streams.
    Greeted(Elapsed, Address, Duration, Option<u32>),
    /// SERVING, for the whole server.
    Serving(Elapsed, Address, Option<Duration>),
}

impl Quote {
    fn of(event: &Event) -> Quote {
        match &event.kind {
            EventKind::Connection(ConnectionReport { address, result: Ok(phase) }) => match &phase.detail {
                PhaseDetail::None => Quote::Passed(event.at, address.clone(), phase.stage, phase.took),
                PhaseDetail::Settings(settings) => {
                    Quote::Greeted(event.at, address.clone(), phase.took, settings.max_concurrent_streams)
                }
                _ => Quote::Words(lines::quote(event.at, &event.kind)),
            },
            EventKind::Health(HealthReport {
                address,
                service,
                health: Health::Serving,
                took,
                ended: None,
                proxy: None,
            }) if service.is_empty() => Quote::Serving(event.at, address.clone(), *took),
            _ => Quote::Words(lines::quote(event.at, &event.kind)),
        }
    }

    fn words(&self) -> String {
        let passed = |address: &Address, stage, took, detail| {
            let result = Ok(Phase { stage, took, detail });
            EventKind::Connection(ConnectionReport { address: address.clone(), result })
        };
        let (at, kind) = match self {
            Quote::Words(words) => return words.clone(),
            Quote::Passed(at, address, stage, took) => (*at, passed(address, *stage, *took, PhaseDetail::None)),
            Quote::Greeted(at, address, took, max_concurrent_streams) => {
                let settings =
                    PeerSettings { max_concurrent_streams: *max_concurrent_streams, ..PeerSettings::default() };
                (*at, passed(address, Stage::Http2, *took, PhaseDetail::Settings(settings)))
            }
            Quote::Serving(at, address, took) => {
                let (address, service) = (address.clone(), String::new());
                let (health, took) = (Health::Serving, *took);
                (*at, EventKind::Health(HealthReport { address, service, health, took, ended: None, proxy: None }))
            }
        };
        lines::quote(at, &kind)
    }
}

impl Report {
    fn new(target: Arc<str>, keep: Keep) -> Report {
        Report {
            target,
            endpoints: BTreeMap::new(),
            sources: Vec::new(),
            channel: None,
            idle: None,
            idle_checks: Vec::new(),
            lenses: Vec::new(),
            clients: ClientsSeen::default(),
            pending: Vec::new(),
            findings: Vec::new(),
            transitions: Vec::new(),
            summary: None,
            quotes: BTreeMap::new(),
            keep,
        }
    }

    /// The events of `evidence` as text, each with its time.
    pub fn quotes(&self, evidence: &[u64]) -> Vec<String> {
        evidence.iter().filter_map(|seq| self.quotes.get(seq)).map(Quote::words).collect()
    }

    fn observe(&mut self, event: &Event) {
        let is_evidence = !matches!(event.kind, EventKind::Verdict(_) | EventKind::Finding(_) | EventKind::Summary(_));
        if is_evidence && matches!(self.keep, Keep::Everything | Keep::Evidence) {
            self.quotes.insert(event.seq, Quote::of(event));
        }
        match &event.kind {
            EventKind::Transition(transition) => {
                match &transition.scope {
                    Scope::Channel => self.channel = Some(transition.to),
                    Scope::Subchannel(address) => {
                        let seen = self.seen(address);
                        seen.state = Some(transition.to);
                        seen.cause = Some(lines::cause(transition));
                        seen.retry_at = transition.retry_in.map(|delay| event.at + delay);
                    }
                }
                if self.keep == Keep::Everything {
                    self.transitions.push((event.seq, event.at, transition.clone()));
                }
            }
            EventKind::Endpoints(change) => self.listed(change),
            EventKind::Backend(report) => self.backend(report),
            EventKind::Connection(report) => {
                let details = self.keep == Keep::Everything;
                let seen = self.seen(&report.address);
                match &report.result {
                    Ok(phase) if phase.detail.is_later() => {}
                    Ok(phase) => {
                        // A stage that is repeated belongs to a new attempt: the results of the previous one are
                        // dropped.
                        if seen.phases.iter().any(|passed| passed.stage >= phase.stage) {
                            seen.phases.clear();
                            seen.health = None;
                        }
                        seen.failure = None;
                        let detail = if details { phase.detail.clone() } else { PhaseDetail::None };
                        // Two or three of them for each of ten thousand endpoints: no room for more.
                        seen.phases.reserve_exact(1);
                        seen.phases.push(Phase { stage: phase.stage, took: phase.took, detail });
                    }
                    Err(failure) => {
                        seen.phases.retain(|phase| phase.stage < failure.stage);
                        let tls = failure.tls.clone().filter(|_| details);
                        seen.failure = Some(Box::new(Failure { tls, text: failure.text.clone(), ..*failure }));
                        seen.health = None;
                    }
                }
            }
            EventKind::Disconnect { address, disconnect, .. } => {
                let seen = self.seen(address);
                seen.cause = Some(format!("connection lost: {disconnect}"));
                seen.health = None;
            }
            EventKind::Health(report) => self.seen(&report.address).health = Some(Box::new(report.clone())),
            EventKind::Idle(report) => self.idle = Some(report.clone()),
            EventKind::IdleCheck(report) => self.idle_checks.push(IdleCheckReport::clone(report)),
            EventKind::Pending(report) => self.pending.push(report.clone()),
            EventKind::Lens(report) => match self.lenses.iter_mut().find(|known| known.lens == report.lens) {
                Some(known) => *known = report.clone(),
                None => self.lenses.push(report.clone()),
            },
            EventKind::Client(report) => self.clients.observe(report),
            EventKind::Verdict(report) => self.seen(&report.address).verdict = Some(Box::new(report.clone())),
            EventKind::Finding(finding) => {
                let severity = finding.kind.severity;
                let at = self.findings.partition_point(|known| known.kind.severity >= severity);
                self.findings.insert(at, finding.clone());
            }
            EventKind::Summary(summary) => self.summary = Some(summary.clone()),
            // A stall has a finding of its own.
            _ => {}
        }
        if self.keep == Keep::Present {
            self.endpoints.retain(|_, seen| {
                !seen.listed.is_empty()
                    || seen.verdict.is_some()
                    || seen.state.is_some_and(|s| s != ConnectivityState::Shutdown)
            });
        }
    }

    fn seen(&mut self, address: &Address) -> &mut Seen {
        self.endpoints.entry(address.clone()).or_default()
    }

    fn source(&mut self, source: &Arc<SourceId>) -> &mut SourceSeen {
        let at = match self.sources.iter().position(|known| known.source == *source) {
            Some(at) => at,
            None => {
                self.sources.push(SourceSeen {
                    source: source.clone(),
                    status: None,
                    error: None,
                    total: None,
                    notes: Vec::new(),
                });
                self.sources.len() - 1
            }
        };
        &mut self.sources[at]
    }

    fn listed(&mut self, change: &EndpointsChange) {
        let source = self.source(&change.source);
        source.total = Some(change.total);
        source.notes = change.notes.clone();
        let same = |listing: &Listing, endpoint: &Endpoint| {
            listing.source == change.source && listing.endpoint.key() == endpoint.key()
        };
        for endpoint in &change.removed {
            self.seen(&endpoint.address).listed.retain(|listing| !same(listing, endpoint));
        }
        for endpoint in change.added.iter().chain(&change.changed) {
            let seen = self.seen(&endpoint.address);
            seen.listed.retain(|listing| !same(listing, endpoint));
            // Most endpoints are listed once, and a vector's first growth is room for four.
            seen.listed.reserve_exact(1);
            seen.listed.push(Listing { source: change.source.clone(), endpoint: endpoint.clone() });
        }
    }

    fn backend(&mut self, report: &BackendReport) {
        let source = self.source(&report.source);
        source.status = Some(report.status);
        source.error = match report.status {
            BackendStatus::Watching | BackendStatus::Recovered => None,
            BackendStatus::Broken | BackendStatus::Ended => report.error.clone().or_else(|| source.error.take()),
        };
    }
}
