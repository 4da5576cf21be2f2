//! [`Case`]: one client, compared with what the registries list.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::diagnosis::ledger::{ClientRecord, Ledger, Observed, SourceRecord};
use crate::model::client::{ClientView, HeldAddress, HoldsSource, Runtime};
use crate::model::connectivity::ConnectivityState;
use crate::model::endpoint::{Address, Endpoint};
use crate::model::registry::RegistryKind;
use crate::model::time::Elapsed;

/// A difference that lasts longer is not a change on its way: a client with a watch notices one within 2 s, one that
/// polls for 10 s at a time within 12 s.
pub(super) const SETTLED: Duration = Duration::from_secs(15);

/// One client, compared with what the registries list.
pub(super) struct Case<'a> {
    pub ledger: &'a Ledger,
    pub record: &'a ClientRecord,
    /// The client as it was read last.
    pub view: &'a ClientView,
    /// What the registries list, usable or not.
    pub members: BTreeMap<&'a Address, Vec<&'a Observed<Endpoint>>>,
    /// Held, and not listed.
    pub stale: Vec<Address>,
    /// Listed as usable, and not held. Empty where the witness does not show every address that the client received.
    pub missing: Vec<Address>,
}

impl<'a> Case<'a> {
    pub fn new(ledger: &'a Ledger, record: &'a ClientRecord) -> Case<'a> {
        let view = record.view();
        let mut members: BTreeMap<&Address, Vec<&Observed<Endpoint>>> = BTreeMap::new();
        for source in registries(ledger) {
            for (key, seen) in &source.listed {
                members.entry(key.address()).or_default().push(seen);
            }
        }
        // A registry may list a host name where the client holds the address behind it.
        let may_be = |listed: &Address, held: &Address| match (listed, held) {
            (Address::Name { port, .. }, Address::Ip(socket)) => *port == socket.port(),
            (Address::Ip(socket), Address::Name { port, .. }) => *port == socket.port(),
            _ => listed == held,
        };
        let is_listed =
            |held: &Address| members.contains_key(held) || members.keys().any(|listed| may_be(listed, held));
        let stale = view.holds.iter().map(|held| &held.address).filter(|held| !is_listed(held)).cloned().collect();
        let is_held = |listed: &Address| view.holds.iter().any(|held| may_be(listed, &held.address));
        let usable = members.iter().filter(|(_, seen)| seen.iter().any(|seen| seen.what.status.is_usable()));
        let missing = match shows_every_address(view) {
            true => usable.map(|(address, _)| *address).filter(|listed| !is_held(listed)).cloned().collect(),
            false => Vec::new(),
        };
        Case { ledger, record, view, members, stale, missing }
    }

    /// `10.0.0.9:9000 channel 3 (discovery:///pay)`.
    pub fn name(&self) -> String {
        match self.view.target.as_str() {
            "" => self.view.id.to_string(),
            target => format!("{} ({target})", self.view.id),
        }
    }

    /// True when every registry responded, nothing is hidden from us, and the responses could be parsed.
    pub fn registry_is_known(&self) -> bool {
        let mut known = self.sources().peekable();
        known.peek().is_some()
            && self.ledger.blind().is_none()
            && !self.ledger.unreadable()
            && self.ledger.sources.iter().all(|source| source.broken.is_none() || source.is_absent())
    }

    /// True when the client resolves a name by itself: it resolves again only when a connection fails.
    pub fn is_over_dns(&self) -> bool {
        let only_names = || self.sources().all(|source| source.registry().resolves_names());
        self.view.resolves_name || self.view.target.is_empty() && only_names()
    }

    /// The registries that responded.
    pub fn sources(&self) -> impl Iterator<Item = &'a SourceRecord> {
        registries(self.ledger).filter(|source| source.answered.is_some())
    }

    /// The names of the registries that responded: `consul:///pay`.
    pub fn registries(&self) -> String {
        let names: Vec<String> = self.sources().map(|source| source.source.to_string()).collect();
        names.join(", ")
    }

    /// The events in which the registries listed what they list now.
    pub fn answers(&self) -> Vec<u64> {
        self.sources().filter_map(|source| source.answered.as_ref()).map(|answered| answered.seq).collect()
    }

    /// Since when the client has held `address` while no registry listed it, as far as this session has seen both.
    /// The second part is true when the session saw it leave.
    pub fn stale_since(&self, address: &Address) -> Option<(Elapsed, bool)> {
        let held = *self.record.held_since.get(address)?;
        let left = self.ledger.departures.iter().rev().find(|departure| departure.what.endpoint.address == *address);
        let first = self.sources().filter_map(|source| source.first_answer).max().map(Elapsed::new)?;
        Some(match left {
            Some(left) => (left.at.max(held), true),
            None => (first.max(held), false),
        })
    }

    /// How long `address` has been held without being listed.
    pub fn stale_for(&self, address: &Address) -> Duration {
        self.stale_since(address).map_or(Duration::ZERO, |(since, _)| self.ledger.now.since(since))
    }

    /// The address that has been held without being listed for longest.
    pub fn stalest(&self) -> Option<&Address> {
        self.stale.iter().max_by_key(|address| self.stale_for(address))
    }

    /// How long `address` has been listed while the client did not hold it, as far as this session has seen both.
    pub fn missing_for(&self, address: &Address) -> Duration {
        let listed = self.members.get(address).into_iter().flatten().map(|seen| seen.at).min();
        let since = listed.map_or(self.record.first.at, |listed| listed.max(self.record.first.at));
        self.record.last.at.since(since)
    }

    /// The held address.
    pub fn held(&self, address: &Address) -> Option<&'a HeldAddress> {
        self.view.holds.iter().find(|held| held.address == *address)
    }

    /// True when calls can be sent to one of the held addresses.
    pub fn is_connected(&self) -> bool {
        self.view.state == Some(ConnectivityState::Ready)
            || self.view.holds.iter().any(|held| held.state == Some(ConnectivityState::Ready))
    }
}

/// The sources that show what is registered: an address that was typed beside them is only contacted.
pub(super) fn registries(ledger: &Ledger) -> impl Iterator<Item = &SourceRecord> {
    let is_literal = |source: &&SourceRecord| source.registry().kind == RegistryKind::Literal;
    let any = ledger.sources.iter().any(|source| !is_literal(&source));
    ledger.sources.iter().filter(move |source| !any || !is_literal(source))
}

/// Subchannels show every address that the client received only where it uses them all: with pick_first, most
/// implementations keep the one that is connected.
fn shows_every_address(view: &ClientView) -> bool {
    match view.source {
        HoldsSource::ResolverUpdate => true,
        HoldsSource::Subchannels | HoldsSource::PickedAddresses => view.holds.len() > 1 || view.runtime == Runtime::Go,
        HoldsSource::Sockets | HoldsSource::None => false,
    }
}
