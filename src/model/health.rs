//! The status that a health service returned.

use super::grpc_status::GrpcStatus;
use super::rpc::RpcCause;

/// The result of a `grpc.health.v1` call.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Health {
    /// SERVING.
    Serving,
    /// NOT_SERVING.
    NotServing,
    /// UNKNOWN.
    Unknown,
    /// The server does not know the service: SERVICE_UNKNOWN in a Watch, NOT_FOUND otherwise (tonic returns NOT_FOUND
    /// in both).
    ServiceUnknown,
    /// The server has no health service. That is not a fault, and its health is unknown.
    Unimplemented,
    /// The RPC failed.
    Failed {
        /// The gRPC status: `UNAVAILABLE`.
        code: GrpcStatus,
        /// The status message.
        text: String,
        /// What ended the RPC.
        cause: RpcCause,
    },
}

impl Health {
    /// gRPC's name of the status, where gRPC has one.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Serving => "SERVING",
            Self::NotServing => "NOT_SERVING",
            Self::Unknown => "UNKNOWN",
            Self::ServiceUnknown => "SERVICE_UNKNOWN",
            Self::Unimplemented => "UNIMPLEMENTED",
            Self::Failed { .. } => "FAILED",
        }
    }

    /// True when the call was refused because credentials are missing: the server is alive, and its health is
    /// unknown.
    pub fn is_behind_authentication(&self) -> bool {
        match self {
            Self::Failed { code, cause, .. } => {
                let by_status =
                    matches!(code, GrpcStatus::Unauthenticated | GrpcStatus::PermissionDenied) && cause.is_answer();
                by_status || matches!(cause, RpcCause::Http { status: 401 | 403, .. })
            }
            Self::Serving | Self::NotServing | Self::Unknown | Self::ServiceUnknown | Self::Unimplemented => false,
        }
    }

    /// Would a client with health checking (gRFC A17) send RPCs there?
    pub fn is_usable(&self) -> bool {
        matches!(self, Self::Serving | Self::Unimplemented)
    }
}
