//! GD609: what other frameworks' clients would hold differs from what the registry lists.

use super::discovery::finding;
use super::ledger::{Contact, Ledger, Seen};
use super::reaching::join;
use super::table::CLIENTS_WOULD_BE_STALE;
use crate::model::endpoint::Address;
use crate::model::finding::Finding;
use crate::model::lens::{Hears, LensReport};

/// One finding for all lenses that differ in the same way and are helped by the same.
pub fn find(ledger: &Ledger) -> Vec<Finding> {
    let mut groups: Vec<Vec<&Seen<LensReport>>> = Vec::new();
    for seen in ledger.lenses.iter().filter(|seen| !seen.what.agrees()) {
        let alike = |other: &LensReport| {
            let view = |report: &LensReport| (report.stale.clone(), report.missing.clone(), report.hears);
            view(other) == view(&seen.what) && other.remedy == seen.what.remedy
        };
        match groups.iter_mut().find(|group| group.first().is_some_and(|first| alike(&first.what))) {
            Some(group) => group.push(seen),
            None => groups.push(vec![seen]),
        }
    }
    groups.iter().filter_map(|group| told(ledger, group)).collect()
}

fn told(ledger: &Ledger, group: &[&Seen<LensReport>]) -> Option<Finding> {
    let first = &group.first()?.what;
    let labels: Vec<&str> = group.iter().map(|seen| &*seen.what.label).collect();
    let mut evidence: Vec<u64> = group.iter().map(|seen| seen.seq).collect();
    let mut wrong = Vec::new();
    if first.hears == Hears::NeverAndHangs {
        wrong.push("has no list, and every call hangs until its deadline".to_string());
    }
    if !first.stale.is_empty() {
        let stale: Vec<String> =
            first.stale.iter().map(|address| held(ledger, address, first.fails_with, &mut evidence)).collect();
        wrong.push(format!("still dials {}", listed(&stale)));
    }
    if !first.missing.is_empty() {
        let missing: Vec<String> = first.missing.iter().map(ToString::to_string).collect();
        wrong.push(format!("does not know {}", listed(&missing)));
    }
    let text = format!(
        "a client of {} {}: {}; it recovers by {}",
        join(&labels),
        wrong.join(" and "),
        first.rule,
        first.hears.recovers_by()
    );
    let mut finding = finding(&CLIENTS_WOULD_BE_STALE, None, text, evidence);
    finding.remedy = first.remedy.to_string();
    Some(finding)
}

/// A held address with what dialling it gives, where it was tried.
fn held(ledger: &Ledger, address: &Address, fails_with: &str, evidence: &mut Vec<u64>) -> String {
    let Some(contact) = ledger.contacts.get(address) else { return address.to_string() };
    evidence.push(contact.seq);
    match &contact.what {
        Contact::Failed(failure) => format!("{address} ({failure}; its calls fail: \"{fails_with} …\")"),
        Contact::Connected | Contact::Answered(_) => format!("{address} (which still answers)"),
    }
}

/// The first few, and how many more there are.
fn listed(words: &[String]) -> String {
    const NAMED: usize = 5;
    let mut few: Vec<&str> = words.iter().take(NAMED).map(String::as_str).collect();
    let more = format!("{} more", words.len().saturating_sub(NAMED));
    if words.len() > NAMED {
        few.push(&more);
    }
    join(&few)
}
