//! Findings, verdicts and the summary: what the events mean.

use std::fmt;

use super::endpoint::Address;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; changes no verdict.
    Info,
    /// The service is usable, something about it is wrong.
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

/// One entry of the findings table: the same text feeds the engine, `explain`, docs/findings.md and the tests.
#[derive(Debug, PartialEq, Eq)]
pub struct FindingKind {
    /// `GD201`; never changes its meaning.
    pub code: &'static str,
    /// `ENDPOINT_REFUSED`.
    pub name: &'static str,
    /// How bad it is.
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
    /// The entry of the table.
    pub kind: &'static FindingKind,
    /// The address it is about, where it is about one.
    pub address: Option<Address>,
    /// One sentence: address, stage, cause in the peer's own words.
    pub text: String,
    /// Sequence numbers of the events that prove it; never empty.
    pub evidence: Vec<u64>,
    /// The next command to type, or the next thing to do here.
    pub remedy: String,
}

/// The verdict on one endpoint: what the registries say x what the network says (product contract, section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EndpointVerdict {
    /// Listed, reached, SERVING (or no health service to ask).
    Healthy,
    /// Reached and serving before the registry calls it healthy.
    Early,
    /// On its way out on purpose.
    Draining,
    /// On its way out on purpose, and gone already.
    Drained,
    /// Reached; its own health service says it does not serve.
    Unhealthy,
    /// Reached and not serving, while the registry calls it healthy: the registry's check is too weak.
    UnhealthyUnnoticed,
    /// Listed as usable and not reached.
    Unreachable,
    /// Listed as healthy, and dead: nothing answers there.
    Zombie,
    /// Still listed by somebody, gone from the authority.
    Stale,
    /// The registry warns of it, and nothing answers there.
    Down,
    /// The registry calls it critical, and nothing answers there: an entry that nobody has removed.
    Ghost,
    /// The registry calls it critical, yet it serves: the check is wrong.
    CheckWrong,
    /// Speaks, but not the protocol that clients will use (TLS, ALPN, HTTP/1).
    Mismatch,
    /// Speaks TLS, and no connection comes about: certificates, versions, cipher suites.
    TlsFailed,
    /// It serves and no registry lists it any more.
    Unregistered,
    /// Its lease is gone, and nothing serves there.
    Orphan,
    /// Its lease is gone, yet it serves.
    OrphanAlive,
    /// Listed by a registry that runs no checks; not contacted.
    Listed,
    /// Every check of its registry passes; not contacted.
    Passing,
    /// A check of its registry warns, or it is not ready yet; not contacted.
    Warning,
    /// A check of its registry fails; not contacted.
    Critical,
    /// It could not be judged.
    Unknown,
}

impl EndpointVerdict {
    /// The word in the output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Early => "early",
            Self::Draining => "draining",
            Self::Drained => "drained",
            Self::Unhealthy => "unhealthy",
            Self::UnhealthyUnnoticed => "unhealthy-unnoticed",
            Self::Unreachable => "unreachable",
            Self::Zombie => "zombie",
            Self::Stale => "stale",
            Self::Down => "down",
            Self::Ghost => "ghost",
            Self::CheckWrong => "check-wrong",
            Self::Mismatch => "mismatch",
            Self::TlsFailed => "tls-failed",
            Self::Unregistered => "unregistered",
            Self::Orphan => "orphan",
            Self::OrphanAlive => "orphan-alive",
            Self::Listed => "listed",
            Self::Passing => "passing",
            Self::Warning => "warning",
            Self::Critical => "critical",
            Self::Unknown => "unknown",
        }
    }

    /// True when nothing is wrong with the endpoint, as far as it was looked at.
    pub const fn is_good(self) -> bool {
        matches!(self, Self::Healthy | Self::Passing | Self::Listed)
    }

    /// What follows "is" in a sentence: `unreachable`, `a zombie`.
    pub const fn predicate(self) -> &'static str {
        match self {
            Self::UnhealthyUnnoticed => "unhealthy, which its registry has not noticed",
            Self::Zombie => "a zombie",
            Self::Ghost => "a ghost",
            Self::CheckWrong => "called critical by a check that is wrong",
            Self::Mismatch => "speaking another protocol",
            Self::TlsFailed => "failing the TLS handshake",
            Self::Orphan => "an orphan",
            Self::OrphanAlive => "an orphan that serves",
            Self::Healthy
            | Self::Early
            | Self::Draining
            | Self::Drained
            | Self::Unhealthy
            | Self::Unreachable
            | Self::Stale
            | Self::Down
            | Self::Unregistered
            | Self::Listed
            | Self::Passing
            | Self::Warning
            | Self::Critical
            | Self::Unknown => self.as_str(),
        }
    }
}

/// The verdict on the service; its number is the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    /// 0: nothing at or above the threshold.
    Healthy,
    /// 0: the registries list usable endpoints and nothing is wrong with the lists; no endpoint was contacted (`resolve`).
    Usable,
    /// 1: usable, but something is stale, unreachable, unhealthy, or backends disagree.
    Degraded,
    /// 2: no usable endpoint, or the registry says with authority that there is none.
    Failed,
    /// 3: could not judge.
    Unknown,
    /// 124: the time given to the session passed before a verdict.
    OutOfTime,
}

impl Verdict {
    /// The word in the output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Usable => "usable",
            Self::Degraded => "degraded",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::OutOfTime => "out-of-time",
        }
    }

    /// The exit code (product contract, section 5).
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Healthy | Self::Usable => 0,
            Self::Degraded => 1,
            Self::Failed => 2,
            Self::Unknown => 3,
            Self::OutOfTime => 124,
        }
    }
}

/// The last event of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The verdict on the service.
    pub verdict: Verdict,
    /// The process's exit code: the verdict's, unless `--fail-on` softened it.
    pub exit: u8,
    /// The verdict in one sentence.
    pub text: String,
    /// Endpoints by verdict.
    pub counts: Counts,
}

/// How many endpoints got which verdict, and how much happened.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    /// Distinct addresses that any backend listed.
    pub endpoints: usize,
    /// Endpoints per verdict word, only those above 0, in the order of [`EndpointVerdict`].
    pub verdicts: Vec<(EndpointVerdict, usize)>,
    /// Findings per severity: info, warn, critical.
    pub findings: [usize; 3],
    /// Transitions seen.
    pub transitions: usize,
}
