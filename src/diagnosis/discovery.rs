//! Findings on discovery: GD1xx and the stale listing GD602.

use std::collections::{BTreeMap, BTreeSet};

use super::ledger::{Ledger, Seen, SourceRecord};
use super::registered;
use super::table::*;
use super::verdict::NetworkWord;
use crate::model::endpoint::{Address, Endpoint, EndpointStatus};
use crate::model::finding::{Finding, FindingKind};
use crate::model::registry::Situation;
use crate::model::resolution::{NoteKind, ResolveCode};
use crate::text::{duration, few};

/// What the registries' answers prove by themselves.
pub fn find(ledger: &Ledger) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in &ledger.sources {
        could_not_be_asked(ledger, source, &mut findings);
        says_something_about_its_answer(ledger, source, &mut findings);
        came_back_without_its_memory(source, &mut findings);
        contradicts_itself(source, &mut findings);
        for (gap, begin, end) in &source.gaps {
            findings.push(finding(
                &DISCOVERY_GAP,
                None,
                format!("the watch on {} was lost for {} and recovered", source.source, duration(*gap)),
                vec![*begin, *end],
            ));
        }
    }
    if let Some((listed, probed)) = ledger.limited {
        let evidence = ledger.heard().filter_map(|(_, s)| s.answered.as_ref()).map(|a| a.seq).collect();
        let text = format!("{listed} endpoints are listed and only {probed} were probed");
        findings.push(finding(&TOO_MANY_ENDPOINTS, None, text, evidence));
    }
    filtered_to_nothing(ledger, &mut findings);
    nobody_usable(ledger, &mut findings);
    disagreement(ledger, &mut findings);
    findings
}

/// `--expect`: addresses that must be listed.
pub fn expected(ledger: &Ledger, expect: &[Address]) -> Vec<Finding> {
    let listing = ledger.listing();
    let evidence: Vec<u64> = ledger.heard().filter_map(|(_, s)| s.answered.as_ref()).map(|a| a.seq).collect();
    if evidence.is_empty() {
        return Vec::new();
    }
    let missing = expect.iter().filter(|address| !listing.contains_key(address));
    missing
        .map(|address| {
            let text = format!("{address} was expected and no registry lists it");
            finding(&EXPECTED_ENDPOINT_MISSING, Some(address.clone()), text, evidence.clone())
        })
        .collect()
}

/// The backend's name where that is unambiguous, else what it was asked for.
pub(super) fn name(ledger: &Ledger, source: &SourceRecord) -> String {
    let registry = source.registry();
    let of_its_kind = ledger.sources.iter().filter(|other| other.registry() == registry).count();
    if of_its_kind == 1 { registry.to_string() } else { source.source.to_string() }
}

fn could_not_be_asked(ledger: &Ledger, source: &SourceRecord, findings: &mut Vec<Finding>) {
    let Some(broken) = source.broken.as_ref().filter(|_| !source.is_absent()) else { return };
    let name = name(ledger, source);
    let why = broken.what.as_ref().map_or_else(|| "the watch ended".to_string(), |failure| failure.text.clone());
    let text = match source.answered {
        None => format!("{name} could not be asked: {why}"),
        Some(_) if is_denied(source) => {
            format!("{name} denies access since {}, and its last list is kept: {why}", broken.at)
        }
        Some(_) => format!("{name}: no response for {}: {why}", duration(ledger.now.since(broken.at))),
    };
    let code = broken.what.as_ref().map(|failure| failure.code);
    if ledger.is_beside_the_point(source) {
        findings.push(finding(&IMPLIED_REGISTRY_NOT_ASKED, None, text, vec![broken.seq]));
        return;
    }
    let kind = match (code, &source.answered) {
        (Some(ResolveCode::Limited), _) => &REGISTRY_LIMIT,
        (Some(ResolveCode::Denied | ResolveCode::Hidden), Some(_)) => &ACCESS_LOST,
        (Some(ResolveCode::Hidden), None) => &REGISTRY_HIDES_RESULTS,
        _ => &REGISTRY_NOT_ASKED,
    };
    let mut finding = finding(kind, None, text, vec![broken.seq]);
    if let Some(advice) = code.and_then(|code| (source.registry().advice)(Situation::Failed(code))) {
        finding.remedy = advice;
    }
    findings.push(finding);
}

/// True when the registry refuses the credentials, or hides results from them.
fn is_denied(source: &SourceRecord) -> bool {
    let failure = source.broken.as_ref().and_then(|broken| broken.what.as_ref());
    failure.is_some_and(|failure| matches!(failure.code, ResolveCode::Denied | ResolveCode::Hidden))
}

fn came_back_without_its_memory(source: &SourceRecord, findings: &mut Vec<Finding>) {
    for restart in source.remembered.iter().filter(|seen| seen.what.kind == NoteKind::Restarted) {
        let text = format!("{} {}", source.source, restart.what.text);
        findings.push(finding(&REGISTRY_LOST_ITS_LIST, None, text, vec![restart.seq]));
    }
}

/// One unconfirmed answer happens while things change; a registry that does it again and again is of two minds.
fn contradicts_itself(source: &SourceRecord, findings: &mut Vec<Finding>) {
    const OFTEN: usize = 2;
    let times: Vec<u64> =
        source.remembered.iter().filter(|seen| seen.what.kind == NoteKind::Unconfirmed).map(|seen| seen.seq).collect();
    if times.len() >= OFTEN {
        let text = format!(
            "{} returned an empty list {} times and, queried again, a list with endpoints each time",
            source.source,
            times.len()
        );
        findings.push(finding(&REGISTRY_CONTRADICTS_ITSELF, None, text, times));
    }
}

fn says_something_about_its_answer(ledger: &Ledger, source: &SourceRecord, findings: &mut Vec<Finding>) {
    let Some(answered) = &source.answered else { return };
    for note in &answered.what {
        let kind = match note.kind {
            NoteKind::AclFiltered | NoteKind::NoLeader | NoteKind::StaleRead if ledger.is_beside_the_point(source) => {
                &IMPLIED_REGISTRY_NOT_ASKED
            }
            NoteKind::AclFiltered => &REGISTRY_HIDES_RESULTS,
            NoteKind::NoLeader | NoteKind::StaleRead => &REGISTRY_MAY_BE_OLD,
            NoteKind::Withheld => &CREDENTIALS_NOT_SENT,
            NoteKind::Asked
            | NoteKind::ServiceConfig
            | NoteKind::Funnel
            | NoteKind::FilteredOut
            | NoteKind::Skipped
            | NoteKind::ConfigUnknown
            | NoteKind::Permanent
            | NoteKind::Departed
            | NoteKind::Service
            | NoteKind::Orphaned
            | NoteKind::Legacy
            | NoteKind::Local
            | NoteKind::Absent
            | NoteKind::Doubtful
            | NoteKind::Unconfirmed
            | NoteKind::Restarted
            | NoteKind::Returned
            | NoteKind::LeftOut
            | NoteKind::Matched
            | NoteKind::Filtered
            | NoteKind::Unreadable
            | NoteKind::Elsewhere
            | NoteKind::AnsweredName
            | NoteKind::Shadowed
            | NoteKind::Cut
            | NoteKind::Unusable
            | NoteKind::HalfAnswered
            | NoteKind::InvalidServiceConfig
            | NoteKind::NoEdns
            | NoteKind::Remedy => continue,
        };
        findings.push(finding(kind, None, format!("{}: {}", source.source, note.text), vec![answered.seq]));
    }
}

/// Instances are registered and none is left: that is another thing than an unknown name.
fn filtered_to_nothing(ledger: &Ledger, findings: &mut Vec<Finding>) {
    for source in ledger.sources.iter().filter(|source| source.listed.is_empty()) {
        let (Some(answered), Some(why)) = (&source.answered, source.note(NoteKind::FilteredOut)) else { continue };
        let funnel = source.note(NoteKind::Funnel).map(|note| format!("{}; ", note.text)).unwrap_or_default();
        let text = format!("{}: {funnel}{}{}", name(ledger, source), why.text, elsewhere(source));
        let mut finding = finding(&FILTERED_TO_NOTHING, None, text, vec![answered.seq]);
        if let Some(remedy) = source.note(NoteKind::Remedy) {
            finding.remedy = remedy.text.clone();
        }
        findings.push(finding);
    }
}

fn nobody_usable(ledger: &Ledger, findings: &mut Vec<Finding>) {
    let heard: Vec<&SourceRecord> = ledger.heard().map(|(_, source)| source).collect();
    if heard.is_empty() || ledger.blind().is_some() || ledger.unreadable() || ledger.has_drained() {
        return;
    }
    let evidence = || heard.iter().filter_map(|s| s.answered.as_ref()).map(|a| a.seq).collect::<Vec<_>>();
    if heard.iter().all(|source| source.listed.is_empty()) {
        if heard.iter().any(|source| source.note(NoteKind::FilteredOut).is_some()) {
            return;
        }
        let said = heard.iter().map(|source| {
            let note = source.note(NoteKind::Absent).or_else(|| source.note(NoteKind::Funnel));
            let said = note.map_or_else(
                || format!("{} lists no endpoint", source.source),
                |n| format!("{}: {}", source.source, n.text),
            );
            said + &elsewhere(source)
        });
        let mut finding = finding(&NO_ENDPOINTS, None, said.collect::<Vec<_>>().join("; "), evidence());
        let remedies: Vec<&str> =
            heard.iter().filter_map(|source| source.note(NoteKind::Remedy)).map(|note| note.text.as_str()).collect();
        if let Some(registry) = heard.first().map(|source| source.registry())
            && heard.iter().all(|source| source.registry() == registry)
            && let Some(advice) = (registry.advice)(Situation::NoEndpoint)
        {
            finding.remedy = advice;
        }
        if !remedies.is_empty() {
            finding.remedy = remedies.join(" ");
        }
        findings.push(finding);
        return;
    }
    let listed: Vec<&Seen<Endpoint>> = heard.iter().flat_map(|source| source.listed.values()).collect();
    if listed.iter().any(|seen| seen.what.status.is_usable()) {
        return;
    }
    let words: Vec<String> = listed
        .iter()
        .map(|seen| {
            let endpoint = &seen.what;
            let status = if endpoint.maintenance().is_some() { "in maintenance" } else { endpoint.status.as_str() };
            format!("{} is {status}{}", endpoint.address, registered::reason(endpoint))
        })
        .collect();
    let mut finding = finding(&NONE_USABLE, None, format!("no usable endpoint: {}", shorten(&words)), evidence());
    let ends: BTreeSet<&str> =
        listed.iter().filter_map(|seen| seen.what.maintenance()).map(|maintenance| maintenance.end.as_str()).collect();
    if !ends.is_empty() && listed.iter().all(|seen| seen.what.maintenance().is_some()) {
        let ends: Vec<String> = ends.into_iter().map(str::to_string).collect();
        finding.remedy =
            format!("They were taken out of service on purpose; when the work is done: {}.", shorten(&ends));
    } else if listed.iter().all(|seen| seen.what.status == EndpointStatus::Draining) {
        finding.remedy =
            "Every endpoint is being taken out of service: wait for those that replace them, or find out why \
                          they do not come."
                .to_string();
    } else if let Some(advice) = heard.iter().find_map(|source| {
        let instances = source.listed.values().map(|seen| Situation::NoneUsable(&seen.what));
        instances.into_iter().find_map(source.registry().advice)
    }) {
        finding.remedy = advice;
    }
    findings.push(finding);
}

/// `; WHERE it was found instead`, as far as the registry was searched.
fn elsewhere(source: &SourceRecord) -> String {
    let notes = source.answered.iter().flat_map(|answered| &answered.what);
    notes.filter(|note| note.kind == NoteKind::Elsewhere).map(|note| format!("; {}", note.text)).collect()
}

/// Compares what every source would send clients to. Only sources that answered are compared, and only usable endpoints.
fn disagreement(ledger: &Ledger, findings: &mut Vec<Finding>) {
    // A backend that nobody named and that does not know the name has nothing to compare.
    let has_a_say = |source: &SourceRecord| !source.listed.is_empty() || !ledger.implied.contains(&source.source);
    let mut heard: Vec<(usize, &SourceRecord)> = ledger.heard().filter(|(_, source)| has_a_say(source)).collect();
    heard.retain(|(_, source)| {
        let others = ledger.heard().map(|(_, other)| other).filter(|other| !std::ptr::eq(*other, *source));
        let virtual_ip = virtual_ip(ledger, source, others);
        let is_one = virtual_ip.is_some();
        findings.extend(virtual_ip);
        !is_one
    });
    if heard.len() < 2 {
        return;
    }
    let sets: Vec<BTreeSet<Address>> = heard.iter().map(|(_, source)| usable(source)).collect();
    if sets.windows(2).all(|pair| pair[0] == pair[1]) {
        return;
    }
    let all: BTreeSet<&Address> = sets.iter().flatten().collect();
    let mut parts = Vec::new();
    for ((_, source), set) in heard.iter().zip(&sets) {
        let missing = all.iter().filter(|address| !set.contains(**address));
        let mut by_status: BTreeMap<Option<&str>, Vec<String>> = BTreeMap::new();
        for address in missing {
            let listed = source.listed.values().find(|seen| seen.what.address == **address);
            by_status.entry(listed.map(|seen| seen.what.status.as_str())).or_default().push(address.to_string());
        }
        parts.extend(by_status.into_iter().map(|(status, missing)| match status {
            None => format!("{} does not list {}", source.source, shorten(&missing)),
            Some(status) => format!("{} lists {} as {status}", source.source, shorten(&missing)),
        }));
    }
    let evidence = heard.iter().filter_map(|(_, source)| source.answered.as_ref()).map(|a| a.seq).collect();
    let kind = if heard.windows(2).all(|pair| is_the_same_registry(pair[0].1, pair[1].1)) {
        let asked = heard.iter().filter_map(|(_, source)| source.note(NoteKind::Asked)).map(|note| note.text.clone());
        parts.extend(asked);
        &REGISTRY_STALE
    } else {
        &BACKENDS_DISAGREE
    };
    findings.push(finding(kind, None, parts.join("; "), evidence));

    // An address that only copies (DNS) list, while an authority that answered does not: the copy is stale.
    let authorities: Vec<usize> = (0..heard.len()).filter(|i| heard[*i].1.is_authority()).collect();
    if authorities.is_empty() {
        return;
    }
    for address in all {
        let listed_by_authority = authorities.iter().any(|i| heard[*i].1.listed.keys().any(|k| k.address() == address));
        if listed_by_authority {
            continue;
        }
        let copies: Vec<&SourceRecord> =
            heard.iter().zip(&sets).filter(|(_, set)| set.contains(address)).map(|((_, source), _)| *source).collect();
        let copy = copies.iter().map(|s| s.source.to_string()).collect::<Vec<_>>().join(" and ");
        let authority = authorities.iter().map(|i| heard[*i].1.source.to_string()).collect::<Vec<_>>().join(" and ");
        let mut evidence: Vec<u64> = copies.iter().filter_map(|s| s.answered.as_ref()).map(|a| a.seq).collect();
        evidence.extend(authorities.iter().filter_map(|i| heard[*i].1.answered.as_ref()).map(|a| a.seq));
        let text = format!("{address} is listed by {copy} and not by {authority}");
        findings.push(finding(&STALE_LISTING, Some(address.clone()), text, evidence));
    }
}

/// What a source would send clients to.
fn usable(source: &SourceRecord) -> BTreeSet<Address> {
    source.listed.values().filter(|s| s.what.status.is_usable()).map(|s| s.what.address.clone()).collect()
}

/// DNS gives one address that answers and is none of the several that another registry lists.
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
        NetworkWord::of(Some(&contact.what)),
        NetworkWord::Serving | NetworkWord::Connected | NetworkWord::NotServing | NetworkWord::Unjudged
    ) {
        return None;
    }
    if others.iter().any(|other| other.listed.keys().any(|key| key.address() == address)) {
        return None;
    }
    let (other, many) = others.iter().map(|other| (other, usable(other).len())).max_by_key(|(_, many)| *many)?;
    if many < 2 {
        return None;
    }
    let text = format!(
        "{} gives only {address}, which answers and is none of the {many} endpoints that {} lists: a virtual IP",
        source.source, other.source
    );
    let answers = [source.answered.as_ref(), other.answered.as_ref()];
    let mut evidence: Vec<u64> = answers.iter().flatten().map(|answered| answered.seq).collect();
    evidence.push(contact.seq);
    Some(finding(&VIRTUAL_IP, Some(address.clone()), text, evidence))
}

/// The address that Kubernetes itself has in front of the endpoints: nobody need reach it to know.
fn cluster_ip(source: &SourceRecord, address: &Address, others: &[&SourceRecord]) -> Option<Finding> {
    let Address::Ip(socket) = address else { return None };
    let has_it_in_front = |seen: &Seen<Endpoint>| seen.what.virtual_ip() == Some(socket.ip());
    let other = others.iter().find(|other| other.listed.values().any(has_it_in_front))?;
    let text = format!(
        "{} gives only {address}, the ClusterIP in front of the {} that {} lists: an HTTP/2 connection to it stays \
         with one of them",
        source.source,
        usable(other).len(),
        other.source
    );
    let answers = [source.answered.as_ref(), other.answered.as_ref()];
    let evidence = answers.iter().flatten().map(|answered| answered.seq).collect();
    Some(finding(&VIRTUAL_IP, Some(address.clone()), text, evidence))
}

/// Two agents of one registry that were asked for the same thing, as far as their answers do not name two datacenters.
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

pub(super) fn shorten(words: &[String]) -> String {
    const SHOWN: usize = 5;
    few(words, ", ", SHOWN)
}

pub(super) fn finding(
    kind: &'static FindingKind,
    address: Option<Address>,
    text: String,
    evidence: Vec<u64>,
) -> Finding {
    Finding { kind, address, text, evidence, remedy: kind.remedy.to_string() }
}
