//! A call that ended without its response: the reason, as far as the wire shows it (`doc/PROTOCOL-HTTP2.md`,
//! "Errors").

use h2::Reason;
use http::{HeaderMap, StatusCode};
use tonic::Code;

use super::answer;
use super::refusal::Refusal;
use super::rpc_failure::RpcFailure;
use super::wire::{self, Wire};
use crate::model::reach::{Disconnect, DisconnectReason, GoAway, http2_error_name};
use crate::model::rpc::{RequestHeaders, RpcCause};
use crate::model::violation::{BrokenRule, InvalidResponse, ResponseFault};
use crate::net::http2::CallError;

/// Metadata of this size is refused by some servers, by default or with a usual setting (nginx: 1 KiB to 8 KiB per
/// field).
const LARGE: usize = 1024;

/// What is known of a call when it fails.
#[derive(Debug, Clone, Copy)]
pub(super) struct CallFacts {
    /// The headers of the request.
    pub headers: RequestHeaders,
    /// The call's stream, once it has one.
    pub stream: Option<u32>,
}

impl CallFacts {
    /// The server's SETTINGS do not allow our headers: no gRPC client would send them.
    pub fn too_large(&self, wire: &Wire) -> Option<RpcFailure> {
        let limit = wire.settings().max_header_list_size?;
        if self.headers.size <= limit as usize {
            return None;
        }
        let headers = RequestHeaders { limit: Some(limit), ..self.headers };
        let text = format!(
            "the request headers have {} bytes, but the server's SETTINGS accept {limit} (MAX_HEADER_LIST_SIZE)",
            headers.size
        );
        Some(RpcFailure::new(Code::ResourceExhausted, text, RpcCause::HeadersTooLarge(headers)))
    }

    /// Why the call failed with `error`.
    pub fn failure(&self, error: CallError, wire: &Wire) -> RpcFailure {
        let (code, text) = (error.code(), error.to_string());
        match error {
            CallError::Http2(error) => self.http2(&error, wire),
            CallError::Status(_) => RpcFailure::new(code, text, RpcCause::Status),
            CallError::NoStatus { .. } => {
                let response = InvalidResponse { fault: ResponseFault::NoStatus, text: text.clone() };
                RpcFailure::new(code, text, RpcCause::NotGrpc(response))
            }
            CallError::NotGrpc(not_grpc) => RpcFailure::new(code, text, RpcCause::NotGrpc(not_grpc.what)),
        }
    }

    /// Why HTTP/2 ended the call.
    pub fn http2(&self, error: &h2::Error, wire: &Wire) -> RpcFailure {
        if let Some(too_large) = self.too_large(wire) {
            return too_large;
        }
        let failure = of_http2(error, wire, self.stream);
        let calm = u32::from(Reason::ENHANCE_YOUR_CALM);
        match &failure.cause {
            RpcCause::Reset(code) if *code == calm => self.suspect_headers(failure),
            RpcCause::GoAway(goaway) if goaway.code == calm && goaway.debug.is_empty() => self.suspect_headers(failure),
            _ => failure,
        }
    }

    /// Why a plain HTTP response is not a response to the call.
    pub fn plain(&self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> RpcFailure {
        let plain = answer::plain(status, headers, body);
        if answer::is_about_headers(status, body) { self.blame_headers(plain) } else { plain }
    }

    /// For ENHANCE_YOUR_CALM without debug data: large headers, where there are any, are the most likely cause.
    fn suspect_headers(&self, failure: RpcFailure) -> RpcFailure {
        if self.headers.size - self.headers.bare >= LARGE { self.blame_headers(failure) } else { failure }
    }

    fn blame_headers(&self, failure: RpcFailure) -> RpcFailure {
        let text = format!("{}; the request headers have {} bytes", failure.text, self.headers.size);
        RpcFailure::new(failure.code, text, RpcCause::HeadersTooLarge(self.headers))
    }
}

fn of_http2(error: &h2::Error, wire: &Wire, stream: Option<u32>) -> RpcFailure {
    match Refusal::of(error, wire, stream) {
        Some(Refusal::Violation(refused)) => {
            let broken = BrokenRule::from(refused);
            let text = format!("the server violated HTTP/2: {broken}");
            return RpcFailure::new(Code::Unavailable, text, RpcCause::Violation(broken));
        }
        Some(Refusal::OurLimit(what)) => {
            return RpcFailure::new(Code::ResourceExhausted, what.to_string(), RpcCause::OurLimit(what.to_string()));
        }
        None => {}
    }
    if error.is_reset() && error.is_remote() {
        let reason = error.reason().unwrap_or(Reason::INTERNAL_ERROR);
        let text = format!("server reset the stream: {}", http2_error_name(reason.into()));
        let code = match reason {
            Reason::REFUSED_STREAM => Code::Unavailable,
            Reason::CANCEL => Code::Cancelled,
            Reason::ENHANCE_YOUR_CALM => Code::ResourceExhausted,
            Reason::INADEQUATE_SECURITY => Code::PermissionDenied,
            _ => Code::Internal,
        };
        return RpcFailure::new(code, text, RpcCause::Reset(reason.into()));
    }
    if let Some(end) = wire.ended() {
        let text = format!("connection lost: {}", end.disconnect);
        return RpcFailure::new(Code::Unavailable, text, lost(end.disconnect));
    }
    if let Some(goaway) = wire.goaway() {
        let text = format!("server sent GOAWAY {} and did not process the RPC", described(&goaway));
        return RpcFailure::new(Code::Unavailable, text, RpcCause::GoAway(goaway));
    }
    if error.is_io() || error.is_go_away() {
        let lost = wire::disconnect(DisconnectReason::SocketError, &error.to_string());
        return RpcFailure::new(Code::Unavailable, format!("connection lost: {error}"), RpcCause::Lost(lost));
    }
    RpcFailure::new(Code::Internal, format!("http2: {error}"), RpcCause::Client)
}

/// The cause of a call that failed because its connection was lost.
fn lost(disconnect: Disconnect) -> RpcCause {
    match (disconnect.reason, &disconnect.goaway) {
        (_, Some(goaway)) => RpcCause::GoAway(goaway.clone()),
        (DisconnectReason::ProtocolViolation(rule), None) => {
            RpcCause::Violation(BrokenRule { rule, text: disconnect.detail })
        }
        (DisconnectReason::OurLimit, None) => RpcCause::OurLimit(disconnect.detail),
        (DisconnectReason::Flood, None) => RpcCause::Flood(disconnect.detail),
        (_, None) => RpcCause::Lost(disconnect),
    }
}

/// `ENHANCE_YOUR_CALM (too_many_pings)`.
pub(super) fn described(goaway: &GoAway) -> String {
    let name = http2_error_name(goaway.code);
    if goaway.debug.is_empty() { name } else { format!("{name} ({})", goaway.debug) }
}
