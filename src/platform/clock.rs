//! Deadlines.

use std::time::Duration;

use tokio::time::Instant;

/// So far away that nothing waits for it: 30 years.
const FAR: Duration = Duration::from_secs(30 * 365 * 24 * 3600);

/// The instant that is `limit` from now; one that never comes where the clock does not reach so far (`Duration::MAX` for "no
/// limit"). `Instant + Duration` panics there.
pub fn after(limit: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(limit.min(FAR)).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_limit_without_an_end_is_a_deadline_that_never_comes() {
        assert_eq!(after(Duration::from_secs(5)) - Instant::now(), Duration::from_secs(5));
        assert_eq!(after(Duration::MAX) - Instant::now(), FAR);
    }
}
