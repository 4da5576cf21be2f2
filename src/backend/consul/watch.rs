//! The watch: blocking queries and their index rules
//! (<https://developer.hashicorp.com/consul/api-docs/features/blocking>).
//!
//! * The first query does not block and is consistent: a server that has just started returns `[]` until it has read
//!   its own log.
//! * An index that goes back restarts the watch. So does a response that lacks endpoints, unless its headers prove
//!   that it is complete ([`ListedContent::is_doubtful`]): the consistent query decides.
//! * The content is compared, not only the index: ACL changes do not change an index.
//! * What a token may not see is hidden, not removed ([`ListedContent::hides`]).
//! * While a query blocks, a second connection sends liveness checks: a frozen agent keeps its connections open, and
//!   the watch would otherwise wait until the blocking query ends.

use std::sync::Arc;
use std::time::Duration;

use consulrs::api::Features;
use consulrs::api::features::{Blocking, ConsistencyMode};
use futures_util::stream::{self, StreamExt as _};
use tokio::time::{Instant, sleep, sleep_until};

use super::content::ListedContent;
use super::decode::decode;
use super::elsewhere;
use super::mesh::Mesh;
use super::query::{Client, HealthService, Meta, Reply, Route, StatusLeader, segment};
use super::settings::ConsulSettings;
use super::target::ConsulTarget;
use crate::backend::Resolution;
use crate::backend::watch::Watch;
use crate::model::resolution::{
    Answer, Hidden, Note, NoteKind, Partial, ResolveCode, ResolveError, ResolveFailure, Update,
};
use crate::model::secret::Secrets;
use crate::text::duration;

/// How long a blocking query waits. Proxies close idle requests after 60 s; and a server whose index went back (a
/// restored snapshot) does not end blocking queries, so this also bounds how late that is noticed.
const WAIT: Duration = Duration::from_secs(15);
/// The same while something is hidden: restored ACL rights do not change an index.
const HIDDEN_WAIT: Duration = Duration::from_secs(3);
/// The pause after a response that the consistent query did not confirm, from the second one in a row; doubles up to
/// [`WAIT`].
const UNCONFIRMED: Duration = Duration::from_secs(1);
/// How much longer than Consul's own wait and jitter (a sixteenth) a blocking query may take.
const SLACK: Duration = Duration::from_secs(5);
/// Interval of the liveness checks while a query blocks.
const PULSE: Duration = Duration::from_secs(2);
/// Time limit for a liveness check. With the pause before it, an agent that does not respond for five seconds is
/// noticed.
const SIGN_WITHIN: Duration = Duration::from_secs(3);
/// Average interval between the starts of blocking queries: a service that changes all the time does not cause
/// constant queries.
const PACE: Duration = Duration::from_millis(100);
/// How far queries may run ahead of that interval: a few changes in a row (a rollout, the two indexes of one
/// registration) are each noticed at once.
const CREDIT: Duration = Duration::from_secs(1);

/// Opens the route to the agent. Files are read on a thread where blocking is allowed.
pub(super) async fn open(
    settings: ConsulSettings,
    target: Option<ConsulTarget>,
    secrets: &Secrets,
) -> Result<Arc<Route>, ResolveError> {
    if !Route::reads_files(&settings, target.as_ref()) {
        return Route::new(&settings, target.as_ref()).map(Arc::new);
    }
    match tokio::task::spawn_blocking(move || Route::new(&settings, target.as_ref())).await {
        Ok(route) => {
            let route = route?;
            // A token file is read here, not earlier.
            route.token.iter().for_each(|token| secrets.learn(token.reveal()));
            Ok(Arc::new(route))
        }
        Err(error) => {
            let text = format!("consul: failed to read the settings: {error}");
            Err(ResolveError::ambient(ResolveCode::WatchBroken, text).caused_by(error))
        }
    }
}

/// All updates for `target` until an error, which ends the stream.
pub(super) fn resolve(
    settings: ConsulSettings,
    target: ConsulTarget,
    secrets: Secrets,
    response_limit: Duration,
) -> Resolution {
    let start = async move {
        let client = match service_name(&target.service) {
            Ok(()) => {
                open(settings, Some(target.clone()), &secrets).await.map(|route| Client::new(route, response_limit))
            }
            Err(error) => Err(error),
        };
        match client {
            Ok(client) => watch(client, target, response_limit),
            Err(error) => Box::pin(stream::iter([Err(error)])),
        }
    };
    Box::pin(stream::once(start).flatten())
}

/// Rejects a name that an HTTP path cannot contain, before anything is queried.
fn service_name(name: &str) -> Result<(), ResolveError> {
    const LONGEST: usize = 4096;
    let invalid = |why: String| Err(ResolveError::fatal(ResolveCode::BadTarget, format!("consul: {why}")));
    match name {
        "" => invalid("missing service name: write consul:///NAME".to_string()),
        "." | ".." => invalid(format!("invalid service name {name:?}")),
        _ if name.len() > LONGEST => {
            invalid(format!("the service name is too long: {} bytes (maximum: {LONGEST})", name.len()))
        }
        _ => Ok(()),
    }
}

/// The watch over an open route.
pub(super) fn watch(client: Client, target: ConsulTarget, response_limit: Duration) -> Resolution {
    let pulse = client.another();
    let watch = ConsulWatch {
        path: segment(&target.service),
        client,
        pulse,
        target,
        response_limit,
        index: 0,
        shown: None,
        doubted: false,
        unconfirmed: 0,
        mesh: Mesh::default(),
        pace: Pace { due: Instant::now() },
        final_error: None,
    };
    watch.changes()
}

struct ConsulWatch {
    client: Client,
    pulse: Client,
    target: ConsulTarget,
    /// The service name as a segment of a path.
    path: String,
    response_limit: Duration,
    /// The index that the next blocking query waits behind; with 0 it returns at once.
    index: u64,
    /// The last response that was reported.
    shown: Option<ListedContent>,
    /// The last blocking query returned a doubtful response.
    doubted: bool,
    /// Doubtful responses in a row that were not confirmed.
    unconfirmed: u32,
    /// Which instances have a mesh proxy.
    mesh: Mesh,
    pace: Pace,
    /// Why the watch cannot continue after the last update.
    final_error: Option<ResolveError>,
}

impl Watch for ConsulWatch {
    async fn next(&mut self) -> Result<Update, ResolveError> {
        let (answer, why) = self.wait().await?;
        Ok(match why {
            None => Update::Reset(answer),
            Some(why) => Update::Partial(Partial { answer, hidden: Hidden::Everything, why }),
        })
    }
}

impl ConsulWatch {
    /// Waits for a response that differs from the last one; also why there may be more than it lists.
    async fn wait(&mut self) -> Result<(Answer, Option<ResolveFailure>), ResolveError> {
        if let Some(error) = self.final_error.take() {
            return Err(error);
        }
        loop {
            let (reply, behind) = if self.index == 0 {
                (self.query_first().await?, None)
            } else {
                (self.query_blocking().await?, Some(self.index))
            };
            let Reply { value: body, meta, took } = reply;
            let decoded = decode(&body, &self.target);
            let mut decoded = decoded.map_err(|error| self.client.garbled(&self.question(), error, &body))?;
            drop(body);
            let index = meta.index.map(|index| index.max(1));
            if let Some(behind) = behind {
                let lost = self.shown.as_ref().is_some_and(|shown| shown.is_doubtful(&decoded, &meta, behind));
                self.doubted = lost || index.is_none_or(|index| index < behind);
                if self.doubted {
                    self.index = 0;
                    continue;
                }
                self.unconfirmed = 0;
            }
            match index {
                Some(index) => self.index = index,
                None => self.final_error = Some(self.unwatchable()),
            }
            let hidden = ListedContent::hides(
                decoded.registered,
                &meta,
                self.client.route().is_anonymous(),
                &self.target.service,
            );
            if let Some(why) = hidden.as_ref().filter(|_| decoded.endpoints.is_empty()) {
                return Err(ResolveError::ambient(ResolveCode::Hidden, self.named(why)));
            }
            let mut notes_elsewhere = Vec::new();
            if behind.is_none() && hidden.is_none() {
                if decoded.registered == 0 {
                    notes_elsewhere = elsewhere::search(&self.client, &self.target, &self.question()).await;
                } else {
                    self.mesh = Mesh::search(&self.client, &self.path, &self.question()).await;
                }
            }
            self.mesh.mark(&mut decoded.endpoints);
            let why = ListedContent::incomplete(hidden.as_deref(), &meta);
            let why = why.map(|(code, why)| ResolveFailure::new(code, self.named(&why)));
            let shown = ListedContent::new(&decoded, hidden, &meta, self.target.near.is_some());
            if self.shown.as_ref() != Some(&shown) {
                let mut notes = vec![self.queried(&meta, took, behind)];
                notes.extend(shown.notes.iter().cloned());
                notes.extend(stale(&meta));
                notes.append(&mut notes_elsewhere);
                self.shown = Some(shown);
                self.unconfirmed = 0;
                return Ok((Answer { endpoints: decoded.endpoints, notes }, why));
            }
            if let Some(error) = self.final_error.take() {
                return Err(error);
            }
            if std::mem::take(&mut self.doubted) {
                self.pause_after_contradiction().await;
            }
        }
    }

    /// Slows down the queries to a server that contradicts itself.
    async fn pause_after_contradiction(&mut self) {
        if let Some(doublings) = self.unconfirmed.checked_sub(1) {
            sleep(UNCONFIRMED.saturating_mul(1 << doublings.min(8)).min(WAIT)).await;
        }
        self.unconfirmed = self.unconfirmed.saturating_add(1);
    }

    fn named(&self, text: &str) -> String {
        format!("consul agent {}: {text}", self.client.route().agent)
    }

    fn question(&self) -> HealthService {
        let route = self.client.route();
        HealthService {
            service: self.path.clone(),
            dc: self.target.dc.clone(),
            near: self.target.near.clone(),
            ns: route.namespace.clone(),
            partition: route.partition.clone(),
        }
    }

    /// The query that returns at once. If it does not, a query that every live agent can answer is sent beside it, so
    /// that the error can distinguish a frozen agent from a cluster without a leader.
    async fn query_first(&self) -> Result<Reply<Vec<u8>>, ResolveError> {
        let features = Features { mode: Some(ConsistencyMode::CONSISTENT), ..Features::default() };
        let half = self.response_limit / 2;
        let mut queried = std::pin::pin!(self.client.query_body(self.question(), Some(features), self.response_limit));
        let beside = async {
            sleep(half).await;
            // Finished a little before the timeout of the query.
            self.pulse.query(StatusLeader {}, None, half * 4 / 5).await
        };
        let found = tokio::select! {
            biased;
            reply = &mut queried => return reply,
            found = beside => found,
        };
        let error = match queried.await {
            Err(error) if error.failure().code == ResolveCode::Timeout => error,
            other => return other,
        };
        let (code, remark) = match found {
            Ok(leader) if leader.value.is_empty() => {
                (ResolveCode::ServerError, "the agent responds, but the cluster has no leader".to_string())
            }
            Ok(leader) => {
                (ResolveCode::Timeout, format!("the agent responds to other requests; leader {}", leader.value))
            }
            Err(error) if error.failure().code == ResolveCode::Timeout => {
                (ResolveCode::Timeout, "no response to /v1/status/leader either: frozen or overloaded".to_string())
            }
            Err(_) => return Err(error),
        };
        Err(ResolveError::ambient(code, format!("{error}; {remark}")).caused_by(error))
    }

    /// The query that returns when something changes, or after [`WAIT`].
    async fn query_blocking(&mut self) -> Result<Reply<Vec<u8>>, ResolveError> {
        sleep_until(self.pace.start(Instant::now())).await;
        let is_partial = self.shown.as_ref().is_some_and(ListedContent::is_partial);
        let longest = if is_partial { HIDDEN_WAIT } else { WAIT };
        let wait = Some(format!("{}s", longest.as_secs()));
        let features = Features { blocking: Some(Blocking { index: self.index, wait }), ..Features::default() };
        let limit = longest + longest / 16 + SLACK;
        tokio::select! {
            biased;
            reply = self.client.query_body(self.question(), Some(features), limit) => reply,
            error = self.until_lifeless() => Err(error),
        }
    }

    /// Returns when the agent no longer responds to liveness checks, or the cluster lost its leader: a blocked query
    /// would not notice either.
    async fn until_lifeless(&self) -> ResolveError {
        let named = format!("consul agent {}", self.client.route().agent);
        loop {
            sleep(PULSE).await;
            match self.pulse.query(StatusLeader {}, None, SIGN_WITHIN).await {
                Ok(leader) if leader.value.is_empty() => {
                    let text = format!("{named}: the cluster has no leader: changes are not reported");
                    return ResolveError::ambient(ResolveCode::ServerError, text);
                }
                Ok(_) => {}
                Err(error) => match error.failure().code {
                    ResolveCode::Timeout => {
                        let text = format!(
                            "{named}: frozen or unreachable: no response to /v1/status/leader within {} while watching",
                            duration(SIGN_WITHIN)
                        );
                        return ResolveError::ambient(ResolveCode::Timeout, text).caused_by(error);
                    }
                    ResolveCode::Unreachable | ResolveCode::ServerError | ResolveCode::WatchBroken => return error,
                    // It responded, so it is alive.
                    _ => {}
                },
            }
        }
    }

    fn queried(&self, meta: &Meta, took: Duration, behind: Option<u64>) -> Note {
        let agent = &self.client.route().agent;
        let index = meta.index.map_or("none".to_string(), |index| index.to_string());
        let how = match behind {
            None => format!("responded in {}, consistent read", duration(took)),
            Some(behind) => format!("responded to the blocking query after index {behind}, default read"),
        };
        Note::new(NoteKind::Queried, format!("consul agent {agent} {how}, index {index}"))
    }

    fn unwatchable(&self) -> ResolveError {
        let agent = &self.client.route().agent;
        let text = format!(
            "consul agent {agent}: the response has no X-Consul-Index: changes cannot be watched (does a proxy remove it?)"
        );
        ResolveError::ambient(ResolveCode::WatchBroken, text)
    }
}

/// How fast blocking queries may follow each other.
struct Pace {
    /// When the next one would start if none had ever been early.
    due: Instant,
}

impl Pace {
    /// Counts a query that is wanted `now`; returns the time when it may start.
    fn start(&mut self, now: Instant) -> Instant {
        let at = self.due.checked_sub(CREDIT).map_or(now, |earliest| earliest.max(now));
        self.due = self.due.max(at) + PACE;
        at
    }
}

fn stale(meta: &Meta) -> Option<Note> {
    let age = meta.last_contact;
    let text = || format!("the server that responded last had contact with the leader {} ago", duration(age));
    (!age.is_zero()).then(|| Note::new(NoteKind::StaleRead, text()))
}

#[cfg(test)]
mod tests;
