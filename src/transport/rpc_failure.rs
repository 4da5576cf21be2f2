//! [`RpcFailure`]: why an RPC failed, as gRPC's clients report it, and who ended it.

use tonic::Code;

use crate::model::rpc::RpcCause;

/// An RPC that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RpcFailure {
    /// The status that gRPC's clients make of it.
    pub code: Code,
    /// Its message.
    pub text: String,
    /// Who ended it.
    pub cause: RpcCause,
}

impl RpcFailure {
    pub fn new(code: Code, text: impl Into<String>, cause: RpcCause) -> RpcFailure {
        RpcFailure { code, text: text.into(), cause }
    }
}

/// gRPC's name of a status code (`doc/statuscodes.md`).
pub(super) fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
