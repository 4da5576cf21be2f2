//! Where endpoints come from. One file per registry, one line each in [`BACKENDS`].
//!
//! The contract of every backend (`tests/it/backend` tests each backend against it):
//!
//! * The first item of a [`Resolution`] is a full answer ([`Update::Reset`] or [`Update::NotFound`]) or an error:
//!   a missing response is never reported as an empty answer. Every backend has its own time limit for the first
//!   response.
//! * An error is not a statement about endpoints. A backend whose watch survived the error continues with the next
//!   item; one whose watch is lost ends the stream. The end of a stream is an event: the engine reports it and
//!   queries again with backoff. A backend never retries by itself.
//! * What an ACL hides is never reported as removed: a list that is known to be incomplete is [`Update::Partial`].
//! * After an error the next successful item is a full [`Update::Reset`] or [`Update::NotFound`] again.
//! * Dropping the stream stops everything: no task, long poll, watch or connection remains.
//! * A second [`Backend::resolve`] of the same target starts with a full answer again: two calls share no state.
//! * Backends write no log above debug level and keep no global state.

use std::error::Error;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::Stream;
use futures_util::future::BoxFuture;
use tokio::sync::Notify;

use crate::model::registry::Registry;
use crate::model::resolution::{ResolveCode, ResolveError, Update};
use crate::model::target::Target;
use target::{Example, Scheme};

pub use settings::{Origin, Setting, Settings, SettingsError, Sourced};

use settings::SettingsReader;

/// A stream of a backend's updates. See the [module](self) for the order of its items.
pub type Resolution = Pin<Box<dyn Stream<Item = Result<Update, ResolveError>> + Send>>;

/// Who queries a service at a registry. Ends when the registry does not show it, or no longer.
pub type Callers = Pin<Box<dyn Stream<Item = CallerNews> + Send>>;

/// News about who queries a service.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallerNews {
    /// The first item: from now on, every query of a client that watches is seen.
    Watching {
        /// How often a client that watches is seen.
        period: Duration,
        /// The registry's own address. A client on another host may query another server of the registry.
        host: Option<IpAddr>,
        /// Where the queries are seen: `the log of the consul agent 127.0.0.1:8500`.
        how: String,
    },
    /// A query.
    Query {
        /// Where it came from.
        from: IpAddr,
    },
}

/// A source of endpoints.
pub trait Backend: Send + Sync {
    /// What this backend is, and how its targets are written.
    fn about(&self) -> &'static About;

    /// The name in the output and on the command line: `consul`.
    fn name(&self) -> &'static str {
        self.about().registry.name
    }

    /// True when this backend resolves `target`.
    fn answers(&self, target: &Target) -> bool {
        target.backend() == Some(self.name())
    }

    /// `target` with the settings that apply to every target of this backend: for example a default datacenter.
    fn complete(&self, target: Target, _settings: &Settings) -> Target {
        target
    }

    /// Queries `target` and keeps watching until the stream is dropped. Never blocks and never fails immediately: an
    /// invalid target or setting is the stream's first item. No text in it contains a secret from the settings.
    fn resolve(&self, target: &Target, context: &Context) -> Resolution {
        self.learn_secrets(Some(target), &context.settings);
        masked::resolution(self.query(target, context), context.settings.secrets.clone())
    }

    /// What [`resolve`](Self::resolve) returns, before masking: its texts may repeat secrets.
    fn query(&self, target: &Target, context: &Context) -> Resolution;

    /// Adds the secrets that are used for `target` to [`Settings::secrets`], as far as they are known before a file
    /// is read or a program is run.
    fn learn_secrets(&self, _target: Option<&Target>, _settings: &Settings) {}

    /// The target for a bare service name; `None` when the name is not valid here or this backend is not active.
    fn target_for(&self, service: &str, settings: &Settings) -> Option<Target>;

    /// True when no setting names this registry and it is used only if it is found at its default address (a local
    /// agent). Nothing is contacted here: the session finds out whether it is present ([`ResolveCode::NotHere`]).
    fn is_speculative(&self, _settings: &Settings) -> bool {
        false
    }

    /// The settings in force and where each came from, for `grpc-discover backends`. Secrets are masked.
    fn describe(&self, settings: &Settings) -> Description;

    /// Reads and checks the files that the settings name for `target` (trusted roots, client certificates), without
    /// contacting any server, so that invalid settings are rejected first. May block.
    ///
    /// # Errors
    ///
    /// Returns an error when a file cannot be used; the sentence names the setting and the file.
    fn check(&self, _target: &Target, _settings: &Settings) -> Result<(), CheckError> {
        Ok(())
    }

    /// Queries the registry's version. Returns a sentence about what responded (`consul 1.22.0, leader
    /// 10.0.0.1:8300`), which contains no secret from the settings.
    fn ping(&self, settings: &Settings) -> BoxFuture<'static, Result<String, ResolveError>> {
        self.learn_secrets(None, settings);
        let (queried, secrets) = (self.query_version(settings), settings.secrets.clone());
        Box::pin(async move {
            let version = queried.await.map_err(|error| masked::error(error, &secrets))?;
            Ok(secrets.mask(&version).into_owned())
        })
    }

    /// What [`ping`](Self::ping) returns, before masking.
    fn query_version(&self, settings: &Settings) -> BoxFuture<'static, Result<String, ResolveError>>;

    /// The services that the registry has (the one of `target`, else the one of the settings), as targets; `None` when
    /// this backend cannot list them.
    fn services(
        &self,
        target: Option<&Target>,
        settings: &Settings,
    ) -> Option<BoxFuture<'static, Result<Vec<Target>, ResolveError>>> {
        self.learn_secrets(target, settings);
        let (queried, secrets) = (self.query_services(target, settings)?, settings.secrets.clone());
        Some(Box::pin(async move { queried.await.map_err(|error| masked::error(error, &secrets)) }))
    }

    /// What [`services`](Self::services) returns, before masking.
    fn query_services(
        &self,
        _target: Option<&Target>,
        _settings: &Settings,
    ) -> Option<BoxFuture<'static, Result<Vec<Target>, ResolveError>>> {
        None
    }

    /// Watches who queries `target`, where the registry shows it.
    fn callers(&self, _target: &Target, _context: &Context) -> Option<Callers> {
        None
    }

    /// The external program that querying this registry starts: `credential plugin "aws"`.
    fn runs(&self, _settings: &Settings) -> Option<String> {
        None
    }
}

/// The description of a backend: a constant in its folder. The command line, the help, the manual page, the
/// completions and the documentation are generated from it.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// The kind of registry that it queries: its name and properties.
    pub registry: &'static Registry,
    /// The schemes of its targets, with their parsers.
    pub schemes: &'static [Scheme],
    /// How its targets are written, optional parts in brackets: `consul://[agent[:port]]/svc`. Markdown.
    pub forms: &'static str,
    /// Targets for the help: every form worth knowing, the most common one first.
    pub examples: &'static [Example],
    /// When it is used for bare names: `when CONSUL_HTTP_ADDR is set`. Markdown.
    pub bare_names: &'static str,
    /// How it notices changes: `blocking queries`. Markdown.
    pub changes: &'static str,
    /// Everything about it that can be configured.
    pub settings: &'static [Setting],
    /// Reads the values for this backend into the settings: [`settings::configure`] with the type of its settings.
    pub configure: fn(&SettingsReader, &mut Settings) -> Result<(), SettingsError>,
}

impl About {
    /// A backend for `registry` with no targets of its own and no settings.
    pub const fn of(registry: &'static Registry) -> About {
        About {
            registry,
            schemes: &[],
            forms: "",
            examples: &[],
            bare_names: "no",
            changes: "",
            settings: &[],
            configure: |_, _| Ok(()),
        }
    }
}

/// Why a file that the settings name cannot be used. The sentence names both; [`source`](Error::source) returns the
/// system's error.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct CheckError(Box<dyn Error + Send + Sync>);

impl CheckError {
    /// The error of one backend.
    pub fn new(error: impl Error + Send + Sync + 'static) -> Self {
        CheckError(Box::new(error))
    }
}

/// What [`Backend::resolve`] is given besides the target.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Context {
    /// The settings of every backend.
    pub settings: Arc<Settings>,
    /// gRPC's ResolveNow: a hint that a connection failed. A polling backend queries again at once, bypassing caches
    /// (hints that arrive during a query count as one); a watching backend ignores it.
    pub resolve_now: Arc<Notify>,
    /// No setting or target names this backend: a registry that is active only by default may be absent without an
    /// error.
    pub implied: bool,
}

impl Context {
    /// For one query with `settings` of a backend that was named.
    pub fn new(settings: impl Into<Arc<Settings>>) -> Context {
        Context { settings: settings.into(), ..Context::default() }
    }
}

/// What `grpc-discover backends` shows of one backend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// Why the backend is queried for bare names, or why not: `CONSUL_HTTP_ADDR is set`. Texts for the table of
    /// backends; programs only need to know whether it is queried.
    pub active: Result<String, String>,
    /// Name, value (masked) and origin of every setting in force.
    pub settings: Vec<(&'static str, String, Origin)>,
}

pub mod consul;
pub mod dns;
pub mod etcd;
pub mod eureka;
#[cfg(feature = "networked")]
mod failover;
pub mod file;
pub mod ip;
pub mod kubernetes;
mod limit;
#[cfg(feature = "networked")]
mod listing;
#[cfg(feature = "networked")]
mod login;
mod masked;
pub mod settings;
#[cfg(feature = "networked")]
mod socket;
pub mod target;
#[cfg(feature = "networked")]
mod tls;
#[cfg(feature = "networked")]
mod unusable;
#[cfg(feature = "networked")]
mod watch;
pub mod zookeeper;

/// The list of backends, and which of them a build may omit. Code that applies to every backend iterates over it.
macro_rules! backends {
    ($($module:ident::$backend:ident $(if $feature:literal)?),* $(,)?) => {
        /// Every backend of this build.
        pub const BACKENDS: &[&dyn Backend] = &[$($(#[cfg(feature = $feature)])? &$module::$backend,)*];

        /// The backends that a build may omit: each is a cargo feature of the same name.
        pub(crate) const OPTIONAL: &[&str] = &[$($($feature,)?)*];
    };
}

// To add a backend: its folder, a `mod` line above, a line here, a line in the backend tests.
backends! {
    ip::Ip,
    file::File,
    dns::Dns,
    consul::Consul if "consul",
    etcd::Etcd if "etcd",
    eureka::Eureka if "eureka",
    kubernetes::Kubernetes if "kubernetes",
    zookeeper::Zookeeper if "zookeeper",
}

#[cfg(test)]
pub(crate) mod tests;
