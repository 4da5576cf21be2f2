//! [`Listing`]: what is under a service's prefixes, key by key, and what it adds up to. Pure; for registries that map keys
//! to values (etcd, ZooKeeper).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::layout::{self, Entry, LAYOUTS, Layout, Reading};
use crate::model::endpoint::{Endpoint, Lease};
use crate::model::resolution::{Note, NoteKind};

/// At most so many keys are named that could not be used, that went, or that have no lease.
const NAMED: usize = 20;

/// What a registry calls its keys and what ties them to a life.
#[derive(Debug)]
pub(super) struct Words {
    /// `key`.
    pub key: &'static str,
    /// What is said of several that nothing removes: `have no lease`.
    pub unowned: &'static str,
}

/// A key, its value, and what ties it to the life of whoever wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair {
    /// The key.
    pub key: Vec<u8>,
    /// The value.
    pub value: Vec<u8>,
    /// Grows with every change.
    pub revision: i64,
    /// The lease or session that takes the key with it; 0 is none.
    pub owner: i64,
}

/// A prefix that is read and watched, and the layouts that write there.
#[derive(Clone)]
pub(super) struct Prefix {
    /// Ends with a slash.
    pub text: String,
    layouts: Vec<&'static dyn Layout>,
}

/// Where a service is to be looked for: what `of` says of every layout that is wanted, each prefix once.
pub(super) fn prefixes(wanted: Option<&str>, of: impl Fn(&dyn Layout) -> Vec<String>) -> Vec<Prefix> {
    let mut found: Vec<Prefix> = Vec::new();
    for layout in LAYOUTS.iter().copied().filter(|layout| wanted.is_none_or(|name| name == layout.name())) {
        for text in of(layout) {
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
    revision: i64,
    value: Vec<u8>,
    owner: i64,
    reading: Reading,
}

/// Every key under the prefixes.
pub(super) struct Listing {
    words: &'static Words,
    service: String,
    prefixes: Vec<Prefix>,
    items: BTreeMap<Vec<u8>, Item>,
}

impl Listing {
    /// Nothing is there yet.
    pub(super) fn new(words: &'static Words, service: &str, prefixes: Vec<Prefix>) -> Self {
        Listing { words, service: service.to_string(), prefixes, items: BTreeMap::new() }
    }

    /// Takes `pair` in, unless something newer is known; true when that says something new.
    pub(super) fn put(&mut self, pair: Pair) -> bool {
        if let Some(known) = self.items.get_mut(&pair.key) {
            if known.revision >= pair.revision {
                return false;
            }
            if known.value == pair.value && known.owner == pair.owner {
                known.revision = pair.revision;
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
        let item = Item { revision: pair.revision, value: pair.value, owner: pair.owner, reading };
        self.items.insert(pair.key, item);
        true
    }

    /// Takes a key out at `revision`: the key, and who owned it, when it was there.
    pub(super) fn delete(&mut self, key: &[u8], revision: i64) -> Option<(String, i64)> {
        if self.items.get(key).is_none_or(|item| item.revision > revision) {
            return None;
        }
        let item = self.items.remove(key)?;
        Some((String::from_utf8_lossy(key).into_owned(), item.owner))
    }

    /// The keys that begin with `prefix`, in their order.
    #[cfg(feature = "zookeeper")]
    pub(super) fn keys(&self, prefix: &str) -> Vec<String> {
        let within = self.items.range(prefix.as_bytes().to_vec()..).map(|(key, _)| String::from_utf8_lossy(key));
        within.take_while(|key| key.starts_with(prefix)).map(|key| key.into_owned()).collect()
    }

    /// Every owner of a key.
    pub(super) fn owners(&self) -> BTreeSet<i64> {
        self.items.values().map(|item| item.owner).filter(|owner| *owner != 0).collect()
    }

    /// Is there no key at all?
    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Every endpoint in the order of the keys, and what is to be known about them. `lease` says of an owner what ties
    /// its endpoint to it, and how long it still lives.
    pub(super) fn answer(
        &self,
        lease: impl Fn(i64, &Endpoint) -> (Lease, Option<Duration>),
    ) -> (Vec<Endpoint>, Vec<Note>) {
        let word = self.words.key;
        let (mut endpoints, mut skipped, mut permanent) = (Vec::new(), Vec::new(), Vec::new());
        let mut registered = 0;
        for (key, item) in &self.items {
            let key = String::from_utf8_lossy(key);
            match &item.reading {
                Reading::Nothing => continue,
                Reading::Foreign => {
                    skipped.push(format!("{word} {key:?}: no layout that is known here has such a value"))
                }
                Reading::Unusable(why) => skipped.push(format!("{word} {key:?}: {why}")),
                Reading::Endpoints(found) => {
                    if item.owner == 0 {
                        permanent.push(format!("{key:?}"));
                    }
                    for (index, endpoint) in found.iter().enumerate() {
                        let mut endpoint = endpoint.clone();
                        // Several endpoints of one key are instances of their own.
                        endpoint.id =
                            Some(if found.len() > 1 { format!("{key}#{}", index + 1) } else { key.to_string() });
                        let (lease, left) = match item.owner {
                            0 => (Lease::Permanent, None),
                            owner => lease(owner, &endpoint),
                        };
                        (endpoint.lease, endpoint.ttl) = (Some(lease), left);
                        endpoints.push(endpoint);
                    }
                }
            }
            registered += 1;
        }
        let notes = self.notes(registered, &endpoints, skipped, permanent);
        (endpoints, notes)
    }

    fn notes(
        &self,
        registered: usize,
        endpoints: &[Endpoint],
        skipped: Vec<String>,
        permanent: Vec<String>,
    ) -> Vec<Note> {
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
            notes.push(Note::new(NoteKind::Skipped, format!("{unnamed} more {}s that cannot be used", self.words.key)));
        }
        notes.extend(layout::spring::doubts(endpoints));
        if !permanent.is_empty() {
            let text = format!(
                "{} of {registered} {}s {}, so nothing removes them when their process dies: {}",
                permanent.len(),
                self.words.key,
                self.words.unowned,
                listed(&permanent)
            );
            notes.push(Note::new(NoteKind::Permanent, text));
        }
        notes
    }
}

/// Some of many.
pub(super) fn listed(all: &[String]) -> String {
    let more = all.len().saturating_sub(NAMED);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!("{}{more}", all[..all.len().min(NAMED)].join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: &Words = &Words { key: "key", unowned: "have no lease" };

    fn pair(key: &str, value: &str, revision: i64, owner: i64) -> Pair {
        Pair { key: key.into(), value: value.into(), revision, owner }
    }

    fn listing() -> Listing {
        Listing::new(WORDS, "pay", prefixes(None, |layout| layout.prefixes("pay")))
    }

    #[test]
    fn what_is_older_than_what_is_known_changes_nothing() {
        let mut listing = listing();
        assert!(listing.put(pair("pay/1", "10.0.0.1:1", 5, 7)));
        assert!(!listing.put(pair("pay/1", "10.0.0.2:1", 4, 7)), "older");
        assert!(!listing.put(pair("pay/1", "10.0.0.1:1", 6, 7)), "the same again");
        assert_eq!(listing.delete(b"pay/1", 5), None, "deleted before it was written again");
        assert_eq!(listing.delete(b"pay/1", 7), Some(("pay/1".to_string(), 7)));
        assert_eq!(listing.delete(b"pay/1", 8), None);
    }

    #[test]
    fn one_bad_value_spoils_no_other_and_every_key_without_an_owner_is_named() {
        let mut listing = listing();
        listing.put(pair("pay/1", "10.0.0.1:1", 1, 7));
        listing.put(pair("pay/2", "\u{0}nonsense", 2, 7));
        listing.put(pair("pay/3", r#"{"Op":0,"Addr":"10.0.0.3:1"}"#, 3, 0));
        let held = Lease::Held { id: "7".to_string(), granted: None, usual: None };
        let (endpoints, notes) = listing.answer(|owner, _| {
            assert_eq!(owner, 7);
            (held.clone(), Some(Duration::from_secs(9)))
        });
        let places: Vec<String> = endpoints.iter().map(|endpoint| endpoint.address.to_string()).collect();
        assert_eq!(places, ["10.0.0.1:1", "10.0.0.3:1"]);
        assert_eq!((endpoints[0].ttl, &endpoints[0].lease), (Some(Duration::from_secs(9)), &Some(held)));
        assert_eq!((endpoints[1].ttl, &endpoints[1].lease), (None, &Some(Lease::Permanent)));
        let text = |kind| notes.iter().find(|note| note.kind == kind).map(|note| note.text.as_str());
        assert_eq!(text(NoteKind::Funnel), Some("3 registered -> 2 with a grpc endpoint"));
        assert!(text(NoteKind::Skipped).is_some_and(|text| text.starts_with("key \"pay/2\": ")), "{notes:?}");
        let permanent = "1 of 3 keys have no lease, so nothing removes them when their process dies: \"pay/3\"";
        assert_eq!(text(NoteKind::Permanent), Some(permanent));
    }
}
