//! Moments that never overflow.

use std::time::Duration;

use tokio::time::Instant;

/// Longer than any session: the result for a time that overflows.
const FAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The moment `time` after `now`, whatever the length of `time`.
pub(super) fn later(now: Instant, time: Duration) -> Instant {
    now.checked_add(time).unwrap_or(now + FAR)
}
