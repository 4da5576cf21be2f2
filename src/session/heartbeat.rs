//! Detects times in which this process did not run: a late heartbeat shows one, and timeouts during that time prove
//! nothing about the peers.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::platform::clock;
use tokio::time::{Instant, sleep_until};

/// Time between two beats.
const BEAT: Duration = Duration::from_millis(100);
/// A beat that is later than this shows a stall.
const LATE: Duration = Duration::from_millis(250);
/// How many stalls are kept until they are taken; older ones are merged.
const KEPT: usize = 16;

/// The heartbeat of a session. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Heartbeat(Arc<Mutex<HeartbeatState>>);

#[derive(Debug)]
struct HeartbeatState {
    last: Instant,
    stalls: Vec<Stalled>,
}

/// A time in which the process did not run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stalled {
    /// The last beat before it.
    pub from: Instant,
    /// The first moment at which it ran again.
    pub to: Instant,
}

impl Heartbeat {
    /// A heartbeat that starts now, once [`Heartbeat::beat`] is polled.
    pub(super) fn new() -> Heartbeat {
        Heartbeat(Arc::new(Mutex::new(HeartbeatState { last: Instant::now(), stalls: Vec::new() })))
    }

    /// Runs the heartbeat. Never returns.
    pub(super) async fn beat(self) {
        loop {
            sleep_until(clock::after(BEAT)).await;
            self.note(Instant::now());
        }
    }

    /// The stalls since the last call, including one that ended just now, before the next beat.
    pub(super) fn stalls(&self) -> Vec<Stalled> {
        let now = Instant::now();
        let mut pulse = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if pulse.is_late(now) {
            pulse.note(now);
        }
        std::mem::take(&mut pulse.stalls)
    }

    fn note(&self, now: Instant) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).note(now);
    }
}

impl HeartbeatState {
    fn is_late(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.last) > BEAT + LATE
    }

    fn note(&mut self, now: Instant) {
        if self.is_late(now) {
            let stalled = Stalled { from: self.last, to: now };
            let is_full = self.stalls.len() == KEPT;
            match self.stalls.last_mut() {
                Some(last) if is_full => last.to = now,
                Some(_) | None => self.stalls.push(stalled),
            }
        }
        self.last = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_beat_that_is_late_is_a_stall_and_one_in_time_is_none() {
        let heartbeat = Heartbeat::new();
        let started_at = Instant::now();
        let beating = tokio::spawn(heartbeat.clone().beat());
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert_eq!(heartbeat.stalls(), []);
        // The clock jumps, as for a process that was stopped.
        tokio::time::advance(Duration::from_secs(7)).await;
        let stalls = heartbeat.stalls();
        assert_eq!(stalls.len(), 1, "seen before the next beat");
        assert!(stalls[0].to - stalls[0].from >= Duration::from_secs(7) && stalls[0].from >= started_at);
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(heartbeat.stalls(), [], "and reported once");
        beating.abort();
    }
}
