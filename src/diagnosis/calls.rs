//! What to do about a health call that failed: one remedy per cause. It is chosen by the gRPC status, the RST_STREAM
//! code, or the text of a GOAWAY or of the response.

use crate::model::grpc_status::GrpcStatus;
use crate::model::reach::GoAway;
use crate::model::rpc::{NotSent, RequestHeaders};
use crate::model::violation::{Http2Rule, ResponseFault};

/// For a status that the server itself sent.
pub(super) fn on_status(code: GrpcStatus) -> String {
    let text = match code {
        GrpcStatus::Unauthenticated => {
            "Add credentials that the health service accepts: -H 'authorization: …' or -H @FILE; or exempt grpc.health.v1.Health from authentication."
        }
        GrpcStatus::PermissionDenied => {
            "Allow this caller to call grpc.health.v1.Health (RBAC, interceptor, mesh policy), or use other credentials with -H."
        }
        GrpcStatus::Unavailable => {
            "The server, or a proxy in front of it, reports that a dependency is unavailable: the message names it."
        }
        GrpcStatus::ResourceExhausted => {
            "The server reports that it reached a limit (rate, memory, message size): see the message; probe less often (--rate, -c)."
        }
        GrpcStatus::DeadlineExceeded => {
            "A deadline inside the server expired: check what its health handler waits for."
        }
        GrpcStatus::Cancelled | GrpcStatus::Aborted => {
            "The server cancelled the call, as servers do when they shut down: probe again, then check its log."
        }
        GrpcStatus::InvalidArgument | GrpcStatus::FailedPrecondition | GrpcStatus::OutOfRange => {
            "The server rejected the request itself: check --service and the metadata (-H) against what it expects."
        }
        GrpcStatus::Internal | GrpcStatus::Unknown | GrpcStatus::DataLoss => {
            "The server's health handler failed: search the server's log for the message."
        }
        GrpcStatus::Ok | GrpcStatus::NotFound | GrpcStatus::AlreadyExists | GrpcStatus::Unimplemented => {
            "Search the server's log for the message."
        }
    };
    text.to_string()
}

/// For a call that was sent and got no response before its deadline: what TCP shows, and what to do. `acknowledged`:
/// see [`Unanswered`](crate::model::rpc::Unanswered).
pub(super) fn on_no_response(acknowledged: Option<bool>) -> (&'static str, String) {
    let process = "check whether the process is stopped (state T in ps), out of CPU, or blocked (thread dump, goroutine dump, a lock in its health handler). If it is only slow, raise --rpc-timeout.";
    match acknowledged {
        Some(true) => (
            "; its host acknowledged the request at TCP level, so the host is up and the process does not respond",
            format!("On its host, {process}"),
        ),
        Some(false) => (
            "; its host did not acknowledge the request at TCP level",
            "Check whether the host is up, and whether a firewall or a router on the network path drops packets of open connections. Clients without keepalive wait for minutes: set a keepalive time (gRFC A8).".to_string(),
        ),
        None => ("", format!("The process accepts calls but does not respond: {process}")),
    }
}

/// For a stream that the server reset with this code.
pub(super) fn on_reset(code: u32) -> String {
    let text = match code {
        0 => {
            "The server ended the stream without a response and without an error: check the proxy or the handler that does this."
        }
        1 => {
            "The server or proxy rejected the request as invalid: check --authority (virtual hosts) and the metadata (-H), then its log."
        }
        2 => "The server or proxy had an internal error: search its log for the stream error.",
        3 | 6 | 9 => {
            "The server reports that our frames are invalid: probe from another network; a proxy on the network path that rewrites frames is the usual cause."
        }
        5 => {
            "The server had already closed the stream: a proxy with a timeout shorter than the call is the usual cause."
        }
        7 => {
            "The server accepts no new calls now: it is shutting down, or its stream limit is reached. Probe again; check its MAX_CONCURRENT_STREAMS and its load."
        }
        8 => {
            "The server or proxy cancelled the call: check its timeout for the backend (Envoy: route timeout, nginx: grpc_read_timeout)."
        }
        10 => "The proxy could not connect to its backend: check the backend's address and port in the proxy.",
        11 => {
            "The server limits calls from this client: probe less often (--rate, -c), and check its rate and size limits."
        }
        12 => "The server requires a stronger TLS version or cipher: check its TLS settings.",
        13 => "The server supports this only over HTTP/1.1: enable HTTP/2 for this host or path, or use the gRPC port.",
        _ => "Search the logs of the server and of the proxies in front of it for the error code.",
    };
    text.to_string()
}

/// For a call that a GOAWAY ended.
pub(super) fn on_goaway(goaway: &GoAway) -> String {
    let text = if goaway.limits_pings() {
        "Ping less often (--keepalive-time here, the client's keepalive time there), or relax the server's enforcement policy."
    } else if goaway.names_rotation() {
        "The server closes connections by age or idle time: compare max_connection_age, max_connection_idle and the grace period with the duration of calls."
    } else if goaway.shuts_down() {
        "The server is shutting down: probe again; if it does not recover, check the rollout or what stops the process."
    } else {
        match goaway.code {
            0 => {
                "The server closes the connection without an error before it responds, as servers do when they shut down: probe again, then check its log and the connection limits of proxies."
            }
            1 | 3 | 6 | 9 => {
                "The server reports that we violated HTTP/2: a proxy on the network path that rewrites frames is the usual cause; check its log."
            }
            11 => {
                "The server limits this client (ENHANCE_YOUR_CALM): probe less often (--rate, -c), and check its rate, ping and header limits."
            }
            12 => "The server requires a stronger TLS version or cipher: check its TLS settings.",
            13 => "The server supports this only over HTTP/1.1: enable HTTP/2 there, or use the gRPC port.",
            _ => "Search the server's log for the debug data and the error code.",
        }
    };
    text.to_string()
}

/// For a rule of HTTP/2 that the server broke.
pub(super) fn on_violation(rule: Http2Rule) -> Option<String> {
    let text = match rule {
        Http2Rule::Status => {
            "A proxy that uses HTTP/1 with a gRPC backend forwards what it receives: in nginx use grpc_pass instead of proxy_pass, elsewhere set the backend protocol to HTTP/2 (h2c)."
        }
        Http2Rule::ConnectionFields => {
            "A proxy or a handler copies HTTP/1 headers into HTTP/2: remove that header there, or set the backend protocol to HTTP/2."
        }
        Http2Rule::ContentLength => {
            "A program on the path changes the body and keeps its content-length (compression, a filter): check the proxy's filters."
        }
        Http2Rule::FieldText => {
            "Find out what sets this field: check the server's interceptors and the proxy's header rules."
        }
        Http2Rule::Trailers => {
            "Check what ends the response: the server's HTTP/2 library, or a proxy that rewrites trailers."
        }
        Http2Rule::Frames | Http2Rule::Compression | Http2Rule::PseudoFields | Http2Rule::Unknown => return None,
    };
    Some(text.to_string())
}

/// For a response that is not valid gRPC.
pub(super) fn on_not_grpc(fault: ResponseFault) -> Option<String> {
    let text = match fault {
        ResponseFault::GrpcWeb => "This is a gRPC-Web port or proxy: use the gRPC port, or a gRPC-Web client.",
        ResponseFault::NoStatus => {
            "The trailers, which carry the status, are dropped on the network path: by a proxy or load balancer that uses HTTP/1 with the backend, or that does not forward trailers."
        }
        ResponseFault::UnknownStatus => {
            "The server or its proxy sets an unknown status code: it must be a gRPC status code, 0 to 16."
        }
        ResponseFault::Compressed => {
            "Disable compression at the server or proxy for clients that do not announce it (grpc-accept-encoding)."
        }
        ResponseFault::CutOff => {
            "Check what ends the response early: a size or time limit of a proxy, or a handler that stops before the end."
        }
        ResponseFault::Message => return None,
    };
    Some(text.to_string())
}

/// For a request that was not sent.
pub(super) fn on_not_sent(not_sent: NotSent) -> String {
    match not_sent {
        NotSent::Streams(0) => "Check the stream limit of the server or proxy: it currently allows no streams.".to_string(),
        NotSent::Streams(_) => {
            "All streams of the connection are in use: raise the stream limit of the server or proxy.".to_string()
        }
        NotSent::Window(_) => {
            "The server or proxy provides no flow-control window: check its initial window size (Envoy: initial_stream_window_size), and whether it still reads."
                .to_string()
        }
    }
}

/// For request headers that are too large.
pub(super) fn on_headers(headers: RequestHeaders) -> String {
    let limits = "nginx large_client_header_buffers, Envoy max_request_headers_kb, Netty and grpc-java maxInboundMetadataSize, node maxHeaderListSize";
    match headers.limit {
        Some(limit) if headers.bare > limit as usize => format!(
            "No gRPC call fits in {limit} bytes (this one has {} without -H): raise the limit at the server or proxy ({limits}).",
            headers.bare
        ),
        _ => format!(
            "Probe without -H (the headers then have {} bytes). If that works, send less metadata (a shorter token), or raise the limit at the server or proxy ({limits}).",
            headers.bare
        ),
    }
}
