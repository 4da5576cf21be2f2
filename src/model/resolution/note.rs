//! [`Note`]: a remark on a response.

/// A remark on a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The kind of remark.
    pub kind: NoteKind,
    /// The sentence, with the names and numbers in it.
    pub text: String,
}

impl Note {
    /// A note of `kind` with the sentence `text`.
    pub fn new(kind: NoteKind, text: impl Into<String>) -> Self {
        Note { kind, text: text.into() }
    }
}

/// The kinds of [`Note`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NoteKind {
    /// Which server was queried, and how.
    Queried,
    /// A gRPC service config was published beside the addresses (TXT `_grpc_config`).
    ServiceConfig,
    /// The registry hid results from this token (`X-Consul-Results-Filtered-By-ACLs`).
    AclFiltered,
    /// The registry has no leader: the response may be stale.
    NoLeader,
    /// The response is older than the leader's (`X-Consul-LastContact`).
    StaleRead,
    /// How many instances were left after each filter: `3 registered -> 3 passing -> 0 tagged "grpc"`.
    Funnel,
    /// Instances are registered and the filters leave none: which step removed the last, and why.
    FilteredOut,
    /// The response was truncated or an entry could not be used: what was left out, and why.
    Skipped,
    /// Entries whose address may belong to something other than a gRPC server, and why.
    Doubtful,
    /// Entries without a lease: they stay when their owner stops.
    Permanent,
    /// Why an entry was removed, as far as the registry's own state proves it: its lease expired, or was revoked.
    Departed,
    /// How a Service presents itself to its clients: behind one address, or headless; and which parts of it could not
    /// be read.
    Service,
    /// Entries without an owner: no controller maintains them.
    Orphaned,
    /// An older list of the same registry differs (Kubernetes: Endpoints).
    Legacy,
    /// Resolved on this machine, without querying a server (hosts file, localhost).
    Local,
    /// How the registry reported with authority that no endpoint exists.
    Absent,
    /// An empty response was not trusted: the next one was not empty.
    Unconfirmed,
    /// The registry responded again after a gap, and some endpoints that it listed before are missing.
    Restarted,
    /// What was missing after a gap is listed again.
    Returned,
    /// Some registered instances cannot be used by any gRPC client: how many, which, why, and what clients of the
    /// framework do about them.
    LeftOut,
    /// Where in the registry the instances were found: prefix, layout.
    Matched,
    /// Some instances do not pass the filter of the target: which.
    Filtered,
    /// Nothing that is registered could be parsed: the endpoints are unknown.
    Unreadable,
    /// Where else the service was found: another prefix, namespace, datacenter, spelling.
    Elsewhere,
    /// What to do about an empty list, with the registry's own commands.
    Remedy,
    /// DNS: neither the target nor a setting has a port: gRPC's default was used.
    DefaultPort,
    /// DNS: which name answered, when it is not the one that was given (an alias, the search list), and SRV targets.
    AnsweredName,
    /// DNS: the search list was used, and the name as given has other addresses.
    Shadowed,
    /// DNS: an answer was truncated without the flag for it: how many records came over UDP and over TCP.
    Cut,
    /// DNS: a record that no client can use (an SRV record without port or address).
    Unusable,
    /// DNS: A is answered and AAAA is not, or the other way round.
    HalfAnswered,
    /// DNS: the published service config is not valid.
    InvalidServiceConfig,
    /// DNS: the query for the service config failed, so the current config is unknown.
    ConfigUnknown,
    /// DNS: the server cannot handle EDNS and was queried without it.
    NoEdns,
    /// Credentials were not sent, because they would have been sent in plaintext.
    Withheld,
}

impl NoteKind {
    /// True when a finding has the same sentence: the note need not be printed too.
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
            Self::Queried => "queried",
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
            Self::DefaultPort => "default_port",
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
