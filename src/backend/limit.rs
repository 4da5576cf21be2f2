//! The time limit for a registry's first response.

use std::time::Duration;

use super::Settings;

/// The default when neither `--resolve-timeout` nor a registry's own setting is given.
pub(super) const DEFAULT: Duration = Duration::from_secs(5);

impl Settings {
    /// Time limit for the first response: `--resolve-timeout`, or [`DEFAULT`].
    pub(super) fn response_limit(&self) -> Duration {
        self.response_limit_or(DEFAULT)
    }

    /// The same, with a registry's own limit instead of the default one.
    pub(super) fn response_limit_or(&self, own: Duration) -> Duration {
        if self.resolve_timeout.is_zero() { own } else { self.resolve_timeout }
    }
}
