//! What the kernel knows of a TCP connection.

#[cfg(target_os = "linux")]
use super::tcp_info;
use crate::model::hold::TcpState;
use crate::net::dial::Io;

/// What the kernel's TCP knows of the connection under `io`; `None` when it is none of TCP, or the system does not tell.
#[cfg(target_os = "linux")]
pub(super) fn state(io: &dyn Io) -> Option<TcpState> {
    tcp_info::read(io.tcp()?)
}

/// How many segments have come in on the connection under `io`, those without data among them: TCP's own keepalive is one.
/// `None` as for [`state`].
#[cfg(target_os = "linux")]
pub(super) fn segments_in(io: &dyn Io) -> Option<u32> {
    tcp_info::segments_in(io.tcp()?)
}

/// As above, on systems that do not tell.
#[cfg(not(target_os = "linux"))]
pub(super) fn state(_: &dyn Io) -> Option<TcpState> {
    None
}

/// As above.
#[cfg(not(target_os = "linux"))]
pub(super) fn segments_in(_: &dyn Io) -> Option<u32> {
    None
}
