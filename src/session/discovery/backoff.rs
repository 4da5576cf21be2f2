//! When a source that failed is queried again. One backoff for every backend.

use std::time::Duration;

use crate::model::resolution::{ResolveCode, ResolveFailure};
use crate::model::time::Elapsed;

/// First delay before a broken source is queried again; grows by [`GROWTH`] up to what [`longest`] allows.
const FIRST: Duration = Duration::from_millis(500);
const GROWTH: f64 = 1.6;
/// A watch that lasted this long counts as a success: earlier failures no longer count.
const LIVED: Duration = Duration::from_secs(10);
/// The longest delay that a registry can request with `Retry-After`.
const LONGEST_WISH: Duration = Duration::from_secs(5 * 60);

/// The longest delay after a failure.
fn longest(failure: Option<&ResolveFailure>) -> Duration {
    match failure.map(|failure| failure.code) {
        // Permissions that are granted again produce no event: a change after that must be seen within 5 s.
        Some(ResolveCode::Denied | ResolveCode::Hidden) => Duration::from_secs(3),
        Some(ResolveCode::Limited) => Duration::from_secs(30),
        // A registry that responds again must be noticed within seconds.
        _ => Duration::from_secs(5),
    }
}

/// How long a refresh waits after a failure whose regular delay is `delay`: the first delay of the backoff, unless the
/// registry limits queries or refuses them.
pub fn refresh_delay(delay: Duration, failure: Option<&ResolveFailure>) -> Duration {
    let is_refused = failure.is_some_and(|failure| {
        failure.retry_after.is_some()
            || matches!(failure.code, ResolveCode::Limited | ResolveCode::Denied | ResolveCode::Hidden)
    });
    if is_refused { delay } else { delay.min(FIRST) }
}

/// The failures of one source.
#[derive(Debug, Clone, Default)]
pub struct Backoff {
    /// Consecutive failures.
    failures: u32,
    /// When its current watch started.
    answered: Option<Elapsed>,
}

impl Backoff {
    /// The source responded.
    pub fn answered(&mut self, now: Elapsed) {
        self.answered.get_or_insert(now);
    }

    /// The source failed: returns how long to wait before it is queried again. `random` from 0 to 1 spreads the delay
    /// by 20 % either way.
    pub fn failed(&mut self, now: Elapsed, failure: Option<&ResolveFailure>, random: f64) -> Duration {
        match self.answered.take() {
            Some(since) if now.since(since) >= LIVED => self.failures = 0,
            // The list is valid and its watch is refused: every new attempt costs a whole list, so it counts twice.
            Some(_) if self.failures > 0 => self.failures = self.failures.saturating_add(1),
            Some(_) | None => {}
        }
        let exponent = i32::try_from(self.failures.min(16)).unwrap_or(16);
        self.failures = self.failures.saturating_add(1);
        let delay = FIRST.mul_f64(GROWTH.powi(exponent)).min(longest(failure)).mul_f64(0.8 + 0.4 * random);
        let wish = failure.and_then(|failure| failure.retry_after).unwrap_or_default();
        delay.max(wish.min(LONGEST_WISH))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> Elapsed {
        Elapsed::new(Duration::from_secs_f64(seconds))
    }

    /// The moments of the queries within `end` seconds, when each is answered and its watch then fails with `code`.
    fn queries(code: ResolveCode, end: f64) -> Vec<f64> {
        let (mut backoff, failure) = (Backoff::default(), ResolveFailure::new(code, "refused"));
        let (mut moments, mut now) = (Vec::new(), 0.0);
        while now < end {
            moments.push(now);
            backoff.answered(at(now));
            now += backoff.failed(at(now), Some(&failure), 0.0).as_secs_f64();
        }
        moments
    }

    #[test]
    fn a_watch_that_is_refused_backs_off_although_the_list_is_answered() {
        let moments = queries(ResolveCode::ServerError, 10.0);
        assert!(moments.len() <= 5, "{moments:?}");
        let delays: Vec<f64> = moments.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(delays.is_sorted(), "{delays:?}");
    }

    #[test]
    fn a_watch_that_lived_makes_earlier_failures_count_no_longer() {
        let mut backoff = Backoff::default();
        for _ in 0..9 {
            backoff.failed(at(0.0), None, 0.5);
        }
        assert_eq!(backoff.failed(at(0.0), None, 0.5), Duration::from_secs(5));
        backoff.answered(at(10.0));
        assert_eq!(backoff.failed(at(15.0), None, 0.5), Duration::from_secs(5), "five seconds prove nothing");
        backoff.answered(at(20.0));
        backoff.answered(at(29.0));
        assert_eq!(backoff.failed(at(30.0), None, 0.5), FIRST);
    }

    #[test]
    fn lost_rights_are_tried_often_enough_to_see_a_change_within_five_seconds() {
        let (mut backoff, denied) = (Backoff::default(), ResolveFailure::new(ResolveCode::Denied, "403"));
        let longest = (0..20).map(|_| backoff.failed(at(0.0), Some(&denied), 1.0)).max();
        assert!(longest.is_some_and(|longest| longest < Duration::from_secs(4)), "{longest:?}");
    }

    #[test]
    fn retry_after_counts_up_to_five_minutes() {
        let mut failure = ResolveFailure::new(ResolveCode::Limited, "429");
        for (requested, waited) in [(17, 17), (3600, 300)] {
            failure.retry_after = Some(Duration::from_secs(requested));
            assert_eq!(Backoff::default().failed(at(0.0), Some(&failure), 0.5), Duration::from_secs(waited));
        }
    }
}
