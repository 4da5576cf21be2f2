//! [`Unusable`]: why an entry of a registry is left out, and what it means when none is left. Pure.

#![cfg_attr(
    not(feature = "all-backends"),
    allow(dead_code, reason = "a build with some of the backends may use a part of it")
)]

use crate::model::resolution::{Note, NoteKind};

/// Why an entry is left out: a sentence for notes, made of the typed error of whoever read the entry; it names the instance.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Unusable {
    /// It is not understood: this says nothing about who is there.
    Garbled(String),
    /// It is understood, and has no endpoint for gRPC.
    NotGrpc(String),
}

impl Unusable {
    pub(super) fn is_garbled(&self) -> bool {
        matches!(self, Unusable::Garbled(_))
    }

    pub(super) fn text(&self) -> &str {
        match self {
            Unusable::Garbled(text) | Unusable::NotGrpc(text) => text,
        }
    }

    pub(super) fn into_text(self) -> String {
        match self {
            Unusable::Garbled(text) | Unusable::NotGrpc(text) => text,
        }
    }
}

/// What it means that none of `registered` entries (`word`: "entries") can be used, `garbled` of which are not understood.
/// `why`: of the first one.
pub(super) fn none_left(registered: usize, garbled: usize, word: &str, why: &str) -> Note {
    match garbled {
        0 => Note::new(NoteKind::FilteredOut, format!("none of them has a gRPC endpoint: {why}")),
        all if all == registered => {
            Note::new(NoteKind::Unreadable, format!("none of {registered} {word} can be read: {why}"))
        }
        some => {
            let text = format!("{some} of {registered} {word} cannot be read, and no other can be used: {why}");
            Note::new(NoteKind::Unreadable, text)
        }
    }
}
