//! gRPC on one connection: a [`tower_service::Service`] for generated clients whose every error, also in the middle of a
//! body, is a [`tonic::Status`]. A lost connection is UNAVAILABLE and says how it was lost.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use h2::client::SendRequest;
use http::header::{HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use http::uri::{Authority, PathAndQuery, Scheme};
use http_body::{Body, Frame};
use http_body_util::BodyExt;
use tonic::Status;

use super::http2::Refusal;
use super::message::Messages;
use super::rules::Sent;
use super::wire::Wire;
use super::{answer, request, status};
use crate::model::reach::{Disconnect, DisconnectReason, GoAway, PhaseDetail, ResponseFacts, http2_error_name};
use crate::model::rpc::{NotSent, RequestHeaders, RpcCause, Unanswered};
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
    /// The stream of the call, once it has one: for whoever gives the call up.
    stream: Option<Arc<AtomicU32>>,
}

/// How long whoever gave a call up waits for the connection's owner to read what TCP knows.
const READING_TCP: Duration = Duration::from_millis(100);

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

impl Grpc {
    pub(super) fn new(
        send: SendRequest<Bytes>,
        wire: Arc<Wire>,
        origin: Origin,
        metadata: Arc<Result<HeaderMap, String>>,
    ) -> Self {
        Grpc { send, wire, origin, metadata, stream: None }
    }

    /// The same, for one call that may be given up: [`Grpc::given_up`] tells how far it came.
    pub(super) fn for_one_call(self) -> Self {
        Grpc { stream: Some(Arc::default()), ..self }
    }

    /// Why the one call was not answered: what can be told of it without an answer.
    pub(super) async fn given_up(&self) -> (RpcCause, String) {
        let wire = &self.wire;
        let settings = wire.settings();
        if let Some(goaway) = wire.goaway() {
            let text = format!("the server sent GOAWAY {} while the call was pending", described(&goaway));
            return (RpcCause::GoAway(goaway), text);
        }
        // The library may have ended the stream without a word.
        if let Some(what) = wire.rules().broken_frame() {
            return (RpcCause::Violation(what.clone()), format!("the server broke the rules of HTTP/2: {what}"));
        }
        let stream = self.stream.as_ref().map(|stream| stream.load(Ordering::Acquire)).filter(|stream| *stream != 0);
        let sent = stream.map_or(Sent::Nothing, |stream| wire.rules().progress(stream));
        match (sent, settings.max_concurrent_streams) {
            (Sent::Nothing, Some(limit)) => {
                let text = format!(
                    "the request was not sent: the server's SETTINGS allow {limit} streams at a time (MAX_CONCURRENT_STREAMS)"
                );
                (RpcCause::NotSent(NotSent::Streams(limit)), text)
            }
            (Sent::Headers, _) => {
                let initial = settings.initial_window_size;
                let said = initial.map(|size| format!(" (SETTINGS_INITIAL_WINDOW_SIZE {size})")).unwrap_or_default();
                let text = format!("the request message was not sent: the server's flow-control window is full{said}");
                (RpcCause::NotSent(NotSent::Window(initial)), text)
            }
            (Sent::Nothing | Sent::All, _) => {
                let acknowledged = poll_fn(|cx| wire.poll_acknowledged(cx));
                let acknowledged = tokio::time::timeout(READING_TCP, acknowledged).await.ok().flatten();
                let unanswered = Unanswered { acknowledged, last_response: None };
                (RpcCause::Unanswered(unanswered), "no response".to_string())
            }
        }
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
        let metadata = match &*self.metadata {
            Ok(metadata) => metadata,
            Err(text) => return Err(because(Status::invalid_argument(text.clone()), RpcCause::Client)),
        };
        head.headers = request::ordered(head.headers, metadata);
        head.version = http::Version::HTTP_2;
        let body = body.collect().await?.to_bytes();

        if let Some(goaway) = self.wire.goaway() {
            let text = format!("server said GOAWAY {} before the RPC was sent", described(&goaway));
            return Err(because(Status::unavailable(text), RpcCause::GoAway(goaway)));
        }
        let wire = self.wire;
        let mut call = Call { headers: request::size(&head, metadata), stream: None };
        if let Some(too_large) = call.too_large(&wire) {
            return Err(too_large);
        }
        let in_flight = InFlight::new(wire.clone());
        self.send = self.send.ready().await.map_err(|error| call.failed(&error, &wire))?;
        let (response, mut sender) = self
            .send
            .send_request(http::Request::from_parts(head, ()), body.is_empty())
            .map_err(|error| call.failed(&error, &wire))?;
        let stream = response.stream_id().as_u32();
        call.stream = Some(stream);
        if let Some(known) = &self.stream {
            known.store(stream, Ordering::Release);
        }
        if !body.is_empty() {
            sender.send_data(body, true).map_err(|error| call.failed(&error, &wire))?;
        }
        wire.release();
        let (mut head, mut receive) = response.await.map_err(|error| call.failed(&error, &wire))?.into_parts();
        wire.set_proxy(answer::proxy(&head.headers));
        if let Some(why) = answer::by_proxy(head.status, &head.headers) {
            return Err(why);
        }
        let mut first = None;
        if answer::is_plain(head.status, &head.headers) {
            let mut said = Vec::new();
            // However far it came: the status alone is an answer.
            let _ = tokio::time::timeout(answer::PATIENCE, answer::excerpt(&mut receive, &mut said)).await;
            if !answer::is_grpc_body(head.status, &said) {
                return Err(call.plain(head.status, &head.headers, &said));
            }
            first = Some(Bytes::from(said));
        }
        if let Some(foreign) = answer::foreign_content_type(&head.headers) {
            let facts = ResponseFacts { foreign_content_type: Some(foreign) };
            wire.learn(PhaseDetail::Response(Box::new(facts)));
        }
        // Trailers only.
        if let Some(Err(status)) = status::of(&head.headers) {
            return Err(status);
        }
        // Checked message by message: a generated client refuses the header alone.
        let messages = Messages::new(head.headers.remove("grpc-encoding").as_ref().map(HeaderValue::as_bytes));
        let has_status = head.headers.contains_key("grpc-status");
        let body =
            ResponseBody { receive, wire, call, first, messages, has_status, data_ended: false, _in_flight: in_flight };
        Ok(http::Response::from_parts(head, body))
    }
}

/// What is known of a call that fails.
#[derive(Debug, Clone, Copy)]
struct Call {
    headers: RequestHeaders,
    stream: Option<u32>,
}

impl Call {
    /// The server's SETTINGS do not take our headers: no client of gRPC sends them.
    fn too_large(&self, wire: &Wire) -> Option<Status> {
        let limit = wire.settings().max_header_list_size?;
        if self.headers.size <= limit as usize {
            return None;
        }
        let headers = RequestHeaders { limit: Some(limit), ..self.headers };
        let text = format!(
            "the request headers have {} bytes, the server's SETTINGS accept {limit} (MAX_HEADER_LIST_SIZE)",
            headers.size
        );
        Some(because(Status::resource_exhausted(text), RpcCause::HeadersTooLarge(headers)))
    }

    /// The status of a call that HTTP/2 ended.
    fn failed(&self, error: &h2::Error, wire: &Wire) -> Status {
        if let Some(too_large) = self.too_large(wire) {
            return too_large;
        }
        let status = status_of(error, wire, self.stream);
        let calm = u32::from(h2::Reason::ENHANCE_YOUR_CALM);
        match cause(&status) {
            RpcCause::Reset(code) if code == calm => self.suspect(status),
            RpcCause::GoAway(goaway) if goaway.code == calm && goaway.debug.is_empty() => self.suspect(status),
            _ => status,
        }
    }

    /// The status of an answer in plain HTTP.
    fn plain(&self, status: http::StatusCode, headers: &HeaderMap, body: &[u8]) -> Status {
        let plain = answer::plain(status, headers, body);
        if answer::is_about_headers(status, body) { self.blame(plain) } else { plain }
    }

    /// ENHANCE_YOUR_CALM without another word: large headers are the likeliest cause where there are any.
    fn suspect(&self, status: Status) -> Status {
        if self.headers.size - self.headers.bare >= LARGE { self.blame(status) } else { status }
    }

    fn blame(&self, status: Status) -> Status {
        let text = format!("{}; the request headers have {} bytes", status.message(), self.headers.size);
        because(Status::new(status.code(), text), RpcCause::HeadersTooLarge(self.headers))
    }
}

/// Metadata of this size is refused by some server in its default or by a usual setting (nginx: 1 KiB to 8 KiB a field).
const LARGE: usize = 1024;

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
    call: Call,
    /// What was read of the body to judge it.
    first: Option<Bytes>,
    messages: Messages,
    /// The status came with the headers.
    has_status: bool,
    data_ended: bool,
    _in_flight: InFlight,
}

/// The response is not valid gRPC.
fn not_grpc(what: String) -> Status {
    because(Status::internal(what.clone()), RpcCause::NotGrpc(what))
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let me = &mut *self;
        if !me.data_ended {
            let data = match me.first.take() {
                Some(first) => Some(Ok(first)),
                None => ready!(me.receive.poll_data(cx)),
            };
            match data {
                Some(Ok(data)) => {
                    // Fails only when the stream is gone, which the next poll tells better.
                    let _ = me.receive.flow_control().release_capacity(data.len());
                    return Poll::Ready(Some(match me.messages.take(&data) {
                        Ok(()) => Ok(Frame::data(data)),
                        Err(wrong) => Err(not_grpc(wrong)),
                    }));
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(me.call.failed(&error, &me.wire)))),
                None => me.data_ended = true,
            }
        }
        let trailers = match ready!(me.receive.poll_trailers(cx)) {
            Ok(trailers) => trailers,
            Err(error) => return Poll::Ready(Some(Err(me.call.failed(&error, &me.wire)))),
        };
        Poll::Ready(match (trailers.as_ref().and_then(status::of), me.messages.cut_off(), trailers) {
            (Some(Err(status)), _, _) => Some(Err(status)),
            (_, Some(cut_off), _) => Some(Err(not_grpc(cut_off))),
            (Some(Ok(())), None, trailers) => trailers.map(|trailers| Ok(Frame::trailers(trailers))),
            (None, None, _) if me.has_status => None,
            (None, None, Some(_)) => Some(Err(not_grpc("response whose trailers have no grpc-status".to_string()))),
            (None, None, None) => Some(Err(not_grpc("response without trailers: there is no grpc-status".to_string()))),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_none() && self.has_status && self.receive.is_end_stream()
    }
}

/// The status of an RPC that HTTP/2 ended (`doc/PROTOCOL-HTTP2.md`, "Errors").
fn status_of(error: &h2::Error, wire: &Wire, stream: Option<u32>) -> Status {
    match Refusal::of(error, wire, stream) {
        Some(Refusal::Violation(what)) => {
            let text = format!("the server broke the rules of HTTP/2: {what}");
            return because(Status::unavailable(text), RpcCause::Violation(what));
        }
        Some(Refusal::OurLimit(what)) => {
            return because(Status::resource_exhausted(what.clone()), RpcCause::OurLimit(what));
        }
        None => {}
    }
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
        let cause = lost(end.disconnect);
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

/// The cause of a call that ended with its connection.
fn lost(disconnect: Disconnect) -> RpcCause {
    match (disconnect.reason, &disconnect.goaway) {
        (_, Some(goaway)) => RpcCause::GoAway(goaway.clone()),
        (DisconnectReason::ProtocolViolation, None) => RpcCause::Violation(disconnect.detail),
        (DisconnectReason::OurLimit, None) => RpcCause::OurLimit(disconnect.detail),
        (DisconnectReason::Flood, None) => RpcCause::Flood(disconnect.detail),
        (_, None) => RpcCause::Lost(disconnect),
    }
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

/// Who ended the RPC. What left no mark is no status of the server's: the generated client could not read the response.
pub(super) fn cause(status: &Status) -> RpcCause {
    let because = std::error::Error::source(status).and_then(|source| source.downcast_ref::<Because>());
    because.map_or_else(|| RpcCause::NotGrpc(status.message().to_string()), |because| because.0.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

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
