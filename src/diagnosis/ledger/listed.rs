//! [`ListedAddresses`]: what the sources list now, by address.

use super::{Ledger, Observed};
use crate::model::endpoint::{Address, Endpoint};

/// The entries of one address: the index of each source that lists it, with the endpoint.
pub type Listed<'a> = [(usize, &'a Observed<Endpoint>)];

/// Every address that any source lists now, in order, each with its entries in the order of the sources.
pub struct ListedAddresses<'a> {
    entries: Vec<(usize, &'a Observed<Endpoint>)>,
}

impl<'a> ListedAddresses<'a> {
    pub(super) fn of(ledger: &'a Ledger) -> ListedAddresses<'a> {
        let mut entries = Vec::with_capacity(ledger.sources.iter().map(|source| source.listed.len()).sum());
        for (index, source) in ledger.sources.iter().enumerate() {
            entries.extend(source.listed.values().map(|seen| (index, seen)));
        }
        entries.sort_by(|(_, a), (_, b)| a.what.address.cmp(&b.what.address));
        ListedAddresses { entries }
    }

    /// Every address, with its entries.
    pub fn iter(&self) -> impl Iterator<Item = (&'a Address, &Listed<'a>)> {
        let same = |(_, a): &(usize, &Observed<Endpoint>), (_, b): &(usize, &Observed<Endpoint>)| {
            a.what.address == b.what.address
        };
        self.entries.chunk_by(same).map(|listed| (&listed[0].1.what.address, listed))
    }

    /// Every address.
    pub fn addresses(&self) -> impl Iterator<Item = &'a Address> {
        self.iter().map(|(address, _)| address)
    }

    /// The entries of `address`; none when no source lists it.
    pub fn get(&self, address: &Address) -> &Listed<'a> {
        let from = self.entries.partition_point(|(_, seen)| seen.what.address < *address);
        let same = self.entries[from..].iter().take_while(|(_, seen)| seen.what.address == *address);
        &self.entries[from..from + same.count()]
    }

    /// True when a source lists `address`.
    pub fn contains(&self, address: &Address) -> bool {
        !self.get(address).is_empty()
    }

    /// The number of addresses.
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// True when no source lists an address.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use crate::diagnosis::tests::EventLog;
    use crate::model::endpoint::EndpointStatus::{Critical, Healthy};

    #[test]
    fn an_address_has_one_entry_for_each_source_that_lists_it() {
        let mut story = EventLog::default();
        story.lists("dns", &[("10.0.0.2:80", Healthy), ("10.0.0.9:80", Healthy)]);
        story.lists("consul", &[("10.0.0.1:80", Healthy), ("10.0.0.2:80", Critical)]);
        let ledger = story.ledger();
        let listing = ledger.listing();
        let all: Vec<(String, Vec<usize>)> = listing
            .iter()
            .map(|(address, listed)| (address.to_string(), listed.iter().map(|(source, _)| *source).collect()))
            .collect();
        let expected = [("10.0.0.1:80", vec![1]), ("10.0.0.2:80", vec![0, 1]), ("10.0.0.9:80", vec![0])];
        assert_eq!(all, expected.map(|(address, sources)| (address.to_string(), sources)));
        assert_eq!(listing.len(), 3);
        let both = listing.get(&"10.0.0.2:80".parse().unwrap());
        assert_eq!(both.iter().map(|(_, seen)| seen.what.status).collect::<Vec<_>>(), [Healthy, Critical]);
        assert!(listing.contains(&"10.0.0.9:80".parse().unwrap()));
        for other in ["10.0.0.0:80", "10.0.0.3:80", "10.0.1.0:80"] {
            assert!(!listing.contains(&other.parse().unwrap()), "{other} is not listed");
        }
    }
}
