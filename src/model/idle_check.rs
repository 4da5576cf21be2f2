//! Connections that are kept open without traffic, to learn what the path and the server do to idle connections.

use std::time::Duration;

use super::endpoint::Address;
use super::reach::{Disconnect, Failure};

/// Why a connection is kept idle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CheckKind {
    /// For as long as the channel is idle (`--idle`).
    Idle,
    /// For an idle time that was requested (`--idle-ladder`).
    Ladder,
    /// For an idle time that narrows down what the path tolerates (`--find-cutoff`).
    Cutoff,
}

impl CheckKind {
    /// The word in the output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Ladder => "ladder",
            Self::Cutoff => "cutoff",
        }
    }
}

/// A connection that was kept idle, and its result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdleCheckReport {
    /// The address it is connected to.
    pub address: Address,
    /// The requested idle time.
    pub idle_time: Duration,
    /// Why it was kept idle.
    pub kind: CheckKind,
    /// The result.
    pub result: IdleCheckResult,
}

/// The result for a connection that was to be idle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdleCheckResult {
    /// The idle time that counts. If the connection survived: the longest idle time it survived. Otherwise: the idle
    /// time before it was closed, or before the PING that got no response. Nothing crossed the connection in either
    /// direction during this time. Zero when no connection was established.
    pub measured_idle: Duration,
    /// Set when the peer sent something by itself, so that the idle time is shorter than requested.
    pub interrupted: Option<Interruption>,
    /// How it ended.
    pub outcome: IdleCheckOutcome,
}

/// A peer that sent something on a connection that was to be idle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interruption {
    /// When it sent something first, measured from the start of the idle time.
    pub after: Duration,
    /// What it sent first: the name of an HTTP/2 frame, or `TCP keepalive` for packets without data, which keep the
    /// state of a path alive too (noticed on Linux only, at most one second or 1/64 of the idle time late).
    pub frame: String,
    /// How many times it sent something.
    pub times: u32,
}

/// The fate of a connection that was to be idle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdleCheckOutcome {
    /// A PING after the idle time was answered.
    Alive {
        /// The round-trip time of the PING.
        rtt: Duration,
    },
    /// The connection was closed: GOAWAY, end of stream, reset, or any other error of the connection.
    Closed {
        /// When, measured from the start of the idle time.
        after: Duration,
        /// How.
        disconnect: Disconnect,
        /// The PING had been sent before. The close is then the response to the PING, as from a path that has dropped
        /// the state of the connection and resets unknown ones.
        pinged: bool,
    },
    /// A PING after the idle time got no response, and no error was reported.
    Dropped {
        /// How long the response was waited for.
        waited: Duration,
        /// The state of TCP, where the system reports it (Linux) and the connection is TCP.
        tcp: Option<TcpState>,
    },
    /// No connection was established, so there was no idle time.
    NotReached(Failure),
}

impl IdleCheckOutcome {
    /// The word in the output.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Alive { .. } => "alive",
            Self::Closed { .. } => "closed",
            Self::Dropped { .. } => "dropped",
            Self::NotReached(_) => "not_reached",
        }
    }
}

/// What the kernel reports of a TCP connection (Linux's `TCP_INFO`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TcpState {
    /// Segments that were sent and are not acknowledged.
    pub unacked: u32,
    /// How many times the oldest of them was retransmitted.
    pub retransmits: u32,
    /// Time since the last acknowledgement.
    pub last_ack: Duration,
}

impl TcpState {
    /// True when everything that was sent was acknowledged: a kernel, or that of a proxy, received the bytes, and no
    /// program responded.
    pub fn delivered(&self) -> bool {
        self.unacked == 0
    }
}
