//! Why a call has no response, or not all of it.

use http::StatusCode;
use tonic::{Code, Status};

use crate::model::violation::{InvalidResponse, ResponseFault};

/// Why a call has no response, or not all of it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// HTTP/2 ended the call or the connection.
    #[error(transparent)]
    Http2(#[from] h2::Error),
    /// The server ended the call with this status, which is not OK.
    #[error("{}", .0.message())]
    Status(#[source] Status),
    /// The response ended without `grpc-status`.
    #[error("{}", no_status(*.http, *.trailers))]
    NoStatus {
        /// The HTTP status of the response.
        http: StatusCode,
        /// The response had trailers.
        trailers: bool,
    },
    /// The response is not valid gRPC.
    #[error(transparent)]
    NotGrpc(#[from] NotGrpc),
}

/// What is wrong with a response that is not valid gRPC.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}{more}")]
pub(crate) struct NotGrpc {
    /// The status that gRPC's clients report.
    pub code: Code,
    /// What is wrong.
    pub what: InvalidResponse,
    /// Further details of the response.
    pub more: String,
}

impl NotGrpc {
    /// A response that clients report as INTERNAL.
    pub fn internal(fault: ResponseFault, text: impl Into<String>) -> NotGrpc {
        let what = InvalidResponse { fault, text: text.into() };
        NotGrpc { code: Code::Internal, what, more: String::new() }
    }
}

impl CallError {
    /// The status that gRPC's clients report (`doc/statuscodes.md`, `doc/http-grpc-status-mapping.md`).
    pub fn code(&self) -> Code {
        match self {
            CallError::Http2(_) => Code::Unavailable,
            CallError::Status(status) => status.code(),
            CallError::NoStatus { http: StatusCode::OK, .. } => Code::Internal,
            CallError::NoStatus { http, .. } => code_of_http(*http),
            CallError::NotGrpc(not_grpc) => not_grpc.code,
        }
    }
}

/// The status that gRPC's clients report for a plain HTTP response (`doc/http-grpc-status-mapping.md`).
pub(crate) fn code_of_http(status: StatusCode) -> Code {
    match status.as_u16() {
        400 => Code::Internal,
        401 => Code::Unauthenticated,
        403 => Code::PermissionDenied,
        404 => Code::Unimplemented,
        429 | 502 | 503 | 504 => Code::Unavailable,
        _ => Code::Unknown,
    }
}

fn no_status(http: StatusCode, trailers: bool) -> String {
    match (http, trailers) {
        (StatusCode::OK, true) => "response whose trailers have no grpc-status".to_string(),
        (StatusCode::OK, false) => "response without trailers, so there is no grpc-status".to_string(),
        (http, _) => format!("grpc-status header missing, mapped from HTTP status code {}", http.as_u16()),
    }
}
