//! [`Listing`]: what is under a service's prefixes, key by key, and what it adds up to. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::lease::Life;
use super::messages::KeyValue;
use crate::layout::{self, Entry, LAYOUTS, Layout, Reading};
use crate::model::endpoint::{Endpoint, Lease};
use crate::model::resolution::{Note, NoteKind};
use crate::model::target::EtcdTarget;

/// At most so many keys are named that could not be used, that went, or that have no lease.
const NAMED: usize = 20;

/// A prefix that is read and watched, and the layouts that write there.
#[derive(Clone)]
pub(super) struct Prefix {
    /// Ends with a slash.
    pub text: String,
    layouts: Vec<&'static dyn Layout>,
}

impl Prefix {
    /// The first key behind all that begin with the prefix.
    pub(super) fn end(&self) -> Vec<u8> {
        let mut end = self.text.clone().into_bytes();
        // A prefix ends with a slash, which is not the last byte there is.
        if let Some(last) = end.last_mut() {
            *last += 1;
        }
        end
    }
}

/// Where `target` is to be looked for: the prefixes of every layout it allows, each once.
pub(super) fn prefixes(target: &EtcdTarget) -> Vec<Prefix> {
    let mut found: Vec<Prefix> = Vec::new();
    for layout in LAYOUTS.iter().copied().filter(|layout| target.layout.is_none_or(|name| name == layout.name())) {
        let texts = match &target.prefix {
            Some(root) => vec![format!("{}/{}/", root.trim_end_matches('/'), target.service)],
            None => layout.prefixes(&target.service),
        };
        for text in texts {
            match found.iter_mut().find(|prefix| prefix.text == text) {
                Some(prefix) => prefix.layouts.push(layout),
                None => found.push(Prefix { text, layouts: vec![layout] }),
            }
        }
    }
    found
}

/// One key.
struct Item {
    mod_revision: i64,
    value: Vec<u8>,
    lease: i64,
    reading: Reading,
}

/// Every key under the prefixes.
pub(super) struct Listing {
    service: String,
    prefixes: Vec<Prefix>,
    items: BTreeMap<Vec<u8>, Item>,
}

impl Listing {
    /// Nothing is there yet.
    pub(super) fn new(target: &EtcdTarget, prefixes: Vec<Prefix>) -> Self {
        Listing { service: target.service.clone(), prefixes, items: BTreeMap::new() }
    }

    /// Takes `pair` in, unless something newer is known; true when that says something new.
    pub(super) fn put(&mut self, pair: KeyValue) -> bool {
        if let Some(known) = self.items.get_mut(&pair.key) {
            if known.mod_revision >= pair.mod_revision {
                return false;
            }
            if known.value == pair.value && known.lease == pair.lease {
                known.mod_revision = pair.mod_revision;
                return false;
            }
        }
        let key = String::from_utf8_lossy(&pair.key).into_owned();
        let prefix = self.prefixes.iter().find(|prefix| key.starts_with(&prefix.text));
        let reading = match prefix {
            None => Reading::Foreign,
            Some(prefix) => {
                let rest = &key[prefix.text.len()..];
                layout::read(&prefix.layouts, &Entry { service: &self.service, rest, value: &pair.value })
            }
        };
        let item = Item { mod_revision: pair.mod_revision, value: pair.value, lease: pair.lease, reading };
        self.items.insert(pair.key, item);
        true
    }

    /// Takes a key out at `revision`: the key, and the lease it had, when it was there.
    pub(super) fn delete(&mut self, key: &[u8], revision: i64) -> Option<(String, i64)> {
        if self.items.get(key).is_none_or(|item| item.mod_revision > revision) {
            return None;
        }
        let item = self.items.remove(key)?;
        Some((String::from_utf8_lossy(key).into_owned(), item.lease))
    }

    /// The leases that keys hold.
    pub(super) fn leases(&self) -> BTreeSet<i64> {
        self.items.values().map(|item| item.lease).filter(|lease| *lease != 0).collect()
    }

    /// Is there no key at all?
    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Every endpoint in the order of the keys, and what is to be known about them.
    pub(super) fn answer(&self, life: impl Fn(i64) -> Option<Life>) -> (Vec<Endpoint>, Vec<Note>) {
        let (mut endpoints, mut skipped, mut permanent) = (Vec::new(), Vec::new(), Vec::new());
        let mut registered = 0;
        for (key, item) in &self.items {
            let key = String::from_utf8_lossy(key);
            match &item.reading {
                Reading::Nothing => continue,
                Reading::Foreign => skipped.push(format!("key {key:?}: no layout that is known here has such a value")),
                Reading::Unusable(why) => skipped.push(format!("key {key:?}: {why}")),
                Reading::Endpoints(found) => {
                    if item.lease == 0 {
                        permanent.push(format!("{key:?}"));
                    }
                    let life = life(item.lease);
                    for (index, endpoint) in found.iter().enumerate() {
                        let mut endpoint = endpoint.clone();
                        // Several endpoints of one key are instances of their own.
                        endpoint.id =
                            Some(if found.len() > 1 { format!("{key}#{}", index + 1) } else { key.to_string() });
                        endpoint.ttl = life.map(|life| life.left);
                        endpoint.lease = Some(match item.lease {
                            0 => Lease::Permanent,
                            id => Lease::Held {
                                id: format!("{id:x}"),
                                granted: life.map(|life| life.granted),
                                usual: layout::usual_lease(&endpoint),
                            },
                        });
                        endpoints.push(endpoint);
                    }
                }
            }
            registered += 1;
        }
        let notes = notes(registered, &endpoints, skipped, permanent);
        (endpoints, notes)
    }
}

fn notes(registered: usize, endpoints: &[Endpoint], skipped: Vec<String>, permanent: Vec<String>) -> Vec<Note> {
    let mut funnel = format!("{registered} registered");
    let mut filtered_out = None;
    if !skipped.is_empty() {
        funnel += &format!(" -> {} with a grpc endpoint", registered - skipped.len());
        if endpoints.is_empty() {
            filtered_out = skipped.first().map(|why| format!("none of them has a gRPC endpoint: {why}"));
        }
    }
    let mut notes = vec![Note::new(NoteKind::Funnel, funnel)];
    notes.extend(filtered_out.map(|why| Note::new(NoteKind::FilteredOut, why)));
    let unnamed = skipped.len().saturating_sub(NAMED);
    notes.extend(skipped.into_iter().take(NAMED).map(|why| Note::new(NoteKind::Skipped, why)));
    if unnamed > 0 {
        notes.push(Note::new(NoteKind::Skipped, format!("{unnamed} more keys that cannot be used")));
    }
    if !permanent.is_empty() {
        let text = format!(
            "{} of {registered} keys have no lease, so nothing removes them when their process dies: {}",
            permanent.len(),
            listed(&permanent)
        );
        notes.push(Note::new(NoteKind::Permanent, text));
    }
    notes
}

/// Some of many.
pub(super) fn listed(all: &[String]) -> String {
    let more = all.len().saturating_sub(NAMED);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!("{}{more}", all[..all.len().min(NAMED)].join(", "))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn target(text: &str) -> EtcdTarget {
        match text.parse() {
            Ok(crate::model::target::Target::Etcd(target)) => target,
            other => panic!("{other:?}"),
        }
    }

    fn pair(key: &str, value: &str, mod_revision: i64, lease: i64) -> KeyValue {
        KeyValue { key: key.into(), value: value.into(), mod_revision, lease }
    }

    fn lease(id: &str, granted: u64, usual: u64) -> Option<Lease> {
        let time = |seconds| Some(Duration::from_secs(seconds));
        Some(Lease::Held { id: id.to_string(), granted: time(granted), usual: time(usual) })
    }

    fn listing(text: &str) -> Listing {
        let target = target(text);
        let prefixes = prefixes(&target);
        Listing::new(&target, prefixes)
    }

    #[test]
    fn a_name_is_looked_for_wherever_a_layout_has_it_and_a_layout_narrows_that() {
        let texts = |text: &str| prefixes(&target(text)).into_iter().map(|prefix| prefix.text).collect::<Vec<_>>();
        let all = texts("etcd:///pay");
        for prefix in ["pay/", "/microservices/pay/", "kitex/registry-etcd/pay/", "/micro/registry/pay/"] {
            assert!(all.contains(&prefix.to_string()), "{prefix}: {all:?}");
        }
        assert_eq!(texts("etcd:///pay?layout=kratos"), ["/microservices/pay/"]);
        assert_eq!(texts("etcd:///pay?layout=kratos&prefix=/eu/"), ["/eu/pay/"]);
        assert_eq!(texts("etcd:///h?key=pay.rpc"), ["pay.rpc/"]);
        assert_eq!(prefixes(&target("etcd:///pay"))[0].end(), b"pay0");
    }

    #[test]
    fn what_is_older_than_what_is_known_changes_nothing() {
        let mut listing = listing("etcd:///pay");
        assert!(listing.put(pair("pay/1", "10.0.0.1:1", 5, 7)));
        assert!(!listing.put(pair("pay/1", "10.0.0.2:1", 4, 7)), "older");
        assert!(!listing.put(pair("pay/1", "10.0.0.1:1", 6, 7)), "the same again");
        assert_eq!(listing.delete(b"pay/1", 5), None, "deleted before it was written again");
        assert_eq!(listing.delete(b"pay/1", 7), Some(("pay/1".to_string(), 7)));
        assert_eq!(listing.delete(b"pay/1", 8), None);
    }

    #[test]
    fn one_bad_value_spoils_no_other_and_every_key_without_a_lease_is_named() {
        let mut listing = listing("etcd:///pay");
        listing.put(pair("pay/1", "10.0.0.1:1", 1, 7));
        listing.put(pair("pay/2", "\u{0}nonsense", 2, 7));
        listing.put(pair("pay/3", r#"{"Op":0,"Addr":"10.0.0.3:1"}"#, 3, 0));
        let life = |id| (id == 7).then(|| Life::new(Duration::from_secs(15), Duration::from_secs(9)));
        let (endpoints, notes) = listing.answer(life);
        let places: Vec<String> = endpoints.iter().map(|endpoint| endpoint.address.to_string()).collect();
        assert_eq!(places, ["10.0.0.1:1", "10.0.0.3:1"]);
        assert_eq!(endpoints[0].ttl, Some(Duration::from_secs(9)));
        assert_eq!(endpoints[0].lease, lease("7", 15, 10));
        assert_eq!((endpoints[1].ttl, &endpoints[1].lease), (None, &Some(Lease::Permanent)));
        let text = |kind| notes.iter().find(|note| note.kind == kind).map(|note| note.text.as_str());
        assert_eq!(text(NoteKind::Funnel), Some("3 registered -> 2 with a grpc endpoint"));
        assert!(text(NoteKind::Skipped).is_some_and(|text| text.starts_with("key \"pay/2\": ")), "{notes:?}");
        let permanent = "1 of 3 keys have no lease, so nothing removes them when their process dies: \"pay/3\"";
        assert_eq!(text(NoteKind::Permanent), Some(permanent));
    }
}
