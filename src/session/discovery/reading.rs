//! What clients would read from the sources.

use std::collections::{BTreeMap, BTreeSet};

use super::Discovery;
use super::tracked::{State, Tracked};
use crate::model::endpoint::{Address, Endpoint, EndpointStatus};
use crate::model::resolution::ResolveCode;

/// What a client of the registries would read.
#[derive(Debug, Clone, PartialEq)]
pub enum ClientReading {
    /// No response yet.
    Nothing,
    /// The list, in the registry's order.
    Lists(Vec<Endpoint>),
    /// No response: queries wait until they time out.
    NoResponse,
    /// No response: queries fail at once.
    Refuses,
}

impl Discovery {
    /// The addresses that a source lists in `status`.
    pub fn in_status(&self, status: EndpointStatus) -> BTreeSet<Address> {
        let all = self.sources.iter().flat_map(|tracked| tracked.set.iter());
        all.filter(|endpoint| endpoint.status == status).map(|endpoint| endpoint.address.clone()).collect()
    }

    /// True when no source could be queried: none ever responded, and all have failed. For the channel's resolver
    /// error.
    pub fn is_broken(&self) -> bool {
        self.sources.iter().all(|t| !t.has_responded && matches!(t.state, State::Broken { .. } | State::Ended))
    }

    /// The addresses that a client would use: listed as usable by some source, and as critical or draining by none.
    pub fn usable(&self) -> Vec<Address> {
        let mut refused = BTreeSet::new();
        let mut seen = BTreeSet::new();
        for endpoint in self.sources.iter().flat_map(|tracked| tracked.set.iter()) {
            if !endpoint.status.is_usable() {
                refused.insert(&endpoint.address);
            }
        }
        let all = self.sources.iter().flat_map(|tracked| tracked.set.iter());
        all.filter(|e| e.status.is_usable() && !refused.contains(&e.address) && seen.insert(&e.address))
            .map(|endpoint| endpoint.address.clone())
            .collect()
    }

    /// Every address that any source lists, each once.
    pub fn addresses(&self) -> Vec<Address> {
        let mut seen = BTreeSet::new();
        let all = self.sources.iter().flat_map(|tracked| tracked.set.iter());
        all.filter(|e| seen.insert(&e.address)).map(|e| e.address.clone()).collect()
    }

    /// What a client of these registries would read: every address that one of them lists, each once, with its worst
    /// status. `names`: from name services (DNS) only, or from all the others only; from all sources when there are
    /// none of that kind.
    pub fn read_by_clients(&self, names: bool) -> ClientReading {
        let is_theirs = |tracked: &&Tracked| tracked.source.registry.resolves_names() == names && !tracked.absent;
        let some = self.sources.iter().any(|tracked| is_theirs(&tracked));
        let theirs = || self.sources.iter().filter(|tracked| !some || is_theirs(tracked));
        // For a source that returns a single response, the end of its stream is not a failure.
        let is_away = |tracked: &Tracked| match tracked.state {
            State::Broken { .. } => true,
            State::Ended => !tracked.has_responded,
            State::Quiet | State::Querying | State::Watching => false,
        };
        if theirs().all(is_away) {
            return if theirs().all(|tracked| tracked.failed == Some(ResolveCode::Timeout)) {
                ClientReading::NoResponse
            } else {
                ClientReading::Refuses
            };
        }
        if !theirs().any(|tracked| tracked.has_responded) {
            return ClientReading::Nothing;
        }
        let mut list: Vec<Endpoint> = Vec::new();
        let mut place = BTreeMap::new();
        for endpoint in theirs().flat_map(|tracked| tracked.set.iter()) {
            match place.get(&endpoint.address) {
                None => {
                    place.insert(endpoint.address.clone(), list.len());
                    list.push(endpoint.clone());
                }
                Some(at) if !endpoint.status.is_usable() => list[*at].status = endpoint.status,
                Some(_) => {}
            }
        }
        ClientReading::Lists(list)
    }
}
