//! `grpc.health.v1.Health` on one connection.

use std::sync::Arc;
use std::time::Duration;

use futures_util::Stream;
use futures_util::stream::{self, BoxStream};
use tokio::time::Instant;
use tonic::{Code, Request, Status, Streaming};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

use super::grpc::Grpc;
use crate::model::reach::Health;

/// One `Check`: the answer, and how long it took.
pub(super) async fn check(grpc: Grpc, service: Arc<str>, limit: Duration) -> (Health, Duration) {
    let begun = Instant::now();
    let mut request = Request::new(HealthCheckRequest { service: service.to_string() });
    request.set_timeout(limit);
    let mut client = HealthClient::new(grpc);
    let health = match tokio::time::timeout(limit, client.check(request)).await {
        Ok(Ok(response)) => answer(response.into_inner()),
        Ok(Err(status)) => refusal(&status),
        Err(_) => Health::Failed {
            code: "DEADLINE_EXCEEDED".to_string(),
            text: format!("grpc.health.v1.Health/Check unanswered for {}", super::attempt::seconds(limit)),
        },
    };
    (health, begun.elapsed())
}

/// Where a `Watch` stands.
enum Watching {
    Unasked(Box<HealthClient<Grpc>>, Arc<str>),
    Open(Box<Streaming<HealthCheckResponse>>),
    Over,
}

/// `Watch`: every status the server sends, and at last how the RPC ended.
pub(super) fn watch(grpc: Grpc, service: Arc<str>) -> impl Stream<Item = Health> + Send + Unpin + 'static {
    let begin = Watching::Unasked(Box::new(HealthClient::new(grpc)), service);
    let statuses: BoxStream<'static, Health> = Box::pin(stream::unfold(begin, |at| async move {
        let mut open = match at {
            Watching::Over => return None,
            Watching::Open(open) => open,
            Watching::Unasked(mut client, service) => {
                match client.watch(HealthCheckRequest { service: service.to_string() }).await {
                    Ok(response) => Box::new(response.into_inner()),
                    Err(status) => return Some((refusal(&status), Watching::Over)),
                }
            }
        };
        match open.message().await {
            Ok(Some(response)) => Some((answer(response), Watching::Open(open))),
            Ok(None) => {
                let text = "server ended the Watch".to_string();
                Some((Health::Failed { code: "OK".to_string(), text }, Watching::Over))
            }
            Err(status) => Some((refusal(&status), Watching::Over)),
        }
    }));
    statuses
}

fn answer(response: HealthCheckResponse) -> Health {
    match ServingStatus::try_from(response.status) {
        Ok(ServingStatus::Serving) => Health::Serving,
        Ok(ServingStatus::NotServing) => Health::NotServing,
        Ok(ServingStatus::ServiceUnknown) => Health::ServiceUnknown,
        Ok(ServingStatus::Unknown) | Err(_) => Health::Unknown,
    }
}

fn refusal(status: &Status) -> Health {
    match status.code() {
        Code::Unimplemented => Health::Unimplemented,
        Code::NotFound => Health::ServiceUnknown,
        code => Health::Failed { code: code_name(code).to_string(), text: status.message().to_string() },
    }
}

/// gRPC's name of a status code (`doc/statuscodes.md`).
fn code_name(code: Code) -> &'static str {
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
