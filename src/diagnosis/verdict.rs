//! The verdict on one endpoint: what the registries report x what the network shows, as a table.

use super::ledger::Contact;
use crate::model::endpoint::EndpointStatus;
use crate::model::reach::{FailureCode, Health, Stage};
use crate::model::rpc::RpcCause;
use crate::model::verdict::EndpointVerdict;

/// What all registries together report for an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RegistryState {
    /// A registry that runs checks lists it as healthy, and none lists it as worse.
    Healthy,
    /// Listed by a source without checks (DNS, a file, the command line).
    Unchecked,
    /// Not ready yet, or with a warning.
    Warning,
    /// A registry lists it as critical.
    Critical,
    /// Being taken out of service on purpose.
    Draining,
    /// Listed, and its lease has expired: the entry has no owner. For registries with leases; DNS, files and Consul
    /// have none.
    LeaseGone,
    /// No registry lists it (any more).
    NotListed,
    /// A registry that could list it could not be queried: this is never "not listed".
    Unread,
}

/// What the network shows for an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NetworkState {
    /// READY, and SERVING or without a health service.
    Serving,
    /// READY, and no health call has been answered: a frozen process accepts connections too.
    Connected,
    /// READY, and the health service reports that it does not serve.
    NotServing,
    /// READY, and the health call was refused because credentials are missing.
    Unjudged,
    /// A failure which proves that nothing serves the address: refused, reset, closed, no such host.
    Dead,
    /// The registry lists a host name that has no address here: this proves nothing about the instance.
    NoName,
    /// No response at all.
    BlackHole,
    /// The server does not use the protocol that clients will use: TLS, ALPN, HTTP/1.
    Mismatch,
    /// The server uses TLS and the handshake failed: certificates, versions, cipher suites.
    TlsFailed,
    /// This machine could not try to connect.
    NotTried,
}

/// Every value of [`RegistryState`], for tables.
pub const REGISTRY_STATES: [RegistryState; 8] = [
    RegistryState::Healthy,
    RegistryState::Unchecked,
    RegistryState::Warning,
    RegistryState::Critical,
    RegistryState::Draining,
    RegistryState::LeaseGone,
    RegistryState::NotListed,
    RegistryState::Unread,
];

impl RegistryState {
    /// The joint state of all registries that list the address: the worst status that one of them reports. A registry
    /// without checks gives way to any registry with checks.
    pub fn of(statuses: impl Iterator<Item = EndpointStatus>) -> RegistryState {
        statuses.max_by_key(|status| rank(*status)).map_or(RegistryState::NotListed, |status| match status {
            EndpointStatus::Healthy => RegistryState::Healthy,
            EndpointStatus::Unchecked => RegistryState::Unchecked,
            EndpointStatus::Warning => RegistryState::Warning,
            EndpointStatus::Critical => RegistryState::Critical,
            EndpointStatus::Draining => RegistryState::Draining,
        })
    }
}

fn rank(status: EndpointStatus) -> u8 {
    match status {
        EndpointStatus::Unchecked => 0,
        EndpointStatus::Healthy => 1,
        EndpointStatus::Warning => 2,
        EndpointStatus::Critical => 3,
        EndpointStatus::Draining => 4,
    }
}

impl NetworkState {
    /// The state that the last contact with an address shows.
    pub fn of(contact: Option<&Contact>) -> NetworkState {
        match contact {
            None => NetworkState::NotTried,
            Some(Contact::Connected) => NetworkState::Connected,
            Some(Contact::Answered(health)) => match health {
                Health::Serving | Health::Unimplemented => NetworkState::Serving,
                refused if refused.is_behind_authentication() => NetworkState::Unjudged,
                // It may serve other clients.
                Health::Failed { cause: RpcCause::OurLimit(_), .. } => NetworkState::Unjudged,
                Health::NotServing | Health::Unknown | Health::ServiceUnknown | Health::Failed { .. } => {
                    NetworkState::NotServing
                }
            },
            Some(Contact::Failed(failure)) => match failure.code {
                FailureCode::TimedOut if failure.stage <= Stage::Tcp => NetworkState::BlackHole,
                FailureCode::NameNotFound => NetworkState::NoName,
                FailureCode::Refused
                | FailureCode::Unreachable
                | FailureCode::Reset
                | FailureCode::TimedOut
                | FailureCode::Closed
                | FailureCode::NoSocket
                | FailureCode::NotASocket
                | FailureCode::Io
                | FailureCode::GoAway
                | FailureCode::NoStreams
                | FailureCode::Rpc => NetworkState::Dead,
                FailureCode::CertificateExpired
                | FailureCode::CertificateNotYetValid
                | FailureCode::HostnameMismatch
                | FailureCode::AuthorityInvalid
                | FailureCode::CertificateRevoked
                | FailureCode::CertificateMalformed
                | FailureCode::CertificateVerificationFailed
                | FailureCode::ClientCertificateRequired
                | FailureCode::ProtocolVersionUnsupported
                | FailureCode::CipherSuiteMismatch
                | FailureCode::TlsFailed => NetworkState::TlsFailed,
                FailureCode::NoApplicationProtocol
                | FailureCode::NotTls
                | FailureCode::Http1
                | FailureCode::TlsExpected
                | FailureCode::NotHttp2
                | FailureCode::ProtocolError
                | FailureCode::Flood => NetworkState::Mismatch,
                FailureCode::Local | FailureCode::Exhausted(_) => NetworkState::NotTried,
                FailureCode::OurLimit | FailureCode::Withheld => NetworkState::Unjudged,
            },
        }
    }
}

/// The table (product contract, section 3). `None`: no registry lists the address and nothing responds there, so it
/// is simply gone.
pub fn verdict(registry: RegistryState, network: NetworkState) -> Option<EndpointVerdict> {
    use EndpointVerdict as V;
    use NetworkState as N;
    use RegistryState as R;
    Some(match (registry, network) {
        (R::Unread, _) => V::Unknown,
        (R::NotListed, N::Serving | N::Connected | N::NotServing | N::Unjudged) => V::Unregistered,
        (R::NotListed, N::Dead | N::NoName | N::BlackHole | N::Mismatch | N::TlsFailed | N::NotTried) => return None,
        (R::Draining, N::Connected | N::Unjudged) => V::Draining,
        (_, N::NotTried | N::Connected | N::Unjudged) => V::Unknown,
        (R::LeaseGone, N::Serving) => V::ServingLeaseExpired,
        (R::LeaseGone, N::NotServing | N::Dead | N::NoName | N::BlackHole | N::Mismatch | N::TlsFailed) => {
            V::LeaseExpired
        }
        (R::Draining, N::Serving | N::NotServing | N::NoName | N::Mismatch | N::TlsFailed) => V::Draining,
        (R::Draining, N::Dead | N::BlackHole) => V::Drained,
        (R::Healthy | R::Unchecked, N::Serving) => V::Healthy,
        (R::Warning, N::Serving) => V::ServingNotPassing,
        (R::Critical, N::Serving) => V::CheckWrong,
        (R::Healthy, N::NotServing) => V::UnhealthyUnnoticed,
        (R::Unchecked | R::Warning | R::Critical, N::NotServing) => V::Unhealthy,
        (R::Healthy, N::Dead | N::BlackHole) => V::Dead,
        (R::Healthy | R::Unchecked | R::Warning | R::Critical, N::NoName) => V::Unreachable,
        (R::Unchecked, N::Dead | N::BlackHole) => V::Unreachable,
        (R::Warning, N::Dead | N::BlackHole) => V::Down,
        (R::Critical, N::Dead | N::BlackHole) => V::Leftover,
        (R::Healthy | R::Unchecked | R::Warning | R::Critical, N::Mismatch) => V::WrongProtocol,
        (R::Healthy | R::Unchecked | R::Warning | R::Critical, N::TlsFailed) => V::TlsFailed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_matrix_follows_the_contract() {
        use NetworkState as N;
        use RegistryState as R;
        let columns = [
            N::Serving,
            N::Connected,
            N::NotServing,
            N::Dead,
            N::NoName,
            N::BlackHole,
            N::Mismatch,
            N::TlsFailed,
            N::NotTried,
        ];
        let (failed, gone, unknown) = ("tls-failed", "gone", "unknown");
        let expected = [
            (
                R::Healthy,
                [
                    "healthy",
                    unknown,
                    "unhealthy-unnoticed",
                    "dead",
                    "unreachable",
                    "dead",
                    "wrong-protocol",
                    failed,
                    unknown,
                ],
            ),
            (
                R::Unchecked,
                [
                    "healthy",
                    unknown,
                    "unhealthy",
                    "unreachable",
                    "unreachable",
                    "unreachable",
                    "wrong-protocol",
                    failed,
                    unknown,
                ],
            ),
            (
                R::Warning,
                [
                    "serving-not-passing",
                    unknown,
                    "unhealthy",
                    "down",
                    "unreachable",
                    "down",
                    "wrong-protocol",
                    failed,
                    unknown,
                ],
            ),
            (
                R::Critical,
                [
                    "check-wrong",
                    unknown,
                    "unhealthy",
                    "leftover",
                    "unreachable",
                    "leftover",
                    "wrong-protocol",
                    failed,
                    unknown,
                ],
            ),
            (
                R::Draining,
                ["draining", "draining", "draining", "drained", "draining", "drained", "draining", "draining", unknown],
            ),
            (
                R::LeaseGone,
                [
                    "serving-lease-expired",
                    unknown,
                    "lease-expired",
                    "lease-expired",
                    "lease-expired",
                    "lease-expired",
                    "lease-expired",
                    "lease-expired",
                    unknown,
                ],
            ),
            (R::NotListed, ["unregistered", "unregistered", "unregistered", gone, gone, gone, gone, gone, gone]),
            (R::Unread, [unknown; 9]),
        ];
        assert_eq!(expected.map(|(word, _)| word), REGISTRY_STATES, "every row, in order");
        for (word, row) in expected {
            for (network, cell) in columns.iter().zip(row) {
                let got = verdict(word, *network).map_or("gone", EndpointVerdict::as_str);
                assert_eq!(got, cell, "{word:?} x {network:?}");
            }
        }
    }

    #[test]
    fn a_judgement_outweighs_a_listing_without_one() {
        use EndpointStatus as S;
        let word = |statuses: &[S]| RegistryState::of(statuses.iter().copied());
        assert_eq!(word(&[]), RegistryState::NotListed);
        assert_eq!(word(&[S::Unchecked, S::Healthy]), RegistryState::Healthy);
        assert_eq!(word(&[S::Unchecked, S::Critical, S::Healthy]), RegistryState::Critical);
        assert_eq!(word(&[S::Unchecked]), RegistryState::Unchecked);
    }
}
