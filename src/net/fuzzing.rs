//! What is fuzzed of TLS: PEM files, certificates, and the response to a ClientHello.

use tokio_rustls::rustls::crypto::ring;

use super::tls;

/// Reads the bytes as a PEM file: certificates, and a chain with its key.
pub(crate) fn pem(bytes: &[u8]) {
    let _ = tls::pem::certificates(bytes);
    let _ = tls::pem::identity(bytes, bytes, &ring::default_provider());
}

/// Reads the bytes as a certificate and as a name.
pub(crate) fn certificate(bytes: &[u8]) {
    let _ = tls::read(bytes);
    let _ = tls::distinguished_name(bytes);
}

/// Reads the bytes as the response to a ClientHello.
pub(crate) fn hello(bytes: &[u8]) {
    if let Some(answer) = tls::answer(bytes) {
        let _ = (answer.is_complete(), answer.lacks(), answer.wants_another_signature());
    }
}
