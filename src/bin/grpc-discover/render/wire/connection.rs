//! The types of a connection's stages and its end.

use serde::Serialize;

use super::Coded;

/// A stage of reaching an address succeeded or failed.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Connection {
    /// The service.
    pub target: String,
    /// Which address.
    pub address: String,
    /// The stage.
    #[serde(flatten)]
    pub phase: Phase,
}

/// A stage of reaching an address.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Phase {
    /// `resolve`, `tcp` (`unix`), `tls`, `http2` or `health`.
    pub phase: &'static str,
    /// How long it took, or how long it had been waiting when it failed.
    pub ms: f64,
    /// The addresses that a name resolved to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resolved: Vec<String>,
    /// What TLS negotiated, and the certificates that the server presented.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
    /// The server's SETTINGS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings: Option<Settings>,
    /// The response's content type, if it is not gRPC's; empty if there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Coded>,
}

/// What TLS negotiated, and the certificates that the server presented.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Tls {
    /// The server name that was requested and verified.
    pub server_name: String,
    /// `TLSv1.3`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The cipher suite.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cipher: Option<String>,
    /// The application protocol that the server selected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alpn: Option<String>,
    /// False if verification was disabled, or failed.
    pub verified: bool,
    /// The chain as presented, leaf first.
    pub chain: Vec<Certificate>,
}

/// A certificate.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Certificate {
    /// Subject.
    pub subject: String,
    /// Issuer.
    pub issuer: String,
    /// Subject alternative names.
    pub names: Vec<String>,
    /// RFC 3339, UTC.
    pub not_before: String,
    /// RFC 3339, UTC.
    pub not_after: String,
}

/// The server's first SETTINGS frame; settings that were not sent are absent.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Settings {
    /// `SETTINGS_MAX_CONCURRENT_STREAMS`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_concurrent_streams: Option<u32>,
    /// `SETTINGS_INITIAL_WINDOW_SIZE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initial_window_size: Option<u32>,
    /// `SETTINGS_MAX_FRAME_SIZE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_frame_size: Option<u32>,
    /// `SETTINGS_MAX_HEADER_LIST_SIZE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_header_list_size: Option<u32>,
    /// `SETTINGS_HEADER_TABLE_SIZE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header_table_size: Option<u32>,
}

/// An established connection was closed or lost.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Disconnect {
    /// The service.
    pub target: String,
    /// The endpoint's address.
    pub address: String,
    /// The disconnect reason as gRFC A94 names it.
    pub reason: String,
    /// Our own detail of the reason.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// The GOAWAY frame received before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goaway: Option<GoAway>,
    /// How long the connection had been without an RPC; absent if an RPC was in flight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_ms: Option<u64>,
}

/// A GOAWAY frame.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct GoAway {
    /// RFC 9113's name: `NO_ERROR`.
    pub code: String,
    /// Debug data: `max_age`.
    pub debug: String,
    /// The last stream that the server serves.
    pub last_stream: u32,
}
