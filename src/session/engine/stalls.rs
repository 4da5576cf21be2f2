//! Times in which this process itself did not run: what timed out then is repeated, or ignored where it cannot be
//! repeated.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::{Effect, Engine};
use crate::channel::ConnectionId;
use crate::model::endpoint::Address;
use crate::model::event::{EventKind, StallReport};
use crate::model::idle_check::{IdleCheckOutcome, IdleCheckResult};
use crate::model::reach::{Failure, FailureCode, Health, Reach};
use crate::model::rpc::RpcCause;
use crate::model::time::Elapsed;

/// How many stalls are remembered: a timeout that ends much later is unrelated to them.
const KEPT: usize = 32;
/// How often a probe is repeated because of stalls. After that, the machine is too busy to judge any endpoint.
const REPEATS: u8 = 3;

/// The stalls of this process.
#[derive(Debug, Default)]
pub(super) struct Stalls {
    seen: VecDeque<Stall>,
    repeated: BTreeMap<Address, u8>,
}

#[derive(Debug)]
struct Stall {
    from: Elapsed,
    to: Elapsed,
    /// It was reported.
    reported: bool,
}

impl Engine {
    /// This process did not run for a while.
    pub(super) fn stalled(&mut self, from: Elapsed, lasted: Duration) {
        if self.stalls.seen.len() == KEPT {
            self.stalls.seen.pop_front();
        }
        self.stalls.seen.push_back(Stall { from, to: from + lasted, reported: false });
        self.call_was_stalled(lasted);
    }

    /// True when a timeout that ended now, after `waited`, proves nothing because this process did not run in the
    /// meantime. Counts it.
    pub(super) fn is_excused(&mut self, waited: Duration) -> bool {
        let started = Elapsed::new(self.now.since_start().saturating_sub(waited));
        let overlaps = |stall: &Stall| stall.to > started && stall.from <= self.now;
        let mut reports = Vec::new();
        let mut is_excused = false;
        for stall in self.stalls.seen.iter_mut().filter(|stall| overlaps(stall)) {
            is_excused = true;
            if !std::mem::replace(&mut stall.reported, true) {
                reports.push(StallReport { from: stall.from, lasted: stall.to.since(stall.from) });
            }
        }
        for report in reports {
            self.report(EventKind::Stall(report));
        }
        if is_excused {
            self.ledger.excused += 1;
        }
        is_excused
    }

    /// Repeats a probe that timed out while this process did not run. Otherwise returns the probe's result.
    pub(super) fn unless_stalled(&mut self, address: &Address, reach: Reach) -> Option<Reach> {
        let waited = match &reach.outcome {
            Err(failure) => timed_out(failure),
            Ok((health, took)) => unanswered(health).then_some(*took),
        };
        let Some(waited) = waited else { return Some(reach) };
        if !self.is_excused(waited) {
            return Some(reach);
        }
        let repeats = self.stalls.repeated.entry(address.clone()).or_default();
        if *repeats < REPEATS {
            *repeats += 1;
            self.effects.push(Effect::Probe(address.clone()));
            return None;
        }
        let stage = match &reach.outcome {
            Err(failure) => failure.stage,
            Ok(_) => crate::model::reach::Stage::Health,
        };
        let text = format!("this process did not run while it was waiting, {REPEATS} times");
        let failure = Failure::new(stage, FailureCode::Local, text, waited);
        Some(Reach { outcome: Err(failure), ..reach })
    }

    /// True when the failure of a connection attempt proves nothing. The channel retries by itself.
    pub(super) fn is_excused_attempt(&mut self, failure: &Failure) -> bool {
        timed_out(failure).is_some_and(|waited| self.is_excused(waited))
    }

    /// Repeats a Check that was not answered while this process did not run.
    pub(super) fn repeats_check(&mut self, connection: ConnectionId, health: &Health, took: Duration) -> bool {
        let repeats = unanswered(health) && self.is_excused(took);
        if repeats {
            self.effects.push(Effect::Check(connection));
        }
        repeats
    }

    /// True when a PING on an idle connection was not answered while this process did not run.
    pub(super) fn is_excused_idle_check(&mut self, result: &IdleCheckResult) -> bool {
        match &result.outcome {
            IdleCheckOutcome::Dropped { waited, .. } => self.is_excused(*waited),
            IdleCheckOutcome::NotReached(failure) => self.is_excused_attempt(failure),
            IdleCheckOutcome::Alive { .. } | IdleCheckOutcome::Closed { .. } => false,
        }
    }
}

fn timed_out(failure: &Failure) -> Option<Duration> {
    (failure.code == FailureCode::TimedOut).then_some(failure.waited)
}

pub(super) fn unanswered(health: &Health) -> bool {
    matches!(health, Health::Failed { cause: RpcCause::Unanswered(_), .. })
}
