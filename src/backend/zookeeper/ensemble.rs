//! [`Ensemble`]: the servers in their order, and who asks.

use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::time::Instant;

use super::Trouble;
use super::session::{self, Session};
use super::settings::{Connect, Server, Settings};
use crate::model::resolution::{ResolveCode, ResolveError};
use crate::model::secret::Secret;
use crate::model::target::ZookeeperTarget;

/// The way to an ensemble; nothing is contacted yet.
pub(super) struct Ensemble {
    connect: Connect,
    auth: Option<(String, Secret)>,
}

impl Ensemble {
    /// The servers of the target, else of the settings. The chroot belongs to the settings' servers.
    pub(super) fn new(settings: &Settings, target: Option<&ZookeeperTarget>) -> Result<Self, ResolveError> {
        let named = target.map(|target| target.servers.as_slice()).unwrap_or_default();
        let connect = if named.is_empty() {
            settings.connect.value.clone()
        } else {
            let servers = named.iter().map(|server| Server::parse(server)).collect::<Result<_, _>>();
            let wrong = |why| ResolveError::fatal(ResolveCode::BadTarget, format!("zookeeper {why}"));
            Connect { servers: servers.map_err(wrong)?, chroot: String::new() }
        };
        Ok(Ensemble { connect, auth: settings.auth.value.clone() })
    }

    /// Asks one server after the other, in their order, until one answers: `ask` gets the server and the time that is left
    /// for it. Gives what it answered, and what the servers before it said. All of them together have `limit`; each of
    /// them its share of what is left.
    pub(super) async fn first<'a, T>(
        &'a self,
        limit: Duration,
        mut ask: impl FnMut(&'a Server, Duration) -> BoxFuture<'a, Result<T, Trouble>>,
    ) -> Result<(T, Vec<String>), ResolveError> {
        let end = Instant::now() + limit;
        let servers = &self.connect.servers;
        let mut failed: Vec<(String, Trouble)> = Vec::new();
        for (index, server) in servers.iter().enumerate() {
            let left = end.saturating_duration_since(Instant::now());
            let share = left / u32::try_from(servers.len() - index).unwrap_or(1);
            match ask(server, share).await {
                Ok(answer) => {
                    return Ok((answer, failed.iter().map(|(server, why)| format!("{server}: {why}")).collect()));
                }
                Err(trouble) if trouble.is_of_the_server() => failed.push((server.to_string(), trouble)),
                Err(trouble) => return Err(trouble.at(&server.to_string())),
            }
        }
        match failed.as_slice() {
            [] => Err(ResolveError::fatal(ResolveCode::BadTarget, "zookeeper: no server is named")),
            [(server, trouble)] => Err(trouble.at(server)),
            [(_, first), ..] => {
                // Whoever answered an error says more than whoever could not be reached.
                let told = failed.iter().map(|(_, trouble)| trouble.code());
                let code = told.into_iter().find(|code| *code == ResolveCode::ServerError).unwrap_or(first.code());
                let each: Vec<String> = failed.iter().map(|(server, why)| format!("{server}: {why}")).collect();
                let text = format!("zookeeper: none of the {} servers can be asked: {}", failed.len(), each.join("; "));
                Err(ResolveError::ambient(code, text))
            }
        }
    }

    /// Opens a session on `server` and says who asks, where the settings name somebody.
    pub(super) async fn join(&self, server: &Server, limit: Duration) -> Result<Session, Trouble> {
        let begun = Instant::now();
        let mut session = Session::open(server, &self.connect.chroot, limit).await?;
        if let Some(who) = &self.auth {
            session.authenticate(who, limit.saturating_sub(begun.elapsed())).await?;
        }
        Ok(session)
    }

    /// `zookeeper 3.9.5 at 127.0.0.1:2181, leader`, of the first server that answers. One that serves nobody is an error.
    pub(super) async fn ping(&self, limit: Duration) -> Result<String, ResolveError> {
        let asked = self.first(limit, |server, left| Box::pin(self.look(server, left)));
        Ok(asked.await?.0)
    }

    async fn look(&self, server: &Server, limit: Duration) -> Result<String, Trouble> {
        let begun = Instant::now();
        let text = session::said(server, limit).await?;
        let after = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        if let (Some(version), Some(mode)) = (after("Zookeeper version:"), after("Mode:")) {
            let version = version.split(['-', ',']).next().unwrap_or(version);
            return Ok(format!("zookeeper {version} at {server}, {mode}"));
        }
        // The word is not on its whitelist, or says that nobody is served: a session tells.
        self.join(server, limit.saturating_sub(begun.elapsed())).await?;
        Ok(format!("zookeeper (it does not tell its version) at {server}"))
    }
}
