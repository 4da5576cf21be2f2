//! What the kernel reports of a TCP connection, and its last packet.

use crate::model::idle_check::TcpState;
use crate::net::dial::Io;
use crate::platform::tcp::{facts, send_with_fin};

/// What the kernel reports of the TCP connection under `io`; `None` when it is not a TCP connection, or the system
/// does not report it.
pub(super) fn state(io: &dyn Io) -> Option<TcpState> {
    let facts = facts(io.tcp()?)?;
    Some(TcpState { unacked: facts.unacked, retransmits: facts.retransmits, last_ack: facts.last_ack })
}

/// The number of segments received on the connection under `io`, including those without data: TCP's own keepalive is
/// one. `None` as for [`state`], and where the kernel does not count.
pub(super) fn segments_in(io: &dyn Io) -> Option<u32> {
    facts(io.tcp()?)?.segments_in
}

/// For a connection that is closed after the next write: its bytes and the FIN are one packet, where the system can do
/// that.
pub(super) fn closes_next(io: &dyn Io) {
    if let Some(socket) = io.tcp() {
        send_with_fin(socket);
    }
}
