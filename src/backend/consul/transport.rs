//! [`Transport`]: sends consulrs's requests over [`Http`].
//!
//! consulrs's own client cannot be used: it has no time limits, no Unix sockets and no working client certificates.
//! So rustify's `Client` trait is implemented here.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::response::Parts;
use http_body_util::Empty;
use rustify::errors::ClientError;

use crate::model::endpoint::Address;
use crate::net::dial::Dial;
use crate::net::http1::{Http, HttpError, Listening, retry_after};
use crate::net::tls::TlsClient;

/// Time limit for one request, connecting included. Travels with the request as an extension.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit(pub Duration);

/// Carries requests to one agent.
pub(super) struct Transport {
    http: Http,
    /// The Retry-After of the last error response, because rustify does not pass on its headers.
    retry_after: Mutex<Option<Duration>>,
}

impl Transport {
    /// Nothing is contacted yet. A request without a [`Limit`] gets `connect_limit` as its limit.
    pub(super) fn new(dial: Arc<dyn Dial>, address: Address, tls: Option<TlsClient>, connect_limit: Duration) -> Self {
        Transport::over(Http::new(dial, address, tls, connect_limit))
    }

    /// A second transport to the same agent, with a connection of its own.
    pub(super) fn another(&self) -> Self {
        Transport::over(self.http.another())
    }

    fn over(http: Http) -> Self {
        Transport { http, retry_after: Mutex::new(None) }
    }

    /// Sends `request`, whose response is read as it arrives; its head within `limit`.
    pub(super) async fn listen(
        &self,
        request: http::Request<Empty<Bytes>>,
        limit: Duration,
    ) -> Result<(Parts, Listening), HttpError> {
        self.http.listen(request, limit).await
    }

    /// When the agent accepts the next request, according to its last error response.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        *self.retry_after.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait::async_trait]
impl rustify::client::Client for Transport {
    /// Only a root to build paths on: [`Http`] has the agent's address.
    fn base(&self) -> &str {
        "http://consul"
    }

    async fn send(&self, request: http02::Request<Vec<u8>>) -> Result<http02::Response<Vec<u8>>, ClientError> {
        let (method, url) = (request.method().to_string(), request.uri().to_string());
        let failed = |error: HttpError| ClientError::RequestError { source: error.into(), url, method };
        let limit = request.extensions().get().copied().unwrap_or(Limit(self.http.connect_limit())).0;
        let answer = async {
            let request = to_hyper(&request)?;
            let answer = self.http.query(request, limit).await?;
            let wish = retry_after(answer.headers());
            *self.retry_after.lock().unwrap_or_else(PoisonError::into_inner) = wish;
            from_hyper(answer)
        };
        answer.await.map_err(failed)
    }
}

fn to_hyper(request: &http02::Request<Vec<u8>>) -> Result<http::Request<Empty<Bytes>>, HttpError> {
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let mut built = http::Request::builder().method(request.method().as_str()).uri(path);
    for (name, value) in request.headers() {
        built = built.header(name.as_str(), value.as_bytes());
    }
    built.body(Empty::new()).map_err(HttpError::Request)
}

fn from_hyper(answer: http::Response<Vec<u8>>) -> Result<http02::Response<Vec<u8>>, HttpError> {
    let (head, body) = answer.into_parts();
    let mut built = http02::Response::builder().status(head.status.as_u16());
    for (name, value) in &head.headers {
        built = built.header(name.as_str(), value.as_bytes());
    }
    built.body(body).map_err(|error| HttpError::Response(error.into()))
}
