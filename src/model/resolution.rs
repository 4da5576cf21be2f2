//! What a backend can answer: an [`Update`], or a [`ResolveError`]. "Nobody is there" and "I could not ask" are
//! different words everywhere, down to the exit code.

mod endpoint_set;
mod failure;
mod note;

use std::time::Duration;

pub use self::endpoint_set::{Delta, EndpointSet};
pub use self::failure::{ResolveCode, ResolveError, ResolveFailure};
pub use self::note::{Note, NoteKind};
use super::endpoint::{Endpoint, EndpointKey};

/// One word from a registry about who is there.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Update {
    /// The full truth, possibly empty; replaces everything said before.
    Reset(Answer),
    /// These are there now (new, or known ones that say something else).
    Add(Vec<Endpoint>),
    /// These have left.
    Remove(Vec<EndpointKey>),
    /// The registry says with authority that there is no such service.
    NotFound(Absence),
    /// A list from which something is hidden: that is not removed.
    Partial(Partial),
}

/// The visible part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partial {
    /// What is visible: true, and not everything.
    pub answer: Answer,
    /// What may exist besides.
    pub hidden: Hidden,
    /// Why it is hidden.
    pub why: ResolveFailure,
}

/// Which endpoints may exist although a list lacks them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Hidden {
    /// All that are missing.
    Everything,
    /// Those with these ids, or with ids below one of these that ends with a slash: keys of a registry.
    Keys(Vec<String>),
}

impl Hidden {
    /// True when `endpoint` may exist although the list lacks it.
    pub fn covers(&self, endpoint: &Endpoint) -> bool {
        let Hidden::Keys(keys) = self else { return true };
        let Some(id) = &endpoint.id else { return false };
        // Several endpoints of one key are `key#1`, `key#2`.
        let key = id.rsplit_once('#').map_or(id.as_str(), |(key, _)| key);
        keys.iter().any(|hidden| hidden == key || hidden == id || (hidden.ends_with('/') && id.starts_with(hidden)))
    }
}

/// What a registry has in memory after a restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegistryMemory {
    /// How long instances may take to register again: before that, what is missing after a gap is not called gone.
    pub grace: Duration,
    /// The list is kept in memory only: after a restart, instances come back one by one, when they renew.
    pub is_volatile: bool,
}

impl RegistryMemory {
    /// The list is on disk: only one that comes back empty is doubted.
    pub const DURABLE: RegistryMemory = RegistryMemory { grace: Duration::from_secs(10), is_volatile: false };
}

/// A full answer: who is there, and what the registry said about the answer itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// Every instance, usable or not.
    pub endpoints: Vec<Endpoint>,
    /// What is worth knowing about the answer.
    pub notes: Vec<Note>,
}

/// The registry answered, and the answer is that nobody is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Absence {
    /// How it said so.
    pub code: AbsenceCode,
    /// The sentence: who was asked, for what, what was answered.
    pub text: String,
    /// Where else it was found, and what to do.
    pub notes: Vec<Note>,
}

impl Absence {
    /// An absence that `text` describes, without notes.
    pub fn new(code: AbsenceCode, text: impl Into<String>) -> Self {
        Absence { code, text: text.into(), notes: Vec::new() }
    }
}

/// How a registry says "nobody".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AbsenceCode {
    /// DNS: the name does not exist.
    NxDomain,
    /// DNS: the name exists and has no record of the type.
    NoData,
    /// The registry knows no service of that name.
    NoSuchService,
}

impl AbsenceCode {
    /// The word in the output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NxDomain => "nxdomain",
            Self::NoData => "nodata",
            Self::NoSuchService => "no_such_service",
        }
    }
}
