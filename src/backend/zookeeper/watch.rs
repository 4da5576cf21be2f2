//! The watch: the current nodes, and every change.
//!
//! * Before the first query the server syncs with the leader: a follower that lags returns outdated data.
//! * Watches are one-shot: after a notification the node is read again, and reading it sets the next watch. Changes
//!   in between are part of what was read.
//! * If a parent does not exist, the watch waits for it.
//! * While nothing changes, the server gets liveness checks: a frozen one keeps its connections open.
//! * A user who may no longer read a node gets no more notifications about it, not even of that change (ZooKeeper
//!   3.9.2 checks the ACL before it sends an event): the parents and some nodes are read again every [`RIGHTS`].
//! * During a flood of events the nodes are read at most once per [`BUSIEST`].

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::elsewhere;
use super::ensemble::Ensemble;
use super::error::{Part, ZookeeperError};
use super::jute::{self, Op, code};
use super::session::Session;
use super::settings::{Server, ZookeeperSettings};
use super::target::ZookeeperTarget;
use super::{WORDS, path};
use crate::backend::Resolution;
use crate::backend::failover::{MemberError as _, sentences};
use crate::backend::listing::{self, Listing, Pair, Prefix, Sought, listed};
use crate::backend::watch::{Watch, after};
use crate::model::endpoint::{Endpoint, Lease};
use crate::model::resolution::{
    Answer, Hidden, Note, NoteKind, Partial, ResolveCode, ResolveError, ResolveFailure, Update,
};
use crate::platform::clock;
use crate::text::{duration, exact_duration};

/// Interval of the check that everything may still be read.
const RIGHTS: Duration = Duration::from_secs(10);
/// At most this many nodes are read again at each check, in turn.
const SOME: usize = 32;
/// Minimum time between readings of changes, so that those of a flood are read together.
const BUSIEST: Duration = Duration::from_millis(50);
/// Time limit for reading again after a change.
const AGAIN: Duration = Duration::from_secs(5);
/// The maximum length of a path here, in bytes.
const LONGEST: usize = 4096;

/// All updates for `target` until an error, which ends the stream.
pub(super) fn resolve(settings: ZookeeperSettings, target: ZookeeperTarget, limit: Duration) -> Resolution {
    after(start(settings, target, limit))
}

async fn start(
    settings: ZookeeperSettings,
    target: ZookeeperTarget,
    limit: Duration,
) -> Result<(Update, ParentReading), ResolveError> {
    let prefixes = prefixes(&target)?;
    let started = Instant::now();
    let ensemble = Ensemble::new(&settings, Some(&target))?;
    let queried = ensemble
        .first(limit, |server, left| Box::pin(ParentReading::start(&ensemble, server, &prefixes, &target, left)));
    let (reading, failed) = queried.await?;
    let mut queried = format!(
        "zookeeper {} responded in {}, synced with the leader, zxid {:#x}, session timeout {}",
        reading.server,
        duration(started.elapsed()),
        reading.zxid,
        exact_duration(reading.session.timeout())
    );
    if !failed.is_empty() {
        queried += &format!("; failed before: {}", listed(&sentences(&failed)));
    }
    let answer = reading.answer(vec![Note::new(NoteKind::Queried, queried)]);
    Ok((reading.whole_or_part(answer), reading))
}

/// The parents of every layout that `target` allows, with a trailing slash; if the target has a prefix of its own,
/// that prefix for each layout.
fn prefixes(target: &ZookeeperTarget) -> Result<Vec<Prefix>, ResolveError> {
    let invalid = |text: String| Err(ResolveError::fatal(ResolveCode::BadTarget, format!("zookeeper: {text}")));
    if target.service.is_empty() {
        return invalid("missing service name: write zookeeper:///NAME".to_string());
    }
    let found = listing::prefixes(target.layout, |layout| match &target.prefix {
        Some(_) if layout.nodes(&target.service).is_empty() => Vec::new(),
        Some(root) => vec![format!("/{}/{}/", root.trim_matches('/'), target.service).replacen("//", "/", 1)],
        None => layout.nodes(&target.service).into_iter().map(|node| format!("{node}/")).collect(),
    });
    for path in found.iter().map(parent) {
        if path.len() > LONGEST {
            return invalid(format!("the path is too long: {} bytes (maximum: {LONGEST})", path.len()));
        }
        if let Err(error) = path::check(path) {
            return invalid(format!("{path:?} {error}"));
        }
    }
    Ok(found)
}

/// The node whose children are read.
fn parent(prefix: &Prefix) -> &str {
    prefix.text.trim_end_matches('/')
}

/// What was read from one server, and its session.
struct ParentReading {
    server: String,
    session: Session,
    zxid: i64,
    listing: Listing,
    prefixes: Arc<[Prefix]>,
    /// Paths that this user may not read.
    denied: BTreeSet<String>,
    /// Where the service may be, when nothing was found under its parents.
    elsewhere: Vec<Note>,
    /// When to check again that everything may still be read.
    check: Instant,
    /// The node that was checked last.
    checked: String,
    /// When changes may be read again.
    next_read: Instant,
}

impl Watch for ParentReading {
    async fn next(&mut self) -> Result<Update, ResolveError> {
        match self.wait().await {
            Ok(answer) => Ok(self.whole_or_part(answer)),
            Err(error) => Err(error.at(&self.server)),
        }
    }
}

impl ParentReading {
    /// Opens a session and reads everything under the prefixes, within `limit`.
    async fn start(
        ensemble: &Ensemble,
        server: &Server,
        prefixes: &[Prefix],
        target: &ZookeeperTarget,
        limit: Duration,
    ) -> Result<Self, ZookeeperError> {
        let end = clock::after(limit);
        let mut session = ensemble.join(server, limit).await?;
        let synced = session.query(Op::Sync, &["/".to_string()], end.saturating_duration_since(Instant::now())).await?;
        let sought = Sought {
            service: target.service.clone(),
            typed: ZookeeperTarget { prefix: None, layout: None, ..target.clone() }.to_string(),
            narrowed: target.layout.is_some(),
        };
        let mut reading = ParentReading {
            server: server.to_string(),
            session,
            zxid: 0,
            listing: Listing::new(WORDS, sought, prefixes.to_vec()),
            prefixes: prefixes.into(),
            denied: BTreeSet::new(),
            elsewhere: Vec::new(),
            check: clock::after(RIGHTS),
            checked: String::new(),
            next_read: Instant::now(),
        };
        for answer in synced {
            reading.zxid = answer.good("syncing with the leader")?.zxid;
        }
        for prefix in prefixes {
            reading.read(prefix, &BTreeSet::new(), end).await?;
        }
        // If nothing could be read, an empty list would prove nothing.
        if reading.listing.is_empty() && !reading.denied.is_empty() {
            return Err(ZookeeperError::Denied(reading.unread()));
        }
        if reading.listing.is_empty() {
            let left = end.saturating_duration_since(Instant::now());
            reading.elsewhere = elsewhere::search(&mut reading.session, target, left).await?;
        }
        Ok(reading)
    }

    /// Reads the children under `prefix`: those that are not known yet, and those in `again`. Returns true when this
    /// changes the listing, and those that were removed, with the session that owned them.
    async fn read(
        &mut self,
        prefix: &Prefix,
        again: &BTreeSet<String>,
        end: Instant,
    ) -> Result<(bool, Vec<(String, i64)>), ZookeeperError> {
        let Some(names) = self.children(parent(prefix), end).await? else { return Ok((true, Vec::new())) };
        let there: BTreeSet<String> = names.into_iter().map(|name| format!("{}{name}", prefix.text)).collect();
        let known: Vec<String> = self.listing.keys(&prefix.text);
        let mut gone = Vec::new();
        for path in known.iter().filter(|path| !there.contains(*path)) {
            gone.extend(self.listing.delete(path.as_bytes(), i64::MAX));
        }
        self.denied.retain(|path| !path.starts_with(&prefix.text) || there.contains(path));
        let wanted: Vec<String> =
            there.into_iter().filter(|path| again.contains(path) || known.binary_search(path).is_err()).collect();
        let left = end.saturating_duration_since(Instant::now());
        let answers = self.session.query(Op::GetData, &wanted, left).await?;
        let mut is_new = false;
        for (path, answer) in wanted.into_iter().zip(answers) {
            match answer.error {
                // It was removed meanwhile: its parent sends a notification for that.
                code::NO_NODE => gone.extend(self.listing.delete(path.as_bytes(), i64::MAX)),
                code::NO_AUTH => is_new |= self.denied.insert(path),
                _ => {
                    let answer = answer.good("reading nodes")?;
                    let Some((value, stat)) = jute::data(answer.body()) else {
                        return Err(ZookeeperError::CutShort(Part::Value(path)));
                    };
                    self.denied.remove(&path);
                    let pair = Pair { key: path.into_bytes(), value, revision: stat.mzxid, owner: stat.owner };
                    is_new |= self.listing.put(pair);
                }
            }
        }
        Ok((is_new, gone))
    }

    /// The names of the children of `path`, with a watch on them; if there is no such node, a watch for it. `None` if
    /// this user may not read them.
    async fn children(&mut self, path: &str, end: Instant) -> Result<Option<Vec<String>>, ZookeeperError> {
        let paths = [path.to_string()];
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let Some(answer) = self.session.query(Op::GetChildren2, &paths, left).await?.pop() else {
                return Ok(Some(Vec::new()));
            };
            self.zxid = answer.zxid;
            match answer.error {
                code::NO_NODE => {}
                code::NO_AUTH => {
                    self.denied.insert(path.to_string());
                    return Ok(None);
                }
                _ => {
                    self.denied.remove(path);
                    let answer = answer.good("reading children")?;
                    let names = jute::children(answer.body());
                    let cut = || ZookeeperError::CutShort(Part::Children);
                    return names.map(Some).ok_or_else(cut);
                }
            }
            let left = end.saturating_duration_since(Instant::now());
            match self.session.query(Op::Exists, &paths, left).await?.pop() {
                // It was created meanwhile.
                Some(answer) if answer.error == 0 => {}
                Some(answer) if answer.error != code::NO_NODE => drop(answer.good("waiting for a node")?),
                _ => return Ok(Some(Vec::new())),
            }
        }
    }

    /// The paths to read again: those that have changed, or those that are due to be checked.
    async fn changed(&mut self) -> Result<BTreeSet<String>, ZookeeperError> {
        sleep_until(self.next_read).await;
        let mut changed: BTreeSet<String> = tokio::select! {
            biased;
            changed = self.session.changes() => changed?.into_iter().collect(),
            () = sleep_until(self.check) => BTreeSet::new(),
        };
        self.next_read = clock::after(BUSIEST);
        if self.check <= Instant::now() {
            self.check = clock::after(RIGHTS);
            changed.extend(self.turn());
        }
        Ok(changed)
    }

    /// The parents of what is listed, and the next nodes in turn.
    fn turn(&mut self) -> Vec<String> {
        let of_prefix = |prefix: &Prefix| self.listing.keys(&prefix.text);
        let parents = self.prefixes.iter().filter(|prefix| !of_prefix(prefix).is_empty());
        let mut paths: Vec<String> = parents.map(|prefix| parent(prefix).to_string()).collect();
        let known: BTreeSet<String> = self.prefixes.iter().flat_map(of_prefix).collect();
        let after = known.iter().filter(|path| **path > self.checked);
        let nodes: Vec<String> = after.chain(&known).take(SOME.min(known.len())).cloned().collect();
        self.checked = nodes.last().cloned().unwrap_or_default();
        paths.extend(nodes);
        paths
    }

    /// Waits for a change that alters the answer.
    async fn wait(&mut self) -> Result<Answer, ZookeeperError> {
        loop {
            let changed = self.changed().await?;
            let (mut is_new, mut gone) = (false, Vec::new());
            let end = clock::after(AGAIN);
            for prefix in self.prefixes.clone().iter() {
                let concerns = |path: &String| path == parent(prefix) || path.starts_with(&prefix.text);
                if changed.iter().any(concerns) {
                    let (is_more, went) =
                        self.read(prefix, &changed, end).await.map_err(ZookeeperError::while_watching)?;
                    is_new |= is_more;
                    gone.extend(went);
                }
            }
            // What was listed and may no longer be read is hidden, and no event arrives when it may be read again.
            if self.hides_something_known() {
                return Err(ZookeeperError::Denied(self.unread()));
            }
            if is_new || !gone.is_empty() {
                let queried = format!("zookeeper {} reported a change, zxid {:#x}", self.server, self.zxid);
                let mut notes = vec![Note::new(NoteKind::Queried, queried)];
                notes.extend(gone.iter().map(|(path, owner)| self.departed(path, *owner)));
                return Ok(self.answer(notes));
            }
        }
    }

    /// Why a node was removed, as far as ZooKeeper shows it.
    fn departed(&self, path: &str, owner: i64) -> Note {
        let why = match owner {
            0 => "was deleted; no session owned it".to_string(),
            owner if self.listing.owners().contains(&owner) => {
                format!("was deleted while its session {owner:#x} was active")
            }
            owner => format!("was removed: deleted, or its session {owner:#x} ended (ZooKeeper does not report which)"),
        };
        Note::new(NoteKind::Departed, format!("node {path:?} {why}"))
    }

    /// True when this user may no longer read a listed node, or the parent of one.
    fn hides_something_known(&self) -> bool {
        let below = |path: &String| self.listing.keys(&format!("{path}/"));
        self.denied.iter().any(|path| self.listing.keys(path).contains(path) || !below(path).is_empty())
    }

    /// If this user may not read some nodes, missing endpoints may be in them.
    fn whole_or_part(&self, answer: Answer) -> Update {
        if self.denied.is_empty() {
            return Update::Reset(answer);
        }
        let text = format!("zookeeper {}: this user may not read {}", self.server, self.unread());
        // A node is hidden, with everything below it.
        let hidden = Hidden::Keys(self.denied.iter().flat_map(|path| [path.clone(), format!("{path}/")]).collect());
        Update::Partial(Partial { answer, hidden, why: ResolveFailure::new(ResolveCode::Hidden, text) })
    }

    /// What this user may not read.
    fn unread(&self) -> String {
        listed(&self.denied.iter().map(|path| format!("{path:?}")).collect::<Vec<_>>())
    }

    fn answer(&self, mut notes: Vec<Note>) -> Answer {
        let (endpoints, listing_notes) = self.listing.answer(tie);
        notes.extend(listing_notes);
        if !self.denied.is_empty() {
            let text = format!("zookeeper denies this user read access to {}", self.unread());
            // If something was found, what other layouts would have written elsewhere is irrelevant.
            let kind = if endpoints.is_empty() { NoteKind::AclFiltered } else { NoteKind::Skipped };
            notes.push(Note::new(kind, text));
        }
        if self.listing.is_empty() {
            notes.extend(self.elsewhere.iter().cloned());
        }
        Answer { endpoints, notes }
    }
}

/// An ephemeral node is removed with its session, whose remaining lifetime only the server has.
fn tie(owner: i64, _: &Endpoint) -> (Lease, Option<Duration>) {
    (Lease::Held { id: format!("{owner:x}"), granted: None, usual: None }, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parents(text: &str) -> Result<Vec<String>, String> {
        let target = text.parse::<crate::model::target::Target>().unwrap();
        let target = target.of::<ZookeeperTarget>().unwrap();
        let found = prefixes(target).map_err(|error| error.to_string())?;
        Ok(found.iter().map(|prefix| parent(prefix).to_string()).collect())
    }

    #[test]
    fn a_name_is_searched_where_every_layout_has_it_and_a_layout_narrows_that() {
        let all = parents("zookeeper:///pay").unwrap();
        for parent in ["/pay", "/microservices/pay", "/services/pay", "/dubbo/pay/providers"] {
            assert_eq!(all.iter().filter(|path| *path == parent).count(), 1, "{parent}: {all:?}");
        }
        assert_eq!(parents("zookeeper:///pay?layout=kratos").unwrap(), ["/microservices/pay"]);
        assert_eq!(parents("zookeeper:///pay?prefix=/eu/prod/").unwrap(), ["/eu/prod/pay"]);
        assert_eq!(parents("zookeeper:///pay?prefix=/").unwrap(), ["/pay"]);
        let error = parents("zookeeper:///a%2F..%2Fb").unwrap_err();
        assert!(error.contains("contains . or .."), "{error}");
    }
}
