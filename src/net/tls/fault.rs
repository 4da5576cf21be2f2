//! What is wrong with a certificate: the verifier's errors with facts from the presented chain.

use tokio_rustls::rustls::CertificateError;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::server::ParsedCertificate;

use super::flaw::{BETTER_KEY, flaw, weak_key};
use super::other_name::other_name;
use super::path::{self, ChainEnd};
use super::presented::PresentedChain;
use super::refusal::Refusal;
use super::{certificate, list};
use crate::model::certificate::{CertificateTraits, KeyKind, Purpose, TlsFault};
use crate::model::dates::{ago, ahead};
use crate::model::reach::FailureCode;

/// The errors that can result from the library's limits.
pub(super) fn may_be_our_limit(error: &CertificateError) -> bool {
    match error {
        CertificateError::BadSignature
        | CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. }
        | CertificateError::UnhandledCriticalExtension
        | CertificateError::InvalidPurpose
        | CertificateError::InvalidPurposeContext { .. }
        | CertificateError::NotValidForName
        | CertificateError::NotValidForNameContext { .. }
        | CertificateError::BadEncoding => true,
        CertificateError::Other(_) => matches!(
            of_webpki(error),
            Some(
                webpki::Error::CaUsedAsEndEntity
                    | webpki::Error::UnsupportedCertVersion
                    | webpki::Error::UnsupportedCriticalExtension
                    | webpki::Error::InvalidSerialNumber
            )
        ),
        #[expect(deprecated, reason = "webpki still has it")]
        CertificateError::UnsupportedSignatureAlgorithm => true,
        _ => false,
    }
}

/// The server did not prove possession of the certificate's key, as far as the library can determine.
pub(super) fn unproved(leaf: &CertificateDer<'_>) -> Refusal {
    let key = certificate::read(leaf).map_or(KeyKind::Unknown, |leaf| leaf.traits.key);
    let parsed = ParsedCertificate::try_from(leaf).is_ok();
    let is_our_limit = path::is_common(&key) && (path::is_beyond(&key) || !parsed);
    let (text, fault) = match path::is_beyond(&key) {
        _ if !parsed => ("certificate cannot be parsed by this tool's TLS library (rustls)".to_string(), None),
        true => (weak_key("certificate", &key), Some(TlsFault::Reissue(BETTER_KEY.to_string()))),
        false => ("server's signature does not match the key of its certificate".to_string(), None),
    };
    Refusal { code: FailureCode::CertificateVerificationFailed, text, fault, is_our_limit }
}

/// Why a certificate is rejected.
pub(super) fn explain(error: &CertificateError, seen: &PresentedChain<'_>) -> Refusal {
    use FailureCode as Code;
    let (code, text, fault) = match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => dates(seen, true),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => dates(seen, false),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            (Code::HostnameMismatch, other_name(seen), None)
        }
        CertificateError::UnknownIssuer => issuer(seen),
        // A self-signed certificate may be rejected as a CA certificate before its issuer is looked for.
        CertificateError::Other(_)
            if matches!(seen.chain.end(seen.roots.store()), Some(ChainEnd::Root(_))) && alone(seen) =>
        {
            issuer(seen)
        }
        CertificateError::BadSignature => bad_signature(seen),
        CertificateError::Revoked => (Code::CertificateRevoked, "certificate was revoked".to_string(), None),
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => purpose(seen),
        _ => match flaw(seen) {
            Some((text, fault)) => (Code::CertificateVerificationFailed, text, Some(fault)),
            None => other(error),
        },
    };
    Refusal { code, text, fault, is_our_limit: false }
}

type Explanation = (FailureCode, String, Option<TlsFault>);

/// The leaf only.
fn alone(seen: &PresentedChain<'_>) -> bool {
    seen.read.first().is_some_and(|leaf| leaf.subject == leaf.issuer)
}

fn dates(seen: &PresentedChain<'_>, expired: bool) -> Explanation {
    let now = seen.now;
    if let Some(at) = seen.find(|_, of_chain| of_chain.not_after < of_chain.not_before) {
        let text = format!("{} has an end date before its start date, so it is never valid", seen.whose(at));
        return (
            FailureCode::CertificateExpired,
            text.clone(),
            Some(TlsFault::Reissue("with an end date after its start date".to_string())),
        );
    }
    let at = seen.find(|_, of_chain| if expired { of_chain.not_after < now } else { of_chain.not_before > now });
    let dated = at.and_then(|at| Some((seen.whose(at), seen.read.get(at)?)));
    if expired {
        let text = match dated {
            Some((whose, certificate)) => format!("{whose} expired {}", ago(certificate.not_after, now)),
            None => "a certificate of the chain has expired".to_string(),
        };
        (FailureCode::CertificateExpired, text, None)
    } else {
        let text = match dated {
            Some((whose, certificate)) => format!("{whose} becomes valid {}", ahead(certificate.not_before, now)),
            None => "a certificate of the chain is not valid yet".to_string(),
        };
        (FailureCode::CertificateNotYetValid, text, None)
    }
}

/// The issuer is not trusted.
fn issuer(seen: &PresentedChain<'_>) -> Explanation {
    let unknown = |what: String| format!("certificate signed by unknown authority ({what})");
    let (text, fault) = match seen.chain.end(seen.roots.store()) {
        Some(ChainEnd::Root(root)) if alone(seen) => {
            (unknown(format!("\"{root}\", self-signed")), Some(TlsFault::RootUnknown(root)))
        }
        Some(ChainEnd::Root(root)) => {
            let text = unknown(format!("\"{root}\", a root that the server sent and that is not trusted here"));
            (text, Some(TlsFault::RootUnknown(root)))
        }
        Some(ChainEnd::Missing { issuer, intermediate }) => {
            let trusted = seen.roots.subjects();
            let text = if intermediate {
                format!(
                    "the server did not send the certificate of \"{issuer}\", the intermediate authority that signed the server's certificate"
                )
            } else {
                let known = match trusted.as_slice() {
                    [] => String::new(),
                    subjects => format!("; trusted: {}", list(subjects)),
                };
                format!(
                    "{}: it is not trusted here, and the server sent no intermediate certificate of that name{known}",
                    unknown(format!("\"{issuer}\""))
                )
            };
            (text, Some(TlsFault::IssuerMissing { issuer, trusted, intermediate }))
        }
        Some(ChainEnd::Trusted(root)) => match flaw(seen) {
            Some((text, fault)) => (text, Some(fault)),
            None => other_key(root),
        },
        None => ("certificate signed by unknown authority".to_string(), None),
    };
    (FailureCode::AuthorityInvalid, text, fault)
}

fn other_key(root: String) -> (String, Option<TlsFault>) {
    let text = format!(
        "certificate was signed with another key than the one of the trusted \"{root}\": the authority was recreated, or another authority has the same name"
    );
    (text, Some(TlsFault::OtherKey(root)))
}

fn bad_signature(seen: &PresentedChain<'_>) -> Explanation {
    let anchor = seen.roots.anchor_key(&seen.read);
    let beyond = |key: &KeyKind| path::is_beyond(key);
    if let Some((subject, key)) = anchor.filter(|(_, key)| beyond(key)) {
        let text = weak_key(&format!("certificate of the trusted root \"{subject}\""), &key);
        let fault = TlsFault::ReissueIssuer(BETTER_KEY.to_string());
        return (FailureCode::CertificateVerificationFailed, text, Some(fault));
    }
    match seen.find(|at, of_chain| at > 0 && beyond(&of_chain.traits.key)) {
        Some(at) => {
            let key = &seen.read[at].traits.key;
            let fault = TlsFault::ReissueIssuer(BETTER_KEY.to_string());
            (FailureCode::CertificateVerificationFailed, weak_key(&seen.whose(at), key), Some(fault))
        }
        None => match seen.chain.end(seen.roots.store()) {
            Some(ChainEnd::Trusted(root)) => {
                let (text, fault) = other_key(root);
                (FailureCode::AuthorityInvalid, text, fault)
            }
            _ => (
                FailureCode::CertificateVerificationFailed,
                "a certificate of the chain has an invalid signature".to_string(),
                None,
            ),
        },
    }
}

/// `extendedKeyUsage` without serverAuth.
fn purpose(seen: &PresentedChain<'_>) -> Explanation {
    let at = seen.find(|_, of_chain| !of_chain.traits.is_for(&Purpose::ServerAuth)).unwrap_or(0);
    let purposes = seen.read.get(at).and_then(|of_chain| of_chain.traits.purposes.clone()).unwrap_or_default();
    let has = if purposes.is_empty() { "nothing".to_string() } else { list(&purposes) };
    let text =
        format!("{} is not valid for server authentication (its extended key usage allows {has})", seen.whose(at));
    (FailureCode::CertificateVerificationFailed, text, Some(TlsFault::Purpose))
}

/// Server authentication is allowed.
pub(super) fn may_serve(traits: &CertificateTraits) -> bool {
    traits.is_for(&Purpose::ServerAuth) || traits.is_for(&Purpose::Any)
}

/// Any other error: the library's message without its types.
fn other(error: &CertificateError) -> Explanation {
    let reissue = |what: &str| Some(TlsFault::Reissue(what.to_string()));
    match error {
        CertificateError::BadEncoding => (
            FailureCode::CertificateMalformed,
            "certificate cannot be parsed".to_string(),
            reissue("in the encoding of RFC 5280"),
        ),
        CertificateError::UnhandledCriticalExtension => {
            let text = "certificate has a critical extension that this tool's TLS library (rustls) does not handle";
            (
                FailureCode::CertificateVerificationFailed,
                text.to_string(),
                reissue("with that extension marked as not critical"),
            )
        }
        error => {
            let (text, fault) = match of_webpki(error) {
                Some(webpki::Error::NameConstraintViolation) => (
                    "a name of the certificate is outside the names that its issuer may sign (name constraints)"
                        .to_string(),
                    Some(TlsFault::Reissue("with names that its issuer may sign".to_string())),
                ),
                Some(webpki::Error::PathLenConstraintViolated) => (
                    "the chain is longer than an issuer in it allows (path length constraint)".to_string(),
                    Some(TlsFault::ReissueIssuer("with a longer path length constraint".to_string())),
                ),
                _ => {
                    let words = match error {
                        CertificateError::Other(inner) => in_words(&format!("{:?}", inner.0)),
                        _ => "reason unknown".to_string(),
                    };
                    (format!("certificate does not verify: {words}"), None)
                }
            };
            (FailureCode::CertificateVerificationFailed, text, fault)
        }
    }
}

/// The webpki error below rustls, if rustls has no variant for it.
fn of_webpki(error: &CertificateError) -> Option<&webpki::Error> {
    match error {
        CertificateError::Other(inner) => inner.0.downcast_ref(),
        _ => None,
    }
}

/// `CaUsedAsEndEntity` as `ca used as end entity`; anything after the name is dropped.
fn in_words(camel: &str) -> String {
    let name: String = camel.chars().take_while(|c| c.is_ascii_alphanumeric()).collect();
    let mut words = String::new();
    for character in name.chars() {
        if character.is_ascii_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(character.to_lowercase());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_types_are_split_into_words() {
        assert_eq!(in_words("PathLenConstraintViolated"), "path len constraint violated");
        assert_eq!(in_words("TrailingData(Certificate)"), "trailing data");
    }
}
