//! [`EtcdConnection`]: one HTTP/2 connection to one member, and calls over it.
//!
//! Not tonic's `Channel`: it reconnects by itself and keeps a task, and a backend may do neither. The connection is a
//! future that progresses only while a caller waits for a response ([`EtcdConnection::drive`]); it spawns nothing, so dropping
//! it closes the socket.

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

use super::error::{EtcdConnectionEnd, EtcdError};
use super::messages::{WatchRequest, WatchResponse};
use super::settings::Member;
use super::tls_alert::{Alert, AlertStream};
use crate::backend::socket::io_text;
use crate::model::secret::Secret;
use crate::net::dial::Io;
use crate::net::http2::{AGENT, Announced, CallError, Client, Messages, Origin, handshake, prefixed, request};
use crate::net::named::connect;
use crate::net::tls::TlsClient;

/// The maximum size of a response: some 200,000 instances.
const LARGEST_ANSWER: usize = 64 * 1024 * 1024;
/// The flow-control window; the protocol's default of 64 KiB would need a round trip every few hundred keys.
const WINDOW: u32 = 1024 * 1024;

/// One connection.
pub(super) struct EtcdConnection {
    /// `None` after it has ended.
    connection: Option<Connection<Box<dyn Io>, Bytes>>,
    /// The last TLS alert.
    alert: Alert,
    /// At least one response arrived over it.
    has_response: bool,
    /// The connection uses plain text.
    is_plain: bool,
    caller: Caller,
}

/// Calls over a [`EtcdConnection`]. Nothing is sent or received unless the wire is driven.
#[derive(Clone)]
pub(super) struct Caller {
    client: Client,
    metadata: HeaderMap,
}

impl EtcdConnection {
    /// Connects, within `limit`.
    pub(super) async fn open(member: &Member, tls: Option<&TlsClient>, limit: Duration) -> Result<Self, EtcdError> {
        timeout(limit, EtcdConnection::dial(member, tls)).await.map_err(|_| EtcdError::ConnectTimeout(limit))?
    }

    async fn dial(member: &Member, tls: Option<&TlsClient>) -> Result<Self, EtcdError> {
        let stream = connect(&member.host, member.port).await.map_err(EtcdError::Connect)?;
        let (stream, scheme, alert): (Box<dyn Io>, _, _) = match tls {
            None => (Box::new(stream), Scheme::HTTP, Alert::default()),
            Some(tls) => {
                let secured = tls.handshake(stream).await;
                let failed = |source: io::Error| match source.kind() {
                    io::ErrorKind::UnexpectedEof => EtcdError::HandshakeEnded(source),
                    _ => {
                        let words = tls.explain().of(&source).unwrap_or_else(|| io_text(&source));
                        EtcdError::Handshake { words, source }
                    }
                };
                let (secured, alert) = AlertStream::new(secured.map_err(failed)?, tls.explain().clone());
                (Box::new(secured), Scheme::HTTPS, alert)
            }
        };
        let authority = Authority::try_from(member.authority())
            .map_err(|source| EtcdError::Authority { member: member.to_string(), source })?;
        let is_plain = scheme == Scheme::HTTP;
        let announced = Announced { window: Some(WINDOW), ..Announced::default() };
        let (client, connection) = handshake(stream, announced, Origin { scheme, authority })
            .await
            .map_err(|error| EtcdError::Broken { end: error.into(), may_want_tls: false })?;
        let mut metadata = HeaderMap::new();
        metadata.insert(USER_AGENT, AGENT);
        // rpctypes.MetadataRequireLeaderKey: a member without a leader returns an error instead of its local state.
        metadata.insert(HeaderName::from_static("hasleader"), HeaderValue::from_static("true"));
        let caller = Caller { client, metadata };
        Ok(EtcdConnection { connection: Some(connection), alert, has_response: false, is_plain, caller })
    }

    /// Sends `token` with every request from now on.
    pub(super) fn set_token(&mut self, token: &Secret) -> Result<(), EtcdError> {
        let mut value = HeaderValue::from_str(token.reveal()).map_err(EtcdError::Token)?;
        value.set_sensitive(true);
        self.caller.metadata.insert(HeaderName::from_static("token"), value);
        Ok(())
    }

    /// A caller over this connection.
    pub(super) fn caller(&self) -> Caller {
        self.caller.clone()
    }

    /// Waits for `work`, which makes calls over this connection, and drives the connection meanwhile. If the
    /// connection ends before the work does, that is the error.
    pub(super) async fn drive<T>(&mut self, work: impl Future<Output = Result<T, EtcdError>>) -> Result<T, EtcdError> {
        let mut work = std::pin::pin!(work);
        poll_fn(|cx| {
            if let Poll::Ready(done) = work.as_mut().poll(cx) {
                self.has_response |= done.is_ok();
                return Poll::Ready(done);
            }
            let Some(connection) = &mut self.connection else {
                return Poll::Ready(Err(EtcdError::Broken { end: EtcdConnectionEnd::Before, may_want_tls: false }));
            };
            let Poll::Ready(end) = Pin::new(connection).poll(cx) else { return Poll::Pending };
            self.connection = None;
            let end = end.map_or_else(EtcdConnectionEnd::from, |()| EtcdConnectionEnd::Closed);
            // The response may have been read before the end.
            Poll::Ready(match work.as_mut().poll(cx) {
                Poll::Ready(Ok(done)) => Ok(done),
                Poll::Ready(Err(_)) | Poll::Pending => match self.alert.get() {
                    Some(alert) => Err(EtcdError::Alert(alert.clone())),
                    None => Err(EtcdError::Broken { end, may_want_tls: !self.has_response && self.is_plain }),
                },
            })
        })
        .await
    }
}

impl Caller {
    /// One request and its response, within `limit`.
    pub(super) async fn query<Q, A>(self, path: &'static str, question: Q, limit: Duration) -> Result<A, EtcdError>
    where
        Q: prost::Message,
        A: prost::Message + Default,
    {
        let exchange = async {
            let answers = self.start(path, prefixed(&[question]), true).await?;
            Ok(answers.only().await?)
        };
        timeout(limit, exchange).await.map_err(|_| EtcdError::NoAnswer { path, limit })?
    }

    /// Starts `watches` on one stream. etcd responds when the first of them is created.
    pub(super) async fn watch(
        self,
        watches: Vec<WatchRequest>,
        limit: Duration,
    ) -> Result<Messages<WatchResponse>, EtcdError> {
        const PATH: &str = "/etcdserverpb.Watch/Watch";
        // The request side stays open: closing it would end the watch.
        let exchange = self.start(PATH, prefixed(&watches), false);
        timeout(limit, exchange).await.map_err(|_| EtcdError::NoAnswer { path: PATH, limit })?
    }

    /// Sends `messages`, and waits for the head of the response.
    async fn start<A>(self, path: &'static str, messages: Bytes, ends: bool) -> Result<Messages<A>, EtcdError> {
        let head = self.client.head(path, request::headers(&self.metadata, None)).map_err(EtcdError::Request)?;
        let started = self.client.start(head, messages, ends).await.map_err(CallError::Http2)?;
        let response = started.response().await.map_err(CallError::Http2)?;
        Ok(response.messages(Vec::new(), LARGEST_ANSWER, false)?)
    }
}
