//! [`ConsulError`]: why the agent did not respond.

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use rustify::errors::ClientError;

use super::agent::AgentError;
use crate::backend::socket::io_text;
use crate::model::resolution::{ResolveCode, ResolveError};
use crate::net::http1::RequestError;
use crate::net::tls::SetupError;

/// Why the agent did not respond. The sentences do not name it: [`of`](Self::of) does.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConsulError {
    /// The address is not an agent's.
    #[error(transparent)]
    Agent(#[from] AgentError),
    /// The file of the token cannot be read.
    #[error("failed to read CONSUL_HTTP_TOKEN_FILE {}: {}", path.display(), io_text(source))]
    TokenFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The token cannot be sent.
    #[error("the token contains characters that are not valid in an HTTP header")]
    Token(#[source] Box<dyn Error + Send + Sync>),
    /// User and password cannot be sent.
    #[error("{0}")]
    Login(#[source] Box<dyn Error + Send + Sync>),
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] SetupError),
    /// No response.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// rustify failed to send the request.
    #[error("{source}")]
    NotSent {
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// rustify failed to build the request.
    #[error("failed to build the request GET {path}: {source}")]
    Endpoint {
        /// The path.
        path: String,
        /// Why.
        source: Box<ClientError>,
    },
    /// An HTTP status other than success.
    #[error("GET {path}: HTTP {status}{}{}", if words.is_empty() { String::new() } else { format!(": {words}") }, self.hint())]
    Refused {
        /// The path.
        path: String,
        /// The status.
        status: u16,
        /// The agent's own message.
        words: String,
        /// When the agent accepts the next request.
        retry_after: Option<Duration>,
    },
    /// The response is not a valid Consul response.
    #[error("GET {path}: not a valid Consul API response: {source}: {start:?}")]
    Unreadable {
        /// The path.
        path: String,
        /// Why.
        source: serde_json::Error,
        /// Its first characters.
        start: String,
    },
}

/// The agent expects TLS and got plain HTTP: the response of Go's net/http (`net/http/server.go`).
const WANTS_TLS: &str = "HTTP request to an HTTPS server";
/// The agent limits requests (`ErrRetryElsewhere`, `ErrRetryLater` in `agent/consul/rate/handler.go`), with status
/// 500 or 503.
const RATE_LIMIT: &str = "rate limit";

impl ConsulError {
    /// What to do about an error response.
    fn hint(&self) -> &'static str {
        let ConsulError::Refused { status, words, .. } = self else { return "" };
        match status {
            400 if words.contains(WANTS_TLS) => " (use https:// in CONSUL_HTTP_ADDR)",
            300..=399 => " (redirects are not followed)",
            400 | 401 | 403 | 429 | 500..=599 => "",
            _ => " (is this Consul's HTTP API?)",
        }
    }

    /// The stable code.
    fn code(&self) -> ResolveCode {
        match self {
            ConsulError::Agent(_)
            | ConsulError::TokenFile { .. }
            | ConsulError::Token(_)
            | ConsulError::Login(_)
            | ConsulError::Tls(_)
            | ConsulError::Endpoint { .. } => ResolveCode::BadTarget,
            ConsulError::Request(error) => error.source.code(),
            ConsulError::NotSent { .. } => ResolveCode::Unreachable,
            ConsulError::Unreadable { .. } => ResolveCode::BadAnswer,
            ConsulError::Refused { status, words, .. } => match status {
                401 | 403 => ResolveCode::Denied,
                400 if words.contains(WANTS_TLS) => ResolveCode::Unreachable,
                400 => ResolveCode::BadTarget,
                429 => ResolveCode::Limited,
                500..=599 if words.contains(RATE_LIMIT) => ResolveCode::Limited,
                500..=599 => ResolveCode::ServerError,
                _ => ResolveCode::BadAnswer,
            },
        }
    }

    /// The error as it is reported; `agent` is the agent's address.
    pub(super) fn of(self, agent: &str) -> ResolveError {
        let (code, text) = (self.code(), format!("consul agent {agent}: {self}"));
        let error = match (code, &self) {
            (ResolveCode::BadTarget, _) => ResolveError::fatal(code, text),
            (_, ConsulError::Refused { retry_after, .. }) => {
                ResolveError::ambient(code, text).retry_after(*retry_after)
            }
            _ => ResolveError::ambient(code, text),
        };
        error.caused_by(self)
    }
}
