//! Queries on the ledger.

use std::time::Duration;

use super::{Departure, Ledger, ListedAddresses, Observed, SourceRecord};
use crate::model::connectivity::ConnectivityState;
use crate::model::endpoint::Address;
use crate::model::resolution::NoteKind;

impl Ledger {
    /// True when the last endpoint has left. A list that was empty from the start does not count: the name may be
    /// wrong.
    pub fn has_drained(&self) -> bool {
        self.drains && !self.departures.is_empty() && self.listing().is_empty()
    }

    /// Every address that any source lists now, with the sources that list it.
    pub fn listing(&self) -> ListedAddresses<'_> {
        ListedAddresses::of(self)
    }

    /// How long a registry that lists `address` took for its first response: a client that queries again would wait
    /// as long.
    pub fn resolving(&self, address: &Address) -> Option<Duration> {
        let lists = |source: &&SourceRecord| source.at(address).next().is_some();
        self.sources.iter().filter(lists).filter_map(|source| source.first_answer).min()
    }

    /// The sources that have returned a full response at least once.
    pub fn responding(&self) -> impl Iterator<Item = (usize, &SourceRecord)> {
        self.sources.iter().enumerate().filter(|(_, s)| s.answered.is_some())
    }

    /// A source whose full response is empty and reports that something was hidden from us.
    pub fn blind(&self) -> Option<&SourceRecord> {
        self.sources.iter().find(|s| s.listed.is_empty() && s.note(NoteKind::AclFiltered).is_some())
    }

    /// The departures that count: an address that a rotating DNS answer leaves out has not left.
    pub fn left(&self) -> impl Iterator<Item = &Observed<Departure>> {
        self.departures.iter().filter(|departure| !self.sources[departure.what.source].rotates())
    }

    /// True when a source lists nothing usable, and something is registered there that could not be parsed.
    pub fn unreadable(&self) -> bool {
        self.sources.iter().any(SourceRecord::is_unreadable)
    }

    /// True when no target names `source` and another source lists the service: what is wrong with it is only a note.
    pub fn is_beside_the_point(&self, source: &SourceRecord) -> bool {
        let another_lists = |other: &&SourceRecord| !std::ptr::eq(*other, source) && !other.listed.is_empty();
        self.implied.contains(&source.source) && self.sources.iter().any(|other| another_lists(&other))
    }

    /// True when a bare name was only tried in name services, by default: no other registry is configured here.
    pub fn only_default_names(&self) -> bool {
        let mut sources = self.sources.iter().filter(|source| !source.is_absent()).peekable();
        sources.peek().is_some()
            && sources.all(|source| source.registry().resolves_names() && self.implied.contains(&source.source))
    }

    /// True when the channel is in `state`.
    pub fn channel_is(&self, state: ConnectivityState) -> bool {
        self.channel.as_ref().is_some_and(|seen| seen.what.to == state)
    }
}
