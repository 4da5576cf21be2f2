//! Findings on sources that list different endpoints: disagreements, copies that are stale (GD602), and virtual
//! addresses.

use std::collections::{BTreeMap, BTreeSet};

use super::catalog::{BACKENDS_DISAGREE, REGISTRY_STALE, STALE_LISTING, VIRTUAL_IP};
use super::ledger::{Ledger, Observed, SourceRecord};
use super::report::{finding, shorten};
use super::verdict::NetworkState;
use crate::model::endpoint::{Address, Endpoint};
use crate::model::finding::Finding;
use crate::model::resolution::NoteKind;
use crate::text::count;

/// What the responses of several sources prove in comparison.
pub fn find(ledger: &Ledger) -> Vec<Finding> {
    let mut findings = Vec::new();
    disagreement(ledger, &mut findings);
    findings
}

/// Compares the addresses that clients of each source would use. Only sources that responded are compared, and only
/// usable endpoints.
fn disagreement(ledger: &Ledger, findings: &mut Vec<Finding>) {
    // A backend that no target names and that does not have the name has nothing to compare.
    let is_counted = |source: &SourceRecord| !source.listed.is_empty() || !ledger.implied.contains(&source.source);
    let mut responding: Vec<(usize, &SourceRecord)> =
        ledger.responding().filter(|(_, source)| is_counted(source)).collect();
    responding.retain(|(_, source)| {
        let others = ledger.responding().map(|(_, other)| other).filter(|other| !std::ptr::eq(*other, *source));
        let virtual_ip = virtual_ip(ledger, source, others);
        let is_one = virtual_ip.is_some();
        findings.extend(virtual_ip);
        !is_one
    });
    if responding.len() < 2 {
        return;
    }
    let sets: Vec<BTreeSet<Address>> = responding.iter().map(|(_, source)| usable(source)).collect();
    if sets.windows(2).all(|pair| pair[0] == pair[1]) {
        return;
    }
    let all: BTreeSet<&Address> = sets.iter().flatten().collect();
    let mut parts = Vec::new();
    for ((_, source), set) in responding.iter().zip(&sets) {
        let missing = all.iter().filter(|address| !set.contains(**address));
        let mut by_status: BTreeMap<Option<&str>, Vec<String>> = BTreeMap::new();
        for address in missing {
            let listed = source.at(address).next();
            by_status.entry(listed.map(|seen| seen.what.status.as_str())).or_default().push(address.to_string());
        }
        parts.extend(by_status.into_iter().map(|(status, missing)| match status {
            None => format!("{} does not list {}", source.source, shorten(&missing)),
            Some(status) => format!("{} lists {} as {status}", source.source, shorten(&missing)),
        }));
    }
    let evidence = responding.iter().filter_map(|(_, source)| source.answered.as_ref()).map(|a| a.seq).collect();
    let kind = if responding.windows(2).all(|pair| is_the_same_registry(pair[0].1, pair[1].1)) {
        let queried =
            responding.iter().filter_map(|(_, source)| source.note(NoteKind::Queried)).map(|note| note.text.clone());
        parts.extend(queried);
        &REGISTRY_STALE
    } else {
        &BACKENDS_DISAGREE
    };
    findings.push(finding(kind, None, parts.join("; "), evidence));

    // An address that only copies (DNS) list, while an authority that responded does not: the copy is stale.
    let authorities: Vec<usize> = (0..responding.len()).filter(|i| responding[*i].1.is_authority()).collect();
    if authorities.is_empty() {
        return;
    }
    for address in all {
        let listed_by_authority = authorities.iter().any(|i| responding[*i].1.at(address).next().is_some());
        if listed_by_authority {
            continue;
        }
        let copies: Vec<&SourceRecord> = responding
            .iter()
            .zip(&sets)
            .filter(|(_, set)| set.contains(address))
            .map(|((_, source), _)| *source)
            .collect();
        let copy = copies.iter().map(|s| s.source.to_string()).collect::<Vec<_>>().join(" and ");
        let authority =
            authorities.iter().map(|i| responding[*i].1.source.to_string()).collect::<Vec<_>>().join(" and ");
        let mut evidence: Vec<u64> = copies.iter().filter_map(|s| s.answered.as_ref()).map(|a| a.seq).collect();
        evidence.extend(authorities.iter().filter_map(|i| responding[*i].1.answered.as_ref()).map(|a| a.seq));
        let text = format!("{address} is listed by {copy} but not by {authority}");
        findings.push(finding(&STALE_LISTING, Some(address.clone()), text, evidence));
    }
}

/// The addresses that clients of a source would use.
fn usable(source: &SourceRecord) -> BTreeSet<Address> {
    source.listed.values().filter(|s| s.what.status.is_usable()).map(|s| s.what.address.clone()).collect()
}

/// DNS returns one address, which responds and is not among the several that another registry lists.
fn virtual_ip<'a>(
    ledger: &Ledger,
    source: &SourceRecord,
    others: impl Iterator<Item = &'a SourceRecord>,
) -> Option<Finding> {
    if source.is_authority() {
        return None;
    }
    let own = usable(source);
    let [address] = own.iter().collect::<Vec<_>>()[..] else { return None };
    let others: Vec<&SourceRecord> = others.filter(|other| other.is_authority()).collect();
    if let Some(finding) = cluster_ip(source, address, &others) {
        return Some(finding);
    }
    let contact = ledger.contacts.get(address)?;
    if !matches!(
        NetworkState::of(Some(&contact.what)),
        NetworkState::Serving | NetworkState::Connected | NetworkState::NotServing | NetworkState::Unjudged
    ) {
        return None;
    }
    if others.iter().any(|other| other.at(address).next().is_some()) {
        return None;
    }
    let (other, many) = others.iter().map(|other| (other, usable(other).len())).max_by_key(|(_, many)| *many)?;
    if many < 2 {
        return None;
    }
    let text = format!(
        "{} returns only {address}, which responds but is not one of the {many} endpoints that {} lists: a virtual IP",
        source.source, other.source
    );
    let answers = [source.answered.as_ref(), other.answered.as_ref()];
    let mut evidence: Vec<u64> = answers.iter().flatten().map(|answered| answered.seq).collect();
    evidence.push(contact.seq);
    Some(finding(&VIRTUAL_IP, Some(address.clone()), text, evidence))
}

/// The address that Kubernetes itself has in front of the endpoints: it is known without contacting it.
fn cluster_ip(source: &SourceRecord, address: &Address, others: &[&SourceRecord]) -> Option<Finding> {
    let Address::Ip(socket) = address else { return None };
    let has_it_in_front = |seen: &Observed<Endpoint>| seen.what.virtual_ip() == Some(socket.ip());
    let other = others.iter().find(|other| other.listed.values().any(has_it_in_front))?;
    let text = format!(
        "{} returns only {address}, the ClusterIP in front of {} that {} lists: an HTTP/2 connection to it stays on one of them",
        source.source,
        count(usable(other).len(), "endpoint"),
        other.source
    );
    let answers = [source.answered.as_ref(), other.answered.as_ref()];
    let evidence = answers.iter().flatten().map(|answered| answered.seq).collect();
    Some(finding(&VIRTUAL_IP, Some(address.clone()), text, evidence))
}

/// Two agents of one registry with the same query, unless their responses name two datacenters.
fn is_the_same_registry(one: &SourceRecord, other: &SourceRecord) -> bool {
    if !one.source.target.is_same_query_elsewhere(&other.source.target) {
        return false;
    }
    let zones = |source: &SourceRecord| -> BTreeSet<String> {
        source.listed.values().filter_map(|seen| seen.what.zone.clone()).collect()
    };
    let (one, other) = (zones(one), zones(other));
    one.is_empty() || other.is_empty() || one == other
}
