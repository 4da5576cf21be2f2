//! Why a kubeconfig leads to no API server.

use http::header::InvalidHeaderValue;
use http::uri::InvalidUri;

use super::credentials::CredentialsError;

/// Why a kubeconfig names no API server or no user. The sentence follows the kubeconfig's path.
#[derive(Debug, thiserror::Error)]
pub(in crate::backend::kubernetes) enum ContextError {
    /// No context is named, neither by a flag nor by the kubeconfig.
    #[error("no context is the current one; name one with --context ({})", it_has(known))]
    NoCurrent {
        /// The contexts that there are.
        known: Vec<String>,
    },
    /// The context that is named is not there.
    #[error("there is no context {name:?}; {}", it_has(known))]
    Unknown {
        /// The name.
        name: String,
        /// The contexts that there are.
        known: Vec<String>,
    },
    /// The cluster of the context is not there.
    #[error("context {context:?} names cluster {cluster:?}, which is not there")]
    NoCluster {
        /// The context.
        context: String,
        /// Its cluster.
        cluster: String,
    },
    /// The cluster is behind a proxy.
    #[error("cluster {0:?} is behind a proxy-url, which cannot be used here")]
    Proxy(String),
    /// The cluster has no server.
    #[error("cluster {0:?} names no server")]
    NoServer(String),
    /// The server of the cluster is not valid.
    #[error(transparent)]
    Server(#[from] ServerUrlError),
    /// The user of the context has nothing that can be shown.
    #[error(transparent)]
    User(#[from] CredentialsError),
}

fn it_has(known: &[String]) -> String {
    if known.is_empty() { "it has none".to_string() } else { format!("it has {}", known.join(", ")) }
}

/// Why a text is not the URL of an API server. What is shown of it lacks what stands before an `@`: it may be a password.
#[derive(Debug, thiserror::Error)]
pub(in crate::backend::kubernetes) enum ServerUrlError {
    /// Not a URL.
    #[error("server {shown:?} is no URL ({source}): write https://10.0.0.1:6443")]
    Url {
        /// The text.
        shown: String,
        /// Why.
        source: InvalidUri,
    },
    /// Another scheme.
    #[error("server {0:?} is neither https:// nor http://: write https://10.0.0.1:6443")]
    Scheme(String),
    /// No scheme.
    #[error("server {0:?} does not say https:// or http://: write https://10.0.0.1:6443")]
    NoScheme(String),
    /// A user, perhaps with a password.
    #[error("server {0:?} holds a user: it belongs to users[] of the kubeconfig: write https://10.0.0.1:6443")]
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
