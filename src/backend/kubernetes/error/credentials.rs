//! Why no credentials can be sent to the API server.

use std::process::ExitStatus;

use base64::DecodeError;
use http::header::InvalidHeaderValue;
use kube::config::KubeconfigError;

/// Why the user of a kubeconfig has no usable credentials. A sentence about the kubeconfig.
#[derive(Debug, thiserror::Error)]
pub(in crate::backend::kubernetes) enum CredentialsError {
    /// A token or password that is not valid in a header.
    #[error("the token or password is not a valid HTTP header value")]
    Unsendable(#[from] InvalidHeaderValue),
    /// The provider `oidc` has no token.
    #[error("auth-provider \"oidc\" has no id-token: log in again, or use its exec plugin")]
    NoIdToken,
    /// A provider that kubectl dropped.
    #[error("auth-provider {0:?} is no longer supported: kubectl replaced it with exec plugins")]
    AuthProvider(String),
    /// An impersonated name that is not valid in a header.
    #[error("{value:?} is not a valid value for header {header}")]
    Impersonation {
        /// The header.
        header: &'static str,
        /// The name.
        value: String,
        /// Why.
        source: InvalidHeaderValue,
    },
    /// A certificate without its key.
    #[error("client-certificate is set without client-key")]
    NoKey,
    /// A key without its certificate.
    #[error("client-key is set without client-certificate")]
    NoCertificate,
    /// Data that is not base64.
    #[error("{setting}-data is not valid base64: {source}")]
    Base64 {
        /// The setting, without `-data`.
        setting: &'static str,
        /// Why.
        source: DecodeError,
    },
    /// The credential plugin cannot be run as configured.
    #[error(transparent)]
    Exec(#[from] ExecConfigError),
}

/// Why the kubeconfig does not describe a program that can be run. A sentence about the kubeconfig.
#[derive(Debug, thiserror::Error)]
pub(in crate::backend::kubernetes) enum ExecConfigError {
    /// No command.
    #[error("exec has no command")]
    NoCommand,
    /// Another version of the protocol.
    #[error("exec: unsupported apiVersion {found:?}; expected {}", supported.join(" or "))]
    ApiVersion {
        /// The version in the kubeconfig.
        found: String,
        /// The supported versions.
        supported: &'static [&'static str],
    },
    /// The program needs to prompt the user.
    #[error("exec: {0:?} requires interactive input (interactiveMode: Always), which is not supported")]
    Interactive(String),
    /// The program needs cluster information that cannot be read.
    #[error(transparent)]
    Cluster(#[from] KubeconfigError),
}

/// Why the output of a program is not valid credentials. The sentence follows the program's name, and repeats nothing
/// that may be a token.
#[derive(Debug, thiserror::Error)]
pub(in crate::backend::kubernetes) enum PluginError {
    /// It exited with an error.
    #[error("failed with {status}{}", if stderr.is_empty() { String::new() } else { format!(": {stderr}") })]
    Ended {
        /// How it exited.
        status: ExitStatus,
        /// The last line of its standard error.
        stderr: String,
    },
    /// Not YAML or JSON in the format of credentials. The parser's message is left out: it may contain a token.
    #[error("did not print an ExecCredential")]
    NotCredential,
    /// Another kind of object.
    #[error("printed kind {0:?}, expected ExecCredential")]
    Kind(String),
    /// Another version of the protocol than the kubeconfig requires.
    #[error("printed apiVersion {printed:?}, expected {wanted:?}")]
    ApiVersion {
        /// What it printed.
        printed: String,
        /// What the kubeconfig requires.
        wanted: String,
    },
    /// The expiration time is not valid.
    #[error("printed an invalid expirationTimestamp {text:?}")]
    Expiration {
        /// What it printed.
        text: String,
        /// Why.
        source: time::error::Parse,
    },
    /// One half of a client certificate.
    #[error("printed a certificate without its key, or a key without its certificate")]
    HalfIdentity,
    /// Neither a token nor a certificate.
    #[error("printed neither a token nor a client certificate")]
    Nothing,
}
