//! How an event changes the ledger.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::{Call, Contact, Departure, Handshake, Identity, Ledger, Loss, Observed, Rotation, SourceRecord};
use crate::model::connectivity::Scope;
use crate::model::endpoint::{Address, Endpoint, EndpointStatus};
use crate::model::event::{BackendReport, BackendStatus, EndpointsChange, Event, EventKind, WatchEnd};
use crate::model::grpc_status::GrpcStatus;
use crate::model::idle_check::{IdleCheckOutcome, IdleCheckReport};
use crate::model::pending::Subject;
use crate::model::reach::{
    Certificate, Disconnect, DisconnectReason, GoAway, Health, Phase, PhaseDetail, Stage, TlsReport,
};
use crate::model::registry::SourceId;
use crate::model::resolution::NoteKind;
use crate::model::rpc::RpcCause;
use crate::model::time::Elapsed;

/// How many losses are kept per address: the last ones. A session may run for days.
const LOSSES_KEPT: usize = 16;
/// How many stalls of this process, and how many gaps of a registry, are kept.
const STALLS_KEPT: usize = 64;
const GAPS_KEPT: usize = 64;

/// How many of the addresses at which an id was listed are kept.
const KEPT_ADDRESSES: usize = 8;

impl Ledger {
    /// Applies one event.
    pub fn observe(&mut self, event: &Event) {
        if self.first == 0 {
            self.first = event.seq;
        }
        self.now = event.at;
        match &event.kind {
            EventKind::Endpoints(change) => self.listed(change, event),
            EventKind::Backend(report) => self.backend(report, event),
            EventKind::Connection(report) => match &report.result {
                Ok(phase) => self.passed(&report.address, phase, event),
                Err(failure) => {
                    if let Some(tls) = &failure.tls {
                        self.handshake(&report.address, tls, failure.stage > Stage::Tls, event);
                    }
                    self.contact(&report.address, Contact::Failed(failure.clone()), event);
                }
            },
            EventKind::Health(report) if *report.service == *self.service => {
                if let Some(end) = &report.ended {
                    self.watch_ends.insert(report.address.clone(), seen(WatchEnd::clone(end), event));
                }
                match &report.proxy {
                    Some(proxy) => self.proxies.insert(report.address.clone(), seen(proxy.clone(), event)),
                    None => self.proxies.remove(&report.address),
                };
                self.contact(&report.address, Contact::Answered(report.health.clone()), event);
            }
            EventKind::Health(report) => {
                let others = self.others.entry(report.address.clone()).or_default();
                others.insert(report.service.clone(), seen(report.health.clone(), event));
            }
            EventKind::Transition(transition) => {
                self.transitions += 1;
                if transition.scope == Scope::Channel {
                    self.channel = Some(seen(transition.clone(), event));
                }
            }
            EventKind::Idle(report) => self.idle.push(seen(report.phase, event)),
            EventKind::Lens(report) => {
                self.lenses.retain(|known| known.what.lens != report.lens);
                self.lenses.push(seen(report.clone(), event));
            }
            EventKind::IdleCheck(report) => self.idle_check(report, event),
            EventKind::Disconnect { address, disconnect, idle } => self.lost(address, disconnect, *idle, event),
            EventKind::Pending(report) => match &report.subject {
                Subject::Endpoint(address) => _ = self.pending.insert(address.clone(), seen(report.clone(), event)),
                Subject::Registry(_) => self.pending_registries.push(report.clone()),
            },
            EventKind::Stall(report) => {
                if self.stalls.len() == STALLS_KEPT {
                    self.stalls.remove(0);
                }
                self.stalls.push(seen(*report, event));
            }
            EventKind::Client(report) => self.client(report, event),
            EventKind::Verdict(_) | EventKind::Finding(_) | EventKind::Summary(_) => {}
        }
    }

    /// Records a call of the idle cycle, proved by event `seq`.
    pub fn call(&mut self, call: Call, seq: u64, at: Elapsed) {
        self.calls.push(Observed { what: call, seq, at });
    }

    fn passed(&mut self, address: &Address, phase: &Phase, event: &Event) {
        match &phase.detail {
            PhaseDetail::Tls(report) => self.handshake(address, report, true, event),
            PhaseDetail::Settings(settings) => {
                self.settings.insert(address.clone(), seen(*settings, event));
                self.responses.remove(address);
            }
            PhaseDetail::LaterSettings(settings) => {
                // The lifetime of a lost connection counts from its first SETTINGS.
                let since = self.settings.get(address).map_or(event.at, |first| first.at);
                self.settings.insert(address.clone(), Observed { what: *settings, seq: event.seq, at: since });
            }
            PhaseDetail::Response(facts) => {
                self.responses.insert(address.clone(), seen((**facts).clone(), event));
            }
            PhaseDetail::None | PhaseDetail::Resolved(_) => {}
        }
        if phase.stage == Stage::Http2 {
            self.contact(address, Contact::Connected, event);
        }
    }

    fn handshake(&mut self, address: &Address, report: &TlsReport, passed: bool, event: &Event) {
        let mut known = |certificate: &Certificate| match self.certificates.get(certificate) {
            Some(known) => known.clone(),
            None => {
                let new = Arc::new(certificate.clone());
                self.certificates.insert(new.clone());
                new
            }
        };
        let handshake = Handshake {
            chain: report.chain.iter().map(&mut known).collect(),
            time: event.time,
            passed,
            server_name: report.server_name.clone(),
            anchor: report.anchor.as_ref().map(&mut known),
            limit: report.limit.clone(),
        };
        self.handshakes.insert(address.clone(), seen(handshake, event));
    }

    /// Records the result of an idle connection. One that the server closed by its rule also counts as a loss, like
    /// any other connection.
    fn idle_check(&mut self, report: &IdleCheckReport, event: &Event) {
        if let IdleCheckOutcome::Closed { after, disconnect, .. } = &report.result.outcome
            && disconnect.goaway.as_ref().is_some_and(GoAway::names_rotation)
        {
            self.loss(&report.address, disconnect, *after, None, event);
        }
        self.idle_checks.push(seen(report.clone(), event));
    }

    fn loss(
        &mut self,
        address: &Address,
        disconnect: &Disconnect,
        lived: Duration,
        idle: Option<Duration>,
        event: &Event,
    ) {
        let losses = self.losses.entry(address.clone()).or_default();
        if losses.len() == LOSSES_KEPT {
            losses.remove(0);
        }
        losses.push(seen(Loss { disconnect: disconnect.clone(), lived, idle }, event));
    }

    fn lost(&mut self, address: &Address, disconnect: &Disconnect, idle: Option<Duration>, event: &Event) {
        let ready = self.settings.get(address).map_or(event.at, |settings| settings.at);
        self.loss(address, disconnect, event.at.since(ready), idle, event);
        // A connection that was lost before any call on it was answered: until the next one, no call can succeed
        // there.
        let unanswered = matches!(self.contacts.get(address), Some(Observed { what: Contact::Connected, .. }));
        if let Some(cause) = unanswered.then(|| ended_by(disconnect)).flatten() {
            let text = format!("connection lost: {disconnect}");
            let health = Health::Failed { code: GrpcStatus::Unavailable, text, cause };
            self.contact(address, Contact::Answered(health), event);
        }
    }

    fn source(&mut self, source: &Arc<SourceId>) -> usize {
        if let Some(index) = self.sources.iter().position(|known| known.source == *source) {
            return index;
        }
        self.sources.push(SourceRecord {
            source: source.clone(),
            listed: BTreeMap::new(),
            answered: None,
            first_answer: None,
            broken: None,
            gaps: Vec::new(),
            remembered: Vec::new(),
            rotation: Rotation::default(),
        });
        self.sources.len() - 1
    }

    fn listed(&mut self, change: &EndpointsChange, event: &Event) {
        let index = self.source(&change.source);
        let after_baseline = !self.idle.is_empty();
        for endpoint in &change.removed {
            self.sources[index].listed.remove(&endpoint.key());
            self.critical_since.remove(&(index, endpoint.key()));
            if endpoint.status.is_usable() {
                self.departures.push(seen(Departure { endpoint: endpoint.clone(), source: index }, event));
            }
        }
        for endpoint in change.added.iter().chain(&change.changed) {
            self.remember(index, endpoint, event);
            // Removed first: the key shares its endpoint, and the old endpoint must not be kept.
            let before = self.sources[index].listed.remove(&endpoint.key());
            self.sources[index].listed.insert(endpoint.key(), seen(endpoint.clone(), event));
            let was_usable = before.as_ref().is_some_and(|old| old.what.status.is_usable());
            match (was_usable, endpoint.status.is_usable()) {
                (true, false) => {
                    self.departures.push(seen(Departure { endpoint: endpoint.clone(), source: index }, event));
                }
                (false, true) => {
                    if !self.departures.is_empty() {
                        self.departures
                            .retain(|d| d.what.endpoint.address != endpoint.address || d.what.source != index);
                    }
                    if after_baseline {
                        self.arrivals.push(seen(endpoint.clone(), event));
                    }
                }
                (true, true) | (false, false) => {}
            }
        }
        for endpoint in &change.removed {
            self.departs(index, endpoint);
        }
        let lasting = change.notes.iter().filter(|n| matches!(n.kind, NoteKind::Restarted | NoteKind::Unconfirmed));
        for note in lasting {
            let remembered = &mut self.sources[index].remembered;
            if remembered.len() == GAPS_KEPT {
                remembered.remove(0);
            }
            remembered.push(seen(note.clone(), event));
        }
        self.sources[index].rotation.changed(change, event.seq, event.at);
        self.sources[index].first_answer.get_or_insert(event.at.since_start());
        self.sources[index].answered = Some(seen(change.notes.clone(), event));
    }

    /// Records what the current list does not contain: since when an instance is critical, and at which addresses its
    /// id was listed.
    fn remember(&mut self, source: usize, endpoint: &Endpoint, event: &Event) {
        let key = (source, endpoint.key());
        if endpoint.status == EndpointStatus::Critical {
            self.critical_since.entry(key).or_insert(event.at);
        } else {
            self.critical_since.remove(&key);
        }
        if endpoint.id.is_none() {
            return;
        }
        // Nearly every id keeps its address, and a vector would first grow to a capacity of four.
        let seen = self.identities.entry(Identity::of(source, endpoint)).or_insert_with(|| Vec::with_capacity(1));
        if seen.last().is_none_or(|(address, _)| *address != endpoint.address) {
            seen.push((endpoint.address.clone(), event.seq));
            let old = seen.len().saturating_sub(KEPT_ADDRESSES);
            seen.drain(..old);
        }
    }

    fn backend(&mut self, report: &BackendReport, event: &Event) {
        let index = self.source(&report.source);
        let record = &mut self.sources[index];
        match report.status {
            BackendStatus::Broken => {
                if record.broken.is_none() {
                    record.broken = Some(seen(report.error.clone(), event));
                }
            }
            BackendStatus::Watching => record.broken = None,
            BackendStatus::Recovered => {
                if let Some(start) = record.broken.take() {
                    let gap = report.gap.unwrap_or_else(|| event.at.since(start.at));
                    if record.gaps.len() == GAPS_KEPT {
                        record.gaps.remove(0);
                    }
                    record.gaps.push((gap, start.seq, event.seq));
                }
            }
            BackendStatus::Ended => {
                if report.error.is_some() && record.broken.is_none() {
                    record.broken = Some(seen(report.error.clone(), event));
                }
            }
        }
    }

    fn contact(&mut self, address: &Address, contact: Contact, event: &Event) {
        self.contacts.insert(address.clone(), seen(contact, event));
    }
}

/// The failure that a call would have got; `None` when the server closed the connection by a rule of its own, or we
/// closed it.
fn ended_by(disconnect: &Disconnect) -> Option<RpcCause> {
    match &disconnect.goaway {
        _ if disconnect.reason == DisconnectReason::SubchannelShutdown => None,
        Some(goaway) if goaway.code == 0 || goaway.limits_pings() || goaway.names_rotation() => None,
        Some(goaway) => Some(RpcCause::GoAway(goaway.clone())),
        None => Some(match disconnect.reason {
            DisconnectReason::OurLimit => RpcCause::OurLimit(disconnect.detail.clone()),
            DisconnectReason::Flood => RpcCause::Flood(disconnect.detail.clone()),
            _ => match disconnect.broken_rule() {
                Some(broken) => RpcCause::Violation(broken),
                None => RpcCause::Lost(disconnect.clone()),
            },
        }),
    }
}

pub(super) fn seen<T>(what: T, event: &Event) -> Observed<T> {
    Observed { what, seq: event.seq, at: event.at }
}
