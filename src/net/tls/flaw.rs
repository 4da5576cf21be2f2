//! What is wrong with a certificate of a chain by itself.

use super::path;
use super::presented::PresentedChain;
use crate::model::certificate::{Digest, KeyKind, KeyUsage, TlsFault};

/// A key that every stack accepts.
pub(super) const BETTER_KEY: &str = "with an ECDSA P-256 or an RSA key of 2048 bits";

/// What is wrong with a certificate of the chain by itself.
pub(super) fn flaw(seen: &PresentedChain<'_>) -> Option<(String, TlsFault)> {
    for (at, of_chain) in seen.read.iter().enumerate() {
        let traits = &of_chain.traits;
        let whose = seen.whose(at);
        // How a root signs itself does not matter.
        let signed_itself = of_chain.subject == of_chain.issuer;
        let found = if traits.version == 1 {
            Some((
                format!("{whose} has X.509 version 1 (version 3 is required)"),
                "as X.509 version 3, with a subject alternative name".to_string(),
            ))
        } else if !traits.unknown_critical.is_empty() {
            let oids = traits.unknown_critical.join(", ");
            Some((
                format!("{whose} has an unknown critical extension ({oids})"),
                "without that extension, or with it marked as not critical".to_string(),
            ))
        } else if traits.digest != Digest::Strong && !signed_itself {
            let digest = traits.digest;
            Some((
                format!("{whose} is signed with {digest}, which is no longer accepted"),
                "signed with SHA-256".to_string(),
            ))
        } else if at == 0 && traits.is_ca {
            let text = format!("{whose} is a CA certificate (basicConstraints CA:TRUE), not a server certificate");
            Some((text, "with basicConstraints CA:FALSE".to_string()))
        } else if at > 0 && !traits.is_ca && seen.read.iter().any(|below| below.issuer == of_chain.subject) {
            Some((format!("{whose} is not a CA certificate (no CA:TRUE)"), "with basicConstraints CA:TRUE".to_string()))
        } else if at > 0 && !traits.allows(KeyUsage::CertSign) {
            let text = format!("{whose} may not sign certificates (its key usage lacks keyCertSign)");
            Some((text, "with the key usage keyCertSign".to_string()))
        } else if at > 0 && path::is_beyond(&traits.key) {
            Some((weak_key(&whose, &traits.key), BETTER_KEY.to_string()))
        } else if traits.negative_serial {
            Some((format!("{whose} has a negative serial number"), "with a positive serial number".to_string()))
        } else {
            None
        };
        if let Some((text, what)) = found {
            let fault = if at == 0 { TlsFault::Reissue(what) } else { TlsFault::ReissueIssuer(what) };
            return Some((text, fault));
        }
    }
    let (subject, key) = seen.roots.anchor_key(&seen.read).filter(|(_, key)| path::is_beyond(key))?;
    let text = weak_key(&format!("certificate of the trusted root \"{subject}\""), &key);
    Some((text, TlsFault::ReissueIssuer(BETTER_KEY.to_string())))
}

/// A key that the library does not accept.
pub(super) fn weak_key(whose: &str, key: &KeyKind) -> String {
    match key {
        KeyKind::Rsa(bits) if *bits < 2048 => {
            format!("{whose} has an RSA key of {bits} bits, and this tool's TLS library (rustls) accepts 2048 or more")
        }
        KeyKind::Rsa(bits) => {
            format!("{whose} has an RSA key of {bits} bits, and this tool's TLS library (rustls) accepts at most 8192")
        }
        key => format!("{whose} has a key ({key}) that this tool's TLS library (rustls) does not support"),
    }
}
