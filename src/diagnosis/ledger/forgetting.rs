//! Drops records of instances that left once they cannot prove anything any more, so that a watch of days needs no
//! more memory than one of a minute.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::{Identity, Ledger};
use crate::model::endpoint::{Address, Endpoint};
use crate::model::time::Elapsed;

/// How many instances that left are remembered: those of a rollout, with a margin.
const KEPT: usize = 256;

/// What left longer ago proves nothing about the current service.
const LONG_AGO: Duration = Duration::from_secs(60);

/// The last instances that left, oldest first, with their source.
#[derive(Debug, Default)]
pub(crate) struct Departed(VecDeque<(usize, Identity, Address)>);

impl Ledger {
    /// Records that `endpoint` has left `source`, and drops the records of those that left long ago. An idle cycle
    /// compares its end with its start, so it drops nothing.
    pub(super) fn departs(&mut self, source: usize, endpoint: &Endpoint) {
        let identity = Identity::of(source, endpoint);
        self.departed.0.push_back((source, identity, endpoint.address.clone()));
        while self.idle.is_empty()
            && self.departed.0.len() > KEPT
            && let Some((source, identity, address)) = self.departed.0.pop_front()
        {
            self.forget(source, &identity, &address);
        }
    }

    /// True when what happened at `at` is too old for a verdict. In an idle cycle everything since its start counts.
    pub fn is_long_ago(&self, at: Elapsed) -> bool {
        self.idle.is_empty() && self.now.since(at) > LONG_AGO
    }

    fn forget(&mut self, source: usize, identity: &Identity, address: &Address) {
        // It may have come back, or left again since then.
        let is_waiting = |(other, _, at): &(usize, Identity, Address)| *other == source && at == address;
        if self.departed.0.iter().any(is_waiting) || self.is_listed_by(source, address) {
            return;
        }
        if self.identities.get(identity).and_then(|seen| seen.last()).is_some_and(|(last, _)| last == address) {
            self.identities.remove(identity);
        }
        let departures = self.departures.iter();
        if let Some(at) = departures.enumerate().find_map(|(at, departure)| {
            let departure = &departure.what;
            (departure.source == source && departure.endpoint.address == *address).then_some(at)
        }) {
            self.departures.remove(at);
        }
        let elsewhere = (0..self.sources.len()).any(|other| self.is_listed_by(other, address));
        if elsewhere || self.departed.0.iter().any(|(_, _, at)| at == address) {
            return;
        }
        self.contacts.remove(address);
        self.settings.remove(address);
        self.responses.remove(address);
        self.losses.remove(address);
        self.others.remove(address);
        self.watch_ends.remove(address);
        self.proxies.remove(address);
        if self.handshakes.remove(address).is_some() {
            self.certificates.retain(|certificate| Arc::strong_count(certificate) > 1);
        }
    }

    fn is_listed_by(&self, source: usize, address: &Address) -> bool {
        // Keys are ordered by their addresses first, whatever their ids.
        let first = Endpoint::new(address.clone()).key();
        let mut from = self.sources[source].listed.range(first..);
        from.next().is_some_and(|(key, _)| key.address() == address)
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::model::endpoint::EndpointStatus;
    use crate::model::event::{ConnectionReport, EndpointsChange, Event, EventKind, HealthReport};
    use crate::model::reach::{Health, PeerSettings, Phase, PhaseDetail, Stage};

    /// The `n`th instance of a service whose pods never come back.
    fn pod(n: usize) -> Endpoint {
        let address = format!("10.{}.{}.{}:50051", n >> 16 & 255, n >> 8 & 255, n & 255).parse().unwrap();
        let status = EndpointStatus::Healthy;
        crate::model::endpoint::Instance {
            id: Some(format!("pay-{n}")),
            status,
            ..crate::model::endpoint::Instance::new(address)
        }
        .into()
    }

    fn add(ledger: &mut Ledger, kind: EventKind) {
        let seq = ledger.transitions as u64 + ledger.now.as_millis() + 1;
        let at = Elapsed::from_millis(ledger.now.as_millis() + 1);
        ledger.observe(&Event { seq, time: SystemTime::UNIX_EPOCH, at, target: Arc::from("pay"), kind });
    }

    fn changes(ledger: &mut Ledger, added: Vec<Endpoint>, removed: Vec<Endpoint>) {
        let change = EndpointsChange {
            source: crate::backend::tests::source("consul:///pay"),
            total: added.len(),
            added,
            removed,
            changed: Vec::new(),
            notes: Vec::new(),
            lags: Vec::new(),
        };
        add(ledger, EventKind::Endpoints(change));
    }

    #[test]
    fn pods_that_never_come_back_are_dropped_and_the_last_ones_are_not() {
        let mut ledger = Ledger::default();
        for n in 0..5_000 {
            let removed = if n == 0 { Vec::new() } else { vec![pod(n - 1)] };
            changes(&mut ledger, vec![pod(n)], removed);
            let address = pod(n).address.clone();
            let detail = PhaseDetail::Settings(PeerSettings::default());
            let phase = Phase { stage: Stage::Http2, took: Duration::ZERO, detail };
            add(&mut ledger, EventKind::Connection(ConnectionReport { address: address.clone(), result: Ok(phase) }));
            let (service, health) = (String::new(), Health::Serving);
            add(
                &mut ledger,
                EventKind::Health(HealthReport { address, service, health, took: None, ended: None, proxy: None }),
            );
        }
        let last = pod(4_998).address.clone();
        assert!(ledger.contacts.contains_key(&last) && ledger.departures.len() == KEPT);
        for kept in [ledger.contacts.len(), ledger.settings.len(), ledger.identities.len()] {
            assert!((KEPT..=KEPT + 1).contains(&kept), "{kept}");
        }
    }

    #[test]
    fn one_that_came_back_is_not_dropped() {
        let mut ledger = Ledger::default();
        let back = pod(70_000);
        changes(&mut ledger, vec![back.clone()], Vec::new());
        let (service, health) = (String::new(), Health::Serving);
        let address = back.address.clone();
        add(
            &mut ledger,
            EventKind::Health(HealthReport { address, service, health, took: None, ended: None, proxy: None }),
        );
        changes(&mut ledger, Vec::new(), vec![back.clone()]);
        changes(&mut ledger, vec![back.clone()], Vec::new());
        for n in 0..2 * KEPT {
            changes(&mut ledger, vec![pod(n)], Vec::new());
            changes(&mut ledger, Vec::new(), vec![pod(n)]);
        }
        assert!(ledger.contacts.contains_key(&back.address));
        assert!(ledger.identities.keys().any(|identity| identity.id() == "pay-70000"));
    }
}
