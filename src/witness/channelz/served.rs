//! Reads the clients of a server: the sockets of its servers, in pages.

use std::collections::BTreeSet;

use prost::Message as _;

use super::budget::{Budget, LONGEST};
use super::messages::*;
use super::{NAME, now, partial, read};
use crate::model::client::{ServedClients, ServedConnection};
use crate::model::endpoint::Address;
use crate::transport::{Connection, RpcFailure};
use crate::witness::ServedReading;

const SERVERS: &str = "/grpc.channelz.v1.Channelz/GetServers";
const SERVER_SOCKETS: &str = "/grpc.channelz.v1.Channelz/GetServerSockets";

/// How many servers and sockets one page has at most.
const PAGE: i64 = 100;

/// The clients that are connected to `endpoint`, without the connection of ours from `ours`.
///
/// # Errors
///
/// The first response is a failure: nothing was read.
pub(super) async fn read(
    connection: &Connection,
    endpoint: &Address,
    ours: Option<Address>,
) -> Result<ServedReading, RpcFailure> {
    let mut budget = Budget::new();
    let servers = servers(connection, &mut budget).await?;
    let started =
        servers.iter().filter_map(|server| server.data.as_ref()?.trace.as_ref()?.created.and_then(Timestamp::time));
    let running_for = started.min().and_then(|started| now().duration_since(started).ok());
    let listening: BTreeSet<i64> =
        servers.iter().flat_map(|server| server.listen_socket.iter().map(|socket| socket.socket_id)).collect();
    let mut wanted = BTreeSet::new();
    for server in servers.iter().filter_map(|server| server.r#ref.as_ref()) {
        wanted.extend(sockets(connection, server.server_id, &mut budget).await);
    }
    let sockets = read::sockets(connection, wanted.difference(&listening).copied().collect(), &mut budget).await;
    let mut connections: Vec<ServedConnection> = sockets
        .into_values()
        .filter_map(|socket| {
            let remote = socket.remote.filter(|remote| Some(remote) != ours.as_ref())?;
            // A process may serve several ports: the clients of this one are connected to its port.
            let is_here = socket.local.as_ref().is_none_or(|local| local.port() == endpoint.port());
            let counts = socket.connection;
            let ended = counts.streams_succeeded.saturating_add(counts.streams_failed);
            is_here.then(|| ServedConnection {
                remote,
                streams_started: counts.streams_started,
                streams_open: counts.streams_started.saturating_sub(ended),
                last_stream: socket.last_remote_stream,
            })
        })
        .collect();
    connections.sort_by(|a, b| a.remote.cmp(&b.remote));
    Ok(ServedReading {
        served: ServedClients { endpoint: endpoint.clone(), witness: NAME, running_for, connections },
        partial: budget.cut.map(|why| partial(&endpoint.to_string(), why)),
    })
}

async fn servers(connection: &Connection, budget: &mut Budget) -> Result<Vec<Server>, RpcFailure> {
    let mut servers: Vec<Server> = Vec::new();
    let mut next = 0;
    while budget.is_open() {
        budget.page();
        let called = connection.call(SERVERS, GetServersRequest { start_server_id: next, max_results: PAGE }, LONGEST);
        let page: GetServersResponse = match tokio::time::timeout_at(budget.until(), called).await {
            Ok(Ok(page)) => page,
            Ok(Err(failure)) if servers.is_empty() => return Err(failure),
            Ok(Err(failure)) => {
                budget.cut_short(format!("a page of its servers could not be read: {}", failure.text));
                break;
            }
            // The budget shows it.
            Err(_) => continue,
        };
        budget.read(page.encoded_len());
        let allowed = budget.objects(page.server.len());
        let before = next;
        let is_last = page.end || page.server.is_empty();
        for mut server in page.server.into_iter().take(allowed) {
            let id = server.r#ref.as_ref().map_or(0, |server| server.server_id);
            next = next.max(id.saturating_add(1));
            if let Some(trace) = server.data.as_mut().and_then(|data| data.trace.as_mut()) {
                trace.events.clear();
            }
            servers.push(server);
        }
        if is_last {
            break;
        }
        if next == before {
            budget.cut_short("its pages of servers do not end: their ids do not increase".to_string());
        }
    }
    Ok(servers)
}

async fn sockets(connection: &Connection, server_id: i64, budget: &mut Budget) -> BTreeSet<i64> {
    let mut sockets = BTreeSet::new();
    let mut next = 0;
    budget.list();
    while budget.is_open() {
        budget.page();
        let request = GetServerSocketsRequest { server_id, start_socket_id: next, max_results: PAGE };
        let called = connection.call(SERVER_SOCKETS, request, LONGEST);
        let page: GetServerSocketsResponse = match tokio::time::timeout_at(budget.until(), called).await {
            Ok(Ok(page)) => page,
            Ok(Err(failure)) => {
                budget.cut_short(format!("the sockets of a server could not be read: {}", failure.text));
                break;
            }
            // The budget shows it.
            Err(_) => continue,
        };
        budget.read(page.encoded_len());
        let allowed = budget.objects(page.socket_ref.len());
        let before = next;
        for socket in page.socket_ref.iter().take(allowed) {
            next = next.max(socket.socket_id.saturating_add(1));
            sockets.insert(socket.socket_id);
        }
        if page.end || page.socket_ref.is_empty() {
            break;
        }
        if next == before {
            budget.cut_short("its pages of sockets do not end: their ids do not increase".to_string());
        }
    }
    sockets
}
