//! The watch: the current keys, and every change from the revision that was read.
//!
//! * The cluster answers the first query (a linearizable read), not one member's local state.
//! * Every request requires a leader (`hasleader`): a member that is isolated from the others returns an error instead
//!   of its local state, and cancels the watch (`rpctypes.ErrNoLeader`).
//! * A watch that fell behind a compaction cannot continue: this is reported, the stream ends, and the next query
//!   returns the whole list. etcd's own resolver ends without an error there (failures.md 1.10).
//! * While nothing changes, the member gets liveness checks: a frozen one keeps its connections open.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::try_join_all;
use tokio::time::{Instant, sleep_until};
use tonic::Code;

use super::WORDS;
use super::elsewhere;
use super::error::EtcdError;
use super::lease::Leases;
use super::messages::{Event, RangeRequest, RangeResponse, WatchCreateRequest, WatchRequest, WatchResponse};
use super::prefix::{end, prefixes};
use super::route::{self, ConnectedMember, Route};
use super::settings::EtcdSettings;
use super::siblings;
use super::target::EtcdTarget;
use crate::backend::Resolution;
use crate::backend::failover::{MemberError as _, sentences};
use crate::backend::listing::{Listing, Prefix, Sought, listed};
use crate::backend::watch::{Watch, after};
use crate::model::resolution::{
    Answer, Hidden, Note, NoteKind, Partial, ResolveCode, ResolveError, ResolveFailure, Update,
};
use crate::model::secret::Secrets;
use crate::net::http2::Messages;
use crate::platform::clock;
use crate::text::duration;

/// Time limit for a liveness check.
const PULSE: Duration = Duration::from_secs(5);
/// A key has at most this many bytes here: etcd's own limit is on the whole request, 1.5 MiB.
const LONGEST: usize = 4096;

/// All updates for `target` until an error, which ends the stream.
pub(super) fn resolve(settings: EtcdSettings, target: EtcdTarget, secrets: Secrets, limit: Duration) -> Resolution {
    after(start(settings, target, secrets, limit))
}

async fn start(
    settings: EtcdSettings,
    target: EtcdTarget,
    secrets: Secrets,
    limit: Duration,
) -> Result<(Update, EtcdWatch), ResolveError> {
    let invalid = |text: String| Err(ResolveError::fatal(ResolveCode::BadTarget, format!("etcd: {text}")));
    if target.service.is_empty() {
        return invalid("missing service name: write etcd:///NAME".to_string());
    }
    if target.service.len() > LONGEST {
        return invalid(format!("the service name is too long: {} bytes (maximum: {LONGEST})", target.service.len()));
    }
    let started = Instant::now();
    let route = route::open(settings, Some(target.clone()), secrets).await?;
    let queried = route.first(limit, |joined, left| Box::pin(PrefixReading::start(joined, target.clone(), left))).await;
    let (reading, failed) = queried?;
    let (member, took, revision) = (&reading.member, duration(started.elapsed()), reading.revision);
    let mut queried = format!("etcd {member} responded in {took}, linearizable read, revision {revision}");
    if !failed.is_empty() {
        queried += &format!("; failed before: {}", listed(&sentences(&failed)));
    }
    let (endpoints, listing_notes) = reading.listing.answer(|lease, endpoint| reading.leases.tie(lease, endpoint));
    let mut notes = vec![Note::new(NoteKind::Queried, queried)];
    notes.extend(listing_notes);
    notes.append(&mut reading.notes());
    notes.extend(reading.elsewhere.iter().cloned());
    let watch = EtcdWatch { pulse: clock::after(reading.leases.rhythm()), reading, route, watch: None };
    Ok((watch.reading.whole_or_part(Answer { endpoints, notes }), watch))
}

/// What was read from one member.
struct PrefixReading {
    member: String,
    wire: super::wire::EtcdConnection,
    /// The revision of what was read.
    revision: i64,
    listing: Listing,
    leases: Leases,
    /// What is watched.
    allowed: Vec<Prefix>,
    /// What this user may not read.
    denied: Vec<String>,
    /// What was found outside the prefixes: where the service is, when nothing is under them, or what its clients
    /// fail on.
    elsewhere: Vec<Note>,
}

impl PrefixReading {
    /// Reads everything under the prefixes, within `limit`.
    async fn start(joined: ConnectedMember, target: EtcdTarget, limit: Duration) -> Result<Self, EtcdError> {
        let ConnectedMember { member, mut wire } = joined;
        let prefixes = prefixes(&target);
        let (mut allowed, mut denied) = (Vec::new(), Vec::new());
        let (mut pairs, mut revision, mut refusal) = (Vec::new(), 0, None);
        let caller = wire.caller();
        let queried = prefixes.iter().map(|prefix| {
            let question = RangeRequest {
                key: prefix.text.clone().into_bytes(),
                range_end: end(prefix),
                ..RangeRequest::default()
            };
            let queried = caller.clone().query::<_, RangeResponse>("/etcdserverpb.KV/Range", question, limit);
            async move {
                match queried.await {
                    Err(error) if error.status() == Some(Code::PermissionDenied) => Ok(Err(error)),
                    Err(error) => Err(error),
                    Ok(answer) => Ok(Ok(answer)),
                }
            }
        });
        let answers = wire.drive(try_join_all(queried)).await?;
        for (prefix, answer) in prefixes.into_iter().zip(answers) {
            match answer {
                Ok(answer) => {
                    // The prefixes are read in parallel: the watch starts after the oldest revision, and later
                    // changes that were already read are recognised by their own revision.
                    let read = answer.header.map(|header| header.revision).unwrap_or_default();
                    revision = if allowed.is_empty() { read } else { read.min(revision) };
                    allowed.push(prefix);
                    pairs.extend(answer.kvs);
                }
                Err(error) => {
                    denied.push(prefix.text);
                    refusal = Some(error);
                }
            }
        }
        if let (true, Some(refusal)) = (allowed.is_empty(), refusal) {
            return Err(refusal);
        }
        if revision <= 0 {
            return Err(EtcdError::NoRevision);
        }
        let sought = Sought {
            service: target.service.clone(),
            typed: EtcdTarget { prefix: None, layout: None, ..target.clone() }.to_string(),
            narrowed: target.layout.is_some(),
        };
        let mut listing = Listing::new(WORDS, sought, allowed.clone());
        for pair in pairs {
            listing.put(pair.into());
        }
        let mut leases = Leases::default();
        leases.learn(&mut wire, &listing.owners()).await?;
        let (endpoints, _) = listing.answer(|lease, endpoint| leases.tie(lease, endpoint));
        let elsewhere = match listing.is_empty() && denied.is_empty() {
            true => elsewhere::search(&mut wire, &target).await,
            false => siblings::search(&mut wire, &target, &endpoints).await.into_iter().collect(),
        };
        Ok(PrefixReading { member, wire, revision, listing, leases, allowed, denied, elsewhere })
    }

    /// If this user may not read some prefixes, missing endpoints may be under them.
    fn whole_or_part(&self, answer: Answer) -> Update {
        if self.denied.is_empty() {
            return Update::Reset(answer);
        }
        let text = format!("etcd {}: this user may not read {}", self.member, listed(&self.denied));
        let hidden = Hidden::Keys(self.denied.clone());
        Update::Partial(Partial { answer, hidden, why: ResolveFailure::new(ResolveCode::Hidden, text) })
    }

    /// What this user may not see, and what is unknown about leases.
    fn notes(&self) -> Vec<Note> {
        let mut notes = Vec::new();
        if !self.denied.is_empty() {
            let text = format!("etcd denies this user read access to {}", listed(&self.denied));
            // If something was found, what other layouts would have written elsewhere is irrelevant.
            let kind = if self.listing.is_empty() { NoteKind::AclFiltered } else { NoteKind::Skipped };
            notes.push(Note::new(kind, text));
        }
        if let Some(error) = &self.leases.refused {
            let text = format!("the remaining time of leases is unknown: {error}");
            notes.push(Note::new(NoteKind::Skipped, text));
        }
        notes
    }
}

struct EtcdWatch {
    reading: PrefixReading,
    route: Arc<Route>,
    /// `None` before the first change is waited for.
    watch: Option<Messages<WatchResponse>>,
    /// When the next liveness check is due.
    pulse: Instant,
}

/// The event that arrived first.
enum WatchEvent {
    Change(Option<WatchResponse>),
    Time,
}

impl Watch for EtcdWatch {
    async fn next(&mut self) -> Result<Update, ResolveError> {
        match self.wait().await {
            Ok(answer) => Ok(self.reading.whole_or_part(answer)),
            Err(error) => Err(error.at(&self.reading.member)),
        }
    }
}

impl EtcdWatch {
    /// Waits for a change that alters the answer.
    async fn wait(&mut self) -> Result<Answer, EtcdError> {
        loop {
            let PrefixReading { wire, allowed, revision, .. } = &mut self.reading;
            let mut watch = match self.watch.take() {
                Some(watch) => watch,
                None => {
                    let started = wire.caller().watch(questions(allowed, *revision + 1), PULSE);
                    wire.drive(started).await.map_err(EtcdError::while_watching)?
                }
            };
            let received = async {
                tokio::select! {
                    biased;
                    message = watch.next() => message.map(WatchEvent::Change).map_err(EtcdError::from),
                    () = sleep_until(self.pulse) => Ok(WatchEvent::Time),
                }
            };
            let received = wire.drive(received).await?;
            self.watch = Some(watch);
            match received {
                WatchEvent::Time => self.check().await?,
                WatchEvent::Change(None) => return Err(EtcdError::WatchEnded),
                WatchEvent::Change(Some(response)) => {
                    if let Some(answer) = self.changed(response).await? {
                        return Ok(answer);
                    }
                }
            }
        }
    }

    /// Sends a liveness check, and reads the remaining TTL of leases.
    async fn check(&mut self) -> Result<(), EtcdError> {
        let PrefixReading { wire, leases, .. } = &mut self.reading;
        match route::status(wire, PULSE).await {
            Ok(_) => {}
            // It responded, so it is alive.
            Err(error) if matches!(error.status(), Some(Code::PermissionDenied | Code::Unauthenticated)) => {}
            Err(error) => return Err(error.while_watching()),
        }
        leases.again(wire).await?;
        if leases.refused.as_ref().and_then(EtcdError::status) == Some(Code::Unauthenticated) {
            // Tokens expire after some minutes; the credentials have not changed.
            self.route.authenticate(wire, PULSE).await?;
        }
        self.pulse = clock::after(self.reading.leases.rhythm());
        Ok(())
    }

    /// Applies the events; `None` when they change nothing.
    async fn changed(&mut self, response: WatchResponse) -> Result<Option<Answer>, EtcdError> {
        if response.compact_revision > 0 {
            return Err(EtcdError::Compacted { revision: response.compact_revision });
        }
        if response.canceled {
            let reason = Some(response.cancel_reason).filter(|reason| !reason.is_empty());
            return Err(EtcdError::Canceled { reason });
        }
        let PrefixReading { listing, leases, wire, member, .. } = &mut self.reading;
        let (mut is_new, mut gone, mut revision) = (false, Vec::new(), 0);
        for event in response.events {
            let Some(pair) = event.kv else { continue };
            revision = revision.max(pair.mod_revision);
            if event.kind == Event::DELETE {
                gone.extend(listing.delete(&pair.key, pair.mod_revision));
            } else {
                is_new |= listing.put(pair.into());
            }
        }
        if !is_new && gone.is_empty() {
            return Ok(None);
        }
        let held: BTreeSet<i64> = gone.iter().map(|(_, lease)| *lease).filter(|lease| *lease != 0).collect();
        let ends = leases.ends(wire, held).await?;
        leases.learn(wire, &listing.owners()).await?;
        let (endpoints, listing_notes) = listing.answer(|lease, endpoint| leases.tie(lease, endpoint));
        let queried = format!("etcd {member} reported a change at revision {revision}");
        let mut notes = vec![Note::new(NoteKind::Queried, queried)];
        notes.extend(gone.into_iter().map(|(key, lease)| {
            let why = ends.get(&lease).map_or("was deleted; it had no lease", String::as_str);
            Note::new(NoteKind::Departed, format!("key {key:?} {why}"))
        }));
        notes.extend(listing_notes);
        notes.append(&mut self.reading.notes());
        Ok(Some(Answer { endpoints, notes }))
    }
}

/// One watch for each prefix, starting at `revision`.
fn questions(prefixes: &[Prefix], revision: i64) -> Vec<WatchRequest> {
    let question = |prefix: &Prefix| WatchRequest {
        create: Some(WatchCreateRequest {
            key: prefix.text.clone().into_bytes(),
            range_end: end(prefix),
            start_revision: revision,
        }),
    };
    prefixes.iter().map(question).collect()
}
