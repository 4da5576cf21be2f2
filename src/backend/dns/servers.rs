//! Who is asked, and for which full names: an explicit server, or what this machine's resolv.conf and hosts file say.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use hickory_resolver::Hosts;
use hickory_resolver::proto::op::Query;
use hickory_resolver::proto::rr::{Name, RecordType};
use hickory_resolver::system_conf::parse_resolv_conf;

use super::{Family, Settings};
use crate::model::resolution::{ResolveCode, ResolveError};

const RESOLV_CONF: &str = "/etc/resolv.conf";
const HOSTS: &str = "/etc/hosts";

/// The servers in the order they are asked, and how a name becomes full names.
#[derive(Debug, Clone, Default)]
pub(super) struct Servers {
    /// The next one is asked when the one before gives no answer, SERVFAIL or REFUSED.
    pub(super) addresses: Vec<SocketAddr>,
    /// Domains to append; empty for an explicit server.
    pub(super) search: Vec<Name>,
    /// Names with at least this many dots are asked as they are first.
    pub(super) ndots: usize,
    /// Whether the hosts file of this machine has a say.
    pub(super) hosts_file: bool,
}

impl Servers {
    /// One explicit server: no search list, no hosts file, as with dig.
    pub(super) fn explicit(address: SocketAddr) -> Self {
        Servers { addresses: vec![address], search: vec![], ndots: 0, hosts_file: false }
    }

    /// What `target`'s authority, else the settings, else the system say. An authority that is a host name is resolved
    /// the way this machine resolves names.
    pub(super) async fn of(authority: Option<&str>, settings: &Settings) -> Result<Self, ResolveError> {
        match (authority, &settings.server) {
            (Some(authority), _) => lookup(authority).await.map(Servers::explicit),
            (None, Some(server)) => Ok(Servers::explicit(server.value)),
            (None, None) => Servers::system(),
        }
    }

    /// The system's servers, search list and ndots.
    pub(super) fn system() -> Result<Self, ResolveError> {
        let unusable = |cause: String| {
            let text = format!("{RESOLV_CONF}: {cause}; name a server with --dns-server");
            ResolveError::ambient(ResolveCode::Unreachable, text)
        };
        let text = fs::read(RESOLV_CONF).map_err(|error| unusable(error.to_string()))?;
        Servers::from_resolv_conf(&text).map_err(unusable)
    }

    fn from_resolv_conf(text: &[u8]) -> Result<Self, String> {
        let (config, options) = parse_resolv_conf(text).map_err(|error| error.to_string())?;
        let addresses = config.name_servers.iter().map(|server| SocketAddr::new(server.ip, 53)).collect();
        let search = config.search.into_iter().map(fully_qualified).collect();
        Ok(Servers { addresses, search, ndots: options.ndots, hosts_file: true })
    }

    /// The full names that `host` stands for, in the order glibc asks for them.
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

    /// What this machine says about `host` without asking anybody, and who says so.
    pub(super) fn local(&self, host: &str, family: Family) -> Option<(Vec<IpAddr>, &'static str)> {
        let name = full_name(host).ok()?;
        if name.is_localhost() {
            return Some((loopback(family), "localhost (RFC 6761)"));
        }
        if !self.hosts_file {
            return None;
        }
        let mut hosts = Hosts::default();
        hosts.read_hosts_conf(fs::File::open(HOSTS).ok()?).ok()?;
        let addresses = from_hosts(&hosts, &name, family);
        (!addresses.is_empty()).then_some((addresses, HOSTS))
    }
}

/// What `localhost` means, everywhere.
pub(super) fn loopback(family: Family) -> Vec<IpAddr> {
    let both = [IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)];
    both.into_iter().filter(|ip| family.wants(ip)).collect()
}

fn from_hosts(hosts: &Hosts, name: &Name, family: Family) -> Vec<IpAddr> {
    [RecordType::A, RecordType::AAAA]
        .into_iter()
        .filter_map(|kind| hosts.lookup_static_host(&Query::query(name.clone(), kind)))
        .flat_map(|lookup| lookup.answers().iter().filter_map(|record| record.data.ip_addr()).collect::<Vec<_>>())
        .filter(|ip| family.wants(ip))
        .collect()
}

fn fully_qualified(mut name: Name) -> Name {
    name.set_fqdn(true);
    name
}

/// `host` as a full name.
pub(super) fn full_name(host: &str) -> Result<Name, ResolveError> {
    Name::from_utf8(host)
        .map(fully_qualified)
        .map_err(|error| ResolveError::fatal(ResolveCode::BadTarget, format!("{host:?} is no DNS name: {error}")))
}

/// `name` without the closing dot, as people write it.
pub(super) fn shown(name: &Name) -> String {
    let text = name.to_utf8();
    if text.len() > 1 { text.trim_end_matches('.').to_string() } else { text }
}

async fn lookup(authority: &str) -> Result<SocketAddr, ResolveError> {
    if let Ok(address) = authority.parse() {
        return Ok(address);
    }
    let bare = authority.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(authority);
    if let Ok(ip) = bare.parse::<IpAddr>() {
        return Ok(SocketAddr::new(ip, 53));
    }
    let with_port = if authority.ends_with(']') || !authority.contains(':') {
        format!("{authority}:53")
    } else {
        authority.to_string()
    };
    let unknown = |cause: String| {
        let text = format!("dns server {authority} could not be resolved itself: {cause}");
        ResolveError::ambient(ResolveCode::Unreachable, text)
    };
    let mut found = tokio::net::lookup_host(&with_port).await.map_err(|error| unknown(error.to_string()))?;
    found.next().ok_or_else(|| unknown("it has no address".to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidates(conf: &str, host: &str) -> Vec<String> {
        let servers = Servers::from_resolv_conf(conf.as_bytes()).unwrap();
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
    }

    #[test]
    fn an_explicit_server_is_asked_for_the_name_as_it_is() {
        let servers = Servers::explicit("127.0.0.1:5353".parse().unwrap());
        assert_eq!(servers.candidates("pay").unwrap(), [full_name("pay").unwrap()]);
        assert!(servers.local("pay.hosts.test", Family::Both).is_none());
    }

    #[test]
    fn servers_are_asked_in_the_order_of_resolv_conf() {
        let servers = Servers::from_resolv_conf(b"nameserver 10.0.0.2\nnameserver ::1\n").unwrap();
        assert_eq!(servers.addresses, ["10.0.0.2:53".parse().unwrap(), "[::1]:53".parse().unwrap()]);
        assert!(Servers::from_resolv_conf(b"search x\n").is_err());
    }

    #[test]
    fn the_hosts_file_is_read_by_family() {
        let mut hosts = Hosts::default();
        hosts.read_hosts_conf("10.9.8.7 pay.hosts.test\n2001:db8::7 pay.hosts.test\n".as_bytes()).unwrap();
        let name = full_name("pay.hosts.test").unwrap();
        assert_eq!(from_hosts(&hosts, &name, Family::Both).len(), 2);
        assert_eq!(from_hosts(&hosts, &name, Family::V6), ["2001:db8::7".parse::<IpAddr>().unwrap()]);
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
