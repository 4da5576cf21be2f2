//! Certificates that verify and are faulty nonetheless.

use super::*;
use crate::model::certificate::AlternativeName;
use crate::model::reach::{Certificate, TlsReport};

const DAY: i64 = 24 * 60 * 60;

impl EventLog {
    fn presents(&mut self, address: &str, names: &[&str], issuer: &str, days: i64) -> &mut Self {
        let leaf = Certificate {
            subject: "CN=pay".to_string(),
            issuer: issuer.to_string(),
            names: names.iter().map(|name| AlternativeName::shown(name)).collect(),
            not_before: 0,
            not_after: days * DAY,
            traits: crate::model::certificate::CertificateTraits::default(),
        };
        let root = Certificate { subject: issuer.to_string(), not_after: 900 * DAY, ..leaf.clone() };
        let detail = PhaseDetail::Tls(Box::new(TlsReport { chain: vec![leaf, root], ..TlsReport::default() }));
        let phase = Phase { stage: Stage::Tls, took: Duration::from_millis(1), detail };
        self.add(EventKind::Connection(ConnectionReport { address: address.parse().unwrap(), result: Ok(phase) }));
        self.serves(address)
    }
}

fn listed() -> EventLog {
    let mut log = EventLog::default();
    log.lists("dns", &[(A, LISTED), (B, LISTED), (C, LISTED)]);
    log
}

#[test]
fn a_certificate_is_reported_when_it_ends_within_the_limit_and_not_before() {
    let of = |days, warn_expiry| {
        let criteria = Criteria { warn_expiry, ..Criteria::default() };
        let conclusion = listed().presents(A, &["DNS:pay"], "CN=ca", days).judged(&criteria);
        conclusion.findings.iter().map(|finding| finding.text.clone()).collect::<Vec<_>>()
    };
    let fortnight = Criteria::default().warn_expiry;
    assert_eq!(of(9, fortnight), ["10.0.0.1:50051: tls: certificate expires in 8 days (1970-01-10)"]);
    assert_eq!(of(15, fortnight), [""; 0]);
    assert_eq!(of(9, Duration::ZERO), [""; 0], "0 switches it off");
    assert_eq!(of(9, Duration::from_secs(7 * 24 * 3600)), [""; 0]);
    let mut log = listed();
    let conclusion = log.presents(A, &["DNS:pay"], "CN=ca", 9).serves(B).serves(C).concludes();
    assert_eq!((codes(&conclusion), conclusion.summary.exit), (vec!["GD310"], 1));
}

#[test]
fn endpoints_with_the_same_names_and_issuer_do_not_differ_whatever_their_dates() {
    let mut log = listed();
    log.presents(A, &["DNS:pay"], "CN=ca", 90).presents(B, &["DNS:pay"], "CN=ca", 400);
    assert_eq!(codes(&log.concludes()), [""; 0]);
}

#[test]
fn each_endpoints_own_address_is_no_difference() {
    let mut log = listed();
    log.presents(A, &["DNS:pay", "IP:10.0.0.1"], "CN=ca", 90).presents(B, &["IP:10.0.0.2", "DNS:pay"], "CN=ca", 90);
    assert_eq!(codes(&log.concludes()), [""; 0]);
}

#[test]
fn the_odd_certificate_is_named_first() {
    let mut log = listed();
    log.presents(A, &["DNS:pay"], "CN=ca", 90).presents(B, &["DNS:pay"], "CN=old", 90);
    let conclusion = log.presents(C, &["DNS:pay"], "CN=ca", 90).concludes();
    assert_eq!((codes(&conclusion), conclusion.summary.exit), (vec!["GD311"], 0));
    let expected = "endpoints present 2 kinds of certificate: 10.0.0.2:50051 [DNS:pay] issued by \"CN=old\"; \
                    10.0.0.1:50051 and 1 more [DNS:pay] issued by \"CN=ca\"";
    assert_eq!(conclusion.findings[0].text, expected);
}
