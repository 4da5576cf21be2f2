//! [`Agent`]: where Consul's HTTP API is.

use std::fmt;
use std::net::{Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use crate::backend::socket::shown_address;
use crate::model::endpoint::Address;
use crate::model::host_port::{self, ServerError};

/// Where Consul's HTTP API is: `CONSUL_HTTP_ADDR`, or the agent of a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Agent {
    /// HTTP over TCP.
    Tcp {
        /// `https`.
        tls: bool,
        /// A host name or an IP address, without brackets.
        host: String,
        /// The port.
        port: u16,
        /// The path before `/v1`: empty, or `/prefix` without a trailing slash.
        prefix: String,
    },
    /// HTTP over a Unix domain socket.
    Unix(PathBuf),
}

impl Default for Agent {
    /// The agent of this machine: `127.0.0.1:8500`.
    fn default() -> Self {
        Agent::Tcp { tls: false, host: "127.0.0.1".to_string(), port: 8500, prefix: String::new() }
    }
}

/// Defaults for the parts that an address does not state.
#[derive(Debug, Clone, Copy)]
pub(super) struct AddressDefaults {
    /// Is it `https`?
    pub tls: bool,
    /// The port; HTTP's own (80, 443) when `None`, as Consul itself has it.
    pub port: Option<u16>,
}

/// Why a text is not a valid agent address. The shown text omits the part before an `@`, which may be a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum AgentError {
    /// `unix:` without a path.
    #[error("{0:?} has no socket path: write unix:///run/consul.sock")]
    NoSocket(String),
    /// Another scheme.
    #[error("{0:?} has a scheme that is not http, https or unix")]
    Scheme(String),
    /// A user, perhaps with a password.
    #[error("{0:?} contains a user name: set CONSUL_HTTP_AUTH to user:password instead")]
    User(String),
    /// A query or a fragment.
    #[error("{0:?} has a query or fragment; an agent address cannot have one")]
    Query(String),
    /// White space or control characters.
    #[error("{0:?} contains white space or control characters")]
    WhiteSpace(String),
    /// No host.
    #[error("{0:?} has no host: write 127.0.0.1:8500")]
    NoHost(String),
    /// Several colons that do not form an IPv6 address.
    #[error("{0:?} is not a valid IPv6 address: write [2001:db8::1]:8500")]
    NotV6(String),
    /// Another fault of host or port.
    #[error("{shown:?} {source}")]
    Server {
        /// The text.
        shown: String,
        /// What is wrong.
        source: ServerError,
    },
}

impl Agent {
    /// Parses `host[:port][/prefix]`, `http://…`, `https://…` or `unix:///path`. IPv6 is written in brackets; without
    /// a port the brackets may be left out.
    pub(super) fn parse(text: &str, defaults: AddressDefaults) -> Result<Self, AgentError> {
        let shown = shown_address(text);
        if let Some(path) = text.strip_prefix("unix:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() || path.contains('\0') {
                return Err(AgentError::NoSocket(shown));
            }
            return Ok(Agent::Unix(PathBuf::from(path)));
        }
        let (tls, rest) = match text.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (defaults.tls, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (true, rest),
            Some(_) => return Err(AgentError::Scheme(shown)),
            None => (defaults.tls, text),
        };
        let (authority, prefix) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        if authority.contains('@') {
            return Err(AgentError::User(shown));
        }
        if text.contains(['?', '#']) {
            return Err(AgentError::Query(shown));
        }
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(AgentError::WhiteSpace(shown));
        }
        let (host, port) = host_and_port(authority, shown)?;
        Ok(Agent::Tcp {
            tls,
            host: host.to_string(),
            port: port.or(defaults.port).unwrap_or(if tls { 443 } else { 80 }),
            prefix: prefix.trim_end_matches('/').to_string(),
        })
    }

    /// The value of the `Host` header.
    pub(super) fn host_header(&self) -> String {
        match self {
            Agent::Tcp { host, port, .. } => host_port::joined(host, *port),
            Agent::Unix(_) => "localhost".to_string(),
        }
    }

    /// The path before `/v1` in every request.
    pub(super) fn prefix(&self) -> &str {
        match self {
            Agent::Tcp { prefix, .. } => prefix,
            Agent::Unix(_) => "",
        }
    }

    /// Does it use TLS?
    pub(super) fn is_tls(&self) -> bool {
        matches!(self, Agent::Tcp { tls: true, .. })
    }

    /// The address to dial.
    pub(super) fn address(&self) -> Address {
        match self {
            Agent::Tcp { host, port, .. } => Address::Name { host: host.clone(), port: *port },
            Agent::Unix(path) => Address::Unix(path.clone()),
        }
    }

    /// The socket address, when it is an IP address on this machine.
    pub(super) fn loopback(&self) -> Option<SocketAddr> {
        match self {
            Agent::Tcp { host, port, .. } => {
                let ip: std::net::IpAddr = host.parse().ok()?;
                ip.is_loopback().then(|| SocketAddr::new(ip, *port))
            }
            Agent::Unix(_) => None,
        }
    }
}

/// As for [`host_port::server`], and an IPv6 address without brackets where no port follows. `shown`: the whole text,
/// for an error.
fn host_and_port(authority: &str, shown: String) -> Result<(&str, Option<u16>), AgentError> {
    match host_port::server(authority) {
        Ok(parts) => Ok(parts),
        Err(ServerError::StrayColons) if authority.parse::<Ipv6Addr>().is_ok() => Ok((authority, None)),
        Err(ServerError::StrayColons) => Err(AgentError::NotV6(shown)),
        Err(ServerError::NoHost) => Err(AgentError::NoHost(shown)),
        Err(source) => Err(AgentError::Server { shown, source }),
    }
}

impl fmt::Display for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Agent::Tcp { tls, host, port, prefix } => {
                let scheme = if *tls { "https://" } else { "" };
                write!(f, "{scheme}{}{prefix}", host_port::joined(host, *port))
            }
            Agent::Unix(path) => write!(f, "unix://{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AS_CONSUL: AddressDefaults = AddressDefaults { tls: false, port: None };

    #[test]
    fn every_form_of_consuls_own_documentation_is_an_agent() {
        for (text, canonical) in [
            ("127.0.0.1:8500", "127.0.0.1:8500"),
            ("localhost:8500", "localhost:8500"),
            ("http://consul.example:8500", "consul.example:8500"),
            ("https://consul.example", "https://consul.example:443"),
            ("consul.example", "consul.example:80"),
            ("HTTPS://consul.example:8501/", "https://consul.example:8501"),
            ("http://gate.example:8080/consul/eu/", "gate.example:8080/consul/eu"),
            ("[::1]:8500", "[::1]:8500"),
            ("::1", "[::1]:80"),
            ("https://[2001:db8::1]/consul", "https://[2001:db8::1]:443/consul"),
            ("unix:///run/consul/http.sock", "unix:///run/consul/http.sock"),
        ] {
            let agent = Agent::parse(text, AS_CONSUL).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(agent.to_string(), canonical, "{text}");
        }
    }

    #[test]
    fn what_an_address_leaves_out_is_taken_from_its_surroundings() {
        let agent = Agent::parse("a.example", AddressDefaults { tls: true, port: Some(8500) }).unwrap();
        assert_eq!(agent.to_string(), "https://a.example:8500");
    }

    #[test]
    fn what_is_not_an_agent_is_refused_with_the_reason() {
        for (text, reason) in [
            ("", "has no host"),
            (":8500", "has no host"),
            ("tcp://10.0.0.1:8500", "has a scheme that is not http, https or unix"),
            ("a:port", "has an invalid port: must be from 1 to 65535"),
            ("a:0", "has an invalid port: must be from 1 to 65535"),
            ("a:65536", "has an invalid port: must be from 1 to 65535"),
            ("2001:db8::zz:8500", "is not a valid IPv6 address"),
            ("[::1", "has no closing ] after"),
            ("[::1]8500", "has something other than :port after the closing ]"),
            ("[a]:8500", "has no IPv6 address between"),
            ("a b:8500", "contains white space"),
            ("a:8500/?x=1", "has a query"),
            ("unix://", "has no socket path"),
        ] {
            let error = Agent::parse(text, AS_CONSUL).expect_err(text).to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }

    #[test]
    fn a_password_in_the_address_is_refused_and_not_shown() {
        let error = Agent::parse("https://ann:hunter2@a.example", AS_CONSUL).unwrap_err().to_string();
        assert_eq!(error, r#""***@a.example" contains a user name: set CONSUL_HTTP_AUTH to user:password instead"#);
    }
}
