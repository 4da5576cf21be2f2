//! When a client's channel goes IDLE: by gRPC's rule, or by C-core's.

use std::time::Duration;

use crate::model::time::Elapsed;

/// How a runtime finds out that it has been quiet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// Exactly one timeout after the later of leaving IDLE and the end of the last call (grpc-go `internal/idle`, Java,
    /// grpc-js). Timeouts below `least` are raised to it (Java and grpc-js: 1 s).
    Exact {
        /// The shortest timeout.
        least: Duration,
    },
    /// C-core's legacy filter (`idle_filter_state.cc`): armed only by the end of a call, looks back once a timeout, so
    /// idleness begins between one and two of them. 1.85.1 was seen to idle once in its life and never again.
    CheckedOnce,
}

impl Rule {
    /// grpc-go's.
    pub(super) const GO: Rule = Rule::Exact { least: Duration::ZERO };
    /// grpc-java's and grpc-js's: never less than a second.
    pub(super) const AT_LEAST_A_SECOND: Rule = Rule::Exact { least: Duration::from_secs(1) };
}

/// Counts a channel's calls and knows when it becomes IDLE. It begins in IDLE.
#[derive(Debug)]
pub(super) struct Idle {
    rule: Rule,
    timeout: Option<Duration>,
    active: usize,
    /// When the rule looks again; kept by [`Rule::Exact`] also while calls run, when it is not due.
    look_at: Option<Elapsed>,
    /// A call began since the rule looked last ([`Rule::CheckedOnce`]).
    called: bool,
    /// It has been IDLE once ([`Rule::CheckedOnce`]).
    spent: bool,
}

impl Idle {
    /// A channel in IDLE. No timeout, and a timeout of zero, mean that it stays out of IDLE once it left it.
    pub(super) fn new(rule: Rule, timeout: Option<Duration>) -> Self {
        let timeout = timeout.filter(|timeout| !timeout.is_zero()).map(|timeout| match rule {
            Rule::Exact { least } => timeout.max(least),
            Rule::CheckedOnce => timeout,
        });
        Idle { rule, timeout, active: 0, look_at: None, called: false, spent: false }
    }

    /// The channel left IDLE.
    pub(super) fn woke(&mut self, now: Elapsed) {
        match self.rule {
            Rule::Exact { .. } => self.look_at = self.timeout.map(|timeout| now + timeout),
            Rule::CheckedOnce => {}
        }
    }

    /// The channel is in IDLE.
    pub(super) fn slept(&mut self) {
        self.look_at = None;
    }

    /// A call began. Before the channel is asked to leave IDLE.
    pub(super) fn started(&mut self) {
        self.active += 1;
        self.called = true;
    }

    /// A call ended. One end too many is no call.
    pub(super) fn finished(&mut self, now: Elapsed) {
        if self.active == 0 {
            return;
        }
        self.active -= 1;
        match self.rule {
            Rule::Exact { .. } => {
                if self.look_at.is_some() {
                    self.look_at = self.timeout.map(|timeout| now + timeout);
                }
            }
            Rule::CheckedOnce => {
                if self.active == 0 && self.look_at.is_none() && !self.spent {
                    self.look_at = self.timeout.map(|timeout| now + timeout);
                    self.called = false;
                }
            }
        }
    }

    /// Calls that have begun and not ended.
    pub(super) fn active(&self) -> usize {
        self.active
    }

    /// When [`Idle::look`] has to be asked next.
    pub(super) fn deadline(&self) -> Option<Elapsed> {
        match self.rule {
            Rule::Exact { .. } => self.look_at.filter(|_| self.active == 0),
            Rule::CheckedOnce => self.look_at,
        }
    }

    /// The deadline has passed: does the channel become IDLE now?
    pub(super) fn look(&mut self, now: Elapsed) -> bool {
        if self.deadline().is_none_or(|deadline| deadline > now) {
            return false;
        }
        match self.rule {
            Rule::Exact { .. } => true,
            Rule::CheckedOnce if self.active > 0 || self.called => {
                self.called = self.active > 0;
                self.look_at = self.timeout.map(|timeout| now + timeout);
                false
            }
            Rule::CheckedOnce => {
                self.spent = true;
                true
            }
        }
    }
}
