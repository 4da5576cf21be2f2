//! What a backend can answer: an [`Update`], or a [`ResolveError`]. "Nobody is there" and "I could not ask" are
//! different words everywhere, down to the exit code.

mod endpoint_set;

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use self::endpoint_set::{Delta, EndpointSet};
use super::endpoint::{Endpoint, EndpointKey};

/// One word from a registry about who is there.
#[derive(Debug, Clone, PartialEq, Eq)]
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

/// Something worth knowing about an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What kind of thing it is.
    pub kind: NoteKind,
    /// The sentence, with the names and numbers in it.
    pub text: String,
}

impl Note {
    /// A note of `kind` that says `text`.
    pub fn new(kind: NoteKind, text: impl Into<String>) -> Self {
        Note { kind, text: text.into() }
    }
}

/// The kinds of [`Note`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NoteKind {
    /// Who was asked, and how.
    Asked,
    /// A gRPC service config was published beside the addresses (TXT `_grpc_config`).
    ServiceConfig,
    /// The registry hid results from this token (`X-Consul-Results-Filtered-By-ACLs`).
    AclFiltered,
    /// The registry has no leader: the answer may be old.
    NoLeader,
    /// The answer is older than the leader's (`X-Consul-LastContact`).
    StaleRead,
    /// How many instances were left after each filter: `3 registered -> 3 passing -> 0 tagged "grpc"`.
    Funnel,
    /// Instances are registered and none of them is left after what was asked for: which step took the last, and why.
    FilteredOut,
    /// The answer was cut or an entry could not be used; what was left out, and why.
    Skipped,
    /// Entries whose address may be of something else than a gRPC server, and why.
    Doubtful,
    /// Entries that nobody will remove when their owner dies: they have no lease.
    Permanent,
    /// Why an entry has left, in words that the registry's own state proves: its lease ran out, or was revoked.
    Departed,
    /// How a Service shows itself to its clients: behind one address, or headless; and what of it could not be looked at.
    Service,
    /// Entries that nobody keeps: no controller owns them.
    Orphaned,
    /// An older list of the same registry says something else (Kubernetes: Endpoints).
    Legacy,
    /// Answered on this machine, without asking a server (hosts file, localhost).
    Local,
    /// The registry says with authority that nobody is there: how it said so.
    Absent,
    /// An empty answer was not believed: the next one was not empty.
    Unconfirmed,
    /// The registry came back after a gap and lacks endpoints that it listed before.
    Restarted,
    /// What was missing after a gap is listed again.
    Returned,
    /// Some registered instances cannot be used by any gRPC client: how many, which, why, and what clients of the framework
    /// do about them.
    LeftOut,
    /// Where in the registry the instances were found: prefix, layout.
    Matched,
    /// Some instances do not pass the filter that the target asks for: which.
    Filtered,
    /// Nothing that is registered could be read: this says nothing about who is there.
    Unreadable,
    /// Where else the service was found: another prefix, namespace, datacenter, spelling.
    Elsewhere,
    /// What to do about an empty list, with the registry's own commands.
    Remedy,
    /// DNS: which name answered, when it is not the one that was given (an alias, the search list), and SRV targets.
    AnsweredName,
    /// DNS: the search list answered, and the name as given has other addresses.
    Shadowed,
    /// DNS: an answer was cut without saying so; how many records came over UDP and over TCP.
    Cut,
    /// DNS: a record that no client can use (an SRV record without port or address).
    Unusable,
    /// DNS: A is answered and AAAA is not, or the other way round.
    HalfAnswered,
    /// DNS: the published service config is not valid.
    InvalidServiceConfig,
    /// DNS: the query for the service config failed, so what the config is now is unknown.
    ConfigUnknown,
    /// DNS: the server cannot handle EDNS and was queried without it.
    NoEdns,
    /// Credentials were not sent, because the registry would get them in plain text.
    Withheld,
}

impl NoteKind {
    /// True when a finding has the same sentence: it need not be printed twice.
    pub const fn is_a_finding(self) -> bool {
        matches!(
            self,
            Self::Shadowed
                | Self::Cut
                | Self::Unusable
                | Self::HalfAnswered
                | Self::InvalidServiceConfig
                | Self::NoEdns
                | Self::Withheld
        )
    }

    /// The word in the output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::ServiceConfig => "service_config",
            Self::AclFiltered => "acl_filtered",
            Self::NoLeader => "no_leader",
            Self::StaleRead => "stale_read",
            Self::Funnel => "funnel",
            Self::FilteredOut => "filtered_out",
            Self::Skipped | Self::ConfigUnknown => "skipped",
            Self::Doubtful => "doubtful",
            Self::Permanent => "permanent",
            Self::Departed => "departed",
            Self::Service => "service",
            Self::Orphaned => "orphaned",
            Self::Legacy => "legacy",
            Self::Local => "local",
            Self::Absent => "absent",
            Self::Unconfirmed => "unconfirmed",
            Self::Restarted => "restarted",
            Self::Returned => "returned",
            Self::LeftOut => "left_out",
            Self::Matched => "matched",
            Self::Filtered => "filtered",
            Self::Unreadable => "unreadable",
            Self::Elsewhere => "elsewhere",
            Self::Remedy => "remedy",
            Self::AnsweredName => "answered_name",
            Self::Shadowed => "shadowed",
            Self::Cut => "cut",
            Self::Unusable => "unusable",
            Self::HalfAnswered => "half_answered",
            Self::InvalidServiceConfig => "invalid_service_config",
            Self::NoEdns => "no_edns",
            Self::Withheld => "withheld",
        }
    }
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

/// The question got no answer. This says nothing about who is there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// May pass by itself: ask again with backoff.
    #[error(transparent)]
    Ambient(ResolveFailure),
    /// Asking again cannot help (a bad target, a file that is no list): a person must act.
    #[error(transparent)]
    Fatal(ResolveFailure),
}

impl ResolveError {
    /// A failure that may pass by itself.
    pub fn ambient(code: ResolveCode, text: impl Into<String>) -> Self {
        ResolveError::Ambient(ResolveFailure::new(code, text))
    }

    /// A failure that a person must mend.
    pub fn fatal(code: ResolveCode, text: impl Into<String>) -> Self {
        ResolveError::Fatal(ResolveFailure::new(code, text))
    }

    /// The same, caused by `cause`, which is reached through [`source`](std::error::Error::source).
    #[must_use]
    pub fn caused_by(mut self, cause: impl Error + Send + Sync + 'static) -> Self {
        self.failure_mut().cause = Some(Cause(Arc::new(cause)));
        self
    }

    /// The same, and the registry named the time after which to query it again.
    #[must_use]
    pub fn retry_after(mut self, delay: Option<Duration>) -> Self {
        self.failure_mut().retry_after = delay;
        self
    }

    /// The failure itself.
    pub fn failure(&self) -> &ResolveFailure {
        match self {
            ResolveError::Ambient(failure) | ResolveError::Fatal(failure) => failure,
        }
    }

    /// The failure itself, to be completed.
    pub(crate) fn failure_mut(&mut self) -> &mut ResolveFailure {
        match self {
            ResolveError::Ambient(failure) | ResolveError::Fatal(failure) => failure,
        }
    }
}

/// Why a registry gave no answer. Its [`source`](std::error::Error::source) is the error of the library or the system below it,
/// where there is one: an [`std::io::Error`], the status of a gRPC call, an HTTP status in an error of the backend.
#[derive(Debug, Clone)]
pub struct ResolveFailure {
    /// Stable word.
    pub code: ResolveCode,
    /// The sentence; it names who was asked.
    pub text: String,
    /// The registry does not want to be queried again before that (`Retry-After`).
    pub retry_after: Option<Duration>,
    /// What it is the consequence of.
    cause: Option<Cause>,
}

impl ResolveFailure {
    /// A failure of which the registry named no time to wait.
    pub fn new(code: ResolveCode, text: impl Into<String>) -> Self {
        ResolveFailure { code, text: text.into(), retry_after: None, cause: None }
    }

    /// Forgets the cause when `is_secret` is true of any text of it.
    pub(crate) fn drop_cause_if(&mut self, is_secret: impl Fn(&str) -> bool) {
        let mut below = self.source();
        while let Some(error) = below {
            if is_secret(&error.to_string()) || is_secret(&format!("{error:?}")) {
                self.cause = None;
                return;
            }
            below = error.source();
        }
    }
}

impl Error for ResolveFailure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_ref().map(|Cause(cause)| &**cause as &(dyn Error + 'static))
    }
}

/// What an error is the consequence of.
#[derive(Clone)]
struct Cause(Arc<dyn Error + Send + Sync>);

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

/// Two failures with the same code and words are equal, whatever is below them.
impl PartialEq for ResolveFailure {
    fn eq(&self, other: &Self) -> bool {
        (self.code, &self.text, self.retry_after) == (other.code, &other.text, other.retry_after)
    }
}

impl Eq for ResolveFailure {}

impl fmt::Display for ResolveFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The stable words for [`ResolveFailure::code`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ResolveCode {
    /// DNS SERVFAIL.
    ServFail,
    /// DNS REFUSED.
    Refused,
    /// No answer in time.
    Timeout,
    /// The registry could not be reached at all (connection refused, no route, TLS).
    Unreachable,
    /// The registry refuses this token or user (401, 403).
    Denied,
    /// The registry answered, and left out what this token or user may not see.
    Hidden,
    /// The registry takes no more questions from here (429, too many connections, rate limit).
    Limited,
    /// The registry answered an error of its own (5xx, no leader).
    ServerError,
    /// DNS: the answer was cut over UDP, and TCP failed.
    Truncated,
    /// The answer could not be understood.
    BadAnswer,
    /// The watch broke (connection closed in the middle, file removed).
    WatchBroken,
    /// The target or the settings make no sense for this backend.
    BadTarget,
    /// Nothing names this registry, and it is not where it would be by default: no agent runs on this machine.
    NotHere,
}

impl ResolveCode {
    /// The word in the output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ServFail => "servfail",
            Self::Refused => "refused",
            Self::Timeout => "timeout",
            Self::Unreachable => "unreachable",
            // One word for those who read the output: rights are missing.
            Self::Denied | Self::Hidden => "denied",
            Self::Limited => "limited",
            Self::ServerError => "server_error",
            Self::Truncated => "truncated",
            Self::BadAnswer => "bad_answer",
            Self::WatchBroken => "watch_broken",
            Self::BadTarget => "bad_target",
            Self::NotHere => "not_here",
        }
    }
}
