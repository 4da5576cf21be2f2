//! Ports by service name (`http`): those that grpc-go resolves without a services file.

const KNOWN: [(&str, u16); 14] = [
    ("domain", 53),
    ("ftp", 21),
    ("ftps", 990),
    ("http", 80),
    ("https", 443),
    ("imap2", 143),
    ("imap3", 220),
    ("imaps", 993),
    ("pop3", 110),
    ("pop3s", 995),
    ("smtp", 25),
    ("submissions", 465),
    ("ssh", 22),
    ("telnet", 23),
];

/// The TCP port of a service name.
pub(crate) fn port(name: &str) -> Option<u16> {
    let known = KNOWN.iter().find(|(service, _)| service.eq_ignore_ascii_case(name));
    known.map(|(_, port)| *port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_known_services_have_their_ports() {
        assert_eq!((port("http"), port("HTTPS"), port("")), (Some(80), Some(443), None));
        assert_eq!(port("no-such-service"), None);
    }
}
