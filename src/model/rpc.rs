//! How an RPC failed: who ended it, beside the gRPC status that clients make of it.

use super::reach::{Disconnect, GoAway};

/// Who ended an RPC that failed. A gRPC status alone does not tell: UNAVAILABLE may be the server's own word, a proxy's,
/// or the client's for a connection that broke.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RpcCause {
    /// The server answered with this status.
    Status,
    /// A plain HTTP response without `grpc-status` (gRPC's `doc/http-grpc-status-mapping.md`).
    Http {
        /// The HTTP status.
        status: u16,
        /// The proxy or web server that its headers name: `envoy`.
        by: Option<String>,
    },
    /// A proxy, named by its headers, wrote the gRPC status itself; the call did not get through it.
    Proxy(String),
    /// RST_STREAM with this HTTP/2 error code.
    Reset(u32),
    /// GOAWAY came before the answer.
    GoAway(GoAway),
    /// The connection ended before the answer.
    Lost(Disconnect),
    /// No answer within the RPC's time.
    Unanswered,
    /// It was not sent, or what came back was not understood.
    Client,
}

impl RpcCause {
    /// True when whatever answers at the address answered the call itself.
    pub fn is_answer(&self) -> bool {
        match self {
            Self::Status | Self::Http { .. } | Self::Proxy(_) => true,
            Self::Reset(_) | Self::GoAway(_) | Self::Lost(_) | Self::Unanswered | Self::Client => false,
        }
    }
}
