//! Idle-connection checks beside the channel: which ones, for how long, and when the last result is there.

use std::collections::BTreeMap;
use std::time::Duration;

use super::bisection::Bisection;
use super::{Effect, Engine, IdleCheckId};
use crate::diagnosis::ledger::Contact;
use crate::diagnosis::tolerance::Proof;
use crate::model::endpoint::Address;
use crate::model::event::{EventKind, IdlePhase};
use crate::model::idle_check::{CheckKind, IdleCheckReport, IdleCheckResult};
use crate::model::time::Elapsed;

/// The maximum number of endpoints that are checked over the idle time: each takes an open file.
const MOST: usize = 1_000;
/// The maximum number of endpoints with a ladder, or a search for the limit: each takes some twenty connections.
const MOST_WITH_LADDER: usize = 8;

/// The idle-connection checks of a session.
#[derive(Debug, Default)]
pub(super) struct RunningChecks {
    next: u32,
    pending: BTreeMap<IdleCheckId, RunningCheck>,
    searches: BTreeMap<Address, Bisection>,
    /// The expected end that was reported last.
    reported_until: Option<Elapsed>,
}

#[derive(Debug)]
struct RunningCheck {
    address: Address,
    idle_time: Duration,
    kind: CheckKind,
    until: Elapsed,
}

impl RunningChecks {
    /// True while a connection is kept idle for as long as the channel is idle.
    pub fn over_idle(&self) -> bool {
        self.pending.values().any(|check| check.kind == CheckKind::Idle)
    }
}

impl Engine {
    /// Starts idle-connection checks of everything that was reached and is usable. Returns the end of a sentence
    /// about it.
    pub(super) fn start_idle_checks(&mut self, idle: Duration) -> String {
        let reached = |address: &Address| {
            let contact = self.ledger.contacts.get(address).map(|seen| &seen.what);
            matches!(contact, Some(Contact::Connected | Contact::Answered(_)))
        };
        let mut addresses: Vec<Address> = self.discovery.usable().into_iter().filter(reached).collect();
        let all = addresses.len();
        addresses.truncate(MOST);
        for address in &addresses {
            self.check_idle(address, idle, CheckKind::Idle);
        }
        let planned = self.config.idle_checks.clone();
        let has_ladder = !planned.ladder.is_empty() || planned.find_cutoff.is_some();
        for address in addresses.iter().take(MOST_WITH_LADDER) {
            for idle_time in &planned.ladder {
                self.check_idle(address, *idle_time, CheckKind::Ladder);
            }
            if let Some(most) = planned.find_cutoff {
                let (search, next) = Bisection::start(most);
                self.idle_checks.searches.insert(address.clone(), search);
                next.into_iter().for_each(|idle_time| self.check_idle(address, idle_time, CheckKind::Cutoff));
            }
        }
        let count = self.idle_checks.pending.len();
        let longest = self.idle_checks.pending.values().map(|check| check.idle_time).max().unwrap_or_default();
        let mut note = match count {
            0 => return String::new(),
            1 => "; 1 idle-connection check is running".to_string(),
            _ if longest > idle => {
                format!("; {count} idle-connection checks are running, the longest for {longest:?}")
            }
            _ => format!("; {count} idle-connection checks are running"),
        };
        if all > MOST {
            note.push_str(&format!(" (for the first {MOST} of {all} endpoints)"));
        }
        if has_ladder && addresses.len() > MOST_WITH_LADDER {
            note.push_str(&format!(
                " (the longer ones for the first {MOST_WITH_LADDER} of {} endpoints)",
                addresses.len()
            ));
        }
        note
    }

    fn check_idle(&mut self, address: &Address, idle_time: Duration, kind: CheckKind) {
        let id = IdleCheckId(self.idle_checks.next);
        self.idle_checks.next += 1;
        let check = RunningCheck { address: address.clone(), idle_time, kind, until: self.now + idle_time };
        self.idle_checks.pending.insert(id, check);
        self.effects.push(Effect::CheckIdle { id, address: address.clone(), idle_time });
    }

    /// Ignores the result of a check, because it proves nothing.
    pub(super) fn forget_idle_check(&mut self, id: IdleCheckId) {
        self.idle_checks.pending.remove(&id);
    }

    /// Records the result of a check.
    pub(super) fn idle_check_ended(&mut self, id: IdleCheckId, result: IdleCheckResult) {
        let Some(RunningCheck { address, idle_time, kind, .. }) = self.idle_checks.pending.remove(&id) else { return };
        let proof = Proof::of(&result);
        self.report(EventKind::IdleCheck(Box::new(IdleCheckReport {
            address: address.clone(),
            idle_time,
            kind,
            result,
        })));
        if kind == CheckKind::Cutoff
            && let Some(search) = self.idle_checks.searches.get_mut(&address)
        {
            let next = search.learn(idle_time, proof);
            next.into_iter().for_each(|idle_time| self.check_idle(&address, idle_time, CheckKind::Cutoff));
        }
    }

    /// True while checks are running. Reports once how long they will take.
    pub(super) fn idle_checks_run(&mut self) -> bool {
        let Some(until) = self.idle_checks.pending.values().map(|check| check.until).max() else { return false };
        if self.idle_checks.reported_until != Some(until) {
            self.idle_checks.reported_until = Some(until);
            let text = match self.idle_checks.pending.len() {
                1 => "1 idle-connection check is still running".to_string(),
                many => format!("{many} idle-connection checks are still running"),
            };
            self.idle_phase(IdlePhase::Checking, Some(until), text);
        }
        true
    }
}
