//! [`Transport`]: carries consulrs's requests over hyper 1, tokio and rustls.
//!
//! consulrs's own client cannot be used: it has no time limits at all, no Unix sockets, no client certificates that
//! work, and links OpenSSL. So rustify's `Client` trait is implemented here. One `Transport` holds at most one
//! connection and carries one request at a time; it spawns nothing, so that dropping it closes the socket.

use std::error::Error;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{BoxFuture, poll_immediate};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1::{self, Connection, SendRequest};
use rustify::errors::ClientError;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::UnixStream;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::agent::Agent;
use super::hyper_io::HyperIo;
use super::tls::NAMES;
use crate::backend::socket::{connect, io_words, seconds};
use crate::backend::tls;

/// An answer longer than this is given up: 64 MiB are some 60,000 instances.
const LARGEST_ANSWER: usize = 64 * 1024 * 1024;

/// How long one question may take altogether, connecting included. Travels with the request as an extension.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit(pub Duration);

/// A byte stream to the agent.
pub(super) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// How a byte stream to the agent is had: a socket, or an in-memory pipe in tests.
pub(super) trait Dial: Send + Sync {
    /// Connects. No time limit of its own.
    fn dial(&self) -> BoxFuture<'static, Result<Box<dyn Io>, Trouble>>;
}

/// Why there is no answer. The sentences do not name the agent: whoever reports them does.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Trouble {
    /// A setting makes no sense: no point in asking again.
    #[error("{0}")]
    Setting(String),
    /// No connection.
    #[error("{0}")]
    Connect(String),
    /// Connecting took too long.
    #[error("no connection within {}", seconds(*.0))]
    ConnectTimeout(Duration),
    /// No secure connection.
    #[error("tls: {0}")]
    Tls(String),
    /// Connected and asked, but the answer did not come.
    #[error("no answer within {}", seconds(*.0))]
    NoAnswer(Duration),
    /// The connection ended before the answer did.
    #[error("the connection broke before the answer was complete: {0}")]
    Broken(String),
    /// What came is not what Consul says.
    #[error("{0}")]
    NotConsul(String),
}

/// Carries requests to one agent.
pub(super) struct Transport {
    dial: Arc<dyn Dial>,
    tls: Option<tls::Ready>,
    connect_limit: Duration,
    open: Mutex<Option<Wire>>,
}

impl Transport {
    /// Nothing is contacted yet. Without a [`Limit`] a request gets `connect_limit` as its own.
    pub(super) fn new(dial: Arc<dyn Dial>, tls: Option<tls::Ready>, connect_limit: Duration) -> Self {
        Transport { dial, tls, connect_limit, open: Mutex::new(None) }
    }

    /// A second one to the same agent, with a connection of its own.
    pub(super) fn another(&self) -> Self {
        Transport::new(self.dial.clone(), self.tls.clone(), self.connect_limit)
    }

    async fn connect(&self) -> Result<Wire, Trouble> {
        let stream = self.dial.dial().await?;
        match &self.tls {
            None => Wire::new(stream).await,
            Some(tls) => {
                let stream = tls
                    .connector
                    .connect(tls.name.clone(), stream)
                    .await
                    .map_err(|error| Trouble::Tls(NAMES.words(&error).unwrap_or_else(|| io_words(&error))))?;
                Wire::new(Box::new(stream)).await
            }
        }
    }

    async fn exchange(&self, request: http::Request<Empty<Bytes>>) -> Result<http::Response<Vec<u8>>, Trouble> {
        let mut open = self.open.lock().await;
        let mut kept = open.take();
        if let Some(wire) = &mut kept
            && !wire.is_open().await
        {
            kept = None;
        }
        let mut wire = match kept {
            Some(wire) => wire,
            None => timeout(self.connect_limit, self.connect())
                .await
                .map_err(|_| Trouble::ConnectTimeout(self.connect_limit))??,
        };
        let answer = wire.exchange(request).await?;
        *open = Some(wire);
        Ok(answer)
    }
}

#[async_trait::async_trait]
impl rustify::client::Client for Transport {
    /// Only a root to build paths on: where the agent is, the [`Dial`] knows.
    fn base(&self) -> &str {
        "http://consul"
    }

    async fn send(&self, request: http02::Request<Vec<u8>>) -> Result<http02::Response<Vec<u8>>, ClientError> {
        let (method, url) = (request.method().to_string(), request.uri().to_string());
        let failed = |trouble: Trouble| ClientError::RequestError { source: trouble.into(), url, method };
        let limit = request.extensions().get().copied().unwrap_or(Limit(self.connect_limit)).0;
        let answer = async {
            let request = to_hyper(&request)?;
            let answer = timeout(limit, self.exchange(request)).await.map_err(|_| Trouble::NoAnswer(limit))??;
            from_hyper(answer)
        };
        answer.await.map_err(failed)
    }
}

type Http1 = Connection<HyperIo<Box<dyn Io>>, Empty<Bytes>>;

/// One HTTP/1.1 connection. Nobody drives it between two exchanges.
struct Wire {
    sender: SendRequest<Empty<Bytes>>,
    connection: Pin<Box<Http1>>,
}

impl Wire {
    async fn new(stream: Box<dyn Io>) -> Result<Self, Trouble> {
        let (sender, connection) = http1::handshake(HyperIo(stream)).await.map_err(|error| hyper_trouble(&error))?;
        Ok(Wire { sender, connection: Box::pin(connection) })
    }

    /// False when the agent closed it while nobody looked.
    async fn is_open(&mut self) -> bool {
        poll_immediate(&mut self.connection).await.is_none() && self.sender.is_ready()
    }

    async fn exchange(&mut self, request: http::Request<Empty<Bytes>>) -> Result<http::Response<Vec<u8>>, Trouble> {
        let talk = async {
            let answer = self.sender.send_request(request).await.map_err(|error| hyper_trouble(&error))?;
            let (head, mut body) = answer.into_parts();
            let mut bytes = Vec::new();
            while let Some(frame) = body.frame().await {
                let frame = frame.map_err(|error| hyper_trouble(&error))?;
                if let Ok(data) = frame.into_data() {
                    if bytes.len() + data.len() > LARGEST_ANSWER {
                        let limit = LARGEST_ANSWER / 1024 / 1024;
                        return Err(Trouble::NotConsul(format!("the answer is longer than {limit} MiB")));
                    }
                    bytes.extend_from_slice(&data);
                }
            }
            Ok(http::Response::from_parts(head, bytes))
        };
        let mut talk = std::pin::pin!(talk);
        tokio::select! {
            biased;
            answer = &mut talk => answer,
            end = &mut self.connection => match end {
                Err(error) => Err(hyper_trouble(&error)),
                // An orderly end: what was read before it is still to be had.
                Ok(()) => talk.await,
            },
        }
    }
}

fn to_hyper(request: &http02::Request<Vec<u8>>) -> Result<http::Request<Empty<Bytes>>, Trouble> {
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let mut built = http::Request::builder().method(request.method().as_str()).uri(path);
    for (name, value) in request.headers() {
        built = built.header(name.as_str(), value.as_bytes());
    }
    built.body(Empty::new()).map_err(|error| Trouble::Setting(format!("the question is no HTTP request: {error}")))
}

fn from_hyper(answer: http::Response<Vec<u8>>) -> Result<http02::Response<Vec<u8>>, Trouble> {
    let (head, body) = answer.into_parts();
    let mut built = http02::Response::builder().status(head.status.as_u16());
    for (name, value) in &head.headers {
        built = built.header(name.as_str(), value.as_bytes());
    }
    built.body(body).map_err(|error| Trouble::NotConsul(format!("the answer is no HTTP response: {error}")))
}

/// Finds the TLS alert or the reset below hyper's words: "connection error" alone helps nobody.
fn hyper_trouble(error: &hyper::Error) -> Trouble {
    let mut below: Option<&(dyn Error + 'static)> = error.source();
    while let Some(cause) = below {
        if let Some(cause) = cause.downcast_ref::<io::Error>() {
            return NAMES.words(cause).map_or_else(|| Trouble::Broken(io_words(cause)), Trouble::Tls);
        }
        below = cause.source();
    }
    if error.is_parse() {
        return Trouble::NotConsul(format!("what answers is no HTTP server: {error}"));
    }
    Trouble::Broken(error.to_string())
}

impl Dial for Agent {
    fn dial(&self) -> BoxFuture<'static, Result<Box<dyn Io>, Trouble>> {
        match self.clone() {
            Agent::Tcp { host, port, .. } => Box::pin(async move {
                let stream = connect(&host, port).await.map_err(Trouble::Connect)?;
                Ok(Box::new(stream) as Box<dyn Io>)
            }),
            Agent::Unix(path) => Box::pin(async move {
                match UnixStream::connect(&path).await {
                    Ok(stream) => Ok(Box::new(stream) as Box<dyn Io>),
                    Err(error) => Err(Trouble::Connect(io_words(&error))),
                }
            }),
        }
    }
}
