//! Queries to Consul's HTTP API: consulrs's features and rustify's endpoints over our [`Transport`].

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use consulrs::api::Features;
use http_body_util::Empty;
use http02::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, InvalidHeaderValue, USER_AGENT};
use http02::{Request, Response, Uri};
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use rustify::endpoint::{Endpoint, MiddleWare};
use rustify::errors::ClientError;
use rustify_derive::Endpoint;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::time::Instant;

use super::agent::{AddressDefaults, Agent};
use super::error::ConsulError;
use super::settings::ConsulSettings;
use super::target::ConsulTarget;
use super::transport::{Limit, Transport};
use super::{tls, wire_port};
use crate::backend::login;
use crate::model::json;
use crate::model::resolution::{ResolveCode, ResolveError};
use crate::model::secret::Secret;
use crate::net::dial::Dial;
use crate::net::http1::{Listening, RequestError};
use crate::net::named::NamedSockets;
use crate::net::tls::{SetupError, TlsClient};
use crate::platform::file;
use crate::text::shorten;

/// `GET /v1/health/service/:service`: every instance with its node and checks.
#[derive(Debug, Clone, Endpoint)]
#[endpoint(path = "health/service/{self.service}", response = "Vec<Box<RawValue>>")]
pub(super) struct HealthService {
    /// Percent-encoded already: see [`Envelope`].
    #[endpoint(skip)]
    pub service: String,
    #[endpoint(query)]
    pub dc: Option<String>,
    #[endpoint(query)]
    pub near: Option<String>,
    #[endpoint(query)]
    pub ns: Option<String>,
    #[endpoint(query)]
    pub partition: Option<String>,
}

/// `GET /v1/status/leader`: the leader's address, or an empty text. Needs no token.
#[derive(Debug, Endpoint)]
#[endpoint(path = "status/leader", response = "String")]
pub(super) struct StatusLeader {}

/// `GET /v1/agent/self`: the agent's configuration. Needs `agent:read`.
#[derive(Debug, Endpoint)]
#[endpoint(path = "agent/self", response = "AgentSelf")]
pub(super) struct ReadAgentSelf {}

/// The response to [`ReadAgentSelf`], as far as it is used.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct AgentSelf {
    pub config: AgentConfig,
}

/// The part of [`AgentSelf`] with the version.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct AgentConfig {
    pub version: String,
}

/// Everything but letters, digits and `-._~`: a service name is one path segment, whatever characters it has.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// Characters that are not valid in a path; the prefix of an address is otherwise sent as typed.
const PREFIX: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'\\').add(b'^').add(b'`').add(b'{').add(b'|').add(b'}');

/// `name` as one segment of a path.
pub(super) fn segment(name: &str) -> String {
    utf8_percent_encode(name, SEGMENT).to_string()
}

/// How to reach one agent: the address, the credentials, and the TLS files.
pub(super) struct Route {
    /// The agent.
    pub agent: Agent,
    /// Enterprise: namespace and admin partition.
    pub namespace: Option<String>,
    /// See [`namespace`](Self::namespace).
    pub partition: Option<String>,
    headers: HeaderMap,
    /// The ACL token.
    pub token: Option<Secret>,
    tls: Option<TlsClient>,
}

impl Route {
    /// Does [`new`](Self::new) read files, and so block for some milliseconds?
    pub(super) fn reads_files(settings: &ConsulSettings, target: Option<&ConsulTarget>) -> bool {
        settings.token_file.value.is_some() || agent(settings, target).is_ok_and(|agent| agent.is_tls())
    }

    /// Combines settings and target, and reads the files they name.
    pub(super) fn new(settings: &ConsulSettings, target: Option<&ConsulTarget>) -> Result<Self, ResolveError> {
        // The error already names the address.
        let agent = agent(settings, target).map_err(|error| {
            let text = format!("consul agent {error}");
            ResolveError::fatal(ResolveCode::BadTarget, text).caused_by(error)
        })?;
        let invalid = |error: ConsulError| error.of(&agent.to_string());

        let token = match target.and_then(|target| target.token.clone()) {
            Some(token) => Some(token),
            None => token(settings).map_err(invalid)?,
        };
        let token = token.filter(|token| !token.is_empty());
        let auth = target.and_then(|target| target.user.clone()).or_else(|| settings.auth.value.clone());
        let headers = headers(token.as_ref(), auth.as_ref()).map_err(invalid)?;
        let tls = match &agent {
            Agent::Tcp { tls: true, host, .. } => {
                Some(tls::plan(settings, host).load().map_err(|error| invalid(error.into()))?)
            }
            _ => None,
        };
        let own =
            |of_target: Option<&String>, of_settings: &Option<String>| of_target.or(of_settings.as_ref()).cloned();
        Ok(Route {
            namespace: own(target.and_then(|target| target.namespace.as_ref()), &settings.namespace.value),
            partition: own(target.and_then(|target| target.partition.as_ref()), &settings.partition.value),
            agent,
            headers,
            token,
            tls,
        })
    }

    /// Are the requests anonymous (no token)?
    pub(super) fn is_anonymous(&self) -> bool {
        self.token.is_none()
    }
}

/// The agent of the target, else of the settings. A target's agent uses TLS if the settings' agent does.
fn agent(settings: &ConsulSettings, target: Option<&ConsulTarget>) -> Result<Agent, super::agent::AgentError> {
    match target.and_then(|target| target.agent.as_deref()) {
        None => Ok(settings.agent.value.clone()),
        Some(text) => {
            let tls = settings.tls.value || settings.agent.value.is_tls();
            Agent::parse(text, AddressDefaults { tls, port: Some(wire_port(tls)) })
        }
    }
}

/// Reads the files that TLS to the target's agent needs.
pub(super) fn check(settings: &ConsulSettings, target: &ConsulTarget) -> Result<(), SetupError> {
    match agent(settings, Some(target)) {
        Ok(Agent::Tcp { tls: true, host, .. }) => tls::plan(settings, &host).check(),
        Ok(_) | Err(_) => Ok(()),
    }
}

fn token(settings: &ConsulSettings) -> Result<Option<Secret>, ConsulError> {
    let Some(path) = &settings.token_file.value else { return Ok(settings.token.value.clone()) };
    match file::read_text(path, file::SMALL) {
        Ok(text) => {
            Ok(Some(Secret::new(text)).filter(|token| !token.is_empty()).or_else(|| settings.token.value.clone()))
        }
        Err(source) => Err(ConsulError::TokenFile { path: path.clone(), source }),
    }
}

fn headers(token: Option<&Secret>, auth: Option<&(String, Secret)>) -> Result<HeaderMap, ConsulError> {
    let mut headers = HeaderMap::new();
    headers.insert(USER_AGENT, HeaderValue::from_static(concat!("grpc-discover/", env!("CARGO_PKG_VERSION"))));
    if let Some(token) = token {
        let value = login::sensitive(token.reveal()).map_err(|error| ConsulError::Token(error.into()))?;
        let value = of_http(&value).map_err(|error| ConsulError::Token(error.into()))?;
        headers.insert(HeaderName::from_static("x-consul-token"), value);
    }
    if let Some((user, password)) = auth {
        let value = login::basic_auth(user, password.reveal()).map_err(|error| ConsulError::Login(error.into()))?;
        headers.insert(AUTHORIZATION, of_http(&value).map_err(|error| ConsulError::Login(error.into()))?);
    }
    Ok(headers)
}

/// A secret header value in the older `http` version that rustify uses.
fn of_http(value: &http::HeaderValue) -> Result<HeaderValue, InvalidHeaderValue> {
    let mut value = HeaderValue::from_bytes(value.as_bytes())?;
    value.set_sensitive(true);
    Ok(value)
}

/// Queries one agent, over one connection.
pub(super) struct Client {
    route: Arc<Route>,
    transport: Transport,
}

/// A response, and what its headers contain.
pub(super) struct Reply<T> {
    /// The decoded body.
    pub value: T,
    /// The headers.
    pub meta: Meta,
    /// How long it took, connecting included.
    pub took: Duration,
}

/// The headers that Consul adds to its responses.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Meta {
    /// `X-Consul-Index`: the index that a blocking query waits behind.
    pub index: Option<u64>,
    /// `X-Consul-KnownLeader`.
    pub leader: Leader,
    /// `X-Consul-LastContact`: how old the answer may be.
    pub last_contact: Duration,
    /// `X-Consul-Results-Filtered-By-ACLs`; never sent to anonymous clients.
    pub filtered_by_acl: bool,
    /// `X-Consul-Default-ACL-Policy` is `deny`.
    pub denies_by_default: bool,
}

/// `X-Consul-KnownLeader`: whether the server that answered has a leader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Leader {
    /// It has one, or no header states otherwise.
    #[default]
    Known,
    /// It has none.
    Unknown,
    /// `false` from the streaming backend (`X-Consul-Query-Backend`), which proves nothing: Consul 1.22 sends it in
    /// every such response, with and without a working leader.
    Unstated,
}

impl Leader {
    fn read(known: Option<&str>, backend: Option<&str>) -> Self {
        match (known, backend) {
            (Some("false"), Some("streaming")) => Leader::Unstated,
            (Some("false"), _) => Leader::Unknown,
            _ => Leader::Known,
        }
    }
}

impl Meta {
    fn read(headers: &HeaderMap) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        Meta {
            index: text("x-consul-index").and_then(|text| text.parse().ok()),
            leader: Leader::read(text("x-consul-knownleader"), text("x-consul-query-backend")),
            last_contact: Duration::from_millis(
                text("x-consul-lastcontact").and_then(|text| text.parse().ok()).unwrap_or_default(),
            ),
            filtered_by_acl: text("x-consul-results-filtered-by-acls") == Some("true"),
            denies_by_default: text("x-consul-default-acl-policy") == Some("deny"),
        }
    }
}

impl Client {
    /// A client over sockets.
    pub(super) fn new(route: Arc<Route>, connect_limit: Duration) -> Self {
        Client::over(Arc::new(NamedSockets), route, connect_limit)
    }

    /// A client over what `dial` returns.
    pub(super) fn over(dial: Arc<dyn Dial>, route: Arc<Route>, connect_limit: Duration) -> Self {
        let transport = Transport::new(dial, route.agent.address(), route.tls.clone(), connect_limit);
        Client { route, transport }
    }

    /// A second client for the same agent, with a connection of its own.
    pub(super) fn another(&self) -> Self {
        Client { route: self.route.clone(), transport: self.transport.another() }
    }

    /// The route to the agent.
    pub(super) fn route(&self) -> &Route {
        &self.route
    }

    /// Queries `endpoint`, within `limit` altogether.
    pub(super) async fn query<E: Endpoint>(
        &self,
        endpoint: E,
        features: Option<Features>,
        limit: Duration,
    ) -> Result<Reply<E::Response>, ResolveError> {
        let path = format!("/v1/{}", endpoint.path());
        let Reply { value: body, meta, took } = self.query_body(endpoint, features, limit).await?;
        let value = serde_json::from_slice(&body).map_err(|error| self.unreadable(&path, error, &body))?;
        Ok(Reply { value, meta, took })
    }

    /// The response to `GET` of `path` (with its query), read as it arrives; `None` when the agent refuses it or is
    /// unreachable.
    pub(super) async fn listen(&self, path: &str, limit: Duration) -> Option<Listening> {
        let mut request = http::Request::builder().uri(format!("{}{path}", self.route.agent.prefix()));
        for (name, value) in &self.route.headers {
            request = request.header(name.as_str(), value.as_bytes());
        }
        // hyper adds no Host by itself.
        request = request.header("host", self.route.agent.host_header());
        let request = request.body(Empty::<Bytes>::new()).ok()?;
        let (head, listening) = self.transport.listen(request, limit).await.ok()?;
        (head.status == http::StatusCode::OK).then_some(listening)
    }

    /// [`query`](Self::query), without decoding the response: what Go's clients would receive.
    pub(super) async fn query_body<E: Endpoint>(
        &self,
        endpoint: E,
        features: Option<Features>,
        limit: Duration,
    ) -> Result<Reply<Vec<u8>>, ResolveError> {
        let path = format!("/v1/{}", endpoint.path());
        let envelope = Envelope { route: &self.route, features, limit };
        let sent_at = Instant::now();
        let failed = |error| self.failed(&path, error);
        let result = endpoint.with_middleware(&envelope).exec(&self.transport).await.map_err(failed)?;
        let took = sent_at.elapsed();
        let meta = Meta::read(result.response.headers());
        Ok(Reply { value: json::mended(result.response.into_body()), meta, took })
    }

    /// The response to `question` is not a valid Consul response.
    pub(super) fn garbled(&self, question: &impl Endpoint, error: serde_json::Error, body: &[u8]) -> ResolveError {
        self.unreadable(&format!("/v1/{}", question.path()), error, body)
    }

    fn unreadable(&self, path: &str, source: serde_json::Error, body: &[u8]) -> ResolveError {
        let start = String::from_utf8_lossy(&body[..body.len().min(400)]);
        let start = shorten(&start, 80).into_owned();
        ConsulError::Unreadable { path: path.to_string(), source, start }.of(&self.route.agent.to_string())
    }

    fn failed(&self, path: &str, error: ClientError) -> ResolveError {
        let path = path.to_string();
        let error = match error {
            ClientError::ServerResponseError { code, content } => {
                let words = shorten(content.as_deref().map(str::trim).unwrap_or_default(), 300).into_owned();
                ConsulError::Refused { path, status: code, words, retry_after: self.transport.retry_after() }
            }
            ClientError::RequestError { source, .. } => match source.downcast() {
                Ok(source) => RequestError { request: format!("GET {path}"), source }.into(),
                Err(source) => ConsulError::NotSent { source: source.into() },
            },
            other => ConsulError::Endpoint { path, source: Box::new(other) },
        };
        error.of(&self.route.agent.to_string())
    }
}

/// What is added to every request: the agent's prefix and `/v1`, the credentials, consulrs's features, the time
/// limit.
///
/// An endpoint's `path()` is sent as it is, so it must be encoded: consulrs's own middleware encodes names twice (`my
/// service` becomes `my%2520service`), and rustify splits them at slashes.
struct Envelope<'a> {
    route: &'a Route,
    features: Option<Features>,
    limit: Duration,
}

impl MiddleWare for Envelope<'_> {
    fn request<E: Endpoint>(&self, endpoint: &E, request: &mut Request<Vec<u8>>) -> Result<(), ClientError> {
        if let Some(features) = &self.features {
            features.process(request);
        }
        let prefix = utf8_percent_encode(self.route.agent.prefix(), PREFIX);
        let query = request.uri().query().filter(|query| !query.is_empty());
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        let whole = format!("{prefix}/v1/{}{query}", endpoint.path());
        *request.uri_mut() = whole.parse::<Uri>().map_err(|source| ClientError::UrlBuildError { source })?;

        let headers = request.headers_mut();
        headers.extend(self.route.headers.clone());
        let host = HeaderValue::from_str(&self.route.agent.host_header())
            .map_err(|error| ClientError::EndpointBuildError { source: error.into() })?;
        headers.insert(http02::header::HOST, host);
        request.extensions_mut().insert(Limit(self.limit));
        Ok(())
    }

    fn response<E: Endpoint>(&self, _: &E, _: &mut Response<Vec<u8>>) -> Result<(), ClientError> {
        Ok(())
    }
}
