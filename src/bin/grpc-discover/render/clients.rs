//! Running clients, for people: one row for each client, and one for each endpoint with the clients that are connected
//! to it.

use std::collections::BTreeMap;

use grpc_discover::model::client::{ClientReport, ClientView, JudgedClient, ServedClients, Unread};
use grpc_discover::model::connectivity::ConnectivityState;
use grpc_discover::model::endpoint::Address;
use grpc_discover::text::{count, few};

use super::wire::ClientEntry;

/// How many clients of an endpoint are named.
const NAMED: usize = 4;

/// Everything reported about running clients.
#[derive(Debug, Default)]
pub struct ClientsSeen {
    /// The verdicts, worst first.
    pub judged: Vec<JudgedClient>,
    /// What could not be read.
    pub unread: Vec<Unread>,
    /// The clients of each endpoint.
    pub served: BTreeMap<Address, ServedClients>,
}

impl ClientsSeen {
    /// Processes a report; the latest one of each subject is kept.
    pub fn observe(&mut self, report: &ClientReport) {
        match report {
            ClientReport::Judged(judged) => self.judged.push(judged.clone()),
            ClientReport::Unread(unread) => {
                self.unread.retain(|known| known.process != unread.process);
                self.unread.push(unread.clone());
            }
            ClientReport::Served(served) => _ = self.served.insert(served.endpoint.clone(), served.clone()),
            _ => {}
        }
    }

    /// Everything, for programs.
    pub fn entries(&self) -> impl Iterator<Item = ClientEntry> {
        let judged = self.judged.iter().map(ClientEntry::from);
        judged.chain(self.unread.iter().map(ClientEntry::from)).chain(self.served.values().map(ClientEntry::from))
    }
}

/// One report as a line: its subject and what it shows.
pub fn describe(report: &ClientReport) -> (String, String) {
    match report {
        ClientReport::Seen(view) => {
            let state = view.state.map_or("state unknown", ConnectivityState::as_str);
            let text = format!("{state}, holds {}; queries its registry: {}", held(view), view.registry.as_str());
            (format!("client {}", view.id), text)
        }
        ClientReport::Judged(judged) => {
            (format!("client {}", judged.view.id), format!("{}: {}", judged.verdict, judged.text))
        }
        ClientReport::Unread(unread) => (format!("client {}", unread.process), format!("not read: {}", unread.why)),
        ClientReport::Served(served) => {
            let names = few(served.connections.iter().map(|connection| &connection.remote), ", ", NAMED);
            let names = if names.is_empty() { names } else { format!(": {names}") };
            (
                format!("endpoint {}", served.endpoint),
                format!("{}{names}", count(served.connections.len(), "connection")),
            )
        }
        _ => ("client".to_string(), String::new()),
    }
}

/// The addresses that a client holds.
pub fn held(view: &ClientView) -> String {
    if view.holds.is_empty() {
        return "-".to_string();
    }
    few(view.holds.iter().map(|held| &held.address), ", ", NAMED)
}
