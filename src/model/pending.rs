//! [`PendingReport`]: what a session was still waiting for when it ended.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::endpoint::Address;
use super::reach::Stage;
use super::registry::SourceId;
use crate::text::duration;

/// Something a session was still waiting for when it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingReport {
    /// What was expected to act.
    pub subject: Subject,
    /// What was waited for.
    pub awaits: Awaits,
    /// How long it had been waited for.
    pub waited: Duration,
    /// The last result before this wait, in the peer's own words: `NOT_SERVING`, `tcp: connection refused`.
    pub last: Option<String>,
}

/// What a session waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// An endpoint.
    Endpoint(Address),
    /// A source of endpoints.
    Registry(Arc<SourceId>),
}

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Awaits {
    /// A registry's first response.
    Registry,
    /// A free slot among the attempts in flight, or the rate limit.
    Turn,
    /// The address of the host name that the registry returned.
    HostName,
    /// The TCP (or Unix socket) connection.
    Connect,
    /// The TLS handshake.
    Handshake,
    /// The server's SETTINGS frame.
    Settings,
    /// The first health response.
    Health,
    /// The response to a health call that shows whether the server still responds.
    Response,
    /// A health status that lets clients call it.
    Serving,
    /// The end of the backoff after a failed attempt.
    Retry,
    /// The load-balancing policy: it connects to another endpoint.
    Policy,
}

impl Awaits {
    /// What an attempt in `stage` waits for.
    pub const fn in_stage(stage: Stage) -> Awaits {
        match stage {
            Stage::Resolve => Self::HostName,
            Stage::Tcp | Stage::Unix => Self::Connect,
            Stage::Tls => Self::Handshake,
            Stage::Http2 => Self::Settings,
            Stage::Health => Self::Health,
        }
    }

    /// The word in the output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Registry => "registry",
            Self::Turn => "turn",
            Self::HostName => "host_name",
            Self::Connect => "connect",
            Self::Handshake => "tls_handshake",
            Self::Settings => "settings",
            Self::Health => "health",
            Self::Response => "response",
            Self::Serving => "serving",
            Self::Retry => "retry",
            Self::Policy => "policy",
        }
    }

    /// The stage that waits; `None` before the first stage.
    pub const fn stage(self) -> Option<Stage> {
        match self {
            Self::Registry | Self::HostName => Some(Stage::Resolve),
            Self::Connect => Some(Stage::Tcp),
            Self::Handshake => Some(Stage::Tls),
            Self::Settings => Some(Stage::Http2),
            Self::Health | Self::Response | Self::Serving => Some(Stage::Health),
            Self::Turn | Self::Retry | Self::Policy => None,
        }
    }

    /// True when the peer, or the path to it, must act next, rather than a limit or decision of this tool.
    pub const fn is_owed_by_peer(self) -> bool {
        match self {
            Self::Connect | Self::Handshake | Self::Settings | Self::Health | Self::Response => true,
            Self::Registry | Self::Turn | Self::HostName | Self::Serving | Self::Retry | Self::Policy => false,
        }
    }

    const fn object(self) -> &'static str {
        match self {
            Self::Registry => "the registry's response",
            Self::Turn => "a free slot among the attempts in flight (--concurrency, --rate)",
            Self::HostName => "the lookup of its host name",
            Self::Connect => "the TCP connection",
            Self::Handshake => "the TLS handshake",
            Self::Settings => "the server's HTTP/2 SETTINGS",
            Self::Health => "the health response",
            Self::Response => "the response to a liveness check (Health/Check)",
            Self::Serving => "SERVING",
            Self::Retry => "the next connection attempt",
            Self::Policy => "the load-balancing policy, which connects to another endpoint",
        }
    }
}

impl fmt::Display for PendingReport {
    /// `http2: waiting for the server's HTTP/2 SETTINGS for 3.0s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(stage) = self.awaits.stage() {
            write!(f, "{stage}: ")?;
        }
        write!(f, "waiting for {} for {}", self.awaits.object(), duration(self.waited))?;
        match &self.last {
            Some(last) => write!(f, " ({last})"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Endpoint(address) => address.fmt(f),
            Subject::Registry(source) => source.fmt(f),
        }
    }
}
