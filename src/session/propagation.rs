//! Which source reports a change first, and how much later the others do. Pure. What a source listed from the start
//! is not a change; only changes while all sources are watched have an order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::endpoint::Address;
use crate::model::event::Lag;
use crate::model::registry::SourceId;
use crate::model::resolution::EndpointSet;
use crate::model::time::Elapsed;

/// The usable addresses of every source, and which source reported each change first.
#[derive(Debug)]
pub(super) struct Propagation {
    listed: Vec<Option<BTreeSet<Address>>>,
    first_reports: BTreeMap<Address, FirstReport>,
}

/// The first report that an address was added or removed.
#[derive(Debug)]
struct FirstReport {
    is_listed: bool,
    source: usize,
    at: Elapsed,
}

impl Propagation {
    /// For this number of sources. A single one is neither first nor late: nothing is kept then.
    pub(super) fn between(sources: usize) -> Self {
        Propagation {
            listed: if sources > 1 { vec![None; sources] } else { Vec::new() },
            first_reports: BTreeMap::new(),
        }
    }

    /// Records what `source` lists now. Returns the changes that another source reported earlier, and by how much.
    pub(super) fn record(
        &mut self,
        now: Elapsed,
        source: usize,
        set: &EndpointSet,
        sources: &[Arc<SourceId>],
    ) -> Vec<Lag> {
        let Some(before) = self.listed.get_mut(source) else { return Vec::new() };
        let usable = set.iter().filter(|endpoint| endpoint.status.is_usable());
        let after: BTreeSet<Address> = usable.map(|endpoint| endpoint.address.clone()).collect();
        let mut late = Vec::new();
        if let Some(before) = before {
            for address in before.symmetric_difference(&after) {
                let is_listed = after.contains(address);
                match self.first_reports.get(address) {
                    Some(first) if first.is_listed == is_listed && first.source != source => late.push(Lag {
                        address: address.clone(),
                        is_listed,
                        behind: sources[first.source].clone(),
                        by: now.since(first.at),
                    }),
                    Some(_) | None => {
                        self.first_reports.insert(address.clone(), FirstReport { is_listed, source, at: now });
                    }
                }
            }
        }
        let changed: Vec<Address> = match &before {
            Some(before) => before.symmetric_difference(&after).cloned().collect(),
            None => Vec::new(),
        };
        *before = Some(after);
        self.forget_settled(&changed);
        late
    }
}

impl Propagation {
    /// Drops changes that every source has reported.
    fn forget_settled(&mut self, changed: &[Address]) {
        for address in changed {
            let agrees = |is_listed: bool| self.listed.iter().flatten().all(|set| set.contains(address) == is_listed);
            if self.first_reports.get(address).is_some_and(|first| agrees(first.is_listed)) {
                self.first_reports.remove(address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::tests::source;
    use crate::model::endpoint::{Endpoint, EndpointStatus};
    use crate::model::resolution::{Answer, Update};

    /// `listed` as addresses of port 1 on 10.0.0.x; a negative one is critical.
    fn set(listed: &[i8]) -> EndpointSet {
        let endpoints = listed.iter().map(|host| {
            let mut endpoint = Endpoint::new(Address::Ip(([10, 0, 0, host.unsigned_abs()], 1).into()));
            if *host < 0 {
                endpoint.status = EndpointStatus::Critical;
            }
            endpoint
        });
        let mut set = EndpointSet::default();
        set.apply(Update::Reset(Answer { endpoints: endpoints.collect(), notes: Vec::new() }));
        set
    }

    /// Plays `(second, source, listed)`; returns each lag as `source: +1 2s after a`.
    fn play(sources: usize, record: &[(u64, usize, &[i8])]) -> Vec<String> {
        let names: Vec<Arc<SourceId>> = ["a", "b", "c"].map(source)[..sources].to_vec();
        let mut propagation = Propagation::between(sources);
        let texts = record.iter().flat_map(|(at, source, listed)| {
            let late = propagation.record(Elapsed::from_secs(*at), *source, &set(listed), &names);
            let name = &names[*source];
            late.into_iter()
                .map(|lag| {
                    let sign = if lag.is_listed { '+' } else { '-' };
                    let host = lag.address.to_string().replace("10.0.0.", "").replace(":1", "");
                    format!("{name}: {sign}{host} {}s after {}", lag.by.as_secs(), lag.behind)
                })
                .collect::<Vec<_>>()
        });
        texts.collect()
    }

    #[test]
    fn the_second_teller_is_late_and_the_third_is_late_behind_the_first() {
        let started_at: [(u64, usize, &[i8]); 3] = [(0, 0, &[1]), (0, 1, &[1]), (1, 2, &[1])];
        let moves: [(u64, usize, &[i8]); 4] = [(5, 0, &[2]), (7, 1, &[1, 2]), (8, 1, &[2]), (9, 2, &[2])];
        let late = play(3, &[&started_at[..], &moves].concat());
        assert_eq!(late, ["b: +2 2s after a", "b: -1 3s after a", "c: -1 4s after a", "c: +2 4s after a"]);
    }

    #[test]
    fn the_first_answer_is_no_change_however_late_it_comes() {
        assert!(play(2, &[(0, 0, &[1]), (5, 0, &[1, 2]), (9, 1, &[1, 2])]).is_empty());
    }

    #[test]
    fn an_instance_that_turns_critical_has_left() {
        assert_eq!(play(2, &[(0, 0, &[1]), (0, 1, &[1]), (4, 0, &[-1]), (6, 1, &[])]), ["b: -1 2s after a"]);
    }

    #[test]
    fn who_leads_changes_with_every_turn() {
        let record: [(u64, usize, &[i8]); 6] =
            [(0, 0, &[1]), (0, 1, &[1]), (1, 1, &[]), (3, 0, &[]), (10, 0, &[1]), (14, 1, &[1])];
        assert_eq!(play(2, &record), ["a: -1 2s after b", "b: +1 4s after a"]);
    }

    #[test]
    fn addresses_that_came_and_went_everywhere_are_dropped() {
        let mut propagation = Propagation::between(2);
        let names: Vec<Arc<SourceId>> = ["a", "b"].map(source).to_vec();
        for round in 0..100 {
            let host = [round as i8 + 1];
            for source in [0, 1, 0, 1] {
                let listed = if propagation.first_reports.len() > 1 { &[][..] } else { &host[..] };
                propagation.record(Elapsed::from_secs(round), source, &set(listed), &names);
            }
        }
        assert!(propagation.first_reports.len() <= 2, "{:?}", propagation.first_reports);
    }

    #[test]
    fn one_source_alone_is_never_late() {
        assert!(play(1, &[(0, 0, &[1]), (1, 0, &[2]), (2, 0, &[1])]).is_empty());
    }
}
