//! Why TLS failed, in words: errors and alerts of rustls as gRFC A118's results and sentences for people. Pure.

use std::io;

use tokio_rustls::rustls::{AlertDescription, CertificateError, Error, PeerIncompatible, PeerMisbehaved};

use super::frames::{self, Opening};
use super::tcp;
use super::tls::ClientAuth;
use crate::model::dates::{ago, ahead};
use crate::model::reach::{Certificate, FailureCode, TlsReport};
use crate::model::text::quote_bytes;

/// Why a handshake failed. `first`: the peer's first bytes; `now`: seconds since 1970.
pub(super) fn explain_handshake(
    error: &io::Error,
    first: &[u8],
    report: &TlsReport,
    client: &ClientAuth,
    now: i64,
) -> (FailureCode, String) {
    let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) else {
        return match tcp::classify(error) {
            (FailureCode::Closed, _) if first.is_empty() || is_tls(first) => {
                (FailureCode::Closed, "closed the connection during the TLS handshake".to_string())
            }
            (FailureCode::Closed, _) => not_tls(first),
            other => other,
        };
    };
    match tls {
        Error::InvalidMessage(_) | Error::PeerSentOversizedRecord if !is_tls(first) => not_tls(first),
        Error::InvalidCertificate(why) => explain_certificate(why, report, now),
        Error::AlertReceived(alert) => explain_alert(*alert, report, client),
        Error::NoApplicationProtocol | Error::PeerMisbehaved(PeerMisbehaved::SelectedUnofferedApplicationProtocol) => (
            FailureCode::NoApplicationProtocol,
            "server selected a protocol other than h2; gRPC needs ALPN h2".to_string(),
        ),
        Error::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
            | PeerIncompatible::Tls12NotOffered
            | PeerIncompatible::Tls12NotOfferedOrEnabled,
        ) => (FailureCode::ProtocolVersionUnsupported, "server speaks neither TLS 1.2 nor 1.3".to_string()),
        Error::PeerIncompatible(PeerIncompatible::NoCipherSuitesInCommon) => {
            (FailureCode::CipherSuiteMismatch, "no cipher suite in common".to_string())
        }
        Error::NoCertificatesPresented => {
            (FailureCode::CertificateVerificationFailed, "server presented no certificate".to_string())
        }
        other => (FailureCode::TlsFailed, lower(&other.to_string())),
    }
}

/// Why the peer refused what it was sent.
pub(super) fn explain_alert(alert: AlertDescription, report: &TlsReport, client: &ClientAuth) -> (FailureCode, String) {
    let name = alert_name(alert);
    match alert {
        AlertDescription::NoApplicationProtocol => (
            FailureCode::NoApplicationProtocol,
            "server does not offer ALPN h2, which gRPC needs (alert no_application_protocol)".to_string(),
        ),
        AlertDescription::CertificateRequired => client_certificate(client, &format!("alert {name}")),
        AlertDescription::ProtocolVersion => (
            FailureCode::ProtocolVersionUnsupported,
            "server accepts neither TLS 1.2 nor 1.3 (alert protocol_version)".to_string(),
        ),
        AlertDescription::InsufficientSecurity => {
            (FailureCode::CipherSuiteMismatch, format!("no cipher suite in common (alert {name})"))
        }
        AlertDescription::UnrecognisedName => (
            FailureCode::HostnameMismatch,
            format!("server has no certificate for {} (alert {name})", report.server_name),
        ),
        AlertDescription::HandshakeFailure
        | AlertDescription::BadCertificate
        | AlertDescription::NoCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnknownCA
        | AlertDescription::AccessDenied
        | AlertDescription::DecryptError
            if client.asked.is_some() =>
        {
            client_certificate(client, &format!("alert {name}"))
        }
        AlertDescription::HandshakeFailure => {
            (FailureCode::CipherSuiteMismatch, format!("no cipher suite in common (alert {name})"))
        }
        _ => (FailureCode::TlsFailed, format!("server refused the TLS handshake (alert {name})")),
    }
}

/// Why a connection that the server ended before its SETTINGS was most likely a matter of client certificates: it asked
/// for one and got none (TLS 1.3 refuses only after the handshake, and the alert may be lost on the way).
pub(super) fn explain_silent_refusal(client: &ClientAuth) -> Option<(FailureCode, String)> {
    (client.asked.is_some() && !client.given).then(|| client_certificate(client, "it closed the connection"))
}

fn client_certificate(client: &ClientAuth, alert: &str) -> (FailureCode, String) {
    let issuers = match client.asked.as_deref() {
        None | Some([]) => String::new(),
        Some(issuers) => format!(" issued by {}", quoted(issuers, " or ")),
    };
    let text = match (client.given, issuers.as_str()) {
        (true, "") => format!("server refused our client certificate ({alert})"),
        (true, _) => format!("server refused our client certificate ({alert}); it wants one{issuers}"),
        (false, _) => format!("server wants a client certificate{issuers} and was given none ({alert})"),
    };
    (FailureCode::ClientCertificateRequired, text)
}

fn explain_certificate(why: &CertificateError, report: &TlsReport, now: i64) -> (FailureCode, String) {
    let leaf = report.chain.first();
    let dated = |wrong: fn(&Certificate, i64) -> bool| report.chain.iter().position(|of_chain| wrong(of_chain, now));
    match why {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            let at = dated(|certificate, now| certificate.not_after < now);
            let text = match at.and_then(|at| Some((at, report.chain.get(at)?))) {
                Some((0, leaf)) => format!("certificate expired {}", ago(leaf.not_after, now)),
                Some((_, issuer)) => {
                    format!("certificate of the issuer \"{}\" expired {}", issuer.subject, ago(issuer.not_after, now))
                }
                None => "a certificate of the chain has expired".to_string(),
            };
            (FailureCode::CertificateExpired, text)
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            let at = dated(|certificate, now| certificate.not_before > now);
            let text = match at.and_then(|at| Some((at, report.chain.get(at)?))) {
                Some((0, leaf)) => format!("certificate becomes valid {}", ahead(leaf.not_before, now)),
                Some((_, issuer)) => format!(
                    "certificate of the issuer \"{}\" becomes valid {}",
                    issuer.subject,
                    ahead(issuer.not_before, now)
                ),
                None => "a certificate of the chain is not valid yet".to_string(),
            };
            (FailureCode::CertificateNotYetValid, text)
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            let names = leaf.map_or(&[][..], |leaf| &leaf.names);
            let text = match names {
                [] => format!("certificate names no host (no subject alternative name), not {}", report.server_name),
                names => format!("certificate is for [{}], not {}", list(names), report.server_name),
            };
            (FailureCode::HostnameMismatch, text)
        }
        // A self-signed certificate may be called a CA that is no server's certificate before its issuer is looked for.
        CertificateError::UnknownIssuer | CertificateError::Other(_)
            if leaf.is_some_and(|leaf| leaf.subject == leaf.issuer) =>
        {
            let subject = leaf.map_or("", |leaf| leaf.subject.as_str());
            (
                FailureCode::AuthorityInvalid,
                format!("certificate signed by unknown authority (\"{subject}\", self-signed)"),
            )
        }
        CertificateError::UnknownIssuer => {
            let text = match report.chain.last() {
                Some(last) => format!("certificate signed by unknown authority (\"{}\")", last.issuer),
                None => "certificate signed by unknown authority".to_string(),
            };
            (FailureCode::AuthorityInvalid, text)
        }
        CertificateError::Revoked => (FailureCode::CertificateRevoked, "certificate was revoked".to_string()),
        CertificateError::BadEncoding => (FailureCode::CertificateMalformed, "certificate cannot be read".to_string()),
        other => (FailureCode::CertificateVerificationFailed, format!("certificate does not verify: {other}")),
    }
}

fn not_tls(first: &[u8]) -> (FailureCode, String) {
    let spoken = match frames::judge(first) {
        Opening::Http2 if first[3] == frames::SETTINGS => "it answered with HTTP/2 SETTINGS in plaintext".to_string(),
        _ => format!("it answered \"{}\"", quote_bytes(first, 40)),
    };
    (FailureCode::NotTls, format!("peer does not speak TLS on this port: {spoken}"))
}

/// A TLS record begins with its type and the major version 3.
fn is_tls(first: &[u8]) -> bool {
    matches!(first, [0x14..=0x18] | [0x14..=0x18, 3, ..])
}

/// The alert's name as RFC 8446 writes it: `unknown_ca`.
fn alert_name(alert: AlertDescription) -> String {
    if let AlertDescription::Unknown(number) = alert {
        return number.to_string();
    }
    let camel = format!("{alert:?}");
    let mut name = String::new();
    let mut before_upper = true;
    for character in camel.chars() {
        if character.is_uppercase() && !before_upper {
            name.push('_');
        }
        before_upper = character.is_uppercase();
        name.extend(character.to_lowercase());
    }
    name
}

fn list(names: &[String]) -> String {
    const SHOWN: usize = 8;
    let shown = names[..names.len().min(SHOWN)].join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown}, and {more} more"),
    }
}

fn quoted(names: &[String], between: &str) -> String {
    const SHOWN: usize = 3;
    let shown: Vec<_> = names.iter().take(SHOWN).map(|name| format!("\"{name}\"")).collect();
    match names.len().saturating_sub(SHOWN) {
        0 => shown.join(between),
        more => format!("{} or {more} others", shown.join(", ")),
    }
}

fn lower(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_lowercase().chain(characters).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(issuers: &[&str], given: bool) -> ClientAuth {
        ClientAuth { asked: Some(issuers.iter().map(|issuer| issuer.to_string()).collect()), given }
    }

    #[test]
    fn alerts_are_named_as_the_rfc_names_them() {
        for (alert, name) in [
            (AlertDescription::UnknownCA, "unknown_ca"),
            (AlertDescription::HandshakeFailure, "handshake_failure"),
            (AlertDescription::NoApplicationProtocol, "no_application_protocol"),
            (AlertDescription::Unknown(200), "200"),
        ] {
            assert_eq!(alert_name(alert), name);
        }
    }

    #[test]
    fn a_handshake_failure_is_a_matter_of_ciphers_unless_a_certificate_was_asked_for() {
        let report = TlsReport::default();
        let nobody = explain_alert(AlertDescription::HandshakeFailure, &report, &ClientAuth::default());
        assert_eq!(nobody.0, FailureCode::CipherSuiteMismatch);
        let (code, text) = explain_alert(AlertDescription::HandshakeFailure, &report, &asked(&[], false));
        assert_eq!(code, FailureCode::ClientCertificateRequired);
        assert_eq!(text, "server wants a client certificate and was given none (alert handshake_failure)");
        let (code, text) =
            explain_alert(AlertDescription::CertificateExpired, &report, &asked(&["CN=A", "CN=B"], true));
        assert_eq!(code, FailureCode::ClientCertificateRequired);
        let expected = "server refused our client certificate (alert certificate_expired); it wants one issued by \"CN=A\" or \"CN=B\"";
        assert_eq!(text, expected);
        let (code, text) = explain_alert(AlertDescription::InternalError, &report, &asked(&[], false));
        assert_eq!(
            (code, text.as_str()),
            (FailureCode::TlsFailed, "server refused the TLS handshake (alert internal_error)")
        );
    }

    #[test]
    fn a_silent_end_is_a_refusal_only_when_a_certificate_was_due() {
        assert_eq!(explain_silent_refusal(&ClientAuth::default()), None);
        assert_eq!(explain_silent_refusal(&asked(&[], true)), None);
        assert!(explain_silent_refusal(&asked(&[], false)).is_some());
    }

    #[test]
    fn an_expired_issuer_is_not_called_an_expired_certificate() {
        let certificate = |subject: &str, not_after| Certificate {
            subject: subject.to_string(),
            issuer: "CN=root".to_string(),
            names: Vec::new(),
            not_before: 0,
            not_after,
        };
        let chain = vec![certificate("CN=leaf", 2_000_000_000), certificate("CN=middle", 1_795_000_000)];
        let report = TlsReport { chain, ..TlsReport::default() };
        let now = 1_795_000_000 + 2 * 60 * 60;
        let (code, text) = explain_certificate(&CertificateError::Expired, &report, now);
        assert_eq!(code, FailureCode::CertificateExpired);
        assert_eq!(text, "certificate of the issuer \"CN=middle\" expired 2 hours ago (2026-11-18)");
        let (code, text) = explain_certificate(&CertificateError::NotValidForName, &report, now);
        assert_eq!(code, FailureCode::HostnameMismatch);
        assert!(text.starts_with("certificate names no host"), "{text}");
    }

    #[test]
    fn long_lists_are_cut() {
        let names: Vec<_> = (0..10).map(|n| format!("DNS:{n}")).collect();
        assert!(list(&names).ends_with("DNS:7, and 2 more"));
        assert_eq!(quoted(&names, " or "), "\"DNS:0\", \"DNS:1\", \"DNS:2\" or 7 others");
    }
}
