//! The shapes of verdicts, findings and the summary.

use std::collections::BTreeMap;

use serde::Serialize;

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
    /// `healthy`, `degraded`, `failed`, `unknown` or `timed-out`.
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
