//! One source, as discovery keeps it.

use std::sync::Arc;

use super::backoff::Backoff;
use super::belief::Doubts;
use crate::model::registry::SourceId;
use crate::model::resolution::{EndpointSet, Note, NoteKind, ResolveCode, ResolveFailure, Update};
use crate::model::time::Elapsed;

/// A source, its list, and where its query stands.
#[derive(Debug)]
pub(super) struct Tracked {
    pub(super) source: Arc<SourceId>,
    pub(super) generation: u32,
    pub(super) set: EndpointSet,
    pub(super) state: State,
    /// When it was queried last.
    pub(super) asked: Elapsed,
    /// A full answer was believed at least once.
    pub(super) heard: bool,
    /// What is not believed of its answers.
    pub(super) doubts: Doubts,
    /// Why entries left, as the doubted answer said it: the answer that confirms it no longer knows.
    pub(super) departed: Vec<Note>,
    /// The next answer is told even when it changes nothing: discovery was stopped and asks from scratch.
    pub(super) tell_next: bool,
    pub(super) backoff: Backoff,
    /// It is not queried again before this moment.
    pub(super) not_before: Option<Elapsed>,
    /// What its last failure was.
    pub(super) failed: Option<ResolveCode>,
    /// Nothing names it, and it is not there.
    pub(super) absent: bool,
    /// Which entries its last answer left out, and why.
    pub(super) left_out: Option<String>,
}

impl Tracked {
    /// A source that was not queried yet.
    pub(super) fn new(source: &Arc<SourceId>) -> Self {
        Tracked {
            source: source.clone(),
            generation: 0,
            set: EndpointSet::default(),
            state: State::Quiet,
            asked: Elapsed::ZERO,
            heard: false,
            doubts: Doubts::new(source.registry.memory),
            departed: Vec::new(),
            tell_next: true,
            backoff: Backoff::default(),
            not_before: None,
            failed: None,
            absent: false,
            left_out: None,
        }
    }

    /// Nothing in an answer can be read, and there was a list before: this says nothing about who is there.
    pub(super) fn cannot_read(&self, update: &Update) -> Option<ResolveFailure> {
        let Update::Reset(answer) = update else { return None };
        let why = text_of(&answer.notes, NoteKind::Unreadable)?;
        let is_news = answer.endpoints.is_empty() && !self.set.is_empty();
        is_news.then(|| ResolveFailure::new(ResolveCode::BadAnswer, format!("{}: {why}", self.source)))
    }
}

/// Where a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
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

/// The text of the note of `kind`.
pub(super) fn text_of(notes: &[Note], kind: NoteKind) -> Option<String> {
    notes.iter().find(|note| note.kind == kind).map(|note| note.text.clone())
}
