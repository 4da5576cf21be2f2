//! [`Wire`]: one HTTP/2 connection to one member, and tonic's client over it.
//!
//! Not tonic's `Channel`: it re-dials by itself and keeps a task, and a backend may do neither. The connection is a future
//! that moves on only while somebody waits for an answer ([`Wire::drive`]); it spawns nothing, so that dropping it closes
//! the socket.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt as _};
use h2::client::{self, SendRequest};
use http::header::{HeaderValue, USER_AGENT};
use http::uri::{Authority, PathAndQuery, Scheme};
use http_body::{Body as _, Frame};
use tokio::time::timeout;
use tonic::{Request, Status, Streaming};
use tonic_prost::ProstCodec;

use super::Trouble;
use super::messages::{WatchRequest, WatchResponse};
use super::secured::{Alert, Secured};
use super::settings::Member;
use crate::backend::socket::io_words;
use crate::model::secret::Secret;
use crate::net::dial::{Io, connect};
use crate::net::tls::TlsClient;

/// An answer longer than this is given up: some 200,000 instances.
const LARGEST_ANSWER: usize = 64 * 1024 * 1024;
/// What may be on its way unread; the protocol's own 64 KiB would make a round trip of every few hundred keys.
const WINDOW: u32 = 1024 * 1024;

/// One connection.
pub(super) struct Wire {
    /// `None` when it has ended.
    connection: Option<client::Connection<Box<dyn Io>, Bytes>>,
    /// What TLS said at the end.
    alert: Alert,
    /// Something was answered over it.
    is_heard: bool,
    caller: Caller,
}

/// Asks over a [`Wire`]. Nothing is sent or heard unless the wire is driven.
#[derive(Clone)]
pub(super) struct Caller {
    send: SendRequest<Bytes>,
    scheme: Scheme,
    authority: Authority,
    token: Option<HeaderValue>,
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
        let (send, connection) = client::Builder::new()
            .enable_push(false)
            .initial_window_size(WINDOW)
            .initial_connection_window_size(WINDOW)
            .handshake(stream)
            .await
            .map_err(|error| Trouble::Broken(http2_words(&error)))?;
        let caller = Caller { send, scheme, authority, token: None };
        Ok(Wire { connection: Some(connection), alert, is_heard: false, caller })
    }

    /// Shows `token` with every question from now on.
    pub(super) fn set_token(&mut self, token: &Secret) -> Result<(), Trouble> {
        let mut value = HeaderValue::from_str(token.reveal())
            .map_err(|_| Trouble::NotEtcd("the token of Authenticate cannot be sent in a header".to_string()))?;
        value.set_sensitive(true);
        self.caller.token = Some(value);
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
                    None if !self.is_heard && self.caller.scheme == Scheme::HTTP => {
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
        Q: prost::Message + Send + Sync + 'static,
        A: prost::Message + Default + Send + Sync + 'static,
    {
        let mut client = tonic::client::Grpc::new(self).max_decoding_message_size(LARGEST_ANSWER);
        let asked =
            client.unary(Request::new(question), PathAndQuery::from_static(path), ProstCodec::<Q, A>::default());
        match timeout(limit, asked).await {
            Ok(Ok(answer)) => Ok(answer.into_inner()),
            Ok(Err(status)) => Err(Trouble::Status(status)),
            Err(_) => Err(Trouble::NoAnswer { path, limit }),
        }
    }

    /// Begins `watches` on one stream. etcd answers when the first of them is created.
    pub(super) async fn watch(
        self,
        watches: Vec<WatchRequest>,
        limit: Duration,
    ) -> Result<Streaming<WatchResponse>, Trouble> {
        const PATH: &str = "/etcdserverpb.Watch/Watch";
        let mut client = tonic::client::Grpc::new(self).max_decoding_message_size(LARGEST_ANSWER);
        // The requests' side stays open: its end would be the end of the watch.
        let requests = Request::new(stream::iter(watches).chain(stream::pending()));
        let asked = client.streaming(requests, PathAndQuery::from_static(PATH), ProstCodec::default());
        match timeout(limit, asked).await {
            Ok(Ok(answer)) => Ok(answer.into_inner()),
            Ok(Err(status)) => Err(Trouble::Status(status)),
            Err(_) => Err(Trouble::NoAnswer { path: PATH, limit }),
        }
    }

    async fn send(mut self, request: http::Request<tonic::body::Body>) -> Result<http::Response<Answer>, Status> {
        let (mut head, body) = request.into_parts();
        let path = head.uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
        let mut uri = http::uri::Parts::default();
        uri.scheme = Some(self.scheme);
        uri.authority = Some(self.authority);
        uri.path_and_query = Some(path);
        head.uri = http::Uri::from_parts(uri).map_err(|error| Status::internal(format!("request uri: {error}")))?;
        head.version = http::Version::HTTP_2;
        const AGENT: HeaderValue = HeaderValue::from_static(concat!("grpc-discover/", env!("CARGO_PKG_VERSION")));
        head.headers.insert(USER_AGENT, AGENT);
        // rpctypes.MetadataRequireLeaderKey: a member without a leader says so instead of serving what it has.
        head.headers.insert("hasleader", HeaderValue::from_static("true"));
        if let Some(token) = self.token {
            head.headers.insert("token", token);
        }
        self.send = self.send.ready().await.map_err(|error| lost(&error))?;
        let (answer, stream) =
            self.send.send_request(http::Request::from_parts(head, ()), false).map_err(|error| lost(&error))?;
        let mut forward = Forward { body: Some(body), stream };
        let mut answer = std::pin::pin!(answer);
        let answer = poll_fn(|cx| {
            forward.poll(cx)?;
            answer.as_mut().poll(cx).map_err(|error| lost(&error))
        })
        .await?;
        let (head, receive) = answer.into_parts();
        Ok(http::Response::from_parts(head, Answer { receive, forward, data_ended: false }))
    }
}

impl tower_service::Service<http::Request<tonic::body::Body>> for Caller {
    type Response = http::Response<Answer>;
    type Error = Status;
    type Future = BoxFuture<'static, Result<Self::Response, Status>>;

    /// Always ready: waiting for a free stream is part of the call.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<tonic::body::Body>) -> Self::Future {
        Box::pin(self.clone().send(request))
    }
}

/// What is still to be sent of a request. Messages are some hundred bytes long: they are not held back for flow control,
/// which h2 keeps for us.
struct Forward {
    /// `None` when all of it is sent.
    body: Option<tonic::body::Body>,
    stream: h2::SendStream<Bytes>,
}

impl Forward {
    fn poll(&mut self, cx: &mut Context<'_>) -> Result<(), Status> {
        while let Some(body) = &mut self.body {
            match Pin::new(body).poll_frame(cx) {
                Poll::Pending => break,
                Poll::Ready(Some(frame)) => {
                    if let Ok(data) = frame?.into_data() {
                        self.stream.send_data(data, false).map_err(|error| lost(&error))?;
                    }
                }
                Poll::Ready(None) => {
                    self.body = None;
                    self.stream.send_data(Bytes::new(), true).map_err(|error| lost(&error))?;
                }
            }
        }
        Ok(())
    }
}

/// The body of an answer. Dropping it cancels the call.
pub(super) struct Answer {
    receive: h2::RecvStream,
    forward: Forward,
    data_ended: bool,
}

impl http_body::Body for Answer {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let me = &mut *self;
        // Whoever has answered already needs no more of the question.
        let _ = me.forward.poll(cx);
        if !me.data_ended {
            match ready!(me.receive.poll_data(cx)) {
                Some(Ok(data)) => {
                    // Fails only when the stream is gone, which the next poll tells better.
                    let _ = me.receive.flow_control().release_capacity(data.len());
                    return Poll::Ready(Some(Ok(Frame::data(data))));
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(lost(&error)))),
                None => me.data_ended = true,
            }
        }
        match ready!(me.receive.poll_trailers(cx)) {
            Ok(trailers) => Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers)))),
            Err(error) => Poll::Ready(Some(Err(lost(&error)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.receive.is_end_stream()
    }
}

/// HTTP/2 ended the call.
fn lost(error: &h2::Error) -> Status {
    Status::unavailable(http2_words(error))
}

/// What ended the connection or the stream.
fn http2_words(error: &h2::Error) -> String {
    error.get_io().map_or_else(|| error.to_string(), io_words)
}
