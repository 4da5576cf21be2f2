//! Findings on registries that fail, hide results, contradict themselves or responded again after a gap.

use super::catalog::*;
use super::ledger::{Ledger, SourceRecord};
use super::report::{finding, name};
use crate::model::endpoint::Address;
use crate::model::finding::Finding;
use crate::model::registry::Situation;
use crate::model::resolution::{NoteKind, ResolveCode};
use crate::text::duration;

/// What the registries' responses prove by themselves.
pub fn find(ledger: &Ledger) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in &ledger.sources {
        could_not_be_queried(ledger, source, &mut findings);
        response_notes(ledger, source, &mut findings);
        came_back_without_its_memory(source, &mut findings);
        contradicts_itself(source, &mut findings);
        for (gap, start, end) in &source.gaps {
            findings.push(finding(
                &DISCOVERY_GAP,
                None,
                format!("the watch on {} was lost for {} and recovered", source.source, duration(*gap)),
                vec![*start, *end],
            ));
        }
    }
    if let Some((listed, probed)) = ledger.limited {
        let evidence = ledger.responding().filter_map(|(_, s)| s.answered.as_ref()).map(|a| a.seq).collect();
        let text = format!("{listed} endpoints are listed, but only {probed} were probed");
        findings.push(finding(&TOO_MANY_ENDPOINTS, None, text, evidence));
    }
    findings
}

/// `--expect`: addresses that must be listed.
pub fn expected(ledger: &Ledger, expect: &[Address]) -> Vec<Finding> {
    let listing = ledger.listing();
    let evidence: Vec<u64> = ledger.responding().filter_map(|(_, s)| s.answered.as_ref()).map(|a| a.seq).collect();
    if evidence.is_empty() {
        return Vec::new();
    }
    let missing = expect.iter().filter(|address| !listing.contains(address));
    missing
        .map(|address| {
            let text = format!("{address} was expected, but no registry lists it");
            finding(&EXPECTED_ENDPOINT_MISSING, Some(address.clone()), text, evidence.clone())
        })
        .collect()
}

fn could_not_be_queried(ledger: &Ledger, source: &SourceRecord, findings: &mut Vec<Finding>) {
    let Some(broken) = source.broken.as_ref().filter(|_| !source.is_absent()) else { return };
    let name = name(ledger, source);
    let why = broken.what.as_ref().map_or_else(|| "the watch ended".to_string(), |failure| failure.text.clone());
    let text = match source.answered {
        None => format!("{name} could not be queried: {why}"),
        Some(_) if is_denied(source) => {
            format!("{name} has denied access since {}; its last list is kept: {why}", broken.at)
        }
        Some(_) => format!("{name}: no response for {}: {why}", duration(ledger.now.since(broken.at))),
    };
    let code = broken.what.as_ref().map(|failure| failure.code);
    if ledger.is_beside_the_point(source) {
        findings.push(finding(&IMPLIED_REGISTRY_NOT_QUERIED, None, text, vec![broken.seq]));
        return;
    }
    let kind = match (code, &source.answered) {
        (Some(ResolveCode::Limited), _) => &REGISTRY_LIMIT,
        (Some(ResolveCode::Denied | ResolveCode::Hidden), Some(_)) => &ACCESS_LOST,
        (Some(ResolveCode::Hidden), None) => &REGISTRY_HIDES_RESULTS,
        _ => &REGISTRY_NOT_QUERIED,
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
        findings.push(finding(&REGISTRY_LOST_DATA, None, text, vec![restart.seq]));
    }
}

/// One unconfirmed response is normal while things change; a registry that does it repeatedly contradicts itself.
fn contradicts_itself(source: &SourceRecord, findings: &mut Vec<Finding>) {
    const OFTEN: usize = 2;
    let times: Vec<u64> =
        source.remembered.iter().filter(|seen| seen.what.kind == NoteKind::Unconfirmed).map(|seen| seen.seq).collect();
    if times.len() >= OFTEN {
        let text = format!(
            "{} returned an empty list {} times and, when queried again, a list with endpoints each time",
            source.source,
            times.len()
        );
        findings.push(finding(&REGISTRY_CONTRADICTS_ITSELF, None, text, times));
    }
}

fn response_notes(ledger: &Ledger, source: &SourceRecord, findings: &mut Vec<Finding>) {
    let Some(answered) = &source.answered else { return };
    for note in &answered.what {
        let kind = match note.kind {
            NoteKind::AclFiltered | NoteKind::NoLeader | NoteKind::StaleRead if ledger.is_beside_the_point(source) => {
                &IMPLIED_REGISTRY_NOT_QUERIED
            }
            NoteKind::AclFiltered => &REGISTRY_HIDES_RESULTS,
            NoteKind::NoLeader | NoteKind::StaleRead => &REGISTRY_MAY_BE_OLD,
            NoteKind::Withheld => &CREDENTIALS_NOT_SENT,
            NoteKind::Queried
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
            | NoteKind::DefaultPort
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
