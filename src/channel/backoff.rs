//! How long to wait between attempts (`doc/connection-backoff.md`, grpc-go `internal/backoff/backoff.go`).
//!
//! The first delay is the base, without jitter; each failure multiplies it; the result is capped and then jittered,
//! so a delay may exceed the cap by the jitter. Deviation D1: a delay is counted from the *start* of the attempt.

use std::time::Duration;

use super::Backoff;

/// Consecutive failures, and the delays that result from them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Attempts {
    failures: u32,
}

impl Attempts {
    /// The delay of the attempt that starts now: the next one may start this long after it.
    pub(super) fn delay(self, policy: &Backoff, random: &mut fastrand::Rng) -> Duration {
        if self.failures == 0 {
            return policy.base;
        }
        let max = policy.max.as_secs_f64();
        // The limit of the exponent keeps the power finite; the limit of the delay was reached long before.
        let grown = policy.base.as_secs_f64() * policy.multiplier.powi(self.failures.min(512) as i32);
        let jittered = grown.min(max) * (1.0 + policy.jitter * (random.f64() * 2.0 - 1.0));
        Duration::try_from_secs_f64(jittered).unwrap_or(policy.max)
    }

    /// Counts another failure.
    pub(super) fn failed(&mut self) {
        self.failures = self.failures.saturating_add(1);
    }

    /// Resets the count, after a success or on request.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }

    /// The number of the attempt that starts now: 1, 2, 3 …
    pub(super) fn number(self) -> u32 {
        self.failures.saturating_add(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delays(policy: &Backoff, count: u32) -> Vec<f64> {
        let mut random = fastrand::Rng::with_seed(7);
        (0..count).map(|failures| Attempts { failures }.delay(policy, &mut random).as_secs_f64()).collect()
    }

    #[test]
    fn grows_by_the_multiplier_up_to_the_cap() {
        let plain = Backoff { jitter: 0.0, ..Backoff::default() };
        let expected = [1.0, 1.6, 2.56, 4.096, 6.5536];
        for (got, want) in delays(&plain, 5).iter().zip(expected) {
            assert!((got - want).abs() < 1e-9, "{got} is not {want}");
        }
        assert_eq!(delays(&plain, 40)[39], 120.0);
    }

    #[test]
    fn jitters_every_delay_but_the_first() {
        let policy = Backoff::default();
        let mut random = fastrand::Rng::with_seed(1);
        let mut seen = (f64::MAX, f64::MIN);
        for _ in 0..2000 {
            assert_eq!(Attempts { failures: 0 }.delay(&policy, &mut random), policy.base);
            let delay = Attempts { failures: 100 }.delay(&policy, &mut random).as_secs_f64();
            assert!((96.0..=144.0).contains(&delay), "{delay}");
            seen = (seen.0.min(delay), seen.1.max(delay));
        }
        assert!(seen.0 < 98.0 && seen.1 > 142.0, "the whole range is used: {seen:?}");
    }

    #[test]
    fn thousands_of_failures_do_not_overflow() {
        let policy = Backoff { base: Duration::ZERO, jitter: 0.0, ..Backoff::default() };
        let mut random = fastrand::Rng::with_seed(1);
        assert_eq!(Attempts { failures: u32::MAX }.delay(&policy, &mut random), Duration::ZERO);
        let wild = Backoff { multiplier: f64::MAX, ..Backoff::default() };
        assert!(Attempts { failures: u32::MAX }.delay(&wild, &mut random) <= Duration::from_secs(144));
        let mut attempts = Attempts { failures: u32::MAX };
        attempts.failed();
        assert_eq!(attempts.number(), u32::MAX);
    }
}
