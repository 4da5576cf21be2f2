//! What the sources say, PURE: sets, gaps, backoff, and the rule that one empty answer proves nothing.

use std::sync::Arc;
use std::time::Duration;

use super::lag::Lags;
use crate::model::endpoint::{Address, Delta, Endpoint, EndpointSet, EndpointStatus};
use crate::model::event::{BackendReport, BackendStatus, EndpointsChange, EventKind, Lag};
use crate::model::resolution::{Note, NoteKind, ResolveCode, ResolveError, ResolveFailure, Update};
use crate::model::time::Elapsed;

/// First delay before a broken source is asked again; grows by 1.6 up to [`MAX_RETRY`].
const FIRST_RETRY: Duration = Duration::from_millis(500);
/// Somebody is watching: a registry that is back must be noticed within seconds.
const MAX_RETRY: Duration = Duration::from_secs(5);
/// A registry that comes back empty may not have heard from anybody yet: its list is not believed for this long.
const GRACE: Duration = Duration::from_secs(10);

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Ask `source`; answers carry `generation`. An earlier generation of the same source is dropped.
    Ask {
        /// Index of the source.
        source: usize,
        /// Names this question.
        generation: u32,
    },
    /// Drop the question to `source`.
    Drop {
        /// Index of the source.
        source: usize,
    },
    /// Tell.
    Tell(Box<EventKind>),
}

/// The sources of one service.
#[derive(Debug)]
pub struct Discovery {
    sources: Vec<Tracked>,
    names: Vec<Arc<str>>,
    lags: Lags,
    watching: bool,
    seed: u64,
}

#[derive(Debug)]
struct Tracked {
    backend: &'static str,
    source: Arc<str>,
    generation: u32,
    set: EndpointSet,
    state: State,
    /// When it was queried last.
    asked: Elapsed,
    /// A full answer was believed at least once.
    heard: bool,
    /// The last answer was empty and is not believed before this moment, nor before it was asked again.
    doubted: Option<Elapsed>,
    /// Why entries left, as the doubted answer said it: the answer that confirms it no longer knows.
    departed: Vec<Note>,
    /// The next answer is told even when it changes nothing: discovery was stopped and asks from scratch.
    tell_next: bool,
    /// Failures in a row.
    failures: u32,
    /// Its last failure was that nothing came back.
    silent: bool,
    /// Nothing names it, and it is not there.
    absent: bool,
}

/// Where a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Not asked (yet, or on purpose).
    Quiet,
    /// Asked; no word yet.
    Asking,
    /// Answered; changes will follow.
    Watching,
    /// Failed at `since`; asked again at `retry`, unless its watch goes on by itself.
    Broken { since: Elapsed, retry: Option<Elapsed> },
    /// Nothing more will come.
    Ended,
}

/// What a client of the registries reads.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    /// No answer yet.
    Nothing,
    /// The list, in the registry's order.
    Lists(Vec<Endpoint>),
    /// Nobody answers: questions wait until they time out.
    Silent,
    /// Nobody answers: questions fail at once.
    Refuses,
}

impl Discovery {
    /// Sources as (backend, what it is asked for). `watching`: go on after the first answer.
    pub fn new(sources: impl IntoIterator<Item = (&'static str, Arc<str>)>, watching: bool, seed: u64) -> Self {
        let sources = sources.into_iter().map(|(backend, source)| Tracked {
            backend,
            source,
            generation: 0,
            set: EndpointSet::default(),
            state: State::Quiet,
            asked: Elapsed::ZERO,
            heard: false,
            doubted: None,
            departed: Vec::new(),
            tell_next: true,
            failures: 0,
            silent: false,
            absent: false,
        });
        let sources: Vec<Tracked> = sources.collect();
        let names: Vec<Arc<str>> = sources.iter().map(|tracked| tracked.source.clone()).collect();
        let lags = Lags::between(names.len());
        Discovery { sources, names, lags, watching, seed }
    }

    /// Asks every source that is quiet.
    pub fn start(&mut self, now: Elapsed, steps: &mut Vec<Step>) {
        for index in 0..self.sources.len() {
            if self.sources[index].state == State::Quiet {
                self.sources[index].asked = now;
                self.ask(index, steps);
            }
        }
    }

    /// Stops asking; what is known stays known.
    pub fn stop(&mut self, steps: &mut Vec<Step>) {
        for (source, tracked) in self.sources.iter_mut().enumerate() {
            if !matches!(tracked.state, State::Quiet | State::Ended) {
                tracked.state = State::Quiet;
                tracked.generation += 1;
                tracked.tell_next = true;
                steps.push(Step::Drop { source });
            }
        }
    }

    /// Takes a word from a source; `last` when its stream ended with it. Words of an older generation are ignored.
    pub fn word(
        &mut self,
        now: Elapsed,
        index: usize,
        generation: u32,
        word: Option<Result<Update, ResolveError>>,
        last: bool,
        steps: &mut Vec<Step>,
    ) {
        let Some(tracked) = self.sources.get(index) else { return };
        if tracked.generation != generation || matches!(tracked.state, State::Quiet | State::Ended) {
            return;
        }
        match word {
            Some(Ok(update)) => {
                self.answered(now, index, update, steps);
                let current = &self.sources[index];
                if last && current.generation == generation && current.state == State::Watching {
                    self.failed(now, index, None, true, steps);
                }
            }
            Some(Err(ResolveError::Ambient(failure))) => self.failed(now, index, Some(failure), last, steps),
            Some(Err(ResolveError::Fatal(failure))) => {
                self.sources[index].state = State::Ended;
                self.sources[index].absent = failure.code == ResolveCode::NotHere;
                steps.push(Step::Drop { source: index });
                let error = Some(failure);
                steps.push(self.report(index, BackendStatus::Ended, error, None, None));
            }
            None => match self.sources[index].state {
                State::Broken { since, retry: None } => {
                    let retry = now + self.delay(index);
                    self.sources[index].state = State::Broken { since, retry: Some(retry) };
                }
                _ => self.failed(now, index, None, true, steps),
            },
        }
    }

    /// Asks again whoever is due.
    pub fn time_passed(&mut self, now: Elapsed, steps: &mut Vec<Step>) {
        for index in 0..self.sources.len() {
            if let State::Broken { retry: Some(retry), .. } = self.sources[index].state
                && retry <= now
            {
                self.again(index, steps);
            } else if self.sources[index].doubted.is_some_and(|until| until <= now)
                && self.sources[index].state == State::Watching
            {
                // The grace is over: one more question decides.
                self.sources[index].doubted = Some(Elapsed::ZERO);
                self.again(index, steps);
            }
        }
    }

    /// When [`Discovery::time_passed`] is due.
    pub fn deadline(&self) -> Option<Elapsed> {
        let retries = self.sources.iter().filter_map(|tracked| match tracked.state {
            State::Broken { retry, .. } => retry,
            State::Watching => tracked.doubted.filter(|until| *until > Elapsed::ZERO),
            State::Quiet | State::Asking | State::Ended => None,
        });
        retries.min()
    }

    /// True when no source is quiet.
    pub fn is_running(&self) -> bool {
        self.sources.iter().all(|tracked| tracked.state != State::Quiet)
    }

    /// True when every source has said a word that is believed: an answer, or that it cannot be asked.
    pub fn all_spoke(&self) -> bool {
        self.sources.iter().all(|tracked| match tracked.state {
            State::Quiet | State::Asking => false,
            State::Watching | State::Ended => tracked.doubted.is_none(),
            State::Broken { .. } => true,
        })
    }

    /// True when a full answer was believed from anybody.
    pub fn anybody_heard(&self) -> bool {
        self.sources.iter().any(|tracked| tracked.heard)
    }

    /// For how long a source has been queried.
    pub fn asked_for(&self, now: Elapsed, index: usize) -> Duration {
        self.sources.get(index).map_or(Duration::ZERO, |tracked| now.since(tracked.asked))
    }

    /// Queries a source again, whose answer was lost through our own doing.
    pub fn repeat(&mut self, now: Elapsed, index: usize, steps: &mut Vec<Step>) {
        if let Some(tracked) = self.sources.get_mut(index).filter(|tracked| tracked.state == State::Asking) {
            tracked.asked = now;
            self.ask(index, steps);
        }
    }

    /// The sources that have not responded at all yet: backend, source, and since when they are queried.
    pub fn waiting(&self) -> impl Iterator<Item = (&'static str, Arc<str>, Elapsed)> {
        let waiting = self.sources.iter().filter(|tracked| tracked.state == State::Asking && !tracked.heard);
        waiting.map(|tracked| (tracked.backend, tracked.source.clone(), tracked.asked))
    }

    /// The addresses that somebody lists in `status`.
    pub fn in_status(&self, status: EndpointStatus) -> std::collections::BTreeSet<Address> {
        let all = self.sources.iter().flat_map(|tracked| tracked.set.iter());
        all.filter(|endpoint| endpoint.status == status).map(|endpoint| endpoint.address.clone()).collect()
    }

    /// Why nobody could be asked: the texts of the sources that never answered. For the channel's resolver error.
    pub fn is_broken(&self) -> bool {
        self.sources.iter().all(|t| !t.heard && matches!(t.state, State::Broken { .. } | State::Ended))
    }

    /// The addresses that a client would use: listed as usable by somebody, and called critical or draining by nobody.
    pub fn usable(&self) -> Vec<Address> {
        let mut refused = std::collections::BTreeSet::new();
        let mut seen = std::collections::BTreeSet::new();
        for endpoint in self.sources.iter().flat_map(|tracked| tracked.set.iter()) {
            if !endpoint.status.is_usable() {
                refused.insert(&endpoint.address);
            }
        }
        let all = self.sources.iter().flat_map(|tracked| tracked.set.iter());
        all.filter(|e| e.status.is_usable() && !refused.contains(&e.address) && seen.insert(&e.address))
            .map(|endpoint| endpoint.address.clone())
            .collect()
    }

    /// Every address that anybody lists, each once.
    pub fn addresses(&self) -> Vec<Address> {
        let mut seen = std::collections::BTreeSet::new();
        let all = self.sources.iter().flat_map(|tracked| tracked.set.iter());
        all.filter(|e| seen.insert(&e.address)).map(|e| e.address.clone()).collect()
    }

    /// What a client of these registries reads: every address that one of them lists, each once, as the worst word on it.
    /// `dns`: the list of DNS alone, or of all the others; of everybody when there is no such source.
    pub fn read_by_clients(&self, dns: bool) -> Reading {
        let is_theirs = |tracked: &&Tracked| (tracked.backend == "dns") == dns && !tracked.absent;
        let some = self.sources.iter().any(|tracked| is_theirs(&tracked));
        let theirs = || self.sources.iter().filter(|tracked| !some || is_theirs(tracked));
        // One answer can be all there is to a source: then its end is no failure.
        let is_away = |tracked: &Tracked| match tracked.state {
            State::Broken { .. } => true,
            State::Ended => !tracked.heard,
            State::Quiet | State::Asking | State::Watching => false,
        };
        if theirs().all(is_away) {
            return if theirs().all(|tracked| tracked.silent) { Reading::Silent } else { Reading::Refuses };
        }
        if !theirs().any(|tracked| tracked.heard) {
            return Reading::Nothing;
        }
        let mut list: Vec<Endpoint> = Vec::new();
        let mut place = std::collections::BTreeMap::new();
        for endpoint in theirs().flat_map(|tracked| tracked.set.iter()) {
            match place.get(&endpoint.address) {
                None => {
                    place.insert(endpoint.address.clone(), list.len());
                    list.push(endpoint.clone());
                }
                Some(at) if !endpoint.status.is_usable() => list[*at].status = endpoint.status,
                Some(_) => {}
            }
        }
        Reading::Lists(list)
    }

    fn ask(&mut self, index: usize, steps: &mut Vec<Step>) {
        let tracked = &mut self.sources[index];
        tracked.generation += 1;
        tracked.state = State::Asking;
        steps.push(Step::Ask { source: index, generation: tracked.generation });
    }

    /// Asks again without forgetting that the source is broken: only its next answer ends the gap.
    fn again(&mut self, index: usize, steps: &mut Vec<Step>) {
        let tracked = &mut self.sources[index];
        tracked.generation += 1;
        if let State::Broken { since, .. } = tracked.state {
            tracked.state = State::Broken { since, retry: None };
        }
        steps.push(Step::Ask { source: index, generation: tracked.generation });
    }

    fn answered(&mut self, now: Elapsed, index: usize, update: Update, steps: &mut Vec<Step>) {
        let tracked = &mut self.sources[index];
        let mut notes = notes_of(&update);
        let full = matches!(update, Update::Reset(_) | Update::NotFound(_));
        let empty = match &update {
            Update::Reset(answer) => answer.endpoints.is_empty(),
            Update::NotFound(_) => true,
            Update::Add(_) | Update::Remove(_) => false,
        };
        if empty && (!tracked.set.is_empty() || !tracked.heard) {
            tracked.departed.extend(notes.iter().filter(|note| note.kind == NoteKind::Departed).cloned());
            match (tracked.doubted, tracked.state) {
                (None, State::Broken { since, .. }) if tracked.heard => {
                    // Back, and empty: asked again at once, and again when the grace is over.
                    tracked.doubted = Some(now + GRACE);
                    tracked.state = State::Watching;
                    tracked.failures = 0;
                    let gap = Some(now.since(since));
                    steps.push(self.report(index, BackendStatus::Recovered, None, None, gap));
                    return self.again(index, steps);
                }
                (None, _) => {
                    tracked.doubted = Some(Elapsed::ZERO);
                    return self.again(index, steps);
                }
                // Its watch goes on meanwhile: whoever registers is seen at once.
                (Some(until), State::Watching) if until > now => return,
                (Some(_), _) => {}
            }
        }
        if full && tracked.doubted.is_some() {
            tracked.doubted = None;
            if !empty && tracked.heard {
                let text = "an empty answer was asked again and not confirmed".to_string();
                notes.push(Note::new(NoteKind::Unconfirmed, text));
            }
        }
        let first = !tracked.heard;
        let before = tracked.state;
        tracked.heard = true;
        tracked.failures = 0;
        tracked.state = State::Watching;
        let tell = std::mem::take(&mut tracked.tell_next);
        let unconfirmed = notes.iter().any(|note| note.kind == NoteKind::Unconfirmed);
        let delta = tracked.set.apply(update);
        let lags =
            if first || !delta.is_empty() { self.lags.told(now, index, &tracked.set, &self.names) } else { Vec::new() };
        let departed = std::mem::take(&mut tracked.departed).into_iter();
        for note in departed.filter(|_| !delta.removed.is_empty()) {
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
        match before {
            State::Broken { since, .. } if !first => {
                let gap = Some(now.since(since));
                steps.push(self.report(index, BackendStatus::Recovered, None, None, gap));
            }
            State::Quiet | State::Asking | State::Watching | State::Broken { .. } | State::Ended => {
                if first && self.watching {
                    steps.push(self.report(index, BackendStatus::Watching, None, None, None));
                }
            }
        }
        if tell || unconfirmed || !delta.is_empty() {
            steps.push(self.change(index, delta, notes, lags));
        }
        if !self.watching {
            self.sources[index].state = State::Ended;
            steps.push(Step::Drop { source: index });
        }
    }

    fn failed(
        &mut self,
        now: Elapsed,
        index: usize,
        failure: Option<ResolveFailure>,
        last: bool,
        steps: &mut Vec<Step>,
    ) {
        let since = match self.sources[index].state {
            State::Broken { since, .. } => since,
            State::Quiet | State::Asking | State::Watching | State::Ended => now,
        };
        self.sources[index].silent = failure.as_ref().is_some_and(|failure| failure.code == ResolveCode::Timeout);
        if !self.watching {
            self.sources[index].state = State::Ended;
            steps.push(Step::Drop { source: index });
            steps.push(self.report(index, BackendStatus::Ended, failure, None, None));
            return;
        }
        let retry_in = last.then(|| self.delay(index));
        self.sources[index].state = State::Broken { since, retry: retry_in.map(|delay| now + delay) };
        self.sources[index].doubted = None;
        steps.push(self.report(index, BackendStatus::Broken, failure, retry_in, None));
    }

    /// The next delay of this source: exponential, plus or minus 20 %.
    fn delay(&mut self, index: usize) -> Duration {
        let tracked = &mut self.sources[index];
        let failures = tracked.failures;
        tracked.failures = failures.saturating_add(1);
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let random = fastrand::Rng::with_seed(self.seed).f64();
        let delay = FIRST_RETRY.mul_f64(1.6_f64.powi(failures.min(16) as i32)).min(MAX_RETRY);
        delay.mul_f64(0.8 + 0.4 * random)
    }

    fn report(
        &self,
        index: usize,
        status: BackendStatus,
        error: Option<ResolveFailure>,
        retry_in: Option<Duration>,
        gap: Option<Duration>,
    ) -> Step {
        let tracked = &self.sources[index];
        let (backend, source) = (tracked.backend, tracked.source.clone());
        Step::Tell(Box::new(EventKind::Backend(BackendReport { backend, source, status, error, retry_in, gap })))
    }

    fn change(&self, index: usize, delta: Delta, notes: Vec<Note>, lags: Vec<Lag>) -> Step {
        let tracked = &self.sources[index];
        Step::Tell(Box::new(EventKind::Endpoints(EndpointsChange {
            backend: tracked.backend,
            source: tracked.source.clone(),
            added: delta.added,
            removed: delta.removed,
            changed: delta.changed,
            total: tracked.set.len(),
            notes,
            lags,
        })))
    }
}

fn notes_of(update: &Update) -> Vec<Note> {
    match update {
        Update::Reset(answer) => answer.notes.clone(),
        Update::NotFound(absence) => {
            let absent = Note::new(NoteKind::Absent, absence.text.clone());
            std::iter::once(absent).chain(absence.notes.iter().cloned()).collect()
        }
        Update::Add(_) | Update::Remove(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
