//! The state of one source in discovery.

use std::sync::Arc;

use super::backoff::Backoff;
use super::belief::Doubts;
use crate::model::registry::SourceId;
use crate::model::resolution::{EndpointSet, Note, NoteKind, ResolveCode, ResolveFailure, Update};
use crate::model::time::Elapsed;

/// A source, its list, and the state of its query.
#[derive(Debug)]
pub(super) struct Tracked {
    pub(super) source: Arc<SourceId>,
    pub(super) generation: u32,
    pub(super) set: EndpointSet,
    pub(super) state: State,
    /// When it was queried last.
    pub(super) queried_at: Elapsed,
    /// A full response was trusted at least once.
    pub(super) has_responded: bool,
    /// What is not trusted in its responses.
    pub(super) doubts: Doubts,
    /// Why entries left, according to the doubted response: the response that confirms it no longer contains the
    /// reason.
    pub(super) departed: Vec<Note>,
    /// The next response is reported even when it changes nothing: discovery was stopped and starts from scratch.
    pub(super) report_next: bool,
    pub(super) backoff: Backoff,
    /// It is not queried again before this moment.
    pub(super) not_before: Option<Elapsed>,
    /// A refresh queries it again from this moment on, while it is broken.
    pub(super) refresh_from: Elapsed,
    /// Its last failure.
    pub(super) failed: Option<ResolveCode>,
    /// It is not configured, and nothing runs at its default address.
    pub(super) absent: bool,
    /// Which entries its last response left out, and why.
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
            queried_at: Elapsed::ZERO,
            has_responded: false,
            doubts: Doubts::new(source.registry.memory),
            departed: Vec::new(),
            report_next: true,
            backoff: Backoff::default(),
            not_before: None,
            refresh_from: Elapsed::ZERO,
            failed: None,
            absent: false,
            left_out: None,
        }
    }

    /// The failure when nothing in a response can be parsed although there was a list before: such a response proves
    /// nothing about the endpoints.
    pub(super) fn cannot_read(&self, update: &Update) -> Option<ResolveFailure> {
        let Update::Reset(answer) = update else { return None };
        let why = text_of(&answer.notes, NoteKind::Unreadable)?;
        let is_news = answer.endpoints.is_empty() && !self.set.is_empty();
        is_news.then(|| ResolveFailure::new(ResolveCode::BadAnswer, format!("{}: {why}", self.source)))
    }
}

/// The state of a source's query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Not queried (yet, or on purpose).
    Quiet,
    /// Queried; no response yet.
    Querying,
    /// It responded; changes will follow.
    Watching,
    /// Failed at `since`; queried again at `retry`, unless its watch continues by itself.
    Broken { since: Elapsed, retry: Option<Elapsed> },
    /// No more responses will come.
    Ended,
}

/// The text of the note of `kind`.
pub(super) fn text_of(notes: &[Note], kind: NoteKind) -> Option<String> {
    notes.iter().find(|note| note.kind == kind).map(|note| note.text.clone())
}
