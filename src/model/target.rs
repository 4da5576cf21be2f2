//! [`Target`]: what a person types, in every form that can be pasted from source code.

use std::path::PathBuf;

use super::endpoint::Address;
use super::secret::Secret;

/// What to resolve. `Display` prints the canonical form, secrets masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A bare name, asked of every active backend: `pay`.
    Bare(String),
    /// `dns:[//server[:port]/]host[:port]`, or `host:port`.
    Dns {
        /// The DNS server to ask instead of the system's (`host` or `host:port`, port 53 by default).
        server: Option<String>,
        /// The name (or an IP literal).
        host: String,
        /// The endpoint's port; gRPC's default is 443.
        port: Option<u16>,
    },
    /// `srv:[//server[:port]/]name`: ours.
    Srv {
        /// The DNS server to ask.
        server: Option<String>,
        /// The SRV owner name, e.g. `_grpc._tcp.pay.example`.
        name: String,
    },
    /// `ipv4:`, `ipv6:`, `unix:`, `unix-abstract:`: nothing to ask anybody.
    Ip(Vec<Address>),
    /// `file:path`: ours.
    File(PathBuf),
    /// `consul://[agent]/svc?tag=&dc=…`.
    Consul(ConsulTarget),
    /// A scheme that is understood and has no backend here: parsed, then refused with a sentence.
    Unsupported {
        /// The scheme as typed: `kubernetes`.
        scheme: String,
        /// The rest, as typed.
        rest: String,
    },
}

/// What a `consul:` target asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConsulTarget {
    /// The agent, `host` or `host:port`; the environment's when absent.
    pub agent: Option<String>,
    /// User and password for HTTP basic authentication.
    pub user: Option<(String, Secret)>,
    /// The service name.
    pub service: String,
    /// Only instances with all of these tags.
    pub tags: Vec<String>,
    /// The datacenter.
    pub dc: Option<String>,
    /// Sort by distance from this node; changes nothing else.
    pub near: Option<String>,
    /// `healthy=true`: list passing instances only. Absent: list all of them with their status.
    pub passing_only: bool,
    /// The ACL token.
    pub token: Option<Secret>,
    /// The namespace (Enterprise).
    pub namespace: Option<String>,
    /// The admin partition (Enterprise).
    pub partition: Option<String>,
}

impl std::fmt::Display for Target {
    fn fmt(&self, _f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        todo!()
    }
}
