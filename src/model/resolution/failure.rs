//! [`ResolveError`]: why a registry could not be queried.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The query failed. This proves nothing about the endpoints.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResolveError {
    /// The failure may pass by itself: query again with backoff.
    #[error(transparent)]
    Ambient(ResolveFailure),
    /// Another query cannot help (a bad target, a file that is not a list): a person must act.
    #[error(transparent)]
    Fatal(ResolveFailure),
}

impl ResolveError {
    /// A failure that may pass by itself.
    pub fn ambient(code: ResolveCode, text: impl Into<String>) -> Self {
        ResolveError::Ambient(ResolveFailure::new(code, text))
    }

    /// A failure that a person must fix.
    pub fn fatal(code: ResolveCode, text: impl Into<String>) -> Self {
        ResolveError::Fatal(ResolveFailure::new(code, text))
    }

    /// The same failure, caused by `cause`, which is available through [`source`](std::error::Error::source).
    #[must_use]
    pub fn caused_by(mut self, cause: impl Error + Send + Sync + 'static) -> Self {
        self.failure_mut().cause = Some(Cause(Arc::new(cause)));
        self
    }

    /// The same failure; the registry named the time after which to query it again.
    #[must_use]
    pub fn retry_after(mut self, delay: Option<Duration>) -> Self {
        self.failure_mut().retry_after = delay;
        self
    }

    /// The failure itself.
    pub fn failure(&self) -> &ResolveFailure {
        match self {
            ResolveError::Ambient(failure) | ResolveError::Fatal(failure) => failure,
        }
    }

    /// The failure itself, to be completed.
    pub(crate) fn failure_mut(&mut self) -> &mut ResolveFailure {
        match self {
            ResolveError::Ambient(failure) | ResolveError::Fatal(failure) => failure,
        }
    }
}

/// Why a registry returned no list. Its [`source`](std::error::Error::source) is the error of the library or the
/// system below it, where there is one: an [`std::io::Error`], the status of a gRPC call, an HTTP status in an error
/// of the backend.
#[derive(Debug, Clone)]
pub struct ResolveFailure {
    /// Stable identifier.
    pub code: ResolveCode,
    /// The sentence; it names the registry.
    pub text: String,
    /// How long the registry requests not to be queried again (`Retry-After`).
    pub retry_after: Option<Duration>,
    /// The underlying error.
    cause: Option<Cause>,
}

impl ResolveFailure {
    /// A failure for which the registry named no time to wait.
    pub fn new(code: ResolveCode, text: impl Into<String>) -> Self {
        ResolveFailure { code, text: text.into(), retry_after: None, cause: None }
    }

    /// Removes the cause when `is_secret` is true for any text in it.
    pub(crate) fn drop_cause_if(&mut self, is_secret: impl Fn(&str) -> bool) {
        let mut below = self.source();
        while let Some(error) = below {
            if is_secret(&error.to_string()) || is_secret(&format!("{error:?}")) {
                self.cause = None;
                return;
            }
            below = error.source();
        }
    }
}

impl Error for ResolveFailure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_ref().map(|Cause(cause)| &**cause as &(dyn Error + 'static))
    }
}

/// The underlying error of a failure.
#[derive(Clone)]
struct Cause(Arc<dyn Error + Send + Sync>);

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

/// Two failures with the same code and text are equal, whatever their causes.
impl PartialEq for ResolveFailure {
    fn eq(&self, other: &Self) -> bool {
        (self.code, &self.text, self.retry_after) == (other.code, &other.text, other.retry_after)
    }
}

impl Eq for ResolveFailure {}

impl fmt::Display for ResolveFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The stable identifiers for [`ResolveFailure::code`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ResolveCode {
    /// DNS SERVFAIL.
    ServFail,
    /// DNS REFUSED.
    Refused,
    /// No response in time.
    Timeout,
    /// The registry could not be reached at all (connection refused, no route, TLS).
    Unreachable,
    /// The registry refuses this token or user (401, 403).
    Denied,
    /// The registry responded, and left out what this token or user may not see.
    Hidden,
    /// The registry accepts no more queries from this client (429, too many connections, rate limit).
    Limited,
    /// The registry returned an error of its own (5xx, no leader).
    ServerError,
    /// DNS: the answer was truncated over UDP, and TCP failed.
    Truncated,
    /// The response could not be parsed.
    BadAnswer,
    /// The watch broke (connection closed in the middle, file removed).
    WatchBroken,
    /// The target or the settings are not valid for this backend.
    BadTarget,
    /// This registry is not configured, and nothing runs at its default address: no agent runs on this machine.
    NotHere,
}

impl ResolveCode {
    /// The word in the output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ServFail => "servfail",
            Self::Refused => "refused",
            Self::Timeout => "timeout",
            Self::Unreachable => "unreachable",
            // Both mean to the reader of the output: permissions are missing.
            Self::Denied | Self::Hidden => "denied",
            Self::Limited => "limited",
            Self::ServerError => "server_error",
            Self::Truncated => "truncated",
            Self::BadAnswer => "bad_answer",
            Self::WatchBroken => "watch_broken",
            Self::BadTarget => "bad_target",
            Self::NotHere => "not_here",
        }
    }
}
