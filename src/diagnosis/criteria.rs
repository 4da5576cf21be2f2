//! The criteria of a session's verdict: what is good enough, and how far the session looked.

use std::time::Duration;

use crate::model::endpoint::Address;
use crate::model::finding::{Finding, FindingKind, Severity};

/// The default of `--warn-expiry`: two weeks are enough time to renew, and shorter than the lead of most automatic
/// renewals.
const WARN_EXPIRY: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// What is good enough.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Criteria {
    /// The lowest severity that makes the exit code non-zero; `None` is `--fail-on never`.
    pub fail_on: Option<Severity>,
    /// The minimum number of healthy endpoints: fewer are a failure (exit 2), and with enough of them, faults of
    /// single endpoints no longer make the exit code non-zero.
    pub min_ready: Option<MinReady>,
    /// Addresses that must be listed (`--expect`).
    pub expect: Vec<Address>,
    /// Findings that are known and accepted (`--ignore`): they are counted, and change no verdict.
    pub ignore: Vec<Ignored>,
    /// A certificate that expires sooner than this gets a warning (`--warn-expiry`); none when zero.
    pub warn_expiry: Duration,
}

impl Default for Criteria {
    fn default() -> Self {
        Criteria {
            fail_on: Some(Severity::Warn),
            min_ready: None,
            expect: Vec::new(),
            ignore: Vec::new(),
            warn_expiry: WARN_EXPIRY,
        }
    }
}

/// Findings that do not count: `--ignore GD501`, or `--ignore GD501=10.0.0.7:50051`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ignored {
    /// The kind of the finding.
    pub kind: &'static FindingKind,
    /// At this address only; `None`: everywhere.
    pub address: Option<Address>,
}

impl Ignored {
    /// True for a finding that does not count.
    pub fn covers(&self, finding: &Finding) -> bool {
        let here = self.address.as_ref().is_none_or(|address| finding.address.as_ref() == Some(address));
        here && self.kind == finding.kind
    }
}

/// `--min-ready`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MinReady {
    /// This many endpoints.
    Count(usize),
    /// This share of the listed endpoints, in percent.
    Percent(u8),
}

/// Whether addresses were contacted at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Depth {
    /// Only the registries were queried (`resolve`).
    Registries,
    /// Addresses were contacted too.
    Network,
    /// Running clients were read, and compared with the registries (`client`, `who`).
    Clients,
}
