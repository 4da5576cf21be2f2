//! What the operating system says about sockets: the stable code of an error, and what the kernel knows of a connection.

use std::io;
use std::net::{SocketAddr, UdpSocket};

#[cfg(target_os = "linux")]
use super::tcp_info;
use super::{Io, unix};
use crate::model::endpoint::Address;
use crate::model::hold::TcpState;
use crate::model::reach::{FailureCode, Resource};
use crate::net::io_words;

/// The stable word for an error of the operating system, and the kernel's own sentence: `connection refused`.
pub(super) fn classify(error: &io::Error) -> (FailureCode, String) {
    use io::ErrorKind;
    let code = match error.kind() {
        ErrorKind::ConnectionRefused => FailureCode::Refused,
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => FailureCode::Unreachable,
        ErrorKind::ConnectionReset => FailureCode::Reset,
        ErrorKind::TimedOut => FailureCode::TimedOut,
        ErrorKind::UnexpectedEof | ErrorKind::BrokenPipe => FailureCode::Closed,
        ErrorKind::PermissionDenied | ErrorKind::Unsupported => FailureCode::Local,
        _ => exhausted(error).map_or(FailureCode::Io, FailureCode::Exhausted),
    };
    (code, io_words(error))
}

/// What this machine ran out of, if that is the error.
fn exhausted(error: &io::Error) -> Option<Resource> {
    use io::ErrorKind;
    // The same on every Unix; the standard library has no word for them.
    const EMFILE: i32 = 24;
    const ENFILE: i32 = 23;
    // ENOBUFS of Linux, of BSD and macOS.
    const ENOBUFS: [i32; 2] = [105, 55];
    match (error.kind(), error.raw_os_error()) {
        (ErrorKind::AddrNotAvailable | ErrorKind::AddrInUse | ErrorKind::WouldBlock, _) => Some(Resource::Ports),
        (ErrorKind::OutOfMemory, _) => Some(Resource::Memory),
        (_, Some(EMFILE)) => Some(Resource::Files),
        (_, Some(ENFILE)) => Some(Resource::SystemFiles),
        (_, Some(number)) if ENOBUFS.contains(&number) => Some(Resource::Memory),
        _ => None,
    }
}

/// [`classify`] for a connection attempt to `address`.
pub(super) fn classify_dial(address: &Address, error: &io::Error) -> (FailureCode, String) {
    match address {
        Address::Unix(_) | Address::UnixAbstract(_) => unix::classify(address, error),
        Address::Ip(SocketAddr::V6(_)) if is_without_ipv6(error) => {
            (FailureCode::Unreachable, "this machine has no IPv6 address (IPv6 is off)".to_string())
        }
        Address::Ip(_) | Address::Name { .. } => classify(error),
    }
}

/// Is the error that this machine has no IPv6 at all? The kernel uses the same number when local ports have run out.
fn is_without_ipv6(error: &io::Error) -> bool {
    // EAFNOSUPPORT of Linux, of BSD and macOS: IPv6 was switched off at boot.
    const EAFNOSUPPORT: [i32; 2] = [97, 47];
    if error.raw_os_error().is_some_and(|number| EAFNOSUPPORT.contains(&number)) {
        return true;
    }
    let loopback = (std::net::Ipv6Addr::LOCALHOST, 0);
    error.kind() == io::ErrorKind::AddrNotAvailable
        && UdpSocket::bind(loopback).is_err_and(|error| error.kind() == io::ErrorKind::AddrNotAvailable)
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_speaks_in_its_own_words() {
        let of = |number| classify(&io::Error::from_raw_os_error(number));
        assert_eq!(of(111), (FailureCode::Refused, "connection refused".to_string()));
        assert_eq!(of(113), (FailureCode::Unreachable, "no route to host".to_string()));
        assert_eq!(of(101).0, FailureCode::Unreachable);
        assert_eq!(of(104).0, FailureCode::Reset);
        assert_eq!(of(110).0, FailureCode::TimedOut);
        assert_eq!(of(24), (FailureCode::Exhausted(Resource::Files), "too many open files".to_string()));
        assert_eq!(of(23).0, FailureCode::Exhausted(Resource::SystemFiles));
        assert_eq!(of(99).0, FailureCode::Exhausted(Resource::Ports));
        assert_eq!(of(11).0, FailureCode::Exhausted(Resource::Ports));
        assert_eq!(of(105).0, FailureCode::Exhausted(Resource::Memory));
        assert_eq!(of(12).0, FailureCode::Exhausted(Resource::Memory));
        assert_eq!(of(1).0, FailureCode::Local);
        assert_eq!(of(5).0, FailureCode::Io);
    }

    #[test]
    fn without_ipv6_an_ipv6_address_is_unreachable_and_nothing_has_run_out() {
        let address = "[2001:db8::1]:1".parse().unwrap();
        let (code, text) = classify_dial(&address, &io::Error::from_raw_os_error(97));
        assert_eq!(code, FailureCode::Unreachable);
        assert!(text.contains("no IPv6"), "{text}");
    }
}
