//! [`Unusable`]: why an entry of a registry is left out, and what it means when none is left. Pure.

#![cfg_attr(
    not(feature = "all-backends"),
    allow(dead_code, reason = "a build with some of the backends may use a part of it")
)]

use crate::model::resolution::{Note, NoteKind};

/// Why an entry is left out: a sentence for notes, built from the typed error of the code that read the entry; it
/// names the instance.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Unusable {
    /// The entry cannot be read, so it is not evidence about endpoints.
    Garbled(String),
    /// The entry can be read and has no endpoint for gRPC.
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

/// The result when none of `registered` entries (`word`: "entries") can be used and `garbled` of them cannot be read.
/// `why`: the reason for the first one.
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
