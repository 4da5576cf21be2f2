//! What the kernel knows of a TCP connection.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod other;

use std::time::Duration;

#[cfg(target_os = "linux")]
pub use linux::facts;
#[cfg(not(target_os = "linux"))]
pub use other::facts;

/// What the kernel reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TcpFacts {
    /// Segments that were sent and not acknowledged.
    pub unacked: u32,
    /// How often the oldest of them has been sent again.
    pub retransmits: u32,
    /// How long ago the last acknowledgement came.
    pub last_ack: Duration,
    /// How many segments have come in, those without data among them; `None` where the kernel does not count.
    pub segments_in: Option<u32>,
}
