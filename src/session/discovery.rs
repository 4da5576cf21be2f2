//! What the sources list. Pure: lists, gaps, when to query again ([`backoff`]), and what is trusted ([`belief`]).

mod backoff;
mod belief;
mod reading;
mod tracked;

use std::sync::Arc;
use std::time::Duration;

use self::belief::{Before, Belief};
pub use self::reading::ClientReading;
use self::tracked::{State, Tracked, text_of};
use super::propagation::Propagation;
use crate::model::event::{BackendReport, BackendStatus, EndpointsChange, EventKind, Lag};
use crate::model::registry::SourceId;
use crate::model::resolution::{
    Answer, Delta, Note, NoteKind, Partial, ResolveCode, ResolveError, ResolveFailure, Update,
};
use crate::model::time::Elapsed;

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Query `source`; its responses carry `generation`. An earlier generation of the same source is dropped.
    Query {
        /// Index of the source.
        source: usize,
        /// Identifies this query.
        generation: u32,
    },
    /// Drop the query of `source`.
    Drop {
        /// Index of the source.
        source: usize,
    },
    /// Report this event.
    Report(Box<EventKind>),
}

/// The sources of one service.
#[derive(Debug)]
pub struct Discovery {
    sources: Vec<Tracked>,
    ids: Vec<Arc<SourceId>>,
    propagation: Propagation,
    watching: bool,
    seed: u64,
}

impl Discovery {
    /// `watching`: continue after the first response.
    pub fn new(sources: impl IntoIterator<Item = Arc<SourceId>>, watching: bool, seed: u64) -> Self {
        let ids: Vec<Arc<SourceId>> = sources.into_iter().collect();
        let sources = ids.iter().map(Tracked::new).collect();
        let propagation = Propagation::between(ids.len());
        Discovery { sources, ids, propagation, watching, seed }
    }

    /// Queries every source that is quiet.
    pub fn start(&mut self, now: Elapsed, steps: &mut Vec<Step>) {
        for index in 0..self.sources.len() {
            if self.sources[index].state == State::Quiet {
                self.sources[index].queried_at = now;
                self.query(index, steps);
            }
        }
    }

    /// Stops all queries; what is known is kept.
    pub fn stop(&mut self, steps: &mut Vec<Step>) {
        for (source, tracked) in self.sources.iter_mut().enumerate() {
            if !matches!(tracked.state, State::Quiet | State::Ended) {
                tracked.state = State::Quiet;
                tracked.generation += 1;
                tracked.report_next = true;
                steps.push(Step::Drop { source });
            }
        }
    }

    /// Processes an item from a source; `last` when its stream ended with it. Items of an older generation are
    /// ignored.
    pub fn response(
        &mut self,
        now: Elapsed,
        index: usize,
        generation: u32,
        response: Option<Result<Update, ResolveError>>,
        last: bool,
        steps: &mut Vec<Step>,
    ) {
        let Some(tracked) = self.sources.get(index) else { return };
        if tracked.generation != generation || matches!(tracked.state, State::Quiet | State::Ended) {
            return;
        }
        match response {
            Some(Ok(update)) => {
                match update {
                    Update::Partial(part) => self.partly(now, index, part, steps),
                    update => self.answered(now, index, update, steps),
                }
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
                    let retry = now + self.delay(now, index, None);
                    self.sources[index].state = State::Broken { since, retry: Some(retry) };
                }
                _ => self.failed(now, index, None, true, steps),
            },
        }
    }

    /// Queries again all sources that are due.
    pub fn time_passed(&mut self, now: Elapsed, steps: &mut Vec<Step>) {
        for index in 0..self.sources.len() {
            if let State::Broken { retry: Some(retry), .. } = self.sources[index].state
                && retry <= now
            {
                self.again(index, steps);
            } else if self.sources[index].state == State::Watching
                && self.sources[index].doubts.deadline().is_some_and(|until| until <= now)
            {
                self.sources[index].doubts.decide_next();
                self.again(index, steps);
            }
        }
    }

    /// A client needs the list now: broken sources are queried again earlier than their backoff requires, but not
    /// more often than its first delay allows.
    pub fn refresh(&mut self, now: Elapsed, steps: &mut Vec<Step>) {
        for tracked in &mut self.sources {
            if let State::Broken { retry: Some(retry), .. } = &mut tracked.state {
                *retry = (*retry).min(tracked.refresh_from.max(now));
            }
        }
        self.time_passed(now, steps);
    }

    /// When [`Discovery::time_passed`] is due.
    pub fn deadline(&self) -> Option<Elapsed> {
        let retries = self.sources.iter().filter_map(|tracked| match tracked.state {
            State::Broken { retry, .. } => retry,
            State::Watching => tracked.doubts.deadline(),
            State::Quiet | State::Querying | State::Ended => None,
        });
        retries.min()
    }

    /// True when no source is quiet.
    pub fn is_running(&self) -> bool {
        self.sources.iter().all(|tracked| tracked.state != State::Quiet)
    }

    /// True when every source has returned a response that is trusted, or a failure.
    pub fn all_responded(&self) -> bool {
        self.sources.iter().all(|tracked| match tracked.state {
            State::Quiet | State::Querying => false,
            State::Watching | State::Ended => !tracked.doubts.is_open(),
            State::Broken { .. } => true,
        })
    }

    /// True when a full response of any source was trusted.
    pub fn any_response(&self) -> bool {
        self.sources.iter().any(|tracked| tracked.has_responded)
    }

    /// For how long a source has been queried.
    pub fn queried_for(&self, now: Elapsed, index: usize) -> Duration {
        self.sources.get(index).map_or(Duration::ZERO, |tracked| now.since(tracked.queried_at))
    }

    /// Queries a source again whose response was lost because of this process.
    pub fn repeat(&mut self, now: Elapsed, index: usize, steps: &mut Vec<Step>) {
        if let Some(tracked) = self.sources.get_mut(index).filter(|tracked| tracked.state == State::Querying) {
            tracked.queried_at = now;
            self.query(index, steps);
        }
    }

    /// The sources that have not responded at all yet, and since when they are queried.
    pub fn waiting(&self) -> impl Iterator<Item = (Arc<SourceId>, Elapsed)> {
        let waiting = self.sources.iter().filter(|tracked| tracked.state == State::Querying && !tracked.has_responded);
        waiting.map(|tracked| (tracked.source.clone(), tracked.queried_at))
    }

    fn query(&mut self, index: usize, steps: &mut Vec<Step>) {
        let tracked = &mut self.sources[index];
        tracked.generation += 1;
        tracked.state = State::Querying;
        steps.push(Step::Query { source: index, generation: tracked.generation });
    }

    /// Queries again while the source remains broken: only its next response ends the gap.
    fn again(&mut self, index: usize, steps: &mut Vec<Step>) {
        let tracked = &mut self.sources[index];
        tracked.generation += 1;
        if let State::Broken { since, .. } = tracked.state {
            tracked.state = State::Broken { since, retry: None };
        }
        steps.push(Step::Query { source: index, generation: tracked.generation });
    }

    fn answered(&mut self, now: Elapsed, index: usize, update: Update, steps: &mut Vec<Step>) {
        let tracked = &mut self.sources[index];
        if let Some(failure) = tracked.cannot_read(&update) {
            return self.failed(now, index, Some(failure), true, steps);
        }
        let mut notes = notes_of(&update);
        let before = match tracked.state {
            State::Broken { .. } if !matches!(tracked.failed, Some(ResolveCode::Denied | ResolveCode::Hidden)) => {
                Before::Gap
            }
            _ => Before::Reached,
        };
        let (belief, note) = tracked.doubts.judge(now, &update, &tracked.set, tracked.has_responded, before);
        notes.extend(note);
        tracked.backoff.answered(now);
        match belief {
            Belief::Believed => self.take(now, index, update, notes, steps),
            Belief::Merged => {
                let Update::Reset(Answer { endpoints, .. }) = update else {
                    return self.take(now, index, Update::Add(Vec::new()), notes, steps);
                };
                self.take(now, index, Update::Add(endpoints), notes, steps);
            }
            Belief::QueriedAgain => {
                tracked.departed.extend(notes.into_iter().filter(|note| note.kind == NoteKind::Departed));
                self.again(index, steps);
            }
            Belief::LeftOut => {
                tracked.departed.extend(notes.into_iter().filter(|note| note.kind == NoteKind::Departed));
                tracked.state = State::Watching;
            }
        }
    }

    /// Applies a trusted update.
    fn take(&mut self, now: Elapsed, index: usize, update: Update, mut notes: Vec<Note>, steps: &mut Vec<Step>) {
        let tracked = &mut self.sources[index];
        let first = !tracked.has_responded;
        let before = tracked.state;
        tracked.has_responded = true;
        tracked.state = State::Watching;
        let report = std::mem::take(&mut tracked.report_next);
        let is_news =
            |note: &Note| matches!(note.kind, NoteKind::Unconfirmed | NoteKind::Restarted | NoteKind::Returned);
        let left_out = text_of(&notes, NoteKind::LeftOut);
        let report = report || notes.iter().any(is_news) || left_out != tracked.left_out;
        tracked.left_out = left_out;
        let delta = tracked.set.apply(update);
        let lags = if first || !delta.is_empty() {
            self.propagation.record(now, index, &tracked.set, &self.ids)
        } else {
            Vec::new()
        };
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
            State::Quiet | State::Querying | State::Watching | State::Broken { .. } | State::Ended => {
                if first && self.watching {
                    steps.push(self.report(index, BackendStatus::Watching, None, None, None));
                }
            }
        }
        if report || !delta.is_empty() {
            steps.push(self.change(index, delta, notes, lags));
        }
        if !self.watching {
            self.sources[index].state = State::Ended;
            steps.push(Step::Drop { source: index });
        }
    }

    /// Applies the visible part of a list. When a known endpoint is hidden, or nothing was ever visible, the source
    /// is broken: hidden endpoints stay listed, and the source is queried again until they are visible.
    fn partly(&mut self, now: Elapsed, index: usize, part: Partial, steps: &mut Vec<Step>) {
        let tracked = &mut self.sources[index];
        let hides_nothing_known = tracked.set.hidden_from(&part.answer, &part.hidden).is_empty();
        let is_a_list = tracked.has_responded || !part.answer.endpoints.is_empty();
        if hides_nothing_known && is_a_list {
            return self.answered(now, index, Update::Reset(part.answer), steps);
        }
        let (notes, why) = (part.answer.notes.clone(), part.why.clone());
        let delta = tracked.set.apply(Update::Partial(part));
        if !delta.is_empty() {
            tracked.has_responded = true;
            let lags = self.propagation.record(now, index, &self.sources[index].set, &self.ids);
            steps.push(self.change(index, delta, notes, lags));
        }
        self.failed(now, index, Some(why), true, steps);
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
            State::Quiet | State::Querying | State::Watching | State::Ended => now,
        };
        self.sources[index].failed = failure.as_ref().map(|failure| failure.code);
        if !self.watching {
            self.sources[index].state = State::Ended;
            steps.push(Step::Drop { source: index });
            steps.push(self.report(index, BackendStatus::Ended, failure, None, None));
            return;
        }
        self.sources[index].not_before = self.sources[index].doubts.failed();
        let retry_in = last.then(|| self.delay(now, index, failure.as_ref()));
        self.sources[index].state = State::Broken { since, retry: retry_in.map(|delay| now + delay) };
        steps.push(self.report(index, BackendStatus::Broken, failure, retry_in, None));
    }

    /// How long to wait before this source is queried again.
    fn delay(&mut self, now: Elapsed, index: usize, failure: Option<&ResolveFailure>) -> Duration {
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let random = fastrand::Rng::with_seed(self.seed).f64();
        let tracked = &mut self.sources[index];
        let not_before = tracked.not_before.map_or(Duration::ZERO, |moment| moment.since(now));
        let delay = tracked.backoff.failed(now, failure, random);
        tracked.refresh_from = now + backoff::refresh_delay(delay, failure).max(not_before);
        delay.max(not_before)
    }

    fn report(
        &self,
        index: usize,
        status: BackendStatus,
        error: Option<ResolveFailure>,
        retry_in: Option<Duration>,
        gap: Option<Duration>,
    ) -> Step {
        let source = self.sources[index].source.clone();
        Step::Report(Box::new(EventKind::Backend(BackendReport { source, status, error, retry_in, gap })))
    }

    fn change(&self, index: usize, delta: Delta, notes: Vec<Note>, lags: Vec<Lag>) -> Step {
        let tracked = &self.sources[index];
        Step::Report(Box::new(EventKind::Endpoints(EndpointsChange {
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
        Update::Reset(answer) | Update::Partial(Partial { answer, .. }) => answer.notes.clone(),
        Update::NotFound(absence) => {
            let absent = Note::new(NoteKind::Absent, absence.text.clone());
            std::iter::once(absent).chain(absence.notes.iter().cloned()).collect()
        }
        Update::Add(_) | Update::Remove(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
