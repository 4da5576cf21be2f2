//! Why TLS failed: errors and alerts of rustls as gRFC A118's results and as sentences. Pure.

use std::io;

use tokio_rustls::rustls::{AlertDescription, Error, PeerIncompatible, PeerMisbehaved};

use super::alert::alert_name;
use super::client_auth::{ClientAuth, client_certificate};
use super::refusal_in;
use super::tls_failure::TlsFailure;
use crate::model::certificate::TlsFault;
use crate::model::reach::FailureCode;

/// Why a handshake failed; `None` when the error is not one of TLS. `first`: the peer's first bytes as far as they
/// are known.
pub(crate) fn explain_handshake(
    error: &io::Error,
    first: &[u8],
    server_name: &str,
    client: &ClientAuth,
) -> Option<TlsFailure> {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>())?;
    let common = |text: String, fault| TlsFailure::new(FailureCode::CipherSuiteMismatch, text, fault);
    Some(match tls {
        Error::InvalidMessage(_) | Error::PeerSentOversizedRecord if !is_tls(first) => return None,
        Error::InvalidCertificate(_) => match refusal_in(tls) {
            Some(refusal) => TlsFailure::new(refusal.code, refusal.text.clone(), refusal.fault.clone()),
            None => TlsFailure::new(FailureCode::CertificateVerificationFailed, "certificate does not verify", None),
        },
        Error::AlertReceived(alert) => explain_alert(*alert, server_name, client),
        Error::NoApplicationProtocol | Error::PeerMisbehaved(PeerMisbehaved::SelectedUnofferedApplicationProtocol) => {
            let text = "server selected a protocol other than h2; gRPC requires ALPN h2";
            TlsFailure::new(FailureCode::NoApplicationProtocol, text, None)
        }
        Error::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
            | PeerIncompatible::Tls12NotOffered
            | PeerIncompatible::Tls12NotOfferedOrEnabled,
        ) => old_version(first),
        // rustls' errors for a ServerHello with an unsupported version.
        Error::PeerMisbehaved(_) | Error::PeerIncompatible(_) if server_version(first).is_some_and(is_old) => {
            old_version(first)
        }
        Error::PeerIncompatible(PeerIncompatible::NoCipherSuitesInCommon)
        | Error::PeerMisbehaved(PeerMisbehaved::SelectedUnofferedCipherSuite) => {
            common("no cipher suite in common".to_string(), Some(TlsFault::Ciphers))
        }
        Error::PeerIncompatible(PeerIncompatible::NoKxGroupsInCommon)
        | Error::PeerMisbehaved(
            PeerMisbehaved::SelectedUnofferedKxGroup | PeerMisbehaved::IllegalHelloRetryRequestWithUnofferedNamedGroup,
        ) => common("no key exchange group in common".to_string(), Some(TlsFault::Groups)),
        Error::NoCertificatesPresented => {
            TlsFailure::new(FailureCode::CertificateVerificationFailed, "server presented no certificate", None)
        }
        other => TlsFailure::new(FailureCode::TlsFailed, in_words(other), None),
    })
}

/// Why the peer rejected what it got.
pub(crate) fn explain_alert(alert: AlertDescription, server_name: &str, client: &ClientAuth) -> TlsFailure {
    let name = alert_name(alert);
    match alert {
        AlertDescription::NoApplicationProtocol => TlsFailure::new(
            FailureCode::NoApplicationProtocol,
            "server does not support ALPN h2, which gRPC requires (alert no_application_protocol)",
            None,
        ),
        AlertDescription::CertificateRequired => client_certificate(client, Some(alert)),
        AlertDescription::ProtocolVersion => TlsFailure::new(
            FailureCode::ProtocolVersionUnsupported,
            "server supports neither TLS 1.2 nor 1.3 (alert protocol_version)",
            Some(TlsFault::OldVersion),
        ),
        AlertDescription::InsufficientSecurity => TlsFailure::new(
            FailureCode::CipherSuiteMismatch,
            format!("no cipher suite in common (alert {name})"),
            Some(TlsFault::Ciphers),
        ),
        AlertDescription::UnrecognisedName => TlsFailure::new(
            FailureCode::HostnameMismatch,
            format!("server has no certificate for {server_name} (alert {name})"),
            Some(TlsFault::UnknownName),
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
            if client.requested.is_some() =>
        {
            client_certificate(client, Some(alert))
        }
        AlertDescription::HandshakeFailure => TlsFailure::new(
            FailureCode::CipherSuiteMismatch,
            format!("no TLS settings in common with the server (alert {name})"),
            None,
        ),
        _ => TlsFailure::new(FailureCode::TlsFailed, format!("server rejected the TLS handshake (alert {name})"), None),
    }
}

/// The server responded with a version before TLS 1.2.
fn old_version(first: &[u8]) -> TlsFailure {
    let text = server_version(first).map_or("server supports neither TLS 1.2 nor 1.3", old_version_text);
    TlsFailure::new(FailureCode::ProtocolVersionUnsupported, text, Some(TlsFault::OldVersion))
}

/// The text for a server with this newest version.
pub(super) fn old_version_text(version: u16) -> &'static str {
    match version {
        0x0300 => "server supports SSL 3.0 and nothing newer; gRPC requires TLS 1.2 or 1.3",
        0x0301 => "server supports TLS 1.0 and nothing newer; gRPC requires TLS 1.2 or 1.3",
        0x0302 => "server supports TLS 1.1 and nothing newer; gRPC requires TLS 1.2 or 1.3",
        _ => "server supports neither TLS 1.2 nor 1.3",
    }
}

fn is_old(version: u16) -> bool {
    version < 0x0303
}

/// The version of a ServerHello: after the record header and the handshake header.
fn server_version(first: &[u8]) -> Option<u16> {
    match first {
        [0x16, 3, _, _, _, 2, _, _, _, major, minor, ..] => Some(u16::from_be_bytes([*major, *minor])),
        _ => None,
    }
}

/// A TLS record starts with its type and the major version 3.
pub(crate) fn is_tls(first: &[u8]) -> bool {
    matches!(first, [0x14..=0x18] | [0x14..=0x18, 3, ..])
}

/// An error of rustls without its types and documentation links.
fn in_words(error: &Error) -> String {
    match error {
        Error::InvalidMessage(_) => "server sent a TLS message that cannot be parsed".to_string(),
        Error::InappropriateMessage { .. } | Error::InappropriateHandshakeMessage { .. } => {
            "server sent a TLS message out of order".to_string()
        }
        Error::PeerMisbehaved(_) => "server violated the TLS protocol".to_string(),
        Error::PeerIncompatible(_) => "no TLS settings in common with the server".to_string(),
        Error::DecryptError => "failed to decrypt a TLS record from the server".to_string(),
        Error::PeerSentOversizedRecord => "server sent a TLS record that is too long".to_string(),
        Error::FailedToGetRandomBytes | Error::FailedToGetCurrentTime | Error::EncryptError => {
            "TLS failed on this machine".to_string()
        }
        _ => "TLS failed".to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::certificate::{CertificateTraits, Purpose};
    use crate::model::reach::Certificate;
    use crate::net::tls::client_auth::explain_end;

    const NOW: i64 = 1_795_000_000;

    fn ours(issuer: &str, purposes: Option<&[Purpose]>, not_after: i64) -> Vec<Certificate> {
        vec![Certificate {
            subject: "CN=client".to_string(),
            issuer: issuer.to_string(),
            names: Vec::new(),
            not_before: 0,
            not_after,
            traits: CertificateTraits { purposes: purposes.map(<[Purpose]>::to_vec), ..CertificateTraits::default() },
        }]
    }

    fn requested(issuers: &[&str], given: Option<Vec<Certificate>>) -> ClientAuth {
        ClientAuth { requested: Some(issuers.iter().map(|issuer| issuer.to_string()).collect()), given, now: NOW }
    }

    #[test]
    fn a_handshake_failure_is_a_matter_of_settings_unless_a_certificate_was_requested() {
        let explained = |alert, client: &ClientAuth| explain_alert(alert, "pay", client);
        let unrequested = explained(AlertDescription::HandshakeFailure, &ClientAuth::default());
        assert_eq!(unrequested.code, FailureCode::CipherSuiteMismatch);
        let missing = explained(AlertDescription::HandshakeFailure, &requested(&[], None));
        assert_eq!(missing.code, FailureCode::ClientCertificateRequired);
        assert_eq!(missing.text, "server requires a client certificate and received none (alert handshake_failure)");
        let internal = explained(AlertDescription::InternalError, &requested(&[], None));
        assert_eq!(internal.code, FailureCode::TlsFailed);
        assert_eq!(internal.text, "server rejected the TLS handshake (alert internal_error)");
    }

    #[test]
    fn a_refused_client_certificate_is_reported_with_its_fault() {
        let cases = [
            (
                ours("CN=B", Some(&[Purpose::ClientAuth]), 2_000_000_000),
                AlertDescription::BadCertificate,
                "server rejected our client certificate: it is issued by \"CN=B\", and the server requested one issued by \"CN=A\" (alert bad_certificate)",
                TlsFault::ClientIssuer(vec!["CN=A".to_string()]),
            ),
            (
                ours("CN=A", None, NOW - 2 * 60 * 60),
                AlertDescription::CertificateExpired,
                "server rejected our client certificate: it expired 2 hours ago (2026-11-18) (alert certificate_expired); the server requested one issued by \"CN=A\"",
                TlsFault::ClientDates,
            ),
            (
                ours("CN=A", Some(&[Purpose::ServerAuth]), 2_000_000_000),
                AlertDescription::UnsupportedCertificate,
                "server rejected our client certificate: it is not valid for client authentication (extended key usage: serverAuth) (alert unsupported_certificate); the server requested one issued by \"CN=A\"",
                TlsFault::ClientPurpose,
            ),
            (
                ours("CN=A", None, 2_000_000_000),
                AlertDescription::AccessDenied,
                "server rejected our client certificate: it is valid, but access is denied; it is issued by \"CN=A\" (alert access_denied); the server requested one issued by \"CN=A\"",
                TlsFault::ClientRefused,
            ),
        ];
        for (given, alert, text, fault) in cases {
            let explained = explain_alert(alert, "pay", &requested(&["CN=A"], Some(given)));
            assert_eq!(explained.code, FailureCode::ClientCertificateRequired);
            assert_eq!(explained.text, text);
            assert_eq!(explained.fault, Some(fault));
        }
    }

    #[test]
    fn a_close_without_a_message_is_a_refusal_only_when_what_was_sent_has_a_fault() {
        assert_eq!(explain_end(&ClientAuth::default()), None);
        let good = ours("CN=A", None, 2_000_000_000);
        assert_eq!(explain_end(&requested(&["CN=A"], Some(good.clone()))), None);
        let explained = explain_end(&requested(&["CN=A"], None)).unwrap();
        assert_eq!(explained.fault, Some(TlsFault::ClientMissing(vec!["CN=A".to_string()])));
        let explained = explain_end(&requested(&[], Some(good.clone()))).unwrap();
        assert_eq!(explained.fault, Some(TlsFault::ClientRefused));
        assert!(
            explained.text.contains("after receiving ours (issued by \"CN=A\") without an alert"),
            "{}",
            explained.text
        );
        let explained = explain_end(&requested(&["CN=B"], Some(good))).unwrap();
        assert_eq!(explained.code, FailureCode::ClientCertificateRequired);
        assert_eq!(
            explained.text,
            "server rejected our client certificate: it is issued by \"CN=A\", and the server requested one issued by \"CN=B\" (the server closed the connection without an alert)"
        );
    }

    #[test]
    fn an_old_version_is_named() {
        let hello = |minor| vec![0x16, 3, minor, 0, 40, 2, 0, 0, 36, 3, minor];
        let error =
            || io::Error::other(Error::PeerIncompatible(PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig));
        let explained = |first: &[u8]| explain_handshake(&error(), first, "pay", &ClientAuth::default()).unwrap();
        assert!(explained(&hello(1)).text.starts_with("server supports TLS 1.0 and nothing newer"));
        assert!(explained(&hello(2)).text.starts_with("server supports TLS 1.1 and nothing newer"));
        assert_eq!(explained(&[]).text, "server supports neither TLS 1.2 nor 1.3");
    }
}
