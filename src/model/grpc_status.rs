//! [`GrpcStatus`]: how an RPC ended, as gRPC names it.

use std::fmt;

/// A gRPC status code (`doc/statuscodes.md`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum GrpcStatus {
    /// The RPC ended without an error.
    Ok,
    /// It was cancelled.
    Cancelled,
    /// An error of an unknown kind.
    Unknown,
    /// The request is not valid, whatever the state of the server.
    InvalidArgument,
    /// The deadline passed first.
    DeadlineExceeded,
    /// The requested thing does not exist.
    NotFound,
    /// It exists already.
    AlreadyExists,
    /// The caller is known and lacks the permission.
    PermissionDenied,
    /// A limit is used up.
    ResourceExhausted,
    /// The server is not in the state that the call needs.
    FailedPrecondition,
    /// The operation was aborted, mostly because of a concurrent call.
    Aborted,
    /// Beyond the valid range.
    OutOfRange,
    /// The server does not have the method.
    Unimplemented,
    /// An internal invariant is broken.
    Internal,
    /// The service is not available now.
    Unavailable,
    /// Data are lost or damaged.
    DataLoss,
    /// The credentials of the caller are missing or not valid.
    Unauthenticated,
}

impl GrpcStatus {
    /// gRPC's name: `DEADLINE_EXCEEDED`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Cancelled => "CANCELLED",
            Self::Unknown => "UNKNOWN",
            Self::InvalidArgument => "INVALID_ARGUMENT",
            Self::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Self::NotFound => "NOT_FOUND",
            Self::AlreadyExists => "ALREADY_EXISTS",
            Self::PermissionDenied => "PERMISSION_DENIED",
            Self::ResourceExhausted => "RESOURCE_EXHAUSTED",
            Self::FailedPrecondition => "FAILED_PRECONDITION",
            Self::Aborted => "ABORTED",
            Self::OutOfRange => "OUT_OF_RANGE",
            Self::Unimplemented => "UNIMPLEMENTED",
            Self::Internal => "INTERNAL",
            Self::Unavailable => "UNAVAILABLE",
            Self::DataLoss => "DATA_LOSS",
            Self::Unauthenticated => "UNAUTHENTICATED",
        }
    }
}

impl fmt::Display for GrpcStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
