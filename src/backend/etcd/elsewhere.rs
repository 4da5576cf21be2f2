//! Where a service without keys may be instead: under another prefix. One more bounded query, for keys only.

use std::collections::BTreeMap;
use std::time::Duration;

use super::messages::{RangeRequest, RangeResponse};
use super::target::EtcdTarget;
use super::wire::EtcdConnection;
use crate::model::resolution::{Note, NoteKind};

/// Time limit for the search.
const LIMIT: Duration = Duration::from_secs(1);
/// At most this many keys are read.
const KEYS: i64 = 5000;
/// At most this many other prefixes are named.
const NAMED: usize = 3;

/// Notes on other prefixes that have the name, and what to do.
pub(super) async fn search(wire: &mut EtcdConnection, target: &EtcdTarget) -> Vec<Note> {
    // The range covers all keys.
    let question =
        RangeRequest { key: vec![0], range_end: vec![0], limit: KEYS, keys_only: true, ..Default::default() };
    let query = wire.caller().query::<_, RangeResponse>("/etcdserverpb.KV/Range", question, LIMIT);
    let Ok(answer) = wire.drive(query).await else { return vec![unknown(target)] };
    let keys = answer.kvs.iter().map(|pair| String::from_utf8_lossy(&pair.key).into_owned());
    notes(target, keys.collect(), answer.more)
}

fn unknown(target: &EtcdTarget) -> Note {
    let text = format!(
        "`etcdctl get --prefix --keys-only \"\" | grep -F {:?}` lists the keys that contain the name; if there are any, set their prefix with ?prefix=.",
        target.service
    );
    Note::new(NoteKind::Remedy, text)
}

/// The notes that follow from `keys`; `more`: the list is incomplete. Pure.
fn notes(target: &EtcdTarget, keys: Vec<String>, more: bool) -> Vec<Note> {
    let mut places: BTreeMap<(Option<String>, String), (String, usize)> = BTreeMap::new();
    for key in keys {
        if let Some(place) = place(&key, &target.service) {
            places.entry(place).or_insert_with(|| (key, 0)).1 += 1;
        }
    }
    let mut notes: Vec<Note> = Vec::new();
    for ((root, name), (key, count)) in places.into_iter().take(NAMED) {
        let other = EtcdTarget { service: name, prefix: root, ..target.clone() };
        let typed = other;
        let others = if count > 1 { format!(" (and {} more)", count - 1) } else { String::new() };
        notes.push(Note::new(NoteKind::Elsewhere, format!("key {key:?}{others} is under another prefix: {typed}")));
        if !notes.iter().any(|note| note.kind == NoteKind::Remedy) {
            let text = format!(
                "Query it there: `grpc-discover resolve '{typed}'`; servers and clients must use the same prefix (namespace)."
            );
            notes.push(Note::new(NoteKind::Remedy, text));
        }
    }
    if notes.is_empty() {
        if more {
            let text = format!("none of the first {KEYS} keys has the name {:?}", target.service);
            notes.push(Note::new(NoteKind::Elsewhere, text));
        }
        notes.push(unknown(target));
    }
    notes
}

/// The part of `key` before the name, and the name as it is spelled there.
fn place(key: &str, service: &str) -> Option<(Option<String>, String)> {
    let lower = key.to_ascii_lowercase();
    let wanted = format!("{}/", service.to_ascii_lowercase());
    let mut from = 0;
    while let Some(found) = lower.get(from..)?.find(&wanted) {
        let at = from + found;
        if at == 0 || lower.as_bytes().get(at - 1) == Some(&b'/') {
            let root = match at {
                0 => None,
                1 => Some("/".to_string()),
                _ => Some(key.get(..at)?.trim_end_matches('/').to_string()),
            };
            return Some((root, key.get(at..at + service.len())?.to_string()));
        }
        from = at + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(service: &str, keys: &[&str]) -> Vec<(NoteKind, String)> {
        let target = EtcdTarget { service: service.to_string(), ..EtcdTarget::default() };
        let keys = keys.iter().map(ToString::to_string).collect();
        notes(&target, keys, false).into_iter().map(|note| (note.kind, note.text)).collect()
    }

    #[test]
    fn the_name_under_another_prefix_gives_the_target_to_type() {
        let notes = found("pay", &["/eu/prod/pay/1", "/eu/prod/pay/2", "/eu/prod/payments/1", "repay/1"]);
        assert_eq!(notes.len(), 2, "{notes:?}");
        let words = "key \"/eu/prod/pay/1\" (and 1 more) is under another prefix: etcd:///pay?prefix=/eu/prod";
        assert_eq!(notes[0], (NoteKind::Elsewhere, words.to_string()));
        assert!(notes[1].1.contains("grpc-discover resolve 'etcd:///pay?prefix=/eu/prod'"), "{notes:?}");
        assert!(found("pay", &["/ns/Pay/1"])[0].1.ends_with("etcd:///Pay?prefix=/ns"), "another spelling");
        assert!(found("shop/pay", &["x/shop/pay/1"])[0].1.contains("etcd:///shop/pay?prefix=x"));
        assert_eq!(found("pay", &["/payments/1"]).len(), 1, "only what to do");
    }
}
