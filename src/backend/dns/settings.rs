//! [`DnsSettings`]: how DNS is queried.

use std::net::{AddrParseError, IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hickory_resolver::proto::rr::RecordType;

use crate::backend::settings::{
    BackendSettings, Flag, Setting, SettingsError, SettingsReader, Sourced, Value, duration,
};
use crate::model::host_port::without_brackets;

const SERVER: &str = "--dns-server";
const INTERVAL: &str = "--dns-interval";
const IPV4: &str = "--ipv4";
const IPV6: &str = "--ipv6";

/// A flag that has an effect whichever backend is queried: names are resolved for all of them.
const fn shared(name: &'static str, value: Value) -> Flag {
    Flag { name, short: None, value, opposite: None, only_here: false, harmless: false }
}

/// The supported settings.
pub(super) const SETTINGS: &[Setting] = &[
    Setting::flag(
        shared(
            SERVER,
            Value::One { name: "IP[:PORT]", example: "10.0.0.53", check: |text| Ok(server(text).map(drop)?) },
        ),
        "Query this DNS server instead of the system's",
    ),
    Setting::flag(
        shared(INTERVAL, Value::One { name: "TIME", example: "5s", check: |text| Ok(duration(text).map(drop)?) }),
        "Query DNS again at this interval",
    )
    .or("the TTL, between 1s and 5s"),
    Setting::flag(
        Flag { short: Some('4'), opposite: Some(IPV6), ..shared(IPV4, Value::Switch) },
        "Use IPv4 addresses only",
    ),
    Setting::flag(
        Flag { short: Some('6'), opposite: Some(IPV4), ..shared(IPV6, Value::Switch) },
        "Use IPv6 addresses only",
    ),
];

/// How DNS is queried.
#[derive(Debug, Clone, Default)]
pub struct DnsSettings {
    /// The server to query instead of the system's (`--dns-server`). A target's own authority takes precedence.
    pub server: Option<Sourced<SocketAddr>>,
    /// Longest time between two queries (`--dns-interval`): 5 s when `None`.
    pub interval: Option<Duration>,
    /// Which addresses are queried (`-4`, `-6`).
    pub family: Family,
}

impl BackendSettings for DnsSettings {
    fn read(given: &SettingsReader) -> Result<Self, SettingsError> {
        let mut families = [false; 2];
        for switch in given.switches(&[IPV4, IPV6])? {
            families[usize::from(switch.value == IPV6)] = true;
        }
        Ok(DnsSettings {
            server: given.flag(SERVER, server)?,
            interval: given.flag_duration(INTERVAL)?.map(|interval| interval.value),
            family: match families {
                [true, false] => Family::V4,
                [false, true] => Family::V6,
                [false, false] | [true, true] => Family::Both,
            },
        })
    }

    /// The settings contain no secrets.
    fn without_secrets(&self) -> Arc<dyn BackendSettings> {
        Arc::new(self.clone())
    }
}

/// Which addresses are queried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Family {
    /// A and AAAA.
    #[default]
    Both,
    /// A only.
    V4,
    /// AAAA only.
    V6,
}

impl Family {
    pub(super) fn wants(self, ip: &IpAddr) -> bool {
        match self {
            Family::Both => true,
            Family::V4 => ip.is_ipv4(),
            Family::V6 => ip.is_ipv6(),
        }
    }

    pub(super) fn kinds(self) -> &'static [RecordType] {
        match self {
            Family::Both => &[RecordType::A, RecordType::AAAA],
            Family::V4 => &[RecordType::A],
            Family::V6 => &[RecordType::AAAA],
        }
    }
}

/// A text that does not name a DNS server. The sentence follows "is".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an IP address with an optional port; write 10.0.0.53, 127.0.0.1:5353 or [::1]:5353")]
struct NotAServer(#[source] AddrParseError);

/// A DNS server: an IP address with or without a port (53), with or without dig's `@`.
fn server(text: &str) -> Result<SocketAddr, NotAServer> {
    let text = text.strip_prefix('@').unwrap_or(text);
    if let Ok(socket) = text.parse::<SocketAddr>() {
        return Ok(socket);
    }
    let ip = without_brackets(text).parse::<IpAddr>().map_err(NotAServer)?;
    Ok(SocketAddr::new(ip, 53))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dns_servers_may_leave_out_the_port_and_keep_digs_at() {
        for (text, socket) in [
            ("10.0.0.53", "10.0.0.53:53"),
            ("@127.0.0.1:5353", "127.0.0.1:5353"),
            ("::1", "[::1]:53"),
            ("[::1]", "[::1]:53"),
            ("[::1]:5353", "[::1]:5353"),
        ] {
            assert_eq!(server(text).map(|s| s.to_string()), Ok(socket.to_string()), "{text}");
        }
        assert!(server("dns.google").unwrap_err().to_string().contains("not an IP address"));
    }
}
