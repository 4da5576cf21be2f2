//! [`Route`]: the members in their order, and the credentials.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::time::Instant;
use tonic::Code;

use super::NAMES;
use super::error::{AUTHENTICATION_OFF, EtcdError};
use super::messages::{AuthenticateRequest, AuthenticateResponse, StatusRequest, StatusResponse};
use super::settings::{EtcdSettingError, EtcdSettings, Member};
use super::target::EtcdTarget;
use super::wire::EtcdConnection;
use crate::backend::failover::{self, Failed};
use crate::backend::tls::{Pem, Plan};
use crate::model::resolution::{ResolveCode, ResolveError};
use crate::model::secret::{Secret, Secrets};
use crate::net::http2::CallError;
use crate::net::tls::{SetupError, TlsClient};

/// How to reach a cluster: every file read, nothing contacted yet.
pub(super) struct Route {
    members: Vec<Reachable>,
    credentials: Option<(String, Secret)>,
    /// Gets the token that etcd issues for the credentials.
    secrets: Secrets,
    dial_timeout: Duration,
}

/// A member, and its TLS settings.
struct Reachable {
    member: Member,
    tls: Option<TlsClient>,
}

impl fmt::Display for Reachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.member)
    }
}

/// A member that is connected and, if needed, authenticated.
pub(super) struct ConnectedMember {
    /// Its address as shown.
    pub member: String,
    /// The connection.
    pub wire: EtcdConnection,
}

/// Combines settings and target. Files are read on a thread where blocking is allowed.
pub(super) async fn open(
    settings: EtcdSettings,
    target: Option<EtcdTarget>,
    secrets: Secrets,
) -> Result<Arc<Route>, ResolveError> {
    let members = members(&settings, target.as_ref()).map_err(RouteError::Member)?;
    if !members.iter().any(|member| settings.is_tls(member)) {
        return Ok(Arc::new(Route::new(&settings, members, secrets)?));
    }
    match tokio::task::spawn_blocking(move || Route::new(&settings, members, secrets)).await {
        Ok(made) => Ok(Arc::new(made?)),
        Err(error) => {
            let text = format!("etcd: failed to read the settings: {error}");
            Err(ResolveError::ambient(ResolveCode::WatchBroken, text).caused_by(error))
        }
    }
}

/// Why settings and target do not describe a reachable cluster.
#[derive(Debug, thiserror::Error)]
enum RouteError {
    /// A member of the target is not valid.
    #[error(transparent)]
    Member(EtcdSettingError),
    /// TLS to a member cannot be set up.
    #[error("{member}: {source}")]
    Tls {
        /// The member.
        member: String,
        /// Why.
        source: SetupError,
    },
}

impl From<RouteError> for ResolveError {
    fn from(error: RouteError) -> Self {
        ResolveError::fatal(ResolveCode::BadTarget, format!("etcd {error}")).caused_by(error)
    }
}

/// The members of the target, else of the settings.
fn members(settings: &EtcdSettings, target: Option<&EtcdTarget>) -> Result<Vec<Member>, EtcdSettingError> {
    let named = target.map(|target| target.members.as_slice()).unwrap_or_default();
    if named.is_empty() {
        return Ok(settings.endpoints.value.clone());
    }
    named.iter().map(|member| Member::parse(member)).collect()
}

/// Reads the files that TLS to the target's members needs.
pub(super) fn check(settings: &EtcdSettings, target: &EtcdTarget) -> Result<(), SetupError> {
    let members = members(settings, Some(target)).unwrap_or_default();
    let secured = members.iter().find(|member| settings.is_tls(member));
    secured.map_or(Ok(()), |member| plan(settings, member).check())
}

fn plan(settings: &EtcdSettings, member: &Member) -> Plan {
    Plan {
        verify: !settings.skip_verify.value,
        cacert: settings.cacert.value.clone().map(Pem::File),
        capath: None,
        identity: settings.cert.value.clone().map(Pem::File).zip(settings.key.value.clone().map(Pem::File)),
        server_name: member.host.clone(),
        alpn: "h2",
        names: NAMES,
    }
}

impl Route {
    fn new(settings: &EtcdSettings, members: Vec<Member>, secrets: Secrets) -> Result<Self, RouteError> {
        let ready = |member: &Member| {
            let tls = plan(settings, member).load();
            tls.map_err(|source| RouteError::Tls { member: member.to_string(), source })
        };
        let members = members
            .into_iter()
            .map(|member| {
                let tls = if settings.is_tls(&member) { Some(ready(&member)?) } else { None };
                Ok(Reachable { member, tls })
            })
            .collect::<Result<_, RouteError>>()?;
        let credentials = settings.credentials();
        Ok(Route { members, credentials, secrets, dial_timeout: settings.dial_timeout.value })
    }

    /// Queries the members in their order until one responds: `query` gets the connected member and the remaining time
    /// for it. See [`failover::first`].
    pub(super) async fn first<T>(
        &self,
        limit: Duration,
        query: impl Fn(ConnectedMember, Duration) -> BoxFuture<'static, Result<T, EtcdError>> + Sync,
    ) -> Result<(T, Vec<Failed<EtcdError>>), ResolveError> {
        let query = &query;
        let outcome = failover::first(self.members.iter(), limit, |reachable, share| {
            let started = Instant::now();
            Box::pin(async move {
                let joined = self.join(reachable, share).await?;
                query(joined, share.saturating_sub(started.elapsed())).await
            })
        });
        outcome.await.map_err(|error| error.of("etcd", "member"))
    }

    async fn join(&self, Reachable { member, tls }: &Reachable, limit: Duration) -> Result<ConnectedMember, EtcdError> {
        let started = Instant::now();
        let mut wire = EtcdConnection::open(member, tls.as_ref(), self.dial_timeout.min(limit)).await?;
        self.authenticate(&mut wire, limit.saturating_sub(started.elapsed())).await?;
        Ok(ConnectedMember { member: member.to_string(), wire })
    }

    /// Authenticates, if the settings name a user.
    pub(super) async fn authenticate(&self, wire: &mut EtcdConnection, limit: Duration) -> Result<(), EtcdError> {
        let Some((name, password)) = &self.credentials else { return Ok(()) };
        let question = AuthenticateRequest { name: name.clone(), password: password.reveal().to_string() };
        let outcome =
            wire.caller().query::<_, AuthenticateResponse>("/etcdserverpb.Auth/Authenticate", question, limit);
        match wire.drive(outcome).await {
            Ok(answer) => {
                self.secrets.learn(&answer.token);
                wire.set_token(&Secret::new(answer.token))
            }
            // Authentication is off, so no user is needed; etcdctl accepts that, too.
            Err(EtcdError::Call(CallError::Status(status)))
                if status.code() == Code::FailedPrecondition && status.message().contains(AUTHENTICATION_OFF) =>
            {
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// A sentence about the first member that responds.
    pub(super) async fn ping(&self, limit: Duration) -> Result<String, ResolveError> {
        let outcome = self
            .first(limit, |mut joined, left| {
                Box::pin(async move {
                    let status = status(&mut joined.wire, left).await?;
                    Ok(format!("etcd {} at {}, leader {:x}", status.version, joined.member, status.leader))
                })
            })
            .await?;
        Ok(outcome.0)
    }
}

/// The member's status. A member without a leader is an error.
pub(super) async fn status(wire: &mut EtcdConnection, limit: Duration) -> Result<StatusResponse, EtcdError> {
    let outcome = wire.caller().query::<_, StatusResponse>("/etcdserverpb.Maintenance/Status", StatusRequest {}, limit);
    let status = wire.drive(outcome).await?;
    if status.leader == 0 {
        return Err(EtcdError::NoLeader);
    }
    Ok(status)
}
