//! The verdict on one endpoint: what the registries say x what the network says, as a table.

use super::ledger::Contact;
use crate::model::endpoint::EndpointStatus;
use crate::model::finding::EndpointVerdict;
use crate::model::reach::{FailureCode, Health, Stage};
use crate::model::rpc::RpcCause;

/// What the registries say about an address, all of them together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RegistryWord {
    /// Some registry that runs checks calls it healthy, and none calls it worse.
    Healthy,
    /// Listed by somebody who does not judge (DNS, a file, the command line).
    Unchecked,
    /// Not ready yet, or warning.
    Warning,
    /// Some registry calls it critical.
    Critical,
    /// On its way out on purpose.
    Draining,
    /// Listed, and its lease has run out: nobody owns the entry. For registries with leases; DNS, files and Consul have
    /// none.
    LeaseGone,
    /// No registry lists it (any more).
    NotListed,
    /// Whoever could have listed it could not be asked: this is never "not listed".
    Unread,
}

/// What the network says about an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NetworkWord {
    /// READY, and SERVING or no health service to ask.
    Serving,
    /// READY, and no health call has been answered: a frozen process has a connection too.
    Connected,
    /// READY, and the health service says no.
    NotServing,
    /// READY, and the health call was refused for want of credentials.
    Unjudged,
    /// An answer that means nobody is there: refused, reset, closed, no such host.
    Dead,
    /// The registry lists a host name, and the name has no address here: this proves nothing about the instance.
    NoName,
    /// No answer at all.
    BlackHole,
    /// Somebody is there and does not speak what clients will speak: TLS, ALPN, HTTP/1.
    Mismatch,
    /// TLS is spoken there and did not come about: certificates, versions, cipher suites.
    TlsFailed,
    /// This machine could not even try.
    NotTried,
}

/// Every value of [`RegistryWord`], for tables.
pub const REGISTRY_WORDS: [RegistryWord; 8] = [
    RegistryWord::Healthy,
    RegistryWord::Unchecked,
    RegistryWord::Warning,
    RegistryWord::Critical,
    RegistryWord::Draining,
    RegistryWord::LeaseGone,
    RegistryWord::NotListed,
    RegistryWord::Unread,
];

impl RegistryWord {
    /// The joint word of every registry that lists the address: the worst that one of them says, except that "does not
    /// judge" gives way to any judgement.
    pub fn of(statuses: impl Iterator<Item = EndpointStatus>) -> RegistryWord {
        statuses.max_by_key(|status| rank(*status)).map_or(RegistryWord::NotListed, |status| match status {
            EndpointStatus::Healthy => RegistryWord::Healthy,
            EndpointStatus::Unchecked => RegistryWord::Unchecked,
            EndpointStatus::Warning => RegistryWord::Warning,
            EndpointStatus::Critical => RegistryWord::Critical,
            EndpointStatus::Draining => RegistryWord::Draining,
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

impl NetworkWord {
    /// The word for the last contact with an address.
    pub fn of(contact: Option<&Contact>) -> NetworkWord {
        match contact {
            None => NetworkWord::NotTried,
            Some(Contact::Connected) => NetworkWord::Connected,
            Some(Contact::Answered(health)) => match health {
                Health::Serving | Health::Unimplemented => NetworkWord::Serving,
                refused if refused.is_behind_authentication() => NetworkWord::Unjudged,
                // It serves others of its clients, for all that is known.
                Health::Failed { cause: RpcCause::OurLimit(_), .. } => NetworkWord::Unjudged,
                Health::NotServing | Health::Unknown | Health::ServiceUnknown | Health::Failed { .. } => {
                    NetworkWord::NotServing
                }
            },
            Some(Contact::Failed(failure)) => match failure.code {
                FailureCode::TimedOut if failure.stage <= Stage::Tcp => NetworkWord::BlackHole,
                FailureCode::NameNotFound => NetworkWord::NoName,
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
                | FailureCode::Rpc => NetworkWord::Dead,
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
                | FailureCode::TlsFailed => NetworkWord::TlsFailed,
                FailureCode::NoApplicationProtocol
                | FailureCode::NotTls
                | FailureCode::Http1
                | FailureCode::TlsExpected
                | FailureCode::NotHttp2
                | FailureCode::ProtocolError
                | FailureCode::Flood => NetworkWord::Mismatch,
                FailureCode::Local | FailureCode::Exhausted(_) => NetworkWord::NotTried,
                FailureCode::OurLimit | FailureCode::Withheld => NetworkWord::Unjudged,
            },
        }
    }
}

/// The table (product contract, section 3). `None`: an address that nobody lists and nobody answers is simply gone.
pub fn verdict(registry: RegistryWord, network: NetworkWord) -> Option<EndpointVerdict> {
    use EndpointVerdict as V;
    use NetworkWord as N;
    use RegistryWord as R;
    Some(match (registry, network) {
        (R::Unread, _) => V::Unknown,
        (R::NotListed, N::Serving | N::Connected | N::NotServing | N::Unjudged) => V::Unregistered,
        (R::NotListed, N::Dead | N::NoName | N::BlackHole | N::Mismatch | N::TlsFailed | N::NotTried) => return None,
        (R::Draining, N::Connected | N::Unjudged) => V::Draining,
        (_, N::NotTried | N::Connected | N::Unjudged) => V::Unknown,
        (R::LeaseGone, N::Serving) => V::OrphanAlive,
        (R::LeaseGone, N::NotServing | N::Dead | N::NoName | N::BlackHole | N::Mismatch | N::TlsFailed) => V::Orphan,
        (R::Draining, N::Serving | N::NotServing | N::NoName | N::Mismatch | N::TlsFailed) => V::Draining,
        (R::Draining, N::Dead | N::BlackHole) => V::Drained,
        (R::Healthy | R::Unchecked, N::Serving) => V::Healthy,
        (R::Warning, N::Serving) => V::Early,
        (R::Critical, N::Serving) => V::CheckWrong,
        (R::Healthy, N::NotServing) => V::UnhealthyUnnoticed,
        (R::Unchecked | R::Warning | R::Critical, N::NotServing) => V::Unhealthy,
        (R::Healthy, N::Dead | N::BlackHole) => V::Zombie,
        (R::Healthy | R::Unchecked | R::Warning | R::Critical, N::NoName) => V::Unreachable,
        (R::Unchecked, N::Dead | N::BlackHole) => V::Unreachable,
        (R::Warning, N::Dead | N::BlackHole) => V::Down,
        (R::Critical, N::Dead | N::BlackHole) => V::Ghost,
        (R::Healthy | R::Unchecked | R::Warning | R::Critical, N::Mismatch) => V::Mismatch,
        (R::Healthy | R::Unchecked | R::Warning | R::Critical, N::TlsFailed) => V::TlsFailed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_matrix_reads_as_the_contract_says() {
        use NetworkWord as N;
        use RegistryWord as R;
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
                    "zombie",
                    "unreachable",
                    "zombie",
                    "mismatch",
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
                    "mismatch",
                    failed,
                    unknown,
                ],
            ),
            (R::Warning, ["early", unknown, "unhealthy", "down", "unreachable", "down", "mismatch", failed, unknown]),
            (
                R::Critical,
                ["check-wrong", unknown, "unhealthy", "ghost", "unreachable", "ghost", "mismatch", failed, unknown],
            ),
            (
                R::Draining,
                ["draining", "draining", "draining", "drained", "draining", "drained", "draining", "draining", unknown],
            ),
            (
                R::LeaseGone,
                ["orphan-alive", unknown, "orphan", "orphan", "orphan", "orphan", "orphan", "orphan", unknown],
            ),
            (R::NotListed, ["unregistered", "unregistered", "unregistered", gone, gone, gone, gone, gone, gone]),
            (R::Unread, [unknown; 9]),
        ];
        assert_eq!(expected.map(|(word, _)| word), REGISTRY_WORDS, "every row, in order");
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
        let word = |statuses: &[S]| RegistryWord::of(statuses.iter().copied());
        assert_eq!(word(&[]), RegistryWord::NotListed);
        assert_eq!(word(&[S::Unchecked, S::Healthy]), RegistryWord::Healthy);
        assert_eq!(word(&[S::Unchecked, S::Critical, S::Healthy]), RegistryWord::Critical);
        assert_eq!(word(&[S::Unchecked]), RegistryWord::Unchecked);
    }
}
