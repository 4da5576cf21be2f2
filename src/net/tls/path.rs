//! Analyzes a certificate chain without the TLS library: which certificate signed which, where the chain ends, and
//! whether stacks without this library's limits accept it.
//!
//! Nothing here decides that a peer is trusted: it reports what other client stacks do with a rejected chain.

use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::crypto::WebPkiSupportedAlgorithms;
use tokio_rustls::rustls::pki_types::{CertificateDer, SignatureVerificationAlgorithm, TrustAnchor};
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::x509::SubjectPublicKeyInfo;

use super::certificate;
use crate::model::certificate::{CertificateTraits, Curve, Digest, KeyKind, KeyUsage, Purpose};

/// The maximum number of certificates in a chain.
const LONGEST: usize = 10;

/// Where a chain ends that starts with the leaf and follows the names of the issuers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ChainEnd {
    /// At a certificate that signs itself.
    Root(String),
    /// At an issuer whose name is trusted.
    Trusted(String),
    /// At an issuer that was neither sent nor is trusted.
    Missing {
        /// Its name.
        issuer: String,
        /// See [`certificate::shows_intermediate`].
        intermediate: bool,
    },
}

/// The chain as it was sent, leaf first, so far as it can be parsed.
pub(super) struct Chain<'a> {
    certificates: Vec<X509Certificate<'a>>,
}

impl<'a> Chain<'a> {
    /// Reads the certificates that a server sent.
    pub fn new(sent: impl Iterator<Item = &'a CertificateDer<'a>>) -> Self {
        let read = sent.take(LONGEST).filter_map(|der| Some(X509Certificate::from_der(der).ok()?.1));
        Chain { certificates: read.collect() }
    }

    /// See [`ChainEnd`]; `None` without a leaf.
    pub fn end(&self, roots: &RootCertStore) -> Option<ChainEnd> {
        let mut at = self.certificates.first()?;
        for _ in 0..LONGEST {
            if at.subject().as_raw() == at.issuer().as_raw() {
                return Some(ChainEnd::Root(at.subject().to_string()));
            }
            if anchors_of(roots, at).next().is_some() {
                return Some(ChainEnd::Trusted(at.issuer().to_string()));
            }
            match self.certificates.iter().find(|other| other.subject().as_raw() == at.issuer().as_raw()) {
                Some(issuer) => at = issuer,
                None => break,
            }
        }
        Some(ChainEnd::Missing { issuer: at.issuer().to_string(), intermediate: certificate::shows_intermediate(at) })
    }

    /// True when a stack without this library's limits on signatures, and without its strictness about
    /// `basicConstraints`, versions and policies of the leaf, accepts the chain at the time `now`: every signature
    /// that can be checked here is valid, every certificate is within its dates, every issuer may issue, and the
    /// server purpose is allowed by every certificate. Names are not checked.
    pub fn passes_elsewhere(&self, roots: &RootCertStore, algorithms: &WebPkiSupportedAlgorithms, now: i64) -> bool {
        let Some(leaf) = self.certificates.first() else { return false };
        // Name constraints are not supported here.
        let constrained = self.certificates.iter().skip(1).any(|issuer| certificate::traits(issuer).constrains_names);
        !constrained && self.climbs(leaf, roots, algorithms, now, LONGEST)
    }

    fn climbs(
        &self,
        at: &X509Certificate<'_>,
        roots: &RootCertStore,
        algorithms: &WebPkiSupportedAlgorithms,
        now: i64,
        left: usize,
    ) -> bool {
        let traits = certificate::traits(at);
        let (starts, ends) = (at.validity().not_before.timestamp(), at.validity().not_after.timestamp());
        let strong = traits.digest == Digest::Strong || at.subject().as_raw() == at.issuer().as_raw();
        let sound = strong && traits.unknown_critical.is_empty() && may_serve(&traits) && is_common(&traits.key);
        if left == 0 || now < starts || now > ends || !sound {
            return false;
        }
        let signed = |key: &SubjectPublicKeyInfo<'_>| match signature(at, key, algorithms) {
            Signature::Right => true,
            Signature::Invalid => false,
            Signature::Unchecked => is_common(&certificate::key(key)),
        };
        // The number of authorities below it is the number of steps, not counting the leaf.
        let below = LONGEST - left;
        let trusted = anchors_of(roots, at).any(|anchor| {
            let key = in_sequence(&anchor.subject_public_key_info);
            SubjectPublicKeyInfo::from_der(&key).is_ok_and(|(_, key)| signed(&key))
        });
        trusted
            || self.certificates.iter().skip(1).any(|issuer| {
                let traits = certificate::traits(issuer);
                issuer.subject().as_raw() == at.issuer().as_raw()
                    && issuer.subject().as_raw() != at.subject().as_raw()
                    && traits.is_ca
                    && traits.path_length.is_none_or(|most| below <= most as usize)
                    && traits.allows(KeyUsage::CertSign)
                    && signed(issuer.public_key())
                    && self.climbs(issuer, roots, algorithms, now, left - 1)
            })
    }
}

/// Whether `leaf` is self-signed with a key that is trusted under its name, which makes it one of the roots. The
/// holder of that key may issue any certificate.
pub(super) fn is_a_root(leaf: &[u8], roots: &RootCertStore) -> bool {
    let Ok((_, leaf)) = X509Certificate::from_der(leaf) else { return false };
    leaf.subject().as_raw() == leaf.issuer().as_raw()
        && anchors_of(roots, &leaf).any(|anchor| in_sequence(&anchor.subject_public_key_info) == leaf.public_key().raw)
}

fn may_serve(traits: &CertificateTraits) -> bool {
    traits.is_for(&Purpose::ServerAuth) || traits.is_for(&Purpose::Any)
}

/// The anchors with that name: their subject is stored without its outermost header.
fn anchors_of<'r>(
    roots: &'r RootCertStore,
    of: &X509Certificate<'_>,
) -> impl Iterator<Item = &'r TrustAnchor<'static>> {
    let issuer = of.issuer().as_raw().to_vec();
    roots.roots.iter().filter(move |anchor| in_sequence(&anchor.subject) == issuer)
}

/// `content` with the header of a DER sequence.
fn in_sequence(content: &[u8]) -> Vec<u8> {
    let mut whole = vec![0x30];
    match content.len() {
        short @ 0..0x80 => whole.push(short as u8),
        long => {
            let length = long.to_be_bytes();
            let length = &length[length.iter().take_while(|byte| **byte == 0).count()..];
            whole.push(0x80 | length.len() as u8);
            whole.extend_from_slice(length);
        }
    }
    whole.extend_from_slice(content);
    whole
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Signature {
    Right,
    Invalid,
    /// Not supported by the available algorithms.
    Unchecked,
}

/// Whether `key` signed `certificate`.
fn signature(
    certificate: &X509Certificate<'_>,
    key: &SubjectPublicKeyInfo<'_>,
    algorithms: &WebPkiSupportedAlgorithms,
) -> Signature {
    let is_of = |algorithm: &dyn SignatureVerificationAlgorithm| {
        let curve = key.algorithm.parameters.as_ref().and_then(|any| any.as_oid().ok());
        let of_key = algorithm.public_key_alg_id();
        names(&algorithm.signature_alg_id(), certificate.signature_algorithm.algorithm.as_bytes())
            && names(&of_key, key.algorithm.algorithm.as_bytes())
            && curve.is_none_or(|curve| of_key.ends_with(curve.as_bytes()))
    };
    let mut tried = false;
    for algorithm in algorithms.all.iter().filter(|algorithm| is_of(**algorithm)) {
        tried = true;
        let (message, signature) = (certificate.tbs_certificate.as_ref(), &certificate.signature_value.data);
        if algorithm.verify_signature(&key.subject_public_key.data, message, signature).is_ok() {
            return Signature::Right;
        }
    }
    if tried && !is_beyond(&certificate::key(key)) { Signature::Invalid } else { Signature::Unchecked }
}

/// Keys whose signatures the library cannot verify although it supports the algorithm.
pub(super) fn is_beyond(key: &KeyKind) -> bool {
    match key {
        // ring counts whole bytes.
        KeyKind::Rsa(bits) => !(2041..=8192).contains(bits),
        KeyKind::Ec(curve) => !matches!(curve, Curve::P256 | Curve::P384),
        KeyKind::Ed25519 => false,
        KeyKind::RsaPss(_) | KeyKind::Ed448 | KeyKind::Other(_) | KeyKind::Unknown => true,
    }
}

/// Keys that grpc-go accepts.
pub(super) fn is_common(key: &KeyKind) -> bool {
    match key {
        KeyKind::Rsa(bits) => (1024..=8192).contains(bits),
        KeyKind::Ec(curve) => matches!(curve, Curve::P256 | Curve::P384 | Curve::P521),
        KeyKind::Ed25519 => true,
        KeyKind::RsaPss(_) | KeyKind::Ed448 | KeyKind::Other(_) | KeyKind::Unknown => false,
    }
}

/// Whether an algorithm identifier starts with this OID.
fn names(identifier: &[u8], oid: &[u8]) -> bool {
    identifier
        .strip_prefix(&[0x06])
        .and_then(|rest| rest.split_first())
        .is_some_and(|(length, rest)| usize::from(*length) == oid.len() && rest.starts_with(oid))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_counts_what_follows() {
        assert_eq!(in_sequence(&[1, 2]), [0x30, 2, 1, 2]);
        assert_eq!(in_sequence(&[0; 0x80])[..3], [0x30, 0x81, 0x80]);
        assert_eq!(in_sequence(&[0; 300])[..4], [0x30, 0x82, 1, 44]);
    }

    #[test]
    fn an_identifier_is_of_its_oid_only() {
        assert!(names(&[6, 3, 0x2b, 0x65, 0x70], &[0x2b, 0x65, 0x70]));
        assert!(!names(&[6, 3, 0x2b, 0x65, 0x70], &[0x2b, 0x65]));
        assert!(!names(&[], &[0x2b]));
    }
}
