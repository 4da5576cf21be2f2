//! The types of verdicts, findings and the summary.

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
    /// Which backends list it, and with which status.
    pub listed: Vec<Listed>,
    /// The verdict.
    pub verdict: &'static str,
    /// Stage and cause.
    pub text: String,
}

/// A backend that lists an endpoint, and the status it reports.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Listed {
    /// Which backend.
    pub backend: &'static str,
    /// The status.
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

/// The summary.
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
    /// The counts.
    pub counts: Counts,
}

/// The counts.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Counts {
    /// Distinct addresses.
    pub endpoints: usize,
    /// Endpoints by verdict.
    pub verdicts: BTreeMap<&'static str, usize>,
    /// Findings by severity.
    pub findings: BTreeMap<&'static str, usize>,
    /// Number of transitions.
    pub transitions: usize,
}
