//! The `eureka` backend: polls `GET /apps/APP`, because Eureka does not send notifications of changes.

#![cfg(feature = "eureka")]

mod client;
mod decode;
mod error;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod instance;
mod registry;
mod settings;
mod target;
mod watch;

use futures_util::future::BoxFuture;
use futures_util::stream;

pub use registry::REGISTRY;
pub use settings::{EurekaSettings, Server};

use super::login::learn_login;
use super::settings::configure;
use super::tls::Names;
use super::{About, Backend, Context, Description, Origin, Resolution};
use crate::model::resolution::{ResolveCode, ResolveError};
use crate::model::target::Target;
use crate::text;
pub use target::EurekaTarget;

/// There are no TLS settings: the system's roots are used.
const NAMES: &Names = &Names {
    cacert: "SSL_CERT_FILE",
    capath: "SSL_CERT_DIR",
    cert: "a client certificate",
    key: "its key",
    other_name: " (use a name from the server's certificate in the URL)",
    no_tls: " (use http:// for a server without TLS)",
};

/// The `eureka` backend.
pub struct Eureka;

static ABOUT: About = About {
    schemes: target::SCHEMES,
    forms: "`eureka://[[user:pw@]host[:8761][/path]/]APP/`",
    examples: target::EXAMPLES,
    bare_names: "when `EUREKA_CLIENT_SERVICEURL_DEFAULTZONE` is set",
    changes: "queries again every 5 s, and at once when a connection fails",
    settings: settings::SETTINGS,
    configure: configure::<EurekaSettings>,
    ..About::of(&REGISTRY)
};

impl Backend for Eureka {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn query(&self, target: &Target, context: &Context) -> Resolution {
        match target.of::<EurekaTarget>() {
            Some(target) => {
                let limit = context.settings.response_limit();
                let hints = context.resolve_now.clone();
                watch::resolve((*context.settings.of::<EurekaSettings>()).clone(), target.clone(), limit, hints)
            }
            None => {
                let text = "eureka: accepts eureka: targets only";
                Box::pin(stream::iter([Err(ResolveError::fatal(ResolveCode::BadTarget, text))]))
            }
        }
    }

    fn learn_secrets(&self, target: Option<&Target>, settings: &super::Settings) {
        let own = target.and_then(Target::of::<EurekaTarget>).and_then(|target| target.user.as_ref());
        let servers = &settings.of::<EurekaSettings>().servers.value;
        let users = servers.iter().filter_map(|server| server.user.as_ref());
        users.chain(own).for_each(|(user, password)| learn_login(&settings.secrets, user, password));
    }

    /// Active when `EUREKA_CLIENT_SERVICEURL_DEFAULTZONE` is set.
    fn target_for(&self, service: &str, settings: &super::Settings) -> Option<Target> {
        if service.is_empty() {
            return None;
        }
        active(&settings.of::<EurekaSettings>()).ok()?;
        Some(EurekaTarget { app: service.to_string(), ..EurekaTarget::default() }.into())
    }

    fn describe(&self, settings: &super::Settings) -> Description {
        let mut rows = settings.of::<EurekaSettings>().rows();
        rows.push(("interval", text::exact_duration(watch::INTERVAL), Origin::Default));
        Description { active: active(&settings.of::<EurekaSettings>()), settings: rows }
    }

    /// `eureka at http://127.0.0.1:8761/eureka, lease expiration disabled (self-preservation)`, of the first server
    /// that responds.
    fn query_version(&self, settings: &super::Settings) -> BoxFuture<'static, Result<String, ResolveError>> {
        let limit = settings.response_limit();
        let servers = settings.of::<EurekaSettings>().servers.value.clone();
        Box::pin(async move {
            let queried = client::first(servers, limit, |client, left| {
                Box::pin(async move {
                    const PATH: &str = "/apps/delta";
                    let reply = client.get(PATH, false, left).await?;
                    if reply.status != 200 {
                        return Err(client::Client::refused(PATH, &reply));
                    }
                    let expiry = match watch::expires(&client, left).await {
                        Some(true) => ", lease expiration enabled",
                        Some(false) => ", lease expiration disabled (self-preservation)",
                        None => "",
                    };
                    Ok(format!("eureka at {}{expiry}", client.server))
                })
            });
            Ok(queried.await?.0)
        })
    }

    fn query_services(
        &self,
        _target: Option<&Target>,
        settings: &super::Settings,
    ) -> Option<BoxFuture<'static, Result<Vec<Target>, ResolveError>>> {
        let limit = settings.response_limit();
        let servers = settings.of::<EurekaSettings>().servers.value.clone();
        Some(Box::pin(async move {
            let asked = client::first(servers, limit, |client, left| {
                Box::pin(async move {
                    const PATH: &str = "/apps";
                    let reply = client.get(PATH, false, left).await?;
                    match reply.status {
                        200 => Ok(watch::applications(&reply.body)),
                        _ => Err(client::Client::refused(PATH, &reply)),
                    }
                })
            });
            let (names, _) = asked.await?;
            let target = |app| EurekaTarget { server: None, path: None, user: None, app };
            Ok(names.into_iter().map(target).map(Target::from).collect())
        }))
    }
}

/// Why bare names are queried here, or why not.
fn active(settings: &EurekaSettings) -> Result<String, String> {
    match &settings.servers.origin {
        Origin::Env(name) => Ok(format!("{name} is set")),
        Origin::Flag(name) => Ok(format!("{name} was given")),
        Origin::Config(path) => Ok(format!("its servers are set in {path}")),
        Origin::System(_) | Origin::Default => Err("EUREKA_CLIENT_SERVICEURL_DEFAULTZONE is not set".to_string()),
    }
}
