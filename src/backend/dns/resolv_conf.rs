//! `/etc/resolv.conf` as resolv.conf(5) describes it: name servers, search list, options.

use std::net::SocketAddr;
use std::time::Duration;

use hickory_resolver::proto::rr::Name;

use super::name::full_name;
use super::zone;

/// glibc's limits (`MAXNS`, `RES_MAXRETRANS`, `RES_MAXRETRY`, `RES_MAXNDOTS`).
const MOST_SERVERS: usize = 3;
const LONGEST_TIMEOUT: u64 = 30;
const MOST_ATTEMPTS: u32 = 5;
const MOST_NDOTS: usize = 15;
/// glibc's defaults when only the other option is set.
const TIMEOUT: Duration = Duration::from_secs(5);
const ATTEMPTS: u32 = 2;

/// The settings in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ResolvConf {
    /// The name servers, in their order.
    pub(super) servers: Vec<SocketAddr>,
    /// The search list.
    pub(super) search: Vec<Name>,
    /// `ndots`: names with at least this many dots are queried as they are first.
    pub(super) ndots: usize,
    /// `timeout` and `attempts`, when at least one of them is set.
    pub(super) retry: Option<Retry>,
    /// `rotate`: the queries are spread over the servers.
    pub(super) rotate: bool,
    /// `use-vc`: queries go over TCP only.
    pub(super) tcp_only: bool,
    /// `no-aaaa`: AAAA records are not queried.
    pub(super) no_aaaa: bool,
}

/// Time limit for one server, and how often the list of servers is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Retry {
    pub(super) timeout: Duration,
    pub(super) attempts: u32,
}

impl ResolvConf {
    /// Parses the file's text. As in glibc, an invalid line is skipped and the last `search` or `domain` takes
    /// precedence. Without a name server, the one on this machine is used.
    pub(super) fn parse(text: &str) -> Self {
        let mut conf = ResolvConf {
            servers: Vec::new(),
            search: Vec::new(),
            ndots: 1,
            retry: None,
            rotate: false,
            tcp_only: false,
            no_aaaa: false,
        };
        for line in text.lines() {
            if line.starts_with(['#', ';']) {
                continue;
            }
            let mut words = line.split_ascii_whitespace();
            match words.next() {
                Some("nameserver") if conf.servers.len() < MOST_SERVERS => {
                    conf.servers.extend(words.next().and_then(server));
                }
                Some("domain") => conf.search = words.take(1).filter_map(domain).collect(),
                Some("search") => conf.search = words.filter_map(domain).collect(),
                Some("options") => words.for_each(|option| conf.option(option)),
                _ => {}
            }
        }
        if conf.servers.is_empty() {
            conf.servers.push(SocketAddr::from(([127, 0, 0, 1], 53)));
        }
        conf
    }

    fn option(&mut self, option: &str) {
        let (name, value) = option.split_once(':').unwrap_or((option, ""));
        match name {
            "ndots" => self.ndots = value.parse().map_or(self.ndots, |ndots: usize| ndots.min(MOST_NDOTS)),
            "timeout" => {
                if let Ok(seconds) = value.parse::<u64>() {
                    self.retry().timeout = Duration::from_secs(seconds.clamp(1, LONGEST_TIMEOUT));
                }
            }
            "attempts" => {
                if let Ok(attempts) = value.parse::<u32>() {
                    self.retry().attempts = attempts.clamp(1, MOST_ATTEMPTS);
                }
            }
            "rotate" => self.rotate = true,
            "use-vc" => self.tcp_only = true,
            "no-aaaa" => self.no_aaaa = true,
            _ => {}
        }
    }

    fn retry(&mut self) -> &mut Retry {
        self.retry.get_or_insert(Retry { timeout: TIMEOUT, attempts: ATTEMPTS })
    }
}

/// `10.0.0.2`, `2001:db8::2`, `fe80::1%eth0`.
fn server(text: &str) -> Option<SocketAddr> {
    zone::socket(text, 53)
}

/// Some tools write `--` for "none".
fn domain(text: &str) -> Option<Name> {
    full_name(text).ok().filter(|_| text != "--")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_search_list_and_options_are_read() {
        let conf = ResolvConf::parse(
            "# comment\nnameserver 10.0.0.2\nnameserver 2001:db8::2\nnameserver nonsense\ndomain a.example\n\
             search prod.svc.cluster.local -- corp_1.example\noptions ndots:5 timeout:1 attempts:3\noptions rotate edns0 use-vc no-aaaa\n",
        );
        assert_eq!(conf.servers, ["10.0.0.2:53".parse().unwrap(), "[2001:db8::2]:53".parse().unwrap()]);
        let search: Vec<String> = conf.search.iter().map(Name::to_ascii).collect();
        assert_eq!(search, ["prod.svc.cluster.local.", "corp_1.example."]);
        assert_eq!((conf.ndots, conf.rotate, conf.tcp_only, conf.no_aaaa), (5, true, true, true));
        assert_eq!(conf.retry, Some(Retry { timeout: Duration::from_secs(1), attempts: 3 }));
    }

    #[test]
    fn what_the_file_does_not_set_is_as_in_glibc() {
        let conf = ResolvConf::parse("nameserver 10.0.0.1\noptions attempts:1\n");
        assert_eq!(conf.retry, Some(Retry { timeout: TIMEOUT, attempts: 1 }));
        let conf = ResolvConf::parse("options timeout:0 attempts:99\n");
        assert_eq!(conf.retry, Some(Retry { timeout: Duration::from_secs(1), attempts: 5 }));
        let conf = ResolvConf::parse("search x\n");
        assert_eq!(conf.servers, ["127.0.0.1:53".parse().unwrap()]);
        assert_eq!((conf.ndots, conf.retry, conf.rotate), (1, None, false));
    }

    #[test]
    fn no_more_than_three_servers_are_used() {
        let conf =
            ResolvConf::parse("nameserver 10.0.0.1\nnameserver 10.0.0.2\nnameserver 10.0.0.3\nnameserver 10.0.0.4\n");
        assert_eq!(conf.servers.len(), 3);
    }
}
