//! Running clients: one row for each, and one for each endpoint with the clients that are connected to it.

use grpc_discover::model::client::{ClientVerdict, ClientView, JudgedClient, ServedClients};
use grpc_discover::model::connectivity::ConnectivityState;
use grpc_discover::text::{duration, escape, few, shorten};

use super::Look;
use crate::render::clients::{ClientsSeen, held};
use crate::render::columns::{columns, fit};
use crate::render::paint::Paint;

/// How many clients of an endpoint are named.
const NAMED: usize = 4;

/// The tables of clients and of endpoints.
pub fn lines(seen: &ClientsSeen, look: Look) -> Vec<String> {
    let mut lines = judged(seen, look);
    if !lines.is_empty() && !seen.served.is_empty() {
        lines.push(String::new());
    }
    lines.extend(served(seen, look));
    lines
}

/// One row for each client, then why those are well that are, and what is not visible.
fn judged(seen: &ClientsSeen, look: Look) -> Vec<String> {
    if seen.judged.is_empty() {
        return Vec::new();
    }
    let header: &[&str] = match look.wide {
        true => &["CLIENT", "STATE", "CALLS", "HOLDS", "QUERIES REGISTRY", "READ FROM", "VERDICT"],
        false => &["CLIENT", "STATE", "HOLDS", "VERDICT"],
    };
    let mut rows: Vec<Vec<String>> = seen.judged.iter().map(|judged| row(judged, look.wide)).collect();
    if let Some(width) = look.page.width.filter(|_| !look.wide) {
        fit(header, &mut rows, width);
    }
    for (row, judged) in rows.iter_mut().zip(&seen.judged) {
        if let Some(last) = row.last_mut() {
            *last = painted(last, judged.verdict, look.paint);
        }
    }
    let mut lines = columns(header, rows);
    // The others have a finding.
    for judged in seen.judged.iter().filter(|judged| look.wide || judged.verdict.is_good()) {
        let line = format!("{}: {}", escape(&judged.view.id.to_string()), escape(&judged.text));
        lines.extend(look.page.wrap(&line, 4));
    }
    let mut limits: Vec<&str> = seen.judged.iter().flat_map(|judged| &judged.view.limits).map(String::as_str).collect();
    limits.sort_unstable();
    limits.dedup();
    lines.extend(limits.into_iter().flat_map(|limit| look.page.wrap(&format!("not visible: {}", escape(limit)), 4)));
    lines
}

/// One row for each endpoint.
fn served(seen: &ClientsSeen, look: Look) -> Vec<String> {
    if seen.served.is_empty() {
        return Vec::new();
    }
    let header: &[&str] = match look.wide {
        true => &["ENDPOINT", "CONNECTIONS", "OPEN CALLS", "RUNNING FOR", "CLIENTS"],
        false => &["ENDPOINT", "CONNECTIONS", "CLIENTS"],
    };
    let mut rows: Vec<Vec<String>> = seen.served.values().map(|served| endpoint(served, look.wide)).collect();
    if let Some(width) = look.page.width.filter(|_| !look.wide) {
        fit(header, &mut rows, width);
    }
    columns(header, rows)
}

fn row(judged: &JudgedClient, wide: bool) -> Vec<String> {
    let view = &judged.view;
    let calls = match view.calls.failed {
        0 => view.calls.started.to_string(),
        failed => format!("{} ({failed} failed)", view.calls.started),
    };
    let client = escape(&view.id.to_string()).into_owned();
    let state = view.state.map_or("-", ConnectivityState::as_str).to_string();
    let (holds, verdict) = (escape(&held(view)).into_owned(), judged.verdict.as_str().to_string());
    match wide {
        false => vec![client, state, holds, verdict],
        true => {
            let queries = view.registry.as_str().to_string();
            vec![client, state, calls, holds, queries, escape(&read_from(view)).into_owned(), verdict]
        }
    }
}

fn endpoint(served: &ServedClients, wide: bool) -> Vec<String> {
    let address = escape(&served.endpoint.to_string()).into_owned();
    let connections = served.connections.len().to_string();
    let names = few(served.connections.iter().map(|connection| &connection.remote), ", ", NAMED);
    let names = if names.is_empty() { "-".to_string() } else { escape(&names).into_owned() };
    match wide {
        false => vec![address, connections, names],
        true => {
            let open: u64 = served.connections.iter().map(|connection| connection.streams_open).sum();
            let running_for = served.running_for.map_or_else(|| "-".to_string(), duration);
            vec![address, connections, open.to_string(), running_for, names]
        }
    }
}

/// `discovery:///pay, channelz (grpc-go)`.
fn read_from(view: &ClientView) -> String {
    const TARGET: usize = 48;
    let runtime = format!("{} ({})", view.witness, view.runtime);
    if view.target.is_empty() { runtime } else { format!("{}, {runtime}", shorten(&view.target, TARGET)) }
}

fn painted(text: &str, verdict: ClientVerdict, paint: Paint) -> String {
    match verdict {
        ClientVerdict::Unknown => paint.yellow(text),
        good if good.is_good() => paint.green(text),
        _ => paint.red(text),
    }
}
