//! Running clients in the ledger.

use std::collections::BTreeMap;
use std::time::Duration;

use super::observe::seen;
use super::{Ledger, Observed};
use crate::model::client::{ClientReport, ClientView};
use crate::model::endpoint::Address;
use crate::model::event::Event;
use crate::model::time::Elapsed;

/// A running client: as it was read first and last.
#[derive(Debug, Clone)]
pub struct ClientRecord {
    /// The first reading.
    pub first: Observed<ClientView>,
    /// The last reading.
    pub last: Observed<ClientView>,
    /// Since when each address has been held, as far as this session has read.
    pub held_since: BTreeMap<Address, Elapsed>,
    /// Whether the channel was IDLE in any reading.
    pub was_idle: bool,
}

impl ClientRecord {
    /// The client as it was read last.
    pub fn view(&self) -> &ClientView {
        &self.last.what
    }

    /// How long it has been read.
    pub fn watched(&self) -> Duration {
        self.last.at.since(self.first.at)
    }

    /// True when calls were started between the first reading and the last, or are pending.
    pub fn makes_calls(&self) -> bool {
        let (first, last) = (&self.first.what.calls, &self.last.what.calls);
        last.started > first.started || last.pending() > 0
    }
}

impl Ledger {
    pub(super) fn client(&mut self, report: &ClientReport, event: &Event) {
        match report {
            ClientReport::Seen(view) => self.client_seen(view, event),
            ClientReport::Unread(unread) => {
                self.unread.retain(|known| {
                    (&known.what.process, known.what.is_partial) != (&unread.process, unread.is_partial)
                });
                self.unread.push(seen(unread.clone(), event));
            }
            ClientReport::Served(served) => {
                self.served.insert(served.endpoint.clone(), seen(served.clone(), event));
            }
            ClientReport::Judged(_) => {}
        }
    }

    fn client_seen(&mut self, view: &ClientView, event: &Event) {
        // It was read after all.
        self.unread.retain(|known| known.what.is_partial || known.what.process != view.id.process);
        let last = seen(view.clone(), event);
        let record = self.clients.entry(view.id.clone()).or_insert_with(|| ClientRecord {
            first: last.clone(),
            last: last.clone(),
            held_since: BTreeMap::new(),
            was_idle: false,
        });
        record.held_since.retain(|address, _| view.is_holding(address));
        for held in &view.holds {
            record.held_since.entry(held.address.clone()).or_insert(event.at);
        }
        record.was_idle |= view.is_idle();
        record.last = last;
    }
}
