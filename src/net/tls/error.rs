//! [`SetupError`]: why TLS cannot be set up.

use tokio_rustls::rustls;
use tokio_rustls::rustls::client::VerifierBuilderError;

#[cfg(feature = "networked")]
use super::pem::PemError;

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The TLS library failed.
    #[error("failed to set up TLS: {0}")]
    Library(#[from] rustls::Error),
    /// The roots are not valid.
    #[error("invalid trusted root certificates: {0}")]
    Roots(#[from] VerifierBuilderError),
    /// The system has no trusted roots.
    #[error("this machine has no trusted root certificates{}; install ca-certificates", because(source))]
    NoSystemRoots {
        /// The error that occurred while reading them.
        source: Option<rustls_native_certs::Error>,
    },
    /// A file of certificates or a key cannot be used.
    #[cfg(feature = "networked")]
    #[error("failed to read {setting} {place}: {source}")]
    File {
        /// The setting that names it.
        setting: &'static str,
        /// Where it is.
        place: String,
        /// Why.
        source: PemError,
    },
    /// The name to verify cannot be in a certificate.
    #[cfg(feature = "networked")]
    #[error("{0:?} is not a valid name for a certificate")]
    ServerName(String),
}

fn because(error: &Option<rustls_native_certs::Error>) -> String {
    error.as_ref().map_or_else(String::new, |error| format!(": {error}"))
}
