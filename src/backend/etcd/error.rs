//! [`EtcdError`]: why a member did not respond.

use std::io;
use std::time::Duration;

use http::header::InvalidHeaderValue;
use http::uri::InvalidUri;
use tonic::Code;

use crate::backend::failover::MemberError;
use crate::backend::socket::io_text;
use crate::model::resolution::{ResolveCode, ResolveError};
use crate::net::http2::CallError;
use crate::text::duration;

/// Why a request failed. The texts do not name the member; [`MemberError::at`] adds it.
#[derive(Debug, thiserror::Error)]
pub(super) enum EtcdError {
    /// The member's address is not valid in a request: retrying would not help.
    #[error("invalid member {member}: {source}")]
    Authority {
        /// The member.
        member: String,
        /// Why.
        source: InvalidUri,
    },
    /// No connection.
    #[error("{}", io_text(.0))]
    Connect(#[source] io::Error),
    /// Connecting took too long.
    #[error("no connection within {}", duration(*.0))]
    ConnectTimeout(Duration),
    /// The member closed the connection during the TLS handshake.
    #[error("tls: the member closed the connection during the handshake (use http:// for a member without TLS)")]
    HandshakeEnded(#[source] io::Error),
    /// The TLS handshake failed.
    #[error("tls: {words}")]
    Handshake {
        /// What went wrong, and the setting that resolves it.
        words: String,
        /// The error of the TLS library.
        source: io::Error,
    },
    /// The member closed the connection with a TLS alert, as described by [`TlsExplanation`](crate::net::tls::Explain).
    #[error("tls: {0}")]
    Alert(String),
    /// Connected and queried, but no response arrived.
    #[error("{path}: no response within {}", duration(*limit))]
    NoAnswer {
        /// The query.
        path: &'static str,
        /// The limit.
        limit: Duration,
    },
    /// The same while watching: the member has responded before, so it is frozen or unreachable.
    #[error("{path}: no response within {} while watching: frozen or unreachable", duration(*limit))]
    Frozen {
        /// The query.
        path: &'static str,
        /// The limit.
        limit: Duration,
    },
    /// The connection ended before the response arrived.
    #[error("connection lost: {end}{}", if *may_want_tls { " (use https:// if the member requires TLS)" } else { "" })]
    Broken {
        /// How it ended.
        #[source]
        end: EtcdConnectionEnd,
        /// The member was contacted in plain text, and never responded.
        may_want_tls: bool,
    },
    /// The request cannot be built.
    #[error("request uri: {0}")]
    Request(#[source] http::Error),
    /// etcd's error status, or gRPC's error for an invalid response.
    #[error("{}{}", call_text(.0), hint(.0))]
    Call(#[from] CallError),
    /// The member has no leader.
    #[error("the cluster has no leader")]
    NoLeader,
    /// The member closed the watch without a reason.
    #[error("the watch was canceled: the member closed the stream")]
    WatchEnded,
    /// The member canceled the watch.
    #[error("the watch was canceled: {}", reason.as_deref().unwrap_or("no reason was given"))]
    Canceled {
        /// The member's own message.
        reason: Option<String>,
    },
    /// The watch cannot continue: the changes since its revision were compacted.
    #[error(
        "the watch was canceled: etcd has compacted its history up to revision {revision}, and this watch had not read that far: \
         what changed meanwhile is lost to it, the whole list is needed"
    )]
    Compacted {
        /// The first revision that is still available.
        revision: i64,
    },
    /// The token from the member is not valid in a header.
    #[error("the token that Authenticate returned is not valid in a header")]
    Token(#[source] InvalidHeaderValue),
    /// A response has no revision.
    #[error("the response has no revision: changes cannot be watched")]
    NoRevision,
}

/// How a connection ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum EtcdConnectionEnd {
    /// By an error.
    #[error("{}", http2_text(.0))]
    Failed(#[from] h2::Error),
    /// The member closed it.
    #[error("closed by the member")]
    Closed,
    /// Before the query was sent.
    #[error("already closed")]
    Before,
}

/// The reason for the end of the connection or the stream.
fn http2_text(error: &h2::Error) -> String {
    error.get_io().map_or_else(|| error.to_string(), io_text)
}

fn call_text(error: &CallError) -> String {
    match error {
        CallError::Http2(error) => http2_text(error),
        CallError::Status(_) | CallError::NoStatus { .. } | CallError::NotGrpc(_) => error.to_string(),
    }
}

// etcd's values of `grpc-message` for which the status code alone is not enough (`api/v3rpc/rpctypes/error.go`).

/// Every message of etcd itself starts with this; any other message comes from a server that is not etcd.
const ETCDS_OWN: &str = "etcdserver:";
/// `ErrGRPCUserEmpty`: authentication is enabled, and the request names no user.
const NO_USER: &str = "user name is empty";
/// `ErrGRPCUserEmpty`, `ErrGRPCAuthFailed`: the user was rejected.
const IDENTITY_REFUSED: [&str; 2] = ["authentication", "user name"];
/// `ErrGRPCRequestTooManyRequests`.
const TOO_MANY_REQUESTS: &str = "too many requests";
/// `ErrGRPCAuthNotEnabled`.
pub(super) const AUTHENTICATION_OFF: &str = "not enabled";

/// What to set when etcd requires authentication.
fn hint(error: &CallError) -> &'static str {
    match error {
        CallError::Status(status) if status.message().contains(NO_USER) => " (set the user name in ETCDCTL_USER)",
        _ => "",
    }
}

/// The stable code for a call without a response.
fn code_of_call(error: &CallError) -> ResolveCode {
    let message = match error {
        CallError::Status(status) => status.message(),
        CallError::Http2(_) | CallError::NoStatus { .. } | CallError::NotGrpc(_) => "",
    };
    match error.code() {
        Code::PermissionDenied | Code::Unauthenticated => ResolveCode::Denied,
        Code::InvalidArgument if IDENTITY_REFUSED.iter().any(|words| message.contains(words)) => ResolveCode::Denied,
        Code::ResourceExhausted if message.contains(TOO_MANY_REQUESTS) => ResolveCode::Limited,
        Code::Unimplemented | Code::OutOfRange | Code::Internal | Code::Unknown | Code::DataLoss
            if !message.starts_with(ETCDS_OWN) =>
        {
            ResolveCode::BadAnswer
        }
        // "required revision has been compacted".
        Code::OutOfRange => ResolveCode::WatchBroken,
        _ => ResolveCode::ServerError,
    }
}

impl EtcdError {
    /// The stable code.
    fn code(&self) -> ResolveCode {
        match self {
            EtcdError::Authority { .. } => ResolveCode::BadTarget,
            EtcdError::Connect(_)
            | EtcdError::HandshakeEnded(_)
            | EtcdError::Handshake { .. }
            | EtcdError::Alert(_) => ResolveCode::Unreachable,
            EtcdError::ConnectTimeout(_) | EtcdError::NoAnswer { .. } | EtcdError::Frozen { .. } => {
                ResolveCode::Timeout
            }
            EtcdError::Broken { .. }
            | EtcdError::WatchEnded
            | EtcdError::Canceled { .. }
            | EtcdError::Compacted { .. } => ResolveCode::WatchBroken,
            EtcdError::Request(_) | EtcdError::Token(_) | EtcdError::NoRevision => ResolveCode::BadAnswer,
            EtcdError::NoLeader => ResolveCode::ServerError,
            EtcdError::Call(error) => code_of_call(error),
        }
    }

    /// The status that ended the call, if any.
    pub(super) fn status(&self) -> Option<Code> {
        match self {
            EtcdError::Call(error) => Some(error.code()),
            _ => None,
        }
    }

    /// The same error, of a member that has responded before.
    pub(super) fn while_watching(self) -> Self {
        match self {
            EtcdError::NoAnswer { path, limit } => EtcdError::Frozen { path, limit },
            other => other,
        }
    }
}

impl MemberError for EtcdError {
    fn code(&self) -> ResolveCode {
        self.code()
    }

    fn is_of_every_member(&self) -> bool {
        matches!(self.code(), ResolveCode::Denied | ResolveCode::Limited | ResolveCode::BadTarget)
    }

    fn at(self, member: &str) -> ResolveError {
        let text = format!("etcd {member}: {self}");
        let error = match self {
            EtcdError::Authority { .. } => ResolveError::fatal(self.code(), text),
            _ => ResolveError::ambient(self.code(), text),
        };
        error.caused_by(self)
    }
}
