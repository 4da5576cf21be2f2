//! What a gRPC channel does. Pure: time, randomness and results are arguments, effects are values.
//!
//! The reference is grpc-go. The deliberate deviations are listed in docs/connectivity.md. The most important ones:
//! backoff is measured from the start of an attempt, a round_robin child in IDLE counts as CONNECTING, and a
//! connection that was READY and lost before READY could be published is published as READY, then IDLE.
//!
//! The parts, from the outside in: `machine` (idle mode, lifecycle of the resolver) contains a policy, `pick_first`
//! or `round_robin`; round_robin contains one pick_first per endpoint; pick_first contains a `subchannel` per
//! address. Calls go inwards and append effects. There are no callbacks, so an input's effects are in the order in
//! which things happened.

use std::time::Duration;

use crate::model::connectivity::{Cause, CauseCode, ConnectivityState, Scope, Transition};
use crate::model::endpoint::Address;
use crate::model::reach::{Disconnect, Failure, Health};
use crate::model::time::Elapsed;

/// Identifies one connection attempt and the connection that results from it; never reused within a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(pub u64);

/// How the channel behaves.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Options {
    /// The channel becomes IDLE after this long without an RPC. `None` and zero disable it. gRPC's default is 30
    /// minutes.
    pub idle_timeout: Option<Duration>,
    /// How connections are chosen.
    pub policy: Policy,
    /// What happens to discovery across IDLE.
    pub across_idle: AcrossIdle,
    /// Reconnect when a connection was lost. A tool that watches needs that; a bare pick_first client waits in IDLE
    /// for the next RPC. IDLE because of the idle timeout is never left by this option. A server that closes again
    /// and again is dialed at most once per [`Backoff::base`].
    pub keep_connected: bool,
    /// Health decides the connectivity state (gRFC A17, round_robin only).
    pub client_health: bool,
    /// Backoff and deadlines of connection attempts.
    pub backoff: Backoff,
    /// Happy eyeballs: the next address is tried when the previous one has not responded for this long (gRFC A61).
    /// Values outside 100 ms to 2 s are replaced by the nearest limit.
    pub attempt_delay: Duration,
    /// Shuffle the addresses before pick_first uses them (gRFC A62). The order depends on the addresses and the seed
    /// only.
    pub shuffle: bool,
    /// Seed of every random choice.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            idle_timeout: Some(Duration::from_secs(30 * 60)),
            policy: Policy::PickFirst,
            across_idle: AcrossIdle::KeepWatching,
            keep_connected: false,
            client_health: false,
            backoff: Backoff::default(),
            attempt_delay: Duration::from_millis(250),
            shuffle: false,
            seed: 0,
        }
    }
}

/// The load-balancing policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Policy {
    /// One connection, to the first address that responds (gRFC A61, A62).
    #[default]
    PickFirst,
    /// A connection to every endpoint.
    RoundRobin,
}

/// What the resolver does across IDLE.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum AcrossIdle {
    /// Ours: discovery continues while IDLE, so leaving IDLE uses the current list.
    #[default]
    KeepWatching,
    /// gRPC's: the resolver is closed when IDLE is entered and built again when it is left.
    StopAndRebuild,
    /// The broken framework's: the resolver is closed when IDLE is first entered, and the old list is used from then
    /// on.
    Frozen,
}

/// Exponential backoff of connection attempts (`doc/connection-backoff.md`).
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Backoff {
    /// First delay: 1 s.
    pub base: Duration,
    /// Factor per failure: 1.6.
    pub multiplier: f64,
    /// Random part: 0.2 is plus or minus 20 %.
    pub jitter: f64,
    /// Longest delay before jitter: 120 s.
    pub max: Duration,
    /// An attempt may take at least this long: 20 s.
    pub min_connect_timeout: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Backoff {
            base: Duration::from_secs(1),
            multiplier: 1.6,
            jitter: 0.2,
            max: Duration::from_secs(120),
            min_connect_timeout: Duration::from_secs(20),
        }
    }
}

/// What happens to a channel.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// `connect()`: leave IDLE without an RPC.
    Connect,
    /// An RPC starts (before it picks a connection). Counts as activity until [`Input::RpcFinished`].
    RpcStarted,
    /// An RPC's final status is known.
    RpcFinished,
    /// The resolver's full list, usable addresses only. A list that equals the previous one has no effect.
    Resolved(Vec<Address>),
    /// The resolver returned an error.
    ResolverFailed(String),
    /// The server's SETTINGS arrived on this connection. For this input and the four below: news of a connection that
    /// was lost or closed before is ignored.
    Connected(ConnectionId),
    /// The attempt failed.
    ConnectFailed(ConnectionId, Failure),
    /// GOAWAY: the connection takes no new streams. For the channel the connection has ended: it responds with
    /// [`Effect::Close`] that drains; the later end of the connection changes nothing.
    GoingAway(ConnectionId, Disconnect),
    /// The connection was closed.
    Lost(ConnectionId, Disconnect),
    /// A health Watch on this connection reported something (only with client health).
    Health(ConnectionId, Health),
    /// [`Channel::deadline`] has passed. Harmless when it has not.
    TimePassed,
    /// Become IDLE now, as after the idle timeout. Without effect while RPCs are active.
    GoIdle,
    /// Reset all backoff and try now.
    ResetBackoff,
    /// Close the channel for good.
    Close,
}

/// What the driver must do for a channel, in order.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Start resolving (build a new resolver).
    StartResolver,
    /// Stop resolving: nothing of the old resolver may be delivered after this.
    StopResolver,
    /// Hint that another query of the registry would help (gRPC's ResolveNow): after every failed attempt and lost
    /// connection, and on leaving IDLE while discovery kept watching. The receiver merges hints that follow each
    /// other closely.
    ResolveNow,
    /// Connect; the result is [`Input::Connected`] or [`Input::ConnectFailed`] before `deadline`.
    Open {
        /// The id of the attempt.
        connection: ConnectionId,
        /// The address to connect to.
        address: Address,
        /// The deadline of the attempt (TCP, TLS and SETTINGS together).
        deadline: Elapsed,
    },
    /// Close a connection or cancel an attempt; further news of it is ignored. A connection that was lost is not
    /// closed. Once SHUTDOWN was published, connections that still drain must be closed too.
    Close {
        /// Which.
        connection: ConnectionId,
        /// `false`: now, whatever is in flight. `true`: let RPCs in flight finish.
        drain: bool,
    },
    /// Open a health Watch on this connection, unless one is open (only with client health). It ends with the
    /// connection.
    WatchHealth(ConnectionId),
    /// A state changed.
    Publish(Transition),
}

/// The result for an RPC that needs a connection.
#[derive(Debug, Clone, PartialEq)]
pub enum Pick {
    /// Use this one.
    Complete(ConnectionId),
    /// Wait for the next change.
    Queue,
    /// Fail with this text (status UNAVAILABLE).
    Fail(String),
}

mod addresses;
mod backoff;
mod context;
mod health;
mod idle;
mod machine;
mod pick_first;
mod round_robin;
mod subchannel;
mod transitions;
pub use machine::Channel;

#[cfg(test)]
mod tests;
