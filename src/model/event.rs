//! [`Event`]: the only output of the engine. Renderers see nothing else.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::cause::EndpointCause;
use super::client::ClientReport;
use super::connectivity::Transition;
use super::endpoint::{Address, Endpoint, EndpointStatus};
use super::finding::{Finding, Summary};
use super::grpc_status::GrpcStatus;
use super::idle_check::IdleCheckReport;
use super::lens::LensReport;
use super::pending::PendingReport;
use super::proxy::Proxy;
use super::reach::{Disconnect, Failure, Health, Phase, Stage};
use super::registry::{Registry, SourceId};
use super::resolution::{Note, ResolveFailure};
use super::rpc::RpcCause;
use super::time::Elapsed;
use super::verdict::EndpointVerdict;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// 1, 2, 3 … without gaps within a session.
    pub seq: u64,
    /// Wall clock, for people and logs.
    pub time: SystemTime,
    /// Monotonic time since the session started.
    pub at: Elapsed,
    /// The service that the session checks, as typed (secrets masked).
    pub target: Arc<str>,
    /// What happened.
    pub kind: EventKind,
}

/// The kinds of event.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum EventKind {
    /// A channel or subchannel changed its state.
    Transition(Transition),
    /// A backend's list changed, or was received for the first time.
    Endpoints(EndpointsChange),
    /// A backend's watch changed its state.
    Backend(BackendReport),
    /// A stage of reaching an address was passed, or failed.
    Connection(ConnectionReport),
    /// An established connection was closed.
    Disconnect {
        /// The address it was connected to.
        address: Address,
        /// How it was closed.
        disconnect: Disconnect,
        /// How long it had been without an RPC; absent when an RPC was open on it.
        idle: Option<Duration>,
    },
    /// A health service responded.
    Health(HealthReport),
    /// The idle cycle entered its next phase.
    Idle(IdleReport),
    /// What another framework's client would hold, when that changed or the session concludes.
    Lens(LensReport),
    /// The result of an idle-connection check.
    IdleCheck(Box<IdleCheckReport>),
    /// What the session was still waiting for when it ended.
    Pending(PendingReport),
    /// This process did not run for a while: timeouts during that time prove nothing.
    Stall(StallReport),
    /// What a witness showed of a running client, or the verdict on it.
    Client(Box<ClientReport>),
    /// The verdict on one endpoint.
    Verdict(EndpointReport),
    /// A finding, with its proof.
    Finding(Finding),
    /// The summary: always the last event.
    Summary(Summary),
}

impl EventKind {
    /// The word of `kind` in the output: `transition`.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Transition(_) => "transition",
            Self::Endpoints(_) => "endpoints",
            Self::Backend(_) => "backend",
            Self::Connection(_) => "connection",
            Self::Disconnect { .. } => "disconnect",
            Self::Health(_) => "health",
            Self::Idle(_) => "idle",
            Self::Lens(_) => "lens",
            Self::IdleCheck(_) => "idle_check",
            Self::Pending(_) => "pending",
            Self::Stall(_) => "stall",
            Self::Client(_) => "client",
            Self::Verdict(_) => "verdict",
            Self::Finding(_) => "finding",
            Self::Summary(_) => "summary",
        }
    }
}

/// A backend's list changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointsChange {
    /// Which registry, and what it was queried for.
    pub source: Arc<SourceId>,
    /// New instances.
    pub added: Vec<Endpoint>,
    /// Instances that left, as they were last listed.
    pub removed: Vec<Endpoint>,
    /// Instances whose attributes changed.
    pub changed: Vec<Endpoint>,
    /// How many instances the backend lists now.
    pub total: usize,
    /// What the registry reported about the response.
    pub notes: Vec<Note>,
    /// Which of these changes another source reported earlier.
    pub lags: Vec<Lag>,
}

/// An address that one source lists, or no longer lists, later than another source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lag {
    /// The address.
    pub address: Address,
    /// True when the address was added, false when it was removed.
    pub is_listed: bool,
    /// The source that reported it first: `consul:///pay`.
    pub behind: Arc<SourceId>,
    /// How much earlier.
    pub by: Duration,
}

/// A backend's watch changed its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackendReport {
    /// Which registry, and what it is queried for.
    pub source: Arc<SourceId>,
    /// The state of the watch.
    pub status: BackendStatus,
    /// Why the watch broke, when it did.
    pub error: Option<ResolveFailure>,
    /// How long until the registry is queried again, while the watch is broken.
    pub retry_in: Option<Duration>,
    /// How long it had been broken, when it recovered.
    pub gap: Option<Duration>,
}

/// The state of a backend's watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BackendStatus {
    /// The first response was received; changes will follow.
    Watching,
    /// The watch broke or the query failed; the registry will be queried again.
    Broken,
    /// The registry responds again.
    Recovered,
    /// The registry will not be queried again: one response was enough, or another query cannot help.
    Ended,
}

impl BackendStatus {
    /// The word in the output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Watching => "watching",
            Self::Broken => "broken",
            Self::Recovered => "recovered",
            Self::Ended => "ended",
        }
    }
}

/// A stage of reaching an address was passed or failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionReport {
    /// The address.
    pub address: Address,
    /// The stage passed (with its time and what it showed), or the failure.
    pub result: Result<Phase, Failure>,
}

/// A health service answered a Check, or a Watch sent a status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthReport {
    /// The address.
    pub address: Address,
    /// The service that the query named; empty is the whole server.
    pub service: String,
    /// The health.
    pub health: Health,
    /// How long the RPC took (Check only).
    pub took: Option<Duration>,
    /// The Watch that reported this status, or was to report one, has ended. The status counts until the next one.
    pub ended: Option<Box<WatchEnd>>,
    /// The proxy that passed the response on, where its headers name one.
    pub proxy: Option<Arc<Proxy>>,
}

/// How a health Watch ended on a connection that stayed open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchEnd {
    /// The gRPC status: `INTERNAL`; `OK` when the server ended the Watch normally.
    pub code: GrpcStatus,
    /// The status message.
    pub text: String,
    /// What ended it.
    pub cause: RpcCause,
    /// Time since its last status, or since it was opened when it reported none.
    pub after: Duration,
}

/// This process did not run for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StallReport {
    /// When it stopped running.
    pub from: Elapsed,
    /// How long it did not run.
    pub lasted: Duration,
}

/// A phase of `probe --idle`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdleReport {
    /// The current phase.
    pub phase: IdlePhase,
    /// When this phase is expected to end.
    pub deadline: Option<Elapsed>,
    /// Endpoints that were added or removed since the baseline.
    pub changes: usize,
    /// How long the call that ends this phase took, where there was one.
    pub cost: Option<CallCost>,
    /// The sentence for people.
    pub text: String,
}

/// The duration of a call through a channel, by stage. A stage that was not needed (plaintext, an existing
/// connection) is absent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CallCost {
    /// How long the registry took for its first response in this session. Our own channel does not wait for it,
    /// because its discovery continues while it is IDLE; gRPC's channels query again when they leave IDLE.
    pub resolve: Option<Duration>,
    /// The stages of connecting, in order, of the connection that carried the call.
    pub connecting: Vec<(Stage, Duration)>,
    /// The RPC itself.
    pub rpc: Duration,
    /// From the start of the call to its response, without [`CallCost::resolve`].
    pub total: Duration,
}

impl CallCost {
    /// The duration of the first call after idle in a client that queries its registry again first.
    pub fn with_resolving(&self) -> Duration {
        self.total + self.resolve.unwrap_or_default()
    }
}

/// The phases of `probe --idle`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IdlePhase {
    /// Every endpoint is probed, and a first call goes through the channel.
    Baseline,
    /// No RPC until the channel is IDLE.
    Waiting,
    /// The channel is IDLE; discovery continues.
    Idle,
    /// A call makes the channel leave IDLE.
    Call,
    /// Connections are kept idle for longer than the channel was.
    Checking,
    /// The idle cycle is complete; the verdict follows.
    Done,
}

impl IdlePhase {
    /// The word in the output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Waiting => "waiting",
            Self::Idle => "idle",
            Self::Call => "call",
            Self::Checking => "checking",
            Self::Done => "done",
        }
    }
}

/// The verdict on one endpoint: what the registries report x what the network shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointReport {
    /// The address.
    pub address: Address,
    /// Which registries list it, and as what.
    pub listed: Vec<(&'static Registry, EndpointStatus)>,
    /// The verdict.
    pub verdict: EndpointVerdict,
    /// Why it does not count as healthy; `None` if it does.
    pub cause: Option<EndpointCause>,
    /// The stage reached and the cause, in one line.
    pub text: String,
}
