//! Idle-connection checks beside the channel: which ones, for how long, and when the last result is there.

use std::collections::BTreeMap;
use std::time::Duration;

use super::bisection::Bisection;
use super::{Effect, Engine, HoldId};
use crate::diagnosis::ledger::Contact;
use crate::diagnosis::tolerance::Proof;
use crate::model::endpoint::Address;
use crate::model::event::{EventKind, IdlePhase};
use crate::model::hold::{Held, HeldReport, Rung};
use crate::model::time::Elapsed;

/// The maximum number of endpoints that are checked over the idle time: each takes an open file.
const MOST: usize = 1_000;
/// The maximum number of endpoints with a ladder, or a search for the limit: each takes some twenty connections.
const CLIMBED: usize = 8;

/// The idle-connection checks of a session.
#[derive(Debug, Default)]
pub(super) struct Holds {
    next: u32,
    pending: BTreeMap<HoldId, Holding>,
    searches: BTreeMap<Address, Bisection>,
    /// The expected end that was reported last.
    told: Option<Elapsed>,
}

#[derive(Debug)]
struct Holding {
    address: Address,
    silence: Duration,
    rung: Rung,
    until: Elapsed,
}

impl Holds {
    /// True while a connection is kept idle for as long as the channel is idle.
    pub fn over_idle(&self) -> bool {
        self.pending.values().any(|holding| holding.rung == Rung::Idle)
    }
}

impl Engine {
    /// Starts idle-connection checks of everything that was reached and is usable. Returns the end of a sentence
    /// about it.
    pub(super) fn begin_holding(&mut self, idle: Duration) -> String {
        let reached = |address: &Address| {
            let contact = self.ledger.contacts.get(address).map(|seen| &seen.what);
            matches!(contact, Some(Contact::Connected | Contact::Answered(_)))
        };
        let mut addresses: Vec<Address> = self.discovery.usable().into_iter().filter(reached).collect();
        let all = addresses.len();
        addresses.truncate(MOST);
        for address in &addresses {
            self.hold(address, idle, Rung::Idle);
        }
        let holding = self.config.holding.clone();
        let climbs = !holding.ladder.is_empty() || holding.find_cutoff.is_some();
        for address in addresses.iter().take(CLIMBED) {
            for silence in &holding.ladder {
                self.hold(address, *silence, Rung::Ladder);
            }
            if let Some(most) = holding.find_cutoff {
                let (search, rungs) = Bisection::begin(most);
                self.holds.searches.insert(address.clone(), search);
                rungs.into_iter().for_each(|silence| self.hold(address, silence, Rung::Cutoff));
            }
        }
        let count = self.holds.pending.len();
        let longest = self.holds.pending.values().map(|holding| holding.silence).max().unwrap_or_default();
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
        if climbs && addresses.len() > CLIMBED {
            note.push_str(&format!(" (the longer ones for the first {CLIMBED} of {} endpoints)", addresses.len()));
        }
        note
    }

    fn hold(&mut self, address: &Address, silence: Duration, rung: Rung) {
        let hold = HoldId(self.holds.next);
        self.holds.next += 1;
        let holding = Holding { address: address.clone(), silence, rung, until: self.now + silence };
        self.holds.pending.insert(hold, holding);
        self.effects.push(Effect::Hold { hold, address: address.clone(), silence });
    }

    /// Ignores the result of a check, because it proves nothing.
    pub(super) fn forget_hold(&mut self, hold: HoldId) {
        self.holds.pending.remove(&hold);
    }

    /// Records the result of a check.
    pub(super) fn held(&mut self, hold: HoldId, held: Held) {
        let Some(Holding { address, silence, rung, .. }) = self.holds.pending.remove(&hold) else { return };
        let proof = Proof::of(&held);
        self.tell(EventKind::Held(Box::new(HeldReport { address: address.clone(), silence, rung, held })));
        if rung == Rung::Cutoff
            && let Some(search) = self.holds.searches.get_mut(&address)
        {
            let rungs = search.learn(silence, proof);
            rungs.into_iter().for_each(|silence| self.hold(&address, silence, Rung::Cutoff));
        }
    }

    /// True while checks are running. Reports once how long they will take.
    pub(super) fn still_holds(&mut self) -> bool {
        let Some(until) = self.holds.pending.values().map(|holding| holding.until).max() else { return false };
        if self.holds.told != Some(until) {
            self.holds.told = Some(until);
            let text = match self.holds.pending.len() {
                1 => "1 idle-connection check is still running".to_string(),
                many => format!("{many} idle-connection checks are still running"),
            };
            self.idle_phase(IdlePhase::Holding, Some(until), text);
        }
        true
    }
}
