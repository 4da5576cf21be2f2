//! Deadlines.

use std::time::Duration;

use tokio::time::Instant;

/// Far enough in the future that no wait reaches it: 30 years.
const FAR: Duration = Duration::from_secs(30 * 365 * 24 * 3600);

/// The instant `limit` from now; one that is never reached if the clock's range is exceeded (`Duration::MAX` for "no
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
