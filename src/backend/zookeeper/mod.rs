//! The `zookeeper` backend: reads the nodes under a service's parents once, then watches them with ZooKeeper's
//! one-shot watches.
//!
//! The protocol is implemented by hand (`zookeeper/jute.rs`): the published clients retry and reconnect by themselves
//! and report "timeout" when a port refuses connections, and this tool must report causes. [`layout`](crate::layout)
//! reads what frameworks write into the nodes.

#![cfg(feature = "zookeeper")]

mod elsewhere;
mod ensemble;
mod error;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod jute;
mod path;
mod registry;
mod session;
mod settings;
mod target;
mod watch;

use futures_util::future::BoxFuture;
use futures_util::stream;

pub use registry::REGISTRY;
pub use settings::{Connect, Server, ZookeeperSettings};

use super::listing::RegistryTerms;
use super::login::learn_login;
use super::settings::configure;
use super::{About, Backend, Context, Description, Origin, Resolution};
use crate::model::resolution::{ResolveCode, ResolveError};
use crate::model::target::Target;
use ensemble::Ensemble;
pub use target::ZookeeperTarget;

/// The names for its nodes in texts.
const WORDS: &RegistryTerms = &RegistryTerms { key: "node", unowned: "are not ephemeral", show: "zkCli.sh get PATH" };

/// The `zookeeper` backend.
pub struct Zookeeper;

static ABOUT: About = About {
    schemes: target::SCHEMES,
    forms: "`zookeeper://[server,…]/svc?prefix=&layout=`, `zk:`",
    examples: target::EXAMPLES,
    bare_names: "when `ZOOKEEPER_CONNECT` is set",
    changes: "one-shot watches on the parents and on every node",
    settings: settings::SETTINGS,
    configure: configure::<ZookeeperSettings>,
    ..About::of(&REGISTRY)
};

impl Backend for Zookeeper {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn query(&self, target: &Target, context: &Context) -> Resolution {
        match target.of::<ZookeeperTarget>() {
            Some(target) => {
                let limit = context.settings.response_limit();
                watch::resolve((*context.settings.of::<ZookeeperSettings>()).clone(), target.clone(), limit)
            }
            None => {
                let text = "zookeeper: accepts zookeeper: and zk: targets only";
                Box::pin(stream::iter([Err(ResolveError::fatal(ResolveCode::BadTarget, text))]))
            }
        }
    }

    fn learn_secrets(&self, _: Option<&Target>, settings: &super::Settings) {
        if let Some((user, password)) = &settings.of::<ZookeeperSettings>().auth.value {
            learn_login(&settings.secrets, user, password);
        }
    }

    /// Active when `ZOOKEEPER_CONNECT` is set.
    fn target_for(&self, service: &str, settings: &super::Settings) -> Option<Target> {
        if service.is_empty() {
            return None;
        }
        active(&settings.of::<ZookeeperSettings>()).ok()?;
        Some(ZookeeperTarget { service: service.to_string(), ..ZookeeperTarget::default() }.into())
    }

    fn describe(&self, settings: &super::Settings) -> Description {
        Description {
            active: active(&settings.of::<ZookeeperSettings>()),
            settings: settings.of::<ZookeeperSettings>().rows(),
        }
    }

    /// `zookeeper 3.9.5 at 127.0.0.1:2181, standalone`, of the first server that responds. A server that does not
    /// serve requests is an error.
    fn query_version(&self, settings: &super::Settings) -> BoxFuture<'static, Result<String, ResolveError>> {
        let limit = settings.response_limit();
        let settings = (*settings.of::<ZookeeperSettings>()).clone();
        Box::pin(async move { Ensemble::new(&settings, None)?.ping(limit).await })
    }
}

/// Why bare names are queried here, or why not.
fn active(settings: &ZookeeperSettings) -> Result<String, String> {
    match &settings.connect.origin {
        Origin::Env(name) => Ok(format!("{name} is set")),
        Origin::Flag(name) => Ok(format!("{name} was given")),
        Origin::Config(path) => Ok(format!("its servers are set in {path}")),
        Origin::System(_) | Origin::Default => Err("ZOOKEEPER_CONNECT is not set".to_string()),
    }
}
