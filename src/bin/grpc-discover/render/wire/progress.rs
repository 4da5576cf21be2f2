//! The shapes of what a session does and waits for.

use serde::Serialize;

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
