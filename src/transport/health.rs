//! `grpc.health.v1.Health` on one connection.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures_util::Stream;
use futures_util::stream::{self, BoxStream};
use tokio::time::Instant;
use tonic::Code;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

use super::grpc::{Call, Grpc, Responses};
use super::rpc_failure::{RpcFailure, status};
use crate::model::grpc_status::GrpcStatus;
use crate::model::reach::Health;
use crate::model::rpc::RpcCause;
use crate::net::http2::LONGEST;
use crate::text::duration;

const CHECK: &str = "/grpc.health.v1.Health/Check";
const WATCH: &str = "/grpc.health.v1.Health/Watch";
const LIST: &str = "/grpc.health.v1.Health/List";

/// One `Check`: the health, and how long the call took.
pub(super) async fn check(grpc: Grpc, service: Arc<str>, limit: Duration) -> (Health, Duration) {
    let started = Instant::now();
    let stream = AtomicU32::new(0);
    let request = HealthCheckRequest { service: service.to_string() };
    let call = Call { path: CHECK, request, limit: Some(limit), longest: LONGEST, stream: Some(&stream) };
    let health = match tokio::time::timeout(limit, grpc.unary(call)).await {
        Ok(Ok(response)) => answer(response),
        Ok(Err(failure)) => refusal(failure),
        Err(_) => {
            let (cause, why) = grpc.given_up(stream.load(Ordering::Acquire)).await;
            let waited = duration(limit);
            let text = match cause {
                RpcCause::Unanswered(_) => format!("no response to grpc.health.v1.Health/Check within {waited}"),
                _ => format!("grpc.health.v1.Health/Check failed after {waited}: {why}"),
            };
            Health::Failed { code: GrpcStatus::DeadlineExceeded, text, cause }
        }
    };
    (health, started.elapsed())
}

/// A `HealthListRequest` (gRFC A90).
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
struct ListRequest {}

/// A `HealthListResponse` (gRFC A90).
#[derive(Clone, PartialEq, prost::Message)]
struct ListResponse {
    #[prost(btree_map = "string, message", tag = "1")]
    statuses: BTreeMap<String, HealthCheckResponse>,
}

/// How many names of a server are reported.
const MOST_OTHERS: usize = 20;
/// How long the query for other names may delay the health that is already known.
const OTHERS_LIMIT: Duration = Duration::from_secs(1);

/// The health of other names on the same server, after a `Check` of `service` that did not return SERVING. It
/// distinguishes "the whole process is unhealthy" from "only that service is". The names come from `List` (gRFC A90)
/// where the server has it; otherwise only the server as a whole is checked.
pub(super) async fn others(grpc: Grpc, service: &str, limit: Duration) -> Vec<(String, Health)> {
    let calls = async {
        let call = Call { path: LIST, request: ListRequest {}, limit: Some(limit), longest: LONGEST, stream: None };
        if let Ok(response) = grpc.unary::<_, ListResponse>(call).await {
            let statuses = response.statuses.into_iter().filter(|(name, _)| name != service);
            return statuses.map(|(name, status)| (name, answer(status))).take(MOST_OTHERS).collect();
        }
        if service.is_empty() {
            return Vec::new();
        }
        match check(grpc, Arc::from(""), limit).await.0 {
            health @ (Health::Serving | Health::NotServing | Health::Unknown) => vec![(String::new(), health)],
            Health::ServiceUnknown | Health::Unimplemented | Health::Failed { .. } => Vec::new(),
        }
    };
    tokio::time::timeout(limit.min(OTHERS_LIMIT), calls).await.unwrap_or_default()
}

/// The state of a `Watch`.
enum HealthWatch {
    NotStarted(Box<Grpc>, Arc<str>),
    Open(Box<Responses<HealthCheckResponse>>),
    Over,
}

/// `Watch`: every status that the server sends, and at last how the RPC ended.
pub(super) fn watch(grpc: Grpc, service: Arc<str>) -> impl Stream<Item = Health> + Send + Unpin + 'static {
    let start = HealthWatch::NotStarted(Box::new(grpc), service);
    let statuses: BoxStream<'static, Health> = Box::pin(stream::unfold(start, |at| async move {
        let mut open = match at {
            HealthWatch::Over => return None,
            HealthWatch::Open(open) => open,
            HealthWatch::NotStarted(grpc, service) => {
                let request = HealthCheckRequest { service: service.to_string() };
                match grpc.streaming(Call { path: WATCH, request, limit: None, longest: LONGEST, stream: None }).await {
                    Ok(statuses) => Box::new(statuses),
                    Err(failure) => return Some((refusal(failure), HealthWatch::Over)),
                }
            }
        };
        match open.next().await {
            Ok(Some(response)) => Some((answer(response), HealthWatch::Open(open))),
            Ok(None) => {
                let text = "server ended the Watch".to_string();
                Some((Health::Failed { code: GrpcStatus::Ok, text, cause: RpcCause::Status }, HealthWatch::Over))
            }
            Err(failure) => Some((refusal(failure), HealthWatch::Over)),
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

fn refusal(failure: RpcFailure) -> Health {
    match (failure.cause, failure.code) {
        // Only the server itself can report that it has no health service, or does not know a name: gRPC maps a web
        // server's 404 to UNIMPLEMENTED too.
        (RpcCause::Status, Code::Unimplemented) => Health::Unimplemented,
        (RpcCause::Status, Code::NotFound) => Health::ServiceUnknown,
        (cause, code) => Health::Failed { code: status(code), text: failure.text, cause },
    }
}
