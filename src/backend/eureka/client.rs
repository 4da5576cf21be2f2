//! [`Client`]: queries to the REST API, to the first server that responds.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use http::header::{ACCEPT, AUTHORIZATION, DATE, HOST};
use http_body_util::Empty;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use super::NAMES;
use super::error::EurekaError;
use super::settings::Server;
use crate::backend::failover::{self, Failed};
use crate::backend::login::basic_auth;
use crate::backend::tls::Plan;
use crate::model::endpoint::Address;
use crate::model::json;
use crate::model::resolution::ResolveError;
use crate::net::http1::{Http, HttpError, RequestError, retry_after};
use crate::net::named::NamedSockets;
use crate::net::tls::TlsClient;

/// A server and the connection to it.
pub(super) struct Client {
    /// The server.
    pub server: Server,
    http: Http,
}

/// A response.
pub(super) struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
    /// When the server accepts the next request.
    pub retry_after: Option<Duration>,
    /// The server's time in milliseconds, to whole seconds; ours if the response has no date.
    pub now: i64,
}

impl Client {
    /// Nothing is contacted yet. The system's roots, if needed, are read on a thread where blocking is allowed.
    pub(super) async fn open(server: Server, limit: Duration) -> Result<Self, EurekaError> {
        let tls = if server.tls { Some(secured(server.host.clone()).await?) } else { None };
        let address = Address::Name { host: server.host.clone(), port: server.port };
        let http = Http::new(Arc::new(NamedSockets), address, tls, limit);
        Ok(Client { server, http })
    }

    /// `GET {path}`, below the server's own path unless that is `root`.
    pub(super) async fn get(&self, path: &str, root: bool, limit: Duration) -> Result<Reply, EurekaError> {
        let before = if root { "" } else { self.server.path.as_str() };
        let failed = |source| RequestError { request: format!("GET {path}"), source };
        let mut request = http::Request::get(format!("{before}{path}"))
            .header(HOST, self.server.authority())
            .header(ACCEPT, if root { "text/html" } else { "application/json" })
            .body(Empty::new())
            .map_err(|error| failed(HttpError::Request(error)))?;
        if let Some((name, password)) = &self.server.user {
            let value =
                basic_auth(name, password.reveal()).map_err(|error| failed(HttpError::Request(error.into())))?;
            request.headers_mut().insert(AUTHORIZATION, value);
        }
        let answer = self.http.query(request, limit).await.map_err(failed)?;
        let date = answer.headers().get(DATE).and_then(|date| date.to_str().ok());
        let server_time = date.and_then(|date| OffsetDateTime::parse(&date.replace("GMT", "+0000"), &Rfc2822).ok());
        let now = server_time.unwrap_or_else(OffsetDateTime::now_utc).unix_timestamp().saturating_mul(1000);
        let status = answer.status().as_u16();
        let retry_after = retry_after(answer.headers());
        Ok(Reply { status, retry_after, body: json::mended(answer.into_body()), now })
    }

    /// The error for an HTTP status other than success.
    pub(super) fn refused(path: &str, reply: &Reply) -> EurekaError {
        EurekaError::Refused { path: path.to_string(), status: reply.status, retry_after: reply.retry_after }
    }

    /// How many connections ended between two queries without an announcement.
    pub(super) fn lost(&self) -> usize {
        self.http.lost()
    }
}

async fn secured(host: String) -> Result<TlsClient, EurekaError> {
    let plan = Plan {
        verify: true,
        cacert: None,
        capath: None,
        identity: None,
        server_name: host,
        alpn: "http/1.1",
        names: NAMES,
    };
    Ok(tokio::task::spawn_blocking(move || plan.load()).await.map_err(EurekaError::Roots)??)
}

/// Queries the servers in their order until one responds: `query` gets the open client and the remaining time for it.
/// See [`failover::first`].
pub(super) async fn first<T>(
    servers: Vec<Server>,
    limit: Duration,
    query: impl Fn(Client, Duration) -> BoxFuture<'static, Result<T, EurekaError>> + Sync,
) -> Result<(T, Vec<Failed<EurekaError>>), ResolveError> {
    let query = &query;
    let outcome = failover::first(servers.into_iter(), limit, |server, share| {
        Box::pin(async move { query(Client::open(server, share).await?, share).await })
    });
    outcome.await.map_err(|error| error.of("eureka", "server"))
}
