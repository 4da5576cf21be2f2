//! What a witness showed of a running client: which addresses it holds, in which state, and whether it
//! queries its registry. Plain data: every witness (channelz, sockets of a process, a proxy's admin port) fills the same types,
//! and one set of rules judges them all.

use std::fmt;
use std::time::{Duration, SystemTime};

use super::connectivity::ConnectivityState;
use super::endpoint::Address;
use super::vocabulary::vocabulary;

/// Which client: a channel of a process, or the process where a witness shows no channels.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientId {
    /// Where the process was read: `10.0.0.9:9000`, `pid:4242`.
    pub process: String,
    /// The channel within the process, by the process's own id.
    pub channel: Option<u64>,
}

impl fmt::Display for ClientId {
    /// `10.0.0.9:9000 channel 3`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.channel {
            Some(channel) => write!(f, "{} channel {channel}", self.process),
            None => f.write_str(&self.process),
        }
    }
}

/// A client, as a witness showed it at one moment. Times are those of the client's clock, unless the field
/// states otherwise.
#[derive(Debug, Clone, PartialEq)]
pub struct ClientView {
    /// Which client.
    pub id: ClientId,
    /// What showed it: `channelz`.
    pub witness: &'static str,
    /// The gRPC implementation, as far as the witness shows it.
    pub runtime: Runtime,
    /// The framework, where the witness shows it: `kratos`.
    pub framework: Option<&'static str>,
    /// The target as the client has it; empty where the witness does not show it.
    pub target: String,
    /// The client resolves a name by itself, in DNS: it resolves again only when a connection fails. The session finds
    /// it out from the target.
    pub resolves_name: bool,
    /// The state of the channel.
    pub state: Option<ConnectivityState>,
    /// Calls through the channel.
    pub calls: ClientCalls,
    /// The addresses that it holds, each once.
    pub holds: Vec<HeldAddress>,
    /// Where the list of addresses comes from.
    pub source: HoldsSource,
    /// What the channel's resolver did last.
    pub resolver: ResolverTrace,
    /// Whether the client queries its registry.
    pub registry: RegistryContact,
    /// When it was read, by our clock.
    pub read: SystemTime,
    /// What this witness does not show of this client, and what was left out: for the output.
    pub limits: Vec<String>,
}

impl ClientView {
    /// A client of which nothing but its existence is known.
    pub fn new(id: ClientId, witness: &'static str, read: SystemTime) -> Self {
        ClientView {
            id,
            witness,
            runtime: Runtime::Unknown,
            framework: None,
            target: String::new(),
            resolves_name: false,
            state: None,
            calls: ClientCalls::default(),
            holds: Vec::new(),
            source: HoldsSource::None,
            resolver: ResolverTrace::default(),
            registry: RegistryContact::Unknown { why: "the witness does not show it".to_string() },
            read,
            limits: Vec::new(),
        }
    }

    /// True when the client holds `address`.
    pub fn is_holding(&self, address: &Address) -> bool {
        self.holds.iter().any(|held| held.address == *address)
    }

    /// True when the channel has no connection because no call needs one.
    pub fn is_idle(&self) -> bool {
        self.state == Some(ConnectivityState::Idle)
    }

    /// How long ago `time`, of the client's clock, was when the client was read. `None` when the clocks differ so much
    /// that it is in the future.
    pub fn ago(&self, time: SystemTime) -> Option<Duration> {
        self.read.duration_since(time).ok()
    }

    /// True when `other` shows the same addresses, states and resolver: counters and times of calls change
    /// continually and do not count.
    pub fn shows_the_same(&self, other: &ClientView) -> bool {
        let held = |view: &ClientView| -> Vec<(Address, Option<ConnectivityState>)> {
            view.holds.iter().map(|held| (held.address.clone(), held.state)).collect()
        };
        self.state == other.state
            && self.registry.as_str() == other.registry.as_str()
            && self.resolver == other.resolver
            && held(self) == held(other)
    }
}

vocabulary! {
    /// A gRPC implementation, recognized by the wording of what it shows.
    pub enum Runtime {
        Go "grpc-go"
            "channelz has the resolver's last list with its addresses; the target of a subchannel that never connected is empty up to 1.63."
        Core "grpc-core"
            "C++, Python, Ruby: channelz has the addresses of subchannels, and no addresses in the resolver's events."
        Node "grpc-js"
            "channelz has the addresses of subchannels, and no addresses in the resolver's events."
        Java "grpc-java"
            "channelz has no events unless the channel was built with maxTraceEvents."
        Unknown "unknown"
            "The witness does not show which gRPC implementation this is."
    }
}

vocabulary! {
    /// Where the list of held addresses comes from, best first.
    pub enum HoldsSource {
        ResolverUpdate "resolver-update"
            "The last list that the resolver passed to the channel."
        Subchannels "subchannels"
            "The targets of the channel's subchannels."
        PickedAddresses "picked-addresses"
            "The addresses that subchannels picked, from their events."
        Sockets "sockets"
            "The remote addresses of the client's sockets."
        None "none"
            "No address is visible."
    }
}

/// Calls through a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ClientCalls {
    /// Started.
    pub started: u64,
    /// Ended with status OK.
    pub succeeded: u64,
    /// Ended with another status.
    pub failed: u64,
    /// When the last one started.
    pub last_started: Option<SystemTime>,
}

impl ClientCalls {
    /// Calls that have not ended.
    pub const fn pending(&self) -> u64 {
        self.started.saturating_sub(self.succeeded).saturating_sub(self.failed)
    }
}

/// An address that a client holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldAddress {
    /// The address.
    pub address: Address,
    /// The state of its subchannel, where there is one.
    pub state: Option<ConnectivityState>,
    /// Since when it has been in that state.
    pub since: Option<SystemTime>,
    /// The last attempt to connect, and its error.
    pub failure: Option<HeldFailure>,
    /// Its open connections.
    pub connections: Vec<HeldConnection>,
}

impl HeldAddress {
    /// An address of which nothing else is known.
    pub const fn new(address: Address) -> Self {
        HeldAddress { address, state: None, since: None, failure: None, connections: Vec::new() }
    }
}

/// Why a client could not connect to an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldFailure {
    /// When.
    pub at: Option<SystemTime>,
    /// In the client's own words.
    pub text: String,
}

/// An open connection of a client.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HeldConnection {
    /// The client's own address.
    pub local: Option<Address>,
    /// Calls that were started on it.
    pub streams_started: u64,
    /// Calls on it that ended well.
    pub streams_succeeded: u64,
    /// Calls on it that failed.
    pub streams_failed: u64,
    /// When the last call was started on it.
    pub last_stream: Option<SystemTime>,
    /// When the last message was received on it.
    pub last_received: Option<SystemTime>,
    /// HTTP/2 pings that keepalive sent on it.
    pub keepalives_sent: u64,
    /// When the certificate that the server presented on it expires.
    pub certificate_expires: Option<SystemTime>,
    /// Bytes that were sent and are not acknowledged, where the kernel shows it.
    pub unacknowledged: Option<u64>,
    /// Segments that were sent again without an acknowledgement, where the kernel shows it.
    pub retransmits: Option<u64>,
}

/// What a channel's resolver did last.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ResolverTrace {
    /// When it passed its last list to the channel.
    pub updated: Option<SystemTime>,
    /// Its last error, and when.
    pub error: Option<(SystemTime, String)>,
    /// When the channel last entered IDLE.
    pub entered_idle: Option<SystemTime>,
    /// When the channel last left IDLE.
    pub left_idle: Option<SystemTime>,
    /// False when older events may have been dropped: then their absence proves nothing.
    pub is_complete: bool,
}

/// Whether a client queries its registry: "no" is evidence only after twice the poll period of its framework.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegistryContact {
    /// It queries or watches the registry.
    Seen {
        /// What was seen: one clause.
        how: String,
    },
    /// It did not contact the registry during this time.
    NotSeen {
        /// How long that was observed.
        watched: Duration,
        /// How often a client of its framework contacts the registry.
        period: Duration,
        /// What was observed, and why a contact would have been seen: one clause.
        how: String,
    },
    /// Nothing shows it.
    Unknown {
        /// Why not.
        why: String,
    },
}

impl RegistryContact {
    /// The word in the output: `yes`, `no` or `unknown`.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Seen { .. } => "yes",
            Self::NotSeen { .. } => "no",
            Self::Unknown { .. } => "unknown",
        }
    }

    /// What was seen, or why nothing shows it.
    pub fn text(&self) -> &str {
        match self {
            Self::Seen { how } | Self::NotSeen { how, .. } => how,
            Self::Unknown { why } => why,
        }
    }
}

/// A process, or a server, that could not be read, or not completely.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// Where it was to be read: `10.0.0.9:9000`.
    pub process: String,
    /// What was to show it: `channelz`.
    pub witness: &'static str,
    /// Why not: one clause.
    pub why: String,
    /// What makes it readable, where that is known.
    pub remedy: Option<String>,
    /// True when parts were read: what is missing changes no verdict by itself.
    pub is_partial: bool,
}

/// An endpoint, with the clients that are connected to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServedClients {
    /// The endpoint.
    pub endpoint: Address,
    /// What showed it: `channelz`.
    pub witness: &'static str,
    /// How long the server had been running when it was read, where the witness shows it.
    pub running_for: Option<Duration>,
    /// One for each connection.
    pub connections: Vec<ServedConnection>,
}

/// A client's connection to a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServedConnection {
    /// The client's address.
    pub remote: Address,
    /// Calls that it started.
    pub streams_started: u64,
    /// Calls that have not ended.
    pub streams_open: u64,
    /// When it last started a call.
    pub last_stream: Option<SystemTime>,
}

/// The event `client`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ClientReport {
    /// A client as it was read, for the first time or with a change.
    Seen(ClientView),
    /// A process or server could not be read.
    Unread(Unread),
    /// An endpoint with the clients that are connected to it.
    Served(ServedClients),
    /// The verdict on a client, at the end.
    Judged(JudgedClient),
}

/// The verdict on one client.
#[derive(Debug, Clone, PartialEq)]
pub struct JudgedClient {
    /// The client as it was read last.
    pub view: ClientView,
    /// The verdict.
    pub verdict: ClientVerdict,
    /// Addresses that it holds and that no registry lists.
    pub stale: Vec<Address>,
    /// Addresses that are listed as usable and that it does not hold.
    pub missing: Vec<Address>,
    /// Why, in one line.
    pub text: String,
}

vocabulary! {
    /// The verdict on a running client: what it holds x what the registries list.
    #[non_exhaustive]
    pub enum ClientVerdict {
        UpToDate "up-to-date"
            "It holds the addresses that the registries list."
        Idle "idle"
            "The channel is IDLE, so it holds no address: it resolves again with its next call. Whether it would notice a change is unknown."
        Subset "subset"
            "It holds some of the listed addresses by design: a client-side subset."
        Rollout "rollout"
            "It holds an address that was removed moments ago: clients over DNS need up to two minutes."
        Behind "behind"
            "It holds other addresses than the registries list, for a shorter time than proves a fault."
        DnsBlind "dns-blind"
            "It works, and it does not know new addresses: clients over DNS resolve again only when a connection fails."
        OneSlice "one-slice"
            "It holds exactly one of the slices in which the registry lists the service, and none of the others."
        FrozenLatent "frozen-latent"
            "It works, and it will not notice the next change: it no longer queries its registry."
        FailStatic "fail-static"
            "The registry lists no endpoint, and it keeps the last list that was not empty."
        CrossWired "cross-wired"
            "It holds addresses of another service."
        Frozen "frozen"
            "It holds addresses that left the registry, and it did not notice."
        Wedged "wedged"
            "It left IDLE and never received a list of addresses: its calls hang until their deadline."
        Unknown "unknown"
            "It could not be judged: the client or its registry could not be read."
    }
}

impl ClientVerdict {
    /// True when nothing is wrong with the client, as far as it was read.
    pub const fn is_good(self) -> bool {
        matches!(self, Self::UpToDate | Self::Idle | Self::Subset | Self::Rollout)
    }
}
