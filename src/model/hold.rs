//! Connections that are held in silence, to learn what the path and the server make of silent connections.

use std::time::Duration;

use super::endpoint::Address;
use super::reach::{Disconnect, Failure};

/// Why a connection is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rung {
    /// For as long as the channel is silent (`--idle`).
    Idle,
    /// For a silence that was asked for (`--idle-ladder`).
    Ladder,
    /// For a silence that narrows down what the path tolerates (`--find-cutoff`).
    Cutoff,
}

impl Rung {
    /// The word in the output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Ladder => "ladder",
            Self::Cutoff => "cutoff",
        }
    }
}

/// A connection that was held, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldReport {
    /// Where it led.
    pub address: Address,
    /// The silence that was asked for.
    pub silence: Duration,
    /// Why it was held.
    pub rung: Rung,
    /// What became of it.
    pub held: Held,
}

/// What became of a connection that was to be silent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The silence that counts: when it lived the longest one that it survived; otherwise the one before its end, or before
    /// the ping that was not answered. Nothing crossed the connection in either direction meanwhile. Zero when it was not
    /// reached.
    pub quiet: Duration,
    /// The peer spoke by itself, so that the silence is shorter than was asked for.
    pub interrupted: Option<Interruption>,
    /// How it ended.
    pub fate: Fate,
}

/// A peer that did not let a connection be silent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interruption {
    /// When it spoke first, from the beginning of the silence.
    pub after: Duration,
    /// What it said then: the name of an HTTP/2 frame.
    pub frame: String,
    /// How often it spoke.
    pub times: u32,
}

/// How a connection that was to be silent ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// A PING after the silence was answered.
    Alive {
        /// How long the answer took.
        rtt: Duration,
    },
    /// It ended: GOAWAY, end of stream, reset, or any other error of the connection.
    Closed {
        /// When, from the beginning of the silence.
        after: Duration,
        /// How.
        disconnect: Disconnect,
        /// The PING had been sent: the end is the answer to it, as from a path that forgot the connection and resets what it
        /// does not know.
        pinged: bool,
    },
    /// A PING after the silence was not answered, and nobody said why.
    Swallowed {
        /// How long the answer was waited for.
        waited: Duration,
        /// What TCP knows, where the system tells (Linux) and the connection is TCP.
        tcp: Option<TcpState>,
    },
    /// No connection came about, so there was no silence.
    NotReached(Failure),
}

impl Fate {
    /// The word in the output.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Alive { .. } => "alive",
            Self::Closed { .. } => "closed",
            Self::Swallowed { .. } => "swallowed",
            Self::NotReached(_) => "not_reached",
        }
    }
}

/// What the kernel's TCP knew of a connection (Linux's `TCP_INFO`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TcpState {
    /// Segments that were sent and not acknowledged.
    pub unacked: u32,
    /// How often the oldest of them was sent again.
    pub retransmits: u32,
    /// How long ago the last acknowledgement came.
    pub last_ack: Duration,
}

impl TcpState {
    /// True when everything that was sent was acknowledged: a kernel, or a proxy's, took the bytes, and nobody answered.
    pub fn delivered(&self) -> bool {
        self.unacked == 0
    }
}
