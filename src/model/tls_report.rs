//! What the TLS handshake showed of the peer.

use super::certificate::{AlternativeName, CertificateTraits, TlsFault};

/// What TLS negotiated, and what the peer presented. Filled as far as the handshake got, even when verification
/// failed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TlsReport {
    /// The name that was sent (SNI) and verified against.
    pub server_name: String,
    /// `TLSv1.3`.
    pub version: Option<String>,
    /// `TLS13_AES_256_GCM_SHA384`.
    pub cipher: Option<String>,
    /// The application protocol the server selected; gRPC needs `h2`.
    pub alpn: Option<String>,
    /// The chain as presented, leaf first.
    pub chain: Vec<Certificate>,
    /// False when verification was disabled (`--insecure`), or was beyond the capabilities of this tool's TLS
    /// library.
    pub verified: bool,
    /// Why this tool's TLS library refuses the certificate, where other client stacks accept it and the handshake
    /// continued without verification.
    pub limit: Option<String>,
    /// The trusted certificate that the chain ends at, where it was given as a file.
    pub anchor: Option<Certificate>,
    /// Why TLS failed, as far as the remedy depends on it.
    pub fault: Option<TlsFault>,
}

/// One certificate, as far as the person on call needs it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Certificate {
    /// Distinguished name of the subject.
    pub subject: String,
    /// Distinguished name of the issuer.
    pub issuer: String,
    /// Subject alternative names.
    pub names: Vec<AlternativeName>,
    /// Start of validity, seconds since 1970 (UTC).
    pub not_before: i64,
    /// End of validity, seconds since 1970 (UTC).
    pub not_after: i64,
    /// What else client stacks check.
    pub traits: CertificateTraits,
}
