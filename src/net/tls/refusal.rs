//! [`Refusal`]: why a certificate is rejected.

use std::fmt;
use std::sync::Arc;

use tokio_rustls::rustls::{self, CertificateError, OtherError};

use crate::model::certificate::TlsFault;
use crate::model::reach::FailureCode;

/// Why a certificate is rejected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The stable code.
    pub code: FailureCode,
    /// The sentence.
    pub text: String,
    /// The fact that the remedy depends on.
    pub fault: Option<TlsFault>,
    /// A limit of the TLS library: grpc-go's verification accepts the chain.
    pub is_our_limit: bool,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Refusal {}

/// The [`Refusal`] that a [`Verifier`](super::Verifier) put into an error of rustls.
pub(crate) fn refusal_in(error: &rustls::Error) -> Option<&Refusal> {
    match error {
        rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(inner))) => inner.downcast_ref(),
        _ => None,
    }
}

impl From<Refusal> for rustls::Error {
    fn from(refusal: Refusal) -> Self {
        rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(refusal))))
    }
}
