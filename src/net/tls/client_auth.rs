//! [`ClientAuth`]: what the server's rejection of our certificate means. Pure.

use tokio_rustls::rustls::AlertDescription;

use super::alert::alert_name;
use super::tls_failure::TlsFailure;
use super::{list, quoted};
use crate::model::certificate::{Purpose, TlsFault};
use crate::model::dates::{ago, ahead};
use crate::model::reach::{Certificate, FailureCode};

/// The facts about client authentication: they explain the server's late rejection (TLS 1.3).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ClientAuth {
    /// The issuers in the server's certificate request, if it sent one.
    pub requested: Option<Vec<String>>,
    /// Our chain, leaf first, if we have one and sent it when requested.
    pub given: Option<Vec<Certificate>>,
    /// The time of the handshake, in seconds since 1970.
    pub now: i64,
}

/// The connection ended in the handshake without an alert.
pub(crate) fn explain_end(client: &ClientAuth) -> Option<TlsFailure> {
    client.requested.as_ref()?;
    match &client.given {
        None => Some(client_certificate(client, None)),
        Some(given) if flaw_of_ours(client, given).is_some() => Some(client_certificate(client, None)),
        // The server names issuers, and ours is one of them: the end of the connection proves nothing then.
        Some(_) if client.requested.as_ref().is_some_and(|issuers| !issuers.is_empty()) => None,
        // C-core's servers name none, and send no alert.
        Some(given) => {
            let issuer = given.last().map_or("", |last| last.issuer.as_str());
            let text = format!(
                "server requested a client certificate and closed the connection after receiving ours (issued by \"{issuer}\") without an alert, as C-core servers do when they reject it"
            );
            Some(TlsFailure::new(FailureCode::ClientCertificateRequired, text, Some(TlsFault::ClientRefused)))
        }
    }
}

/// A failure about the client's certificate: none was sent, or it was rejected.
pub(super) fn client_certificate(client: &ClientAuth, alert: Option<AlertDescription>) -> TlsFailure {
    let issuers = client.requested.clone().unwrap_or_default();
    let wanted = match issuers.as_slice() {
        [] => String::new(),
        issuers => format!(" issued by {}", quoted(issuers)),
    };
    let how = match alert {
        Some(alert) => format!("alert {}", alert_name(alert)),
        None => "the server closed the connection without an alert".to_string(),
    };
    let (text, fault) = match &client.given {
        None => {
            let text = format!("server requires a client certificate{wanted} and received none ({how})");
            (text, TlsFault::ClientMissing(issuers))
        }
        Some(given) => {
            let (why, fault) = flaw_of_ours(client, given).unwrap_or_else(|| {
                let by = given.last().map_or_else(String::new, |last| format!("; it is issued by \"{}\"", last.issuer));
                (format!("{}{by}", alert.map_or("", meaning)), TlsFault::ClientRefused)
            });
            let requested = match (&fault, wanted.as_str()) {
                (TlsFault::ClientIssuer(_), _) | (_, "") => String::new(),
                (_, wanted) => format!("; the server requested one{wanted}"),
            };
            let between = if why.is_empty() || why.starts_with(';') { "" } else { ": " };
            (format!("server rejected our client certificate{between}{why} ({how}){requested}"), fault)
        }
    };
    TlsFailure::new(FailureCode::ClientCertificateRequired, text, Some(fault))
}

/// A fault of our certificate that is visible on this side.
fn flaw_of_ours(client: &ClientAuth, given: &[Certificate]) -> Option<(String, TlsFault)> {
    let (leaf, now) = (given.first()?, client.now);
    if leaf.not_after < now {
        return Some((format!("it expired {}", ago(leaf.not_after, now)), TlsFault::ClientDates));
    }
    if leaf.not_before > now {
        return Some((format!("it becomes valid {}", ahead(leaf.not_before, now)), TlsFault::ClientDates));
    }
    if !leaf.traits.is_for(&Purpose::ClientAuth) && !leaf.traits.is_for(&Purpose::Any) {
        let purposes = leaf.traits.purposes.as_deref().unwrap_or_default();
        let text = format!("it is not valid for client authentication (extended key usage: {})", list(purposes));
        return Some((text, TlsFault::ClientPurpose));
    }
    let issuers = client.requested.as_deref().unwrap_or_default();
    let fits = given.iter().any(|of_chain| issuers.contains(&of_chain.issuer));
    if !issuers.is_empty() && !fits {
        let wanted = quoted(issuers);
        let text = format!("it is issued by \"{}\", and the server requested one issued by {wanted}", leaf.issuer);
        return Some((text, TlsFault::ClientIssuer(issuers.to_vec())));
    }
    None
}

/// The meaning of an alert about a client's certificate.
fn meaning(alert: AlertDescription) -> &'static str {
    match alert {
        AlertDescription::UnknownCA => "the server does not trust its issuer",
        AlertDescription::CertificateExpired => "the server considers it expired (compare the clocks)",
        AlertDescription::CertificateRevoked => "the server considers it revoked",
        AlertDescription::UnsupportedCertificate => "the server does not accept its type or purpose",
        AlertDescription::AccessDenied => "it is valid, but access is denied",
        AlertDescription::DecryptError => "the signature with its key does not verify",
        AlertDescription::BadCertificate => "the server considers it invalid",
        _ => "",
    }
}
