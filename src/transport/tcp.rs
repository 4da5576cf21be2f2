//! What the kernel knows of a TCP connection.

use crate::model::hold::TcpState;
use crate::net::dial::Io;
use crate::platform::tcp::facts;

/// What the kernel's TCP knows of the connection under `io`; `None` when it is none of TCP, or the system does not tell.
pub(super) fn state(io: &dyn Io) -> Option<TcpState> {
    let facts = facts(io.tcp()?)?;
    Some(TcpState { unacked: facts.unacked, retransmits: facts.retransmits, last_ack: facts.last_ack })
}

/// How many segments have come in on the connection under `io`, those without data among them: TCP's own keepalive is one.
/// `None` as for [`state`], and where the kernel does not count.
pub(super) fn segments_in(io: &dyn Io) -> Option<u32> {
    facts(io.tcp()?)?.segments_in
}
