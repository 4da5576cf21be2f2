//! [`Wire`]: one HTTP/2 connection to one member, and calls over it.
//!
//! Not tonic's `Channel`: it re-dials by itself and keeps a task, and a backend may do neither. The connection is a future
//! that moves on only while somebody waits for an answer ([`Wire::drive`]); it spawns nothing, so that dropping it closes
//! the socket.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use h2::client::Connection;
use http::header::{HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use http::uri::{Authority, Scheme};
use tokio::time::timeout;
use tonic::Status;

use super::Trouble;
use super::messages::{WatchRequest, WatchResponse};
use super::secured::{Alert, Secured};
use super::settings::Member;
use crate::backend::socket::io_words;
use crate::model::secret::Secret;
use crate::net::dial::Io;
use crate::net::http2::{AGENT, Announced, CallError, Client, Messages, Origin, handshake, prefixed, request};
use crate::net::named::connect;
use crate::net::tls::TlsClient;

/// An answer longer than this is given up: some 200,000 instances.
const LARGEST_ANSWER: usize = 64 * 1024 * 1024;
/// What may be on its way unread; the protocol's own 64 KiB would make a round trip of every few hundred keys.
const WINDOW: u32 = 1024 * 1024;

/// One connection.
pub(super) struct Wire {
    /// `None` when it has ended.
    connection: Option<Connection<Box<dyn Io>, Bytes>>,
    /// What TLS said at the end.
    alert: Alert,
    /// Something was answered over it.
    is_heard: bool,
    /// The member is spoken to in plain text.
    is_plain: bool,
    caller: Caller,
}

/// Calls over a [`Wire`]. Nothing is sent or received unless the wire is driven.
#[derive(Clone)]
pub(super) struct Caller {
    client: Client,
    metadata: HeaderMap,
}

impl Wire {
    /// Connects, within `limit`.
    pub(super) async fn open(member: &Member, tls: Option<&TlsClient>, limit: Duration) -> Result<Self, Trouble> {
        timeout(limit, Wire::dial(member, tls)).await.map_err(|_| Trouble::ConnectTimeout(limit))?
    }

    async fn dial(member: &Member, tls: Option<&TlsClient>) -> Result<Self, Trouble> {
        let stream = connect(&member.host, member.port).await.map_err(Trouble::Connect)?;
        let (stream, scheme, alert): (Box<dyn Io>, _, _) = match tls {
            None => (Box::new(stream), Scheme::HTTP, Alert::default()),
            Some(tls) => {
                let secured = tls.handshake(stream).await;
                let trouble = |error: io::Error| match error.kind() {
                    io::ErrorKind::UnexpectedEof => Trouble::Tls(
                        "the member ended the handshake (one that speaks plain text is written http://)".into(),
                    ),
                    _ => Trouble::Tls(tls.explain().of(&error).unwrap_or_else(|| io_words(&error))),
                };
                let (secured, alert) = Secured::new(secured.map_err(trouble)?, tls.explain().clone());
                (Box::new(secured), Scheme::HTTPS, alert)
            }
        };
        let authority = Authority::try_from(member.authority())
            .map_err(|error| Trouble::Setting(format!("{member} cannot be asked: {error}")))?;
        let is_plain = scheme == Scheme::HTTP;
        let announced = Announced { window: Some(WINDOW), ..Announced::default() };
        let (client, connection) = handshake(stream, announced, Origin { scheme, authority })
            .await
            .map_err(|error| Trouble::Broken(http2_words(&error)))?;
        let mut metadata = HeaderMap::new();
        metadata.insert(USER_AGENT, AGENT);
        // rpctypes.MetadataRequireLeaderKey: a member without a leader says so instead of serving what it has.
        metadata.insert(HeaderName::from_static("hasleader"), HeaderValue::from_static("true"));
        let caller = Caller { client, metadata };
        Ok(Wire { connection: Some(connection), alert, is_heard: false, is_plain, caller })
    }

    /// Shows `token` with every question from now on.
    pub(super) fn set_token(&mut self, token: &Secret) -> Result<(), Trouble> {
        let mut value = HeaderValue::from_str(token.reveal())
            .map_err(|_| Trouble::NotEtcd("the token of Authenticate cannot be sent in a header".to_string()))?;
        value.set_sensitive(true);
        self.caller.metadata.insert(HeaderName::from_static("token"), value);
        Ok(())
    }

    /// Asks over this connection.
    pub(super) fn caller(&self) -> Caller {
        self.caller.clone()
    }

    /// Waits for `work`, which asks over this connection, and moves the connection on meanwhile. When the connection ends
    /// before the work does, that is the error.
    pub(super) async fn drive<T>(&mut self, work: impl Future<Output = Result<T, Trouble>>) -> Result<T, Trouble> {
        let mut work = std::pin::pin!(work);
        poll_fn(|cx| {
            if let Poll::Ready(done) = work.as_mut().poll(cx) {
                self.is_heard |= done.is_ok();
                return Poll::Ready(done);
            }
            let Some(connection) = &mut self.connection else {
                return Poll::Ready(Err(Trouble::Broken("it had ended before".to_string())));
            };
            let Poll::Ready(end) = Pin::new(connection).poll(cx) else { return Poll::Pending };
            self.connection = None;
            let why = match end {
                Ok(()) => "closed by the member".to_string(),
                Err(error) => http2_words(&error),
            };
            // What was read before the end may still be an answer.
            Poll::Ready(match work.as_mut().poll(cx) {
                Poll::Ready(Ok(done)) => Ok(done),
                Poll::Ready(Err(_)) | Poll::Pending => match self.alert.get() {
                    Some(alert) => Err(Trouble::Tls(alert.clone())),
                    None if !self.is_heard && self.is_plain => {
                        Err(Trouble::Broken(format!("{why} (a member that wants TLS is written https://)")))
                    }
                    None => Err(Trouble::Broken(why)),
                },
            })
        })
        .await
    }
}

impl Caller {
    /// One question and its answer, within `limit`.
    pub(super) async fn ask<Q, A>(self, path: &'static str, question: Q, limit: Duration) -> Result<A, Trouble>
    where
        Q: prost::Message,
        A: prost::Message + Default,
    {
        let asked = async {
            let answers = self.start(path, prefixed(&[question]), true).await?;
            answers.only().await.map_err(trouble)
        };
        timeout(limit, asked).await.map_err(|_| Trouble::NoAnswer { path, limit })?
    }

    /// Begins `watches` on one stream. etcd answers when the first of them is created.
    pub(super) async fn watch(
        self,
        watches: Vec<WatchRequest>,
        limit: Duration,
    ) -> Result<Messages<WatchResponse>, Trouble> {
        const PATH: &str = "/etcdserverpb.Watch/Watch";
        // The requests' side stays open: its end would be the end of the watch.
        let asked = self.start(PATH, prefixed(&watches), false);
        timeout(limit, asked).await.map_err(|_| Trouble::NoAnswer { path: PATH, limit })?
    }

    /// Sends `messages`, and waits for the head of the response.
    async fn start<A>(self, path: &'static str, messages: Bytes, ends: bool) -> Result<Messages<A>, Trouble> {
        let head = self
            .client
            .head(path, request::headers(&self.metadata, None))
            .map_err(|error| Trouble::Status(Status::internal(format!("request uri: {error}"))))?;
        let started = self.client.start(head, messages, ends).await.map_err(|error| trouble(error.into()))?;
        let response = started.response().await.map_err(|error| trouble(error.into()))?;
        response.messages(Vec::new(), LARGEST_ANSWER, false).map_err(trouble)
    }
}

/// Why a call has no answer.
pub(super) fn trouble(error: CallError) -> Trouble {
    Trouble::Status(match error {
        CallError::Http2(error) => Status::unavailable(http2_words(&error)),
        CallError::Status(status) => status,
        CallError::NoStatus { .. } | CallError::NotGrpc(_) => Status::new(error.code(), error.to_string()),
    })
}

/// What ended the connection or the stream.
fn http2_words(error: &h2::Error) -> String {
    error.get_io().map_or_else(|| error.to_string(), io_words)
}
