//! [`Http`]: HTTP/1.1 to one registry over hyper, tokio and rustls.
//!
//! One `Http` holds at most one connection and carries one request at a time; it spawns nothing, so that dropping it closes
//! the socket. An answer is read whole ([`Http::ask`]) or as it comes ([`Http::listen`]).

#![cfg_attr(
    not(feature = "all-backends"),
    allow(dead_code, reason = "a build with some of the backends may use a part of it")
)]

use std::error::Error;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{BoxFuture, poll_immediate};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http::response::Parts;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, Connection, SendRequest};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::{Instant, timeout};

use super::hyper_io::HyperIo;
use super::socket::io_words;
use super::tls::{self, Words};
use crate::model::resolution::{ResolveCode, ResolveError};
use crate::text::{duration, quote_bytes};

/// An answer longer than this is given up: 64 MiB are some 60,000 instances.
pub(super) const LARGEST_ANSWER: usize = 64 * 1024 * 1024;

/// No answer is read for longer than this, however steadily it comes.
const LONGEST: Duration = Duration::from_secs(600);

/// A byte stream to the registry.
pub(super) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// How a byte stream to the registry is had: a socket, or an in-memory pipe in tests.
pub(super) trait Dial: Send + Sync {
    /// Connects. No time limit of its own.
    fn dial(&self) -> BoxFuture<'static, Result<Box<dyn Io>, Trouble>>;
}

/// A host, over TCP.
#[derive(Debug, Clone)]
pub(super) struct Tcp {
    /// A name or an address; IPv6 without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl Dial for Tcp {
    fn dial(&self) -> BoxFuture<'static, Result<Box<dyn Io>, Trouble>> {
        let Tcp { host, port } = self.clone();
        Box::pin(async move {
            let stream = super::socket::connect(&host, port).await.map_err(Trouble::Connect)?;
            Ok(Box::new(stream) as Box<dyn Io>)
        })
    }
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
    #[error("no connection within {}", duration(*.0))]
    ConnectTimeout(Duration),
    /// No secure connection.
    #[error("tls: {0}")]
    Tls(String),
    /// Connected and asked, but the answer did not come.
    #[error("no answer within {}", duration(*.0))]
    NoAnswer(Duration),
    /// The answer came in part, and then nothing more.
    #[error("the response stopped after {after} bytes: no more of it within {}", duration(*limit))]
    Stopped {
        /// How much of it came.
        after: usize,
        /// How long was waited for more.
        limit: Duration,
    },
    /// The answer was still coming when the time was over.
    #[error("the response was still arriving after {}, with {after} bytes", duration(*limit))]
    TooSlow {
        /// How much of it came.
        after: usize,
        /// The longest time for one answer.
        limit: Duration,
    },
    /// The connection ended before the answer did.
    #[error("the connection broke before the answer was complete: {0}")]
    Broken(String),
    /// What came is no HTTP, or none that fits here.
    #[error("{0}")]
    NotHttp(String),
}

impl Trouble {
    /// The stable word for it.
    pub(super) fn code(&self) -> ResolveCode {
        match self {
            Trouble::Setting(_) => ResolveCode::BadTarget,
            Trouble::Connect(_) | Trouble::Tls(_) => ResolveCode::Unreachable,
            Trouble::ConnectTimeout(_) | Trouble::NoAnswer(_) | Trouble::Stopped { .. } | Trouble::TooSlow { .. } => {
                ResolveCode::Timeout
            }
            Trouble::Broken(_) => ResolveCode::WatchBroken,
            Trouble::NotHttp(_) => ResolveCode::BadAnswer,
        }
    }

    /// The error: `registry` was asked `question`. No point in asking again when a setting makes no sense.
    pub(super) fn at(&self, registry: &str, question: &str) -> ResolveError {
        let text = match self {
            Trouble::NoAnswer(_) | Trouble::Stopped { .. } | Trouble::TooSlow { .. } => {
                format!("{registry}: {question}: {self}")
            }
            _ => format!("{registry}: {self}"),
        };
        match self {
            Trouble::Setting(_) => ResolveError::fatal(self.code(), text),
            _ => ResolveError::ambient(self.code(), text),
        }
    }
}

/// Carries requests to one registry.
pub(super) struct Http {
    dial: Arc<dyn Dial>,
    tls: Option<tls::Ready>,
    connect_limit: Duration,
    open: Arc<Mutex<Option<Wire>>>,
    /// Connections that were kept for the next request and had ended by then.
    lost: AtomicUsize,
}

impl Http {
    /// Nothing is contacted yet.
    pub(super) fn new(dial: Arc<dyn Dial>, tls: Option<tls::Ready>, connect_limit: Duration) -> Self {
        Http { dial, tls, connect_limit, open: Arc::default(), lost: AtomicUsize::new(0) }
    }

    /// How many connections were kept for the next request and had ended by then, as those of a restarted server.
    pub(super) fn lost(&self) -> usize {
        self.lost.load(Ordering::Relaxed)
    }

    /// A second one to the same registry, with a connection of its own.
    pub(super) fn another(&self) -> Self {
        Http::new(self.dial.clone(), self.tls.clone(), self.connect_limit)
    }

    /// How long connecting may take.
    pub(super) fn connect_limit(&self) -> Duration {
        self.connect_limit
    }

    /// Sends `request` and reads the whole answer. Its head has to come within `limit`, connecting included, and every piece
    /// of its body within `limit` after the one before.
    pub(super) async fn ask(
        &self,
        request: http::Request<Empty<Bytes>>,
        limit: Duration,
    ) -> Result<http::Response<Vec<u8>>, Trouble> {
        let begun = Instant::now();
        let (head, mut answer) = timeout(limit, self.begin(request)).await.map_err(|_| Trouble::NoAnswer(limit))??;
        let announced = head.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        let mut bytes = Vec::with_capacity(announced.unwrap_or(0).min(LARGEST_ANSWER));
        let body = async {
            // Each piece has its time, so that a slow answer is used when it is complete.
            while let Some(piece) =
                timeout(limit, answer.piece()).await.map_err(|_| Trouble::Stopped { after: bytes.len(), limit })??
            {
                if begun.elapsed() > LONGEST {
                    return Err(Trouble::TooSlow { after: bytes.len() + piece.len(), limit: LONGEST });
                }
                if bytes.len() + piece.len() > LARGEST_ANSWER {
                    let limit = LARGEST_ANSWER / 1024 / 1024;
                    return Err(Trouble::NotHttp(format!("the answer is longer than {limit} MiB")));
                }
                bytes.extend_from_slice(&piece);
            }
            Ok(http::Response::from_parts(head, bytes))
        };
        body.await
    }

    /// Sends `request` and reads the answer's head, within `limit` altogether, connecting included. What follows has no
    /// time limit; until it is complete or dropped, this asks nothing else.
    pub(super) async fn listen(
        &self,
        request: http::Request<Empty<Bytes>>,
        limit: Duration,
    ) -> Result<(Parts, Listening), Trouble> {
        timeout(limit, self.begin(request)).await.map_err(|_| Trouble::NoAnswer(limit))?
    }

    async fn connect(&self) -> Result<Wire, Trouble> {
        let stream = self.dial.dial().await?;
        match &self.tls {
            None => Wire::new(stream, None).await,
            Some(tls) => {
                let stream = tls
                    .connector
                    .connect(tls.name.clone(), stream)
                    .await
                    .map_err(|error| Trouble::Tls(tls.words.of(&error).unwrap_or_else(|| io_words(&error))))?;
                Wire::new(Box::new(stream), Some(tls.words.clone())).await
            }
        }
    }

    async fn begin(&self, request: http::Request<Empty<Bytes>>) -> Result<(Parts, Listening), Trouble> {
        let mut place = self.open.clone().lock_owned().await;
        let mut kept = place.take();
        if let Some(wire) = &mut kept
            && !wire.is_open().await
        {
            kept = None;
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
        let mut wire = match kept {
            Some(wire) => wire,
            None => timeout(self.connect_limit, self.connect())
                .await
                .map_err(|_| Trouble::ConnectTimeout(self.connect_limit))??,
        };
        let sent = wire.sender.send_request(request);
        let (head, body) = wire.drive(sent).await?.into_parts();
        if let Some(encoding) = head.headers.get(CONTENT_ENCODING).filter(|encoding| *encoding != "identity") {
            return Err(Trouble::NotHttp(format!(
                "the response is encoded ({CONTENT_ENCODING}: {}), which was not requested: a proxy in front of the registry \
                 may compress it",
                quote_bytes(encoding.as_bytes(), 40)
            )));
        }
        Ok((head, Listening { place, wire: Some(wire), body }))
    }
}

/// An answer as it comes. Dropping it before it is complete closes the connection.
pub(super) struct Listening {
    /// Where the connection is kept for the next request.
    place: OwnedMutexGuard<Option<Wire>>,
    wire: Option<Wire>,
    body: Incoming,
}

impl Listening {
    /// The next bytes; `None` when the answer is complete. Nothing is lost when the future is dropped.
    pub(super) async fn piece(&mut self) -> Result<Option<Bytes>, Trouble> {
        while let Some(wire) = &mut self.wire {
            let body = &mut self.body;
            match wire.drive(async { body.frame().await.transpose() }).await? {
                Some(frame) => {
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data));
                    }
                }
                None => *self.place = self.wire.take().filter(|wire| !wire.ended),
            }
        }
        Ok(None)
    }
}

type Http1 = Connection<HyperIo<Box<dyn Io>>, Empty<Bytes>>;

/// One HTTP/1.1 connection. Nobody drives it between two exchanges.
struct Wire {
    /// What a TLS failure says.
    words: Option<Arc<Words>>,
    sender: SendRequest<Empty<Bytes>>,
    connection: Pin<Box<Http1>>,
    /// The connection came to its end; what was read before it is still to be had.
    ended: bool,
}

impl Wire {
    async fn new(stream: Box<dyn Io>, words: Option<Arc<Words>>) -> Result<Self, Trouble> {
        let (sender, connection) =
            http1::handshake(HyperIo(stream)).await.map_err(|error| hyper_trouble(&error, words.as_deref()))?;
        Ok(Wire { words, sender, connection: Box::pin(connection), ended: false })
    }

    /// False when the registry closed it while nobody looked.
    async fn is_open(&mut self) -> bool {
        poll_immediate(&mut self.connection).await.is_none() && self.sender.is_ready()
    }

    /// Waits for `talk`, and keeps the connection going meanwhile.
    async fn drive<T>(&mut self, talk: impl Future<Output = Result<T, hyper::Error>>) -> Result<T, Trouble> {
        let words = self.words.as_deref();
        let mut talk = std::pin::pin!(talk);
        let told = if self.ended {
            talk.await
        } else {
            tokio::select! {
                biased;
                told = &mut talk => told,
                end = &mut self.connection => {
                    self.ended = true;
                    end.map_err(|error| hyper_trouble(&error, words))?;
                    talk.await
                }
            }
        };
        told.map_err(|error| hyper_trouble(&error, words))
    }
}

/// Finds the TLS alert or the reset below hyper's words: "connection error" alone helps nobody.
fn hyper_trouble(error: &hyper::Error, words: Option<&Words>) -> Trouble {
    let mut below: Option<&(dyn Error + 'static)> = error.source();
    while let Some(cause) = below {
        if let Some(cause) = cause.downcast_ref::<io::Error>() {
            let told = words.and_then(|words| words.of(cause));
            return told.map_or_else(|| Trouble::Broken(io_words(cause)), Trouble::Tls);
        }
        below = cause.source();
    }
    if error.is_parse() {
        return Trouble::NotHttp(format!("what answers is no HTTP server: {error}"));
    }
    Trouble::Broken(error.to_string())
}

#[cfg(test)]
mod tests;
