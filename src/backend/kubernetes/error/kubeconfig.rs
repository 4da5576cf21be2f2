//! Why a kubeconfig leads to no API server.

use http::header::InvalidHeaderValue;
use http::uri::InvalidUri;

use super::credentials::CredentialsError;

/// Why a kubeconfig names no API server or no user. The sentence follows the kubeconfig's path.
#[derive(Debug, thiserror::Error)]
pub(in crate::backend::kubernetes) enum ContextError {
    /// No context is named, neither by a flag nor by the kubeconfig.
    #[error("kubeconfig has no current-context; select a context with --context ({})", it_has(known))]
    NoCurrent {
        /// The contexts that there are.
        known: Vec<String>,
    },
    /// The context that is named is not there.
    #[error("unknown context {name:?} ({})", it_has(known))]
    Unknown {
        /// The name.
        name: String,
        /// The contexts that there are.
        known: Vec<String>,
    },
    /// The cluster of the context is not there.
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
    /// The user of the context has nothing that can be shown.
    #[error(transparent)]
    User(#[from] CredentialsError),
}

fn it_has(known: &[String]) -> String {
    if known.is_empty() { "no contexts defined".to_string() } else { format!("contexts: {}", known.join(", ")) }
}

/// Why a text is not the URL of an API server. What is shown of it lacks what stands before an `@`: it may be a password.
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
    /// A host that no header can carry.
    #[error("server {shown:?} has no host: write https://10.0.0.1:6443")]
    NoHost {
        /// The text.
        shown: String,
        /// Why.
        source: InvalidHeaderValue,
    },
}
