//! [`Ledger`]: the state that results from the events of a session, with the sequence numbers that prove it.

mod clients;
mod forgetting;
mod listed;
mod observe;
mod query;
mod record;
mod rotation;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

pub use self::clients::ClientRecord;
use self::forgetting::Departed;
pub use self::listed::{Listed, ListedAddresses};
pub use self::record::{Call, Contact, Departure, Handshake, Identity, IdleCallError, Loss, Observed, SourceRecord};
pub use self::rotation::Rotation;
use crate::model::client::{ClientId, ServedClients, Unread};
use crate::model::connectivity::Transition;
use crate::model::endpoint::{Address, Endpoint, EndpointKey};
use crate::model::event::{IdlePhase, StallReport, WatchEnd};
use crate::model::idle_check::IdleCheckReport;
use crate::model::lens::LensReport;
use crate::model::pending::PendingReport;
use crate::model::proxy::Proxy;
use crate::model::proxy_env::ProxyEnv;
use crate::model::reach::{Certificate, Health, PeerSettings, ResponseFacts};
use crate::model::registry::{Registry, SourceId};
use crate::model::time::Elapsed;

/// The state that results from the events of a session.
#[derive(Debug, Default)]
pub struct Ledger {
    /// The sources, in the order of their first event.
    pub sources: Vec<SourceRecord>,
    /// Sources that no target names: a bare name is queried in every active registry.
    pub implied: Vec<Arc<SourceId>>,
    /// Every kind of registry.
    pub registries: Vec<&'static Registry>,
    /// The service whose health is queried; empty is the whole server.
    pub service: Arc<str>,
    /// How long a call may take (`--rpc-timeout`): what the first call after idle is compared with.
    pub rpc_timeout: Option<Duration>,
    /// True when the session keeps a channel open and watches it.
    pub watches: bool,
    /// True when the session waits until the last endpoint has left (`--until drained`).
    pub drains: bool,
    /// The last contact with each address.
    pub contacts: BTreeMap<Address, Observed<Contact>>,
    /// The last TLS handshake with each address.
    pub handshakes: BTreeMap<Address, Observed<Handshake>>,
    /// The last SETTINGS of each address, and when they were received.
    pub settings: BTreeMap<Address, Observed<PeerSettings>>,
    /// What the headers of the last response from each address showed, where that is worth reporting.
    pub responses: BTreeMap<Address, Observed<ResponseFacts>>,
    /// Connections that were lost without our doing, by address, in order.
    pub losses: BTreeMap<Address, Vec<Observed<Loss>>>,
    /// The last known health of names other than the queried one, by address.
    pub others: BTreeMap<Address, BTreeMap<String, Observed<Health>>>,
    /// How the last health Watch on an address ended, on a connection that stayed open.
    pub watch_ends: BTreeMap<Address, Observed<WatchEnd>>,
    /// What the session was still waiting for at its end, by endpoint.
    pub pending: BTreeMap<Address, Observed<PendingReport>>,
    /// Registries that had not responded at the end.
    pub pending_registries: Vec<PendingReport>,
    /// The proxies that the last health responses came through.
    pub proxies: BTreeMap<Address, Observed<Arc<Proxy>>>,
    /// The last times in which this process did not run.
    pub stalls: Vec<Observed<StallReport>>,
    /// Timeouts that were repeated or ignored because of these stalls.
    pub excused: usize,
    /// Addresses that left and have not come back, ordered by the time they left.
    pub departures: Vec<Observed<Departure>>,
    /// Addresses that were added after the baseline of an idle cycle.
    pub arrivals: Vec<Observed<Endpoint>>,
    /// The channel's last transition.
    pub channel: Option<Observed<Transition>>,
    /// The phases of the idle cycle.
    pub idle: Vec<Observed<IdlePhase>>,
    /// The calls of the idle cycle: before and after the idle period.
    pub calls: Vec<Observed<Call>>,
    /// Connections that were kept idle, and their results.
    pub idle_checks: Vec<Observed<IdleCheckReport>>,
    /// What other frameworks' clients would hold: the last report of each.
    pub lenses: Vec<Observed<LensReport>>,
    /// True when they were named (`--as`): what they would hold counts for the verdict.
    pub lenses_named: bool,
    /// Set when more endpoints are listed than may be probed: how many are listed, and how many were probed.
    pub limited: Option<(usize, usize)>,
    /// The running clients that were read.
    pub clients: BTreeMap<ClientId, ClientRecord>,
    /// The processes and servers that could not be read, or not completely.
    pub unread: Vec<Observed<Unread>>,
    /// The clients of each endpoint, as its server shows them.
    pub served: BTreeMap<Address, Observed<ServedClients>>,
    /// Addresses that a registry lists for other services, each with the name of its service.
    pub other_services: BTreeMap<Address, String>,
    /// How many transitions there were.
    pub transitions: usize,
    /// Since when an instance is listed as critical, as far as this session has seen it: no registry reports the
    /// time.
    pub critical_since: BTreeMap<(usize, EndpointKey), Elapsed>,
    /// The addresses at which an instance id was listed, oldest first, with the events that prove it.
    pub identities: BTreeMap<Identity, Vec<(Address, u64)>>,
    /// The proxy that clients with this environment would dial through.
    pub proxy: Option<ProxyEnv>,
    /// The time of the last event.
    pub now: Elapsed,
    /// The first event of the session, cited as evidence where there is no other.
    pub first: u64,
    /// Every certificate that was seen, each once.
    pub certificates: HashSet<Arc<Certificate>>,
    /// The last instances that left, until they are dropped.
    pub(crate) departed: Departed,
}
