//! How an RPC failed: what ended it, in addition to the gRPC status that clients report for it.

use super::disconnect::{Disconnect, GoAway};
use super::proxy::ProxyName;
use super::time::Elapsed;
use super::violation::{BrokenRule, InvalidResponse};

/// What a plain HTTP response, or the message of a proxy, shows beyond the HTTP status.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum HttpHint {
    /// The client sent no certificate, and one is required.
    CertificateMissing,
    /// The client's certificate was not accepted.
    CertificateRefused,
    /// Plaintext was sent to a port that requires TLS.
    TlsExpected,
    /// The proxy has no server for the call: none is configured, none is healthy.
    NoBackend,
    /// The proxy could not connect to the server behind it.
    BackendUnreachable,
    /// The server behind the proxy ended the connection, or sent what the proxy could not read.
    BackendBroken,
    /// The server behind the proxy did not respond in time.
    BackendTimeout,
    /// No route matches the host and path of the call.
    NoRoute,
    /// The page that Go's net/http sends for a path without a handler: Traefik, or a Go server such as connect-go.
    GoNotFound,
    /// An access rule of the proxy forbids the call.
    AccessRule,
    /// More header bytes than the proxy accepts.
    HeadersTooLarge,
    /// More body bytes than the proxy accepts.
    BodyTooLarge,
    /// A redirect to this location, without its query.
    Redirect(String),
    /// The authentication scheme that is required: `Bearer`.
    Authenticate(String),
}

/// What ended an RPC that failed. A gRPC status alone does not show it: UNAVAILABLE may come from the server, from a
/// proxy, or from the client for a connection that broke.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RpcCause {
    /// The server returned this status.
    Status,
    /// A plain HTTP response without `grpc-status` (gRPC's `doc/http-grpc-status-mapping.md`).
    Http {
        /// The HTTP status.
        status: u16,
        /// The proxy or web server that its headers or its page name: `envoy`.
        by: Option<ProxyName>,
        /// What its headers and its page show beyond the status, where it is known.
        hint: Option<HttpHint>,
    },
    /// A proxy wrote the gRPC status itself; the call did not get through it.
    Proxy {
        /// Which proxy.
        name: ProxyName,
        /// Why, where its message is known.
        hint: Option<HttpHint>,
    },
    /// RST_STREAM with this HTTP/2 error code.
    Reset(u32),
    /// GOAWAY arrived before the response.
    GoAway(GoAway),
    /// The connection was lost before the response.
    Lost(Disconnect),
    /// No response within the RPC's deadline.
    Unanswered(Unanswered),
    /// The server broke a rule of HTTP/2, and our side closed the stream or the connection.
    Violation(BrokenRule),
    /// The response is valid HTTP/2 and not valid gRPC.
    NotGrpc(InvalidResponse),
    /// The server broke no rule and sent more than our HTTP/2 library accepts.
    OurLimit(String),
    /// The server floods the connection with small frames, and our side closed it: how many, of which kind.
    Flood(String),
    /// The request was not sent, or not all of it, within the RPC's deadline.
    NotSent(NotSent),
    /// The headers of our request are too large for the server or the proxy before it.
    HeadersTooLarge(RequestHeaders),
    /// The request could not be sent for a reason on our side.
    Client,
}

impl RpcCause {
    /// True when the server, or whatever serves the address, answered the call itself.
    pub fn is_answer(&self) -> bool {
        match self {
            Self::Status | Self::Http { .. } | Self::Proxy { .. } => true,
            Self::Reset(_)
            | Self::GoAway(_)
            | Self::Lost(_)
            | Self::Unanswered(_)
            | Self::Violation(_)
            | Self::NotGrpc(_)
            | Self::OurLimit(_)
            | Self::Flood(_)
            | Self::NotSent(_)
            | Self::HeadersTooLarge(_)
            | Self::Client => false,
        }
    }
}

/// What is known of a server that did not respond to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Unanswered {
    /// TCP at the other end acknowledged all that was sent to it: its host is up. `None` where that cannot be read.
    pub acknowledged: Option<bool>,
    /// When the server last responded on this connection; `None` when it never did.
    pub last_response: Option<Elapsed>,
}

/// Why a request was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotSent {
    /// The server allows this many concurrent streams (`SETTINGS_MAX_CONCURRENT_STREAMS`), and all are in use.
    Streams(u32),
    /// The server's flow-control window is full: `SETTINGS_INITIAL_WINDOW_SIZE`, where it was sent.
    Window(Option<u32>),
}

/// The size of a request's headers, counted as `SETTINGS_MAX_HEADER_LIST_SIZE` counts them (RFC 9113, 6.5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestHeaders {
    /// All of them.
    pub size: usize,
    /// Without the metadata of `-H`.
    pub bare: usize,
    /// What the server accepts, where its SETTINGS give it.
    pub limit: Option<u32>,
}
