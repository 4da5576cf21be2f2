//! The types of what a session does and waits for.

use serde::Serialize;

/// What the session was still waiting for when it ended.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Pending {
    /// The service.
    pub target: String,
    /// The endpoint, if the session waits for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The registry's backend, if the session waits for a registry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backend: Option<&'static str>,
    /// The source as queried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The pending stage: `resolve`, `tcp` (`unix`), `tls`, `http2` or `health`; absent between two attempts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<&'static str>,
    /// What it waits for: `registry`, `turn`, `host_name`, `connect`, `tls_handshake`, `settings`, `health`,
    /// `serving`, `retry` or `policy`.
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

/// The idle cycle entered its next phase.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Idle {
    /// The service.
    pub target: String,
    /// `baseline`, `waiting`, `idle`, `call`, `checking` or `done`.
    pub phase: &'static str,
    /// When the phase is expected to end, on the scale of `at_ms`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline_ms: Option<u64>,
    /// Endpoints added or removed since the baseline.
    pub changes: usize,
    /// The cost of the call that ended this phase.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// The sentence for people.
    pub text: String,
}

/// The cost of a call, by stage.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Cost {
    /// How long the registry took for its first response of this session. Our own channel does not wait for it;
    /// clients that query again when they leave IDLE do.
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
    /// From the start of the call to its response, without `resolve_ms`.
    pub total_ms: f64,
}

/// What a client of another framework would hold.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Lens {
    /// The service.
    pub target: String,
    /// What it would hold.
    #[serde(flatten)]
    pub view: LensView,
}

/// What a client of a framework would hold, compared with the registry's list.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LensView {
    /// The value of `--as` that selects it: `kratos@2.7.2`.
    pub lens: String,
    /// For people: `kratos 2.5.4 to 2.7.2`.
    pub label: String,
    /// The addresses that its next call can be sent to.
    pub holds: Vec<String>,
    /// Listed as usable, but not held.
    pub missing: Vec<String>,
    /// Held, but not listed as usable.
    pub stale: Vec<String>,
    /// When it notices the next change: `changes`, `after_a_failure`, `soon`, `next_call`, `never` or
    /// `never_and_hangs`.
    pub hears: &'static str,
    /// What would resolve a difference.
    pub recovers_by: &'static str,
    /// The rule behind it.
    pub rule: &'static str,
}
