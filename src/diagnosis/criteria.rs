//! What a session is judged by: what is good enough, and how far it looked.

use std::time::Duration;

use crate::model::endpoint::Address;
use crate::model::finding::Severity;

/// `--warn-expiry` unless it is given: two weeks are time enough to renew, and shorter than most renewals come early.
const WARN_EXPIRY: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// What is good enough.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Judging {
    /// The least severity that spoils the exit code; `None` is `--fail-on never`.
    pub fail_on: Option<Severity>,
    /// So many healthy endpoints are enough: fewer are a failure (exit 2), and with enough of them what is wrong with
    /// single endpoints no longer spoils the exit code.
    pub min_ready: Option<MinReady>,
    /// Addresses that must be listed (`--expect`).
    pub expect: Vec<Address>,
    /// A certificate that ends sooner than this is worth a warning (`--warn-expiry`); none is when zero.
    pub warn_expiry: Duration,
}

impl Default for Judging {
    fn default() -> Self {
        Judging { fail_on: Some(Severity::Warn), min_ready: None, expect: Vec::new(), warn_expiry: WARN_EXPIRY }
    }
}

/// `--min-ready`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MinReady {
    /// This many endpoints.
    Count(usize),
    /// This share of the listed ones, in percent.
    Percent(u8),
}

/// Whether addresses were contacted at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Depth {
    /// Only the registries were asked (`resolve`).
    Registries,
    /// Addresses were contacted too.
    Network,
}
