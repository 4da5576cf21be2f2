//! Reaches the addresses on which a verdict depends: those that a client holds and no registry lists, and those that it
//! fails to reach.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::{StreamExt, stream};

use crate::diagnosis::Ledger;
use crate::model::client::JudgedClient;
use crate::model::connectivity::ConnectivityState;
use crate::model::endpoint::Address;
use crate::model::event::{ConnectionReport, EventKind, HealthReport};
use crate::model::reach::Reach;
use crate::transport::Transport;

/// How many addresses are reached at most.
const MOST: usize = 32;
/// How many at the same time.
const CONCURRENCY: usize = 8;

/// The addresses to reach.
pub(super) fn wanted(ledger: &Ledger, clients: &[JudgedClient]) -> Vec<Address> {
    let mut wanted = BTreeSet::new();
    for client in clients {
        wanted.extend(client.stale.iter().cloned());
        for held in &client.view.holds {
            let fails = held.state == Some(ConnectivityState::TransientFailure);
            let pending = held.connections.iter().any(|connection| {
                connection.streams_started > connection.streams_succeeded.saturating_add(connection.streams_failed)
            });
            if fails || pending {
                wanted.insert(held.address.clone());
            }
        }
    }
    wanted.into_iter().filter(|address| !ledger.contacts.contains_key(address)).take(MOST).collect()
}

/// Reaches them; the result is what the events of a probe would report.
pub(super) async fn reach(transport: &Transport, addresses: Vec<Address>) -> Vec<EventKind> {
    let service: Arc<str> = Arc::from("");
    let mut reaching = Vec::new();
    for address in addresses {
        let reached = transport.reach(address.clone(), service.clone());
        reaching.push(async move { (reached.await, address) });
    }
    let mut reaching = stream::iter(reaching).buffer_unordered(CONCURRENCY);
    let mut events = Vec::new();
    while let Some((reach, address)) = reaching.next().await {
        events.extend(reported(address, reach));
    }
    events
}

fn reported(address: Address, reach: Reach) -> Vec<EventKind> {
    let connection = |result| EventKind::Connection(ConnectionReport { address: address.clone(), result });
    let mut events: Vec<EventKind> = reach.phases.into_iter().map(|phase| connection(Ok(phase))).collect();
    events.push(match reach.outcome {
        Err(failure) => connection(Err(failure)),
        Ok((health, took)) => EventKind::Health(HealthReport {
            address,
            service: String::new(),
            health,
            took: Some(took),
            ended: None,
            proxy: reach.proxy,
        }),
    });
    events
}
