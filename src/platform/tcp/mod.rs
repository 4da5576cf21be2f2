//! The kernel's facts about a TCP connection, and its last packet.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod other;

use std::time::Duration;

#[cfg(target_os = "linux")]
pub use linux::{facts, send_with_fin};
#[cfg(not(target_os = "linux"))]
pub use other::{facts, send_with_fin};

/// What the kernel reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TcpFacts {
    /// Segments that were sent and not acknowledged.
    pub unacked: u32,
    /// How often the oldest of them has been sent again.
    pub retransmits: u32,
    /// How long ago the last acknowledgement arrived.
    pub last_ack: Duration,
    /// How many segments have arrived, including those without data; `None` if the kernel does not count them.
    pub segments_in: Option<u32>,
}
