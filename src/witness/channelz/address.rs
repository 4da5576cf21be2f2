//! Addresses as the gRPC implementations write them.

use std::net::{IpAddr, SocketAddr};

use super::messages::SocketAddress;
use crate::model::endpoint::Address;

/// A longer text is not an address.
const LONGEST: usize = 512;

/// The address in the target of a subchannel: `10.0.0.7:50051` (Go, Node), `ipv4:10.0.0.7:50051` (C core),
/// `[[/10.0.0.7:50051]/{}]` (Java).
pub(super) fn parse(text: &str) -> Option<Address> {
    let text = text.trim();
    if text.is_empty() || text.len() > LONGEST {
        return None;
    }
    let text = text.strip_prefix("ipv4:").or_else(|| text.strip_prefix("ipv6:")).unwrap_or(text);
    let text = match text.starts_with("[[") {
        true => java(text)?,
        false => text,
    };
    let text = text.replace("%5B", "[").replace("%5D", "]").replace("%25", "%");
    Some(unmapped(text.parse().ok()?))
}

/// The first address of a list of groups: `[[[pay.example/10.0.0.7:50051]/{}], …]`.
fn java(text: &str) -> Option<&str> {
    let inner = text.trim_start_matches('[');
    let address = inner.split_once(']').map_or(inner, |(address, _)| address);
    let address = address.split(", ").next().unwrap_or(address);
    Some(address.split_once('/').map_or(address, |(_, address)| address)).filter(|address| !address.is_empty())
}

/// The address of a socket.
pub(super) fn of_socket(address: &SocketAddress) -> Option<Address> {
    if let Some(tcp) = &address.tcpip {
        let bytes = tcp.ip_address.as_slice();
        let ip: IpAddr = match (<[u8; 4]>::try_from(bytes), <[u8; 16]>::try_from(bytes)) {
            (Ok(v4), _) => IpAddr::from(v4),
            (_, Ok(v6)) => IpAddr::from(v6),
            (Err(_), Err(_)) => return None,
        };
        let port = u16::try_from(tcp.port).ok()?;
        return Some(unmapped(SocketAddr::new(ip, port).into()));
    }
    let path = &address.unix.as_ref()?.filename;
    (path.len() <= LONGEST).then(|| format!("unix:{path}").parse().ok()).flatten()
}

/// An IPv4 address in IPv6 notation (`::ffff:10.0.0.7`) as the IPv4 address that registries list.
fn unmapped(address: Address) -> Address {
    match address {
        Address::Ip(socket) => Address::Ip(SocketAddr::new(socket.ip().to_canonical(), socket.port())),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::super::messages::TcpIpAddress;
    use super::*;

    #[test]
    fn every_notation_is_read() {
        for (text, expected) in [
            ("10.0.0.7:50051", Some("10.0.0.7:50051")),
            ("ipv4:10.0.0.7:50051", Some("10.0.0.7:50051")),
            ("ipv6:%5B2001:db8::7%5D:50051", Some("[2001:db8::7]:50051")),
            ("ipv6:[2001:db8::7]:50051", Some("[2001:db8::7]:50051")),
            ("[::ffff:10.0.0.7]:50051", Some("10.0.0.7:50051")),
            ("[[[pay.example/10.0.0.7:50051]/{}]]", Some("10.0.0.7:50051")),
            ("[[/10.0.0.7:50051, /10.0.0.8:50051]/{}]", Some("10.0.0.7:50051")),
            ("unix:/run/pay.sock", Some("unix:/run/pay.sock")),
            ("pay.example:50051", Some("pay.example:50051")),
            ("", None),
            ("[[", None),
            ("no address", None),
        ] {
            assert_eq!(parse(text).map(|address| address.to_string()).as_deref(), expected, "{text}");
        }
        assert_eq!(parse(&"a".repeat(1 << 20)), None);
    }

    #[test]
    fn a_socket_has_an_ip_address_of_either_family() {
        let socket = |bytes: &[u8], port| {
            let tcpip = Some(TcpIpAddress { ip_address: bytes.to_vec(), port });
            of_socket(&SocketAddress { tcpip, unix: None }).map(|address| address.to_string())
        };
        assert_eq!(socket(&[10, 0, 0, 7], 80).as_deref(), Some("10.0.0.7:80"));
        let mapped = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 7];
        assert_eq!(socket(&mapped, 80).as_deref(), Some("10.0.0.7:80"));
        assert_eq!(socket(&[10, 0], 80), None);
        assert_eq!(socket(&[10, 0, 0, 7], -1), None);
    }
}
