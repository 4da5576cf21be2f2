//! [`DnsTarget`]: `dns:` of gRPC's naming document (doc/naming.md), which is also the meaning of a target without a
//! scheme, and `srv:`, ours.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use crate::backend::target::grpc::{authority, decoded, decoding, host_port, without_query, without_slash};
use crate::backend::target::host::host;
use crate::backend::target::uri::server_text;
use crate::backend::target::{Example, Parsed, Piece, Scheme, invalid};
use crate::model::host_port::joined;
use crate::model::target::{BackendTarget, Target, plain_authority};

/// The backend's name in the output and on the command line.
pub(super) const NAME: &str = "dns";

/// The schemes.
pub(super) const SCHEMES: &[Scheme] = &[
    Scheme::new("dns", |rest| dns(rest).map(Target::from)).with_numbers(),
    Scheme::new("srv", |rest| srv(rest).map(Target::from)).with_numbers(),
];

/// The examples in the help.
pub(super) const EXAMPLES: &[Example] = &[
    Example { target: "pay.example:50051", meaning: "DNS, also as dns:///pay.example:50051" },
    Example { target: "dns://10.0.0.53/pay:50051", meaning: "DNS, queried from this server" },
    Example { target: "srv:_grpc._tcp.pay.example", meaning: "DNS SRV" },
];

/// What DNS is queried for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DnsTarget {
    /// `dns:[//server[:port]/]host[:port]`, or `host:port`.
    Host {
        /// The DNS server to query instead of the system's (`host` or `host:port`, port 53 by default).
        server: Option<String>,
        /// The name (or an IP literal).
        host: String,
        /// The endpoint's port; gRPC's default is 443.
        port: Option<u16>,
    },
    /// `srv:[//server[:port]/]name`: ours.
    Srv {
        /// The DNS server to query.
        server: Option<String>,
        /// The SRV owner name, e.g. `_grpc._tcp.pay.example`.
        name: String,
    },
}

impl BackendTarget for DnsTarget {
    fn backend(&self) -> &'static str {
        NAME
    }

    fn scheme(&self) -> &'static str {
        match self {
            DnsTarget::Host { .. } => "dns",
            DnsTarget::Srv { .. } => "srv",
        }
    }

    fn names_an_address(&self) -> bool {
        true
    }

    fn authority(&self) -> Option<String> {
        match self {
            DnsTarget::Host { host, .. } if host.parse::<IpAddr>().is_ok() => None,
            DnsTarget::Host { host, port: Some(port), .. } => Some(format!("{}:{port}", plain_authority(host)?)),
            DnsTarget::Host { host, port: None, .. } => plain_authority(host),
            DnsTarget::Srv { .. } => None,
        }
    }

    fn host(&self) -> Option<&str> {
        match self {
            DnsTarget::Host { host, .. } => Some(host),
            DnsTarget::Srv { .. } => None,
        }
    }

    fn dns_name(&self) -> Option<&str> {
        match self {
            DnsTarget::Host { host: name, .. } | DnsTarget::Srv { name, .. } => Some(name),
        }
    }
}

impl fmt::Display for DnsTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DnsTarget::Host { server, host, port } => {
                write!(f, "dns://{}/{}", server_text(server.as_deref()), joined(host, *port).replace('%', "%25"))
            }
            DnsTarget::Srv { server, name } => write!(f, "srv://{}/{name}", server_text(server.as_deref())),
        }
    }
}

const EXAMPLE: &str = "dns:///pay.example:50051";

/// A target without a scheme: a bare name, or a DNS target if it has a port or is an IP literal.
pub(in crate::backend) fn without_scheme(whole: Piece<'_>) -> Parsed<Target> {
    let name = without_slash(without_query(whole));
    let (host, port) = decoding(name, |name| host_port(name, "pay.example:50051"))?;
    if port.is_none() && !is_ip(&host) && !decoded(name.text).contains(':') {
        return Ok(Target::Bare(host));
    }
    Ok(DnsTarget::Host { server: None, host, port }.into())
}

fn is_ip(host: &str) -> bool {
    host.contains(':') || host.parse::<Ipv4Addr>().is_ok()
}

fn dns(rest: Piece<'_>) -> Parsed<DnsTarget> {
    let (server, name) = authority(without_query(rest), "dns")?;
    if name.is_empty() {
        return invalid(name.at, "missing host name", EXAMPLE);
    }
    let (host, port) = decoding(without_slash(name), |name| host_port(name, EXAMPLE))?;
    Ok(DnsTarget::Host { server, host, port })
}

fn srv(rest: Piece<'_>) -> Parsed<DnsTarget> {
    const SRV: &str = "srv:///_grpc._tcp.pay.example";
    let (server, name) = authority(rest, "srv")?;
    if name.is_empty() {
        return invalid(name.at, "missing name", SRV);
    }
    if let Some(colon) = name.text.find(':') {
        return invalid(name.at + colon, "a port is not allowed: SRV records contain the port", SRV);
    }
    host(name, SRV).map(|name| DnsTarget::Srv { server, name })
}

#[cfg(test)]
mod peers;
#[cfg(test)]
mod tests;
