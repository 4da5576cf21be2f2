//! [`Event`]: the only thing that leaves the engine. Renderers see nothing else.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::connectivity::Transition;
use super::endpoint::{Address, Endpoint, EndpointStatus};
use super::finding::{Finding, Summary};
use super::grpc_status::GrpcStatus;
use super::hold::HeldReport;
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
    /// Monotonic time since the session began.
    pub at: Elapsed,
    /// The service the session is about, as typed (secrets masked).
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
    /// A backend's list changed, or was heard for the first time.
    Endpoints(EndpointsChange),
    /// A backend's watch changed its state.
    Backend(BackendReport),
    /// A stage of reaching an address was passed, or failed.
    Connection(ConnectionReport),
    /// An established connection ended.
    Disconnect {
        /// Whose.
        address: Address,
        /// How.
        disconnect: Disconnect,
        /// How long it had been without an RPC; absent when one was open on it.
        idle: Option<Duration>,
    },
    /// A health service answered.
    Health(HealthReport),
    /// The idle cycle went on to its next phase.
    Idle(IdleReport),
    /// What another framework's client would hold, when that changed or is concluded.
    Lens(LensReport),
    /// A connection that was held in silence has told what became of it.
    Held(Box<HeldReport>),
    /// What the session was still waiting for when it ended.
    Pending(PendingReport),
    /// This process did not run for a while: what timed out meanwhile proves nothing.
    Stall(StallReport),
    /// The verdict on one endpoint.
    Verdict(EndpointReport),
    /// Something that was proved.
    Finding(Finding),
    /// The end: always the last event.
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
            Self::Held(_) => "held",
            Self::Pending(_) => "pending",
            Self::Stall(_) => "stall",
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
    /// Instances that left, as last seen.
    pub removed: Vec<Endpoint>,
    /// Instances that say something else now.
    pub changed: Vec<Endpoint>,
    /// How many the backend lists now.
    pub total: usize,
    /// What the registry said about the answer.
    pub notes: Vec<Note>,
    /// Which of these changes another source told before.
    pub lags: Vec<Lag>,
}

/// An address that one source lists, or no longer lists, later than another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lag {
    /// The address.
    pub address: Address,
    /// It came (true) or went.
    pub is_listed: bool,
    /// The source that told it first: `consul:///pay`.
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
    /// Why it broke, where it did.
    pub error: Option<ResolveFailure>,
    /// How long until it is asked again, while broken.
    pub retry_in: Option<Duration>,
    /// How long it had been broken, when it recovered.
    pub gap: Option<Duration>,
}

/// The state of a backend's watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BackendStatus {
    /// The first answer came; changes will follow.
    Watching,
    /// The watch broke or the question failed; it will be asked again.
    Broken,
    /// It answers again.
    Recovered,
    /// It will not be asked again (one answer was enough, or asking cannot help).
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
    /// The service asked for; empty is the whole server.
    pub service: String,
    /// The answer.
    pub health: Health,
    /// How long the RPC took (Check only).
    pub took: Option<Duration>,
    /// The Watch that had reported this status, or was to report one, has ended. The status stands until the next one.
    pub ended: Option<Box<WatchEnd>>,
    /// The proxy that passed the response on, where its headers name one.
    pub proxy: Option<Arc<Proxy>>,
}

/// How a health Watch ended on a connection that goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchEnd {
    /// The gRPC status: `INTERNAL`; `OK` when the server ended it in order.
    pub code: GrpcStatus,
    /// Its message.
    pub text: String,
    /// What ended it.
    pub cause: RpcCause,
    /// Time since its last status; since it was opened when it reported none.
    pub after: Duration,
}

/// This process did not run for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StallReport {
    /// When it stopped running.
    pub from: Elapsed,
    /// For how long.
    pub lasted: Duration,
}

/// A phase of `probe --idle`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdleReport {
    /// Where the cycle is.
    pub phase: IdlePhase,
    /// When this phase is expected to end.
    pub deadline: Option<Elapsed>,
    /// Endpoints that came and went since the baseline, so far.
    pub changes: usize,
    /// What the call that ends this phase took, where one did.
    pub cost: Option<CallCost>,
    /// The sentence for people.
    pub text: String,
}

/// What a call through a channel took, by stage. A stage that was not needed (plaintext, a connection that was there) is
/// absent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CallCost {
    /// How long the registry took for its first answer of this session. Our own channel does not wait for it, because
    /// its discovery goes on while it is IDLE; gRPC's channels ask anew when they leave IDLE.
    pub resolve: Option<Duration>,
    /// Connecting, stage by stage, in order: of the connection that took the call.
    pub connecting: Vec<(Stage, Duration)>,
    /// The RPC itself.
    pub rpc: Duration,
    /// From the start of the call to its answer, without [`CallCost::resolve`].
    pub total: Duration,
}

impl CallCost {
    /// What the first call after idle takes a client that asks its registry anew first.
    pub fn with_resolving(&self) -> Duration {
        self.total + self.resolve.unwrap_or_default()
    }
}

/// Where `probe --idle` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IdlePhase {
    /// Every endpoint is probed, and a first call goes through the channel.
    Baseline,
    /// No RPC until the channel is IDLE.
    Silence,
    /// The channel is IDLE; discovery goes on.
    Idle,
    /// A call leaves IDLE.
    Call,
    /// Connections are held in silence for longer than the channel was.
    Holding,
    /// Everything was seen; the verdict follows.
    Done,
}

impl IdlePhase {
    /// The word in the output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Silence => "silence",
            Self::Idle => "idle",
            Self::Call => "call",
            Self::Holding => "holding",
            Self::Done => "done",
        }
    }
}

/// The verdict on one endpoint: registry says x network says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointReport {
    /// The address.
    pub address: Address,
    /// Which registries list it, and as what.
    pub listed: Vec<(&'static Registry, EndpointStatus)>,
    /// The verdict.
    pub verdict: EndpointVerdict,
    /// The stage reached and the cause, in one line.
    pub text: String,
}
