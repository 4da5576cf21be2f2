//! [`HttpError`]: why a registry did not respond to a request.

use std::error::Error;
use std::io;
use std::time::Duration;

use crate::model::resolution::ResolveCode;
use crate::net::io_text;
use crate::net::tls::TlsExplanation;
use crate::text::{duration, quote_bytes};

/// Why there is no response. The sentences do not name the registry: the caller does.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HttpError {
    /// The request cannot be sent as HTTP: retrying does not help.
    #[error("not a valid HTTP request: {0}")]
    Request(#[source] http::Error),
    /// No connection.
    #[error("{}", io_text(.0))]
    Connect(#[source] io::Error),
    /// Connecting took too long.
    #[error("no connection within {}", duration(*.0))]
    ConnectTimeout(Duration),
    /// TLS failed, during the handshake or later.
    #[error("tls: {text}")]
    Tls {
        /// What the failure means, with the setting that resolves it.
        text: String,
        /// The failure.
        source: io::Error,
    },
    /// Connected, and no response within the limit.
    #[error("no response within {}", duration(*.0))]
    NoAnswer(Duration),
    /// A part of the response arrived, and then nothing more.
    #[error("the response stopped after {after} bytes: no more data within {}", duration(*limit))]
    Stopped {
        /// How much of it arrived.
        after: usize,
        /// The wait for more.
        limit: Duration,
    },
    /// The response was still arriving at the time limit.
    #[error("the response was not complete after {}: {after} bytes received", duration(*limit))]
    TooSlow {
        /// How much of it arrived.
        after: usize,
        /// The longest time for one response.
        limit: Duration,
    },
    /// The connection ended before the response was complete.
    #[error("connection lost before the response was complete: {}", cause(.0).map_or_else(|| .0.to_string(), io_text))]
    Broken(#[source] hyper::Error),
    /// The peer is not an HTTP server.
    #[error("not an HTTP server: {0}")]
    NotHttp(#[source] hyper::Error),
    /// The response has a form that rustify does not accept.
    #[error("not a valid HTTP response: {0}")]
    Response(#[source] Box<dyn Error + Send + Sync>),
    /// The response is compressed.
    #[error(
        "the response is encoded (content-encoding: {}), which was not requested: a proxy in front of the registry may \
         compress it",
        quote_bytes(.0.as_bytes(), 40)
    )]
    Encoded(http::HeaderValue),
    /// The response is longer than the limit.
    #[error("the response is larger than {} MiB", .0 / 1024 / 1024)]
    TooLong(usize),
}

impl HttpError {
    /// The error for one of hyper's. The TLS alert or the reset is below it: "connection error" alone does not help.
    pub(super) fn of_hyper(error: hyper::Error, explain: Option<&TlsExplanation>) -> Self {
        match cause(&error) {
            Some(below) => match explain.and_then(|explain| explain.of(below)) {
                Some(text) => HttpError::Tls { text, source: io::Error::other(error) },
                None => HttpError::Broken(error),
            },
            None if error.is_parse() => HttpError::NotHttp(error),
            None => HttpError::Broken(error),
        }
    }

    /// The stable code.
    pub(crate) fn code(&self) -> ResolveCode {
        match self {
            HttpError::Request(_) => ResolveCode::BadTarget,
            HttpError::Connect(_) | HttpError::Tls { .. } => ResolveCode::Unreachable,
            HttpError::ConnectTimeout(_)
            | HttpError::NoAnswer(_)
            | HttpError::Stopped { .. }
            | HttpError::TooSlow { .. } => ResolveCode::Timeout,
            HttpError::Broken(_) => ResolveCode::WatchBroken,
            HttpError::NotHttp(_) | HttpError::Response(_) | HttpError::Encoded(_) | HttpError::TooLong(_) => {
                ResolveCode::BadAnswer
            }
        }
    }

    /// The text after `connection lost: ` in the error of a watch, if the connection broke.
    pub(crate) fn broken_connection(&self) -> Option<String> {
        match self {
            HttpError::Connect(error) => Some(io_text(error)),
            HttpError::Broken(error) => Some(cause(error).map_or_else(|| error.to_string(), io_text)),
            _ => None,
        }
    }
}

/// The operating system's error below hyper's.
fn cause(error: &hyper::Error) -> Option<&io::Error> {
    let mut below = error.source();
    while let Some(cause) = below {
        if let Some(cause) = cause.downcast_ref::<io::Error>() {
            return Some(cause);
        }
        below = cause.source();
    }
    None
}

/// A request that got no response, with what was requested. The text does not name the registry.
#[derive(Debug, thiserror::Error)]
#[error("{}{source}", if source.code() == ResolveCode::Timeout && !matches!(source, HttpError::ConnectTimeout(_)) {
    format!("{request}: ")
} else {
    String::new()
})]
pub(crate) struct RequestError {
    /// What was requested: `GET /v1/health/service/pay`.
    pub request: String,
    /// Why there is no response.
    pub source: HttpError,
}
