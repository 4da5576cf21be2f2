//! When a client's channel goes IDLE: by gRPC's rule, or by that of C-core.

use std::time::Duration;

use crate::model::time::Elapsed;

/// How a runtime detects that it has been idle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// Exactly one timeout after the later of leaving IDLE and the end of the last call (grpc-go `internal/idle`,
    /// Java, grpc-js). Timeouts below `least` are raised to it (Java and grpc-js: 1 s).
    Exact {
        /// The shortest timeout.
        least: Duration,
    },
    /// C-core's legacy filter (`idle_filter_state.cc`). It is armed only by the end of a call and checks once per
    /// timeout, so idleness starts between one and two timeouts. 1.85.1 was observed to become idle once in its life
    /// and never again.
    CheckedOnce,
}

impl Rule {
    /// grpc-go's.
    pub(super) const GO: Rule = Rule::Exact { least: Duration::ZERO };
    /// The rule of grpc-java and grpc-js: never less than a second.
    pub(super) const AT_LEAST_A_SECOND: Rule = Rule::Exact { least: Duration::from_secs(1) };
}

/// Counts a channel's calls and computes when it becomes IDLE. It starts in IDLE.
#[derive(Debug)]
pub(super) struct Idle {
    rule: Rule,
    timeout: Option<Duration>,
    active: usize,
    /// When the rule checks next. [`Rule::Exact`] keeps it while calls run, although it is not due then.
    check_at: Option<Elapsed>,
    /// A call started since the last check ([`Rule::CheckedOnce`]).
    called: bool,
    /// It has been IDLE once ([`Rule::CheckedOnce`]).
    spent: bool,
}

impl Idle {
    /// A channel in IDLE. Without a timeout, or with a timeout of zero, it stays out of IDLE once it left it.
    pub(super) fn new(rule: Rule, timeout: Option<Duration>) -> Self {
        let timeout = timeout.filter(|timeout| !timeout.is_zero()).map(|timeout| match rule {
            Rule::Exact { least } => timeout.max(least),
            Rule::CheckedOnce => timeout,
        });
        Idle { rule, timeout, active: 0, check_at: None, called: false, spent: false }
    }

    /// The channel left IDLE.
    pub(super) fn woke(&mut self, now: Elapsed) {
        match self.rule {
            Rule::Exact { .. } => self.check_at = self.timeout.map(|timeout| now + timeout),
            Rule::CheckedOnce => {}
        }
    }

    /// The channel is in IDLE.
    pub(super) fn slept(&mut self) {
        self.check_at = None;
    }

    /// A call started. Call this before the channel leaves IDLE for it.
    pub(super) fn started(&mut self) {
        self.active += 1;
        self.called = true;
    }

    /// A call ended. A surplus end does not count.
    pub(super) fn finished(&mut self, now: Elapsed) {
        if self.active == 0 {
            return;
        }
        self.active -= 1;
        match self.rule {
            Rule::Exact { .. } => {
                if self.check_at.is_some() {
                    self.check_at = self.timeout.map(|timeout| now + timeout);
                }
            }
            Rule::CheckedOnce => {
                if self.active == 0 && self.check_at.is_none() && !self.spent {
                    self.check_at = self.timeout.map(|timeout| now + timeout);
                    self.called = false;
                }
            }
        }
    }

    /// Calls that have started and not ended.
    pub(super) fn active(&self) -> usize {
        self.active
    }

    /// When [`Idle::check`] must be called next.
    pub(super) fn deadline(&self) -> Option<Elapsed> {
        match self.rule {
            Rule::Exact { .. } => self.check_at.filter(|_| self.active == 0),
            Rule::CheckedOnce => self.check_at,
        }
    }

    /// The deadline has passed. Returns true when the channel becomes IDLE now.
    pub(super) fn check(&mut self, now: Elapsed) -> bool {
        if self.deadline().is_none_or(|deadline| deadline > now) {
            return false;
        }
        match self.rule {
            Rule::Exact { .. } => true,
            Rule::CheckedOnce if self.active > 0 || self.called => {
                self.called = self.active > 0;
                self.check_at = self.timeout.map(|timeout| now + timeout);
                false
            }
            Rule::CheckedOnce => {
                self.spent = true;
                true
            }
        }
    }
}
