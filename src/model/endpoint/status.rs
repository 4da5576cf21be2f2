//! What a registry says about an instance: its status, and the checks behind it.

/// What the registry says about an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
#[non_exhaustive]
pub enum EndpointStatus {
    /// Every check of the registry passes.
    Healthy,
    /// The registry lists it and does not judge (DNS, files, literal addresses).
    #[default]
    Unchecked,
    /// A check warns, or it is not ready yet.
    Warning,
    /// A check fails.
    Critical,
    /// On its way out on purpose: maintenance, terminating, disabled, weight 0.
    Draining,
}

impl EndpointStatus {
    /// The word in the output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Unchecked => "unchecked",
            Self::Warning => "warning",
            Self::Critical => "critical",
            Self::Draining => "draining",
        }
    }

    /// The word for people: what its registry lists as passing may be dead all the same.
    pub const fn as_listed(self) -> &'static str {
        match self {
            Self::Healthy => "passing",
            other => other.as_str(),
        }
    }

    /// Would a client that follows the registry send RPCs there?
    pub const fn is_usable(self) -> bool {
        matches!(self, Self::Healthy | Self::Unchecked | Self::Warning)
    }
}

/// One check that the registry runs, with its own words: the reason behind a status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The check's name or id.
    pub name: String,
    /// What that comes to.
    pub state: CheckState,
    /// The registry's word: `passing`, `warning`, `critical`, `maintenance`.
    pub status: String,
    /// The check's output, as the registry keeps it (a stranger's text: escape it).
    pub output: String,
}

/// What the result of a [`Check`] comes to, whatever the registry's word for it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CheckState {
    /// It passes.
    Passing,
    /// It warns, or its result is none of the others.
    Warning,
    /// It fails.
    Critical,
    /// It is no test of the instance: maintenance mode, a pod that is being deleted.
    Info,
}
