//! [`Ledger`]: what the events of a session add up to, with the sequence numbers that prove it.

mod forgetting;
mod rotation;

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use self::forgetting::Departed;
pub use self::rotation::Rotation;
use super::proxy::ProxyEnv;
use crate::model::connectivity::{ConnectivityState, Scope, Transition};
use crate::model::endpoint::{Address, Endpoint, EndpointKey, EndpointStatus};
use crate::model::event::{
    BackendReport, BackendStatus, CallCost, EndpointsChange, Event, EventKind, IdlePhase, StallReport, WatchEnd,
};
use crate::model::hold::{Fate, HeldReport};
use crate::model::lens::LensReport;
use crate::model::pending::{PendingReport, Subject};
use crate::model::reach::{
    Certificate, Disconnect, DisconnectReason, Failure, GoAway, Health, PeerSettings, Phase, PhaseDetail,
    ResponseFacts, Stage, TlsReport,
};
use crate::model::registry::{Registry, SourceId};
use crate::model::resolution::{Note, NoteKind, ResolveCode, ResolveFailure};
use crate::model::rpc::{Proxy, RpcCause};
use crate::model::time::Elapsed;

/// A session may run for days: of every address so many losses are kept, the last ones.
const LOSSES_KEPT: usize = 16;
/// So many stalls of this process, and so many gaps of a registry.
const STALLS_KEPT: usize = 64;
const GAPS_KEPT: usize = 64;

/// Something that happened, with the number of the event that says so.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen<T> {
    /// What.
    pub what: T,
    /// The event.
    pub seq: u64,
    /// When.
    pub at: Elapsed,
}

/// What one source has said.
#[derive(Debug, Clone)]
pub struct SourceRecord {
    /// Which registry, and what it is queried for.
    pub source: Arc<SourceId>,
    /// What it lists now.
    pub listed: BTreeMap<EndpointKey, Seen<Endpoint>>,
    /// Its last full answer or change.
    pub answered: Option<Seen<Vec<Note>>>,
    /// How long the session had to wait for its first full answer.
    pub first_answer: Option<Duration>,
    /// Why it does not answer now.
    pub broken: Option<Seen<Option<ResolveFailure>>>,
    /// Gaps that it recovered from: length, and the events at their beginning and end.
    pub gaps: Vec<(Duration, u64, u64)>,
    /// Notes of earlier answers that still count: the registry lost its list, or contradicted itself.
    pub remembered: Vec<Seen<Note>>,
    /// How its answers follow each other.
    pub rotation: Rotation,
}

impl SourceRecord {
    /// The note of `kind` in the last answer.
    pub fn note(&self, kind: NoteKind) -> Option<&Note> {
        self.answered.as_ref()?.what.iter().find(|note| note.kind == kind)
    }

    /// True when nothing names this registry and it is not there.
    pub fn is_absent(&self) -> bool {
        let failure = self.broken.as_ref().and_then(|broken| broken.what.as_ref());
        failure.is_some_and(|failure| failure.code == ResolveCode::NotHere)
    }

    /// True when it lists nothing usable, and something is registered there that could not be read.
    pub fn is_unreadable(&self) -> bool {
        !self.listed.values().any(|seen| seen.what.status.is_usable()) && self.note(NoteKind::Unreadable).is_some()
    }

    /// True when it is DNS that answers with another part of its addresses each time: what is missing has not left.
    pub fn rotates(&self) -> bool {
        self.registry().resolves_names() && self.rotation.is_proved()
    }

    /// The kind of registry.
    pub fn registry(&self) -> &'static Registry {
        self.source.registry
    }

    /// True when the registry itself holds the truth; DNS is a copy of it.
    pub fn is_authority(&self) -> bool {
        self.registry().is_authority()
    }
}

/// What the network has said about one address.
#[derive(Debug, Clone)]
pub enum Contact {
    /// The server's SETTINGS arrived; health not asked (yet).
    Connected,
    /// The health service answered.
    Answered(Health),
    /// The attempt failed.
    Failed(Failure),
}

impl Contact {
    /// True when the endpoint can be judged by it: a connection alone cannot, because a frozen process has one too.
    pub fn is_conclusive(&self) -> bool {
        match self {
            Contact::Answered(_) | Contact::Failed(_) => true,
            Contact::Connected => false,
        }
    }
}

/// An endpoint that left a source during the session, or that the source no longer calls usable.
#[derive(Debug, Clone)]
pub struct Departure {
    /// As it was last listed.
    pub endpoint: Endpoint,
    /// Index of the source.
    pub source: usize,
}

/// A connection that stood and ended by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// How it ended.
    pub disconnect: Disconnect,
    /// How long it had been READY.
    pub lived: Duration,
    /// How long it had been without an RPC, when none was open on it.
    pub idle: Option<Duration>,
}

/// The last TLS handshake with an address, verified or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handshake {
    /// The chain as presented, leaf first. Endpoints that present the same certificate share it here.
    pub chain: Vec<Arc<Certificate>>,
    /// The wall clock of that moment: certificates are dated by it.
    pub time: SystemTime,
    /// The handshake went through.
    pub passed: bool,
    /// The name that was verified.
    pub server_name: String,
    /// The trusted root that the chain ends at, where it is known.
    pub anchor: Option<Arc<Certificate>>,
    /// See [`TlsReport::limit`].
    pub limit: Option<String>,
}

/// What the events of a session add up to.
#[derive(Debug, Default)]
pub struct Ledger {
    /// The sources, in the order they were first heard of.
    pub sources: Vec<SourceRecord>,
    /// Those that no target names: a bare name is queried in every active registry.
    pub implied: Vec<Arc<SourceId>>,
    /// Every kind of registry there is.
    pub registries: Vec<&'static Registry>,
    /// The service whose health is asked for; empty is the whole server.
    pub service: Arc<str>,
    /// How long a call may take (`--rpc-timeout`): what the first call after idle is compared with.
    pub rpc_timeout: Option<Duration>,
    /// The session keeps a channel open and watches it.
    pub watches: bool,
    /// That the last endpoint leaves is what is waited for (`--until drained`).
    pub drains: bool,
    /// The last contact with each address.
    pub contacts: BTreeMap<Address, Seen<Contact>>,
    /// The last TLS handshake with each address.
    pub handshakes: BTreeMap<Address, Seen<Handshake>>,
    /// The last SETTINGS of each address, and when they came.
    pub settings: BTreeMap<Address, Seen<PeerSettings>>,
    /// What the headers of the last response from each address showed, where that is worth telling.
    pub responses: BTreeMap<Address, Seen<ResponseFacts>>,
    /// Connections that ended by themselves, by address, in order.
    pub losses: BTreeMap<Address, Vec<Seen<Loss>>>,
    /// What health services said about names beside the one that was asked for: the last word on each.
    pub others: BTreeMap<Address, BTreeMap<String, Seen<Health>>>,
    /// How the health Watch on an address ended last, on a connection that went on.
    pub watch_ends: BTreeMap<Address, Seen<WatchEnd>>,
    /// What was still waited for at the end: endpoints, and registries.
    pub pending: BTreeMap<Address, Seen<PendingReport>>,
    /// Registries that had not responded at the end.
    pub pending_registries: Vec<PendingReport>,
    /// The proxies that the last health answers came through.
    pub proxies: BTreeMap<Address, Seen<Arc<Proxy>>>,
    /// Times in which this process did not run, the last ones.
    pub stalls: Vec<Seen<StallReport>>,
    /// Timeouts that were repeated or left out because of them.
    pub excused: usize,
    /// Addresses that left and have not come back, by the time they left.
    pub departures: Vec<Seen<Departure>>,
    /// Addresses that came after the baseline of an idle cycle.
    pub arrivals: Vec<Seen<Endpoint>>,
    /// The channel's last transition.
    pub channel: Option<Seen<Transition>>,
    /// The phases of the idle cycle.
    pub idle: Vec<Seen<IdlePhase>>,
    /// The calls of the idle cycle: before and after the silence.
    pub calls: Vec<Seen<Call>>,
    /// Connections that were held in silence, and what became of them.
    pub held: Vec<Seen<HeldReport>>,
    /// What other frameworks' clients would hold: the last word on each.
    pub lenses: Vec<Seen<LensReport>>,
    /// They were named (`--as`): what they would hold counts for the verdict.
    pub lenses_named: bool,
    /// More endpoints are listed than may be probed: how many, and how many were.
    pub limited: Option<(usize, usize)>,
    /// How many transitions there were.
    pub transitions: usize,
    /// Since when an instance is called critical, as far as this session has seen it: no registry says since when.
    pub critical_since: BTreeMap<(usize, EndpointKey), Elapsed>,
    /// The addresses that an instance id was last listed at, oldest first, with the events that say so.
    pub identities: BTreeMap<Identity, Vec<(Address, u64)>>,
    /// The proxy that clients with this environment would dial through.
    pub proxy: Option<ProxyEnv>,
    /// When the last event was.
    pub now: Elapsed,
    /// The first event of the session, to fall back on as evidence.
    pub first: u64,
    /// Every certificate that was seen, once.
    pub certificates: HashSet<Arc<Certificate>>,
    /// What left last, until it is forgotten.
    pub(crate) departed: Departed,
}

/// What makes an instance one and the same to its registry: ids are unique per source and node. It shares the endpoint that it
/// was taken from.
#[derive(Debug, Clone)]
pub struct Identity {
    /// Index of the source.
    pub source: usize,
    endpoint: Endpoint,
}

impl Identity {
    /// That of `endpoint` in the list of `source`.
    pub fn of(source: usize, endpoint: &Endpoint) -> Self {
        Identity { source, endpoint: endpoint.clone() }
    }

    /// The node that runs it.
    pub fn node(&self) -> Option<&str> {
        self.endpoint.node.as_deref()
    }

    /// The registry's own name for it.
    pub fn id(&self) -> &str {
        self.endpoint.id.as_deref().unwrap_or_default()
    }

    fn parts(&self) -> (usize, Option<&str>, &str) {
        (self.source, self.node(), self.id())
    }
}

impl PartialEq for Identity {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }
}

impl Eq for Identity {}

impl PartialOrd for Identity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Identity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.parts().cmp(&other.parts())
    }
}

/// So many of the addresses that an id was seen at are kept.
const KEPT_ADDRESSES: usize = 8;

/// A call of the idle cycle.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// Before (baseline) or after the silence.
    pub phase: IdlePhase,
    /// Which address took it, if one did.
    pub address: Option<Address>,
    /// How it ended.
    pub outcome: Result<Health, String>,
    /// From the start of the call, connecting included, to its end.
    pub took: Duration,
    /// The same by stage, when the call was answered.
    pub cost: Option<CallCost>,
    /// The events of the stages.
    pub stages: Vec<u64>,
}

impl Ledger {
    /// The last endpoint has left, as it was to. A list that was empty from the start is no drain: its name may be wrong.
    pub fn has_drained(&self) -> bool {
        self.drains && !self.departures.is_empty() && self.listing().is_empty()
    }

    /// Takes note of one event.
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
            EventKind::Held(report) => self.told(report, event),
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
            EventKind::Verdict(_) | EventKind::Finding(_) | EventKind::Summary(_) => {}
        }
    }

    /// Takes note of a call of the idle cycle, proved by event `seq`.
    pub fn call(&mut self, call: Call, seq: u64, at: Elapsed) {
        self.calls.push(Seen { what: call, seq, at });
    }

    fn passed(&mut self, address: &Address, phase: &Phase, event: &Event) {
        match &phase.detail {
            PhaseDetail::Tls(report) => self.handshake(address, report, true, event),
            PhaseDetail::Settings(settings) => {
                self.settings.insert(address.clone(), seen(*settings, event));
                self.responses.remove(address);
            }
            PhaseDetail::LaterSettings(settings) => {
                // The loss of a connection counts from its first SETTINGS.
                let since = self.settings.get(address).map_or(event.at, |first| first.at);
                self.settings.insert(address.clone(), Seen { what: *settings, seq: event.seq, at: since });
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

    /// A held connection has told. One that the server ended by its rule is one of its connections as any other.
    fn told(&mut self, report: &HeldReport, event: &Event) {
        if let Fate::Closed { after, disconnect, .. } = &report.held.fate
            && disconnect.goaway.as_ref().is_some_and(GoAway::names_rotation)
        {
            self.loss(&report.address, disconnect, *after, None, event);
        }
        self.held.push(seen(report.clone(), event));
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
        // A connection that ended before any call on it was answered: until the next one, nothing can be called there.
        let unanswered = matches!(self.contacts.get(address), Some(Seen { what: Contact::Connected, .. }));
        if let Some(cause) = unanswered.then(|| ended_by(disconnect)).flatten() {
            let text = format!("connection lost: {disconnect}");
            let health = Health::Failed { code: "UNAVAILABLE".to_string(), text, cause };
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
            // Taken out first: the key shares its endpoint, and the old one is to go.
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

    /// Keeps what the list of this moment does not tell: since when an instance is critical, and where its id was before.
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
        // Nearly every id stays where it is, and a vector's first growth is room for four.
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
                if let Some(begin) = record.broken.take() {
                    let gap = report.gap.unwrap_or_else(|| event.at.since(begin.at));
                    if record.gaps.len() == GAPS_KEPT {
                        record.gaps.remove(0);
                    }
                    record.gaps.push((gap, begin.seq, event.seq));
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

    /// Every address that any source lists now, with who lists it.
    pub fn listing(&self) -> BTreeMap<&Address, Vec<(usize, &Seen<Endpoint>)>> {
        let mut listing: BTreeMap<&Address, Vec<(usize, &Seen<Endpoint>)>> = BTreeMap::new();
        for (index, source) in self.sources.iter().enumerate() {
            for (key, endpoint) in &source.listed {
                listing.entry(key.address()).or_default().push((index, endpoint));
            }
        }
        listing
    }

    /// How long a registry that lists `address` took for its first answer: what a client that asks anew would wait.
    pub fn resolving(&self, address: &Address) -> Option<Duration> {
        let lists = |source: &&SourceRecord| source.listed.keys().any(|key| key.address() == address);
        self.sources.iter().filter(lists).filter_map(|source| source.first_answer).min()
    }

    /// The sources that have given a full answer at least once.
    pub fn heard(&self) -> impl Iterator<Item = (usize, &SourceRecord)> {
        self.sources.iter().enumerate().filter(|(_, s)| s.answered.is_some())
    }

    /// True when a full answer says that something was hidden from us and the list is empty.
    pub fn blind(&self) -> Option<&SourceRecord> {
        self.sources.iter().find(|s| s.listed.is_empty() && s.note(NoteKind::AclFiltered).is_some())
    }

    /// The departures that count: an address that a rotating DNS answer leaves out has not left.
    pub fn left(&self) -> impl Iterator<Item = &Seen<Departure>> {
        self.departures.iter().filter(|departure| !self.sources[departure.what.source].rotates())
    }

    /// True when a source lists nothing usable, and something is registered there that could not be read.
    pub fn unreadable(&self) -> bool {
        self.sources.iter().any(SourceRecord::is_unreadable)
    }

    /// True when nobody named `source` and another one lists the service: whatever is wrong with it is a note.
    pub fn is_beside_the_point(&self, source: &SourceRecord) -> bool {
        let another_lists = |other: &&SourceRecord| !std::ptr::eq(*other, source) && !other.listed.is_empty();
        self.implied.contains(&source.source) && self.sources.iter().any(|other| another_lists(&other))
    }

    /// Is the channel in `state`?
    pub fn channel_is(&self, state: ConnectivityState) -> bool {
        self.channel.as_ref().is_some_and(|seen| seen.what.to == state)
    }
}

/// What a call would have got; `None` when the server took its leave by a rule of its own, or we did.
fn ended_by(disconnect: &Disconnect) -> Option<RpcCause> {
    match &disconnect.goaway {
        _ if disconnect.reason == DisconnectReason::SubchannelShutdown => None,
        Some(goaway) if goaway.code == 0 || goaway.calms_pings() || goaway.names_rotation() => None,
        Some(goaway) => Some(RpcCause::GoAway(goaway.clone())),
        None if disconnect.reason == DisconnectReason::ProtocolViolation => {
            Some(RpcCause::Violation(disconnect.detail.clone()))
        }
        None if disconnect.reason == DisconnectReason::OurLimit => Some(RpcCause::OurLimit(disconnect.detail.clone())),
        None if disconnect.reason == DisconnectReason::Flood => Some(RpcCause::Flood(disconnect.detail.clone())),
        None => Some(RpcCause::Lost(disconnect.clone())),
    }
}

fn seen<T>(what: T, event: &Event) -> Seen<T> {
    Seen { what, seq: event.seq, at: event.at }
}
