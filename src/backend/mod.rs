//! Where endpoints come from. One file per registry, one line each in [`BACKENDS`].
//!
//! The contract every backend keeps (the battery in `tests/it/backend` holds them to it):
//!
//! * The first item of a [`Resolution`] is a full answer ([`Update::Reset`] or [`Update::NotFound`]) or an error:
//!   silence is never an answer. Every backend has its own time limit for the first word.
//! * An error says nothing about who is there. A backend whose watch survived the error goes on with the next item; one
//!   whose watch is lost ends the stream. A stream that ends is an event: the engine reports it and asks again with
//!   backoff. A backend never retries by itself.
//! * What credentials hide is never "gone": a list that is known to be a part of the truth is [`Update::Partial`].
//! * After an error the next good item is a full [`Update::Reset`] or [`Update::NotFound`] again.
//! * Dropping the stream stops everything: no task, long poll, watch or connection is left behind.
//! * A second [`Backend::resolve`] of the same target starts from a full answer again: no state is shared between two.
//! * Nothing is logged, nothing global is kept.

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::Stream;
use futures_util::future::BoxFuture;
use tokio::sync::Notify;

use crate::model::registry::Registry;
use crate::model::resolution::{ResolveCode, ResolveError, Update};
use crate::model::target::Target;
use target::{Example, Scheme};

pub use settings::{Origin, Setting, Settings, SettingsError, Sourced};

use settings::Reader;

/// A backend's answers, one after the other. See the [module](self) for what may follow what.
pub type Resolution = Pin<Box<dyn Stream<Item = Result<Update, ResolveError>> + Send>>;

/// A source of endpoints.
pub trait Backend: Send + Sync {
    /// What it is, and how people name what they want of it.
    fn about(&self) -> &'static About;

    /// The name in the output and on the command line: `consul`.
    fn name(&self) -> &'static str {
        self.about().registry.name
    }

    /// True when this backend answers `target`.
    fn answers(&self, target: &Target) -> bool {
        target.backend() == Some(self.name())
    }

    /// `target` with what the settings add to every target of this backend: a datacenter for one that names none.
    fn complete(&self, target: Target, _settings: &Settings) -> Target {
        target
    }

    /// Queries `target` and keeps watching until the stream is dropped. Never blocks, never fails at once: a wrong target or
    /// setting is the stream's first item. No secret that the settings know is in any text of it.
    fn resolve(&self, target: &Target, context: &Context) -> Resolution {
        self.learn_secrets(Some(target), &context.settings);
        masked::resolution(self.query(target, context), context.settings.secrets.clone())
    }

    /// What [`resolve`](Self::resolve) gives, as the registry sent it: its texts may repeat secrets.
    fn query(&self, target: &Target, context: &Context) -> Resolution;

    /// Puts the secrets that are used for `target` into [`Settings::secrets`], as far as they are known before anything is
    /// read or run.
    fn learn_secrets(&self, _target: Option<&Target>, _settings: &Settings) {}

    /// What to ask this backend for when only a bare service name was typed; `None` when the name cannot be asked here
    /// or nothing makes the backend active.
    fn target_for(&self, service: &str, settings: &Settings) -> Option<Target>;

    /// True when nothing names this registry and it is used if it is found at its default address (a local agent). Nothing is
    /// contacted here: whether it is there, the session finds out ([`ResolveCode::NotHere`]).
    fn is_speculative(&self, _settings: &Settings) -> bool {
        false
    }

    /// The settings in force and where each came from, for `grpc-discover backends`. Secrets are masked.
    fn describe(&self, settings: &Settings) -> Description;

    /// Reads and checks the files that the settings name for `target` (trusted roots, client certificates), and contacts
    /// nobody: for settings that somebody wrote to be refused before anything is contacted. May block.
    ///
    /// # Errors
    ///
    /// A file cannot be used; the sentence names the setting and the file.
    fn check(&self, _target: &Target, _settings: &Settings) -> Result<(), CheckError> {
        Ok(())
    }

    /// Queries the registry's version: a sentence about what responded (`consul 1.22.0, leader 10.0.0.1:8300`). No secret that
    /// the settings know is in it.
    fn ping(&self, settings: &Settings) -> BoxFuture<'static, Result<String, ResolveError>> {
        self.learn_secrets(None, settings);
        let (queried, secrets) = (self.query_version(settings), settings.secrets.clone());
        Box::pin(async move {
            let version = queried.await.map_err(|error| masked::error(error, &secrets))?;
            Ok(secrets.mask(&version).into_owned())
        })
    }

    /// What [`ping`](Self::ping) gives, as the registry sent it.
    fn query_version(&self, settings: &Settings) -> BoxFuture<'static, Result<String, ResolveError>>;

    /// A program of somebody else's that querying this registry starts: `credential plugin "aws"`.
    fn runs(&self, _settings: &Settings) -> Option<String> {
        None
    }
}

/// What a backend is: a constant in its folder. The command line, the help, the manual page, the completions and the documentation
/// are made of it.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// What kind of registry it queries: its name, and what others need to know of it.
    pub registry: &'static Registry,
    /// The schemes of its targets, with what parses them.
    pub schemes: &'static [Scheme],
    /// How its targets are written, optional parts in brackets: `consul://[agent[:port]]/svc`. Markdown.
    pub forms: &'static str,
    /// Targets for the help: every form that people should know, the most common one first.
    pub examples: &'static [Example],
    /// When it is used for bare names: `when CONSUL_HTTP_ADDR is set`. Markdown.
    pub bare_names: &'static str,
    /// How it learns of changes: `blocking queries`. Markdown.
    pub changes: &'static str,
    /// Everything about it that can be set.
    pub settings: &'static [Setting],
    /// Reads what was given for it, and puts it into the settings: [`settings::configure`] with the type of its settings.
    pub configure: fn(&Reader, &mut Settings) -> Result<(), SettingsError>,
}

impl About {
    /// A backend for `registry` that has no targets of its own and nothing to set.
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

/// Why a file that the settings name cannot be used. The sentence names both; [`source`](Error::source) leads to the error of the
/// system.
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
    /// gRPC's ResolveNow: a hint that a connection failed. A polling backend asks again at once, bypassing caches
    /// (hints that come while it asks are one hint); a watching one ignores it.
    pub resolve_now: Arc<Notify>,
    /// Nobody named this backend: a registry that only a default makes active may be absent without being a fault.
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
    /// Why the backend is asked for bare names, or why not: `CONSUL_HTTP_ADDR is set`. Texts for the table of backends: whether
    /// it is asked is all that a program needs to know.
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

/// The list of backends, and which of them a build may leave out. Everything that is true of every backend walks it.
macro_rules! backends {
    ($($module:ident::$backend:ident $(if $feature:literal)?),* $(,)?) => {
        /// Every backend of this build.
        pub const BACKENDS: &[&dyn Backend] = &[$($(#[cfg(feature = $feature)])? &$module::$backend,)*];

        /// The backends that a build may leave out: each is a cargo feature of its name.
        pub(crate) const OPTIONAL: &[&str] = &[$($($feature,)?)*];
    };
}

// Adding one: its folder, a `mod` line above, a line here, a line in the test battery.
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
