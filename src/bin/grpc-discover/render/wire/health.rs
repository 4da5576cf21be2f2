//! The shapes of what health services answer.

use serde::Serialize;

use super::Coded;

/// A health service answered.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Health {
    /// The service.
    pub target: String,
    /// Whose.
    pub address: String,
    /// The answer.
    #[serde(flatten)]
    pub answer: HealthAnswer,
}

/// The answer of a health service.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct HealthAnswer {
    /// The service asked for; empty is the whole server.
    pub service: String,
    /// gRPC's word, `UNIMPLEMENTED` (no health service) or `FAILED`.
    pub status: String,
    /// Why the RPC failed: gRPC's status and message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Coded>,
    /// How long the RPC took (Check only).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ms: Option<f64>,
    /// The Watch that had reported this status, or was to report one, has ended. The status stands until the next one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub watch_ended: Option<WatchEnd>,
    /// The proxy that passed the response on, where its headers name one: the answer is one sample of what is behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<Proxy>,
}

/// A proxy, gateway or load balancer.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Proxy {
    /// Its name: `envoy`.
    pub name: String,
    /// The response header that names it: `server: envoy`.
    pub header: String,
}

/// How a health Watch ended on a connection that goes on.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct WatchEnd {
    /// gRPC's status: `OK` when the server ended it without an error, `UNIMPLEMENTED` when it has no Watch.
    pub code: String,
    /// Its message.
    pub text: String,
    /// Milliseconds since its last status, or since it was opened.
    pub after_ms: u64,
}
