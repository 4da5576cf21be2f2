//! Findings of the idle cycle: GD603 to GD606, GD610.

use super::catalog::*;
use super::ledger::{Contact, Departure, Ledger, Observed};
use super::lenses;
use super::report::{finding, name};
use crate::model::endpoint::{Address, Endpoint};
use crate::model::event::IdlePhase;
use crate::model::finding::Finding;
use crate::text::{all_of, duration};

/// What changed during the idle period.
pub(super) struct IdleChanges<'a> {
    /// The start of the idle period.
    pub start: &'a Observed<IdlePhase>,
    /// Addresses that are no longer usable, each once.
    pub removed: Vec<&'a Observed<Departure>>,
    /// New addresses that are usable.
    pub arrived: Vec<&'a Observed<Endpoint>>,
}

/// What changed during the idle period; `None` if there was none.
pub(super) fn changes(ledger: &Ledger) -> Option<IdleChanges<'_>> {
    let start = ledger.idle.iter().find(|seen| seen.what == IdlePhase::Waiting)?;
    let listing = ledger.listing();
    let still_usable = |address: &Address| listing.get(address).iter().any(|(_, seen)| seen.what.status.is_usable());
    let mut arrived: Vec<&Observed<Endpoint>> = Vec::new();
    for arrival in ledger.arrivals.iter().filter(|seen| still_usable(&seen.what.address)) {
        if !arrived.iter().any(|known| known.what.address == arrival.what.address) {
            arrived.push(arrival);
        }
    }
    let mut removed: Vec<&Observed<Departure>> = Vec::new();
    for departure in ledger.left().filter(|departure| departure.at >= start.at) {
        let address = &departure.what.endpoint.address;
        let is_known = removed.iter().any(|known| known.what.endpoint.address == *address);
        if !still_usable(address) && !is_known {
            removed.push(departure);
        }
    }
    Some(IdleChanges { start, removed, arrived })
}

/// What changed during the idle period, and what a client that did not notice would hold now.
pub fn find(ledger: &Ledger) -> Vec<Finding> {
    let Some(IdleChanges { start, removed, arrived }) = changes(ledger) else { return Vec::new() };
    let mut findings = Vec::new();
    let new = all_of(arrived.iter().map(|seen| &seen.what.address));
    for departure in removed {
        let address = &departure.what.endpoint.address;
        let source = name(ledger, &ledger.sources[departure.what.source]);
        let contact = ledger.contacts.get(address).filter(|contact| contact.at >= departure.at);
        let now = match contact.map(|contact| &contact.what) {
            Some(Contact::Failed(failure)) => format!("and is unreachable now ({failure})"),
            Some(Contact::Connected | Contact::Answered(_)) => "and still responds".to_string(),
            None => "and was not probed again".to_string(),
        };
        let instead = if new.is_empty() { "no new endpoint".to_string() } else { format!("new: {new}") };
        let after = duration(departure.at.since(start.at));
        let mut evidence = vec![start.seq, departure.seq];
        evidence.extend(arrived.iter().map(|seen| seen.seq));
        evidence.extend(contact.map(|contact| contact.seq));
        evidence.dedup();
        let text = format!("{address} was removed from {source} {after} into the idle period {now}; {instead}");
        let mut moved = finding(&MOVED_WHILE_IDLE, Some(address.clone()), text, evidence);
        // The clients that are known to keep the old address have a remedy of their own.
        if let Some(remedy) = lenses::remedy_of_wrong(ledger) {
            moved.remedy = remedy;
        }
        findings.push(moved);
        if let Some(contact) = contact.filter(|c| matches!(c.what, Contact::Connected | Contact::Answered(_))) {
            let text = format!("{address} was removed from {source} and still responds");
            let evidence = vec![departure.seq, contact.seq];
            findings.push(finding(&LEFT_BUT_ALIVE, Some(address.clone()), text, evidence));
        }
    }
    findings.extend(ledger.calls.iter().filter(|call| call.what.phase == IdlePhase::Call).filter_map(|call| {
        let cost = call.what.cost.as_ref()?;
        let limit = ledger.rpc_timeout.filter(|limit| cost.with_resolving() > *limit)?;
        let mut parts: Vec<String> =
            cost.resolve.iter().map(|resolve| format!("registry {}", duration(*resolve))).collect();
        parts.extend(cost.connecting.iter().map(|(stage, took)| format!("{stage} {}", duration(*took))));
        parts.push(format!("rpc {}", duration(cost.rpc)));
        let who = if cost.total > limit {
            "it fails for every client"
        } else {
            "it fails for clients that query the registry again"
        };
        let to = call.what.address.as_ref().map(|address| format!("{address}: ")).unwrap_or_default();
        let text = format!(
            "{to}the first call after the idle period takes {} ({}), but its deadline is {}: {who}",
            duration(cost.with_resolving()),
            parts.join(", "),
            duration(limit)
        );
        let evidence = std::iter::once(call.seq).chain(call.what.stages.iter().copied()).collect();
        Some(finding(&IDLE_EXIT_TOO_SLOW, call.what.address.clone(), text, evidence))
    }));
    for call in &ledger.calls {
        let Err(why) = &call.what.outcome else { continue };
        let (kind, when) = match call.what.phase {
            IdlePhase::Baseline => (&BASELINE_FAILED, "before the idle period"),
            IdlePhase::Waiting | IdlePhase::Idle | IdlePhase::Call | IdlePhase::Checking | IdlePhase::Done => {
                (&CALL_AFTER_IDLE_FAILED, "after the idle period")
            }
        };
        let took = duration(call.what.took);
        let text = format!("the call {when} failed after {took}: {why}");
        findings.push(finding(kind, call.what.address.clone(), text, vec![call.seq]));
    }
    findings
}
