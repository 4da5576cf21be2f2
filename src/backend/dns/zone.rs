//! Zones of IPv6 addresses: `eth0` in `fe80::1%eth0`.

use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6};

use crate::platform::interface;

/// The socket address of an IP address, with or without a zone. A name gives `None`.
pub(super) fn socket(ip: &str, port: u16) -> Option<SocketAddr> {
    if let Ok(ip) = ip.parse::<IpAddr>() {
        return Some(SocketAddr::new(ip, port));
    }
    let (ip, zone) = ip.split_once('%')?;
    let ip: Ipv6Addr = ip.parse().ok()?;
    Some(SocketAddr::V6(SocketAddrV6::new(ip, port, 0, index(zone)?)))
}

/// The index of a zone: a number, or the name of an interface of this machine.
fn index(zone: &str) -> Option<u32> {
    match zone.parse() {
        Ok(index) => Some(index),
        Err(_) => interface::index(zone),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_with_their_zone() {
        assert_eq!(socket("10.0.0.1", 53), "10.0.0.1:53".parse().ok());
        assert_eq!(socket("fe80::1%2", 53), "[fe80::1%2]:53".parse().ok());
        assert_eq!(socket("fe80::1%no-such-interface", 53), None);
        assert_eq!(socket("fe80::1%../lo", 53), None);
        assert_eq!(socket("pay.example", 53), None);
    }
}
