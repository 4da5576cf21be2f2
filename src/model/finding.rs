//! Findings and the summary: what the events mean.

use std::fmt;

use super::cause::{CauseCount, EndpointCause};
use super::endpoint::Address;
use super::verdict::{EndpointVerdict, Verdict};

/// How severe a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; changes no verdict.
    Info,
    /// The service is usable, and something about it is wrong.
    Warn,
    /// Clients fail, or will.
    Critical,
}

impl Severity {
    /// The word in the output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One entry of the findings catalog: the same text is used by the engine, `explain`, docs/findings.md and the tests.
#[derive(Debug, PartialEq, Eq)]
pub struct FindingKind {
    /// `GD201`; never changes its meaning.
    pub code: &'static str,
    /// `ENDPOINT_REFUSED`.
    pub name: &'static str,
    /// Its severity.
    pub severity: Severity,
    /// What it means, in one or two sentences.
    pub meaning: &'static str,
    /// What proves it.
    pub proof: &'static str,
    /// What to do about it.
    pub remedy: &'static str,
    /// Where to read on: specifications, issue threads.
    pub links: &'static [&'static str],
}

/// A finding: a [`FindingKind`] with its subject and the events that prove it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The entry of the catalog.
    pub kind: &'static FindingKind,
    /// The address it is about, if any.
    pub address: Option<Address>,
    /// The cause, when it is all that the finding reports of its address: several such findings are one sentence.
    pub cause: Option<EndpointCause>,
    /// One sentence: address, stage, cause in the peer's own words.
    pub text: String,
    /// Sequence numbers of the events that prove it; never empty.
    pub evidence: Vec<u64>,
    /// The next command to run, or the next step.
    pub remedy: String,
}

/// The last event of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The verdict on the service.
    pub verdict: Verdict,
    /// The process's exit code: that of the verdict, unless `--fail-on` relaxed it.
    pub exit: u8,
    /// The verdict in one sentence.
    pub text: String,
    /// Endpoints by verdict.
    pub counts: Counts,
}

/// How many endpoints have which verdict, and how many events there were.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    /// Distinct addresses that any backend listed.
    pub endpoints: usize,
    /// Endpoints per verdict word, only those above 0, in the order of [`EndpointVerdict`].
    pub verdicts: Vec<(EndpointVerdict, usize)>,
    /// Why listed endpoints do not count as healthy, worst first. With the healthy ones they add up to the listed ones.
    pub causes: Vec<CauseCount>,
    /// Findings per severity: info, warn, critical.
    pub findings: [usize; 3],
    /// Findings that do not count, because the user ignores them.
    pub ignored: usize,
    /// Transitions seen.
    pub transitions: usize,
}
