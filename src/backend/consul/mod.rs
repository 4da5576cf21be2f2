//! The `consul` backend: queries `/v1/health/service/:service` once, then watches it with blocking queries.
//!
//! Uses consulrs's features and rustify's endpoints over its own transport (`consul/transport.rs`), because the
//! crate's client has no time limits and its types reject ordinary responses. reqwest, which that client would use,
//! is a stand-in (`consul/reqwest`).

#![cfg(feature = "consul")]

mod agent;
mod answer;
mod callers;
mod content;
mod decode;
mod elsewhere;
mod error;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod mesh;
mod port;
mod query;
mod registry;
mod settings;
mod target;
mod tls;
mod transport;
mod watch;

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

pub use agent::Agent;
pub use registry::REGISTRY;
pub use settings::ConsulSettings;

use super::login::learn_login;
use super::settings::configure;
use super::{About, Backend, Callers, CheckError, Context, Description, Origin, Resolution};
use crate::model::resolution::{ResolveCode, ResolveError};
use crate::model::target::Target;
use query::{Client, ReadAgentSelf, StatusLeader};
pub use target::ConsulTarget;

/// The `consul` backend.
pub struct Consul;

/// Time limit for the connection to the agent of this machine; beyond it, no agent is running here.
const LOCAL_AGENT: Duration = Duration::from_millis(50);

/// Consul's own port for HTTP or HTTPS.
const fn wire_port(tls: bool) -> u16 {
    if tls { 8501 } else { 8500 }
}

static ABOUT: About = About {
    schemes: target::SCHEMES,
    forms: "`consul://[user:pw@][agent[:port]]/svc?…`",
    examples: target::EXAMPLES,
    bare_names: "when `CONSUL_HTTP_ADDR` is set, else the agent of this machine, if the session finds one",
    changes: "blocking queries",
    settings: settings::SETTINGS,
    configure: configure::<ConsulSettings>,
    ..About::of(&REGISTRY)
};

impl Backend for Consul {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    /// `--dc` for targets that name no datacenter, and the tags of `--tag` beside a target's own.
    fn complete(&self, target: Target, settings: &super::Settings) -> Target {
        let Some(own) = target.of::<ConsulTarget>() else { return target };
        let (mut own, settings) = (own.clone(), settings.of::<ConsulSettings>());
        own.dc = own.dc.or_else(|| settings.dc.value.clone());
        let new: Vec<String> = settings.tags.iter().filter(|tag| !own.tags.contains(tag)).cloned().collect();
        own.tags.extend(new);
        own.into()
    }

    fn query(&self, target: &Target, context: &Context) -> Resolution {
        match target.of::<ConsulTarget>() {
            Some(target) => {
                let settings = &context.settings;
                let limit = settings.response_limit();
                let watch = watch::resolve(
                    (*settings.of::<ConsulSettings>()).clone(),
                    target.clone(),
                    settings.secrets.clone(),
                    limit,
                );
                match local_agent(&settings.of::<ConsulSettings>()) {
                    Some(agent) if context.implied && target.agent.is_none() => if_present(agent, watch),
                    _ => watch,
                }
            }
            None => {
                let text = "consul: accepts consul: targets only";
                Box::pin(stream::iter([Err(ResolveError::fatal(ResolveCode::BadTarget, text))]))
            }
        }
    }

    fn learn_secrets(&self, target: Option<&Target>, settings: &super::Settings) {
        let own = match target.and_then(Target::of::<ConsulTarget>) {
            Some(target) => (target.token.as_ref(), target.user.as_ref()),
            None => (None, None),
        };
        let ours = settings.of::<ConsulSettings>();
        for token in [own.0, ours.token.value.as_ref()].into_iter().flatten() {
            settings.secrets.learn(token.reveal());
        }
        for (user, password) in [own.1, ours.auth.value.as_ref()].into_iter().flatten() {
            learn_login(&settings.secrets, user, password);
        }
    }

    /// When `CONSUL_HTTP_ADDR` is set, or for the agent of this machine, if there is one.
    fn target_for(&self, service: &str, settings: &super::Settings) -> Option<Target> {
        if service.is_empty() || (active(&settings.of::<ConsulSettings>()).is_err() && !self.is_speculative(settings)) {
            return None;
        }
        Some(ConsulTarget { service: service.to_string(), ..ConsulTarget::default() }.into())
    }

    fn is_speculative(&self, settings: &super::Settings) -> bool {
        local_agent(&settings.of::<ConsulSettings>()).is_some()
    }

    fn describe(&self, settings: &super::Settings) -> Description {
        Description {
            active: active(&settings.of::<ConsulSettings>()),
            settings: settings.of::<ConsulSettings>().rows(),
        }
    }

    fn check(&self, target: &Target, settings: &super::Settings) -> Result<(), CheckError> {
        match target.of::<ConsulTarget>() {
            Some(target) => query::check(&settings.of::<ConsulSettings>(), target).map_err(CheckError::new),
            None => Ok(()),
        }
    }

    /// The agent's log shows which hosts query the service, when the token may read it.
    fn callers(&self, target: &Target, context: &Context) -> Option<Callers> {
        let target = target.of::<ConsulTarget>()?.clone();
        let limit = context.settings.response_limit();
        let (settings, secrets) =
            ((*context.settings.of::<ConsulSettings>()).clone(), context.settings.secrets.clone());
        let start = async move {
            match watch::open(settings, Some(target.clone()), &secrets).await {
                Ok(route) => callers::callers(Client::new(route, limit), &target.service, limit),
                Err(_) => stream::empty().boxed(),
            }
        };
        Some(stream::once(start).flatten().boxed())
    }

    /// `consul 1.22.7 at 127.0.0.1:8500, leader 127.0.0.1:8300`. Without a leader it is an error; with a token that
    /// may not read the version, only the version is missing.
    fn query_version(&self, settings: &super::Settings) -> BoxFuture<'static, Result<String, ResolveError>> {
        let limit = settings.response_limit();
        let (settings, secrets) = ((*settings.of::<ConsulSettings>()).clone(), settings.secrets.clone());
        Box::pin(async move {
            let client = Client::new(watch::open(settings, None, &secrets).await?, limit);
            let leader = client.query(StatusLeader {}, None, limit).await?.value;
            let agent = &client.route().agent;
            if leader.is_empty() {
                let text = format!("consul agent {agent}: the cluster has no leader");
                return Err(ResolveError::ambient(ResolveCode::ServerError, text));
            }
            let version = match client.query(ReadAgentSelf {}, None, limit).await {
                Ok(reply) => format!("consul {}", reply.value.config.version),
                Err(error) if error.failure().code == ResolveCode::Denied => {
                    "consul (version unknown: the token has no permission to read it)".to_string()
                }
                Err(error) => return Err(error),
            };
            Ok(format!("{version} at {agent}, leader {leader}"))
        })
    }

    fn query_services(
        &self,
        target: Option<&Target>,
        settings: &super::Settings,
    ) -> Option<BoxFuture<'static, Result<Vec<Target>, ResolveError>>> {
        let limit = settings.response_limit();
        let target = target.and_then(Target::of::<ConsulTarget>).cloned();
        let (settings, secrets) = ((*settings.of::<ConsulSettings>()).clone(), settings.secrets.clone());
        Some(Box::pin(async move {
            let client = Client::new(watch::open(settings, target.clone(), &secrets).await?, limit);
            let there = target.unwrap_or_default();
            let names = elsewhere::names(&client, &there, limit).await?;
            let named =
                names.into_iter().map(|service| ConsulTarget { service, token: None, user: None, ..there.clone() });
            Ok(named.map(Target::from).collect())
        }))
    }
}

/// Why bare names are queried here, or why not.
fn active(settings: &ConsulSettings) -> Result<String, String> {
    let agent = &settings.agent.value;
    match &settings.agent.origin {
        Origin::Env(name) => Ok(format!("{name} is set")),
        Origin::Flag(name) => Ok(format!("{name} was given")),
        Origin::Config(path) => Ok(format!("the agent is set in {path}")),
        Origin::System(_) | Origin::Default => {
            Err(format!("CONSUL_HTTP_ADDR is not set ({agent} is queried if an agent listens there)"))
        }
    }
}

/// The agent that is queried for bare names although no setting names it: the one on this machine.
fn local_agent(settings: &ConsulSettings) -> Option<SocketAddr> {
    match settings.agent.origin {
        Origin::System(_) | Origin::Default => settings.agent.value.loopback(),
        Origin::Env(_) | Origin::Flag(_) | Origin::Config(_) => None,
    }
}

/// `watch`, if an agent listens at `socket`.
fn if_present(socket: SocketAddr, watch: Resolution) -> Resolution {
    let start = async move {
        if matches!(timeout(LOCAL_AGENT, TcpStream::connect(socket)).await, Ok(Ok(_))) {
            return watch;
        }
        let text = format!("consul: CONSUL_HTTP_ADDR is not set and nothing listens on {socket}");
        Box::pin(stream::iter([Err(ResolveError::fatal(ResolveCode::NotHere, text))]))
    };
    Box::pin(stream::once(start).flatten())
}

#[cfg(test)]
mod fake;
#[cfg(test)]
mod tests;
