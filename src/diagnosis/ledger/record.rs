//! The records of the ledger, each with the event that proves it.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::Rotation;
use crate::model::connectivity::ConnectivityState;
use crate::model::endpoint::{Address, Endpoint, EndpointKey};
use crate::model::event::{CallCost, IdlePhase};
use crate::model::grpc_status::GrpcStatus;
use crate::model::reach::{Certificate, Disconnect, Failure, Health};
use crate::model::registry::{Registry, SourceId};
use crate::model::resolution::{Note, NoteKind, ResolveCode, ResolveFailure};
use crate::model::time::Elapsed;
use crate::text::duration;

/// Something that happened, with the number of the event that proves it.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed<T> {
    /// What.
    pub what: T,
    /// The event.
    pub seq: u64,
    /// When.
    pub at: Elapsed,
}

/// The state of one source.
#[derive(Debug, Clone)]
pub struct SourceRecord {
    /// Which registry, and what it is queried for.
    pub source: Arc<SourceId>,
    /// What it lists now.
    pub listed: BTreeMap<EndpointKey, Observed<Endpoint>>,
    /// Its last full response or change.
    pub answered: Option<Observed<Vec<Note>>>,
    /// How long the session had to wait for its first full response.
    pub first_answer: Option<Duration>,
    /// Why it does not respond now.
    pub broken: Option<Observed<Option<ResolveFailure>>>,
    /// Gaps that it recovered from: length, and the events at their start and end.
    pub gaps: Vec<(Duration, u64, u64)>,
    /// Notes of earlier responses that still count: the registry lost its list, or contradicted itself.
    pub remembered: Vec<Observed<Note>>,
    /// How its responses follow each other.
    pub rotation: Rotation,
}

impl SourceRecord {
    /// The instances that it lists at `address`.
    pub fn at<'a>(&'a self, address: &'a Address) -> impl Iterator<Item = &'a Observed<Endpoint>> {
        // The key without an id is the first one of its address.
        let first = Endpoint::new(address.clone()).key();
        self.listed.range(first..).take_while(move |(key, _)| key.address() == address).map(|(_, seen)| seen)
    }

    /// The note of `kind` in the last response.
    pub fn note(&self, kind: NoteKind) -> Option<&Note> {
        self.answered.as_ref()?.what.iter().find(|note| note.kind == kind)
    }

    /// True when this registry is not configured and nothing runs at its default address.
    pub fn is_absent(&self) -> bool {
        let failure = self.broken.as_ref().and_then(|broken| broken.what.as_ref());
        failure.is_some_and(|failure| failure.code == ResolveCode::NotHere)
    }

    /// True when it lists nothing usable, and something is registered that could not be parsed.
    pub fn is_unreadable(&self) -> bool {
        !self.listed.values().any(|seen| seen.what.status.is_usable()) && self.note(NoteKind::Unreadable).is_some()
    }

    /// True for DNS that returns a different subset of its addresses each time: a missing address has not left.
    pub fn rotates(&self) -> bool {
        self.registry().resolves_names() && self.rotation.is_proved()
    }

    /// The kind of registry.
    pub fn registry(&self) -> &'static Registry {
        self.source.registry
    }

    /// True when the registry is the source of its list; DNS is a copy.
    pub fn is_authority(&self) -> bool {
        self.registry().is_authority()
    }
}

/// What the network has shown for one address.
#[derive(Debug, Clone)]
pub enum Contact {
    /// The server's SETTINGS arrived; its health was not queried (yet).
    Connected,
    /// The health service responded.
    Answered(Health),
    /// The attempt failed.
    Failed(Failure),
}

impl Contact {
    /// True when it is enough to judge the endpoint. A connection alone is not: a frozen process accepts connections
    /// too.
    pub fn is_conclusive(&self) -> bool {
        match self {
            Contact::Answered(_) | Contact::Failed(_) => true,
            Contact::Connected => false,
        }
    }
}

/// An endpoint that left a source during the session, or that the source no longer lists as usable.
#[derive(Debug, Clone)]
pub struct Departure {
    /// As it was last listed.
    pub endpoint: Endpoint,
    /// Index of the source.
    pub source: usize,
}

/// A connection that was established and then lost, not closed by us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// How it was closed.
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
    /// The wall clock at that moment: the dates of certificates are compared with it.
    pub time: SystemTime,
    /// True when the handshake succeeded.
    pub passed: bool,
    /// The name that was verified.
    pub server_name: String,
    /// The trusted root that the chain ends at, where it is known.
    pub anchor: Option<Arc<Certificate>>,
    /// See [`TlsReport::limit`](crate::model::reach::TlsReport::limit).
    pub limit: Option<String>,
}

/// What identifies an instance to its registry: ids are unique per source and node. It shares the endpoint that it
/// was made from.
#[derive(Debug, Clone)]
pub struct Identity {
    /// Index of the source.
    pub source: usize,
    endpoint: Endpoint,
}

impl Identity {
    /// The identity of `endpoint` in the list of `source`.
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

/// Why a call of the idle cycle got no response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdleCallError {
    /// The channel failed it, with gRPC's own message.
    #[error("{0}")]
    Channel(String),
    /// The RPC failed.
    #[error("{address}: {code}: {text}")]
    Rpc {
        /// The endpoint that the call was sent to.
        address: Address,
        /// The gRPC status: `UNAVAILABLE`.
        code: GrpcStatus,
        /// The status message.
        text: String,
    },
    /// Its connection was lost, or closed.
    #[error("{address}: {why}")]
    ConnectionLost {
        /// The endpoint that the call was sent to.
        address: Address,
        /// Why.
        why: String,
    },
    /// No response until its deadline.
    #[error("{address}: health: no response within {}", duration(*waited))]
    NoResponse {
        /// The endpoint that the call was sent to.
        address: Address,
        /// How long the connection was waited for.
        waited: Duration,
    },
    /// No connection until its deadline.
    #[error("no connection within {}; the channel is {}", duration(*waited), state.as_str())]
    NoConnection {
        /// How long the connection was waited for.
        waited: Duration,
        /// The state of the channel.
        state: ConnectivityState,
    },
}

/// A call of the idle cycle.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// Before (baseline) or after the idle period.
    pub phase: IdlePhase,
    /// The address that the call was sent to, if any.
    pub address: Option<Address>,
    /// How it was closed.
    pub outcome: Result<Health, IdleCallError>,
    /// From the start of the call, connecting included, to its end.
    pub took: Duration,
    /// The duration by stage, when the call was answered.
    pub cost: Option<CallCost>,
    /// The events of the stages.
    pub stages: Vec<u64>,
}
