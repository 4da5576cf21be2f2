//! The shapes of `-o ndjson` and `-o json`. They are types of their own, so that the model may change and the format may
//! not; docs/events.schema.json is generated from them.

mod from;
mod held;
mod text;

use std::collections::BTreeMap;

use serde::Serialize;

pub use held::{Held, HeldView};
pub use text::{write_json, write_pretty};

/// One line of `-o ndjson`.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Line {
    /// 1, 2, 3 … without gaps for each target.
    pub seq: u64,
    /// Wall clock, RFC 3339, UTC, milliseconds.
    pub time: String,
    /// Monotonic milliseconds since the session began.
    pub at_ms: u64,
    /// What happened.
    #[serde(flatten)]
    pub body: Body,
}

/// The kinds of event.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Body {
    /// A channel or subchannel changed its state.
    Transition(Transition),
    /// A backend's list changed, or was heard for the first time.
    Endpoints(Endpoints),
    /// A backend's watch changed its state.
    Backend(Backend),
    /// A stage of reaching an address was passed, or failed.
    Connection(Connection),
    /// An established connection ended.
    Disconnect(Disconnect),
    /// A health service answered.
    Health(Health),
    /// The idle cycle went on to its next phase.
    Idle(Idle),
    /// What another framework's client would hold.
    Lens(Lens),
    /// A connection that was held in silence has told what became of it.
    Held(Held),
    /// What the session was still waiting for when it ended.
    Pending(Pending),
    /// This process did not run for a while: what timed out meanwhile proves nothing.
    Stall(Stall),
    /// The verdict on one endpoint.
    Verdict(Verdict),
    /// Something that was proved.
    Finding(Finding),
    /// The end: always the last line of a target.
    Summary(Summary),
}

/// A code to act on and a sentence to read.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Coded {
    /// Stable word.
    pub code: String,
    /// For people.
    pub text: String,
}

/// A channel or subchannel changed its state.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Transition {
    /// The service.
    pub target: String,
    /// `channel` or `subchannel`.
    pub scope: &'static str,
    /// The subchannel's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// gRPC's word for the state before.
    pub from: &'static str,
    /// gRPC's word for the state now.
    pub to: &'static str,
    /// Backoff left: how long until a subchannel that failed may try again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_in_ms: Option<u64>,
    /// Why.
    pub cause: Coded,
}

/// A backend's list changed, or was heard for the first time.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Endpoints {
    /// The service.
    pub target: String,
    /// Which backend.
    pub backend: &'static str,
    /// What it was asked for.
    pub source: String,
    /// New instances.
    pub added: Vec<Endpoint>,
    /// Instances that left, as last seen.
    pub removed: Vec<Endpoint>,
    /// Instances that say something else now.
    pub changed: Vec<Endpoint>,
    /// How many the backend lists now.
    pub total: usize,
    /// What the registry said about the answer.
    pub notes: Vec<Note>,
    /// Which of these changes another source told before.
    pub lags: Vec<Lag>,
}

/// An address that came or went later here than in another source.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Lag {
    /// The address.
    pub address: String,
    /// `added` or `removed`.
    pub change: &'static str,
    /// The source that told it first.
    pub behind: String,
    /// How much earlier.
    pub lag_ms: u64,
}

/// What a registry said about an answer.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Note {
    /// Stable word.
    pub kind: &'static str,
    /// The sentence.
    pub text: String,
}

/// One instance, as one registry lists it.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Endpoint {
    /// Where it listens.
    pub address: String,
    /// The registry's own name for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// `healthy`, `unchecked`, `warning`, `critical` or `draining`.
    pub status: &'static str,
    /// The registry's checks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Check>,
    /// Relative weight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
    /// SRV priority.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<u16>,
    /// Zone, datacenter or locality.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// The node that runs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Tags as registered.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Metadata as registered.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    /// How long the registry's word still holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl_ms: Option<u64>,
    /// The framework layout that was recognised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layout: Option<String>,
}

/// One check of a registry.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Check {
    /// The check's name.
    pub name: String,
    /// The registry's word.
    pub status: String,
    /// Its output.
    pub output: String,
}

/// A backend's watch changed its state.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Backend {
    /// The service.
    pub target: String,
    /// Which backend.
    pub backend: &'static str,
    /// What it is asked for.
    pub source: String,
    /// `watching`, `broken`, `recovered` or `ended`.
    pub status: &'static str,
    /// Why it broke.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Coded>,
    /// How long until it is asked again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_in_ms: Option<u64>,
    /// How long it had been broken, when it recovered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gap_ms: Option<u64>,
}

/// A stage of reaching an address was passed, or failed.
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
    /// The addresses a name stood for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resolved: Vec<String>,
    /// What TLS negotiated and showed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
    /// The server's SETTINGS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings: Option<Settings>,
    /// The response's content type, when it is not gRPC's; empty when there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Coded>,
}

/// What TLS negotiated and showed.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Tls {
    /// The name that was asked for and verified against.
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
    /// False when verification was switched off, or failed.
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

/// The server's first SETTINGS frame; what is absent was not sent.
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

/// An established connection ended.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Disconnect {
    /// The service.
    pub target: String,
    /// Whose.
    pub address: String,
    /// gRFC A94's word.
    pub reason: String,
    /// Our own detail.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// The GOAWAY that came before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goaway: Option<GoAway>,
    /// How long the connection had been without an RPC; absent when one was open on it.
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

/// What the session was still waiting for when it ended.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Pending {
    /// The service.
    pub target: String,
    /// The endpoint, when one is waited for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The registry's backend, when a registry is waited for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backend: Option<&'static str>,
    /// What that is queried for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The stage that waits: `resolve`, `tcp` (`unix`), `tls`, `http2` or `health`; absent between two attempts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<&'static str>,
    /// For what: `registry`, `turn`, `host_name`, `connect`, `tls_handshake`, `settings`, `health`, `serving`, `retry` or
    /// `policy`.
    pub awaits: &'static str,
    /// For how long.
    pub waited_ms: u64,
    /// The last result before this wait: a health status, or a failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// For people.
    pub text: String,
}

/// This process did not run for a while.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Stall {
    /// The service.
    pub target: String,
    /// When it stopped running, on the scale of `at_ms`.
    pub from_ms: u64,
    /// For how long.
    pub lasted_ms: u64,
}

/// The idle cycle went on to its next phase.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Idle {
    /// The service.
    pub target: String,
    /// `baseline`, `silence`, `idle`, `call`, `holding` or `done`.
    pub phase: &'static str,
    /// When the phase is expected to end, on the scale of `at_ms`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline_ms: Option<u64>,
    /// Endpoints that came and went since the baseline.
    pub changes: usize,
    /// What the call that ended this phase took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// The sentence for people.
    pub text: String,
}

/// What a call took, by stage.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Cost {
    /// How long the registry took for its first answer of this session: not waited for by our own channel, but by clients
    /// that ask anew when they leave IDLE.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolve_ms: Option<f64>,
    /// Connecting: TCP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tcp_ms: Option<f64>,
    /// Connecting: TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_ms: Option<f64>,
    /// Connecting: up to the server's SETTINGS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http2_ms: Option<f64>,
    /// The health RPC itself.
    pub health_ms: f64,
    /// From the start of the call to its answer, without `resolve_ms`.
    pub total_ms: f64,
}

/// What another framework's client would hold.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Lens {
    /// The service.
    pub target: String,
    /// What it holds.
    #[serde(flatten)]
    pub view: LensView,
}

/// What a client of a framework would hold, against the registry's list.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LensView {
    /// What `--as` selects it with: `kratos@2.7.2`.
    pub lens: String,
    /// For people: `kratos 2.5.4 to 2.7.2`.
    pub label: String,
    /// The addresses that its next call can be sent to.
    pub holds: Vec<String>,
    /// Listed as usable, and not held.
    pub missing: Vec<String>,
    /// Held, and not listed as usable.
    pub stale: Vec<String>,
    /// When it hears of the next change: `changes`, `after_a_failure`, `soon`, `next_call`, `never` or `never_and_hangs`.
    pub hears: &'static str,
    /// What would end a difference.
    pub recovers_by: &'static str,
    /// Why it is so.
    pub rule: &'static str,
}

/// The verdict on one endpoint.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Verdict {
    /// The service.
    pub target: String,
    /// Which endpoint.
    pub address: String,
    /// Which backends list it, and as what.
    pub listed: Vec<Listed>,
    /// The verdict's word.
    pub verdict: &'static str,
    /// Stage and cause.
    pub text: String,
}

/// Who lists an endpoint, and as what.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Listed {
    /// Which backend.
    pub backend: &'static str,
    /// As what.
    pub status: &'static str,
}

/// Something that was proved.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Finding {
    /// The service.
    pub target: String,
    /// `GD201`.
    pub code: &'static str,
    /// `ENDPOINT_REFUSED`.
    pub name: &'static str,
    /// `info`, `warn` or `critical`.
    pub severity: &'static str,
    /// The address it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// One sentence.
    pub text: String,
    /// `seq` of the events that prove it.
    pub evidence: Vec<u64>,
    /// What to do.
    pub remedy: String,
}

/// The end.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Summary {
    /// The service.
    pub target: String,
    /// `healthy`, `degraded`, `failed`, `unknown` or `out-of-time`.
    pub verdict: &'static str,
    /// The exit code.
    pub exit: u8,
    /// The verdict in one sentence.
    pub text: String,
    /// How many of what.
    pub counts: Counts,
}

/// How many of what.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Counts {
    /// Distinct addresses.
    pub endpoints: usize,
    /// Endpoints by verdict.
    pub verdicts: BTreeMap<&'static str, usize>,
    /// Findings by severity.
    pub findings: BTreeMap<&'static str, usize>,
    /// Transitions seen.
    pub transitions: usize,
}
