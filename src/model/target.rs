//! [`Target`]: what a person types, in every form that can be pasted from source code.

use std::fmt;
use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::endpoint::Address;
use super::secret::Secret;

mod etcd;
mod eureka;
mod kubernetes;
mod parse;
mod secrets;
mod zookeeper;

pub use etcd::{ETCD_LAYOUTS, EtcdTarget};
pub use eureka::EurekaTarget;
pub use kubernetes::{KUBERNETES_LAYOUTS, KubernetesTarget, ServicePort};
pub use zookeeper::{ZOOKEEPER_LAYOUTS, ZookeeperTarget};

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
    /// `ipv4:`, `ipv6:`, `unix:`, `unix-abstract:`, `passthrough:`: nothing to ask anybody. Only `passthrough:` and a zone in
    /// `ipv6:` give an [`Address::Name`]: as in grpc-go, whoever dials resolves it.
    Ip(Vec<Address>),
    /// `file:path`: ours.
    File(PathBuf),
    /// `consul://[agent]/svc?tag=&dc=…`.
    Consul(ConsulTarget),
    /// `etcd://[member,…]/svc?prefix=&layout=`, and go-zero's forms.
    Etcd(EtcdTarget),
    /// `eureka://[[user:pw@]host[:8761][/path]/]APP/`.
    Eureka(EurekaTarget),
    /// `kubernetes:///svc[.ns][:port]`, and kuberesolver's and go-zero's other forms.
    Kubernetes(KubernetesTarget),
    /// `zookeeper://[server,…]/svc?prefix=&layout=`, also `zk:`.
    Zookeeper(ZookeeperTarget),
    /// A scheme that is known and has no form of its own here. A backend that has its name may answer it; else it is refused
    /// with a sentence.
    Foreign {
        /// The scheme, lower case: `xds`.
        scheme: String,
        /// Everything after the colon, passwords and tokens masked.
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

/// Why a text is no target: where, what, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("target {input:?}: position {position}: {problem}; write {example}")]
pub struct TargetError {
    /// The text as given, shortened, passwords and tokens masked.
    pub input: String,
    /// Byte offset of the offending part in the text as given.
    pub position: usize,
    /// What is wrong there.
    pub problem: String,
    /// What would be right.
    pub example: String,
}

impl KubernetesTarget {
    /// What a bare name would be in Kubernetes: `pay`, `pay.prod` and `pay.prod.svc.cluster.local`; `None` for names that
    /// nothing can have there.
    pub fn of_bare_name(name: &str) -> Option<Self> {
        parse::bare_kubernetes(name)
    }
}

impl Target {
    /// True when `text`, which was typed as a target, may hold a secret: a user, or a parameter that is not known to be
    /// harmless, of whichever scheme. A part that the target drops counts as well.
    pub fn may_show_a_secret(text: &str) -> bool {
        secrets::may_be_in(text)
    }

    /// The scheme of the canonical form: `dns`. A bare name has none.
    pub fn scheme(&self) -> Option<&str> {
        match self {
            Target::Bare(_) => None,
            Target::Dns { .. } => Some("dns"),
            Target::Srv { .. } => Some("srv"),
            Target::Ip(addresses) => Some(ip_scheme(addresses.first())),
            Target::File(_) => Some("file"),
            Target::Consul(_) => Some("consul"),
            Target::Etcd(_) => Some("etcd"),
            Target::Eureka(_) => Some("eureka"),
            Target::Kubernetes(_) => Some("kubernetes"),
            Target::Zookeeper(_) => Some("zookeeper"),
            Target::Foreign { scheme, .. } => Some(scheme),
        }
    }

    /// Whether the target names the server that is asked, or the endpoints themselves, and does not leave that to the
    /// settings of a registry. A bare name does: DNS may know it.
    pub fn names_an_address(&self) -> bool {
        match self {
            Target::Bare(_)
            | Target::Dns { .. }
            | Target::Srv { .. }
            | Target::Ip(_)
            | Target::File(_)
            | Target::Foreign { .. } => true,
            Target::Consul(consul) => consul.agent.is_some(),
            Target::Etcd(etcd) => !etcd.members.is_empty(),
            Target::Eureka(eureka) => eureka.server.is_some(),
            Target::Kubernetes(_) => false,
            Target::Zookeeper(zookeeper) => !zookeeper.servers.is_empty(),
        }
    }

    /// The sentence that refuses a target which none of `backends` (their names) can answer; `None` when one can.
    pub fn unsupported_reason(&self, backends: &[&str]) -> Option<String> {
        let (scheme, backend) = match self {
            Target::Bare(_) => return None,
            Target::Dns { .. } | Target::Srv { .. } => ("dns", "dns"),
            Target::Ip(_) => ("ip", "ip"),
            Target::File(_) => ("file", "file"),
            Target::Consul(_) => ("consul", "consul"),
            Target::Etcd(_) => ("etcd", "etcd"),
            Target::Eureka(_) => ("eureka", "eureka"),
            Target::Kubernetes(_) => ("kubernetes", "kubernetes"),
            Target::Zookeeper(_) => ("zookeeper", "zookeeper"),
            Target::Foreign { scheme, .. } => (scheme.as_str(), backend_of(scheme)),
        };
        if backends.contains(&backend) {
            return None;
        }
        let mut have = backends.to_vec();
        have.sort_unstable();
        Some(match backend {
            "" => format!(
                "{scheme}: is understood, but it does not say which registry is meant; write the registry's own target \
                 (this version has: {})",
                have.join(", ")
            ),
            _ => {
                let built = match OPTIONAL.contains(&backend) {
                    true => format!(" (it is built with `--features {backend}`)"),
                    false => String::new(),
                };
                format!(
                    "{scheme}: is understood, but this version has no {backend} backend{built}; it has: {}",
                    have.join(", ")
                )
            }
        })
    }
}

/// The backends that a build may leave out; each is a cargo feature of its name.
const OPTIONAL: [&str; 5] = ["consul", "etcd", "eureka", "kubernetes", "zookeeper"];

/// Which backend a scheme without one here would need; empty where the scheme names no registry of its own.
fn backend_of(scheme: &str) -> &str {
    match scheme {
        "google-c2p" => "xds",
        "discovery" | "svc" | "service" | "stork" => "",
        own => own,
    }
}

fn ip_scheme(first: Option<&Address>) -> &'static str {
    match first {
        None | Some(Address::Ip(std::net::SocketAddr::V4(_))) => "ipv4",
        Some(Address::Ip(std::net::SocketAddr::V6(_))) => "ipv6",
        Some(Address::Unix(_)) => "unix",
        Some(Address::UnixAbstract(_)) => "unix-abstract",
        // An IPv6 address whose zone is the name of an interface.
        Some(Address::Name { host, .. }) if host.contains(':') => "ipv6",
        Some(Address::Name { .. }) => "passthrough",
    }
}

/// Everything that would mean something else inside a name or a value of a URI.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':');

/// [`COMPONENT`] that keeps its slashes.
const PATH: &AsciiSet = &COMPONENT.remove(b'/');

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Bare(name) => f.write_str(name),
            Target::Dns { server, host, port } => {
                write!(f, "dns://{}/", server_text(server.as_deref()))?;
                if host.contains(':') { write!(f, "[{}]", host.replace('%', "%25")) } else { f.write_str(host) }?;
                port.map_or(Ok(()), |port| write!(f, ":{port}"))
            }
            Target::Srv { server, name } => write!(f, "srv://{}/{name}", server_text(server.as_deref())),
            Target::Ip(addresses) => fmt_ip(f, addresses),
            Target::File(path) => fmt_path(f, "file", path),
            Target::Consul(consul) => consul.fmt(f),
            Target::Etcd(etcd) => etcd.fmt(f),
            Target::Eureka(eureka) => eureka.fmt(f),
            Target::Kubernetes(kubernetes) => kubernetes.fmt(f),
            Target::Zookeeper(zookeeper) => zookeeper.fmt(f),
            Target::Foreign { scheme, rest } => write!(f, "{scheme}:{rest}"),
        }
    }
}

/// A server's `host:port`. A scope is percent-encoded (RFC 6874): only an IPv6 literal has a percent sign.
fn server_text(server: Option<&str>) -> String {
    server.unwrap_or_default().replace('%', "%25")
}

/// One list per scheme: `ipv4:10.0.0.1:80,10.0.0.2:80`. A parsed target never mixes schemes.
fn fmt_ip(f: &mut fmt::Formatter<'_>, addresses: &[Address]) -> fmt::Result {
    let mut previous = None;
    for address in addresses {
        let scheme = ip_scheme(Some(address));
        if previous.is_some() {
            f.write_str(",")?;
        }
        match address {
            Address::Ip(socket) => {
                if previous != Some(scheme) {
                    write!(f, "{scheme}:")?;
                }
                // A scope is percent-encoded (RFC 6874): only a literal has a percent sign.
                f.write_str(&socket.to_string().replace('%', "%25"))?;
            }
            Address::Name { host, port } if host.contains(':') => {
                if previous != Some(scheme) {
                    write!(f, "{scheme}:")?;
                }
                write!(f, "[{}]:{port}", host.replace('%', "%25"))?;
            }
            Address::Name { host, port } => write!(f, "passthrough:///{host}:{port}")?,
            Address::Unix(path) => fmt_socket(f, scheme, &path.display().to_string())?,
            Address::UnixAbstract(name) => fmt_socket(f, scheme, name)?,
        }
        previous = Some(scheme);
    }
    Ok(())
}

/// The name of a socket, encoded where it would mean something else.
fn fmt_socket(f: &mut fmt::Formatter<'_>, scheme: &str, name: &str) -> fmt::Result {
    let authority = if name.starts_with("//") { "//" } else { "" };
    write!(f, "{scheme}:{authority}{}", name.replace('%', "%25").replace('?', "%3F").replace('#', "%23"))
}

fn fmt_path(f: &mut fmt::Formatter<'_>, scheme: &str, path: &Path) -> fmt::Result {
    // `file://x` would name a server, so a path that begins with two slashes gets the empty one.
    let authority = if path.as_os_str().as_encoded_bytes().starts_with(b"//") { "//" } else { "" };
    write!(f, "{scheme}:{authority}{}", path.display())
}

impl fmt::Display for ConsulTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("consul://")?;
        if let Some((user, password)) = &self.user {
            match password.is_empty() {
                // It may be a token.
                true => write!(f, "{password}@")?,
                false => write!(f, "{}:{password}@", utf8_percent_encode(user, NON_ALPHANUMERIC))?,
            }
        }
        write!(f, "{}/{}", server_text(self.agent.as_deref()), utf8_percent_encode(&self.service, COMPONENT))?;
        let tags = self.tags.iter().map(|tag| ("tag", Some(tag.as_str())));
        let others = [
            ("dc", self.dc.as_deref()),
            ("near", self.near.as_deref()),
            ("healthy", self.passing_only.then_some("true")),
            ("token", self.token.as_ref().map(|_| "")),
            ("ns", self.namespace.as_deref()),
            ("partition", self.partition.as_deref()),
        ];
        let mut separator = '?';
        for (name, value) in tags.chain(others) {
            let Some(value) = value else { continue };
            write!(f, "{separator}{name}={}", utf8_percent_encode(value, COMPONENT))?;
            if name == "token" {
                f.write_str("***")?;
            }
            separator = '&';
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
