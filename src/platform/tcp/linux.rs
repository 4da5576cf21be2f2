//! Linux's `TCP_INFO`.
#![expect(unsafe_code, reason = "neither the standard library nor nix nor socket2 reads this socket option")]

use std::mem::{offset_of, zeroed};
use std::os::fd::{AsFd, AsRawFd as _};
use std::time::Duration;

use nix::libc::{self, socklen_t, tcp_info};
use socket2::SockRef;

use super::TcpFacts;

/// Delays what is written from now on until the socket is closed (200 ms at most), so that it is sent in one packet
/// with the FIN.
pub fn send_with_fin(socket: &impl AsFd) {
    // Without it, the same bytes are sent in two packets.
    let _ = SockRef::from(socket).set_tcp_cork(true);
}

/// The kernel's facts about `socket`; `None` when it is not a TCP socket.
pub fn facts(socket: &impl AsFd) -> Option<TcpFacts> {
    let mut length = size_of::<tcp_info>() as socklen_t;
    // SAFETY: tcp_info consists of integers only, for which zero is a value.
    let mut info: tcp_info = unsafe { zeroed() };
    // SAFETY: the descriptor is open as long as it is borrowed; the kernel writes at most `length` bytes to `info`,
    // which has as many, and sets `length` to what it wrote. Every sequence of bytes is a value of tcp_info.
    let result = unsafe {
        let descriptor = socket.as_fd().as_raw_fd();
        libc::getsockopt(descriptor, libc::IPPROTO_TCP, libc::TCP_INFO, (&raw mut info).cast(), &raw mut length)
    };
    // Older kernels, and WSL 1, return a shorter structure. All kernels since 2.6.10 return this much.
    let written = |end: usize| length as usize >= end;
    if result != 0 || !written(offset_of!(tcp_info, tcpi_last_ack_recv) + size_of::<u32>()) {
        return None;
    }
    Some(TcpFacts {
        unacked: info.tcpi_unacked,
        retransmits: u32::from(info.tcpi_retransmits),
        last_ack: Duration::from_millis(u64::from(info.tcpi_last_ack_recv)),
        // Since 4.2.
        segments_in: written(offset_of!(tcp_info, tcpi_segs_in) + size_of::<u32>()).then_some(info.tcpi_segs_in),
    })
}

#[cfg(test)]
mod tests {
    use std::io::{ErrorKind, Read as _, Write as _};

    use super::*;

    #[test]
    fn the_layout_is_the_kernels() {
        assert_eq!(offset_of!(tcp_info, tcpi_unacked), 24);
        assert_eq!(offset_of!(tcp_info, tcpi_last_ack_recv), 56);
        assert_eq!(offset_of!(tcp_info, tcpi_segs_in), 140);
    }

    #[test]
    fn the_last_bytes_are_sent_when_the_socket_is_closed() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let mut stream = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        stream.set_nodelay(true).unwrap();
        let (mut peer, _) = listener.accept().unwrap();
        super::send_with_fin(&stream);
        stream.write_all(b"last").unwrap();
        peer.set_nonblocking(true).unwrap();
        let early = peer.read(&mut [0; 8]).unwrap_err();
        assert_eq!(early.kind(), ErrorKind::WouldBlock, "loopback delivers at once what is sent");
        drop(stream);
        peer.set_nonblocking(false).unwrap();
        let mut received = Vec::new();
        peer.read_to_end(&mut received).unwrap();
        assert_eq!(received, b"last");
    }

    #[test]
    fn an_open_connection_has_delivered_everything_and_a_unix_socket_is_not_one_of_tcp() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let facts = super::facts(&stream).unwrap();
        assert_eq!((facts.unacked, facts.retransmits), (0, 0), "{facts:?}");
        assert!(facts.segments_in.is_some_and(|count| count > 0), "{facts:?}");
        let (unix, _) = std::os::unix::net::UnixStream::pair().unwrap();
        assert_eq!(super::facts(&unix), None);
    }
}
