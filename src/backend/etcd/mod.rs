//! The `etcd` backend: reads the keys under a service's prefixes once, then watches them from the revision that was
//! read.
//!
//! Uses hand-written messages (`etcd/messages.rs`) over its own connection (`etcd/wire.rs`), because etcd-client
//! needs protoc to build. [`layout`](crate::layout) reads what frameworks write into the keys.

#![cfg(feature = "etcd")]

mod elsewhere;
mod error;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod lease;
mod messages;
mod prefix;
mod registry;
mod route;
mod settings;
mod siblings;
mod target;
mod tls_alert;
mod watch;
mod wire;

use futures_util::future::BoxFuture;
use futures_util::stream;

pub use registry::REGISTRY;
pub use settings::{EtcdSettings, Member};

use super::listing::RegistryTerms;
use super::login::learn_login;
use super::settings::configure;
use super::tls::Names;
use super::{About, Backend, CheckError, Context, Description, Origin, Resolution};
use crate::model::resolution::{ResolveCode, ResolveError};
use crate::model::target::Target;
pub use target::EtcdTarget;

/// etcdctl's names for the TLS settings.
const NAMES: &Names = &Names {
    cacert: "ETCDCTL_CACERT",
    capath: "ETCDCTL_CACERT",
    cert: "ETCDCTL_CERT",
    key: "ETCDCTL_KEY",
    other_name: " (set ETCDCTL_ENDPOINTS to an address that the member's certificate contains)",
    no_tls: " (use http:// for a member without TLS)",
};

/// The names for its keys in texts.
const WORDS: &RegistryTerms =
    &RegistryTerms { key: "key", unowned: "have no lease", show: "etcdctl get --prefix PREFIX" };

/// The `etcd` backend.
pub struct Etcd;

static ABOUT: About = About {
    schemes: target::SCHEMES,
    forms: "`etcd://[member,…]/svc?prefix=&layout=`, and go-zero's (below)",
    examples: target::EXAMPLES,
    bare_names: "when `ETCDCTL_ENDPOINTS` is set",
    changes: "a watch from the revision that was read",
    settings: settings::SETTINGS,
    configure: configure::<EtcdSettings>,
    ..About::of(&REGISTRY)
};

impl Backend for Etcd {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn query(&self, target: &Target, context: &Context) -> Resolution {
        match target.of::<EtcdTarget>() {
            Some(target) => {
                let settings = (*context.settings.of::<EtcdSettings>()).clone();
                let limit = context.settings.response_limit_or(settings.command_timeout.value);
                watch::resolve(settings, target.clone(), context.settings.secrets.clone(), limit)
            }
            None => {
                let text = "etcd: accepts etcd: and discov: targets only";
                Box::pin(stream::iter([Err(ResolveError::fatal(ResolveCode::BadTarget, text))]))
            }
        }
    }

    fn learn_secrets(&self, _: Option<&Target>, settings: &super::Settings) {
        if let Some((user, password)) = settings.of::<EtcdSettings>().credentials() {
            learn_login(&settings.secrets, &user, &password);
            // A password may be set in both variables.
            user.split_once(':').iter().for_each(|(_, own)| settings.secrets.learn(own));
        }
    }

    /// Active when `ETCDCTL_ENDPOINTS` is set.
    fn target_for(&self, service: &str, settings: &super::Settings) -> Option<Target> {
        if service.is_empty() {
            return None;
        }
        active(&settings.of::<EtcdSettings>()).ok()?;
        Some(EtcdTarget { service: service.to_string(), ..EtcdTarget::default() }.into())
    }

    fn describe(&self, settings: &super::Settings) -> Description {
        Description { active: active(&settings.of::<EtcdSettings>()), settings: settings.of::<EtcdSettings>().rows() }
    }

    fn check(&self, target: &Target, settings: &super::Settings) -> Result<(), CheckError> {
        match target.of::<EtcdTarget>() {
            Some(target) => route::check(&settings.of::<EtcdSettings>(), target).map_err(CheckError::new),
            None => Ok(()),
        }
    }

    /// `etcd 3.6.16 at 127.0.0.1:2379, leader 8e9e05c52164694d`, of the first member that responds. Without a leader
    /// it is an error.
    fn query_version(&self, settings: &super::Settings) -> BoxFuture<'static, Result<String, ResolveError>> {
        let limit = settings.response_limit_or(settings.of::<EtcdSettings>().command_timeout.value);
        let (settings, secrets) = ((*settings.of::<EtcdSettings>()).clone(), settings.secrets.clone());
        Box::pin(async move { route::open(settings, None, secrets).await?.ping(limit).await })
    }
}

/// Why bare names are queried here, or why not.
fn active(settings: &EtcdSettings) -> Result<String, String> {
    match &settings.endpoints.origin {
        Origin::Env(name) => Ok(format!("{name} is set")),
        Origin::Flag(name) => Ok(format!("{name} was given")),
        Origin::Config(path) => Ok(format!("its members are set in {path}")),
        Origin::System(_) | Origin::Default => Err("ETCDCTL_ENDPOINTS is not set".to_string()),
    }
}
