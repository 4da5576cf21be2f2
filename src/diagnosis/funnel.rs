//! What is registered and not used by some clients, step by step: GD132 to GD136, GD138 and GD139.

use super::catalog::*;
use super::ledger::{Ledger, Observed, SourceRecord};
use super::registered::{instance, reason};
use super::report::{finding, name, shorten};
use crate::model::endpoint::{Endpoint, EndpointStatus};
use crate::model::finding::Finding;
use crate::model::registry::{Passing, Situation};
use crate::model::resolution::NoteKind;
use crate::text;

/// An operator's reason is quoted up to this many characters.
const QUOTED: usize = 200;

/// One finding for each step at which instances are lost.
pub fn find(ledger: &Ledger) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in &ledger.sources {
        let name = name(ledger, source);
        noted(source, &name, &mut findings);
        findings.extend(not_passing(ledger, source, &name));
        for seen in source.listed.values() {
            findings.extend(in_maintenance(seen, &name));
        }
    }
    findings
}

/// What the backend itself left out, and why.
fn noted(source: &SourceRecord, name: &str, findings: &mut Vec<Finding>) {
    let Some(answered) = &source.answered else { return };
    for note in &answered.what {
        let kind = match note.kind {
            // An empty list has findings of its own.
            NoteKind::LeftOut if !source.listed.is_empty() && !source.is_unreadable() => &ENTRIES_LEFT_OUT,
            NoteKind::Filtered if !source.listed.is_empty() => &FILTERED_BY_TARGET,
            NoteKind::Unreadable if source.is_unreadable() => &NO_READABLE_ENTRY,
            _ => continue,
        };
        findings.push(finding(kind, None, format!("{name}: {}", note.text), vec![answered.seq]));
    }
}

/// Instances that are left out by clients which use only passing ones. Critical ones count only where nothing was
/// contacted: otherwise the network gives more precise findings on them.
fn not_passing(ledger: &Ledger, source: &SourceRecord, name: &str) -> Option<Finding> {
    let left_out = |seen: &&Observed<Endpoint>| match seen.what.status {
        EndpointStatus::Warning => true,
        EndpointStatus::Critical => ledger.contacts.is_empty(),
        EndpointStatus::Healthy | EndpointStatus::Unchecked | EndpointStatus::Draining => false,
    };
    let left_out: Vec<&Observed<Endpoint>> = source.listed.values().filter(left_out).collect();
    let total = source.listed.len();
    let passes =
        |seen: &&Observed<Endpoint>| matches!(seen.what.status, EndpointStatus::Healthy | EndpointStatus::Unchecked);
    let passing = source.listed.values().filter(passes).count();
    let usable = source.listed.values().any(|seen| seen.what.status.is_usable());
    // If none at all is usable, NONE_USABLE reports it.
    if left_out.is_empty() || !usable {
        return None;
    }
    let words: Vec<String> = left_out
        .iter()
        .map(|seen| {
            let endpoint = &seen.what;
            format!("{}{} is {}{}", endpoint.address, instance(endpoint), endpoint.status.as_str(), reason(endpoint))
        })
        .collect();
    let Passing { word, clients } = source.registry().passing;
    let outcome = if passing == 0 { "find no endpoint" } else { "leave them out" };
    let text = format!("{name}: {passing} of {total} {word}: {}; {clients} {outcome}", shorten(&words));
    let kind = if passing == 0 { &NONE_PASSING } else { &NOT_PASSING };
    let address = match left_out.as_slice() {
        [one] => Some(one.what.address.clone()),
        _ => None,
    };
    let mut evidence: Vec<u64> = left_out.iter().map(|seen| seen.seq).collect();
    evidence.sort_unstable();
    evidence.dedup();
    let mut finding = finding(kind, address, text, evidence);
    let advice = left_out.iter().find_map(|seen| (source.registry().advice)(Situation::NotPassing(&seen.what)));
    if let Some(advice) = advice {
        finding.remedy = advice;
    }
    Some(finding)
}

fn in_maintenance(seen: &Observed<Endpoint>, name: &str) -> Option<Finding> {
    let endpoint = &seen.what;
    let maintenance = endpoint.maintenance()?;
    let reason = match maintenance.reason.trim() {
        "" => "no reason given".to_string(),
        reason => format!("reason: {}", text::shorten(reason, QUOTED)),
    };
    let text = format!(
        "{} is registered in {name}{} and in maintenance mode ({reason}): it was taken out of service on purpose, and clients do not use it",
        endpoint.address,
        instance(endpoint)
    );
    let mut finding = finding(&IN_MAINTENANCE, Some(endpoint.address.clone()), text, vec![seen.seq]);
    finding.remedy = format!("When maintenance is finished: {}.", maintenance.end);
    Some(finding)
}
