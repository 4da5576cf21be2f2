//! Which servers are queried, and for which full names: an explicit server, or the configuration of this machine's
//! resolver and its hosts file.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use hickory_resolver::proto::rr::Name;

use super::name::{full_name, fully_qualified};
use super::resolv_conf::{ResolvConf, Retry};
use super::{DnsSettings, Family, zone};
use crate::model::host_port::{self, HostPort};
use crate::model::resolution::{ResolveCode, ResolveError};
use crate::platform::resolver::{self, HOSTS, SystemResolver};

/// The port of DNS.
const PORT: u16 = 53;
/// Upper limit for the times in resolv.conf.
const LONGEST: Duration = Duration::from_secs(60);

/// The servers in the order they are queried, and how a name becomes full names.
#[derive(Debug, Clone, Default)]
pub(super) struct Servers {
    /// In order; the next one is queried when the one before does not answer, or answers SERVFAIL or REFUSED.
    pub(super) addresses: Vec<SocketAddr>,
    /// Domains to append; empty for an explicit server.
    pub(super) search: Vec<Name>,
    /// Names with at least this many dots are queried as they are first.
    pub(super) ndots: usize,
    /// Whether the hosts file of this machine is read.
    pub(super) hosts_file: bool,
    /// `timeout` and `attempts` of resolv.conf, when they are set there.
    pub(super) retry: Option<Retry>,
    /// The queries are spread over the servers.
    pub(super) rotate: bool,
    /// Queries go over TCP only.
    pub(super) tcp_only: bool,
    /// AAAA records are not queried.
    pub(super) no_aaaa: bool,
}

impl Servers {
    /// One explicit server: no search list, no hosts file, as with dig.
    pub(super) fn explicit(address: SocketAddr) -> Self {
        Servers { addresses: vec![address], ..Servers::default() }
    }

    /// The servers from `target`'s authority, else from the settings, else from the system. An authority that is a
    /// host name is resolved by this machine's resolver.
    pub(super) async fn of(authority: Option<&str>, settings: &DnsSettings) -> Result<Self, ResolveError> {
        match (authority, &settings.server) {
            (Some(authority), _) => lookup(authority).await.map(Servers::explicit),
            (None, Some(server)) => Ok(Servers::explicit(server.value)),
            (None, None) => Servers::system(),
        }
    }

    /// The system's servers, search list and options.
    pub(super) fn system() -> Result<Self, ResolveError> {
        let system = resolver::read().map_err(|error| {
            let text = format!("failed to read {}: {error}; set a server with --dns-server", resolver::SOURCE);
            ResolveError::ambient(ResolveCode::Unreachable, text).caused_by(error)
        })?;
        Ok(match system {
            SystemResolver::ResolvConf(text) => Servers::from_resolv_conf(&text),
            SystemResolver::Servers { servers: addresses, search } => {
                Servers { addresses, search, ndots: 1, hosts_file: true, ..Servers::default() }
            }
        })
    }

    /// Time limit for all servers together, if resolv.conf sets one.
    pub(super) fn limit(&self) -> Option<Duration> {
        let retry = self.retry?;
        let rounds = u32::try_from(self.addresses.len()).unwrap_or(1) * retry.attempts;
        Some((retry.timeout * rounds).min(LONGEST))
    }

    fn from_resolv_conf(text: &str) -> Self {
        let conf = ResolvConf::parse(text);
        Servers {
            addresses: conf.servers,
            search: conf.search,
            ndots: conf.ndots,
            hosts_file: true,
            retry: conf.retry,
            rotate: conf.rotate,
            tcp_only: conf.tcp_only,
            no_aaaa: conf.no_aaaa,
        }
    }

    /// The full names for `host`, in glibc's query order.
    pub(super) fn candidates(&self, host: &str) -> Result<Vec<Name>, ResolveError> {
        let name = full_name(host)?;
        if host.ends_with('.') || self.search.is_empty() {
            return Ok(vec![name]);
        }
        // A search domain that makes the name too long gives no candidate.
        let searched =
            self.search.iter().filter_map(|domain| name.clone().append_name(domain).ok().map(fully_qualified));
        let dots = host.matches('.').count();
        let mut candidates: Vec<Name> = searched.collect();
        candidates.insert(if dots >= self.ndots { 0 } else { candidates.len() }, name);
        candidates.dedup();
        Ok(candidates)
    }

    /// The addresses of `host` that are known without a query, and their source.
    pub(super) fn local(&self, host: &str, family: Family) -> Option<(Vec<IpAddr>, &'static str)> {
        let name = full_name(host).ok()?;
        if name.is_localhost() {
            return Some((loopback(family), "RFC 6761"));
        }
        if !self.hosts_file {
            return None;
        }
        let text = resolver::hosts().ok()?;
        let addresses = from_hosts(&String::from_utf8_lossy(&text), &name, family);
        (!addresses.is_empty()).then_some((addresses, HOSTS))
    }
}

/// The addresses of `localhost`, on every machine.
pub(super) fn loopback(family: Family) -> Vec<IpAddr> {
    let both = [IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)];
    both.into_iter().filter(|ip| family.wants(ip)).collect()
}

/// The addresses of `name` in a hosts file, each one once, in the file's order. Names are compared
/// case-insensitively.
fn from_hosts(text: &str, name: &Name, family: Family) -> Vec<IpAddr> {
    let mut addresses = Vec::new();
    for line in text.lines() {
        let entry = line.split_once('#').map_or(line, |(entry, _)| entry);
        let mut words = entry.split_ascii_whitespace();
        let Some(Ok(ip)) = words.next().map(str::parse::<IpAddr>) else { continue };
        let is_named = words.any(|word| full_name(word).is_ok_and(|known| known == *name));
        if is_named && family.wants(&ip) && !addresses.contains(&ip) {
            addresses.push(ip);
        }
    }
    addresses
}

/// `name` without the trailing dot, as usually written.
pub(super) fn shown(name: &Name) -> String {
    let text = name.to_utf8();
    if text.len() > 1 { text.trim_end_matches('.').to_string() } else { text }
}

/// Why the name of a DNS server cannot be resolved.
#[derive(Debug, thiserror::Error)]
enum UnknownServer {
    /// The system's resolver failed.
    #[error("{0}")]
    Lookup(#[source] io::Error),
    /// The name has no address.
    #[error("it has no address")]
    NoAddress,
}

async fn lookup(authority: &str) -> Result<SocketAddr, ResolveError> {
    if let Ok(address) = authority.parse() {
        return Ok(address);
    }
    let unknown_form = HostPort { host: authority, port: None, is_bracketed: false };
    let parts = HostPort::split(authority).unwrap_or(unknown_form);
    let port = parts.port.and_then(|digits| host_port::port(digits).ok()).unwrap_or(PORT);
    if let Some(address) = zone::socket(parts.host, port) {
        return Ok(address);
    }
    let unknown = |error: UnknownServer| {
        let text = format!("cannot resolve the DNS server's own name {authority}: {error}");
        ResolveError::ambient(ResolveCode::Unreachable, text).caused_by(error)
    };
    let found = tokio::net::lookup_host((parts.host, port)).await;
    let mut found = found.map_err(|error| unknown(UnknownServer::Lookup(error)))?;
    found.next().ok_or_else(|| unknown(UnknownServer::NoAddress))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidates(conf: &str, host: &str) -> Vec<String> {
        let servers = Servers::from_resolv_conf(conf);
        servers.candidates(host).unwrap().iter().map(|name| name.to_ascii()).collect()
    }

    #[test]
    fn search_list_and_ndots_are_followed_as_glibc_does() {
        let kubernetes = "nameserver 10.96.0.10\nsearch prod.svc.cluster.local svc.cluster.local\noptions ndots:5\n";
        assert_eq!(
            candidates(kubernetes, "pay.prod"),
            ["pay.prod.prod.svc.cluster.local.", "pay.prod.svc.cluster.local.", "pay.prod."]
        );
        assert_eq!(candidates(kubernetes, "pay.example."), ["pay.example."]);
        let plain = "nameserver 10.0.0.1\nsearch corp.example\n";
        assert_eq!(candidates(plain, "pay.example"), ["pay.example.", "pay.example.corp.example."]);
        assert_eq!(candidates(plain, "pay"), ["pay.corp.example.", "pay."]);
        assert_eq!(candidates("nameserver 10.0.0.1\n", "bücher"), ["xn--bcher-kva."]);
        assert_eq!(candidates("nameserver 10.0.0.1\n", "my_service"), ["my_service."]);
    }

    #[test]
    fn an_explicit_server_is_queried_for_the_name_as_it_is() {
        let servers = Servers::explicit("127.0.0.1:5353".parse().unwrap());
        assert_eq!(servers.candidates("pay").unwrap(), [full_name("pay").unwrap()]);
        assert!(servers.local("pay.hosts.test", Family::Both).is_none());
    }

    #[test]
    fn servers_are_queried_in_the_order_of_resolv_conf() {
        let servers = Servers::from_resolv_conf("nameserver 10.0.0.2\nnameserver ::1\n");
        assert_eq!(servers.addresses, ["10.0.0.2:53".parse().unwrap(), "[::1]:53".parse().unwrap()]);
    }

    #[test]
    fn the_hosts_file_is_read_by_family_and_without_regard_to_case() {
        let hosts =
            "# 10.0.0.1 pay\n10.9.8.7\tother Pay.hosts.test # pay_2\n2001:db8::7 pay.hosts.test\n10.9.8.6 pay_2\n";
        let of = |name: &str, family| from_hosts(hosts, &full_name(name).unwrap(), family);
        assert_eq!(of("pay.hosts.test", Family::Both).len(), 2);
        assert_eq!(of("pay.hosts.test", Family::V6), ["2001:db8::7".parse::<IpAddr>().unwrap()]);
        assert_eq!(of("pay_2", Family::Both), ["10.9.8.6".parse::<IpAddr>().unwrap()]);
        assert_eq!(of("pay", Family::Both), [] as [IpAddr; 0]);
    }

    #[test]
    fn localhost_is_nobodys_business() {
        let servers = Servers::explicit("127.0.0.1:5353".parse().unwrap());
        let (addresses, _) = servers.local("localhost", Family::V4).unwrap();
        assert_eq!(addresses, ["127.0.0.1".parse::<IpAddr>().unwrap()]);
    }

    #[tokio::test]
    async fn an_authority_without_port_means_53() {
        for (authority, address) in [
            ("10.0.0.2", "10.0.0.2:53"),
            ("10.0.0.2:5353", "10.0.0.2:5353"),
            ("[::1]", "[::1]:53"),
            ("[::1]:54", "[::1]:54"),
        ] {
            assert_eq!(lookup(authority).await.unwrap(), address.parse().unwrap());
        }
    }
}
