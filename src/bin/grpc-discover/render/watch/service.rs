//! The state of one service under watch.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use grpc_discover::model::connectivity::{CauseCode, ConnectivityState, Scope, Transition};
use grpc_discover::model::endpoint::{Address, Endpoint};
use grpc_discover::model::event::{BackendReport, BackendStatus, EndpointsChange, Event, EventKind};
use grpc_discover::model::registry::SourceId;
use grpc_discover::model::time::Elapsed;
use grpc_discover::text::duration;

use super::change::{Change, ChangeKind, Subject};
use super::connecting::Connecting;
use super::endpoint::{WatchedEndpoint, is_same};
use crate::render::lines;

/// One service.
#[derive(Debug)]
pub struct WatchedService {
    /// The service.
    pub target: Arc<str>,
    /// Every address that is listed, or that the channel uses.
    pub endpoints: BTreeMap<Address, WatchedEndpoint>,
    /// Every source that responded or failed.
    pub sources: Vec<WatchedSource>,
    /// The channel's state.
    pub channel: Option<ConnectivityState>,
    /// When the session started.
    pub started: SystemTime,
    /// `None` once it is over.
    connecting: Option<Connecting>,
    /// The last state of the channel that has a line.
    reported: Option<ConnectivityState>,
}

/// One source of a service.
#[derive(Debug)]
pub struct WatchedSource {
    /// Which registry, and what it is queried for.
    pub source: Arc<SourceId>,
    /// How many instances it lists; `None` if it never responded.
    pub total: Option<usize>,
    /// Why its watch is broken; `None` while it responds.
    pub broken: Option<String>,
}

impl WatchedService {
    /// A service, first seen in `event`.
    pub fn new(event: &Event) -> WatchedService {
        WatchedService {
            target: event.target.clone(),
            endpoints: BTreeMap::new(),
            sources: Vec::new(),
            channel: None,
            started: event.time.checked_sub(event.at.since_start()).unwrap_or(event.time),
            connecting: Some(Connecting::default()),
            reported: None,
        }
    }

    /// True during the connect phase.
    pub fn is_connecting(&self) -> bool {
        self.connecting.is_some()
    }

    /// Processes an event; appends what changed.
    pub fn observe(&mut self, event: &Event, changes: &mut Vec<Change>) {
        self.time_passed(event.at, changes);
        let at = event.at;
        match &event.kind {
            EventKind::Transition(transition) => match &transition.scope {
                Scope::Channel => self.channel_changed(transition, at, changes),
                Scope::Subchannel(address) => {
                    let is_phase = self.connecting.is_some();
                    if transition.to == ConnectivityState::Connecting
                        && let Some(connecting) = &mut self.connecting
                    {
                        connecting.starts(at);
                    }
                    let endpoint = self.endpoints.entry(address.clone()).or_default();
                    let change = endpoint.transition(transition, at, is_phase);
                    if transition.to == ConnectivityState::Ready
                        && let Some(connecting) = &mut self.connecting
                    {
                        connecting.connected(at);
                    }
                    self.add(Subject::Endpoint(address.clone()), change, at, changes);
                    self.forget_if_gone(address);
                }
            },
            EventKind::Endpoints(change) => self.listed(event, change, changes),
            EventKind::Backend(report) => self.backend(report, at, changes),
            EventKind::Disconnect { address, disconnect, .. } => {
                let change = self.endpoints.get_mut(address).and_then(|known| known.disconnected(disconnect, at));
                self.add(Subject::Endpoint(address.clone()), change, at, changes);
            }
            EventKind::Health(report) => {
                let known = self.endpoints.get_mut(&report.address);
                let change = known.and_then(|known| known.reported(report, at));
                self.add(Subject::Endpoint(report.address.clone()), change, at, changes);
            }
            EventKind::Lens(_) | EventKind::Stall(_) => {
                let (subject, text) = lines::unescaped(&event.kind);
                self.add(Subject::Other(subject), Some(ChangeKind::Other(text)), at, changes);
            }
            // Connection attempts have a transition; the rest belongs to the report.
            _ => {}
        }
        self.time_passed(at, changes);
    }

    /// Ends the connect phase when it is over at `now`.
    pub fn time_passed(&mut self, now: Elapsed, changes: &mut Vec<Change>) {
        let Some(connecting) = &self.connecting else { return };
        let tried = || self.endpoints.values().filter(|endpoint| endpoint.state.is_some());
        let awaited = tried().any(WatchedEndpoint::is_awaited);
        let Some((took, ended)) = connecting.over(now, self.channel, awaited) else { return };
        let channel = self.channel.unwrap_or(ConnectivityState::Connecting);
        let is_ready = |endpoint: &&WatchedEndpoint| endpoint.state == Some(ConnectivityState::Ready);
        let kind =
            ChangeKind::Connected { channel, connected: tried().filter(is_ready).count(), of: tried().count(), took };
        self.add(Subject::Other("channel".to_string()), Some(kind), ended, changes);
        self.reported = Some(channel);
        self.connecting = None;
    }

    fn add(&self, subject: Subject, kind: Option<ChangeKind>, at: Elapsed, changes: &mut Vec<Change>) {
        let at_start = self.connecting.is_some();
        changes.extend(kind.map(|kind| Change { time: self.started + at.since_start(), subject, kind, at_start }));
    }

    fn channel_changed(&mut self, transition: &Transition, at: Elapsed, changes: &mut Vec<Change>) {
        let to = transition.to;
        self.channel = Some(to);
        if to == ConnectivityState::Idle && transition.cause.code == CauseCode::IdleTimeout {
            // What follows when the channel leaves IDLE is a connect phase again.
            self.connecting = None;
        } else if transition.from == ConnectivityState::Idle && self.reported == Some(ConnectivityState::Idle) {
            self.connecting = Some(Connecting::default());
        }
        let is_news = match to {
            ConnectivityState::Ready => true,
            ConnectivityState::TransientFailure => true,
            ConnectivityState::Idle => transition.cause.code == CauseCode::IdleTimeout,
            // On the way to another state.
            ConnectivityState::Connecting => false,
            // The end of the session.
            ConnectivityState::Shutdown => false,
        };
        // The line at the end of the connect phase has the state.
        let is_summarized = self.connecting.is_some() && self.endpoints.values().any(|known| known.state.is_some());
        if !is_news || is_summarized || self.reported == Some(to) {
            return;
        }
        self.reported = Some(to);
        let kind = match to {
            ConnectivityState::TransientFailure => {
                ChangeKind::Broken(format!("{}: {}", to.as_str(), transition.cause.text))
            }
            ConnectivityState::Idle => ChangeKind::Other(format!("{}: {}", to.as_str(), transition.cause.text)),
            _ => ChangeKind::Other(to.as_str().to_string()),
        };
        self.add(Subject::Other("channel".to_string()), Some(kind), at, changes);
    }

    fn listed(&mut self, event: &Event, change: &EndpointsChange, changes: &mut Vec<Change>) {
        let is_first = {
            let source = self.source(&change.source);
            source.total.replace(change.total).is_none()
        };
        let addresses = |list: &[Endpoint]| list.iter().map(|endpoint| endpoint.address.clone()).collect::<Vec<_>>();
        for endpoint in &change.added {
            let known =
                self.endpoints.entry(endpoint.address.clone()).or_insert_with(|| WatchedEndpoint::new(event.at));
            match known.listed.iter_mut().find(|(source, _)| *source == change.source) {
                Some((_, instances)) => *instances += 1,
                None => known.listed.push((change.source.clone(), 1)),
            }
        }
        for endpoint in &change.removed {
            if let Some(known) = self.endpoints.get_mut(&endpoint.address) {
                known.listed.iter_mut().filter(|(source, _)| *source == change.source).for_each(|(_, instances)| {
                    *instances = instances.saturating_sub(1);
                });
                known.listed.retain(|(_, instances)| *instances > 0);
            }
            self.forget_if_gone(&endpoint.address);
        }
        let text = match is_first {
            true => lines::endpoints(change.total),
            false => lines::unescaped(&event.kind).1,
        };
        let kind = ChangeKind::Listed { text, added: addresses(&change.added), removed: addresses(&change.removed) };
        let subject = Subject::Other(self.name(&change.source));
        let at_start = is_first;
        changes.push(Change { time: self.started + event.at.since_start(), subject, kind, at_start });
    }

    fn backend(&mut self, report: &BackendReport, at: Elapsed, changes: &mut Vec<Change>) {
        let name = self.name(&report.source);
        let source = self.source(&report.source);
        let before = source.broken.clone();
        let error = report.error.as_ref().map(|error| error.text.clone());
        source.broken = match report.status {
            BackendStatus::Watching | BackendStatus::Recovered => None,
            BackendStatus::Broken => Some(error.unwrap_or_default()),
            BackendStatus::Ended => error.or_else(|| source.broken.take()),
        };
        let kind = match (&before, &source.broken) {
            (None, Some(why)) if source.total.is_none() => Some(ChangeKind::Broken(format!("query failed: {why}"))),
            (None, Some(why)) => Some(ChangeKind::Broken(format!("watch lost: {why}"))),
            (Some(known), Some(why)) if is_same(known, why) => None,
            (Some(_), Some(why)) => Some(ChangeKind::Broken(format!("still fails: {why}"))),
            (Some(_), None) => {
                let what = if source.total.is_none() { "responds" } else { "watch recovered" };
                let gap = report.gap.map(|gap| format!(" after {}", duration(gap))).unwrap_or_default();
                Some(ChangeKind::Other(format!("{what}{gap}")))
            }
            (None, None) => None,
        };
        if let Some(kind) = kind {
            // Never left out of the story: a registry that fails is a gap in what is known.
            let subject = Subject::Other(name);
            changes.push(Change { time: self.started + at.since_start(), subject, kind, at_start: false });
        }
    }

    fn source(&mut self, source: &Arc<SourceId>) -> &mut WatchedSource {
        let at = match self.sources.iter().position(|known| known.source == *source) {
            Some(at) => at,
            None => {
                self.sources.push(WatchedSource { source: source.clone(), total: None, broken: None });
                self.sources.len() - 1
            }
        };
        &mut self.sources[at]
    }

    /// The registry's name, or the whole source when there are several of this registry.
    pub fn name(&self, source: &SourceId) -> String {
        let same = self.sources.iter().filter(|known| known.source.registry == source.registry);
        match same.count() {
            0 | 1 => source.registry.name.to_string(),
            _ => source.to_string(),
        }
    }

    fn forget_if_gone(&mut self, address: &Address) {
        if self.endpoints.get(address).is_some_and(WatchedEndpoint::is_gone) {
            self.endpoints.remove(address);
        }
    }
}
