//! [`EndpointSet`]: the list that results from all updates.

use std::collections::{BTreeMap, BTreeSet};

use super::{Answer, Hidden, Partial, Update};
use crate::model::endpoint::{Endpoint, EndpointKey};

/// What an update changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Delta {
    /// Instances that were not listed before.
    pub added: Vec<Endpoint>,
    /// Instances that are no longer listed, as they were last listed.
    pub removed: Vec<Endpoint>,
    /// Instances whose attributes changed.
    pub changed: Vec<Endpoint>,
}

impl Delta {
    /// True when the update changed nothing.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }
}

/// Everything that one registry lists for one target, in the registry's own order (pick_first depends on it).
#[derive(Debug, Clone, Default)]
pub struct EndpointSet {
    order: Vec<EndpointKey>,
    endpoints: BTreeMap<EndpointKey, Endpoint>,
}

impl EndpointSet {
    /// Applies `update` and returns what it changed. `Reset` replaces everything; `NotFound` empties the set. An
    /// instance that is listed twice counts once, as it was listed last.
    pub fn apply(&mut self, update: Update) -> Delta {
        let mut delta = Delta::default();
        match update {
            Update::Reset(answer) => {
                let mut before = std::mem::take(&mut self.endpoints);
                let old_order = std::mem::take(&mut self.order);
                for endpoint in answer.endpoints {
                    let key = endpoint.key();
                    match before.remove(&key) {
                        None if !self.endpoints.contains_key(&key) => delta.added.push(endpoint.clone()),
                        Some(old) if !old.is_equivalent(&endpoint) => delta.changed.push(endpoint.clone()),
                        None | Some(_) => {}
                    }
                    if self.endpoints.insert(key.clone(), endpoint).is_none() {
                        self.order.push(key);
                    }
                }
                delta.removed.extend(old_order.iter().filter_map(|key| before.remove(key)));
            }
            Update::Partial(Partial { mut answer, hidden, .. }) => {
                answer.endpoints.extend(self.hidden_from(&answer, &hidden));
                return self.apply(Update::Reset(answer));
            }
            Update::Add(endpoints) => {
                for endpoint in endpoints {
                    let key = endpoint.key();
                    // Removed first: the key shares its endpoint, and the old endpoint must not be kept.
                    let before = self.endpoints.remove(&key);
                    self.endpoints.insert(key.clone(), endpoint.clone());
                    match before {
                        None => {
                            self.order.push(key);
                            delta.added.push(endpoint);
                        }
                        Some(old) if !old.is_equivalent(&endpoint) => delta.changed.push(endpoint),
                        Some(_) => {}
                    }
                }
            }
            Update::Remove(keys) => {
                delta.removed.extend(keys.iter().filter_map(|key| self.endpoints.remove(key)));
                self.order.retain(|key| self.endpoints.contains_key(key));
            }
            Update::NotFound(_) => {
                let mut before = std::mem::take(&mut self.endpoints);
                delta.removed.extend(std::mem::take(&mut self.order).iter().filter_map(|key| before.remove(key)));
            }
        }
        delta
    }

    /// The instances, in the registry's order.
    pub fn iter(&self) -> impl Iterator<Item = &Endpoint> {
        self.order.iter().filter_map(|key| self.endpoints.get(key))
    }

    /// The instances that `answer` does not contain because they are hidden.
    pub fn hidden_from(&self, answer: &Answer, hidden: &Hidden) -> Vec<Endpoint> {
        let visible: BTreeSet<EndpointKey> = answer.endpoints.iter().map(|endpoint| endpoint.key()).collect();
        let missing = self.iter().filter(|endpoint| !visible.contains(&endpoint.key()));
        missing.filter(|endpoint| hidden.covers(endpoint)).cloned().collect()
    }

    /// How many instances are missing from a full list of these keys.
    pub fn missing(&self, list: &BTreeSet<EndpointKey>) -> usize {
        self.endpoints.keys().filter(|key| !list.contains(key)).count()
    }

    /// How many instances there are.
    pub fn len(&self) -> usize {
        self.endpoints.len()
    }

    /// True when nothing is listed.
    pub fn is_empty(&self) -> bool {
        self.endpoints.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    use crate::model::endpoint::EndpointStatus;

    fn endpoint(address: &str) -> Endpoint {
        Endpoint::new(address.parse().unwrap())
    }

    fn reset(addresses: &[&str]) -> Update {
        Update::Reset(Answer { endpoints: addresses.iter().map(|a| endpoint(a)).collect(), notes: Vec::new() })
    }

    fn listed(set: &EndpointSet) -> Vec<String> {
        set.iter().map(|e| e.address.to_string()).collect()
    }

    #[test]
    fn reset_keeps_the_registrys_order_and_reports_only_what_changed() {
        let mut set = EndpointSet::default();
        assert_eq!(set.apply(reset(&["10.0.0.9:1", "10.0.0.1:1"])).added.len(), 2);
        assert_eq!(listed(&set), ["10.0.0.9:1", "10.0.0.1:1"]);
        assert!(set.apply(reset(&["10.0.0.1:1", "10.0.0.9:1"])).is_empty(), "an order is not a change");
        let delta = set.apply(reset(&["10.0.0.1:1", "10.0.0.2:1", "10.0.0.2:1"]));
        assert_eq!((delta.added.len(), delta.removed.len(), set.len()), (1, 1, 2));
    }

    #[test]
    fn a_ttl_that_runs_down_is_not_a_change_and_a_status_is() {
        let mut set = EndpointSet::default();
        set.apply(reset(&["10.0.0.1:1"]));
        let mut later = endpoint("10.0.0.1:1");
        later.ttl = Some(Duration::from_secs(3));
        assert!(set.apply(Update::Add(vec![later.clone()])).is_empty());
        later.status = EndpointStatus::Critical;
        assert_eq!(set.apply(Update::Add(vec![later])).changed.len(), 1);
    }
}
