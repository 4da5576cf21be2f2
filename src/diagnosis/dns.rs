//! Findings on DNS answers: GD124 to GD130, GD150.

use std::collections::BTreeMap;

use super::catalog::*;
use super::ledger::{Contact, Ledger, SourceRecord};
use super::report::finding;
use super::verdict::NetworkState;
use crate::model::endpoint::Address;
use crate::model::finding::Finding;
use crate::model::reach::{FailureCode, Stage};
use crate::model::registry::{Registry, Situation};
use crate::model::resolution::NoteKind;

/// One finding for each remark on a DNS answer, and for loopback addresses that need not respond.
pub fn find(ledger: &Ledger) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in ledger.sources.iter().filter(|source| source.registry().resolves_names()) {
        if source.rotates() {
            let text = format!(
                "{} returns a different subset of its addresses each time: {}; an address that is missing from one answer was not removed",
                source.source,
                source.rotation.words()
            );
            findings.push(finding(&DNS_ROTATES, None, text, source.rotation.evidence()));
        }
        let Some(answered) = &source.answered else { continue };
        for note in &answered.what {
            let kind = match note.kind {
                NoteKind::Cut => &DNS_ANSWER_TRUNCATED,
                NoteKind::Unusable => &DNS_RECORD_UNUSABLE,
                NoteKind::HalfAnswered => &DNS_HALF_ANSWERED,
                NoteKind::Shadowed => &SEARCH_LIST_SHADOWS_NAME,
                NoteKind::InvalidServiceConfig => &SERVICE_CONFIG_INVALID,
                NoteKind::NoEdns => &DNS_WITHOUT_EDNS,
                _ => continue,
            };
            let mut found = finding(kind, None, note.text.clone(), vec![answered.seq]);
            if note.kind == NoteKind::Cut
                && let Some(advice) = answering(ledger, source).and_then(|own| (own.advice)(Situation::DnsAnswerCut))
            {
                found.remedy = advice;
            }
            findings.push(found);
        }
    }
    for (address, spared) in spared(ledger) {
        let text = format!(
            "{address} does not accept connections ({}), but {} does: the server listens on only one address family of this machine; clients that get both use the other one",
            spared.why, spared.sibling
        );
        findings.push(finding(&LOOPBACK_ONE_FAMILY, Some(address), text, spared.evidence));
    }
    findings
}

/// The registry that itself answers the DNS queries of `source`: the name is in its domain, or it is queried beside
/// DNS.
fn answering(ledger: &Ledger, source: &SourceRecord) -> Option<&'static Registry> {
    let name = source.source.target.dns_name().unwrap_or_default();
    let by_name = ledger.registries.iter().copied().find(|registry| registry.answers_dns_for(name));
    let beside = || ledger.sources.iter().map(SourceRecord::registry).find(|registry| registry.dns_domain.is_some());
    by_name.or_else(beside)
}

/// A loopback address that refuses connections while that of the other family accepts them.
pub(super) struct Spared {
    why: String,
    sibling: Address,
    evidence: Vec<u64>,
}

/// The addresses of `localhost`, or of another name for this machine, that need not respond: the loopback addresses
/// of both families are one machine, and a server that listens on one of them is complete.
pub(super) fn spared(ledger: &Ledger) -> BTreeMap<Address, Spared> {
    let mut spared = BTreeMap::new();
    for (address, listed) in ledger.listing().iter() {
        let Address::Ip(own) = address else { continue };
        let Some(contact) = ledger.contacts.get(address) else { continue };
        let Contact::Failed(failure) = &contact.what else { continue };
        let refuses = matches!(failure.code, FailureCode::Refused | FailureCode::Unreachable | FailureCode::Local);
        if !refuses || failure.stage != Stage::Tcp {
            continue;
        }
        let sibling = |source: &SourceRecord| {
            let mut others = source.listed.keys().filter_map(|key| match key.address() {
                Address::Ip(other) if other.is_ipv4() != own.is_ipv4() && other.port() == own.port() => {
                    Some(key.address())
                }
                _ => None,
            });
            others.find(|other| ledger.contacts.get(*other).is_some_and(|contact| accepts(&contact.what))).cloned()
        };
        let siblings = listed.iter().map(|(source, _)| {
            let source = &ledger.sources[*source];
            if is_this_machine(source) { sibling(source) } else { None }
        });
        // Another source lists the address on purpose.
        let Some(siblings) = siblings.collect::<Option<Vec<Address>>>() else { continue };
        let Some(sibling) = siblings.into_iter().next() else { continue };
        let evidence = [Some(contact.seq), ledger.contacts.get(&sibling).map(|contact| contact.seq)];
        let evidence = evidence.into_iter().flatten().collect();
        spared.insert(address.clone(), Spared { why: failure.to_string(), sibling, evidence });
    }
    spared
}

/// DNS (or what answers in its place: RFC 6761, the hosts file) gave loopback addresses only.
fn is_this_machine(source: &SourceRecord) -> bool {
    let is_loopback = |address: &Address| matches!(address, Address::Ip(socket) if socket.ip().is_loopback());
    source.registry().resolves_names() && source.listed.keys().all(|key| is_loopback(key.address()))
}

fn accepts(contact: &Contact) -> bool {
    match NetworkState::of(Some(contact)) {
        NetworkState::Serving
        | NetworkState::Connected
        | NetworkState::NotServing
        | NetworkState::Unjudged
        | NetworkState::Mismatch
        | NetworkState::TlsFailed => true,
        NetworkState::Dead => matches!(contact, Contact::Failed(failure) if failure.stage > Stage::Tcp),
        NetworkState::BlackHole | NetworkState::NoName | NetworkState::NotTried => false,
    }
}
