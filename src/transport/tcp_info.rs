//! What the kernel's TCP knows of a connection: Linux's `TCP_INFO`.

use std::os::fd::AsFd;
use std::time::Duration;

use nix::libc;
use nix::sys::socket::GetSockOpt;
use nix::{getsockopt_impl, sockopt_impl};

use crate::model::hold::TcpState;

/// The beginning of the kernel's `struct tcp_info` (`linux/tcp.h`): what every kernel since 2.6.10 fills in. Times are in
/// milliseconds, `unacked` in segments.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct Info {
    _state: u8,
    _ca_state: u8,
    retransmits: u8,
    _probes_to_backoff_options_scales: [u8; 5],
    _rto_to_rcv_mss: [u32; 4],
    unacked: u32,
    _sacked_to_last_data_recv: [u32; 7],
    last_ack_recv: u32,
    _rest: [u32; 11],
}

sockopt_impl!(TcpInfo, GetOnly, libc::IPPROTO_TCP, libc::TCP_INFO, Info);

/// `None` where the kernel does not tell: `socket` is none of TCP.
pub(super) fn read(socket: &impl AsFd) -> Option<TcpState> {
    let info = TcpInfo.get(socket).ok()?;
    Some(TcpState {
        unacked: info.unacked,
        retransmits: u32::from(info.retransmits),
        last_ack: Duration::from_millis(u64::from(info.last_ack_recv)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layout_is_the_kernels() {
        assert_eq!(size_of::<Info>(), 104);
        assert_eq!(std::mem::offset_of!(Info, unacked), std::mem::offset_of!(libc::tcp_info, tcpi_unacked));
        assert_eq!(std::mem::offset_of!(Info, retransmits), std::mem::offset_of!(libc::tcp_info, tcpi_retransmits));
        assert_eq!(std::mem::offset_of!(Info, last_ack_recv), std::mem::offset_of!(libc::tcp_info, tcpi_last_ack_recv));
    }

    #[test]
    fn a_connection_that_stands_has_delivered_everything_and_a_unix_socket_knows_no_tcp() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let state = read(&stream).unwrap();
        assert!(state.delivered() && state.retransmits == 0, "{state:?}");
        let (unix, _) = std::os::unix::net::UnixStream::pair().unwrap();
        assert_eq!(read(&unix), None);
    }
}
