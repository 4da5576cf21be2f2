//! Findings on what a registry reports for an instance: leftover entries, wrong checks, identities that are not
//! unique.

use std::collections::{BTreeMap, BTreeSet};

use super::catalog::*;
use super::ledger::{Contact, Identity, Ledger, Observed, SourceRecord};
use super::report::{finding, name, shorten};
use super::verdict::{NetworkState, RegistryState};
use crate::model::endpoint::{Address, Check, CheckState, Endpoint, EndpointStatus};
use crate::model::finding::Finding;
use crate::model::registry::Situation;
use crate::text;

/// A check's output is quoted up to this many characters.
const QUOTED: usize = 120;

/// Compares what the registry reports with what the network shows, and the registry with itself.
pub fn find(ledger: &Ledger) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (address, listed) in ledger.listing().iter() {
        let Some(contact) = ledger.contacts.get(address) else { continue };
        if RegistryState::of(listed.iter().map(|(_, seen)| seen.what.status)) != RegistryState::Critical {
            continue;
        }
        let critical = listed.iter().filter(|(_, seen)| seen.what.status == EndpointStatus::Critical);
        for (source, seen) in critical {
            match NetworkState::of(Some(&contact.what)) {
                NetworkState::Dead | NetworkState::BlackHole => {
                    findings.extend(leftover(ledger, *source, address, seen, contact));
                }
                NetworkState::Serving => findings.push(check_wrong(ledger, *source, address, seen, contact)),
                NetworkState::Connected
                | NetworkState::NotServing
                | NetworkState::Unjudged
                | NetworkState::NoName
                | NetworkState::Mismatch
                | NetworkState::TlsFailed
                | NetworkState::NotTried => {}
            }
        }
    }
    for (index, source) in ledger.sources.iter().enumerate() {
        let name = name(ledger, source);
        several_addresses(source, &name, &mut findings);
        several_ids(source, &name, &mut findings);
        alternating(ledger, index, &name, &mut findings);
    }
    findings
}

/// ` as "pay-2" on node web-3`, as far as the registry names them.
pub(super) fn instance(endpoint: &Endpoint) -> String {
    match (&endpoint.id, &endpoint.node) {
        (Some(id), Some(node)) => format!(" as {id:?} on node {node}"),
        (Some(id), None) => format!(" as {id:?}"),
        (None, Some(node)) => format!(" on node {node}"),
        (None, None) => String::new(),
    }
}

/// `; its check "grpc" is critical: connection refused`, for the worst of the checks that do not pass.
pub(super) fn reason(endpoint: &Endpoint) -> String {
    let failing = |check: &&Check| matches!(check.state, CheckState::Warning | CheckState::Critical);
    let worst = endpoint.checks.iter().find(|check| check.state == CheckState::Critical);
    let Some(check) = worst.or_else(|| endpoint.checks.iter().find(failing)) else { return String::new() };
    match check.output.trim() {
        "" => format!("; its check {:?} is {}", check.name, check.status),
        output => format!("; its check {:?} is {}: {}", check.name, check.status, text::shorten(output, QUOTED)),
    }
}

/// Since when this session has seen the status: no registry reports the time.
fn since(ledger: &Ledger, source: usize, endpoint: &Endpoint) -> String {
    let first = ledger.critical_since.get(&(source, endpoint.key())).copied();
    match first.map(|first| ledger.now.since(first)) {
        Some(time) if time.as_secs() > 0 => {
            format!(" (for at least {} in this session)", text::duration(time))
        }
        Some(_) | None => String::new(),
    }
}

fn leftover(
    ledger: &Ledger,
    source: usize,
    address: &Address,
    seen: &Observed<Endpoint>,
    contact: &Observed<Contact>,
) -> Option<Finding> {
    let Contact::Failed(failure) = &contact.what else { return None };
    let (record, endpoint) = (&ledger.sources[source], &seen.what);
    let text = format!(
        "{address} is still registered in {}{}, critical{}, and is unreachable: {failure}{}",
        record.registry(),
        instance(endpoint),
        since(ledger, source, endpoint),
        reason(endpoint)
    );
    let mut finding = finding(&LEFTOVER_ENTRY, Some(address.clone()), text, vec![seen.seq, contact.seq]);
    if let Some(advice) = (record.registry().advice)(Situation::Leftover(endpoint)) {
        finding.remedy = advice;
    }
    Some(finding)
}

/// What to do about an instance that its registry lists as healthy although it is dead, in that registry's own
/// commands; `None` where it has none. The advice of a registry that runs the instance comes before that of
/// registries that only list it.
pub(super) fn against_dead(ledger: &Ledger, listed: &[(usize, &Observed<Endpoint>)]) -> Option<String> {
    let of = |orchestrates: bool| {
        let each = listed.iter().map(|(source, seen)| (ledger.sources[*source].registry(), &seen.what));
        each.filter(move |(registry, _)| registry.orchestrates == orchestrates)
            .find_map(|(registry, endpoint)| (registry.advice)(Situation::Dead(endpoint)))
    };
    of(true).or_else(|| of(false))
}

fn check_wrong(
    ledger: &Ledger,
    source: usize,
    address: &Address,
    seen: &Observed<Endpoint>,
    contact: &Observed<Contact>,
) -> Finding {
    let endpoint = &seen.what;
    let text = format!(
        "{address} is registered in {}{}, critical{}, but is serving: clients that follow the registry will not use it{}",
        ledger.sources[source].registry(),
        instance(endpoint),
        since(ledger, source, endpoint),
        reason(endpoint)
    );
    finding(&CHECK_WRONG, Some(address.clone()), text, vec![seen.seq, contact.seq])
}

/// One id of one node at two addresses. The same id on two nodes is normal: Consul's ids are unique per agent. So is
/// a pod of a dual-stack cluster with one address of each family.
fn several_addresses(source: &SourceRecord, name: &str, findings: &mut Vec<Finding>) {
    /// Id, node, and whether the address is an IPv6 address.
    type Place<'a> = (&'a str, Option<&'a str>, bool);
    let mut places: BTreeMap<Place<'_>, Vec<&Observed<Endpoint>>> = BTreeMap::new();
    for seen in source.listed.values() {
        let endpoint = &seen.what;
        if let Some(id) = &endpoint.id {
            let is_ipv6 = matches!(&endpoint.address, Address::Ip(socket) if socket.is_ipv6());
            places.entry((id, endpoint.node.as_deref(), is_ipv6)).or_default().push(seen);
        }
    }
    for ((id, node, _), seen) in places {
        if seen.len() < 2 {
            continue;
        }
        let addresses: Vec<String> = seen.iter().map(|seen| seen.what.address.to_string()).collect();
        let on = node.map(|node| format!(" of node {node}")).unwrap_or_default();
        let text = format!("{name}: instance id {id:?}{on} is registered at {}", shorten(&addresses));
        findings.push(finding(&DUPLICATE_IDENTITY, None, text, unique(&seen)));
    }
}

/// One address under two ids: clients that follow the list send it twice its share.
fn several_ids(source: &SourceRecord, name: &str, findings: &mut Vec<Finding>) {
    let mut ids: BTreeMap<&Address, Vec<&Observed<Endpoint>>> = BTreeMap::new();
    for seen in source.listed.values() {
        if seen.what.id.is_some() && seen.what.status.is_usable() {
            ids.entry(&seen.what.address).or_default().push(seen);
        }
    }
    for (address, seen) in ids {
        if seen.len() < 2 {
            continue;
        }
        let names: Vec<String> = seen
            .iter()
            .map(|seen| {
                let id = seen.what.id.as_deref().unwrap_or_default();
                seen.what.node.as_ref().map_or_else(|| format!("{id:?}"), |node| format!("{id:?} on node {node}"))
            })
            .collect();
        let text = format!(
            "{address} is registered {} times in {name}, as {}: clients that do not merge the entries send it {} times its share",
            seen.len(),
            shorten(&names),
            seen.len()
        );
        findings.push(finding(&DUPLICATE_IDENTITY, Some(address.clone()), text, unique(&seen)));
    }
}

/// One id that alternates between two addresses: two processes register as the same instance, and the last one wins.
fn alternating(ledger: &Ledger, index: usize, name: &str, findings: &mut Vec<Finding>) {
    let source = &ledger.sources[index];
    for (identity, seen) in ledger.identities.iter().filter(|(who, _)| who.source == index) {
        let [.., (first, _), (second, _), (third, _), (fourth, _)] = seen.as_slice() else { continue };
        let now = source.listed.values().filter(|seen| Identity::of(index, &seen.what) == *identity).count();
        if first != third || second != fourth || now > 1 {
            continue;
        }
        let (id, node) = (identity.id(), identity.node());
        let on = node.as_ref().map(|node| format!(" of node {node}")).unwrap_or_default();
        let text = format!(
            "{name}: instance id {id:?}{on} alternates between {first} and {second}, {} times in this session",
            seen.len() - 1
        );
        let evidence = seen.iter().map(|(_, seq)| *seq).collect();
        findings.push(finding(&DUPLICATE_IDENTITY, None, text, evidence));
    }
}

fn unique(seen: &[&Observed<Endpoint>]) -> Vec<u64> {
    seen.iter().map(|seen| seen.seq).collect::<BTreeSet<_>>().into_iter().collect()
}
