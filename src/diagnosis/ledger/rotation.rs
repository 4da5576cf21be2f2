//! DNS that returns a different subset of its addresses each time (Consul and Route 53 return 3 or 8 of many, some
//! servers a random one): an address that is missing from one answer has not left. Pure.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::model::endpoint::Address;
use crate::model::event::EndpointsChange;
use crate::model::time::Elapsed;
use crate::text::duration;

/// How many answers in a row must exchange addresses before this counts as a rotation: a rollout brings no address
/// back, a failover happens once.
const EXCHANGES: usize = 3;
/// Changes further apart are unrelated: an answer is valid for seconds.
const APART: Duration = Duration::from_secs(60);
/// How many addresses of one name are tracked.
const KNOWN: usize = 1_024;

/// How the answers of one DNS source follow each other.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rotation {
    /// Every address since the exchanges started.
    known: BTreeSet<Address>,
    /// The events of the last exchanges, in which as many addresses were added as left.
    exchanges: Vec<u64>,
    /// Exchanges so far, and how many addresses came back.
    count: usize,
    returned: usize,
    /// Addresses in the last answer.
    at_a_time: usize,
    started_at: Elapsed,
    last: Elapsed,
}

impl Rotation {
    /// Records an answer that differs from the one before.
    pub(super) fn changed(&mut self, change: &EndpointsChange, seq: u64, at: Elapsed) {
        let is_exchange = !change.removed.is_empty() && change.added.len() == change.removed.len();
        if (!is_exchange && !self.is_proved()) || at.since(self.last) > APART {
            *self = Rotation { started_at: at, ..Rotation::default() };
        }
        self.last = at;
        self.at_a_time = change.total;
        if is_exchange {
            self.count += 1;
            self.returned += change.added.iter().filter(|endpoint| self.known.contains(&endpoint.address)).count();
            self.exchanges.push(seq);
            let old = self.exchanges.len().saturating_sub(EXCHANGES);
            self.exchanges.drain(..old);
        }
        for endpoint in change.removed.iter().chain(&change.added) {
            if self.known.len() < KNOWN {
                self.known.insert(endpoint.address.clone());
            }
        }
    }

    /// True when addresses are exchanged in answer after answer, and come back.
    pub fn is_proved(&self) -> bool {
        self.count >= EXCHANGES && self.returned > 0
    }

    /// `8 addresses per answer, 50 different ones in 12 changes within 14.2s`.
    pub fn words(&self) -> String {
        let more = if self.known.len() == KNOWN { "at least " } else { "" };
        let time = duration(self.last.since(self.started_at));
        format!(
            "{} addresses per answer, {more}{} different ones in {} changes within {time}",
            self.at_a_time,
            self.known.len(),
            self.count
        )
    }

    /// The events that prove it.
    pub fn evidence(&self) -> Vec<u64> {
        self.exchanges.clone()
    }
}
