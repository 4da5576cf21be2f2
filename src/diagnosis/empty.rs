//! Findings on lists without a usable endpoint. An unknown name, instances that were filtered out, and instances that
//! are all out of service have different findings.

use std::collections::BTreeSet;

use super::catalog::{FILTERED_TO_NOTHING, NO_ENDPOINTS, NONE_USABLE};
use super::ledger::{Ledger, Observed, SourceRecord};
use super::registered;
use super::report::{finding, name, shorten};
use crate::model::endpoint::{Endpoint, EndpointStatus};
use crate::model::finding::Finding;
use crate::model::registry::Situation;
use crate::model::resolution::NoteKind;

/// Findings on services for which no list has a usable endpoint.
pub fn find(ledger: &Ledger) -> Vec<Finding> {
    let mut findings = Vec::new();
    filtered_to_nothing(ledger, &mut findings);
    none_usable(ledger, &mut findings);
    findings
}

/// Instances are registered and the filters leave none: this is different from an unknown name.
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

fn none_usable(ledger: &Ledger, findings: &mut Vec<Finding>) {
    let mut responding: Vec<&SourceRecord> = ledger.responding().map(|(_, source)| source).collect();
    // The registries that run the service come before names that were only tried by default.
    responding.sort_by_key(|source| (ledger.implied.contains(&source.source), source.registry().resolves_names()));
    if responding.is_empty() || ledger.blind().is_some() || ledger.unreadable() || ledger.has_drained() {
        return;
    }
    let evidence = || responding.iter().filter_map(|s| s.answered.as_ref()).map(|a| a.seq).collect::<Vec<_>>();
    if responding.iter().all(|source| source.listed.is_empty()) {
        if responding.iter().any(|source| source.note(NoteKind::FilteredOut).is_some()) {
            return;
        }
        // A name that was only tried by default proves nothing beside a registry that could not be queried.
        let is_unresponsive = |source: &SourceRecord| source.answered.is_none() && source.broken.is_some();
        let is_default_name =
            |source: &&SourceRecord| source.registry().resolves_names() && ledger.implied.contains(&source.source);
        if ledger.sources.iter().any(|source| is_unresponsive(source) && !source.is_absent())
            && responding.iter().all(is_default_name)
        {
            return;
        }
        let texts = responding.iter().map(|source| {
            let note = source.note(NoteKind::Absent).or_else(|| source.note(NoteKind::Funnel));
            let texts = note.map_or_else(
                || format!("{} lists no endpoint", source.source),
                |n| format!("{}: {}", source.source, n.text),
            );
            texts + &elsewhere(source)
        });
        let mut finding = finding(&NO_ENDPOINTS, None, texts.collect::<Vec<_>>().join("; "), evidence());
        let remedies: Vec<&str> = responding
            .iter()
            .filter_map(|source| source.note(NoteKind::Remedy))
            .map(|note| note.text.as_str())
            .collect();
        if let Some(registry) = responding.first().map(|source| source.registry())
            && responding.iter().all(|source| source.registry() == registry)
            && let Some(advice) = (registry.advice)(Situation::NoEndpoint)
        {
            finding.remedy = advice;
        }
        if !remedies.is_empty() {
            finding.remedy = remedies.join(" ");
        } else if ledger.only_default_names() {
            finding.remedy = "Write the full name, or name the registry that has the service (such as consul:///NAME): only DNS was queried, because no other registry is configured (`grpc-discover backends`).".to_string();
        }
        findings.push(finding);
        return;
    }
    let listed: Vec<&Observed<Endpoint>> = responding.iter().flat_map(|source| source.listed.values()).collect();
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
            format!("They were taken out of service on purpose; when maintenance is finished: {}.", shorten(&ends));
    } else if listed.iter().all(|seen| seen.what.status == EndpointStatus::Draining) {
        finding.remedy =
            "Every endpoint is being taken out of service: wait for their replacements, or find out why there are none."
                .to_string();
    } else if let Some(advice) = responding.iter().find_map(|source| {
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
