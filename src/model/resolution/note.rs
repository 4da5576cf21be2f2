//! [`Note`]: what is worth knowing about an answer.

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
#[non_exhaustive]
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
