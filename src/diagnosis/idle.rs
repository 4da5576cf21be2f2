//! Findings of the idle cycle: GD603 to GD606, GD610.

use super::catalog::*;
use super::ledger::{Contact, Ledger, Observed};
use super::report::{finding, join};
use crate::model::endpoint::Address;
use crate::model::event::IdlePhase;
use crate::model::finding::Finding;
use crate::text::duration;

/// What changed during the idle period, and what a client that did not notice would hold now.
pub fn find(ledger: &Ledger) -> Vec<Finding> {
    let Some(idle) = ledger.idle.iter().find(|seen| seen.what == IdlePhase::Waiting) else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    let listing = ledger.listing();
    let still_usable = |address: &Address| listing.get(address).iter().any(|(_, seen)| seen.what.status.is_usable());
    let arrived: Vec<&Observed<_>> = ledger.arrivals.iter().filter(|seen| still_usable(&seen.what.address)).collect();
    let new = join(
        &arrived
            .iter()
            .map(|seen| seen.what.address.to_string())
            .collect::<Vec<_>>()
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>(),
    );
    let mut reported: Vec<&Address> = Vec::new();
    for departure in ledger.left() {
        let address = &departure.what.endpoint.address;
        if departure.at < idle.at || still_usable(address) || reported.contains(&address) {
            continue;
        }
        reported.push(address);
        let source = &ledger.sources[departure.what.source].source;
        let contact = ledger.contacts.get(address).filter(|contact| contact.at >= departure.at);
        let now = match contact.map(|contact| &contact.what) {
            Some(Contact::Failed(failure)) => format!("and is unreachable now ({failure})"),
            Some(Contact::Connected | Contact::Answered(_)) => "and still responds".to_string(),
            None => "and was not probed again".to_string(),
        };
        let instead = if new.is_empty() { "no new endpoint".to_string() } else { format!("new: {new}") };
        let after = duration(departure.at.since(idle.at));
        let mut evidence = vec![idle.seq, departure.seq];
        evidence.extend(arrived.iter().map(|seen| seen.seq));
        evidence.extend(contact.map(|contact| contact.seq));
        evidence.dedup();
        let text = format!("{address} was removed from {source} {after} into the idle period {now}; {instead}");
        findings.push(finding(&MOVED_WHILE_IDLE, Some(address.clone()), text, evidence));
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
