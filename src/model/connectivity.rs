//! Connectivity states and transitions, in gRPC's own words
//! (`doc/connectivity-semantics-and-api.md`, gRFC A61, A62).

use std::time::Duration;

use super::endpoint::Address;
use super::vocabulary::vocabulary;

vocabulary! {
    /// The state of a channel or subchannel, in the order of the specification.
    pub enum ConnectivityState {
        Idle "IDLE"
            "Not connected: no call has been made yet, or none within the idle timeout. The next call connects."
        Connecting "CONNECTING"
            "Resolving the name, connecting, in the TLS handshake, or waiting for the server's SETTINGS."
        Ready "READY"
            "Connected: the server's SETTINGS frame was read, so calls can be sent."
        TransientFailure "TRANSIENT_FAILURE"
            "Every attempt failed. The next one follows after a backoff; the state stays until one succeeds (gRFC A62)."
        Shutdown "SHUTDOWN"
            "Closed for good."
    }
}

/// Whose state changed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Scope {
    /// The channel: what an application sees.
    Channel,
    /// One address of it.
    Subchannel(Address),
}

/// One change of state. Never conflated, never lost, always with its cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    /// Whose state changed.
    pub scope: Scope,
    /// The state before.
    pub from: ConnectivityState,
    /// The state now.
    pub to: ConnectivityState,
    /// Why.
    pub cause: Cause,
    /// Remaining backoff: how long until a subchannel that failed may try again.
    pub retry_in: Option<Duration>,
}

/// Why a state changed: a code to act on and a sentence to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// Stable identifier for programs.
    pub code: CauseCode,
    /// For people: names the address and the stage where there is one.
    pub text: String,
}

impl Cause {
    /// A cause with its sentence.
    pub fn new(code: CauseCode, text: impl Into<String>) -> Self {
        Cause { code, text: text.into() }
    }
}

/// The stable identifiers for [`Cause::code`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CauseCode {
    /// `connect()` was called, or the load balancer requested a connection.
    ConnectRequested,
    /// An RPC made the channel leave IDLE, or needed a connection.
    Rpc,
    /// The server's SETTINGS arrived.
    Connected,
    /// A connection attempt failed (the text names stage, address and cause).
    ConnectFailed,
    /// Every address failed once in this pass.
    AllFailed,
    /// The backoff of the subchannel has passed.
    BackoffExpired,
    /// No RPC for the idle timeout, or IDLE was requested.
    IdleTimeout,
    /// The server sent GOAWAY.
    GoAway,
    /// The connection was lost (the text contains the reason in the terms of gRFC A94).
    ConnectionLost,
    /// The address left the resolver's list of usable addresses. It may still be listed as draining or critical.
    AddressRemoved,
    /// A new list of addresses arrived.
    AddressesChanged,
    /// The resolver returned an error, and there is no earlier list to continue with.
    ResolverError,
    /// The resolver returned an empty list.
    NoAddresses,
    /// Client-side health checking (gRFC A17) changed the state.
    Health,
    /// Another address connected first; this attempt was cancelled.
    AnotherWon,
    /// The channel was closed.
    Closed,
}

impl CauseCode {
    /// The word in the output: `idle_timeout`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ConnectRequested => "connect_requested",
            Self::Rpc => "rpc",
            Self::Connected => "connected",
            Self::ConnectFailed => "connect_failed",
            Self::AllFailed => "all_failed",
            Self::BackoffExpired => "backoff_expired",
            Self::IdleTimeout => "idle_timeout",
            Self::GoAway => "goaway",
            Self::ConnectionLost => "connection_lost",
            Self::AddressRemoved => "address_removed",
            Self::AddressesChanged => "addresses_changed",
            Self::ResolverError => "resolver_error",
            Self::NoAddresses => "no_addresses",
            Self::Health => "health",
            Self::AnotherWon => "another_won",
            Self::Closed => "closed",
        }
    }
}
