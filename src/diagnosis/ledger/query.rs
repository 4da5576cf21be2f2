//! What the ledger is asked.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Departure, Ledger, Seen, SourceRecord};
use crate::model::connectivity::ConnectivityState;
use crate::model::endpoint::{Address, Endpoint};
use crate::model::resolution::NoteKind;

impl Ledger {
    /// The last endpoint has left, as it was to. A list that was empty from the start is no drain: its name may be wrong.
    pub fn has_drained(&self) -> bool {
        self.drains && !self.departures.is_empty() && self.listing().is_empty()
    }

    /// Every address that any source lists now, with who lists it.
    pub fn listing(&self) -> BTreeMap<&Address, Vec<(usize, &Seen<Endpoint>)>> {
        let mut listing: BTreeMap<&Address, Vec<(usize, &Seen<Endpoint>)>> = BTreeMap::new();
        for (index, source) in self.sources.iter().enumerate() {
            for (key, endpoint) in &source.listed {
                listing.entry(key.address()).or_default().push((index, endpoint));
            }
        }
        listing
    }

    /// How long a registry that lists `address` took for its first answer: what a client that asks anew would wait.
    pub fn resolving(&self, address: &Address) -> Option<Duration> {
        let lists = |source: &&SourceRecord| source.at(address).next().is_some();
        self.sources.iter().filter(lists).filter_map(|source| source.first_answer).min()
    }

    /// The sources that have given a full answer at least once.
    pub fn heard(&self) -> impl Iterator<Item = (usize, &SourceRecord)> {
        self.sources.iter().enumerate().filter(|(_, s)| s.answered.is_some())
    }

    /// True when a full answer says that something was hidden from us and the list is empty.
    pub fn blind(&self) -> Option<&SourceRecord> {
        self.sources.iter().find(|s| s.listed.is_empty() && s.note(NoteKind::AclFiltered).is_some())
    }

    /// The departures that count: an address that a rotating DNS answer leaves out has not left.
    pub fn left(&self) -> impl Iterator<Item = &Seen<Departure>> {
        self.departures.iter().filter(|departure| !self.sources[departure.what.source].rotates())
    }

    /// True when a source lists nothing usable, and something is registered there that could not be read.
    pub fn unreadable(&self) -> bool {
        self.sources.iter().any(SourceRecord::is_unreadable)
    }

    /// True when nobody named `source` and another one lists the service: whatever is wrong with it is a note.
    pub fn is_beside_the_point(&self, source: &SourceRecord) -> bool {
        let another_lists = |other: &&SourceRecord| !std::ptr::eq(*other, source) && !other.listed.is_empty();
        self.implied.contains(&source.source) && self.sources.iter().any(|other| another_lists(&other))
    }

    /// Is the channel in `state`?
    pub fn channel_is(&self, state: ConnectivityState) -> bool {
        self.channel.as_ref().is_some_and(|seen| seen.what.to == state)
    }
}
