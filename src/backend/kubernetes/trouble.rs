//! [`Trouble`]: why there is no answer, found below the words of the libraries in between.

use std::io;
use std::time::Duration;

use kube::Error;
use kube::client::AuthError;
use kube::core::Status;
use tokio_rustls::rustls;

use crate::backend::socket::{io_words, seconds};
use crate::backend::tls::Names;
use crate::model::resolution::{ResolveCode, ResolveError};
use crate::model::text::shorten;

/// What a kubeconfig calls the settings of TLS.
const NAMES: &Names = &Names {
    cacert: "certificate-authority",
    capath: "certificate-authority",
    cert: "client-certificate",
    key: "client-key",
    other_name: " (tls-server-name in the kubeconfig names the name to expect)",
    no_tls: " (this is no TLS: a server that speaks plain text is written http://)",
};

/// So much of a stranger's text is repeated.
const LONGEST: usize = 300;

/// Why there is no answer. The sentences do not name the API server: [`Trouble::at`] does.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum Trouble {
    /// A setting makes no sense: no point in asking again.
    #[error("{0}")]
    Setting(String),
    /// Whoever makes the credentials did not.
    #[error("no credentials: {0}")]
    Credentials(String),
    /// No connection.
    #[error("{0}")]
    Connect(String),
    /// No secure connection.
    #[error("tls: {0}")]
    Tls(String),
    /// Asked, and the answer did not come.
    #[error("{asked}: no answer within {}", seconds(*limit))]
    NoAnswer {
        /// The question.
        asked: String,
        /// How long was waited.
        limit: Duration,
    },
    /// Watching, and the server says nothing any more.
    #[error("{0}")]
    Frozen(String),
    /// The connection ended before the answer came.
    #[error("the connection broke: {0}")]
    Broken(String),
    /// It is not known who asks (401).
    #[error("the API server does not know who asks (401): it was shown {credentials}")]
    Unauthorized {
        /// What was shown, and where that comes from.
        credentials: String,
    },
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
    },
    /// What came is not what Kubernetes says.
    #[error("{0}")]
    NotKubernetes(String),
}

impl Trouble {
    /// What the API server refused.
    pub(super) fn of_status(status: &Status, asked: &str, credentials: &str) -> Self {
        let message = shorten(status.message.trim(), LONGEST).into_owned();
        let asked = asked.to_string();
        match status.code {
            401 => Trouble::Unauthorized { credentials: credentials.to_string() },
            403 => Trouble::Forbidden { asked, message },
            410 => Trouble::Gone(message),
            code => Trouble::Refused { asked, code, message },
        }
    }

    /// What kept `asked` from being answered.
    pub(super) fn of(error: &Error, asked: &str, credentials: &str) -> Self {
        match error {
            Error::Api(status) => Trouble::of_status(status, asked, credentials),
            Error::SerdeError(error) => Trouble::NotKubernetes(format!("{asked}: no answer of Kubernetes: {error}")),
            Error::FromUtf8(_) => Trouble::NotKubernetes(format!("{asked}: the answer is no text")),
            other => Trouble::below(other).unwrap_or_else(|| {
                let words = deepest(other);
                match words.is_parse {
                    true => Trouble::NotKubernetes(format!("what answers is no HTTP server: {}", words.text)),
                    false => Trouble::Broken(words.text),
                }
            }),
        }
    }

    /// What kept a client from being made.
    pub(super) fn of_access(error: &Error, credentials: &str) -> Self {
        Trouble::below(error).unwrap_or_else(|| Trouble::Setting(format!("{credentials}: {}", deepest(error).text)))
    }

    /// The first cause that has a word of its own.
    fn below(error: &Error) -> Option<Self> {
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
        while let Some(error) = cause {
            if let Some(error) = error.downcast_ref::<AuthError>() {
                return Some(Trouble::Credentials(auth_words(error)));
            }
            if let Some(error) = error.downcast_ref::<rustls::Error>() {
                return Some(Trouble::Tls(NAMES.words_of(error)));
            }
            if let Some(error) = error.downcast_ref::<io::Error>() {
                if let Some(words) = NAMES.words(error) {
                    return Some(Trouble::Tls(words));
                }
                // One that only wraps another says nothing by itself.
                if error.get_ref().is_none() {
                    return Some(Trouble::Connect(io_words(error)));
                }
            }
            cause = error.source();
        }
        None
    }

    /// Seen from a watch: it had been connected.
    pub(super) fn under_a_watch(self) -> Self {
        match self {
            Trouble::Connect(why) => Trouble::Broken(why),
            Trouble::NoAnswer { asked, limit } => Trouble::Frozen(format!(
                "{asked}: no answer within {} while watching: frozen or cut off",
                seconds(limit)
            )),
            other => other,
        }
    }

    /// The stable word for it.
    pub(super) fn code(&self) -> ResolveCode {
        match self {
            Trouble::Setting(_) => ResolveCode::BadTarget,
            Trouble::Connect(_) | Trouble::Tls(_) => ResolveCode::Unreachable,
            Trouble::NoAnswer { .. } | Trouble::Frozen(_) => ResolveCode::Timeout,
            Trouble::Broken(_) | Trouble::Gone(_) => ResolveCode::WatchBroken,
            Trouble::Credentials(_) | Trouble::Unauthorized { .. } | Trouble::Forbidden { .. } => ResolveCode::Denied,
            Trouble::Refused { code: 429, .. } => ResolveCode::Limited,
            Trouble::Refused { code: 500.., .. } => ResolveCode::ServerError,
            Trouble::Refused { .. } | Trouble::NotKubernetes(_) => ResolveCode::BadAnswer,
        }
    }

    /// The error, with the API server's name in front where there is one.
    pub(super) fn at(&self, server: &str) -> ResolveError {
        let text = match server {
            "" => format!("kubernetes: {self}"),
            server => format!("kubernetes {server}: {self}"),
        };
        match self {
            Trouble::Setting(_) => ResolveError::fatal(self.code(), text),
            _ => ResolveError::ambient(self.code(), text),
        }
    }
}

/// What went wrong with a credential plugin or a token file; never what it printed, which may be a token.
fn auth_words(error: &AuthError) -> String {
    let program = |command: &str| command.split_whitespace().find(|word| !word.contains('=')).unwrap_or("").to_string();
    match error {
        AuthError::AuthExecRun { cmd, out } => format!("{} ended with {}", program(cmd), out.status),
        AuthError::AuthExecStart(error) => format!("the plugin cannot be run: {}", io_words(error)),
        AuthError::AuthExecParse(_) => "the plugin did not print an ExecCredential".to_string(),
        AuthError::ReadTokenFile(error, file) => format!("{}: {}", file.display(), io_words(error)),
        AuthError::InvalidBearerToken(_) | AuthError::InvalidBasicAuth(_) => {
            "the token or password cannot be sent in a header".to_string()
        }
        AuthError::ParseTokenKey(_) => "the plugin did not print what was expected".to_string(),
        AuthError::MalformedTokenExpirationDate(_) => "the time at which the token ends is no time".to_string(),
        other => shorten(&other.to_string(), LONGEST).into_owned(),
    }
}

struct Words {
    text: String,
    is_parse: bool,
}

/// The innermost words of an error that nobody here knows.
fn deepest(error: &Error) -> Words {
    let mut cause: &(dyn std::error::Error + 'static) = error;
    let mut is_parse = false;
    loop {
        is_parse |= cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse);
        match cause.source() {
            Some(below) => cause = below,
            None => return Words { text: shorten(&cause.to_string(), LONGEST).into_owned(), is_parse },
        }
    }
}
