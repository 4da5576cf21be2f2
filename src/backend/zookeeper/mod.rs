//! The `zookeeper` backend: the nodes under a service's parents, read once and then watched with ZooKeeper's one-shot
//! watches.
//!
//! The protocol is spoken by hand (`zookeeper/jute.rs`): the clients that are published retry and reconnect by themselves
//! and tell "timeout" where a port refuses, and causes are what this is about. What frameworks write into the nodes is
//! read by [`layout`](crate::layout).

#![cfg(feature = "zookeeper")]

mod elsewhere;
mod ensemble;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod jute;
mod registry;
mod session;
mod settings;
mod target;
mod watch;

use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream;

pub use registry::REGISTRY;
pub use settings::{Connect, Server, Settings};

use super::failover::MemberError;
use super::listing::Words;
use super::login::learn_login;
use super::target::{Example, Scheme};
use super::{Backend, Context, Description, Origin, Resolution};
use crate::model::registry::Registry;
use crate::model::resolution::{ResolveCode, ResolveError};
use crate::model::target::Target;
use crate::text::duration;
use ensemble::Ensemble;
pub use target::ZookeeperTarget;

/// How its nodes are spoken of.
const WORDS: &Words = &Words { key: "node", unowned: "are not ephemeral", show: "zkCli.sh get PATH" };

/// The `zookeeper` backend.
pub struct Zookeeper;

impl Backend for Zookeeper {
    fn registry(&self) -> &'static Registry {
        &REGISTRY
    }

    fn schemes(&self) -> &'static [Scheme] {
        target::SCHEMES
    }

    fn examples(&self) -> &'static [Example] {
        target::EXAMPLES
    }

    fn query(&self, target: &Target, context: &Context) -> Resolution {
        match target.of::<ZookeeperTarget>() {
            Some(target) => {
                let limit = context.settings.response_limit();
                watch::resolve(context.settings.zookeeper.clone(), target.clone(), limit)
            }
            None => {
                let text = "zookeeper: only zookeeper: and zk: targets can be asked here";
                Box::pin(stream::iter([Err(ResolveError::fatal(ResolveCode::BadTarget, text))]))
            }
        }
    }

    fn learn_secrets(&self, _: Option<&Target>, settings: &super::Settings) {
        if let Some((user, password)) = &settings.zookeeper.auth.value {
            learn_login(&settings.secrets, user, password);
        }
    }

    /// Active when `ZOOKEEPER_CONNECT` is set.
    fn target_for(&self, service: &str, settings: &super::Settings) -> Option<Target> {
        if service.is_empty() {
            return None;
        }
        active(&settings.zookeeper).ok()?;
        Some(ZookeeperTarget { service: service.to_string(), ..ZookeeperTarget::default() }.into())
    }

    fn describe(&self, settings: &super::Settings) -> Description {
        Description { active: active(&settings.zookeeper), settings: settings.zookeeper.rows() }
    }

    /// `zookeeper 3.9.5 at 127.0.0.1:2181, standalone`, of the first server that answers. One that serves nobody is an
    /// error.
    fn query_version(&self, settings: &super::Settings) -> BoxFuture<'static, Result<String, ResolveError>> {
        let limit = settings.response_limit();
        let settings = settings.zookeeper.clone();
        Box::pin(async move { Ensemble::new(&settings, None)?.ping(limit).await })
    }
}

/// Why bare names are asked here, or why not.
fn active(settings: &Settings) -> Result<String, String> {
    match &settings.connect.origin {
        Origin::Env(name) => Ok(format!("{name} is set")),
        Origin::Flag(name) => Ok(format!("{name} was given")),
        Origin::Config(path) => Ok(format!("{path} names its servers")),
        Origin::System(_) | Origin::Default => Err("ZOOKEEPER_CONNECT is not set".to_string()),
    }
}

/// What ZooKeeper takes for a path (`PathUtils.validatePath`). The error follows the path in a sentence.
fn is_path(path: &str) -> Result<(), &'static str> {
    let Some(within) = path.strip_prefix('/') else { return Err("does not begin with a slash") };
    match within.split('/').find(|name| matches!(*name, "" | "." | "..") || name.contains('\0')) {
        None => Ok(()),
        Some("") => Err("has an empty name in it"),
        Some(_) => Err("has . or .. in it, which ZooKeeper refuses"),
    }
}

/// Why there is no answer. The sentences do not name the server: whoever reports them does.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum Trouble {
    /// No connection.
    #[error("{0}")]
    Connect(String),
    /// Connecting took too long.
    #[error("no connection within {}", duration(*.0))]
    ConnectTimeout(Duration),
    /// Connected and asked, but the answer did not come.
    #[error("{what}: no answer within {}", duration(*limit))]
    NoAnswer {
        /// The question.
        what: &'static str,
        /// How long was waited.
        limit: Duration,
    },
    /// Watching, and the server says nothing any more.
    #[error("{0}")]
    Frozen(String),
    /// The connection ended.
    #[error("the connection broke: {0}")]
    Broken(String),
    /// The server is there and gives no session.
    #[error("{0}")]
    NotServing(String),
    /// ZooKeeper's own refusal, by its code.
    #[error("{what}: {}", words(*code))]
    Refused {
        /// The question.
        what: &'static str,
        /// `KeeperException.Code`.
        code: i32,
    },
    /// The nodes that may not be read, and nothing else was found.
    #[error("no right to read {0} (NoAuth; ZOOKEEPER_AUTH names the user)")]
    Denied(String),
    /// What came is not what ZooKeeper says.
    #[error("{0}")]
    NotZookeeper(String),
}

/// What a code means, and what to set about it.
fn words(code: i32) -> String {
    let text = match code {
        jute::code::NO_NODE => "there is no such node (NoNode)",
        jute::code::NO_AUTH => "this user has no right to it (NoAuth; ZOOKEEPER_AUTH names the user)",
        jute::code::SESSION_EXPIRED => "the session has expired",
        jute::code::AUTH_FAILED => "the server takes no digest authentication (AuthFailed)",
        jute::code::SESSION_MOVED => "the session has moved to another server",
        jute::code::REQUIRES_SASL => "the server wants SASL, which is not spoken here",
        jute::code::THROTTLED => "the server has too much to do (ThrottledOp)",
        -1 => "an error inside the server (SystemError)",
        -6 => "the server does not know this question (Unimplemented)",
        -8 => "the server does not take this path (BadArguments)",
        code => return format!("error {code}"),
    };
    text.to_string()
}

impl Trouble {
    /// The stable word for it.
    fn code(&self) -> ResolveCode {
        match self {
            Trouble::Connect(_) => ResolveCode::Unreachable,
            Trouble::ConnectTimeout(_) | Trouble::NoAnswer { .. } | Trouble::Frozen(_) => ResolveCode::Timeout,
            Trouble::Broken(_) => ResolveCode::WatchBroken,
            Trouble::NotServing(_) => ResolveCode::ServerError,
            Trouble::Denied(_) => ResolveCode::Denied,
            Trouble::NotZookeeper(_) => ResolveCode::BadAnswer,
            Trouble::Refused { code, .. } => match *code {
                jute::code::NO_AUTH | jute::code::AUTH_FAILED | jute::code::REQUIRES_SASL => ResolveCode::Denied,
                jute::code::SESSION_EXPIRED | jute::code::SESSION_MOVED => ResolveCode::WatchBroken,
                jute::code::THROTTLED => ResolveCode::Limited,
                -8 => ResolveCode::BadTarget,
                _ => ResolveCode::ServerError,
            },
        }
    }
}

impl MemberError for Trouble {
    fn code(&self) -> ResolveCode {
        self.code()
    }

    fn is_of_every_member(&self) -> bool {
        matches!(self.code(), ResolveCode::Denied | ResolveCode::BadTarget)
    }

    fn at(self, server: &str) -> ResolveError {
        ResolveError::ambient(self.code(), format!("zookeeper {server}: {self}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_apart_from_an_error_and_from_an_end() {
        let code = |code| Trouble::Refused { what: "reading children", code }.code();
        assert_eq!(code(jute::code::NO_AUTH), ResolveCode::Denied);
        assert_eq!(code(jute::code::SESSION_EXPIRED), ResolveCode::WatchBroken);
        assert_eq!(code(jute::code::THROTTLED), ResolveCode::Limited);
        assert_eq!(code(-1), ResolveCode::ServerError);
        let error = Trouble::Refused { what: "reading children", code: -102 }.at("h:2181").to_string();
        assert!(error.starts_with("zookeeper h:2181: reading children: this user has no right to it"), "{error}");
    }

    #[test]
    fn a_path_is_what_zookeeper_takes_for_one() {
        assert_eq!(is_path("/microservices/pay"), Ok(()));
        for wrong in ["pay", "/", "//pay", "/pay/", "/a/../b", "/."] {
            assert!(is_path(wrong).is_err(), "{wrong}");
        }
    }
}
