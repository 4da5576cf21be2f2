//! The `etcd` backend: the keys under a service's prefixes, read once and then watched from the revision that was read.
//!
//! Spoken with hand-written messages (`etcd/messages.rs`) over a connection of our own (`etcd/wire.rs`): etcd-client needs
//! protoc to build. What frameworks write into the keys is read by
//! [`layout`](crate::layout).

#![cfg(feature = "etcd")]

mod elsewhere;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod lease;
mod messages;
mod prefix;
mod registry;
mod route;
mod secured;
mod settings;
mod siblings;
mod target;
mod watch;
mod wire;

use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream;
use tonic::{Code, Status};

pub use registry::REGISTRY;
pub use settings::{Member, Settings};

use super::failover::MemberError;
use super::listing::Words;
use super::login::learn_login;
use super::settings::{BackendSettings, Reader, Setting, SettingsError};
use super::socket::io_words;
use super::target::{Example, Scheme};
use super::tls::Names;
use super::{Backend, CheckError, Context, Description, Origin, Resolution};
use crate::model::registry::Registry;
use crate::model::resolution::{ResolveCode, ResolveError};
use crate::model::target::Target;
use crate::text::duration;
pub use target::EtcdTarget;

/// What etcdctl calls the settings of TLS.
const NAMES: &Names = &Names {
    cacert: "ETCDCTL_CACERT",
    capath: "ETCDCTL_CACERT",
    cert: "ETCDCTL_CERT",
    key: "ETCDCTL_KEY",
    other_name: " (write the member's address as its certificate has it into ETCDCTL_ENDPOINTS)",
    no_tls: " (this is no TLS: a member that speaks plain text is written http://)",
};

/// How its keys are spoken of.
const WORDS: &Words = &Words { key: "key", unowned: "have no lease", show: "etcdctl get --prefix PREFIX" };

/// The `etcd` backend.
pub struct Etcd;

impl Backend for Etcd {
    fn registry(&self) -> &'static Registry {
        &REGISTRY
    }

    fn schemes(&self) -> &'static [Scheme] {
        target::SCHEMES
    }

    fn examples(&self) -> &'static [Example] {
        target::EXAMPLES
    }

    fn settings(&self) -> &'static [Setting] {
        settings::SETTINGS
    }

    fn configure(&self, given: &Reader, settings: &mut super::Settings) -> Result<(), SettingsError> {
        settings.set(Settings::read(given)?);
        Ok(())
    }

    fn query(&self, target: &Target, context: &Context) -> Resolution {
        match target.of::<EtcdTarget>() {
            Some(target) => {
                let settings = (*context.settings.of::<Settings>()).clone();
                let limit = context.settings.response_limit_or(settings.command_timeout.value);
                watch::resolve(settings, target.clone(), context.settings.secrets.clone(), limit)
            }
            None => {
                let text = "etcd: only etcd: and discov: targets can be asked here";
                Box::pin(stream::iter([Err(ResolveError::fatal(ResolveCode::BadTarget, text))]))
            }
        }
    }

    fn learn_secrets(&self, _: Option<&Target>, settings: &super::Settings) {
        if let Some((user, password)) = settings.of::<Settings>().credentials() {
            learn_login(&settings.secrets, &user, &password);
            // A password may stand in both variables.
            user.split_once(':').iter().for_each(|(_, own)| settings.secrets.learn(own));
        }
    }

    /// Active when `ETCDCTL_ENDPOINTS` is set.
    fn target_for(&self, service: &str, settings: &super::Settings) -> Option<Target> {
        if service.is_empty() {
            return None;
        }
        active(&settings.of::<Settings>()).ok()?;
        Some(EtcdTarget { service: service.to_string(), ..EtcdTarget::default() }.into())
    }

    fn describe(&self, settings: &super::Settings) -> Description {
        Description { active: active(&settings.of::<Settings>()), settings: settings.of::<Settings>().rows() }
    }

    fn check(&self, target: &Target, settings: &super::Settings) -> Result<(), CheckError> {
        match target.of::<EtcdTarget>() {
            Some(target) => route::check(&settings.of::<Settings>(), target).map_err(CheckError::new),
            None => Ok(()),
        }
    }

    /// `etcd 3.6.16 at 127.0.0.1:2379, leader 8e9e05c52164694d`, of the first member that responds. Without a leader it is
    /// an error.
    fn query_version(&self, settings: &super::Settings) -> BoxFuture<'static, Result<String, ResolveError>> {
        let limit = settings.response_limit_or(settings.of::<Settings>().command_timeout.value);
        let (settings, secrets) = ((*settings.of::<Settings>()).clone(), settings.secrets.clone());
        Box::pin(async move { route::open(settings, None, secrets).await?.ping(limit).await })
    }
}

/// Why bare names are asked here, or why not.
fn active(settings: &Settings) -> Result<String, String> {
    match &settings.endpoints.origin {
        Origin::Env(name) => Ok(format!("{name} is set")),
        Origin::Flag(name) => Ok(format!("{name} was given")),
        Origin::Config(path) => Ok(format!("{path} names its members")),
        Origin::System(_) | Origin::Default => Err("ETCDCTL_ENDPOINTS is not set".to_string()),
    }
}

/// Why there is no answer. The sentences do not name the member: whoever reports them does.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    /// A setting makes no sense: no point in asking again.
    #[error("{0}")]
    Setting(String),
    /// No connection.
    #[error("{}", io_words(.0))]
    Connect(#[source] std::io::Error),
    /// Connecting took too long.
    #[error("no connection within {}", duration(*.0))]
    ConnectTimeout(Duration),
    /// No secure connection.
    #[error("tls: {0}")]
    Tls(String),
    /// Connected and asked, but the answer did not come.
    #[error("{path}: no answer within {}", duration(*limit))]
    NoAnswer {
        /// The question.
        path: &'static str,
        /// How long was waited.
        limit: Duration,
    },
    /// Watching, and the member says nothing any more.
    #[error("{0}")]
    Frozen(String),
    /// The connection ended before the answer came.
    #[error("the connection broke: {0}")]
    Broken(String),
    /// etcd's own refusal, or what gRPC made of an answer that is none.
    #[error("{}{}", .0.message(), hint(.0))]
    Status(Status),
    /// The watch cannot go on: what happened since is no longer kept.
    #[error("the watch was canceled: {0}")]
    Canceled(String),
    /// What came is not what etcd says.
    #[error("{0}")]
    NotEtcd(String),
}

/// What to set when etcd wants to know who asks.
fn hint(status: &Status) -> &'static str {
    match status.message() {
        text if text.contains("user name is empty") => " (ETCDCTL_USER names the user)",
        _ => "",
    }
}

impl Trouble {
    /// The stable word for it. etcd's own: `api/v3rpc/rpctypes/error.go`.
    fn code(&self) -> ResolveCode {
        match self {
            Trouble::Setting(_) => ResolveCode::BadTarget,
            Trouble::Connect(_) | Trouble::Tls(_) => ResolveCode::Unreachable,
            Trouble::ConnectTimeout(_) | Trouble::NoAnswer { .. } | Trouble::Frozen(_) => ResolveCode::Timeout,
            Trouble::Broken(_) | Trouble::Canceled(_) => ResolveCode::WatchBroken,
            Trouble::NotEtcd(_) => ResolveCode::BadAnswer,
            Trouble::Status(status) => match (status.code(), status.message()) {
                (Code::PermissionDenied | Code::Unauthenticated, _) => ResolveCode::Denied,
                // Who it is was refused: "authentication failed", "user name is empty".
                (Code::InvalidArgument, text) if text.contains("authentication") || text.contains("user name") => {
                    ResolveCode::Denied
                }
                (Code::ResourceExhausted, text) if text.contains("too many requests") => ResolveCode::Limited,
                (Code::Unimplemented | Code::OutOfRange | Code::Internal | Code::Unknown | Code::DataLoss, text)
                    if !text.starts_with("etcdserver:") =>
                {
                    ResolveCode::BadAnswer
                }
                // "required revision has been compacted".
                (Code::OutOfRange, _) => ResolveCode::WatchBroken,
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
        matches!(self.code(), ResolveCode::Denied | ResolveCode::Limited | ResolveCode::BadTarget)
    }

    fn at(self, member: &str) -> ResolveError {
        let text = format!("etcd {member}: {self}");
        let error = match self {
            Trouble::Setting(_) => ResolveError::fatal(self.code(), text),
            _ => ResolveError::ambient(self.code(), text),
        };
        error.caused_by(self)
    }
}
