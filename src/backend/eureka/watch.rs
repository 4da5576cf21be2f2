//! The watch: Eureka does not send notifications of changes, so it is polled.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::Value;
use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;
use tokio::time::{Instant, sleep, sleep_until};

use super::client::{Client, Reply, first};
use super::decode::decode;
use super::error::EurekaError;
use super::settings::EurekaSettings;
use super::target::EurekaTarget;
use crate::backend::Resolution;
use crate::backend::failover::{MemberError as _, sentences};
use crate::backend::watch::{Watch, after};
use crate::model::resolution::EndpointSet;
use crate::model::resolution::{Absence, AbsenceCode, Answer, Note, NoteKind, ResolveCode, ResolveError, Update};
use crate::text;

/// The polling interval.
pub(super) const INTERVAL: Duration = Duration::from_secs(5);
/// Minimum time between two queries, however many hints arrive.
const FLOOR: Duration = Duration::from_millis(200);
/// Time limit for a search for similar names.
const SEARCH: Duration = Duration::from_secs(2);
/// A name is one segment of a path, whatever characters it has.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// All updates for `target` until an error, which ends the stream.
pub(super) fn resolve(
    settings: EurekaSettings,
    target: EurekaTarget,
    limit: Duration,
    hints: Arc<Notify>,
) -> Resolution {
    after(EurekaWatch::start(settings, target, limit, hints))
}

struct EurekaWatch {
    client: Client,
    path: String,
    limit: Duration,
    hints: Arc<Notify>,
    /// Waits for a hint since before the last query, so that none is lost.
    hint: Pin<Box<OwnedNotified>>,
    answered: Instant,
    /// What was reported last.
    reported: EndpointSet,
    was_there: bool,
    /// The number of connections that had ended by then.
    lost: usize,
}

impl EurekaWatch {
    async fn start(
        settings: EurekaSettings,
        target: EurekaTarget,
        limit: Duration,
        hints: Arc<Notify>,
    ) -> Result<(Update, Self), ResolveError> {
        if target.app.is_empty() || matches!(target.app.as_str(), "." | "..") {
            let text = "eureka: missing application name: write eureka:///NAME";
            return Err(ResolveError::fatal(ResolveCode::BadTarget, text));
        }
        let servers = settings.servers(Some(&target)).map_err(|error| {
            ResolveError::fatal(ResolveCode::BadTarget, format!("eureka: {error}")).caused_by(error)
        })?;
        let path = format!("/apps/{}", utf8_percent_encode(&target.app, SEGMENT));
        let hint = listen(&hints);
        let started = Instant::now();
        let queried = first(servers, limit, |client, left| {
            let path = path.clone();
            Box::pin(async move { Ok((query(&client, &path, left).await?, client)) })
        });
        let ((mut update, client), failed) = queried.await?;
        if let Update::Reset(answer) = &mut update {
            let mut queried = format!("eureka {} responded in {}", client.server, text::duration(started.elapsed()));
            if !failed.is_empty() {
                queried += &format!("; failed before: {}", sentences(&failed).join("; "));
            }
            answer.notes.insert(0, Note::new(NoteKind::Queried, queried));
        }
        let mut reported = EndpointSet::default();
        reported.apply(update.clone());
        let was_there = matches!(update, Update::Reset(_));
        let lost = client.lost();
        Ok((
            update,
            EurekaWatch { client, path, limit, hints, hint, answered: Instant::now(), reported, was_there, lost },
        ))
    }
}

impl EurekaWatch {
    fn failed(&self, error: EurekaError) -> ResolveError {
        error.at(&self.client.server.to_string())
    }
}

impl Watch for EurekaWatch {
    /// The next response that differs.
    async fn next(&mut self) -> Result<Update, ResolveError> {
        loop {
            tokio::select! {
                () = sleep_until(self.answered + INTERVAL) => {}
                () = self.hint.as_mut() => {
                    sleep(FLOOR.saturating_sub(self.answered.elapsed())).await;
                    self.hint = listen(&self.hints);
                }
            }
            let update = query(&self.client, &self.path, self.limit).await.map_err(|error| self.failed(error))?;
            self.answered = Instant::now();
            let is_there = matches!(update, Update::Reset(_));
            let delta = self.reported.apply(update.clone());
            let lost = std::mem::replace(&mut self.lost, self.client.lost());
            if lost != self.lost && !delta.removed.is_empty() {
                return Err(self.failed(EurekaError::MayHaveRestarted { missing: delta.removed.len() }));
            }
            if !delta.is_empty() || is_there != self.was_there {
                self.was_there = is_there;
                return Ok(update);
            }
        }
    }
}

fn listen(hints: &Arc<Notify>) -> Pin<Box<OwnedNotified>> {
    let mut hint = Box::pin(hints.clone().notified_owned());
    hint.as_mut().enable();
    hint
}

async fn query(client: &Client, path: &str, limit: Duration) -> Result<Update, EurekaError> {
    let reply = client.get(path, false, limit).await?;
    match reply.status {
        200 => {}
        // Any web server returns that for an unknown path: a server that responds to another query is Eureka.
        404 => return absent(client, path, &reply, limit).await,
        _ => return Err(Client::refused(path, &reply)),
    }
    let (endpoints, mut notes) =
        decode(&reply.body, reply.now).map_err(|source| EurekaError::NotEureka { path: path.to_string(), source })?;
    if notes.iter().any(|note| note.kind == NoteKind::Permanent)
        && let Some(expires) = expires(client, limit).await
    {
        let why = if expires {
            "lease expiration is enabled, so the next eviction removes them"
        } else {
            "lease expiration is disabled (self-preservation), so nothing removes them"
        };
        notes.push(Note::new(NoteKind::Permanent, format!("eureka's status page reports that {why}")));
    }
    Ok(Update::Reset(Answer { endpoints, notes }))
}

async fn absent(client: &Client, path: &str, reply: &Reply, limit: Duration) -> Result<Update, EurekaError> {
    let delta = client.get("/apps/delta", false, limit).await?;
    let is_eureka = delta.status == 200 && String::from_utf8_lossy(&delta.body).contains("\"applications\"");
    // 403: the server does not serve deltas (`disable-delta`).
    if is_eureka || delta.status == 403 {
        let text = format!("eureka {} has no such application: GET {path}: HTTP 404", client.server);
        let notes = elsewhere(client, path, limit).await;
        return Ok(Update::NotFound(Absence { code: AbsenceCode::NoSuchService, text, notes }));
    }
    Err(Client::refused(path, reply))
}

/// Applications with names similar to the one at `path`, and what to do.
async fn elsewhere(client: &Client, path: &str, limit: Duration) -> Vec<Note> {
    let wanted = path.rsplit('/').next().unwrap_or_default();
    let wanted = percent_decode_str(wanted).decode_utf8_lossy().into_owned();
    let names = match client.get("/apps", false, limit.min(SEARCH)).await {
        Ok(reply) if reply.status == 200 => applications(&reply.body),
        Ok(_) | Err(_) => Vec::new(),
    };
    let near = text::near(&wanted, names.iter().map(String::as_str));
    let Some(first) = near.first() else {
        let text = format!(
            "`curl -H 'Accept: application/json' {}/apps` lists the registered names (spring.application.name); if {wanted:?} is correct, its instances have not registered, or their lease has expired.",
            client.server
        );
        return vec![Note::new(NoteKind::Remedy, text)];
    };
    let named: Vec<String> = near.iter().map(|name| format!("{name:?}")).collect();
    vec![
        Note::new(NoteKind::Elsewhere, format!("similar names: {}", named.join(", "))),
        Note::new(
            NoteKind::Remedy,
            format!("If you mean {first:?}, query it: `grpc-discover resolve '{}/{first}'`.", typed(client)),
        ),
    ]
}

/// The server in the form in which a target starts with it.
fn typed(client: &Client) -> String {
    let path = if client.server.path == "/eureka" { "" } else { client.server.path.as_str() };
    format!("eureka://{}{path}", client.server.authority())
}

/// The names in the response to `/apps`.
pub(super) fn applications(body: &[u8]) -> Vec<String> {
    let Ok(document) = serde_json::from_slice::<Value>(body) else { return Vec::new() };
    let list = document.get("applications").and_then(|all| all.get("application")).and_then(Value::as_array);
    let name = |application: &Value| application.get("name").and_then(Value::as_str).map(str::to_string);
    list.into_iter().flatten().filter_map(name).collect()
}

/// Does Eureka remove instances whose lease has expired? Only its page, if enabled, shows this: the API does not.
pub(super) async fn expires(client: &Client, limit: Duration) -> Option<bool> {
    let page = client.get("/", true, limit).await.ok().filter(|page| page.status == 200)?;
    let page = String::from_utf8_lossy(&page.body).into_owned();
    let (_, after) = page.split_once("Lease expiration enabled")?;
    match after.split_once("<td>")?.1.trim_start() {
        value if value.starts_with("true") => Some(true),
        value if value.starts_with("false") => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
