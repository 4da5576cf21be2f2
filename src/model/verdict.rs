//! Verdicts: on one endpoint, and on the service.

use super::vocabulary::vocabulary;

vocabulary! {
    /// The verdict on one endpoint: what the registries report x what the network shows (product contract, section 3).
    #[non_exhaustive]
    pub enum EndpointVerdict {
        Healthy "healthy"
            "Listed, reached and SERVING (or reached, and without a health service)."
        ServingNotPassing "serving-not-passing"
            "Reached and SERVING, while the registry lists it with a warning or as not ready. Clients that use only passing instances do not use it yet."
        Draining "draining"
            "Being taken out of service on purpose."
        Drained "drained"
            "Taken out of service on purpose, and stopped."
        Unhealthy "unhealthy"
            "Reached, and its own health service reports that it does not serve."
        UnhealthyUnnoticed "unhealthy-unnoticed"
            "Reached and not serving, while the registry lists it as healthy: the registry's check does not notice."
        Unreachable "unreachable"
            "Listed by a registry without checks, and not reached."
        Dead "dead"
            "Listed as healthy, and it cannot be reached: clients use it and fail."
        Stale "stale"
            "Still listed by one registry, and removed from the registry in which it was registered."
        Down "down"
            "Listed with a warning or as not ready, and not reached."
        Leftover "leftover"
            "Listed as critical, and not reached: an entry that was not removed when its instance stopped."
        CheckWrong "check-wrong"
            "Listed as critical, and SERVING: the registry's check is wrong."
        WrongProtocol "wrong-protocol"
            "Reached, and it does not use the protocol that clients will use (TLS, ALPN h2, HTTP/2)."
        TlsFailed "tls-failed"
            "Reached, and the TLS handshake fails: certificates, TLS versions, cipher suites."
        Unregistered "unregistered"
            "Reached, and no registry lists it any more."
        LeaseExpired "lease-expired"
            "Its lease in the registry has expired, and it does not serve."
        ServingLeaseExpired "serving-lease-expired"
            "Its lease in the registry has expired, and it serves: clients do not find it any more."
        Listed "listed"
            "Listed by a registry that runs no checks; not contacted."
        Passing "passing"
            "Listed, and every check of its registry passes; not contacted."
        Warning "warning"
            "Listed, and a check of its registry warns, or it is not ready; not contacted."
        Critical "critical"
            "Listed, and a check of its registry fails; not contacted."
        Unknown "unknown"
            "It could not be judged: the registry or the endpoint could not be queried from here."
    }
}

impl EndpointVerdict {
    /// True when no fault of the endpoint was found, as far as it was checked.
    pub const fn is_good(self) -> bool {
        matches!(self, Self::Healthy | Self::Passing | Self::Listed)
    }

    /// What follows "is" in a sentence: `unreachable`, `a leftover entry`.
    pub const fn predicate(self) -> &'static str {
        match self {
            Self::ServingNotPassing => "serving, and not passing in its registry",
            Self::UnhealthyUnnoticed => "unhealthy but reported healthy by the registry",
            Self::Dead => "dead, although its registry lists it as healthy",
            Self::Leftover => "a leftover entry",
            Self::CheckWrong => "serving, although its registry lists it as critical",
            Self::WrongProtocol => "using another protocol",
            Self::TlsFailed => "failing the TLS handshake",
            Self::LeaseExpired => "not serving, and its lease has expired",
            Self::ServingLeaseExpired => "serving, and its lease has expired",
            Self::Healthy
            | Self::Draining
            | Self::Drained
            | Self::Unhealthy
            | Self::Unreachable
            | Self::Stale
            | Self::Down
            | Self::Unregistered
            | Self::Listed
            | Self::Passing
            | Self::Warning
            | Self::Critical
            | Self::Unknown => self.as_str(),
        }
    }
}

vocabulary! {
    /// The verdict on the service. Each has its own exit code.
    pub enum Verdict {
        Healthy "healthy"
            "Every endpoint that counts is healthy (exit 0)."
        Usable "usable"
            "The registries list usable endpoints, and their lists are consistent; no endpoint was contacted (`resolve`, exit 0)."
        Degraded "degraded"
            "Usable, but some endpoint is stale, unreachable or unhealthy, or backends disagree (exit 1)."
        Failed "failed"
            "No endpoint is usable, or the registry reports that there is none (exit 2)."
        Unknown "unknown"
            "It could not be judged: a registry could not be queried, or this machine's own network failed (exit 3)."
        TimedOut "timed-out"
            "--max-time passed before there was a verdict (exit 124)."
    }
}

impl Verdict {
    /// The exit code (product contract, section 5).
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Healthy | Self::Usable => 0,
            Self::Degraded => 1,
            Self::Failed => 2,
            Self::Unknown => 3,
            Self::TimedOut => 124,
        }
    }
}
