//! Why a connection attempt failed before the first byte.

use std::io;
use std::net::{SocketAddr, UdpSocket};

use super::socket_error::classify;
use super::unix;
use crate::model::endpoint::Address;
use crate::model::reach::FailureCode;
use crate::platform::errno::EAFNOSUPPORT;

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

/// True when the error means that this machine has no IPv6 at all. The kernel uses the same number when local ports
/// have run out.
fn is_without_ipv6(error: &io::Error) -> bool {
    // IPv6 was disabled at boot.
    if error.raw_os_error() == Some(EAFNOSUPPORT) {
        return true;
    }
    let loopback = (std::net::Ipv6Addr::LOCALHOST, 0);
    error.kind() == io::ErrorKind::AddrNotAvailable
        && UdpSocket::bind(loopback).is_err_and(|error| error.kind() == io::ErrorKind::AddrNotAvailable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_ipv6_an_ipv6_address_is_unreachable_and_nothing_has_run_out() {
        let address = "[2001:db8::1]:1".parse().unwrap();
        let (code, text) = classify_dial(&address, &io::Error::from_raw_os_error(EAFNOSUPPORT));
        assert_eq!(code, FailureCode::Unreachable);
        assert!(text.contains("no IPv6"), "{text}");
    }
}
