//! GD508: endpoints of a watch that had not responded when it ended. Their state is unknown, so the verdict of the
//! watch is not healthy.

use std::time::Duration;

use super::catalog::NO_RESPONSE_YET;
use super::ledger::{Contact, Ledger};
use super::report::finding;
use crate::model::finding::Finding;
use crate::model::pending::{Awaits, PendingReport, Subject};

/// A peer that responds at all does so within this time.
const OVERDUE: Duration = Duration::from_secs(1);

/// One finding for each endpoint.
pub fn find(ledger: &Ledger) -> Vec<Finding> {
    let overdue = ledger.pending.iter().filter(|(_, seen)| is_overdue(ledger, &seen.what));
    let found = overdue.map(|(address, seen)| {
        let contact = ledger.contacts.get(address);
        let text = format!("{address} had not responded when the watch ended: {}", seen.what);
        let mut found = finding(&NO_RESPONSE_YET, Some(address.clone()), text, vec![seen.seq]);
        found.evidence.extend(contact.map(|contact| contact.seq));
        found
    });
    found.collect()
}

/// True when the endpoint of a watch has not responded for so long that it is more than a delay.
pub(super) fn is_overdue(ledger: &Ledger, pending: &PendingReport) -> bool {
    let is_owed = pending.awaits.is_owed_by_peer() && pending.waited >= OVERDUE;
    // An earlier failure has a finding of its own.
    let has_failed = |address| matches!(ledger.contacts.get(address).map(|seen| &seen.what), Some(Contact::Failed(_)));
    match &pending.subject {
        Subject::Endpoint(address) => {
            ledger.watches && is_owed && (pending.awaits == Awaits::Response || !has_failed(address))
        }
        Subject::Registry(_) => false,
    }
}
