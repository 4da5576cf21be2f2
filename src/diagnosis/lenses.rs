//! GD609: what other frameworks' clients would hold differs from what the registry lists.

use super::catalog::{CLIENTS_WOULD_BE_STALE, UNNAMED_CLIENTS_WOULD_BE_STALE};
use super::ledger::{Contact, Ledger, Observed};
use super::report::{finding, join};
use crate::model::endpoint::Address;
use crate::model::finding::Finding;
use crate::model::lens::{LensReport, NoticesChanges};
use crate::text::{all_of, few};

/// One finding for all lenses that differ in the same way.
pub fn find(ledger: &Ledger) -> Vec<Finding> {
    let mut groups: Vec<Vec<&Observed<LensReport>>> = Vec::new();
    for seen in ledger.lenses.iter().filter(|seen| seen.what.is_wrong()) {
        let alike = |other: &LensReport| {
            let view = |report: &LensReport| (report.stale.clone(), report.missing.clone(), report.notices);
            view(other) == view(&seen.what)
        };
        match groups.iter_mut().find(|group| group.first().is_some_and(|first| alike(&first.what))) {
            Some(group) => group.push(seen),
            None => groups.push(vec![seen]),
        }
    }
    groups.iter().filter_map(|group| finding_of(ledger, group)).collect()
}

fn finding_of(ledger: &Ledger, group: &[&Observed<LensReport>]) -> Option<Finding> {
    let first = &group.first()?.what;
    let labels: Vec<&str> = group.iter().map(|seen| &*seen.what.label).collect();
    let mut evidence: Vec<u64> = group.iter().map(|seen| seen.seq).collect();
    let mut problems = Vec::new();
    if first.notices == NoticesChanges::NeverAndHangs {
        problems.push("have no list, and every call would hang until its deadline".to_string());
    }
    if !first.stale.is_empty() {
        let mut by_outcome: Vec<(String, Vec<String>)> = Vec::new();
        for address in &first.stale {
            let outcome = outcome(ledger, address, &mut evidence);
            match by_outcome.iter_mut().find(|(known, _)| *known == outcome) {
                Some((_, addresses)) => addresses.push(address.to_string()),
                None => by_outcome.push((outcome, vec![address.to_string()])),
            }
        }
        let stale: Vec<String> =
            by_outcome.iter().map(|(outcome, those)| format!("{}{outcome}", listed(those))).collect();
        problems.push(format!("keep dialing {}", stale.join("; ")));
    }
    if !first.missing.is_empty() {
        let missing: Vec<String> = first.missing.iter().map(ToString::to_string).collect();
        problems.push(format!("miss {}", listed(&missing)));
    }
    let is_dead = |address: &Address| {
        ledger.contacts.get(address).is_some_and(|contact| matches!(contact.what, Contact::Failed(_)))
    };
    let fails = match first.holds.is_empty() || !first.holds.iter().all(is_dead) {
        true => String::new(),
        false => format!(", so every call would fail (\"{} …\")", first.fails_with),
    };
    let text = format!(
        "clients of {} would {}{fails} until {}",
        join(&labels),
        problems.join(" and "),
        first.notices.recovers_after(),
    );
    let kind = if ledger.lenses_named { &CLIENTS_WOULD_BE_STALE } else { &UNNAMED_CLIENTS_WOULD_BE_STALE };
    let mut finding = finding(kind, None, text, evidence);
    finding.remedy = remedy(group.iter().map(|seen| &seen.what));
    Some(finding)
}

/// What helps the clients that would hold wrong addresses; `None` if there are none.
pub(super) fn remedy_of_wrong(ledger: &Ledger) -> Option<String> {
    let mut wrong = ledger.lenses.iter().map(|seen| &seen.what).filter(|report| report.is_wrong()).peekable();
    wrong.peek()?;
    Some(remedy(wrong))
}

/// The remedies of clients, each once.
fn remedy<'a>(reports: impl Iterator<Item = &'a LensReport>) -> String {
    let mut remedies: Vec<&str> = Vec::new();
    for report in reports {
        if !remedies.contains(&report.remedy) {
            remedies.push(report.remedy);
        }
    }
    remedies.join("; ")
}

/// The result of dialing a held address, where it was tried: ` (tcp: connection refused)`.
fn outcome(ledger: &Ledger, address: &Address, evidence: &mut Vec<u64>) -> String {
    let Some(contact) = ledger.contacts.get(address) else { return String::new() };
    evidence.push(contact.seq);
    match &contact.what {
        Contact::Failed(failure) => format!(" ({failure})"),
        Contact::Connected | Contact::Answered(_) => " (still responding)".to_string(),
    }
}

/// The first few, and how many more there are.
fn listed(words: &[String]) -> String {
    const NAMED: usize = 5;
    if words.len() > NAMED { few(words, ", ", NAMED) } else { all_of(words) }
}
