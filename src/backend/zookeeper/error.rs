//! [`ZookeeperError`]: why a server did not respond.

use std::fmt;
use std::io;
use std::time::Duration;

use super::jute;
use crate::backend::failover::MemberError;
use crate::backend::socket::io_text;
use crate::model::resolution::{ResolveCode, ResolveError};
use crate::text::duration;

/// Why there is no response. The sentences do not name the server: [`MemberError::at`] does.
#[derive(Debug, thiserror::Error)]
pub(super) enum ZookeeperError {
    /// No connection.
    #[error("{}", io_text(.0))]
    Connect(#[source] io::Error),
    /// Connecting took too long.
    #[error("no connection within {}", duration(*.0))]
    ConnectTimeout(Duration),
    /// Connected and queried, and no response within the limit.
    #[error("{what}: no response within {}", duration(*limit))]
    NoAnswer {
        /// The query.
        what: &'static str,
        /// The limit.
        limit: Duration,
    },
    /// The same from a server that has responded before: it is frozen or unreachable.
    #[error("{what}: no response within {} while watching: frozen or unreachable", duration(*limit))]
    Frozen {
        /// The query.
        what: &'static str,
        /// The limit.
        limit: Duration,
    },
    /// The connection broke.
    #[error("connection lost: {}", io_text(.0))]
    Broken(#[source] io::Error),
    /// The server closed the connection.
    #[error("connection lost: closed by the server")]
    Closed,
    /// The server is running but does not serve requests.
    #[error("not serving requests: no leader, or still starting")]
    NoLeader,
    /// The server closed the connection instead of opening a session.
    #[error(
        "failed to open a session: {} (it has no leader, its connection limit for this host is reached (maxClientCnxns), or its port requires TLS)",
        source.as_ref().map_or_else(|| "the server closed the connection".to_string(), io_text)
    )]
    NoSession {
        /// How the connection was lost, if it was not closed in order.
        source: Option<io::Error>,
    },
    /// ZooKeeper's error, by its code.
    #[error("{what}: {}", words(*code))]
    Refused {
        /// The query.
        what: &'static str,
        /// `KeeperException.Code`.
        code: i32,
    },
    /// The nodes that may not be read, when nothing else was found.
    #[error("no permission to read {0} (NoAuth; ZOOKEEPER_AUTH sets the user)")]
    Denied(String),
    /// The peer is not a ZooKeeper server.
    #[error("not a ZooKeeper server: the response is not valid")]
    NotZookeeper,
    /// A message ends too early.
    #[error("{0} is truncated")]
    CutShort(Part),
}

/// The content of a message.
#[derive(Debug)]
pub(super) enum Part {
    /// The head of any response.
    Head,
    /// The names of a node's children.
    Children,
    /// The value of the node at this path.
    Value(String),
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Part::Head => f.write_str("a response"),
            Part::Children => f.write_str("a list of children"),
            Part::Value(path) => write!(f, "the data of {path:?}"),
        }
    }
}

/// The meaning of a code, and what to set about it.
fn words(code: i32) -> String {
    let text = match code {
        jute::code::NO_NODE => "no such node (NoNode)",
        jute::code::NO_AUTH => "this user has no permission (NoAuth; ZOOKEEPER_AUTH sets the user)",
        jute::code::SESSION_EXPIRED => "the session has expired",
        jute::code::AUTH_FAILED => "the server does not accept digest authentication (AuthFailed)",
        jute::code::SESSION_MOVED => "the session has moved to another server",
        jute::code::REQUIRES_SASL => "the server requires SASL, which is not supported",
        jute::code::THROTTLED => "the server is overloaded (ThrottledOp)",
        -1 => "internal server error (SystemError)",
        -6 => "the server does not support this request (Unimplemented)",
        -8 => "the server does not accept this path (BadArguments)",
        code => return format!("error {code}"),
    };
    text.to_string()
}

impl ZookeeperError {
    /// The stable code.
    fn code(&self) -> ResolveCode {
        match self {
            ZookeeperError::Connect(_) => ResolveCode::Unreachable,
            ZookeeperError::ConnectTimeout(_) | ZookeeperError::NoAnswer { .. } | ZookeeperError::Frozen { .. } => {
                ResolveCode::Timeout
            }
            ZookeeperError::Broken(_) | ZookeeperError::Closed => ResolveCode::WatchBroken,
            ZookeeperError::NoLeader | ZookeeperError::NoSession { .. } => ResolveCode::ServerError,
            ZookeeperError::Denied(_) => ResolveCode::Denied,
            ZookeeperError::NotZookeeper | ZookeeperError::CutShort(_) => ResolveCode::BadAnswer,
            ZookeeperError::Refused { code, .. } => match *code {
                jute::code::NO_AUTH | jute::code::AUTH_FAILED | jute::code::REQUIRES_SASL => ResolveCode::Denied,
                jute::code::SESSION_EXPIRED | jute::code::SESSION_MOVED => ResolveCode::WatchBroken,
                jute::code::THROTTLED => ResolveCode::Limited,
                -8 => ResolveCode::BadTarget,
                _ => ResolveCode::ServerError,
            },
        }
    }

    /// The same error, of a server that has responded before.
    pub(super) fn while_watching(self) -> Self {
        match self {
            ZookeeperError::NoAnswer { what, limit } => ZookeeperError::Frozen { what, limit },
            other => other,
        }
    }
}

impl MemberError for ZookeeperError {
    fn code(&self) -> ResolveCode {
        self.code()
    }

    fn is_of_every_member(&self) -> bool {
        matches!(self.code(), ResolveCode::Denied | ResolveCode::BadTarget)
    }

    fn at(self, server: &str) -> ResolveError {
        ResolveError::ambient(self.code(), format!("zookeeper {server}: {self}")).caused_by(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_distinguished_from_an_error_and_from_an_end() {
        let code = |code| ZookeeperError::Refused { what: "reading children", code }.code();
        assert_eq!(code(jute::code::NO_AUTH), ResolveCode::Denied);
        assert_eq!(code(jute::code::SESSION_EXPIRED), ResolveCode::WatchBroken);
        assert_eq!(code(jute::code::THROTTLED), ResolveCode::Limited);
        assert_eq!(code(-1), ResolveCode::ServerError);
        let error = ZookeeperError::Refused { what: "reading children", code: -102 }.at("h:2181").to_string();
        assert!(error.starts_with("zookeeper h:2181: reading children: this user has no permission"), "{error}");
    }
}
