//! The search for the longest idle time that a path tolerates: rounds of connections that are kept idle at the same
//! time for different durations, each round within the limits that the previous one found. Pure.
//!
//! The first round covers the whole range, so it takes the longest idle time that was requested. The second one
//! starts as soon as the lowest limit is known and ends a little later than that limit. Together they take at most
//! about twice the longest idle time.

use std::time::Duration;

use crate::diagnosis::tolerance::{Proof, Tolerance};

/// Connections of the first round: adjacent idle times differ by a factor of 64^(1/7), which is 1.81.
const FIRST: u32 = 8;
/// The shortest idle time of the first round is the longest one divided by this.
const SPAN: f64 = 64.0;
/// Neighbors in a later round differ by at most this factor: slightly less than what counts as found.
const STEP: f64 = 1.08;
/// Maximum number of connections in a later round.
const MOST: u32 = 16;
/// Maximum number of rounds, even if the results contradict each other.
const ROUNDS: u32 = 4;

/// The search on one path.
#[derive(Debug)]
pub(super) struct Bisection {
    proofs: Vec<Proof>,
    /// Idle times whose result is not known yet.
    pending: Vec<Duration>,
    rounds: u32,
}

impl Bisection {
    /// A search up to `most`, and the idle times of its first round.
    pub fn start(most: Duration) -> (Bisection, Vec<Duration>) {
        let ratio = SPAN.powf(1.0 / f64::from(FIRST - 1));
        let times: Vec<Duration> =
            (0..FIRST).map(|index| most.mul_f64(ratio.powi(index as i32) / SPAN).min(most)).collect();
        (Bisection { proofs: Vec::new(), pending: times.clone(), rounds: 1 }, times)
    }

    /// Records the result of the connection that was to be idle for `idle_time`; returns the idle times of the next
    /// round, if one starts.
    pub fn learn(&mut self, idle_time: Duration, proof: Proof) -> Vec<Duration> {
        if let Some(at) = self.pending.iter().position(|pending| *pending == idle_time) {
            self.pending.swap_remove(at);
        }
        self.proofs.push(proof);
        let times = self.next_round();
        if !times.is_empty() {
            self.rounds += 1;
            self.pending.extend(&times);
        }
        times
    }

    fn next_round(&self) -> Vec<Duration> {
        let known = Tolerance::of(self.proofs.iter().copied());
        let (Some(low), Some(high)) = (known.survived, known.cut) else { return Vec::new() };
        let undecided = self.pending.iter().any(|pending| *pending > low && *pending < high);
        if undecided || known.is_close() || self.rounds >= ROUNDS {
            return Vec::new();
        }
        let ratio = high.as_secs_f64() / low.as_secs_f64().max(f64::EPSILON);
        // The casts saturate, and the count is bounded.
        let count = ((ratio.ln() / STEP.ln()).ceil() as u32).saturating_sub(1).clamp(1, MOST);
        let step = ratio.powf(1.0 / f64::from(count + 1));
        (1..=count).map(|index| low.mul_f64(step.powi(index as i32)).min(high)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A path: the result of a connection that is idle for this long, and when it is known.
    type Path<'a> = &'a dyn Fn(Duration) -> (Proof, Duration);

    const WAIT: Duration = Duration::from_secs(5);

    fn seconds(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    /// Silently drops connections that were idle for `limit`.
    fn drops(limit: Duration) -> impl Fn(Duration) -> (Proof, Duration) {
        move |idle_time| match idle_time < limit {
            true => (Proof::Survived(idle_time), idle_time),
            false => (Proof::Cut(idle_time), idle_time + WAIT),
        }
    }

    /// Runs a search to its end: the result, how long it took, how many connections it needed.
    fn search(most: Duration, path: Path) -> (Tolerance, Duration, usize) {
        let (mut search, times) = Bisection::start(most);
        let mut count = times.len();
        let mut waiting: Vec<(Duration, Duration)> = times.into_iter().map(|s| (path(s).1, s)).collect();
        let mut now = Duration::ZERO;
        while !waiting.is_empty() {
            waiting.sort_unstable();
            let (at, idle_time) = waiting.remove(0);
            now = at;
            let times = search.learn(idle_time, path(idle_time).0);
            count += times.len();
            waiting.extend(times.into_iter().map(|idle_time| (now + path(idle_time).1, idle_time)));
        }
        (Tolerance::of(search.proofs), now, count)
    }

    #[test]
    fn every_limit_is_found_within_a_tenth_and_within_twice_the_time() {
        for most in [6.0, 60.0, 600.0] {
            for percent in 2..100 {
                let limit = seconds(most * f64::from(percent) / 100.0);
                let (found, took, count) = search(seconds(most), &drops(limit));
                assert!(found.is_close(), "{limit:?} of {most}: {found:?}");
                let (low, high) = (found.survived.unwrap(), found.cut.unwrap());
                assert!(low < limit && limit <= high, "{limit:?}: {found:?}");
                assert!(took <= seconds(2.0 * most) + 2 * WAIT, "{limit:?} of {most} took {took:?}");
                assert!(count <= 8 + 16, "{count} connections");
            }
        }
    }

    #[test]
    fn twenty_seconds_of_sixty_take_a_good_minute() {
        let (found, took, count) = search(seconds(60.0), &drops(seconds(20.0)));
        assert!(found.survived.unwrap() > seconds(18.2) && found.cut.unwrap() < seconds(22.0), "{found:?}");
        assert!(took < seconds(75.0) && count <= 16, "{took:?}, {count} connections");
    }

    #[test]
    fn an_end_that_is_seen_in_the_idle_period_is_the_limit_itself() {
        let resets = |idle_time: Duration| match idle_time < seconds(20.0) {
            true => (Proof::Survived(idle_time), idle_time),
            false => (Proof::Cut(seconds(20.0)), seconds(20.0)),
        };
        let (found, took, _) = search(seconds(60.0), &resets);
        assert_eq!(found.cut, Some(seconds(20.0)));
        assert!(took < seconds(45.0), "{took:?}");
    }

    #[test]
    fn longer_than_the_limit_and_shorter_than_the_first_time_are_results() {
        let (found, took, count) = search(seconds(60.0), &drops(seconds(1_000.0)));
        assert_eq!((found.survived, found.cut), (Some(seconds(60.0)), None));
        assert_eq!((took, count), (seconds(60.0), 8));
        let (found, _, count) = search(seconds(60.0), &drops(seconds(0.1)));
        assert_eq!((found.survived, count), (None, 8));
        assert!(found.cut.unwrap() < seconds(1.0));
    }

    #[test]
    fn an_outlier_costs_a_round_and_hides_nothing() {
        let restarted = seconds(60.0).mul_f64(64f64.powf(3.0 / 7.0) / 64.0);
        let once = std::cell::Cell::new(0);
        let path = |idle_time: Duration| {
            if idle_time == restarted {
                once.set(once.get() + 1);
                return (Proof::Cut(idle_time), idle_time + WAIT);
            }
            drops(seconds(40.0))(idle_time)
        };
        let (found, took, _) = search(seconds(60.0), &path);
        assert!(found.is_close() && found.survived.unwrap() < seconds(40.0), "{found:?}");
        assert_eq!(found.contradictions, [restarted]);
        assert!(took <= seconds(130.0), "{took:?}");
    }

    #[test]
    fn connections_that_prove_nothing_end_the_search() {
        for path in
            [&|idle_time| (Proof::Nothing, idle_time) as (Proof, Duration), &|s: Duration| match s < seconds(5.0) {
                true => (Proof::Survived(s), s),
                false => (Proof::Ruled(seconds(5.0)), seconds(5.0)),
            }] as [Path; 2]
        {
            let (found, _, count) = search(seconds(60.0), path);
            assert_eq!((found.cut, count), (None, 8));
        }
        // The server stops for good after the first round.
        let calls = std::cell::Cell::new(0);
        let gone = |idle_time| {
            calls.set(calls.get() + 1);
            if calls.get() > 60 { (Proof::Nothing, idle_time) } else { drops(seconds(20.0))(idle_time) }
        };
        let (_, took, _) = search(seconds(60.0), &gone);
        assert!(took <= seconds(200.0));
    }
}
