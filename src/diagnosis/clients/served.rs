//! The clients of each endpoint, as its server shows them: who stayed, and who did not come.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::case::registries;
use crate::diagnosis::catalog::*;
use crate::diagnosis::ledger::{Ledger, Observed};
use crate::diagnosis::report::{finding, shorten};
use crate::model::client::ServedClients;
use crate::model::endpoint::{Address, EndpointStatus};
use crate::model::finding::Finding;
use crate::text::{count, duration};

/// A client with a watch connects to a new endpoint within this time.
const COMES_WITHIN: Duration = Duration::from_secs(15);

/// What the servers prove about their clients, and what could not be read.
pub fn find(ledger: &Ledger) -> Vec<Finding> {
    let mut findings = unread(ledger);
    for (endpoint, served) in &ledger.served {
        findings.extend(left_behind(ledger, endpoint, served));
        findings.extend(without_clients(ledger, endpoint, served));
    }
    findings
}

fn unread(ledger: &Ledger) -> Vec<Finding> {
    let each = ledger.unread.iter().map(|Observed { what: unread, seq, .. }| {
        let kind = if unread.is_partial { &CLIENT_READ_IN_PART } else { &CLIENT_UNREADABLE };
        let text = format!("{}: {}: {}", unread.process, unread.witness, unread.why);
        let mut finding = finding(kind, unread.process.parse().ok(), text, vec![*seq]);
        if let Some(remedy) = &unread.remedy {
            finding.remedy = remedy.clone();
        }
        finding
    });
    each.collect()
}

/// Who a connection belongs to: a host, or the connection itself where several of one host reach the same endpoint (a
/// proxy, or several processes).
pub(super) fn clients(ledger: &Ledger) -> BTreeMap<String, BTreeSet<&Address>> {
    let host = |remote: &Address| match remote {
        Address::Ip(socket) => socket.ip().to_string(),
        other => other.to_string(),
    };
    let mut shared: BTreeSet<String> = BTreeSet::new();
    for served in ledger.served.values() {
        let mut hosts: BTreeSet<String> = BTreeSet::new();
        shared
            .extend(served.what.connections.iter().map(|c| host(&c.remote)).filter(|name| !hosts.insert(name.clone())));
    }
    let mut clients: BTreeMap<String, BTreeSet<&Address>> = BTreeMap::new();
    for (endpoint, served) in &ledger.served {
        for connection in &served.what.connections {
            let name = match host(&connection.remote) {
                name if shared.contains(&name) => connection.remote.to_string(),
                name => name,
            };
            clients.entry(name).or_default().insert(endpoint);
        }
    }
    clients
}

fn names_at(ledger: &Ledger, endpoint: &Address) -> Vec<String> {
    let all = clients(ledger).into_iter();
    all.filter(|(_, endpoints)| endpoints.contains(endpoint)).map(|(name, _)| name).collect()
}

/// Why clients should leave an endpoint; `None` when they need not.
fn leaving(ledger: &Ledger, endpoint: &Address) -> Option<(String, Vec<u64>)> {
    let listed: Vec<_> = registries(ledger).flat_map(|source| source.at(endpoint)).collect();
    match listed.as_slice() {
        listed @ [_, ..] => {
            let is_draining = listed.iter().all(|seen| seen.what.status == EndpointStatus::Draining);
            let evidence = listed.iter().map(|seen| seen.seq).collect();
            is_draining.then(|| ("is draining".to_string(), evidence))
        }
        [] => {
            let left = ledger.departures.iter().rev().find(|departure| departure.what.endpoint.address == *endpoint);
            let answers =
                ledger.responding().filter_map(|(_, source)| source.answered.as_ref()).map(|answered| answered.seq);
            Some(match left {
                Some(left) => {
                    (format!("left the registry {} ago", duration(ledger.now.since(left.at))), vec![left.seq])
                }
                None => ("is not registered".to_string(), answers.collect()),
            })
        }
    }
}

/// Clients on an endpoint that is draining or gone.
fn left_behind(ledger: &Ledger, endpoint: &Address, served: &Observed<ServedClients>) -> Option<Finding> {
    let (why, evidence) = leaving(ledger, endpoint)?;
    let names = names_at(ledger, endpoint);
    if names.is_empty() {
        return None;
    }
    let open: u64 = served.what.connections.iter().map(|connection| connection.streams_open).sum();
    let text = format!(
        "{endpoint} {why} and {} still connected, with {}: {}",
        count(names.len(), "client") + if names.len() == 1 { " is" } else { " are" },
        count(usize::try_from(open).unwrap_or(usize::MAX), "open call"),
        shorten(&names)
    );
    let evidence = std::iter::once(served.seq).chain(evidence).collect();
    Some(finding(&LEFT_ON_DRAINING, Some(endpoint.clone()), text, evidence))
}

/// A usable endpoint to which clients of the others did not come.
fn without_clients(ledger: &Ledger, endpoint: &Address, served: &Observed<ServedClients>) -> Option<Finding> {
    let listed = registries(ledger).flat_map(|source| source.at(endpoint));
    let listed = listed.into_iter().find(|seen| seen.what.status.is_usable())?;
    if served.what.running_for.is_some_and(|running| running < COMES_WITHIN) {
        return None;
    }
    let clients = clients(ledger);
    let came = clients.values().filter(|endpoints| endpoints.contains(endpoint)).count();
    // A client of one endpoint only may use no more than one by design, unless no client at all came.
    let others: Vec<String> = clients
        .iter()
        .filter(|(_, endpoints)| !endpoints.contains(endpoint) && (came == 0 || endpoints.len() > 1))
        .map(|(name, _)| name.clone())
        .collect();
    if others.is_empty() {
        return None;
    }
    let age =
        served.what.running_for.map(|running| format!(", running for {},", duration(running))).unwrap_or_default();
    let text = match came {
        0 => format!(
            "{endpoint}{age} has no client; {} connected to other endpoints: {}",
            count(others.len(), "client") + if others.len() == 1 { " is" } else { " are" },
            shorten(&others)
        ),
        came => format!(
            "{endpoint}{age} has {}; {} several other endpoints and not this one: {}",
            count(came, "client"),
            count(others.len(), "client") + if others.len() == 1 { " uses" } else { " use" },
            shorten(&others)
        ),
    };
    Some(finding(&NOBODY_CAME, Some(endpoint.clone()), text, vec![served.seq, listed.seq]))
}
