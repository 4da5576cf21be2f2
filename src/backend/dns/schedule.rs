//! When to query again, PURE: a function of when the answer arrived, how long it is valid, and whether a hint
//! requested a query.

use std::time::Duration;

use crate::model::time::Elapsed;

/// Longest time between two queries without `--dns-interval`.
pub(super) const LONGEST: Duration = Duration::from_secs(5);
/// A shorter TTL is not followed: it would cause too many queries.
const SHORTEST: Duration = Duration::from_secs(1);
/// Minimum time between an answer and the next query, however many hints arrive.
const FLOOR: Duration = Duration::from_millis(200);

/// How often to query.
#[derive(Debug, Clone, Copy)]
pub(super) struct Schedule {
    shortest: Duration,
    longest: Duration,
}

impl Schedule {
    /// `interval` is the longest time between two queries; a value from the user may be shorter than [`SHORTEST`].
    pub(super) fn new(interval: Option<Duration>) -> Self {
        let longest = interval.unwrap_or(LONGEST).max(FLOOR);
        Schedule { shortest: SHORTEST.min(longest), longest }
    }

    /// When to query after an answer that arrived at `answered` and is valid for `ttl` (`None`: unknown).
    pub(super) fn after(&self, answered: Elapsed, ttl: Option<Duration>) -> Elapsed {
        answered + ttl.unwrap_or(self.longest).clamp(self.shortest, self.longest)
    }

    /// When to query after the same answer because a connection failed at `hinted`.
    pub(super) fn hinted(&self, answered: Elapsed, hinted: Elapsed) -> Elapsed {
        hinted.max(answered + FLOOR)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWERED: Elapsed = Elapsed::from_secs(100);

    fn wait(interval: Option<u64>, ttl: Option<u64>) -> u64 {
        let schedule = Schedule::new(interval.map(Duration::from_millis));
        let next = schedule.after(ANSWERED, ttl.map(Duration::from_millis));
        next.since(ANSWERED).as_millis() as u64
    }

    #[test]
    fn the_ttl_is_followed_within_its_bounds() {
        assert_eq!(wait(None, Some(3_000)), 3_000);
        assert_eq!(wait(None, Some(0)), 1_000, "a TTL of zero causes no flood");
        assert_eq!(wait(None, Some(86_400_000)), 5_000, "a long TTL does not hide a change");
        assert_eq!(wait(None, None), 5_000);
        assert_eq!(wait(Some(60_000), Some(30_000)), 30_000);
        assert_eq!(wait(Some(500), Some(30_000)), 500, "the user's setting has priority");
        assert_eq!(wait(Some(0), Some(0)), 200);
    }

    #[test]
    fn a_hint_causes_a_query_at_once_but_not_without_limit() {
        let schedule = Schedule::new(None);
        let hinted = |after_ms| schedule.hinted(ANSWERED, ANSWERED + Duration::from_millis(after_ms)).since(ANSWERED);
        assert_eq!(hinted(0), Duration::from_millis(200));
        assert_eq!(hinted(150), Duration::from_millis(200));
        assert_eq!(hinted(2_000), Duration::from_secs(2));
    }
}
