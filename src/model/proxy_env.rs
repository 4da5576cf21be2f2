//! [`ProxyEnv`]: the proxy that the environment configures for gRPC clients.

use std::net::IpAddr;

use super::endpoint::Address;
use super::host_port::HostPort;

/// The proxy that gRPC clients would use because of the environment. Pure: the caller passes the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyEnv {
    /// Which variable names it.
    pub variable: &'static str,
    /// Which stacks read that variable.
    pub readers: &'static str,
    /// The proxy, without user and password.
    pub proxy: String,
    /// The hosts that clients reach without the proxy: the entries of `no_proxy`.
    no_proxy: Vec<String>,
}

/// The variables in the order of their lookup, and which stacks read each of them.
const VARIABLES: [(&str, &str); 3] =
    [("HTTPS_PROXY", "grpc-go"), ("https_proxy", "grpc-go and C-core"), ("grpc_proxy", "C-core")];

/// The variables that list the hosts to reach without a proxy.
const EXCEPTIONS: [&str; 3] = ["NO_PROXY", "no_proxy", "no_grpc_proxy"];

impl ProxyEnv {
    /// The proxy that `env` (name to value) configures for gRPC clients; `None` when it configures none.
    pub fn from_env(env: impl Fn(&str) -> Option<String>) -> Option<ProxyEnv> {
        let set = |name: &str| env(name).filter(|value| !value.trim().is_empty());
        let (variable, readers, value) =
            VARIABLES.iter().find_map(|(variable, readers)| Some((*variable, *readers, set(variable)?)))?;
        let no_proxy = EXCEPTIONS
            .iter()
            .filter_map(|name| set(name))
            .flat_map(|value| value.split(',').map(|entry| entry.trim().to_lowercase()).collect::<Vec<_>>())
            .filter(|entry| !entry.is_empty());
        Some(ProxyEnv { variable, readers, proxy: without_user(value.trim()), no_proxy: no_proxy.collect() })
    }

    /// Would a client dial `address` through the proxy? Never for loopback and Unix sockets; for the rest, the rules
    /// are those of Go's `httpproxy`.
    pub fn takes(&self, address: &Address) -> bool {
        let (host, ip, port) = match address {
            Address::Ip(socket) => (socket.ip().to_string(), Some(socket.ip()), socket.port()),
            Address::Name { host, port } => (host.to_lowercase(), None, *port),
            Address::Unix(_) | Address::UnixAbstract(_) => return false,
        };
        !ip.is_some_and(|ip| ip.is_loopback()) && host != "localhost" && !self.leaves_out(&host, ip, Some(port))
    }

    /// True when a variable exempts `host`, or its address `ip`, from the proxy. An exemption that names a port
    /// applies to this port only.
    pub fn leaves_out(&self, host: &str, ip: Option<IpAddr>, port: Option<u16>) -> bool {
        self.no_proxy.iter().any(|entry| {
            if entry == "*" {
                return true;
            }
            if let Some((network, bits)) = entry.split_once('/') {
                return match (network.parse::<IpAddr>(), bits.parse::<u8>(), ip) {
                    (Ok(network), Ok(bits), Some(ip)) => is_within(ip, network, bits),
                    _ => false,
                };
            }
            let (name, only) = match HostPort::split(entry) {
                Ok(parts) => (parts.host, parts.port.and_then(|digits| digits.parse::<u16>().ok())),
                Err(_) => (entry.as_str(), None),
            };
            if only.is_some() && only != port {
                return false;
            }
            if let Ok(other) = name.parse::<IpAddr>() {
                return ip == Some(other);
            }
            let domain = name.trim_start_matches("*.").trim_start_matches('.');
            host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
        })
    }
}

/// The proxy without the user and password before the `@`, which must not be printed.
fn without_user(proxy: &str) -> String {
    match (proxy.find("://"), proxy.rfind('@')) {
        (Some(scheme), Some(at)) if scheme + 3 <= at => format!("{}{}", &proxy[..scheme + 3], &proxy[at + 1..]),
        (None, Some(at)) => proxy[at + 1..].to_string(),
        (_, None) | (Some(_), Some(_)) => proxy.to_string(),
    }
}

fn is_within(ip: IpAddr, network: IpAddr, bits: u8) -> bool {
    fn same<T: Copy + PartialEq + std::ops::Shr<u32, Output = T> + From<u8>>(a: T, b: T, width: u32, bits: u8) -> bool {
        let bits = u32::from(bits);
        bits == 0 || (bits <= width && a >> (width - bits) == b >> (width - bits))
    }
    match (ip, network) {
        (IpAddr::V4(a), IpAddr::V4(b)) => same(a.to_bits(), b.to_bits(), 32, bits),
        (IpAddr::V6(a), IpAddr::V6(b)) => same(a.to_bits(), b.to_bits(), 128, bits),
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> Option<ProxyEnv> {
        ProxyEnv::from_env(|name| pairs.iter().find(|(own, _)| *own == name).map(|(_, value)| value.to_string()))
    }

    #[test]
    fn an_environment_without_a_proxy_has_none() {
        assert_eq!(env(&[]), None);
        assert_eq!(env(&[("HTTPS_PROXY", " "), ("NO_PROXY", "*"), ("http_proxy", "http://p:1")]), None);
    }

    #[test]
    fn a_password_in_the_proxy_is_not_kept() {
        for (value, shown) in [
            ("http://ann:hunter2@proxy.example:3128", "http://proxy.example:3128"),
            ("ann:hunter2@proxy.example:3128", "proxy.example:3128"),
            ("http://proxy.example:3128", "http://proxy.example:3128"),
        ] {
            let proxy = env(&[("https_proxy", value)]).unwrap();
            assert_eq!(proxy.proxy, shown);
            assert!(!format!("{proxy:?}").contains("hunter2"));
        }
    }

    #[test]
    fn exceptions_are_read_as_clients_read_them() {
        let exceptions =
            "10.0.0.0/8, .svc.cluster.local,pay.example:443,[2001:db8::1],2001:db8::3,[2001:db8::4]:443,192.0.2.7";
        let proxy = env(&[("HTTPS_PROXY", "http://p:1"), ("no_proxy", exceptions)]).unwrap();
        for (address, taken) in [
            ("127.0.0.1:80", false),
            ("[::1]:80", false),
            ("localhost:80", false),
            ("unix:/run/pay.sock", false),
            ("10.9.8.7:80", false),
            ("11.0.0.1:80", true),
            ("a.svc.cluster.local:80", false),
            ("xsvc.cluster.local:80", true),
            ("pay.example:443", false),
            ("pay.example:444", true),
            ("[2001:db8::1]:80", false),
            ("[2001:db8::2]:80", true),
            ("[2001:db8::3]:80", false),
            ("[2001:db8::4]:443", false),
            ("[2001:db8::4]:80", true),
            ("192.0.2.7:80", false),
        ] {
            assert_eq!(proxy.takes(&address.parse().unwrap()), taken, "{address}");
        }
        let none = env(&[("grpc_proxy", "p:1"), ("no_grpc_proxy", "*")]).unwrap();
        assert!(!none.takes(&"11.0.0.1:80".parse().unwrap()));
    }
}
