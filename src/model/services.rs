//! Ports by the names of services (`http`), as getservbyname(3) and grpc-go know them.

/// Where no file lists them.
const KNOWN: [(&str, u16); 8] = [
    ("http", 80),
    ("https", 443),
    ("domain", 53),
    ("ssh", 22),
    ("smtp", 25),
    ("imaps", 993),
    ("pop3s", 995),
    ("telnet", 23),
];

/// The TCP port of a service: the well-known ones, then `/etc/services`.
pub(crate) fn port(name: &str) -> Option<u16> {
    let known = KNOWN.iter().find(|(service, _)| service.eq_ignore_ascii_case(name));
    known.map(|(_, port)| *port).or_else(|| listed(name))
}

#[cfg(unix)]
fn listed(name: &str) -> Option<u16> {
    let is_service = name.starts_with(|c: char| c.is_ascii_alphabetic());
    let text = is_service.then(|| std::fs::read_to_string("/etc/services").ok())??;
    find(&text, name)
}

#[cfg(not(unix))]
fn listed(_: &str) -> Option<u16> {
    None
}

/// `name port/protocol alias…` lines.
#[cfg(unix)]
fn find(text: &str, name: &str) -> Option<u16> {
    text.lines().find_map(|line| {
        let mut words = line.split('#').next()?.split_ascii_whitespace();
        let (service, port) = (words.next()?, words.next()?.strip_suffix("/tcp")?);
        let named = service == name || words.any(|alias| alias == name);
        named.then(|| port.parse().ok())?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_known_services_have_their_ports() {
        assert_eq!((port("http"), port("HTTPS"), port("")), (Some(80), Some(443), None));
        assert_eq!(port("no-such-service"), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_services_file_is_read_with_its_aliases() {
        let text = "# services\ngrpc-pay 50051/udp\ngrpc-pay\t50052/tcp pay payments # ours\n";
        assert_eq!(find(text, "grpc-pay"), Some(50052));
        assert_eq!(find(text, "payments"), Some(50052));
        assert_eq!(find(text, "ours"), None);
    }
}
