//! `grpc.health.v1.Health` on one connection.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::Stream;
use futures_util::stream::{self, BoxStream};
use http::uri::PathAndQuery;
use tokio::time::Instant;
use tonic::codec::{BufferSettings, Codec};
use tonic::{Code, Request, Response, Status, Streaming};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};
use tonic_prost::{ProstCodec, ProstDecoder, ProstEncoder};

use super::grpc::Grpc;
use crate::model::reach::Health;
use crate::model::rpc::RpcCause;
use crate::text::duration;

/// The codec of both RPCs. Its messages are some bytes long, and every open Watch keeps a buffer: tonic's usual 8 KiB
/// would be a third of what an idle channel costs.
struct Small;

fn buffers() -> BufferSettings {
    BufferSettings::new(64, 1024)
}

impl Codec for Small {
    type Encode = HealthCheckRequest;
    type Decode = HealthCheckResponse;
    type Encoder = ProstEncoder<HealthCheckRequest>;
    type Decoder = ProstDecoder<HealthCheckResponse>;

    fn encoder(&mut self) -> Self::Encoder {
        ProstEncoder::new(buffers())
    }

    fn decoder(&mut self) -> Self::Decoder {
        ProstCodec::<HealthCheckRequest, HealthCheckResponse>::raw_decoder(buffers())
    }
}

async fn ask_check(grpc: Grpc, request: Request<HealthCheckRequest>) -> Result<Response<HealthCheckResponse>, Status> {
    let mut client = tonic::client::Grpc::new(grpc);
    client.ready().await?;
    client.unary(request, PathAndQuery::from_static("/grpc.health.v1.Health/Check"), Small).await
}

async fn ask_watch(grpc: Grpc, request: HealthCheckRequest) -> Result<Streaming<HealthCheckResponse>, Status> {
    let mut client = tonic::client::Grpc::new(grpc);
    client.ready().await?;
    let path = PathAndQuery::from_static("/grpc.health.v1.Health/Watch");
    Ok(client.server_streaming(Request::new(request), path, Small).await?.into_inner())
}

/// The longest that `grpc-timeout` can name is eight digits of hours; a longer one is none.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(99_999_999 * 3600);

fn limit_to<T>(request: &mut Request<T>, limit: Duration) {
    if limit <= LONGEST_TIMEOUT {
        request.set_timeout(limit);
    }
}

/// One `Check`: the answer, and how long it took.
pub(super) async fn check(grpc: Grpc, service: Arc<str>, limit: Duration) -> (Health, Duration) {
    let begun = Instant::now();
    let mut request = Request::new(HealthCheckRequest { service: service.to_string() });
    limit_to(&mut request, limit);
    let grpc = grpc.for_one_call();
    let health = match tokio::time::timeout(limit, ask_check(grpc.clone(), request)).await {
        Ok(Ok(response)) => answer(response.into_inner()),
        Ok(Err(status)) => refusal(&status),
        Err(_) => {
            let (cause, why) = grpc.given_up().await;
            let waited = duration(limit);
            let text = match cause {
                RpcCause::Unanswered(_) => format!("grpc.health.v1.Health/Check unanswered for {waited}"),
                _ => format!("grpc.health.v1.Health/Check after {waited}: {why}"),
            };
            Health::Failed { code: "DEADLINE_EXCEEDED".to_string(), text, cause }
        }
    };
    (health, begun.elapsed())
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

/// So many names of a server are told.
const MOST_OTHERS: usize = 20;
/// What asking for them may delay the answer that is known already.
const OTHERS_LIMIT: Duration = Duration::from_secs(1);

/// After a `Check` of `service` that was answered with no: what the server says about other names, to tell "the process is
/// ill" from "that service is". Those of `List` (gRFC A90) where the server has it, else the server as a whole.
pub(super) async fn others(grpc: Grpc, service: &str, limit: Duration) -> Vec<(String, Health)> {
    let asked = async {
        let mut request = Request::new(ListRequest {});
        limit_to(&mut request, limit);
        let path = PathAndQuery::from_static("/grpc.health.v1.Health/List");
        let mut client = tonic::client::Grpc::new(grpc.clone());
        let listed = client.unary(request, path, tonic_prost::ProstCodec::<ListRequest, ListResponse>::default()).await;
        if let Ok(response) = listed {
            let statuses = response.into_inner().statuses.into_iter().filter(|(name, _)| name != service);
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
    tokio::time::timeout(limit.min(OTHERS_LIMIT), asked).await.unwrap_or_default()
}

/// Where a `Watch` stands.
enum Watching {
    Unasked(Box<Grpc>, Arc<str>),
    Open(Box<Streaming<HealthCheckResponse>>),
    Over,
}

/// `Watch`: every status the server sends, and at last how the RPC ended.
pub(super) fn watch(grpc: Grpc, service: Arc<str>) -> impl Stream<Item = Health> + Send + Unpin + 'static {
    let begin = Watching::Unasked(Box::new(grpc), service);
    let statuses: BoxStream<'static, Health> = Box::pin(stream::unfold(begin, |at| async move {
        let mut open = match at {
            Watching::Over => return None,
            Watching::Open(open) => open,
            Watching::Unasked(grpc, service) => {
                match ask_watch(*grpc, HealthCheckRequest { service: service.to_string() }).await {
                    Ok(statuses) => Box::new(statuses),
                    Err(status) => return Some((refusal(&status), Watching::Over)),
                }
            }
        };
        match open.message().await {
            Ok(Some(response)) => Some((answer(response), Watching::Open(open))),
            Ok(None) => {
                let text = "server ended the Watch".to_string();
                Some((Health::Failed { code: "OK".to_string(), text, cause: RpcCause::Status }, Watching::Over))
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
    match (super::grpc::cause(status), status.code()) {
        // Only the server itself can say that it has no health service, or does not know a name: a web server's 404 is
        // UNIMPLEMENTED to gRPC too.
        (RpcCause::Status, Code::Unimplemented) => Health::Unimplemented,
        (RpcCause::Status, Code::NotFound) => Health::ServiceUnknown,
        (cause, code) => {
            Health::Failed { code: code_name(code).to_string(), text: status.message().to_string(), cause }
        }
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
