//! When a channel becomes idle because it has no RPCs (grpc-go `internal/idle/idle.go`, as an exact rule).
//!
//! `deadline = max(exit_idle_at, last_rpc_end) + timeout`, while no RPC is active and the channel is not in idle
//! mode. `connect()` is not activity, but leaving idle mode starts the clock: a channel connected by hand and never
//! used goes back to IDLE one timeout later.

use std::time::Duration;

use super::Elapsed;

/// Counts RPCs and computes when the idle timeout ends.
#[derive(Debug)]
pub(super) struct IdleTimer {
    timeout: Option<Duration>,
    active: usize,
    /// The later of leaving idle mode and the end of the last RPC; `None` in idle mode.
    quiet_since: Option<Elapsed>,
}

impl IdleTimer {
    /// A timer in idle mode. A timeout of zero disables it, as in grpc-go.
    pub(super) fn new(timeout: Option<Duration>) -> Self {
        IdleTimer { timeout: timeout.filter(|timeout| !timeout.is_zero()), active: 0, quiet_since: None }
    }

    /// The channel left idle mode.
    pub(super) fn exit(&mut self, now: Elapsed) {
        self.quiet_since = Some(now);
    }

    /// The channel is in idle mode (or closed): there is no deadline any more.
    pub(super) fn enter(&mut self) {
        self.quiet_since = None;
    }

    /// An RPC started. Call this before the channel leaves idle mode for it.
    pub(super) fn rpc_started(&mut self) {
        self.active += 1;
    }

    /// An RPC's final status is known. A surplus call counts neither as an RPC nor as activity.
    pub(super) fn rpc_finished(&mut self, now: Elapsed) {
        if self.active == 0 {
            return;
        }
        self.active -= 1;
        if self.quiet_since.is_some() {
            self.quiet_since = Some(now);
        }
    }

    /// RPCs that have started and not ended.
    pub(super) fn active(&self) -> usize {
        self.active
    }

    /// When the channel must become IDLE.
    pub(super) fn deadline(&self) -> Option<Elapsed> {
        match (self.active, self.quiet_since, self.timeout) {
            (0, Some(since), Some(timeout)) => Some(since + timeout),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn i09_disabled_by_zero_or_nothing() {
        for timeout in [None, Some(Duration::ZERO)] {
            let mut idle = IdleTimer::new(timeout);
            idle.exit(Elapsed::ZERO);
            assert_eq!(idle.deadline(), None);
        }
    }

    #[test]
    fn i09_more_ends_than_starts_is_not_an_underflow() {
        let mut idle = IdleTimer::new(Some(SECOND));
        idle.exit(Elapsed::ZERO);
        idle.rpc_finished(Elapsed::from_secs(5));
        assert_eq!((idle.active(), idle.deadline()), (0, Some(Elapsed::from_secs(1))));
    }

    #[test]
    fn counts_from_the_later_of_exit_and_last_end() {
        let mut idle = IdleTimer::new(Some(SECOND));
        idle.rpc_started();
        idle.exit(Elapsed::from_secs(10));
        assert_eq!(idle.deadline(), None, "an active RPC holds idleness off");
        idle.rpc_started();
        idle.rpc_finished(Elapsed::from_secs(11));
        assert_eq!(idle.deadline(), None);
        idle.rpc_finished(Elapsed::from_secs(12));
        assert_eq!(idle.deadline(), Some(Elapsed::from_secs(13)));
        idle.enter();
        assert_eq!(idle.deadline(), None);
    }
}
