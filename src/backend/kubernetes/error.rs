//! [`KubernetesError`]: why the API server did not respond.

mod credentials;
mod kubeconfig;

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use http::header::InvalidHeaderValue;
use kube::config::KubeconfigError;
use kube::core::Status;

pub(super) use self::credentials::{CredentialsError, ExecConfigError, PluginError};
pub(super) use self::kubeconfig::{ContextError, ServerUrlError};
use crate::backend::socket::io_text;
use crate::model::resolution::{ResolveCode, ResolveError};
use crate::net::http1::{HttpError, RequestError};
use crate::net::tls::SetupError;
use crate::platform::file;
use crate::text::{duration, shorten};

/// At most this much of a text from a peer is repeated.
pub(super) const LONGEST: usize = 300;

/// The credentials that were sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SentCredentials {
    /// Which credentials, and where they come from. Contains no secret.
    pub credentials: String,
    /// They were not sent: the server is `http://`.
    pub withheld: bool,
}

impl SentCredentials {
    /// For the list of settings.
    pub(super) fn row(&self) -> String {
        let not_sent = if self.withheld { " (not sent: the server is http://)" } else { "" };
        format!("{}{not_sent}", self.credentials)
    }
}

impl fmt::Display for SentCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.withheld {
            true => {
                write!(f, "no credentials were sent because the server is http:// (not used: {})", self.credentials)
            }
            false => write!(f, "the API server rejected {}", self.credentials),
        }
    }
}

/// Why there is no response. The sentences do not name the API server: [`KubernetesError::at`] does.
#[derive(Debug, thiserror::Error)]
pub(super) enum KubernetesError {
    /// None of the kubeconfig files exists, and this process does not run in a pod.
    #[error("{}", no_kubeconfig(.0))]
    NoKubeconfig(Vec<PathBuf>),
    /// A file is not a kubeconfig. The content is not shown: it may be a token.
    #[error("{} is not a valid kubeconfig{}", path.display(), at.map(|(line, column)| format!(": line {line} column {column}")).unwrap_or_default())]
    NotKubeconfig {
        /// The file.
        path: PathBuf,
        /// Line and column.
        at: Option<(u64, u64)>,
    },
    /// A file is larger than a kubeconfig may be.
    #[error("{}: is larger than {} MiB", path.display(), limit >> 20)]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit in bytes.
        limit: u64,
    },
    /// A file cannot be merged with those before it.
    #[error("{}: {source}", path.display())]
    Merge {
        /// The file.
        path: PathBuf,
        /// Why.
        source: KubeconfigError,
    },
    /// The kubeconfig names no API server or no user.
    #[error("{place}: {source}")]
    Context {
        /// The kubeconfig.
        place: String,
        /// What is wrong with it.
        source: ContextError,
    },
    /// A file of the pod's service account cannot be read.
    #[error("{}: {}", path.display(), io_text(source))]
    AccountFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The request cannot be built.
    #[error("{operation}: {source}")]
    Query {
        /// The query.
        operation: String,
        /// Why.
        source: kube::core::request::Error,
    },
    /// TLS cannot be set up with the kubeconfig's settings.
    #[error("{place}: {source}")]
    Tls {
        /// The kubeconfig.
        place: String,
        /// Why.
        source: SetupError,
    },
    /// A file that the settings name cannot be read.
    #[error("{}: {}", path.display(), file::why(source))]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The settings could not be read.
    #[error("no credentials: failed to read the settings: {0}")]
    NotRead(#[source] tokio::task::JoinError),
    /// The file of the token cannot be read.
    #[error("no credentials: {}: {}", path.display(), io_text(source))]
    TokenFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The credential plugin could not be started, or its output could not be read.
    #[error("no credentials: {command:?} {}", if *runs { source.to_string() } else { format!("failed to start: {}{hint}", io_text(source)) })]
    Plugin {
        /// The program.
        command: String,
        /// It was started.
        runs: bool,
        /// The kubeconfig's hint on how to install it.
        hint: String,
        /// Why.
        source: io::Error,
    },
    /// The file of the token is empty.
    #[error("no credentials: {} is empty", .0.display())]
    EmptyTokenFile(PathBuf),
    /// The file of the token could not be read.
    #[error("no credentials: failed to read the token: {0}")]
    TokenNotRead(#[source] tokio::task::JoinError),
    /// The output of the credential plugin is not valid.
    #[error("no credentials: {command:?} {source}")]
    PluginOutput {
        /// The program.
        command: String,
        /// What is wrong with it.
        source: PluginError,
    },
    /// A token that is not valid in a header.
    #[error("no credentials: the token or password cannot be sent in a header")]
    Unsendable(#[source] InvalidHeaderValue),
    /// No response.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// An operation on this machine took too long.
    #[error("{what} took longer than {}", duration(*limit))]
    Slow {
        /// The operation.
        what: String,
        /// The time limit.
        limit: Duration,
    },
    /// While watching, the server stopped responding.
    #[error("{request}: {source} while watching: frozen or unreachable")]
    Frozen {
        /// What was requested.
        request: String,
        /// Why there is no response.
        source: HttpError,
    },
    /// While watching, neither a change nor the end of the watch arrived.
    #[error("no event and no end of the watch within {}: frozen or unreachable", duration(*.0))]
    Stuck(Duration),
    /// While watching, the connection was lost.
    #[error("connection lost: {}", .0.broken_connection().unwrap_or_else(|| .0.to_string()))]
    Broken(#[source] HttpError),
    /// The server closed the watch early.
    #[error("the API server closed the watch after {}, before its timeout", duration(*.0))]
    Ended(Duration),
    /// The watch ended in the middle of an event.
    #[error("the watch ended in the middle of an event")]
    CutOff,
    /// The credentials were rejected (401).
    #[error("401 Unauthorized: {0}")]
    Unauthorized(SentCredentials),
    /// The user lacks a permission (403).
    #[error("403 Forbidden: no permission to {operation}: {message}")]
    Forbidden {
        /// Verb, resource and namespace: what a Role must allow.
        operation: String,
        /// The server's message, which names the user.
        message: String,
    },
    /// The history that this watch depends on is no longer available (410).
    #[error("the watch cannot continue (410 Gone): {0}")]
    Gone(String),
    /// Another error status of the API server.
    #[error("{operation}: {code} {message}")]
    Refused {
        /// The request.
        operation: String,
        /// The HTTP status.
        code: u16,
        /// The server's message.
        message: String,
        /// When the server accepts the next request.
        retry_after: Option<Duration>,
    },
    /// The response is not a valid Kubernetes response.
    #[error("{operation}: not a valid Kubernetes API response: {source}")]
    NotKubernetes {
        /// What was requested.
        operation: String,
        /// Why.
        source: serde_json::Error,
    },
    /// The list has no version to watch from.
    #[error("the list has no resource version: cannot watch for changes")]
    NoVersion,
    /// An event is larger than the limit.
    #[error("{operation}: an event is larger than {} MiB", limit / 1024 / 1024)]
    TooLong {
        /// What was requested.
        operation: String,
        /// The limit in bytes.
        limit: usize,
    },
}

fn no_kubeconfig(files: &[PathBuf]) -> String {
    let files: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
    match files.as_slice() {
        [] => "no kubeconfig: set KUBECONFIG".to_string(),
        files => format!("no kubeconfig: {} not found (KUBECONFIG sets other paths)", files.join(" and ")),
    }
}

impl KubernetesError {
    /// The error for a failure status of the API server.
    pub(super) fn of_status(
        status: &Status,
        operation: &str,
        shown: &SentCredentials,
        retry_after: Option<Duration>,
    ) -> Self {
        let mut message = shorten(status.message.trim(), LONGEST).into_owned();
        let operation = operation.to_string();
        match status.code {
            401 => KubernetesError::Unauthorized(shown.clone()),
            403 => {
                if shown.withheld {
                    message = format!("{message} ({shown})");
                }
                KubernetesError::Forbidden { operation, message }
            }
            410 => KubernetesError::Gone(message),
            code => {
                let details = status.details.as_ref().map_or(0, |details| details.retry_after_seconds);
                let stated = (details > 0).then(|| Duration::from_secs(u64::from(details)));
                KubernetesError::Refused { operation, code, message, retry_after: retry_after.or(stated) }
            }
        }
    }

    /// The same error during a watch: the server had been connected.
    pub(super) fn under_a_watch(self) -> Self {
        let KubernetesError::Request(RequestError { request, source }) = self else { return self };
        match source {
            HttpError::Connect(_) | HttpError::Broken(_) => KubernetesError::Broken(source),
            HttpError::NoAnswer(_) | HttpError::ConnectTimeout(_) => KubernetesError::Frozen { request, source },
            source => RequestError { request, source }.into(),
        }
    }

    /// The stable code.
    pub(super) fn code(&self) -> ResolveCode {
        match self {
            KubernetesError::NoKubeconfig(_)
            | KubernetesError::NotKubeconfig { .. }
            | KubernetesError::TooLarge { .. }
            | KubernetesError::Merge { .. }
            | KubernetesError::Context { .. }
            | KubernetesError::AccountFile { .. }
            | KubernetesError::Query { .. }
            | KubernetesError::Tls { .. }
            | KubernetesError::File { .. } => ResolveCode::BadTarget,
            KubernetesError::Request(error) => error.source.code(),
            KubernetesError::Slow { .. } | KubernetesError::Frozen { .. } | KubernetesError::Stuck(_) => {
                ResolveCode::Timeout
            }
            KubernetesError::Broken(_)
            | KubernetesError::Ended(_)
            | KubernetesError::CutOff
            | KubernetesError::Gone(_) => ResolveCode::WatchBroken,
            KubernetesError::NotRead(_)
            | KubernetesError::TokenFile { .. }
            | KubernetesError::Plugin { .. }
            | KubernetesError::EmptyTokenFile(_)
            | KubernetesError::TokenNotRead(_)
            | KubernetesError::PluginOutput { .. }
            | KubernetesError::Unsendable(_)
            | KubernetesError::Unauthorized(_)
            | KubernetesError::Forbidden { .. } => ResolveCode::Denied,
            KubernetesError::Refused { code: 429, .. } => ResolveCode::Limited,
            KubernetesError::Refused { code: 500.., .. } => ResolveCode::ServerError,
            KubernetesError::Refused { .. }
            | KubernetesError::NotKubernetes { .. }
            | KubernetesError::NoVersion
            | KubernetesError::TooLong { .. } => ResolveCode::BadAnswer,
        }
    }

    /// The error, prefixed with the API server's name if there is one.
    pub(super) fn at(self, server: &str) -> ResolveError {
        let named = if server.is_empty() { "kubernetes".to_string() } else { format!("kubernetes {server}") };
        let (code, text) = (self.code(), format!("{named}: {self}"));
        let error = match code {
            ResolveCode::BadTarget => ResolveError::fatal(code, text),
            _ => ResolveError::ambient(code, text).retry_after(self.retry_after()),
        };
        error.caused_by(self)
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            KubernetesError::Refused { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}
