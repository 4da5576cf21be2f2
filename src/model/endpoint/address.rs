//! [`Address`]: where an endpoint listens.

use std::cmp::Ordering;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use crate::model::host_port::{self, HostPort, PortError, joined, without_brackets};

/// Where one endpoint listens.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Address {
    /// An IP address and port.
    Ip(SocketAddr),
    /// A host name and port. Some registries list names; the transport resolves them when it dials.
    Name {
        /// The host name as registered.
        host: String,
        /// The port.
        port: u16,
    },
    /// A Unix domain socket by path.
    Unix(PathBuf),
    /// A Linux abstract socket by name (without the leading NUL).
    UnixAbstract(String),
}

impl Address {
    /// `host` and `port` as an address: an IP literal (brackets allowed) becomes [`Address::Ip`], anything else a name.
    pub fn from_host_port(host: &str, port: u16) -> Self {
        match without_brackets(host).parse() {
            Ok(ip) => Address::Ip(SocketAddr::new(ip, port)),
            Err(_) => Address::Name { host: host.to_string(), port },
        }
    }

    /// The port, where the address has one.
    pub fn port(&self) -> Option<u16> {
        match self {
            Address::Ip(socket) => Some(socket.port()),
            Address::Name { port, .. } => Some(*port),
            Address::Unix(_) | Address::UnixAbstract(_) => None,
        }
    }

    /// The order of addresses that are not both IPv4.
    #[cold]
    fn cmp_rare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Address::Ip(a), Address::Ip(b)) => a.cmp(b),
            (Address::Name { host: a, port: one }, Address::Name { host: b, port: other }) => {
                a.cmp(b).then(one.cmp(other))
            }
            (Address::Unix(a), Address::Unix(b)) => a.cmp(b),
            (Address::UnixAbstract(a), Address::UnixAbstract(b)) => a.cmp(b),
            (Address::Ip(_) | Address::Name { .. } | Address::Unix(_) | Address::UnixAbstract(_), _) => {
                self.kind().cmp(&other.kind())
            }
        }
    }

    /// The position of its kind in the order of addresses.
    fn kind(&self) -> u8 {
        match self {
            Address::Ip(_) => 0,
            Address::Name { .. } => 1,
            Address::Unix(_) => 2,
            Address::UnixAbstract(_) => 3,
        }
    }
}

/// IPv4 addresses first, then IPv6 addresses, names and sockets, each by value. Written out because nearly all
/// addresses are IPv4, and ordered maps of them are searched for every event.
impl Ord for Address {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Address::Ip(SocketAddr::V4(a)), Address::Ip(SocketAddr::V4(b))) => {
                (a.ip().to_bits(), a.port()).cmp(&(b.ip().to_bits(), b.port()))
            }
            _ => self.cmp_rare(other),
        }
    }
}

impl PartialOrd for Address {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl From<SocketAddr> for Address {
    fn from(socket: SocketAddr) -> Self {
        Address::Ip(socket)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Ip(socket) => write!(f, "{socket}"),
            // The host may be an IPv6 address whose zone is the name of an interface.
            Address::Name { host, port } => f.write_str(&joined(host, *port)),
            Address::Unix(path) => write!(f, "unix:{}", path.display()),
            Address::UnixAbstract(name) => write!(f, "unix-abstract:{name}"),
        }
    }
}

impl FromStr for Address {
    type Err = AddressError;

    /// Parses `10.0.0.1:80`, `[::1]:80`, `name:80`, `unix:/path`, `unix-abstract:name`. A port is required.
    fn from_str(text: &str) -> Result<Self, AddressError> {
        if let Some(name) = text.strip_prefix("unix-abstract:") {
            return non_empty(name, text).map(|n| Address::UnixAbstract(n.to_string()));
        }
        if let Some(path) = text.strip_prefix("unix:") {
            return non_empty(path, text).map(|p| Address::Unix(PathBuf::from(p.strip_prefix("//").unwrap_or(p))));
        }
        let error = |why| AddressError { value: text.to_string(), why };
        if let Ok(socket) = text.parse::<SocketAddr>() {
            return if socket.port() == 0 { Err(error(AddressErrorKind::PortZero)) } else { Ok(Address::Ip(socket)) };
        }
        let parts = HostPort::split(text).map_err(|_| error(AddressErrorKind::NotV6))?;
        if parts.has_stray_colons() {
            return Err(error(AddressErrorKind::NotV6));
        }
        let port =
            host_port::port(parts.port.ok_or_else(|| error(AddressErrorKind::NoPort))?).map_err(|why| match why {
                PortError::Zero => error(AddressErrorKind::PortZero),
                PortError::Empty | PortError::NotANumber { .. } | PortError::TooLarge => error(AddressErrorKind::Port),
            })?;
        let host = parts.host;
        if host.is_empty() {
            return Err(error(AddressErrorKind::NoHost));
        }
        if parts.is_bracketed || host.contains('[') {
            return Err(error(AddressErrorKind::NotV6));
        }
        if host.chars().any(|c| c.is_whitespace() || c.is_control() || "/?#@".contains(c)) {
            return Err(error(AddressErrorKind::HostCharacters));
        }
        Ok(Address::Name { host: host.to_string(), port })
    }
}

fn non_empty<'a>(rest: &'a str, whole: &str) -> Result<&'a str, AddressError> {
    if rest.is_empty() || rest.contains('\0') {
        Err(AddressError { value: whole.to_string(), why: AddressErrorKind::NoSocket })
    } else {
        Ok(rest)
    }
}

/// Why a text is not an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{:?} {why}", value)]
#[non_exhaustive]
pub struct AddressError {
    /// The text as given.
    pub value: String,
    /// What is wrong with it.
    #[source]
    pub why: AddressErrorKind,
}

/// What is wrong with a text that is not an address. The message follows the text in a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressErrorKind {
    /// `2001:db8::1:80`, `[pay]:80`.
    #[error("is not a valid IPv6 address: write [2001:db8::1]:50051")]
    NotV6,
    /// No colon.
    #[error("has no port")]
    NoPort,
    /// `10.0.0.1:0`.
    #[error("has port 0, which is not a valid port")]
    PortZero,
    /// The port is not a number, or too large.
    #[error("has an invalid port: must be from 1 to 65535")]
    Port,
    /// `:80`.
    #[error("has no host")]
    NoHost,
    /// `a b:80`.
    #[error("has a host with invalid characters")]
    HostCharacters,
    /// `unix:`.
    #[error("has no socket path")]
    NoSocket,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_ordered_by_kind_and_then_by_value() {
        let ordered = [
            "9.0.0.1:80",
            "10.0.0.1:80",
            "10.0.0.1:8080",
            "10.0.0.2:1",
            "[2001:db8::1]:80",
            "[2001:db8::1]:81",
            "a.example:81",
            "b.example:80",
            "unix:/run/a",
            "unix:/run/b",
            "unix-abstract:a",
            "unix-abstract:b",
        ];
        let ordered = ordered.map(|text| text.parse::<Address>().unwrap());
        for (i, a) in ordered.iter().enumerate() {
            for (j, b) in ordered.iter().enumerate() {
                assert_eq!(a.cmp(b), i.cmp(&j), "{a} and {b}");
            }
        }
    }

    #[test]
    fn addresses_are_parsed_and_refused_with_the_reason() {
        for good in ["10.0.0.1:80", "[2001:db8::1]:50051", "pay.example:443", "unix:/run/pay.sock", "unix-abstract:pay"]
        {
            assert_eq!(good.parse::<Address>().unwrap().to_string(), good);
        }
        for bad in
            ["", "10.0.0.1", "10.0.0.1:0", "[::1]:0", "pay:0", "pay:65536", "2001:db8::1:80", ":80", "a b:80", "unix:"]
        {
            assert!(bad.parse::<Address>().is_err(), "{bad}");
        }
    }
}
