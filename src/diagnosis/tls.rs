//! TLS that failed: which finding it is, what to do about it, and which clients it affects.

use super::catalog::*;
use super::stacks;
use crate::model::certificate::TlsFault;
use crate::model::finding::FindingKind;
use crate::model::reach::{Failure, FailureCode, TlsReport};

/// The finding for a certificate that was refused.
pub(super) fn on_certificate(failure: &Failure) -> &'static FindingKind {
    match failure.tls.as_ref().and_then(|tls| tls.fault.as_ref()) {
        Some(TlsFault::IssuerMissing { intermediate: true, .. }) => &INTERMEDIATE_MISSING,
        Some(TlsFault::Purpose) => &CERTIFICATE_WRONG_PURPOSE,
        Some(TlsFault::Reissue(_) | TlsFault::ReissueIssuer(_)) => &CERTIFICATE_UNUSABLE,
        _ if failure.code == FailureCode::CertificateMalformed => &CERTIFICATE_UNUSABLE,
        _ => &CERTIFICATE_NOT_TRUSTED,
    }
}

/// What to do, where the failure shows more than its code.
pub(super) fn remedy(failure: &Failure) -> Option<String> {
    let tls = failure.tls.as_ref()?;
    let Some(fault) = &tls.fault else { return by_name(failure, tls) };
    Some(match fault {
        TlsFault::IssuerMissing { issuer, intermediate: true, .. } => {
            format!("Configure the server to send its full chain: its own certificate, then that of \"{issuer}\".")
        }
        TlsFault::IssuerMissing { issuer, .. } => format!(
            "If \"{issuer}\" is an intermediate of an authority that clients trust, configure the server to send its certificate too (the full chain); if it is a root, trust it: --cacert FILE with its certificate."
        ),
        TlsFault::RootUnknown(root) => {
            format!(
                "If \"{root}\" is the right authority, trust it: --cacert FILE with its certificate, here and in clients."
            )
        }
        TlsFault::OtherKey(root) => format!(
            "Compare the certificate of \"{root}\" that is trusted here with the one that signed: distribute the new one to clients (--cacert FILE), or sign the server's certificate with the old one."
        ),
        TlsFault::RootExpired(root) => format!("Renew the certificate of \"{root}\" in the file of trusted roots."),
        TlsFault::Purpose => {
            "Reissue the server's certificate with serverAuth in its extended key usage.".to_string()
        }
        TlsFault::Reissue(how) => format!("Reissue the server's certificate {how}."),
        TlsFault::ReissueIssuer(how) => {
            format!("Reissue the certificate of the authority {how}, and then the server's certificate with it.")
        }
        TlsFault::ClientMissing(issuers) => format!("Add --cert and --key with a client certificate{}.", by(issuers)),
        TlsFault::ClientIssuer(issuers) => format!(
            "Use --cert and --key with a client certificate{}, or configure the server to trust the issuer of this one.",
            by(issuers)
        ),
        TlsFault::ClientDates => "Renew the client certificate (--cert), and check this machine's clock.".to_string(),
        TlsFault::ClientPurpose => {
            "Reissue the client certificate (--cert) with clientAuth in its extended key usage.".to_string()
        }
        TlsFault::ClientRefused => {
            "Check the server's log for why it rejected the client certificate (--cert): its issuer must be among the server's authorities for clients, and its name must be allowed."
                .to_string()
        }
        TlsFault::OldVersion => "Enable TLS 1.2 or 1.3 at the server.".to_string(),
        TlsFault::Ciphers => "Enable TLS 1.3 at the server, or a TLS 1.2 cipher suite with ECDHE and AES-GCM or ChaCha20, such as ECDHE-RSA-AES128-GCM-SHA256."
            .to_string(),
        TlsFault::Groups => "Enable the key exchange group X25519, P-256 or P-384 at the server.".to_string(),
        TlsFault::UnknownName => format!(
            "Install a certificate for {} at the server, or use a name that it has (--servername NAME).",
            tls.server_name
        ),
    })
}

/// Which clients accept a certificate that was refused: `; grpc-go accepts it`.
pub(super) fn elsewhere(failure: &Failure, now: i64) -> Option<String> {
    let tls = failure.tls.as_ref()?;
    let about_certificate = matches!(
        failure.code,
        FailureCode::HostnameMismatch
            | FailureCode::CertificateVerificationFailed
            | FailureCode::CertificateMalformed
            | FailureCode::AuthorityInvalid
    );
    let odd = stacks::odd(&tls.chain, &tls.server_name, tls.anchor.as_ref(), now);
    let first = odd.first().filter(|_| about_certificate && tls.fault != Some(TlsFault::UnknownName))?;
    Some(first.accepted())
}

/// A certificate without any name is not fixed by another --servername.
fn by_name(failure: &Failure, tls: &TlsReport) -> Option<String> {
    let leaf = tls.chain.first()?;
    let nameless = failure.code == FailureCode::HostnameMismatch && leaf.names.is_empty();
    let kind = if tls.server_name.parse::<std::net::IpAddr>().is_ok() { "IP" } else { "DNS" };
    nameless.then(|| {
        format!("Reissue the server's certificate with the subject alternative name {kind}:{}.", tls.server_name)
    })
}

fn by(issuers: &[String]) -> String {
    let issuers: Vec<String> = issuers.iter().take(3).map(|issuer| format!("\"{issuer}\"")).collect();
    if issuers.is_empty() { String::new() } else { format!(" issued by {}", issuers.join(" or ")) }
}
