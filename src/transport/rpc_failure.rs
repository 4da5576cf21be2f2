//! [`RpcFailure`]: why an RPC failed, as gRPC's clients report it, and what ended it.

use tonic::Code;

use crate::model::grpc_status::GrpcStatus;
use crate::model::rpc::RpcCause;

/// An RPC that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RpcFailure {
    /// The status that gRPC's clients report for it.
    pub code: Code,
    /// The status message.
    pub text: String,
    /// What ended it.
    pub cause: RpcCause,
}

impl RpcFailure {
    pub fn new(code: Code, text: impl Into<String>, cause: RpcCause) -> RpcFailure {
        RpcFailure { code, text: text.into(), cause }
    }
}

/// The model's status for tonic's.
pub(super) fn status(code: Code) -> GrpcStatus {
    match code {
        Code::Ok => GrpcStatus::Ok,
        Code::Cancelled => GrpcStatus::Cancelled,
        Code::Unknown => GrpcStatus::Unknown,
        Code::InvalidArgument => GrpcStatus::InvalidArgument,
        Code::DeadlineExceeded => GrpcStatus::DeadlineExceeded,
        Code::NotFound => GrpcStatus::NotFound,
        Code::AlreadyExists => GrpcStatus::AlreadyExists,
        Code::PermissionDenied => GrpcStatus::PermissionDenied,
        Code::ResourceExhausted => GrpcStatus::ResourceExhausted,
        Code::FailedPrecondition => GrpcStatus::FailedPrecondition,
        Code::Aborted => GrpcStatus::Aborted,
        Code::OutOfRange => GrpcStatus::OutOfRange,
        Code::Unimplemented => GrpcStatus::Unimplemented,
        Code::Internal => GrpcStatus::Internal,
        Code::Unavailable => GrpcStatus::Unavailable,
        Code::DataLoss => GrpcStatus::DataLoss,
        Code::Unauthenticated => GrpcStatus::Unauthenticated,
    }
}
