//! [`KubernetesError`]: why the API server gave no answer.

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
use crate::backend::socket::io_words;
use crate::model::resolution::{ResolveCode, ResolveError};
use crate::net::http1::{HttpError, RequestError};
use crate::net::tls::SetupError;
use crate::platform::file;
use crate::text::{duration, shorten};

/// So much of a stranger's text is repeated.
pub(super) const LONGEST: usize = 300;

/// What was sent to prove who is calling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shown {
    /// Which credentials, and where they come from. No secret is in it.
    pub credentials: String,
    /// They were not sent: the server is `http://`.
    pub withheld: bool,
}

impl Shown {
    /// For the list of settings.
    pub(super) fn row(&self) -> String {
        let not_sent = if self.withheld { " (not sent: the server is http://)" } else { "" };
        format!("{}{not_sent}", self.credentials)
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.withheld {
            true => {
                write!(f, "no credentials were sent because the server is http:// (not used: {})", self.credentials)
            }
            false => write!(f, "the API server rejected {}", self.credentials),
        }
    }
}

/// Why there is no answer. The sentences do not name the API server: [`KubernetesError::at`] does.
#[derive(Debug, thiserror::Error)]
pub(super) enum KubernetesError {
    /// None of the kubeconfig files is there, and this is no pod.
    #[error("{}", no_kubeconfig(.0))]
    NoKubeconfig(Vec<PathBuf>),
    /// A file is no kubeconfig. What is wrong is not shown: it may be a token.
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
    /// A file cannot be joined to those before it.
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
    #[error("{}: {}", path.display(), io_words(source))]
    AccountFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// No request can be made of a query.
    #[error("{asked}: {source}")]
    Query {
        /// The query.
        asked: String,
        /// Why.
        source: kube::core::request::Error,
    },
    /// TLS cannot be set up as the kubeconfig has it.
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
    #[error("no credentials: {}: {}", path.display(), io_words(source))]
    TokenFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The credential plugin could not be started, or its output not be read.
    #[error("no credentials: {command:?} {}", if *runs { source.to_string() } else { format!("failed to start: {}{hint}", io_words(source)) })]
    Plugin {
        /// The program.
        command: String,
        /// It was started.
        runs: bool,
        /// What the kubeconfig says about installing it.
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
    /// What the credential plugin printed is no credentials.
    #[error("no credentials: {command:?} {source}")]
    PluginOutput {
        /// The program.
        command: String,
        /// What is wrong with it.
        source: PluginError,
    },
    /// A token that no header can carry.
    #[error("no credentials: the token or password cannot be sent in a header")]
    Unsendable(#[source] InvalidHeaderValue),
    /// No response.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// Something on this machine took too long.
    #[error("{what} took longer than {}", duration(*limit))]
    Slow {
        /// What did.
        what: String,
        /// How long was waited.
        limit: Duration,
    },
    /// Watching, and the server does not respond any more.
    #[error("{request}: {source} while watching: frozen or unreachable")]
    Frozen {
        /// What was requested.
        request: String,
        /// Why there is no response.
        source: HttpError,
    },
    /// Watching, and neither a change nor the end of the watch came.
    #[error("no event and no end of the watch within {}: frozen or unreachable", duration(*.0))]
    Stuck(Duration),
    /// Watching, and the connection broke.
    #[error("connection lost: {}", .0.broken_connection().unwrap_or_else(|| .0.to_string()))]
    Broken(#[source] HttpError),
    /// The server ended the watch before its time.
    #[error("the API server closed the watch after {}, before its timeout", duration(*.0))]
    Ended(Duration),
    /// The watch ended within a change.
    #[error("the watch ended in the middle of an event")]
    CutOff,
    /// It is not known who asks (401).
    #[error("401 Unauthorized: {0}")]
    Unauthorized(Shown),
    /// Whoever asks may not (403).
    #[error("403 Forbidden: no permission to {asked}: {message}")]
    Forbidden {
        /// Verb, resource and namespace: what a Role has to allow.
        asked: String,
        /// The server's words; they name the user.
        message: String,
    },
    /// The history that this watch stands on is no longer kept (410).
    #[error("the watch cannot continue (410 Gone): {0}")]
    Gone(String),
    /// Another refusal of the API server.
    #[error("{asked}: {code} {message}")]
    Refused {
        /// The question.
        asked: String,
        /// The HTTP status.
        code: u16,
        /// The server's words.
        message: String,
        /// When the server wants to be queried again.
        retry_after: Option<Duration>,
    },
    /// The response is not Kubernetes's.
    #[error("{asked}: not a valid Kubernetes API response: {source}")]
    NotKubernetes {
        /// What was requested.
        asked: String,
        /// Why.
        source: serde_json::Error,
    },
    /// The list names no version to watch from.
    #[error("the list has no resource version: cannot watch for changes")]
    NoVersion,
    /// A change is longer than any that is read.
    #[error("{asked}: an event is larger than {} MiB", limit / 1024 / 1024)]
    TooLong {
        /// What was requested.
        asked: String,
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
    /// What the API server refused.
    pub(super) fn of_status(status: &Status, asked: &str, shown: &Shown, retry_after: Option<Duration>) -> Self {
        let mut message = shorten(status.message.trim(), LONGEST).into_owned();
        let asked = asked.to_string();
        match status.code {
            401 => KubernetesError::Unauthorized(shown.clone()),
            403 => {
                if shown.withheld {
                    message = format!("{message} ({shown})");
                }
                KubernetesError::Forbidden { asked, message }
            }
            410 => KubernetesError::Gone(message),
            code => {
                let details = status.details.as_ref().map_or(0, |details| details.retry_after_seconds);
                let stated = (details > 0).then(|| Duration::from_secs(u64::from(details)));
                KubernetesError::Refused { asked, code, message, retry_after: retry_after.or(stated) }
            }
        }
    }

    /// Seen from a watch: it had been connected.
    pub(super) fn under_a_watch(self) -> Self {
        let KubernetesError::Request(RequestError { request, source }) = self else { return self };
        match source {
            HttpError::Connect(_) | HttpError::Broken(_) => KubernetesError::Broken(source),
            HttpError::NoAnswer(_) | HttpError::ConnectTimeout(_) => KubernetesError::Frozen { request, source },
            source => RequestError { request, source }.into(),
        }
    }

    /// The stable word for it.
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

    /// The error, with the API server's name in front where there is one.
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
