//! [`Http`]: HTTP/1.1 to one registry over hyper, tokio and rustls.
//!
//! One `Http` holds at most one connection and carries one request at a time; it spawns nothing, so that dropping it closes
//! the socket.

use std::error::Error;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{BoxFuture, poll_immediate};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1::{self, Connection, SendRequest};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::hyper_io::HyperIo;
use super::socket::{io_words, seconds};
use super::tls::{self, Names};

/// An answer longer than this is given up: 64 MiB are some 60,000 instances.
const LARGEST_ANSWER: usize = 64 * 1024 * 1024;

/// A byte stream to the registry.
pub(super) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// How a byte stream to the registry is had: a socket, or an in-memory pipe in tests.
pub(super) trait Dial: Send + Sync {
    /// Connects. No time limit of its own.
    fn dial(&self) -> BoxFuture<'static, Result<Box<dyn Io>, Trouble>>;
}

/// Why there is no answer. The sentences do not name the registry: whoever reports them does.
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
    /// What came is no HTTP, or none that fits here.
    #[error("{0}")]
    NotHttp(String),
}

/// Carries requests to one registry.
pub(super) struct Http {
    dial: Arc<dyn Dial>,
    tls: Option<tls::Ready>,
    names: &'static Names,
    connect_limit: Duration,
    open: Mutex<Option<Wire>>,
}

impl Http {
    /// Nothing is contacted yet. `names` are what the settings of TLS are called.
    pub(super) fn new(
        dial: Arc<dyn Dial>,
        tls: Option<tls::Ready>,
        names: &'static Names,
        connect_limit: Duration,
    ) -> Self {
        Http { dial, tls, names, connect_limit, open: Mutex::new(None) }
    }

    /// A second one to the same registry, with a connection of its own.
    #[cfg(feature = "consul")]
    pub(super) fn another(&self) -> Self {
        Http::new(self.dial.clone(), self.tls.clone(), self.names, self.connect_limit)
    }

    /// How long connecting may take.
    #[cfg(feature = "consul")]
    pub(super) fn connect_limit(&self) -> Duration {
        self.connect_limit
    }

    /// Sends `request` and reads the whole answer, within `limit` altogether, connecting included.
    pub(super) async fn ask(
        &self,
        request: http::Request<Empty<Bytes>>,
        limit: Duration,
    ) -> Result<http::Response<Vec<u8>>, Trouble> {
        timeout(limit, self.exchange(request)).await.map_err(|_| Trouble::NoAnswer(limit))?
    }

    async fn connect(&self) -> Result<Wire, Trouble> {
        let stream = self.dial.dial().await?;
        match &self.tls {
            None => Wire::new(stream, self.names).await,
            Some(tls) => {
                let stream = tls
                    .connector
                    .connect(tls.name.clone(), stream)
                    .await
                    .map_err(|error| Trouble::Tls(self.names.words(&error).unwrap_or_else(|| io_words(&error))))?;
                Wire::new(Box::new(stream), self.names).await
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

type Http1 = Connection<HyperIo<Box<dyn Io>>, Empty<Bytes>>;

/// One HTTP/1.1 connection. Nobody drives it between two exchanges.
struct Wire {
    names: &'static Names,
    sender: SendRequest<Empty<Bytes>>,
    connection: Pin<Box<Http1>>,
}

impl Wire {
    async fn new(stream: Box<dyn Io>, names: &'static Names) -> Result<Self, Trouble> {
        let (sender, connection) =
            http1::handshake(HyperIo(stream)).await.map_err(|error| hyper_trouble(&error, names))?;
        Ok(Wire { names, sender, connection: Box::pin(connection) })
    }

    /// False when the registry closed it while nobody looked.
    async fn is_open(&mut self) -> bool {
        poll_immediate(&mut self.connection).await.is_none() && self.sender.is_ready()
    }

    async fn exchange(&mut self, request: http::Request<Empty<Bytes>>) -> Result<http::Response<Vec<u8>>, Trouble> {
        let names = self.names;
        let talk = async {
            let answer = self.sender.send_request(request).await.map_err(|error| hyper_trouble(&error, names))?;
            let (head, mut body) = answer.into_parts();
            let mut bytes = Vec::new();
            while let Some(frame) = body.frame().await {
                let frame = frame.map_err(|error| hyper_trouble(&error, names))?;
                if let Ok(data) = frame.into_data() {
                    if bytes.len() + data.len() > LARGEST_ANSWER {
                        let limit = LARGEST_ANSWER / 1024 / 1024;
                        return Err(Trouble::NotHttp(format!("the answer is longer than {limit} MiB")));
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
                Err(error) => Err(hyper_trouble(&error, names)),
                // An orderly end: what was read before it is still to be had.
                Ok(()) => talk.await,
            },
        }
    }
}

/// Finds the TLS alert or the reset below hyper's words: "connection error" alone helps nobody.
fn hyper_trouble(error: &hyper::Error, names: &Names) -> Trouble {
    let mut below: Option<&(dyn Error + 'static)> = error.source();
    while let Some(cause) = below {
        if let Some(cause) = cause.downcast_ref::<io::Error>() {
            return names.words(cause).map_or_else(|| Trouble::Broken(io_words(cause)), Trouble::Tls);
        }
        below = cause.source();
    }
    if error.is_parse() {
        return Trouble::NotHttp(format!("what answers is no HTTP server: {error}"));
    }
    Trouble::Broken(error.to_string())
}
