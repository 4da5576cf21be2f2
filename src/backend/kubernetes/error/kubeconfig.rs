//! Why no API server can be determined from a kubeconfig.

use http::header::InvalidHeaderValue;
use http::uri::InvalidUri;

use super::credentials::CredentialsError;

/// Why a kubeconfig has no usable API server or user. The sentence follows the kubeconfig's path.
#[derive(Debug, thiserror::Error)]
pub(in crate::backend::kubernetes) enum ContextError {
    /// No context is named, neither by a flag nor by the kubeconfig.
    #[error("kubeconfig has no current-context; select a context with --context ({})", it_has(known))]
    NoCurrent {
        /// The existing contexts.
        known: Vec<String>,
    },
    /// The named context does not exist.
    #[error("unknown context {name:?} ({})", it_has(known))]
    Unknown {
        /// The name.
        name: String,
        /// The existing contexts.
        known: Vec<String>,
    },
    /// The cluster of the context does not exist.
    #[error("context {context:?} refers to cluster {cluster:?}, which is not defined")]
    NoCluster {
        /// The context.
        context: String,
        /// Its cluster.
        cluster: String,
    },
    /// The cluster is behind a proxy.
    #[error("cluster {0:?} has a proxy-url, which is not supported")]
    Proxy(String),
    /// The cluster has no server.
    #[error("cluster {0:?} has no server")]
    NoServer(String),
    /// The server of the cluster is not valid.
    #[error(transparent)]
    Server(#[from] ServerUrlError),
    /// The user of the context has no usable credentials.
    #[error(transparent)]
    User(#[from] CredentialsError),
}

fn it_has(known: &[String]) -> String {
    if known.is_empty() { "no contexts defined".to_string() } else { format!("contexts: {}", known.join(", ")) }
}

/// Why a text is not a valid API server URL. The shown text omits the part before an `@`, which may be a password.
#[derive(Debug, thiserror::Error)]
pub(in crate::backend::kubernetes) enum ServerUrlError {
    /// Not a URL.
    #[error("server {shown:?} is not a valid URL ({source}): write https://10.0.0.1:6443")]
    Url {
        /// The text.
        shown: String,
        /// Why.
        source: InvalidUri,
    },
    /// Another scheme.
    #[error("server {0:?} has an unsupported scheme (expected https:// or http://): write https://10.0.0.1:6443")]
    Scheme(String),
    /// No scheme.
    #[error("server {0:?} has no scheme (expected https:// or http://): write https://10.0.0.1:6443")]
    NoScheme(String),
    /// A user, perhaps with a password.
    #[error("server {0:?} contains a user: set it in users[] of the kubeconfig: write https://10.0.0.1:6443")]
    User(String),
    /// A host that is not valid in a header.
    #[error("server {shown:?} has no host: write https://10.0.0.1:6443")]
    NoHost {
        /// The text.
        shown: String,
        /// Why.
        source: InvalidHeaderValue,
    },
}
