//! [`Listing`]: the keys under a service's prefixes, and the endpoints that they add up to. Pure; for registries that
//! map keys to values (etcd, ZooKeeper).

#![cfg_attr(
    not(feature = "all-backends"),
    allow(dead_code, unused_imports, reason = "a build with some of the backends may use a part of it")
)]

mod left_out;
mod prefix;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use self::left_out::{LeftOut, UnusedValue};
pub(super) use self::prefix::{Prefix, prefixes};
use crate::layout::{self, Decoded, Entry};
use crate::model::endpoint::{Endpoint, Lease};
use crate::model::resolution::{Note, NoteKind};
use crate::text;

/// At most this many unusable keys are shown in one sentence.
const SHOWN: usize = 3;
/// At most this many keys are named that are unusable, were removed, or have no lease.
const NAMED: usize = 20;

/// A registry's name for its keys, and for what limits their lifetime.
#[derive(Debug)]
pub(super) struct RegistryTerms {
    /// `key`.
    pub key: &'static str,
    /// The phrase for several keys that never expire: `have no lease`.
    pub unowned: &'static str,
    /// The command that lists the keys, without the name.
    pub show: &'static str,
}

/// A key, its value, and the lease or session that owns it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair {
    /// The key.
    pub key: Vec<u8>,
    /// The value.
    pub value: Vec<u8>,
    /// Grows with every change.
    pub revision: i64,
    /// The lease or session that removes the key when it ends; 0 is none.
    pub owner: i64,
}

/// What is looked for.
pub(super) struct Sought {
    /// The service's name.
    pub service: String,
    /// The target without prefix and layout, in the form in which it can be typed.
    pub typed: String,
    /// The target names a layout: keys of other layouts are ignored.
    pub narrowed: bool,
}

/// One key.
struct Item {
    revision: i64,
    value: Vec<u8>,
    owner: i64,
    reading: Decoded,
    /// What is wrong with a value that matches none of the layouts that are looked for here.
    foreign: Option<UnusedValue>,
}

/// Every key under the prefixes.
pub(super) struct Listing {
    words: &'static RegistryTerms,
    sought: Sought,
    prefixes: Vec<Prefix>,
    items: BTreeMap<Vec<u8>, Item>,
}

impl Listing {
    /// An empty listing.
    pub(super) fn new(words: &'static RegistryTerms, sought: Sought, prefixes: Vec<Prefix>) -> Self {
        Listing { words, sought, prefixes, items: BTreeMap::new() }
    }

    /// Adds `pair`, unless a newer revision is known; returns true when this changes the listing.
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
        let (mut reading, mut foreign) = (Decoded::Foreign, None);
        if let Some(prefix) = self.prefix_of(&key) {
            let entry = Entry { service: &self.sought.service, rest: &key[prefix.text.len()..], value: &pair.value };
            reading = layout::read(&prefix.layouts, &entry);
            if reading == Decoded::Foreign {
                foreign = Some(match layout::recognize(&entry) {
                    Some(layout) => UnusedValue::Misplaced(layout),
                    None => UnusedValue::Unread(layout::unread(&pair.value)),
                });
            }
        }
        let item = Item { revision: pair.revision, value: pair.value, owner: pair.owner, reading, foreign };
        self.items.insert(pair.key, item);
        true
    }

    fn prefix_of(&self, key: &str) -> Option<&Prefix> {
        self.prefixes.iter().find(|prefix| key.starts_with(&prefix.text))
    }

    /// Removes a key at `revision`; returns the key and its owner if it was listed.
    pub(super) fn delete(&mut self, key: &[u8], revision: i64) -> Option<(String, i64)> {
        if self.items.get(key).is_none_or(|item| item.revision > revision) {
            return None;
        }
        let item = self.items.remove(key)?;
        Some((String::from_utf8_lossy(key).into_owned(), item.owner))
    }

    /// The keys that start with `prefix`, in their order.
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

    /// Every endpoint in the order of the keys, with notes. `lease` returns, for an owner, what ties its endpoint to
    /// it and the remaining lifetime.
    pub(super) fn answer(
        &self,
        lease: impl Fn(i64, &Endpoint) -> (Lease, Option<Duration>),
    ) -> (Vec<Endpoint>, Vec<Note>) {
        let word = self.words.key;
        let (mut endpoints, mut left_out, mut permanent) = (Vec::new(), LeftOut::default(), Vec::new());
        let mut matched: BTreeMap<&str, (usize, BTreeSet<String>)> = BTreeMap::new();
        let mut registered = 0;
        for (key, item) in &self.items {
            let key = String::from_utf8_lossy(key);
            match &item.reading {
                Decoded::Nothing => continue,
                Decoded::Foreign => {
                    left_out.foreign(word, &key, self.prefix_of(&key), item.foreign.as_ref(), &self.sought.service)
                }
                Decoded::Unusable(why) => left_out.entries.push(format!("{word} {key:?}: {why}")),
                Decoded::Endpoints(found) => {
                    if item.owner == 0 {
                        permanent.push(format!("{key:?}"));
                    }
                    if let Some(prefix) = self.prefix_of(&key) {
                        let (count, layouts) = matched.entry(&prefix.text).or_default();
                        *count += 1;
                        let names = found.iter().filter_map(|endpoint| endpoint.layout.as_ref()?.layout);
                        layouts.extend(names.map(str::to_string));
                    }
                    for (index, endpoint) in found.iter().enumerate() {
                        let mut endpoint = endpoint.clone();
                        // Several endpoints of one key are separate instances.
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
        let notes = self.notes(registered, &endpoints, left_out, &matched, permanent);
        (endpoints, notes)
    }

    fn notes(
        &self,
        registered: usize,
        endpoints: &[Endpoint],
        left_out: LeftOut,
        matched: &BTreeMap<&str, (usize, BTreeSet<String>)>,
        permanent: Vec<String>,
    ) -> Vec<Note> {
        let word = self.words.key;
        let mut notes = Vec::new();
        let mut funnel = format!("{registered} registered");
        if let Some(first) = left_out.entries.first() {
            let count = left_out.entries.len();
            funnel += &format!(" -> {} with a grpc endpoint", registered - count);
            if endpoints.is_empty() {
                // A key that cannot be read is not evidence of an endpoint, unless the target names the layout.
                let (kind, words) = match left_out.unread {
                    1.. if self.sought.narrowed => {
                        (NoteKind::FilteredOut, format!("none of them has a gRPC endpoint: {first}"))
                    }
                    unread @ 1.. if unread < registered => {
                        let words = format!(
                            "{unread} of {registered} {word}s cannot be read, and no other can be used: {first}"
                        );
                        (NoteKind::Unreadable, words)
                    }
                    1.. => (NoteKind::Unreadable, format!("none of {registered} {word}s can be read: {first}")),
                    0 => (NoteKind::FilteredOut, format!("none of them has a gRPC endpoint: {first}")),
                };
                notes.push(Note::new(kind, words));
                notes.push(Note::new(NoteKind::Remedy, left_out.remedy(word, self.words.show, &self.sought.typed)));
            }
            let shown = text::few(&left_out.entries, "; ", SHOWN);
            let losers = left_out.losers(matched);
            let text = format!("{count} of {registered} {word}s cannot be used: {shown}{losers}");
            notes.push(Note::new(NoteKind::LeftOut, text));
        }
        notes.insert(0, Note::new(NoteKind::Funnel, funnel));
        if !matched.is_empty() {
            let each = matched.iter().map(|(prefix, (count, layouts))| {
                let layouts = layouts.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
                format!("{prefix} ({count} {word}{}, {layouts})", text::plural_s(*count))
            });
            notes.push(Note::new(NoteKind::Matched, format!("prefix {}", each.collect::<Vec<_>>().join(", "))));
        }
        let unnamed = left_out.entries.len().saturating_sub(NAMED);
        notes.extend(left_out.entries.into_iter().take(NAMED).map(|why| Note::new(NoteKind::Skipped, why)));
        if unnamed > 0 {
            notes.push(Note::new(NoteKind::Skipped, format!("{unnamed} more {word}s that cannot be used")));
        }
        notes.extend(layout::spring::doubts(endpoints));
        if !permanent.is_empty() {
            let text = format!(
                "{} of {registered} {}s {}, so they are not removed when their process stops: {}",
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

/// The first of many, and the number of the others.
pub(super) fn listed(all: &[String]) -> String {
    text::few(all, ", ", NAMED)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: &RegistryTerms = &RegistryTerms { key: "key", unowned: "have no lease", show: "etcdctl get --prefix" };

    fn pair(key: &str, value: &str, revision: i64, owner: i64) -> Pair {
        Pair { key: key.into(), value: value.into(), revision, owner }
    }

    fn sought() -> Sought {
        Sought { service: "pay".to_string(), typed: "etcd:///pay".to_string(), narrowed: false }
    }

    fn listing() -> Listing {
        Listing::new(WORDS, sought(), prefixes(None, |layout| layout.prefixes("pay")))
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
        let permanent = "1 of 3 keys have no lease, so they are not removed when their process stops: \"pay/3\"";
        assert_eq!(text(NoteKind::Permanent), Some(permanent));
    }
}
