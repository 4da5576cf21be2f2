//! Compares the lists of Kubernetes with each other and with DNS: GD120 to GD123.

use std::collections::{BTreeMap, BTreeSet};

use super::catalog::{ENTRIES_WITHOUT_OWNER, LEGACY_LIST_DIFFERS, SEVERAL_SLICES, TERMINATING_STILL_ROUTED};
use super::ledger::{Ledger, Observed, SourceRecord};
use super::report::{finding, name, shorten};
use super::verdict::NetworkState;
use crate::model::endpoint::{Address, Endpoint, EndpointStatus};
use crate::model::finding::Finding;
use crate::model::resolution::NoteKind;

/// What the slices prove.
pub fn find(ledger: &Ledger) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in ledger.sources.iter().filter(|source| source.registry().orchestrates) {
        let name = name(ledger, source);
        findings.extend(still_routed(ledger, source, &name));
        findings.extend(several(source, &name));
        for (kind, finding_kind) in
            [(NoteKind::Orphaned, &ENTRIES_WITHOUT_OWNER), (NoteKind::Legacy, &LEGACY_LIST_DIFFERS)]
        {
            if let (Some(note), Some(answered)) = (source.note(kind), &source.answered) {
                findings.push(finding(finding_kind, None, format!("{name}: {}", note.text), vec![answered.seq]));
            }
        }
    }
    findings
}

/// A pod that is being deleted, and that some list still contains.
fn still_routed(ledger: &Ledger, source: &SourceRecord, name: &str) -> Vec<Finding> {
    let leaving = source.listed.values().filter(|seen| seen.what.status == EndpointStatus::Draining);
    leaving.filter_map(|seen| still_routed_to(ledger, source, name, seen)).collect()
}

fn still_routed_to(ledger: &Ledger, source: &SourceRecord, name: &str, seen: &Observed<Endpoint>) -> Option<Finding> {
    let address = &seen.what.address;
    let mut evidence = vec![seen.seq];
    let mut by = Vec::new();
    if seen.what.is_still_ready() {
        by.push(format!("{name} still reports it as ready"));
    }
    for (_, other) in ledger.responding().filter(|(_, other)| !std::ptr::eq(*other, source)) {
        let listed = other.at(address).find(|one| one.what.status.is_usable());
        if let Some(listed) = listed {
            by.push(format!("{} still lists it for clients", other.source));
            evidence.push(listed.seq);
        }
    }
    if by.is_empty() {
        return None;
    }
    let mut outcome = "";
    if let Some(contact) = ledger.contacts.get(address) {
        outcome = match NetworkState::of(Some(&contact.what)) {
            NetworkState::Dead | NetworkState::BlackHole => {
                ", and it is unreachable: calls to it fail until clients notice the change"
            }
            // A response from before the deletion started proves nothing about the current state.
            NetworkState::Serving | NetworkState::Connected if contact.seq > seen.seq => {
                ", and it still responds until its grace period ends"
            }
            _ => "",
        };
        evidence.extend((!outcome.is_empty()).then_some(contact.seq));
    }
    let pod = seen.what.id.as_ref().map(|pod| format!(" (pod {pod:?})")).unwrap_or_default();
    let text = format!("{address}{pod} is being deleted, {}{outcome}", by.join(", "));
    Some(finding(&TERMINATING_STILL_ROUTED, Some(address.clone()), text, evidence))
}

/// Clients that take one slice for the whole list use at most the endpoints of that slice.
fn several(source: &SourceRecord, name: &str) -> Option<Finding> {
    let mut slices: BTreeMap<&str, usize> = BTreeMap::new();
    let mut families: BTreeMap<bool, BTreeSet<&str>> = BTreeMap::new();
    for seen in source.listed.values().filter(|seen| seen.what.status.is_usable()) {
        let slice = seen.what.slices().first().map(|slice| slice.name.as_str()).unwrap_or_default();
        *slices.entry(slice).or_default() += 1;
        let is_ipv6 = matches!(&seen.what.address, Address::Ip(socket) if socket.is_ipv6());
        families.entry(is_ipv6).or_default().insert(slice);
    }
    let (total, largest) = (slices.values().sum::<usize>(), slices.values().max().copied().unwrap_or_default());
    // A dual-stack Service has one slice for each family: a client that takes one of them still has every pod.
    if families.values().all(|slices| slices.len() < 2) {
        return None;
    }
    let counts: Vec<String> = slices.iter().map(|(slice, count)| format!("{slice} ({count})")).collect();
    let text = format!(
        "{name}: the {total} ready endpoints are in {} EndpointSlices, {largest} at most in one: {}; a client that treats the slice that changed last as the whole list has no other endpoints",
        slices.len(),
        shorten(&counts)
    );
    let evidence = source.answered.as_ref().map(|answered| answered.seq).into_iter().collect();
    Some(finding(&SEVERAL_SLICES, None, text, evidence))
}
