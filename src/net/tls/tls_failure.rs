//! [`TlsFailure`]: why TLS failed, as gRFC A118's results and as a sentence.

use crate::model::certificate::TlsFault;
use crate::model::reach::FailureCode;

/// Why TLS failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TlsFailure {
    /// The stable code.
    pub code: FailureCode,
    /// The sentence.
    pub text: String,
    /// The fact that the remedy depends on.
    pub fault: Option<TlsFault>,
}

impl TlsFailure {
    /// A failure.
    pub(super) fn new(code: FailureCode, text: impl Into<String>, fault: Option<TlsFault>) -> TlsFailure {
        TlsFailure { code, text: text.into(), fault }
    }
}
