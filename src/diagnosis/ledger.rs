//! [`Ledger`]: what the events of a session add up to, with the sequence numbers that prove it.

mod forgetting;
mod observe;
mod query;
mod record;
mod rotation;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use self::forgetting::Departed;
pub use self::record::{Call, Contact, Departure, Handshake, Identity, IdleCallError, Loss, Seen, SourceRecord};
pub use self::rotation::Rotation;
use crate::model::connectivity::Transition;
use crate::model::endpoint::{Address, Endpoint, EndpointKey};
use crate::model::event::{IdlePhase, StallReport, WatchEnd};
use crate::model::hold::HeldReport;
use crate::model::lens::LensReport;
use crate::model::pending::PendingReport;
use crate::model::proxy::Proxy;
use crate::model::proxy_env::ProxyEnv;
use crate::model::reach::{Certificate, Health, PeerSettings, ResponseFacts};
use crate::model::registry::{Registry, SourceId};
use crate::model::time::Elapsed;

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
