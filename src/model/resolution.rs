//! What a backend can return: an [`Update`], or a [`ResolveError`]. "No endpoint exists" and "the registry could not
//! be queried" are different results everywhere, down to the exit code.

mod endpoint_set;
mod failure;
mod note;

use std::time::Duration;

pub use self::endpoint_set::{Delta, EndpointSet};
pub use self::failure::{ResolveCode, ResolveError, ResolveFailure};
pub use self::note::{Note, NoteKind};
use super::endpoint::{Endpoint, EndpointKey};

/// A change of a registry's list.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Update {
    /// The complete list, possibly empty. Replaces everything reported before.
    Reset(Answer),
    /// These instances are listed now: new ones, or known ones with new attributes.
    Add(Vec<Endpoint>),
    /// These have left.
    Remove(Vec<EndpointKey>),
    /// The registry reports with authority that the service does not exist.
    NotFound(Absence),
    /// A list from which something is hidden. What is hidden is not removed.
    Partial(Partial),
}

/// The visible part of a list, and what is known of the hidden part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partial {
    /// What is visible: correct, but incomplete.
    pub answer: Answer,
    /// What may exist in addition.
    pub hidden: Hidden,
    /// Why it is hidden.
    pub why: ResolveFailure,
}

/// Which endpoints may exist although a list does not contain them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Hidden {
    /// All that are missing from the list.
    Everything,
    /// Those with these ids, or with an id below one of these that ends with a slash. The ids are keys of a registry.
    Keys(Vec<String>),
}

impl Hidden {
    /// True when `endpoint` may exist although the list does not contain it.
    pub fn covers(&self, endpoint: &Endpoint) -> bool {
        let Hidden::Keys(keys) = self else { return true };
        let Some(id) = &endpoint.id else { return false };
        // Several endpoints of one key have the ids `key#1`, `key#2`.
        let key = id.rsplit_once('#').map_or(id.as_str(), |(key, _)| key);
        keys.iter().any(|hidden| hidden == key || hidden == id || (hidden.ends_with('/') && id.starts_with(hidden)))
    }
}

/// What a registry keeps in memory only, and loses in a restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegistryMemory {
    /// How long instances may take to register again. Until then, what is missing after a gap is not reported as
    /// removed.
    pub grace: Duration,
    /// The list is kept in memory only: after a restart, instances come back one by one when they renew their
    /// registration.
    pub is_volatile: bool,
}

impl RegistryMemory {
    /// The list is on disk: only an empty list after a gap is doubted.
    pub const DURABLE: RegistryMemory = RegistryMemory { grace: Duration::from_secs(10), is_volatile: false };
}

/// A complete response: the instances, and what the registry reported about the response itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// Every instance, usable or not.
    pub endpoints: Vec<Endpoint>,
    /// Remarks on the response.
    pub notes: Vec<Note>,
}

/// The registry responded, and the service has no endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Absence {
    /// How the registry reported it.
    pub code: AbsenceCode,
    /// One sentence: which registry, which query, which response.
    pub text: String,
    /// Where the service was found instead, and what to do.
    pub notes: Vec<Note>,
}

impl Absence {
    /// An absence that `text` describes, without notes.
    pub fn new(code: AbsenceCode, text: impl Into<String>) -> Self {
        Absence { code, text: text.into(), notes: Vec::new() }
    }
}

/// How a registry reports that a service has no endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AbsenceCode {
    /// DNS: the name does not exist.
    NxDomain,
    /// DNS: the name exists and has no record of the type.
    NoData,
    /// The registry has no service of that name.
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
