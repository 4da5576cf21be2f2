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
    /// Why it does not count as healthy; absent if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// Stage and cause.
    pub text: String,
}

/// Why an endpoint does not count as healthy.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Cause {
    /// A stable code: `connection_refused`, `not_serving`.
    pub code: &'static str,
    /// The stage that failed, or that was waiting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<&'static str>,
    /// For people.
    pub text: String,
}

/// How many endpoints have a cause in common.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CauseCount {
    /// The cause.
    #[serde(flatten)]
    pub cause: Cause,
    /// How many endpoints have it.
    pub count: usize,
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
    /// The cause, when it is all that the finding reports of its address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
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
    /// Why listed endpoints do not count as healthy, worst first. With the healthy ones they add up to the listed ones.
    pub causes: Vec<CauseCount>,
    /// Findings by severity.
    pub findings: BTreeMap<&'static str, usize>,
    /// Findings that `--ignore` names; they are not among the findings.
    pub ignored: usize,
    /// Number of transitions.
    pub transitions: usize,
}
