//! [`Trouble`]: why there is no answer.

use std::fmt;
use std::time::Duration;

use kube::core::Status;

use crate::backend::http;
use crate::model::resolution::{ResolveCode, ResolveError};
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
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum Trouble {
    /// A setting makes no sense: no point in asking again.
    #[error("{0}")]
    Setting(String),
    /// Whoever makes the credentials did not.
    #[error("no credentials: {0}")]
    Credentials(String),
    /// The question did not get there, or the answer not back.
    #[error("{}{why}", if matches!(why, http::Trouble::NoAnswer(_)) { format!("{asked}: ") } else { String::new() })]
    Http {
        /// The question.
        asked: String,
        /// What happened.
        why: http::Trouble,
    },
    /// Something on this machine took too long.
    #[error("{what} took longer than {}", duration(*limit))]
    Slow {
        /// What did.
        what: String,
        /// How long was waited.
        limit: Duration,
    },
    /// Watching, and the server says nothing any more.
    #[error("{0}")]
    Frozen(String),
    /// Watching, and the watch ended.
    #[error("{0}")]
    Ended(String),
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
        use http::Trouble::{Broken, Connect, ConnectTimeout, NoAnswer};
        match self {
            Trouble::Http { why: Connect(why) | Broken(why), .. } => {
                Trouble::Ended(format!("the connection broke: {why}"))
            }
            Trouble::Http { asked, why: why @ (NoAnswer(_) | ConnectTimeout(_)) } => {
                Trouble::Frozen(format!("{asked}: {why} while watching: frozen or cut off"))
            }
            other => other,
        }
    }

    /// The stable word for it.
    pub(super) fn code(&self) -> ResolveCode {
        match self {
            Trouble::Setting(_) => ResolveCode::BadTarget,
            Trouble::Http { why, .. } => why.code(),
            Trouble::Slow { .. } | Trouble::Frozen(_) => ResolveCode::Timeout,
            Trouble::Ended(_) | Trouble::Gone(_) => ResolveCode::WatchBroken,
            Trouble::Credentials(_) | Trouble::Unauthorized(_) | Trouble::Forbidden { .. } => ResolveCode::Denied,
            Trouble::Refused { code: 429, .. } => ResolveCode::Limited,
            Trouble::Refused { code: 500.., .. } => ResolveCode::ServerError,
            Trouble::Refused { .. } | Trouble::NotKubernetes(_) => ResolveCode::BadAnswer,
        }
    }

    /// The error, with the API server's name in front where there is one.
    pub(super) fn at(&self, server: &str) -> ResolveError {
        let named = if server.is_empty() { "kubernetes".to_string() } else { format!("kubernetes {server}") };
        if let Trouble::Http { asked, why } = self {
            return why.at(&named, asked);
        }
        let text = format!("{named}: {self}");
        match self.code() {
            ResolveCode::BadTarget => ResolveError::fatal(self.code(), text),
            _ => ResolveError::ambient(self.code(), text).retry_after(self.retry_after()),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Trouble::Refused { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}
