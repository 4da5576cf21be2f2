//! gRPC on one connection: a [`tower_service::Service`] for generated clients whose every error, also in the middle of a
//! body, is a [`tonic::Status`]. A lost connection is UNAVAILABLE and says how it was lost.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::client::SendRequest;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, TE, USER_AGENT};
use http::uri::{Authority, PathAndQuery, Scheme};
use http_body::{Body, Frame};
use http_body_util::BodyExt;
use tonic::Status;

use super::answer;
use super::wire::Wire;
use crate::model::reach::{DisconnectReason, GoAway, http2_error_name};
use crate::model::rpc::RpcCause;
use crate::model::secret::Secret;

/// One connection as generated gRPC clients want it. Cheap to clone; lives no longer than its connection.
///
/// A request's body is read to its end before it is sent: unary and server-streaming RPCs only.
#[derive(Clone)]
pub struct Grpc {
    send: SendRequest<Bytes>,
    wire: Arc<Wire>,
    origin: Origin,
    metadata: Arc<Result<HeaderMap, String>>,
}

/// Scheme and `:authority` of every request of a connection.
#[derive(Clone)]
pub(super) struct Origin {
    pub scheme: Scheme,
    pub authority: Authority,
}

/// What goes with every request.
///
/// # Errors
///
/// The sentence names the entry that cannot be sent, never its value.
pub(super) fn metadata(entries: &[(String, Secret)]) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    headers.insert(USER_AGENT, HeaderValue::from_static(concat!("grpc-discover/", env!("CARGO_PKG_VERSION"))));
    for (name, value) in entries {
        let reserved = ["te", "content-type", "host", "connection", "transfer-encoding"];
        let key = HeaderName::try_from(name.as_str())
            .ok()
            .filter(|key| !reserved.contains(&key.as_str()) && !key.as_str().starts_with("grpc-"))
            .ok_or_else(|| format!("metadata name \"{name}\" cannot be sent"))?;
        let mut value = HeaderValue::try_from(value.reveal())
            .map_err(|_| format!("value of the metadata \"{name}\" has characters that cannot be sent"))?;
        value.set_sensitive(true);
        if key == USER_AGENT {
            headers.insert(key, value);
        } else {
            headers.append(key, value);
        }
    }
    Ok(headers)
}

/// The header block of a request, in the order in which grpc-go and gRPC C-core send it, every name of theirs once: a
/// second `te` is an error to Go's net/http, and so to every server built on it.
fn ordered(mut of_call: HeaderMap, metadata: &HeaderMap) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(of_call.len() + metadata.len() + 2);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    if let Some(agent) = metadata.get(USER_AGENT) {
        headers.insert(USER_AGENT, agent.clone());
    }
    headers.insert(TE, HeaderValue::from_static("trailers"));
    for own in [CONTENT_TYPE, USER_AGENT, TE] {
        of_call.remove(own);
    }
    headers.extend(of_call);
    for (name, value) in metadata.iter().filter(|(name, _)| **name != USER_AGENT) {
        headers.append(name.clone(), value.clone());
    }
    headers
}

impl Grpc {
    pub(super) fn new(
        send: SendRequest<Bytes>,
        wire: Arc<Wire>,
        origin: Origin,
        metadata: Arc<Result<HeaderMap, String>>,
    ) -> Self {
        Grpc { send, wire, origin, metadata }
    }

    async fn send(mut self, request: http::Request<tonic::body::Body>) -> Result<http::Response<ResponseBody>, Status> {
        let (mut head, body) = request.into_parts();
        let path = head.uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
        let mut uri = http::uri::Parts::default();
        uri.scheme = Some(self.origin.scheme);
        uri.authority = Some(self.origin.authority);
        uri.path_and_query = Some(path);
        head.uri = http::Uri::from_parts(uri)
            .map_err(|error| because(Status::internal(format!("request uri: {error}")), RpcCause::Client))?;
        match &*self.metadata {
            Ok(metadata) => head.headers = ordered(head.headers, metadata),
            Err(text) => return Err(because(Status::invalid_argument(text.clone()), RpcCause::Client)),
        }
        head.version = http::Version::HTTP_2;
        let body = body.collect().await?.to_bytes();

        if let Some(goaway) = self.wire.goaway() {
            let text = format!("server said GOAWAY {} before the RPC was sent", described(&goaway));
            return Err(because(Status::unavailable(text), RpcCause::GoAway(goaway)));
        }
        let wire = self.wire;
        let stream = InFlight::new(wire.clone());
        let failed = |error| status(&error, &wire);
        self.send = self.send.ready().await.map_err(failed)?;
        let (response, mut sender) =
            self.send.send_request(http::Request::from_parts(head, ()), body.is_empty()).map_err(failed)?;
        if !body.is_empty() {
            sender.send_data(body, true).map_err(failed)?;
        }
        wire.release();
        let (head, mut receive) = response.await.map_err(failed)?.into_parts();
        wire.set_proxy(answer::proxy(&head.headers));
        if let Some(why) = answer::by_proxy(head.status, &head.headers) {
            return Err(why);
        }
        if answer::is_plain(head.status, &head.headers) {
            let mut said = Vec::new();
            // However far it came: the status alone is an answer.
            let _ = tokio::time::timeout(answer::PATIENCE, answer::excerpt(&mut receive, &mut said)).await;
            return Err(answer::plain(head.status, &head.headers, &said));
        }
        let body = ResponseBody { receive, wire: wire.clone(), data_ended: false, _stream: stream };
        Ok(http::Response::from_parts(head, body))
    }
}

impl tower_service::Service<http::Request<tonic::body::Body>> for Grpc {
    type Response = http::Response<ResponseBody>;
    type Error = Status;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Status>> + Send>>;

    /// Always ready: waiting for a free stream is part of the call.
    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<tonic::body::Body>) -> Self::Future {
        Box::pin(self.clone().send(request))
    }
}

/// Counts an RPC as in flight for as long as it lives.
struct InFlight(Arc<Wire>);

impl InFlight {
    fn new(wire: Arc<Wire>) -> Self {
        wire.streams.fetch_add(1, Ordering::AcqRel);
        InFlight(wire)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.streams.fetch_sub(1, Ordering::AcqRel);
    }
}

/// The body of a response. Dropping it before its end cancels the RPC.
pub struct ResponseBody {
    receive: h2::RecvStream,
    wire: Arc<Wire>,
    data_ended: bool,
    _stream: InFlight,
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let me = &mut *self;
        if !me.data_ended {
            match ready!(me.receive.poll_data(cx)) {
                Some(Ok(data)) => {
                    // Fails only when the stream is gone, which the next poll tells better.
                    let _ = me.receive.flow_control().release_capacity(data.len());
                    return Poll::Ready(Some(Ok(Frame::data(data))));
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(status(&error, &me.wire)))),
                None => me.data_ended = true,
            }
        }
        match ready!(me.receive.poll_trailers(cx)) {
            Ok(trailers) => Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers)))),
            Err(error) => Poll::Ready(Some(Err(status(&error, &me.wire)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.receive.is_end_stream()
    }
}

/// The status of an RPC that HTTP/2 ended (`doc/PROTOCOL-HTTP2.md`, "Errors").
fn status(error: &h2::Error, wire: &Wire) -> Status {
    if error.is_reset() && error.is_remote() {
        let reason = error.reason().unwrap_or(h2::Reason::INTERNAL_ERROR);
        let name = http2_error_name(reason.into());
        let text = format!("server reset the stream: {name}");
        let status = match reason {
            h2::Reason::REFUSED_STREAM => Status::unavailable(text),
            h2::Reason::CANCEL => Status::cancelled(text),
            h2::Reason::ENHANCE_YOUR_CALM => Status::resource_exhausted(text),
            h2::Reason::INADEQUATE_SECURITY => Status::permission_denied(text),
            _ => Status::internal(text),
        };
        return because(status, RpcCause::Reset(reason.into()));
    }
    if let Some(end) = wire.ended() {
        let text = format!("connection lost: {}", end.disconnect);
        let cause = match end.disconnect.goaway.clone() {
            Some(goaway) => RpcCause::GoAway(goaway),
            None => RpcCause::Lost(end.disconnect),
        };
        return because(Status::unavailable(text), cause);
    }
    if let Some(goaway) = wire.goaway() {
        let text = format!("server said GOAWAY {} and did not process the RPC", described(&goaway));
        return because(Status::unavailable(text), RpcCause::GoAway(goaway));
    }
    if error.is_io() || error.is_go_away() {
        let lost = super::wire::disconnect(DisconnectReason::SocketError, &error.to_string());
        return because(Status::unavailable(format!("connection lost: {error}")), RpcCause::Lost(lost));
    }
    because(Status::internal(format!("http2: {error}")), RpcCause::Client)
}

/// `ENHANCE_YOUR_CALM (too_many_pings)`.
fn described(goaway: &GoAway) -> String {
    let name = http2_error_name(goaway.code);
    if goaway.debug.is_empty() { name } else { format!("{name} ({})", goaway.debug) }
}

/// Rides on a [`Status`] as its source.
#[derive(Debug)]
struct Because(RpcCause);

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl std::error::Error for Because {}

/// `status`, with who ended the RPC.
pub(super) fn because(mut status: Status, cause: RpcCause) -> Status {
    status.set_source(Arc::new(Because(cause)));
    status
}

/// Who ended the RPC: the server itself, unless something else left its mark.
pub(super) fn cause(status: &Status) -> RpcCause {
    let because = std::error::Error::source(status).and_then(|source| source.downcast_ref::<Because>());
    because.map_or(RpcCause::Status, |because| because.0.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_names_te_and_content_type_once_in_the_order_of_grpcs_clients() {
        let mut of_call = HeaderMap::new();
        of_call.append(TE, HeaderValue::from_static("trailers"));
        of_call.append("grpc-timeout", HeaderValue::from_static("5S"));
        of_call.append(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        let metadata =
            metadata(&[("x-a".to_string(), Secret::new("1")), ("x-a".to_string(), Secret::new("2"))]).unwrap();
        let headers = ordered(of_call, &metadata);
        let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["content-type", "user-agent", "te", "grpc-timeout", "x-a", "x-a"]);
        assert_eq!(headers[TE], "trailers");
    }

    #[test]
    fn metadata_is_marked_secret_and_wrong_entries_are_named() {
        let of = |name: &str, value: &str| metadata(&[(name.to_string(), Secret::new(value))]);
        let headers = of("Authorization", "Bearer hunter2").unwrap();
        assert!(headers["authorization"].is_sensitive(), "never indexed by HPACK, never shown by Debug");
        assert_eq!(of("user-agent", "mine").unwrap()[USER_AGENT], "mine");
        for name in ["x y", "te", "grpc-timeout", ":path", ""] {
            assert_eq!(of(name, "hunter2"), Err(format!("metadata name \"{name}\" cannot be sent")));
        }
        let text = of("x-token", "hunter\u{7}2").unwrap_err();
        assert_eq!(text, "value of the metadata \"x-token\" has characters that cannot be sent");
    }
}
