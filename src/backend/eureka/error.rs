//! [`EurekaError`]: why a server did not respond.

use std::time::Duration;

use crate::backend::failover::MemberError;
use crate::model::resolution::{ResolveCode, ResolveError};
use crate::net::http1::RequestError;
use crate::net::tls::SetupError;

/// Why a server did not respond. The sentences do not name the server: [`MemberError::at`] does.
#[derive(Debug, thiserror::Error)]
pub(super) enum EurekaError {
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] SetupError),
    /// The roots could not be read.
    #[error("failed to read the trusted root certificates: {0}")]
    Roots(#[source] tokio::task::JoinError),
    /// No response.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// An HTTP status other than success.
    #[error("GET {path}: HTTP {status}{}", hint(*status))]
    Refused {
        /// The path.
        path: String,
        /// The status.
        status: u16,
        /// When the server accepts the next request.
        retry_after: Option<Duration>,
    },
    /// The response is not a valid Eureka response.
    #[error("GET {path}: not a valid Eureka API response")]
    NotEureka {
        /// The path.
        path: String,
        /// Why.
        source: serde_json::Error,
    },
    /// A restart between two queries can be detected only by this.
    #[error(
        "the connection was closed between two queries, and {missing} of its endpoints have been missing since: it may have restarted"
    )]
    MayHaveRestarted {
        /// How many endpoints are missing.
        missing: usize,
    },
}

/// What to do about a status.
fn hint(status: u16) -> &'static str {
    match status {
        401 | 403 => " (set user:password in the URL of EUREKA_CLIENT_SERVICEURL_DEFAULTZONE)",
        429 | 500..=599 => "",
        _ => " (is this Eureka's REST API?)",
    }
}

impl MemberError for EurekaError {
    fn code(&self) -> ResolveCode {
        match self {
            EurekaError::Tls(_) => ResolveCode::BadTarget,
            EurekaError::Roots(_) | EurekaError::MayHaveRestarted { .. } => ResolveCode::WatchBroken,
            EurekaError::Request(error) => error.source.code(),
            EurekaError::NotEureka { .. } => ResolveCode::BadAnswer,
            EurekaError::Refused { status, .. } => match status {
                401 | 403 => ResolveCode::Denied,
                429 => ResolveCode::Limited,
                500..=599 => ResolveCode::ServerError,
                _ => ResolveCode::BadAnswer,
            },
        }
    }

    fn is_of_every_member(&self) -> bool {
        self.code() == ResolveCode::Denied
    }

    fn at(self, server: &str) -> ResolveError {
        let (code, text) = (self.code(), format!("eureka {server}: {self}"));
        let error = match &self {
            EurekaError::Refused { retry_after, .. } => ResolveError::ambient(code, text).retry_after(*retry_after),
            _ if code == ResolveCode::BadTarget => ResolveError::fatal(code, text),
            _ => ResolveError::ambient(code, text),
        };
        error.caused_by(self)
    }
}
