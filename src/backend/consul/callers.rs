//! Which hosts query a service at one agent, by the agent's log stream (`/v1/agent/monitor`).
//!
//! The agent logs a request that its client cancels. Kratos cancels its own blocking query after 10 s and sends the
//! next one about 1 s later, so a Kratos client that still watches leaves a line every 11 s, and one whose watch is dead
//! leaves none. A request of ours that we cancel proves first that the agent logs such requests.

use std::net::IpAddr;
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use serde::Deserialize;
use tokio::time::timeout;

use super::agent::Agent;
use super::query::{Client, segment};
use crate::backend::{CallerNews, Callers};
use crate::net::http1::Listening;

/// Between two lines of a Kratos client: 10 s for its query, 1 s of pause.
const PERIOD: Duration = Duration::from_secs(11);
/// How long our own request waits before it is cancelled.
const CONTROL: Duration = Duration::from_millis(150);
/// The agent logs it at once.
const CONTROL_WITHIN: Duration = Duration::from_secs(3);
/// Marks our own request in the log.
const MARK: &str = "grpc-discover-control";
/// A longer line is not one of ours to read.
const LONGEST_LINE: usize = 64 * 1024;

/// A line of the log.
#[derive(Debug, Deserialize)]
struct LogLine {
    #[serde(rename = "@message", default)]
    message: String,
    #[serde(default)]
    url: String,
    #[serde(default)]
    from: String,
}

/// The log stream, line by line.
struct Lines {
    listening: Listening,
    unread: Vec<u8>,
}

impl Lines {
    /// The next request that its client cancelled: its URL, and where it came from. `None` at the end.
    async fn cancelled(&mut self) -> Option<(String, IpAddr)> {
        loop {
            while let Some(end) = self.unread.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.unread.drain(..=end).collect();
                let Ok(line) = serde_json::from_slice::<LogLine>(&line) else { continue };
                let from = line.from.parse::<std::net::SocketAddr>();
                if let (true, Ok(from)) = (line.message == "Request cancelled", from) {
                    return Some((line.url, from.ip().to_canonical()));
                }
            }
            let piece = self.listening.piece().await.ok()??;
            self.unread.extend_from_slice(&piece);
            if self.unread.len() > LONGEST_LINE {
                self.unread.clear();
            }
        }
    }
}

/// Who queries `service`, from the moment on at which it is certain that every such query is seen. Ends when the agent
/// does not show its log, or its stream ends.
pub(super) fn callers(client: Client, service: &str, limit: Duration) -> Callers {
    let path = format!("/v1/health/service/{}", segment(service));
    let host = host(&client.route().agent);
    let how = format!("the log of the consul agent {}", client.route().agent);
    let start = async move {
        let lines = open(&client, &path, limit).await;
        let Some(lines) = lines else { return stream::empty().boxed() };
        let first = CallerNews::Watching { period: PERIOD, host, how };
        let queries = stream::unfold((lines, path), |(mut lines, path)| async move {
            loop {
                let (url, from) = lines.cancelled().await?;
                let is_ours = url.contains(MARK);
                if !is_ours && url.split('?').next() == Some(path.as_str()) {
                    return Some((CallerNews::Query { from }, (lines, path)));
                }
            }
        });
        stream::iter([first]).chain(queries).boxed()
    };
    stream::once(start).flatten().boxed()
}

/// The log stream, when the agent shows it and logs a request that we cancel.
async fn open(client: &Client, path: &str, limit: Duration) -> Option<Lines> {
    let listening = client.listen("/v1/agent/monitor?loglevel=info&logjson=true", limit).await?;
    let mut lines = Lines { listening, unread: Vec::new() };
    let nonce = fastrand::u64(..);
    // An index that no list has reached: the query blocks until it is cancelled.
    let control = format!("{path}?index=9000000000000000&wait=10s&{MARK}={nonce}");
    let asking = client.another();
    // Cancelled by the drop, which closes its connection.
    let _ = timeout(CONTROL, asking.listen(&control, limit)).await;
    drop(asking);
    let mark = format!("{MARK}={nonce}");
    let seen = async {
        while let Some((url, _)) = lines.cancelled().await {
            if url.contains(&mark) {
                return true;
            }
        }
        false
    };
    timeout(CONTROL_WITHIN, seen).await.unwrap_or(false).then_some(lines)
}

/// The agent's own address, where it is an IP address.
fn host(agent: &Agent) -> Option<IpAddr> {
    match agent {
        Agent::Tcp { host, .. } if host == "localhost" => Some(IpAddr::from([127, 0, 0, 1])),
        Agent::Tcp { host, .. } => host.parse().ok(),
        Agent::Unix(_) => Some(IpAddr::from([127, 0, 0, 1])),
    }
}
