//! Which client stacks accept a certificate. Facts, verified with the real stacks against OpenSSL's server: grpc-go
//! 1.85, grpcio 1.85 (C-core), Node.js 20 (grpc-js), JDK 17 (the trust manager of grpc-java), rustls 0.23 with ring.

use std::borrow::Borrow;
use std::net::IpAddr;

use crate::model::certificate::{AlternativeName, Curve, Digest, KeyKind, KeyUsage, Purpose};
use crate::model::reach::Certificate;
use crate::text::plural;

/// A client stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stack {
    Go,
    Core,
    Java,
    Node,
    Rustls,
}

impl Stack {
    const ALL: [Stack; 5] = [Stack::Go, Stack::Core, Stack::Java, Stack::Node, Stack::Rustls];

    fn words(self) -> &'static str {
        match self {
            Stack::Go => "grpc-go",
            Stack::Core => "C-core (Python, C++, Ruby, PHP)",
            Stack::Java => "grpc-java",
            Stack::Node => "grpc-js",
            Stack::Rustls => "rustls (tonic, this tool)",
        }
    }
}

/// A property of a certificate that some stacks refuse and others accept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Oddity {
    /// The property: `an Ed25519 key`.
    pub what: String,
    /// The stacks that refuse it; all the others accept it.
    pub refuse: &'static [Stack],
    /// What all stacks would accept, after "issue … anew".
    pub better: String,
}

impl Oddity {
    /// `grpc-go and grpc-js accept it`.
    pub fn accepted(&self) -> String {
        let accept: Vec<&str> =
            Stack::ALL.iter().filter(|stack| !self.refuse.contains(stack)).map(|stack| stack.words()).collect();
        verb(&accept, "accepts it", "accept it")
    }

    /// `C-core (Python, C++, Ruby, PHP) rejects it`.
    pub fn refused(&self) -> String {
        let refuse: Vec<&str> = self.refuse.iter().map(|stack| stack.words()).collect();
        verb(&refuse, "rejects it", "reject it")
    }
}

fn verb(who: &[&str], one: &str, several: &str) -> String {
    format!("{} {}", super::report::join(who), plural(who.len(), one, several))
}

/// The properties of `chain` (leaf first) that some stacks refuse. The chain was verified for `server_name` at the
/// time `now` and ends at `anchor`, where that is known. A server's own certificate that is the anchor has no issuer
/// to check.
pub(super) fn odd<C: Borrow<Certificate>>(
    chain: &[C],
    server_name: &str,
    anchor: Option<&Certificate>,
    now: i64,
) -> Vec<Oddity> {
    let Some(leaf) = chain.first().map(Borrow::borrow) else { return Vec::new() };
    let mut found = of_leaf(leaf);
    found.extend(of_names(leaf, server_name));
    let anchor = anchor.filter(|anchor| *anchor != leaf);
    for issuer in chain.iter().skip(1).map(Borrow::borrow).chain(anchor) {
        if let Some((what, refuse)) = key(&issuer.traits.key, true) {
            let what = format!("an issuer (\"{}\") with {what}", issuer.subject);
            let better = "from an authority with an ECDSA P-256 or an RSA key of 2048 bits";
            found.push(Oddity { what, refuse, better: better.to_string() });
        }
    }
    for issuer in chain.iter().skip(1).map(Borrow::borrow).filter(|issuer| !issuer.traits.allows(KeyUsage::CertSign)) {
        if chain.iter().any(|below| below.borrow().issuer == issuer.subject) {
            found.push(Oddity {
                what: format!("an issuer (\"{}\") whose key usage lacks keyCertSign", issuer.subject),
                refuse: &[Stack::Go, Stack::Core, Stack::Java, Stack::Node],
                better: "from an authority with the key usage keyCertSign".to_string(),
            });
        }
    }
    for signed in chain.iter().map(Borrow::borrow).filter(|signed| signed.subject != signed.issuer) {
        let refuse: &[Stack] = match signed.traits.digest {
            Digest::Strong | Digest::Md5 => continue,
            Digest::Sha1 => &[Stack::Go, Stack::Node, Stack::Rustls],
            Digest::Sha224 => &[Stack::Go, Stack::Rustls],
        };
        let what = format!("a signature with {}", signed.traits.digest);
        found.push(Oddity { what, refuse, better: "signed with SHA-256".to_string() });
    }
    if let Some(anchor) = anchor {
        let subject = &anchor.subject;
        if anchor.not_after < now {
            let what = format!("a trusted root (\"{subject}\") that has expired");
            let better = "from an authority that has not expired".to_string();
            found.push(Oddity { what, refuse: &[Stack::Go, Stack::Core, Stack::Node], better });
        }
        if !anchor.traits.is_ca && anchor.traits.version == 3 {
            let what = format!("a trusted root (\"{subject}\") without basicConstraints CA:TRUE");
            let better = "from an authority whose certificate has CA:TRUE".to_string();
            found.push(Oddity { what, refuse: &[Stack::Go, Stack::Java], better });
        }
    }
    found.dedup();
    found
}

fn of_leaf(leaf: &Certificate) -> Vec<Oddity> {
    let traits = &leaf.traits;
    let mut found = Vec::new();
    if let Some((what, refuse)) = key(&traits.key, false) {
        let better = "with an ECDSA P-256 or an RSA key of 2048 bits".to_string();
        found.push(Oddity { what, refuse, better });
    }
    if !traits.allows(KeyUsage::DigitalSignature) {
        // Node.js accepts any usage that some key exchange needs.
        let exchanges = traits.allows(KeyUsage::KeyEncipherment) || traits.allows(KeyUsage::KeyAgreement);
        found.push(Oddity {
            what: "a key usage without digitalSignature".to_string(),
            refuse: if exchanges { &[Stack::Core, Stack::Java] } else { &[Stack::Core, Stack::Java, Stack::Node] },
            better: "with the key usage digitalSignature".to_string(),
        });
    }
    if !traits.is_for(&Purpose::ServerAuth) && traits.is_for(&Purpose::Any) {
        found.push(Oddity {
            what: "the extended key usage \"any\" instead of serverAuth".to_string(),
            refuse: &[Stack::Core, Stack::Node, Stack::Rustls],
            better: "with the extended key usage serverAuth".to_string(),
        });
    }
    if traits.critical_policies {
        found.push(Oddity {
            what: "a critical certificatePolicies extension".to_string(),
            refuse: &[Stack::Rustls],
            better: "with a certificatePolicies extension that is not critical".to_string(),
        });
    }
    if traits.is_ca && leaf.subject != leaf.issuer {
        found.push(Oddity {
            what: "basicConstraints CA:TRUE".to_string(),
            refuse: &[Stack::Rustls],
            better: "with basicConstraints CA:FALSE".to_string(),
        });
    }
    if traits.negative_serial {
        found.push(Oddity {
            what: "a negative serial number".to_string(),
            refuse: &[Stack::Go],
            better: "with a positive serial number".to_string(),
        });
    }
    found
}

/// A key that some stacks refuse. A server's key must sign in the handshake, an issuer's only certificates.
fn key(key: &KeyKind, issuer: bool) -> Option<(String, &'static [Stack])> {
    let refuse: &[Stack] = match key {
        KeyKind::Rsa(..1024) => &[Stack::Go, Stack::Java, Stack::Node, Stack::Rustls],
        // ring counts whole bytes.
        KeyKind::Rsa(1024..2041) => &[Stack::Rustls],
        KeyKind::Rsa(8193..) => &[Stack::Go, Stack::Rustls],
        KeyKind::Ed25519 if !issuer => &[Stack::Core],
        KeyKind::Ec(Curve::P521) if issuer => &[Stack::Rustls],
        KeyKind::Ec(Curve::P521) => &[Stack::Core, Stack::Rustls],
        _ => return None,
    };
    let what = match key {
        KeyKind::Rsa(bits) => format!("an RSA key of {bits} bits"),
        KeyKind::Ed25519 => "an Ed25519 key".to_string(),
        key => format!("an {key} key"),
    };
    Some((what, refuse))
}

/// The rules by which a name matches differ between stacks.
fn of_names(leaf: &Certificate, server_name: &str) -> Option<Oddity> {
    let wanted = server_name.to_ascii_lowercase();
    let ip = wanted.parse::<IpAddr>().ok();
    let kind = if ip.is_some() { "IP" } else { "DNS" };
    let better = format!("with the subject alternative name {kind}:{server_name}");
    let odd = |what: String, refuse| Some(Oddity { what, refuse, better: better.clone() });
    if leaf.names.is_empty() {
        let common = leaf.traits.common_name.as_deref()?.to_ascii_lowercase();
        let what = format!("no subject alternative name, only the common name \"{common}\"");
        return match common == wanted {
            true if ip.is_some() => odd(what, &[Stack::Go, Stack::Java, Stack::Node, Stack::Rustls]),
            true => odd(what, &[Stack::Go, Stack::Rustls]),
            false => None,
        };
    }
    let dns: Vec<String> = leaf.names.iter().filter_map(AlternativeName::dns).map(str::to_ascii_lowercase).collect();
    if let Some(ip) = ip {
        let as_name = !leaf.names.contains(&AlternativeName::Ip(ip)) && dns.contains(&wanted);
        let refuse = &[Stack::Go, Stack::Java, Stack::Node, Stack::Rustls];
        return as_name.then(|| odd(format!("the address {wanted} as a DNS name"), refuse)).flatten();
    }
    if dns.contains(&wanted) {
        return None;
    }
    if dns.contains(&format!("{wanted}.")) {
        let refuse = &[Stack::Go, Stack::Java, Stack::Rustls];
        return odd(format!("the name \"{wanted}.\" with a trailing dot"), refuse);
    }
    let (label, domain) = wanted.split_once('.')?;
    if dns.contains(&format!("*.{domain}")) {
        let what = format!("a wildcard directly below a top-level domain (\"*.{domain}\")");
        return if domain.contains('.') { None } else { odd(what, &[Stack::Node, Stack::Rustls]) };
    }
    let partial = dns.iter().find(|name| {
        let pattern = name.strip_suffix(domain).and_then(|first| first.strip_suffix('.'));
        pattern.and_then(|pattern| pattern.split_once('*')).is_some_and(|(before, after)| {
            !after.contains('*')
                && label.len() >= before.len() + after.len()
                && label.starts_with(before)
                && label.ends_with(after)
        })
    })?;
    let what = format!("a wildcard for a part of a label (\"{partial}\")");
    odd(what, &[Stack::Go, Stack::Core, Stack::Rustls])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::certificate::CertificateTraits;

    fn leaf(names: &[&str], traits: CertificateTraits) -> Certificate {
        Certificate {
            subject: "CN=leaf".to_string(),
            issuer: "CN=root".to_string(),
            names: names.iter().map(|name| AlternativeName::shown(name)).collect(),
            not_before: 0,
            not_after: 2_000,
            traits: CertificateTraits { version: 3, ..traits },
        }
    }

    fn refused(certificate: &Certificate, name: &str) -> Vec<&'static [Stack]> {
        odd(&[certificate], name, None, 1_000).into_iter().map(|oddity| oddity.refuse).collect()
    }

    #[test]
    fn keys_are_refused_as_the_real_stacks_refuse_them() {
        use Stack::{Core, Go, Java, Node, Rustls};
        let cases: [(KeyKind, &[&[Stack]]); 9] = [
            (KeyKind::Ec(Curve::P256), &[]),
            (KeyKind::Ec(Curve::P384), &[]),
            (KeyKind::Ec(Curve::P521), &[&[Core, Rustls]]),
            (KeyKind::Ed25519, &[&[Core]]),
            (KeyKind::Rsa(768), &[&[Go, Java, Node, Rustls]]),
            (KeyKind::Rsa(1024), &[&[Rustls]]),
            (KeyKind::Rsa(2040), &[&[Rustls]]),
            (KeyKind::Rsa(2048), &[]),
            (KeyKind::Rsa(16384), &[&[Go, Rustls]]),
        ];
        for (key, expected) in cases {
            let certificate = leaf(&["DNS:pay"], CertificateTraits { key: key.clone(), ..Default::default() });
            assert_eq!(refused(&certificate, "pay"), expected, "{key}");
        }
    }

    #[test]
    fn names_fit_by_the_rules_of_each_stack() {
        use Stack::{Core, Go, Java, Node, Rustls};
        /// Names in the certificate, common name, dialed name, stacks that refuse.
        type Case = (&'static [&'static str], Option<&'static str>, &'static str, &'static [&'static [Stack]]);
        let cases: [Case; 13] = [
            (&["DNS:pay.example.test"], None, "pay.example.test", &[]),
            (&["DNS:PAY.example.test"], None, "pay.example.test", &[]),
            (&["DNS:*.example.test"], None, "pay.example.test", &[]),
            (&["IP:10.0.0.1"], None, "10.0.0.1", &[]),
            (&[], Some("pay.example.test"), "pay.example.test", &[&[Go, Rustls]]),
            (&[], Some("127.0.0.1"), "127.0.0.1", &[&[Go, Java, Node, Rustls]]),
            (&[], Some("other"), "pay", &[]),
            (&["DNS:127.0.0.1"], None, "127.0.0.1", &[&[Go, Java, Node, Rustls]]),
            (&["DNS:127.0.0.1", "IP:127.0.0.1"], None, "127.0.0.1", &[]),
            (&["DNS:pay.example.test."], None, "pay.example.test", &[&[Go, Java, Rustls]]),
            (&["DNS:*.test"], None, "pay.test", &[&[Node, Rustls]]),
            (&["DNS:p*.example.test"], None, "pay.example.test", &[&[Go, Core, Rustls]]),
            (&["DNS:x*.example.test"], None, "pay.example.test", &[]),
        ];
        for (names, common, wanted, expected) in cases {
            let traits = CertificateTraits { common_name: common.map(str::to_string), ..Default::default() };
            assert_eq!(refused(&leaf(names, traits), wanted), expected, "{names:?} {common:?} {wanted}");
        }
    }

    #[test]
    fn purposes_usages_and_flags_are_read_differently() {
        use Stack::{Core, Go, Java, Node, Rustls};
        let traits = CertificateTraits { usages: Some(vec![KeyUsage::KeyEncipherment]), ..Default::default() };
        assert_eq!(refused(&leaf(&["DNS:a"], traits), "a"), [&[Core, Java]]);
        let traits = CertificateTraits { usages: Some(vec![KeyUsage::CertSign]), ..Default::default() };
        assert_eq!(refused(&leaf(&["DNS:a"], traits), "a"), [&[Core, Java, Node]]);
        let traits = CertificateTraits { purposes: Some(vec![Purpose::Any]), ..Default::default() };
        assert_eq!(refused(&leaf(&["DNS:a"], traits), "a"), [&[Core, Node, Rustls]]);
        let traits = CertificateTraits { is_ca: true, ..Default::default() };
        assert_eq!(refused(&leaf(&["DNS:a"], traits.clone()), "a"), [&[Rustls]]);
        let itself = Certificate { subject: "CN=root".to_string(), ..leaf(&["DNS:a"], traits) };
        assert_eq!(odd(&[&itself], "a", Some(&itself), 1_000), []);
        let traits = CertificateTraits { digest: Digest::Sha1, ..Default::default() };
        assert_eq!(refused(&leaf(&["DNS:a"], traits), "a"), [&[Go, Node, Rustls]]);
    }

    #[test]
    fn a_trusted_root_is_checked_too() {
        use Stack::{Core, Go, Java, Node, Rustls};
        let good = leaf(&["DNS:a"], CertificateTraits::default());
        let root = |not_after, is_ca, key| Certificate {
            subject: "CN=root".to_string(),
            not_after,
            ..leaf(&[], CertificateTraits { is_ca, key, ..Default::default() })
        };
        let refused = |root: &Certificate| -> Vec<&'static [Stack]> {
            odd(&[&good], "a", Some(root), 1_000).into_iter().map(|oddity| oddity.refuse).collect()
        };
        assert!(refused(&root(2_000, true, KeyKind::Ed25519)).is_empty());
        assert_eq!(refused(&root(900, true, KeyKind::Ed25519)), [&[Go, Core, Node]]);
        assert_eq!(refused(&root(2_000, false, KeyKind::Ed25519)), [&[Go, Java]]);
        assert_eq!(refused(&root(2_000, true, KeyKind::Rsa(1024))), [&[Rustls]]);
    }

    #[test]
    fn stacks_that_do_not_reject_a_certificate_accept_it() {
        let oddity = Oddity { what: String::new(), refuse: &[Stack::Core], better: String::new() };
        assert_eq!(oddity.refused(), "C-core (Python, C++, Ruby, PHP) rejects it");
        assert_eq!(oddity.accepted(), "grpc-go, grpc-java, grpc-js and rustls (tonic, this tool) accept it");
    }
}
