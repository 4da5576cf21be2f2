//! The verdict of `client` and `who`, and its sentence.

use std::collections::BTreeMap;

use super::served;
use crate::diagnosis::catalog::{CLIENT_READ_IN_PART, CLIENT_UNREADABLE};
use crate::diagnosis::ledger::Ledger;
use crate::model::client::{ClientVerdict, JudgedClient};
use crate::model::finding::{Finding, Severity};
use crate::model::verdict::Verdict;
use crate::text::{count, plural};

/// The verdict on the clients together.
pub fn overall(ledger: &Ledger, clients: &[JudgedClient], findings: &[Finding]) -> Verdict {
    let of_clients = |finding: &&Finding| finding.kind.code.starts_with("GD7");
    let is_proof = |finding: &&Finding| ![&CLIENT_UNREADABLE, &CLIENT_READ_IN_PART].contains(&finding.kind);
    let worst = findings.iter().filter(of_clients).filter(is_proof).map(|finding| finding.kind.severity).max();
    let is_down = |client: &JudgedClient| match client.verdict {
        ClientVerdict::Wedged => true,
        ClientVerdict::Frozen => client.stale.len() == client.view.holds.len(),
        _ => false,
    };
    let judged: Vec<&JudgedClient> = clients.iter().filter(|client| client.verdict != ClientVerdict::Unknown).collect();
    if !judged.is_empty() && judged.iter().all(|client| is_down(client)) {
        return Verdict::Failed;
    }
    if worst >= Some(Severity::Warn) {
        return Verdict::Degraded;
    }
    let is_unread = ledger.unread.iter().any(|unread| !unread.what.is_partial);
    let is_read = !judged.is_empty() || !ledger.served.is_empty() && ledger.responding().next().is_some();
    // A client that is behind was not read for long enough.
    let is_open = |client: &JudgedClient| matches!(client.verdict, ClientVerdict::Unknown | ClientVerdict::Behind);
    if is_unread || !is_read || clients.iter().any(is_open) {
        return Verdict::Unknown;
    }
    Verdict::Healthy
}

/// The verdict in one sentence.
pub fn sentence(ledger: &Ledger, clients: &[JudgedClient], findings: &[Finding]) -> String {
    let mut parts = Vec::new();
    if !clients.is_empty() {
        let mut counts: BTreeMap<ClientVerdict, usize> = BTreeMap::new();
        for client in clients {
            *counts.entry(client.verdict).or_default() += 1;
        }
        let counts: Vec<String> = counts.iter().rev().map(|(verdict, number)| format!("{number} {verdict}")).collect();
        parts.push(match clients {
            [only] => format!("the client is {}", only.verdict),
            _ => format!("{}: {}", count(clients.len(), "client"), counts.join(", ")),
        });
    }
    if !ledger.served.is_empty() {
        let clients = served::clients(ledger).len();
        let endpoints = count(ledger.served.len(), "endpoint");
        parts.push(format!("{} of {endpoints} {} read", count(clients, "client"), plural(clients, "was", "were")));
    }
    let worst =
        findings.iter().find(|finding| finding.kind.code.starts_with("GD7") && finding.kind.severity > Severity::Info);
    parts.extend(worst.map(|worst| worst.text.clone()));
    if parts.is_empty() {
        parts.push("no client was read".to_string());
    }
    parts.join("; ")
}
