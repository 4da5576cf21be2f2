//! The status that a registry reports for an instance, and the checks behind it.

/// The status that a registry reports for an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
#[non_exhaustive]
pub enum EndpointStatus {
    /// Every check of the registry passes.
    Healthy,
    /// The registry lists it and runs no checks (DNS, files, literal addresses).
    #[default]
    Unchecked,
    /// A check warns, or it is not ready yet.
    Warning,
    /// A check fails.
    Critical,
    /// Being taken out of service on purpose: maintenance, terminating, disabled, weight 0.
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

    /// The word for people: an instance that its registry lists as passing may still be dead.
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

/// One check that the registry runs: the reason for a status, in the registry's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The check's name or id.
    pub name: String,
    /// The result.
    pub state: CheckState,
    /// The registry's word: `passing`, `warning`, `critical`, `maintenance`.
    pub status: String,
    /// The check's output, as the registry stores it. Foreign text: escape it.
    pub output: String,
}

/// The result of a [`Check`], independent of the registry's own word for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CheckState {
    /// It passes.
    Passing,
    /// It warns, or its result is none of the others.
    Warning,
    /// It fails.
    Critical,
    /// It does not test the instance: maintenance mode, a pod that is being deleted.
    Info,
}
