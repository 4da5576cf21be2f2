//! The one configuration of all TLS clients.

use std::sync::Arc;

use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::client::ResolvesClientCert;
use tokio_rustls::rustls::client::danger::ServerCertVerifier;
use tokio_rustls::rustls::crypto::CryptoProvider;

use super::error::SetupError;

/// The configuration of a client whose `verifier` verifies the peer, with `identity` as client certificate and the
/// protocols in `alpn`.
///
/// # Errors
///
/// Returns an error when the TLS library fails.
pub(crate) fn config(
    provider: Arc<CryptoProvider>,
    verifier: Arc<dyn ServerCertVerifier>,
    identity: Option<Arc<dyn ResolvesClientCert>>,
    alpn: &str,
) -> Result<ClientConfig, SetupError> {
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let mut config = match identity {
        None => builder.with_no_client_auth(),
        Some(identity) => builder.with_client_cert_resolver(identity),
    };
    config.alpn_protocols = vec![alpn.as_bytes().to_vec()];
    Ok(config)
}
