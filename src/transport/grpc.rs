//! gRPC on one connection: every failed call reports what ended it.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use http::header::HeaderMap;
use tonic::Code;

use super::answer;
use super::ended_call::{CallFacts, described};
use super::metadata::MetadataError;
use super::rpc_failure::RpcFailure;
use super::rules::Sent;
use super::wire::Wire;
use crate::model::reach::{PhaseDetail, ResponseFacts};
use crate::model::rpc::{NotSent, RpcCause, Unanswered};
use crate::model::violation::{BrokenRule, Http2Rule};
use crate::net::http2::{Client, Messages, may_start, prefixed, request};

/// How long the caller of a call that timed out waits for the connection's owner to read the state of TCP.
const READING_TCP: Duration = Duration::from_millis(100);

/// Calls over one connection. Cheap to clone; usable as long as its connection.
#[derive(Clone)]
pub(super) struct Grpc {
    client: Client,
    wire: Arc<Wire>,
    metadata: Arc<Result<HeaderMap, MetadataError>>,
}

/// A method, its request, and its time limit, which is sent to the server and enforced by the caller.
pub(super) struct Call<'a, Q> {
    /// `/package.Service/Method`.
    pub path: &'static str,
    pub request: Q,
    pub limit: Option<Duration>,
    /// The largest message of the response that is accepted.
    pub longest: usize,
    /// Where the call's stream is recorded, once it has one: for [`Grpc::given_up`].
    pub stream: Option<&'a AtomicU32>,
}

impl Grpc {
    pub fn new(client: Client, wire: Arc<Wire>, metadata: Arc<Result<HeaderMap, MetadataError>>) -> Self {
        Grpc { client, wire, metadata }
    }

    /// A unary call, up to its status.
    pub async fn unary<Q, A>(&self, call: Call<'_, Q>) -> Result<A, RpcFailure>
    where
        Q: prost::Message,
        A: prost::Message + Default,
    {
        let Responses { messages, facts, wire, _in_flight } = self.streaming(call).await?;
        messages.only().await.map_err(|error| facts.failure(error, &wire))
    }

    /// A server-streaming call, up to the headers of its response.
    pub async fn streaming<Q: prost::Message, A>(&self, call: Call<'_, Q>) -> Result<Responses<A>, RpcFailure> {
        let metadata = match &*self.metadata {
            Ok(metadata) => metadata,
            Err(error) => return Err(RpcFailure::new(Code::InvalidArgument, error.to_string(), RpcCause::Client)),
        };
        let head = self.client.head(call.path, request::headers(metadata, call.limit)).map_err(|error| {
            RpcFailure::new(Code::Internal, format!("invalid request URI: {error}"), RpcCause::Client)
        })?;
        let wire = self.wire.clone();
        if let Some(goaway) = wire.goaway() {
            let text = format!("server sent GOAWAY {} before the RPC was sent", described(&goaway));
            return Err(RpcFailure::new(Code::Unavailable, text, RpcCause::GoAway(goaway)));
        }
        let mut facts = CallFacts { headers: request::size(&head, metadata), stream: None };
        if let Some(too_large) = facts.too_large(&wire) {
            return Err(too_large);
        }
        let in_flight = InFlight::new(wire.clone());
        let started = self.client.clone().start(head, prefixed(&[call.request]), true).await;
        let started = started.map_err(|error| facts.http2(&error, &wire))?;
        facts.stream = Some(started.stream());
        if let Some(noted) = call.stream {
            noted.store(started.stream(), Ordering::Release);
        }
        wire.release();
        let mut response = started.response().await.map_err(|error| facts.http2(&error, &wire))?;
        wire.set_proxy(answer::proxy(&response.headers));
        if let Some(failure) = answer::by_proxy(response.http, &response.headers) {
            return Err(failure);
        }
        let mut started = Vec::new();
        if answer::is_plain(response.http, &response.headers) {
            // However much of the body arrived: the status alone is a result.
            let read = response.excerpt(answer::LOOKED_AT, &mut started);
            let _ = tokio::time::timeout(answer::BODY_LIMIT, read).await;
            if !(response.http == http::StatusCode::OK && may_start(&started)) {
                return Err(facts.plain(response.http, &response.headers, &started));
            }
        }
        if let Some(foreign) = answer::foreign_content_type(&response.headers) {
            let facts = ResponseFacts { foreign_content_type: Some(foreign) };
            wire.learn(PhaseDetail::Response(Box::new(facts)));
        }
        let messages = response.messages(started, call.longest, true).map_err(|error| facts.failure(error, &wire))?;
        Ok(Responses { messages, facts, wire, _in_flight: in_flight })
    }

    /// Why the call on `stream` (0: it has none) got no response, as far as it can be reported without one.
    pub async fn given_up(&self, stream: u32) -> (RpcCause, String) {
        let wire = &self.wire;
        let settings = wire.settings();
        if let Some(goaway) = wire.goaway() {
            let text = format!("the server sent GOAWAY {} while the call was pending", described(&goaway));
            return (RpcCause::GoAway(goaway), text);
        }
        // The library may have ended the stream without an error.
        if let Some(violation) = wire.rules().broken_frame() {
            let broken = BrokenRule { rule: Http2Rule::Frames, text: violation.to_string() };
            let text = format!("the server violated HTTP/2: {broken}");
            return (RpcCause::Violation(broken), text);
        }
        let sent = if stream == 0 { Sent::Nothing } else { wire.rules().progress(stream) };
        match (sent, settings.max_concurrent_streams) {
            (Sent::Nothing, Some(limit)) => {
                let text = format!(
                    "the request was not sent: the server's SETTINGS allow {limit} concurrent streams (MAX_CONCURRENT_STREAMS)"
                );
                (RpcCause::NotSent(NotSent::Streams(limit)), text)
            }
            (Sent::Headers, _) => {
                let initial = settings.initial_window_size;
                let window = initial.map(|size| format!(" (SETTINGS_INITIAL_WINDOW_SIZE {size})")).unwrap_or_default();
                let text =
                    format!("the request message was not sent: the server's flow-control window is full{window}");
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
}

/// The responses of a call. Dropping them before the end cancels the call.
pub(super) struct Responses<A> {
    messages: Messages<A>,
    facts: CallFacts,
    wire: Arc<Wire>,
    _in_flight: InFlight,
}

impl<A: prost::Message + Default> Responses<A> {
    /// The next response; `None` when the call has ended with status OK. Cancel safe. Must not be called again after
    /// the end.
    pub async fn next(&mut self) -> Result<Option<A>, RpcFailure> {
        self.messages.next().await.map_err(|error| self.facts.failure(error, &self.wire))
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
