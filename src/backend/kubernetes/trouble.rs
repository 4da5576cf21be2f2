//! [`Trouble`]: why there is no answer.

use std::fmt;
use std::time::Duration;

use kube::core::Status;

use crate::model::resolution::{ResolveCode, ResolveError};
use crate::net::http1::{HttpError, RequestError};
use crate::net::tls::SetupError;
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
                write!(f, "no credentials were sent, because the server is http:// ({} is not used)", self.credentials)
            }
            false => write!(f, "the API server rejected {}", self.credentials),
        }
    }
}

/// Why there is no answer. The sentences do not name the API server: [`Trouble::at`] does.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// A setting makes no sense: no point in asking again.
    #[error("{0}")]
    Setting(String),
    /// TLS cannot be set up as the kubeconfig has it.
    #[error("{place}: {source}")]
    Tls {
        /// The kubeconfig.
        place: String,
        /// Why.
        source: SetupError,
    },
    /// Whoever makes the credentials did not.
    #[error("no credentials: {0}")]
    Credentials(String),
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
    #[error("{request}: {source} while watching: frozen or cut off")]
    Frozen {
        /// What was requested.
        request: String,
        /// Why there is no response.
        source: HttpError,
    },
    /// Watching, and neither a change nor the end of the watch came.
    #[error("the watch neither went on nor ended within {}: frozen or cut off", duration(*.0))]
    Stuck(Duration),
    /// Watching, and the connection broke.
    #[error("the connection broke: {}", .0.broken_connection().unwrap_or_else(|| .0.to_string()))]
    Broken(#[source] HttpError),
    /// The server ended the watch before its time.
    #[error("the API server ended the watch after {}, before its time", duration(*.0))]
    Ended(Duration),
    /// The watch ended within a change.
    #[error("the watch ended in the middle of a change")]
    CutOff,
    /// It is not known who asks (401).
    #[error("401 Unauthorized: {0}")]
    Unauthorized(Shown),
    /// Whoever asks may not (403).
    #[error("may not {asked}: {message}")]
    Forbidden {
        /// Verb, resource and namespace: what a Role has to allow.
        asked: String,
        /// The server's words; they name the user.
        message: String,
    },
    /// The history that this watch stands on is no longer kept (410).
    #[error("the watch cannot go on (410 Gone): {0}")]
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
    /// What came is not what Kubernetes says.
    #[error("{0}")]
    NotKubernetes(String),
}

impl Trouble {
    /// What the API server refused.
    pub(super) fn of_status(status: &Status, asked: &str, shown: &Shown, retry_after: Option<Duration>) -> Self {
        let mut message = shorten(status.message.trim(), LONGEST).into_owned();
        let asked = asked.to_string();
        match status.code {
            401 => Trouble::Unauthorized(shown.clone()),
            403 => {
                if shown.withheld {
                    message = format!("{message} ({shown})");
                }
                Trouble::Forbidden { asked, message }
            }
            410 => Trouble::Gone(message),
            code => {
                let details = status.details.as_ref().map_or(0, |details| details.retry_after_seconds);
                let stated = (details > 0).then(|| Duration::from_secs(u64::from(details)));
                Trouble::Refused { asked, code, message, retry_after: retry_after.or(stated) }
            }
        }
    }

    /// Seen from a watch: it had been connected.
    pub(super) fn under_a_watch(self) -> Self {
        let Trouble::Request(RequestError { request, source }) = self else { return self };
        match source {
            HttpError::Connect(_) | HttpError::Broken(_) => Trouble::Broken(source),
            HttpError::NoAnswer(_) | HttpError::ConnectTimeout(_) => Trouble::Frozen { request, source },
            source => RequestError { request, source }.into(),
        }
    }

    /// The stable word for it.
    pub(super) fn code(&self) -> ResolveCode {
        match self {
            Trouble::Setting(_) | Trouble::Tls { .. } => ResolveCode::BadTarget,
            Trouble::Request(error) => error.source.code(),
            Trouble::Slow { .. } | Trouble::Frozen { .. } | Trouble::Stuck(_) => ResolveCode::Timeout,
            Trouble::Broken(_) | Trouble::Ended(_) | Trouble::CutOff | Trouble::Gone(_) => ResolveCode::WatchBroken,
            Trouble::Credentials(_) | Trouble::Unauthorized(_) | Trouble::Forbidden { .. } => ResolveCode::Denied,
            Trouble::Refused { code: 429, .. } => ResolveCode::Limited,
            Trouble::Refused { code: 500.., .. } => ResolveCode::ServerError,
            Trouble::Refused { .. } | Trouble::NotKubernetes(_) => ResolveCode::BadAnswer,
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
            Trouble::Refused { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}
