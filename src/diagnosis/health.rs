//! What the response to a health call proves: about the service, or about whatever responded in its place.

use std::collections::BTreeMap;

use super::calls;
use super::catalog::*;
use super::http;
use super::ledger::Observed;
use super::report::Unaddressed;
use crate::model::grpc_status::GrpcStatus;
use crate::model::reach::{Health, http2_error_name};
use crate::model::rpc::{NotSent, RpcCause};
use crate::text::few;

/// How many names of services are listed in a sentence.
const NAMED: usize = 8;

/// HTTP/2's error code of this name.
const PROTOCOL_ERROR: u32 = 1;
/// Why a connection is closed over the bytes that every HTTP/2 client sends.
const PREFACE_REFUSED: &str = "If a load balancer is in front of this port, connect to the load balancer: nginx sends this when the port expects the PROXY protocol (listen … proxy_protocol) and a client connects directly. Otherwise search the server's log for the violation that it detected.";

/// The finding for a response, if it is one. `others`: the health of other names on the same server.
pub(super) fn on_answer(health: &Health, others: Option<&BTreeMap<String, Observed<Health>>>) -> Option<Unaddressed> {
    let diagnosed = |kind, text| {
        let others = others.into_iter().flat_map(BTreeMap::values).take(NAMED).map(|seen| seen.seq).collect();
        Some(Unaddressed { kind, text, remedy: None, others })
    };
    match health {
        Health::Serving | Health::Unimplemented => None,
        Health::NotServing | Health::Unknown => {
            diagnosed(&NOT_SERVING, format!("is reachable and reports {}{}", health.as_str(), but(others)))
        }
        Health::ServiceUnknown => {
            let text = "is reachable, but the requested service is not registered with its health service";
            diagnosed(&HEALTH_SERVICE_UNKNOWN, format!("{text}{}", but(others)))
        }
        Health::Failed { code, text, cause } if health.is_behind_authentication() => {
            let who = match cause {
                RpcCause::Http { by: Some(name), .. } | RpcCause::Proxy { name, .. } => {
                    format!("behind {name}, which rejected")
                }
                _ => "reachable and rejected".to_string(),
            };
            let text = format!("is {who} the health call: {code}: {text}; its health is unknown");
            let remedy = match cause {
                RpcCause::Http { status, by, hint } => http::remedy(*status, by.as_ref(), hint.as_ref()),
                RpcCause::Proxy { name, hint } => http::on_proxys_status(hint.as_ref(), name),
                _ => None,
            };
            Some(Unaddressed { kind: &HEALTH_BEHIND_AUTHENTICATION, text, remedy, others: Vec::new() })
        }
        Health::Failed { code, text, cause } => Some(on_failure(*code, text, cause)),
    }
}

fn on_failure(code: GrpcStatus, text: &str, cause: &RpcCause) -> Unaddressed {
    let failed = || format!("is reachable, but the health call failed: {code}: {text}");
    let (kind, text, remedy) = match cause {
        RpcCause::Http { status, by, hint } => {
            return http::on_http(*status, by.as_ref(), hint.as_ref(), text);
        }
        RpcCause::Proxy { name, hint } => (
            &PROXY_ANSWERED,
            format!("is behind a proxy, which responded instead of the gRPC server: {text}"),
            http::on_proxys_status(hint.as_ref(), name),
        ),
        RpcCause::Reset(code) => (
            &STREAM_RESET,
            format!("reset the stream of the health call: {}", http2_error_name(*code)),
            Some(calls::on_reset(*code)),
        ),
        RpcCause::GoAway(goaway) => {
            let kind = if goaway.limits_pings() { &TOO_MANY_PINGS } else { &GOAWAY_INSTEAD_OF_SERVING };
            let remedy = match goaway.code {
                PROTOCOL_ERROR => PREFACE_REFUSED.to_string(),
                _ => calls::on_goaway(goaway),
            };
            (kind, format!("closed the connection during the health call: {text}"), Some(remedy))
        }
        RpcCause::Lost(disconnect) => (
            &CLOSED_AFTER_SETTINGS,
            format!("sent SETTINGS and closed the connection before it responded: {disconnect}"),
            None,
        ),
        RpcCause::Violation(broken) => (
            &HTTP2_PROTOCOL_ERROR,
            format!("violated HTTP/2, so we ended the call: {broken}"),
            calls::on_violation(broken.rule),
        ),
        RpcCause::NotGrpc(response) => (
            &NOT_VALID_GRPC,
            format!("sent a response to the health call that is not valid gRPC: {text}"),
            calls::on_not_grpc(response.fault),
        ),
        RpcCause::OurLimit(what) => {
            (&OUR_HTTP2_LIMIT, format!("sent more than our HTTP/2 library accepts, so we ended the call: {what}"), None)
        }
        RpcCause::Flood(what) => {
            (&FRAME_FLOOD, format!("sent a flood of small frames, so we closed the connection: {what}"), None)
        }
        RpcCause::HeadersTooLarge(headers) => (
            &REQUEST_HEADERS_TOO_LARGE,
            format!("does not accept headers of this size: {code}: {text}"),
            Some(calls::on_headers(*headers)),
        ),
        RpcCause::NotSent(not_sent) => {
            let kind = match not_sent {
                NotSent::Streams(0) => &NO_STREAMS_ALLOWED,
                NotSent::Streams(_) | NotSent::Window(_) => &HEALTH_CALL_FAILED,
            };
            (kind, failed(), Some(calls::on_not_sent(*not_sent)))
        }
        RpcCause::Unanswered(unanswered) => {
            let (kind, text) = match unanswered.last_response {
                Some(at) => (&STOPPED_RESPONDING, format!("stopped responding: {text}; its last response was at {at}")),
                None => (&HEALTH_CALL_FAILED, failed()),
            };
            let (tcp, remedy) = calls::on_no_response(unanswered.acknowledged);
            (kind, text + tcp, Some(remedy))
        }
        RpcCause::Status => (&HEALTH_CALL_FAILED, failed(), Some(calls::on_status(code))),
        RpcCause::Client => (&HEALTH_CALL_FAILED, failed(), None),
    };
    Unaddressed { kind, text, remedy, others: Vec::new() }
}

/// `; other services: "" SERVING, "pay.v1.Pay" NOT_SERVING`.
fn but(others: Option<&BTreeMap<String, Observed<Health>>>) -> String {
    let Some(others) = others.filter(|others| !others.is_empty()) else { return String::new() };
    let named = others.iter().map(|(name, seen)| format!("{name:?} {}", seen.what.as_str()));
    format!("; other services: {}", few(named, ", ", NAMED))
}
