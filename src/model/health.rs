//! The status that a health service gave.

use super::grpc_status::GrpcStatus;
use super::rpc::RpcCause;

/// What `grpc.health.v1` answered.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Health {
    /// SERVING.
    Serving,
    /// NOT_SERVING.
    NotServing,
    /// UNKNOWN.
    Unknown,
    /// The server does not know the service: SERVICE_UNKNOWN in a Watch, NOT_FOUND otherwise (tonic answers NOT_FOUND
    /// to both).
    ServiceUnknown,
    /// The server has no health service: nothing is wrong, nothing is known.
    Unimplemented,
    /// The RPC failed.
    Failed {
        /// The gRPC status: `UNAVAILABLE`.
        code: GrpcStatus,
        /// Its message.
        text: String,
        /// Who ended it.
        cause: RpcCause,
    },
}

impl Health {
    /// gRPC's word where there is one.
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

    /// True when the call was refused for want of credentials: something alive answered, and health is not known.
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
