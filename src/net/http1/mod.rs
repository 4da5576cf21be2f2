//! [`Http`]: HTTP/1.1 to one registry over hyper, tokio and rustls.
//!
//! One `Http` has at most one connection and sends one request at a time; it spawns nothing, so dropping it closes
//! the socket. A response is read whole ([`Http::query`]) or as it arrives ([`Http::listen`]).

#![cfg_attr(
    not(feature = "all-backends"),
    allow(dead_code, reason = "a build with some of the backends may use a part of it")
)]

mod error;
mod retry_after;

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::poll_immediate;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http::response::Parts;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, Connection, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::{Instant, timeout};

pub(crate) use self::error::{HttpError, RequestError};
pub(crate) use self::retry_after::retry_after;
use super::dial::{Dial, Io};
use super::io_text;
use super::tls::{TlsClient, TlsExplanation};
use crate::model::endpoint::Address;

/// The maximum size of a response: 64 MiB are some 60,000 instances.
pub(crate) const LARGEST_ANSWER: usize = 64 * 1024 * 1024;

/// The maximum time for reading a response, however steadily it arrives.
const LONGEST: Duration = Duration::from_secs(600);

/// Sends requests to one registry.
pub(crate) struct Http {
    dial: Arc<dyn Dial>,
    address: Address,
    tls: Option<TlsClient>,
    connect_limit: Duration,
    open: Arc<Mutex<Option<Http1Connection>>>,
    /// The number of idle connections that had ended by the next request.
    lost: AtomicUsize,
}

impl Http {
    /// Nothing is contacted yet.
    pub(crate) fn new(dial: Arc<dyn Dial>, address: Address, tls: Option<TlsClient>, connect_limit: Duration) -> Self {
        Http { dial, address, tls, connect_limit, open: Arc::default(), lost: AtomicUsize::new(0) }
    }

    /// How many idle connections had ended by the next request, such as those of a restarted server.
    pub(crate) fn lost(&self) -> usize {
        self.lost.load(Ordering::Relaxed)
    }

    /// A second client for the same registry, with a connection of its own.
    pub(crate) fn another(&self) -> Self {
        Http::new(self.dial.clone(), self.address.clone(), self.tls.clone(), self.connect_limit)
    }

    /// Time limit for connecting.
    pub(crate) fn connect_limit(&self) -> Duration {
        self.connect_limit
    }

    /// Sends `request` and reads the whole response. Its head must arrive within `limit`, connecting included, and
    /// every piece of its body within `limit` after the one before.
    pub(crate) async fn query(
        &self,
        request: http::Request<Empty<Bytes>>,
        limit: Duration,
    ) -> Result<http::Response<Vec<u8>>, HttpError> {
        let started = Instant::now();
        let (head, mut answer) =
            timeout(limit, self.start(request)).await.map_err(|_| HttpError::NoAnswer(limit))??;
        let announced = head.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        let mut bytes = Vec::with_capacity(announced.unwrap_or(0).min(LARGEST_ANSWER));
        let body = async {
            // The limit applies to each piece, so that a slow response can complete.
            while let Some(piece) =
                timeout(limit, answer.piece()).await.map_err(|_| HttpError::Stopped { after: bytes.len(), limit })??
            {
                if started.elapsed() > LONGEST {
                    return Err(HttpError::TooSlow { after: bytes.len() + piece.len(), limit: LONGEST });
                }
                if bytes.len() + piece.len() > LARGEST_ANSWER {
                    return Err(HttpError::TooLong(LARGEST_ANSWER));
                }
                bytes.extend_from_slice(&piece);
            }
            Ok(http::Response::from_parts(head, bytes))
        };
        body.await
    }

    /// Sends `request` and reads the response's head, within `limit` altogether, connecting included. The rest has no
    /// time limit; until it is complete or dropped, no other request can be sent.
    pub(crate) async fn listen(
        &self,
        request: http::Request<Empty<Bytes>>,
        limit: Duration,
    ) -> Result<(Parts, Listening), HttpError> {
        timeout(limit, self.start(request)).await.map_err(|_| HttpError::NoAnswer(limit))?
    }

    async fn connect(&self) -> Result<Http1Connection, HttpError> {
        let stream = self.dial.dial(&self.address).await.map_err(HttpError::Connect)?;
        let Some(tls) = &self.tls else { return Http1Connection::new(stream, None).await };
        let stream = tls.handshake(stream).await.map_err(|source| {
            let text = tls.explain().of(&source).unwrap_or_else(|| io_text(&source));
            HttpError::Tls { text, source }
        })?;
        Http1Connection::new(Box::new(stream), Some(tls.explain().clone())).await
    }

    async fn start(&self, request: http::Request<Empty<Bytes>>) -> Result<(Parts, Listening), HttpError> {
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
                .map_err(|_| HttpError::ConnectTimeout(self.connect_limit))??,
        };
        // Without the query, which may contain a secret.
        let (method, path) = (request.method().clone(), request.uri().path().to_string());
        let sent = wire.sender.send_request(request);
        let (head, body) = wire.drive(sent).await?.into_parts();
        tracing::debug!(%method, path, status = head.status.as_u16(), "response");
        if let Some(encoding) = head.headers.get(CONTENT_ENCODING).filter(|encoding| *encoding != "identity") {
            return Err(HttpError::Encoded(encoding.clone()));
        }
        Ok((head, Listening { place, wire: Some(wire), body }))
    }
}

/// A response as it arrives. Dropping it before it is complete closes the connection.
pub(crate) struct Listening {
    /// Where the connection is kept for the next request.
    place: OwnedMutexGuard<Option<Http1Connection>>,
    wire: Option<Http1Connection>,
    body: Incoming,
}

impl Listening {
    /// The next bytes; `None` when the response is complete. Cancel safe.
    pub(crate) async fn piece(&mut self) -> Result<Option<Bytes>, HttpError> {
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

type Http1 = Connection<TokioIo<Box<dyn Io>>, Empty<Bytes>>;

/// One HTTP/1.1 connection. It is not driven between two exchanges.
struct Http1Connection {
    /// Describes TLS failures.
    explain: Option<Arc<TlsExplanation>>,
    sender: SendRequest<Empty<Bytes>>,
    connection: Pin<Box<Http1>>,
    /// The connection has ended; data that was read before is still available.
    ended: bool,
}

impl Http1Connection {
    async fn new(stream: Box<dyn Io>, explain: Option<Arc<TlsExplanation>>) -> Result<Self, HttpError> {
        let (sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| HttpError::of_hyper(error, explain.as_deref()))?;
        Ok(Http1Connection { explain, sender, connection: Box::pin(connection), ended: false })
    }

    /// False when the registry closed it while it was idle.
    async fn is_open(&mut self) -> bool {
        poll_immediate(&mut self.connection).await.is_none() && self.sender.is_ready()
    }

    /// Waits for `talk`, and drives the connection meanwhile.
    async fn drive<T>(&mut self, talk: impl Future<Output = Result<T, hyper::Error>>) -> Result<T, HttpError> {
        let explain = self.explain.as_deref();
        let mut talk = std::pin::pin!(talk);
        let result = if self.ended {
            talk.await
        } else {
            tokio::select! {
                biased;
                result = &mut talk => result,
                end = &mut self.connection => {
                    self.ended = true;
                    end.map_err(|error| HttpError::of_hyper(error, explain))?;
                    talk.await
                }
            }
        };
        result.map_err(|error| HttpError::of_hyper(error, explain))
    }
}

#[cfg(test)]
mod tests;
