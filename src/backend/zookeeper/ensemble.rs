//! [`Ensemble`]: the servers in their order, and the credentials.

use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::time::Instant;

use super::error::ZookeeperError;
use super::session::{self, Session};
use super::settings::{Connect, Server, ZookeeperSettingError, ZookeeperSettings};
use super::target::ZookeeperTarget;
use crate::backend::failover::{self, Failed};
use crate::model::resolution::{ResolveCode, ResolveError};
use crate::model::secret::Secret;

/// How to reach an ensemble; nothing is contacted yet.
pub(super) struct Ensemble {
    connect: Connect,
    auth: Option<(String, Secret)>,
}

impl Ensemble {
    /// The servers of the target, else of the settings. The chroot belongs to the settings' servers.
    pub(super) fn new(settings: &ZookeeperSettings, target: Option<&ZookeeperTarget>) -> Result<Self, ResolveError> {
        let named = target.map(|target| target.servers.as_slice()).unwrap_or_default();
        let connect = if named.is_empty() {
            settings.connect.value.clone()
        } else {
            let servers = named.iter().map(|server| Server::parse(server)).collect::<Result<_, _>>();
            let invalid = |error: ZookeeperSettingError| {
                ResolveError::fatal(ResolveCode::BadTarget, format!("zookeeper {error}")).caused_by(error)
            };
            Connect { servers: servers.map_err(invalid)?, chroot: String::new() }
        };
        Ok(Ensemble { connect, auth: settings.auth.value.clone() })
    }

    /// Queries the servers in their order until one responds. See [`failover::first`].
    pub(super) async fn first<'a, T>(
        &'a self,
        limit: Duration,
        query: impl FnMut(&'a Server, Duration) -> BoxFuture<'a, Result<T, ZookeeperError>>,
    ) -> Result<(T, Vec<Failed<ZookeeperError>>), ResolveError> {
        let outcome = failover::first(self.connect.servers.iter(), limit, query);
        outcome.await.map_err(|error| error.of("zookeeper", "server"))
    }

    /// Opens a session on `server` and authenticates, if the settings name a user.
    pub(super) async fn join(&self, server: &Server, limit: Duration) -> Result<Session, ZookeeperError> {
        let started = Instant::now();
        let mut session = Session::open(server, &self.connect.chroot, limit).await?;
        if let Some(who) = &self.auth {
            session.authenticate(who, limit.saturating_sub(started.elapsed())).await?;
        }
        Ok(session)
    }

    /// `zookeeper 3.9.5 at 127.0.0.1:2181, leader`, of the first server that responds. A server that does not serve
    /// requests is an error.
    pub(super) async fn ping(&self, limit: Duration) -> Result<String, ResolveError> {
        let outcome = self.first(limit, |server, left| Box::pin(self.search(server, left)));
        Ok(outcome.await?.0)
    }

    async fn search(&self, server: &Server, limit: Duration) -> Result<String, ZookeeperError> {
        let started = Instant::now();
        let text = session::srvr(server, limit).await?;
        let after = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        if let (Some(version), Some(mode)) = (after("Zookeeper version:"), after("Mode:")) {
            let version = version.split(['-', ',']).next().unwrap_or(version);
            return Ok(format!("zookeeper {version} at {server}, {mode}"));
        }
        // The command is not on its whitelist, or the server does not serve requests: a session shows which.
        self.join(server, limit.saturating_sub(started.elapsed())).await?;
        Ok(format!("zookeeper (version unknown) at {server}"))
    }
}
