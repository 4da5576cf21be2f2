//! The types of health responses.

use serde::Serialize;

use super::Coded;

/// A health service responded.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Health {
    /// The service.
    pub target: String,
    /// The endpoint's address.
    pub address: String,
    /// The response.
    #[serde(flatten)]
    pub answer: HealthAnswer,
}

/// The response of a health service.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct HealthAnswer {
    /// The service queried; empty is the whole server.
    pub service: String,
    /// gRPC's name of the status, `UNIMPLEMENTED` (no health service) or `FAILED`.
    pub status: String,
    /// Why the RPC failed: gRPC's status and message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Coded>,
    /// How long the RPC took (Check only).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ms: Option<f64>,
    /// The Watch that had reported this status, or was to report one, has ended. The status is kept until the next
    /// one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub watch_ended: Option<WatchEnd>,
    /// The proxy that passed the response on, if its headers name one: the response is a sample of one server behind
    /// it.
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

/// How a health Watch ended on a connection that stays open.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct WatchEnd {
    /// gRPC's status: `OK` if the server ended it without an error, `UNIMPLEMENTED` if the server does not implement
    /// Watch.
    pub code: String,
    /// Its message.
    pub text: String,
    /// Milliseconds since its last status, or since it was opened.
    pub after_ms: u64,
}
