//! [`Client`]: questions to the REST API, to the first server that answers.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use http::header::{ACCEPT, AUTHORIZATION, DATE, HOST};
use http_body_util::Empty;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;
use tokio::time::Instant;

use super::NAMES;
use super::settings::Server;
use crate::backend::http::{Http, Tcp, Trouble};
use crate::backend::login::basic_auth;
use crate::backend::retry_after::retry_after;
use crate::backend::tls::{Plan, Ready};
use crate::model::json;
use crate::model::resolution::{ResolveCode, ResolveError};

/// A server and the connection to it.
pub(super) struct Client {
    /// The server.
    pub server: Server,
    http: Http,
}

/// An answer.
pub(super) struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
    /// When the server wants to be queried again.
    pub retry_after: Option<Duration>,
    /// The server's time in milliseconds, to whole seconds; ours when it does not tell.
    pub now: i64,
}

impl Client {
    /// Nothing is contacted yet. Where the system's roots are to be read, that happens where it may block.
    pub(super) async fn open(server: Server, limit: Duration) -> Result<Self, ResolveError> {
        let tls = if server.tls { Some(secured(server.host.clone()).await?) } else { None };
        let dial = Tcp { host: server.host.clone(), port: server.port };
        let http = Http::new(Arc::new(dial), tls, limit);
        Ok(Client { server, http })
    }

    /// `GET {path}`, below the server's own path unless that is `root`.
    pub(super) async fn get(&self, path: &str, root: bool, limit: Duration) -> Result<Reply, ResolveError> {
        let before = if root { "" } else { self.server.path.as_str() };
        let failed = |trouble: Trouble| self.failed(path, &trouble);
        let mut request = http::Request::get(format!("{before}{path}"))
            .header(HOST, self.server.authority())
            .header(ACCEPT, if root { "text/html" } else { "application/json" })
            .body(Empty::new())
            .map_err(|error| failed(Trouble::Setting(format!("the question is no HTTP request: {error}"))))?;
        if let Some((name, password)) = &self.server.user {
            let value =
                basic_auth(name, password.reveal()).map_err(|error| failed(Trouble::Setting(error.to_string())))?;
            request.headers_mut().insert(AUTHORIZATION, value);
        }
        let answer = self.http.ask(request, limit).await.map_err(failed)?;
        let date = answer.headers().get(DATE).and_then(|date| date.to_str().ok());
        let said = date.and_then(|date| OffsetDateTime::parse(&date.replace("GMT", "+0000"), &Rfc2822).ok());
        let now = said.unwrap_or_else(OffsetDateTime::now_utc).unix_timestamp().saturating_mul(1000);
        let status = answer.status().as_u16();
        let retry_after = retry_after(answer.headers());
        Ok(Reply { status, retry_after, body: json::mended(answer.into_body()), now })
    }

    fn failed(&self, path: &str, trouble: &Trouble) -> ResolveError {
        trouble.at(&format!("eureka {}", self.server), &format!("GET {path}"))
    }

    /// What an HTTP status that is no answer means.
    pub(super) fn refused(&self, path: &str, reply: &Reply) -> ResolveError {
        let status = reply.status;
        let said = |remark: &str| format!("eureka {}: GET {path}: HTTP {status}{remark}", self.server);
        let error = match status {
            401 | 403 => ResolveError::ambient(
                ResolveCode::Denied,
                said(" (user:password stands in the URL of EUREKA_CLIENT_SERVICEURL_DEFAULTZONE)"),
            ),
            429 => ResolveError::ambient(ResolveCode::Limited, said("")),
            500..=599 => ResolveError::ambient(ResolveCode::ServerError, said("")),
            _ => ResolveError::ambient(ResolveCode::BadAnswer, said(" (is this Eureka's REST API?)")),
        };
        error.retry_after(reply.retry_after)
    }

    /// How many connections ended between two queries, without having been announced.
    pub(super) fn lost(&self) -> usize {
        self.http.lost()
    }
}

async fn secured(host: String) -> Result<Ready, ResolveError> {
    let named = format!("eureka {host}");
    let plan = Plan {
        verify: true,
        cacert: None,
        capath: None,
        identity: None,
        server_name: host,
        alpn: "http/1.1",
        names: NAMES,
    };
    match tokio::task::spawn_blocking(move || plan.load()).await {
        Ok(ready) => ready.map_err(|why| ResolveError::fatal(ResolveCode::BadTarget, format!("{named}: {why}"))),
        Err(error) => {
            let text = format!("{named}: reading the roots: {error}");
            Err(ResolveError::ambient(ResolveCode::WatchBroken, text))
        }
    }
}

/// Asks one server after the other, in their order, until one answers: `ask` gets the open client and the time that is left
/// for it. Gives what it answered, and what the servers before it said. All of them together have `limit`; each of them its
/// share of what is left. A refusal counts for all of them.
pub(super) async fn first<T>(
    servers: Vec<Server>,
    limit: Duration,
    mut ask: impl FnMut(Client, Duration) -> BoxFuture<'static, Result<T, ResolveError>>,
) -> Result<(T, Vec<String>), ResolveError> {
    let end = Instant::now() + limit;
    let count = servers.len();
    let mut failed: Vec<ResolveError> = Vec::new();
    for (index, server) in servers.into_iter().enumerate() {
        let left = end.saturating_duration_since(Instant::now());
        let share = left / u32::try_from(count - index).unwrap_or(1);
        let asked = match Client::open(server, share).await {
            Ok(client) => ask(client, share).await,
            Err(error) => Err(error),
        };
        match asked {
            Ok(answer) => return Ok((answer, failed.iter().map(ToString::to_string).collect())),
            Err(error) if error.failure().code == ResolveCode::Denied => return Err(error),
            Err(error) => failed.push(error),
        }
    }
    match failed.as_slice() {
        [] => Err(ResolveError::fatal(ResolveCode::BadTarget, "eureka: no server is named")),
        [one] => Err(one.clone()),
        [first, ..] => {
            let each: Vec<String> = failed.iter().map(ToString::to_string).collect();
            let text = format!("eureka: none of the {count} servers can be asked: {}", each.join("; "));
            Err(ResolveError::ambient(first.failure().code, text))
        }
    }
}
