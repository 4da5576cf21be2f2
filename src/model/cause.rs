//! [`EndpointCause`]: why an endpoint does not count as healthy, in the few kinds that a summary counts.

use std::fmt;

use super::grpc_status::GrpcStatus;
use super::pending::Awaits;
use super::reach::{FailureCode, Stage};
use super::verdict::EndpointVerdict;
use crate::text::plural;

/// Why an endpoint does not count as healthy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum EndpointCause {
    /// Reaching it failed in this stage.
    Failed(Stage, FailureCode),
    /// Its health service reports NOT_SERVING.
    NotServing,
    /// Its health service reports UNKNOWN.
    HealthUnknown,
    /// Its health service does not know the requested service.
    ServiceUnknown,
    /// The health call failed with this status.
    CallFailed(GrpcStatus),
    /// It had responded on its connection, and no longer does.
    StoppedResponding,
    /// The health call was rejected for lack of credentials, so its health is unknown.
    Rejected(GrpcStatus),
    /// What the registries list for it, or that they no longer list it, is the reason.
    Listing(EndpointVerdict),
    /// The session ended while it waited for this.
    Pending(Awaits),
    /// It was not tried.
    NotTried,
}

/// The cause in words.
struct Words {
    /// Beside an address: `refused`.
    label: &'static str,
    /// After the number 1: `refuses connections`.
    one: &'static str,
    /// After other numbers: `refuse connections`.
    many: &'static str,
}

const fn words(label: &'static str, one: &'static str, many: &'static str) -> Words {
    Words { label, one, many }
}

/// Words without a verb: the same beside an address and after any number.
const fn same(label: &'static str) -> Words {
    words(label, label, label)
}

impl EndpointCause {
    /// The stable identifier in the output: `connection_refused`, `not_serving`, `leftover`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Failed(_, code) => code.as_str(),
            Self::NotServing => "not_serving",
            Self::HealthUnknown => "health_unknown",
            Self::ServiceUnknown => "service_unknown",
            Self::CallFailed(_) => "health_call_failed",
            Self::StoppedResponding => "stopped_responding",
            Self::Rejected(_) => "health_call_rejected",
            Self::Listing(verdict) => verdict.as_str(),
            Self::Pending(_) => "pending",
            Self::NotTried => "not_tried",
        }
    }

    /// The stage in which the endpoint failed, or which was waiting.
    pub const fn stage(self) -> Option<Stage> {
        match self {
            Self::Failed(stage, _) => Some(stage),
            Self::NotServing
            | Self::HealthUnknown
            | Self::ServiceUnknown
            | Self::CallFailed(_)
            | Self::StoppedResponding
            | Self::Rejected(_) => Some(Stage::Health),
            Self::Pending(awaits) => awaits.stage(),
            Self::Listing(_) | Self::NotTried => None,
        }
    }

    /// True when the words contain everything that is known: no text of the peer adds to them.
    pub const fn is_complete(self) -> bool {
        matches!(self, Self::Failed(Stage::Tcp | Stage::Unix, FailureCode::Refused) | Self::NotServing)
    }

    /// What stands beside the address in a list: `refused`, `NOT_SERVING`.
    pub fn label(self) -> String {
        match self {
            Self::CallFailed(status) => status.as_str().to_string(),
            Self::Rejected(status) => format!("{} (health unknown)", status.as_str()),
            Self::Pending(awaits) => match awaits.stage() {
                Some(stage) => format!("no response yet ({stage})"),
                None => "pending".to_string(),
            },
            Self::Failed(stage, FailureCode::TimedOut) => format!("no response ({stage})"),
            other => other.words().label.to_string(),
        }
    }

    /// What `count` endpoints have in common: `2 refuse connections`, `1 NOT_SERVING`.
    pub fn counted(self, count: usize) -> String {
        let words = self.words();
        let text = plural(count, words.one, words.many);
        match self {
            Self::CallFailed(status) | Self::Rejected(status) => format!("{count} {text} ({status})"),
            Self::Failed(
                stage @ (Stage::Resolve | Stage::Tls | Stage::Http2 | Stage::Health),
                FailureCode::TimedOut,
            ) => {
                format!("{count} {text} ({stage})")
            }
            Self::Pending(awaits) => match awaits.stage() {
                Some(stage) => format!("{count} {text} ({stage})"),
                None => format!("{count} {text}"),
            },
            _ => format!("{count} {text}"),
        }
    }

    /// What a single endpoint does or is: `refuses connections`, `reports NOT_SERVING`.
    pub fn of_one(self) -> String {
        match self {
            Self::NotServing => "reports NOT_SERVING".to_string(),
            Self::Listing(verdict) => format!("is {}", verdict.predicate()),
            Self::NotTried | Self::Failed(_, FailureCode::Local | FailureCode::Exhausted(_)) => {
                "was not tried".to_string()
            }
            other => other.counted(1).split_off("1 ".len()),
        }
    }

    const fn words(self) -> Words {
        match self {
            Self::Failed(_, code) => of_failure(code),
            Self::NotServing => same("NOT_SERVING"),
            Self::HealthUnknown => words("health UNKNOWN", "reports health UNKNOWN", "report health UNKNOWN"),
            Self::ServiceUnknown => {
                words("service unknown", "does not know the requested service", "do not know the requested service")
            }
            Self::CallFailed(_) => words("health call failed", "fails the health call", "fail the health call"),
            Self::StoppedResponding => same("stopped responding"),
            Self::Rejected(_) => words("health unknown", "rejects the health call", "reject the health call"),
            Self::Listing(verdict) => of_listing(verdict),
            Self::Pending(_) => words("no response yet", "has not responded yet", "have not responded yet"),
            Self::NotTried => same("not tried"),
        }
    }
}

const fn of_failure(code: FailureCode) -> Words {
    match code {
        FailureCode::NameNotFound => {
            words("host name not found", "has a host name without address", "have host names without address")
        }
        FailureCode::Refused => words("refused", "refuses connections", "refuse connections"),
        FailureCode::Unreachable => words("no route", "cannot be routed to", "cannot be routed to"),
        FailureCode::Reset => words("reset", "resets the connection", "reset the connection"),
        FailureCode::TimedOut => words("no response", "does not respond", "do not respond"),
        FailureCode::Closed => words("closed", "closes the connection", "close the connection"),
        FailureCode::NoSocket => words("no socket", "has no socket", "have no socket"),
        FailureCode::NotASocket => words("not a socket", "is not a socket", "are not sockets"),
        FailureCode::Local | FailureCode::Exhausted(_) => same("not tried"),
        FailureCode::Io => words("system error", "fails with a system error", "fail with a system error"),
        FailureCode::CertificateExpired => {
            words("certificate expired", "has an expired certificate", "have expired certificates")
        }
        FailureCode::CertificateNotYetValid => {
            words("certificate not yet valid", "has a future certificate", "have future certificates")
        }
        FailureCode::HostnameMismatch => words(
            "certificate for another name",
            "has a certificate for another name",
            "have certificates for other names",
        ),
        FailureCode::AuthorityInvalid => {
            words("certificate not trusted", "has an untrusted certificate", "have untrusted certificates")
        }
        FailureCode::CertificateRevoked => {
            words("certificate revoked", "has a revoked certificate", "have revoked certificates")
        }
        FailureCode::CertificateMalformed | FailureCode::CertificateVerificationFailed => {
            words("certificate invalid", "has an invalid certificate", "have invalid certificates")
        }
        FailureCode::ClientCertificateRequired => {
            words("client certificate required", "requires a client certificate", "require a client certificate")
        }
        FailureCode::NoApplicationProtocol => words("no ALPN h2", "does not offer ALPN h2", "do not offer ALPN h2"),
        FailureCode::ProtocolVersionUnsupported | FailureCode::CipherSuiteMismatch | FailureCode::TlsFailed => {
            words("TLS handshake failed", "fails the TLS handshake", "fail the TLS handshake")
        }
        FailureCode::NotTls => words("not TLS", "does not use TLS", "do not use TLS"),
        FailureCode::Http1 => words("HTTP/1", "uses HTTP/1", "use HTTP/1"),
        FailureCode::TlsExpected => words("TLS required", "requires TLS", "require TLS"),
        FailureCode::NotHttp2 => words("not HTTP/2", "does not use HTTP/2", "do not use HTTP/2"),
        FailureCode::GoAway => words("GOAWAY", "sends GOAWAY", "send GOAWAY"),
        FailureCode::ProtocolError | FailureCode::Flood => words("HTTP/2 error", "violates HTTP/2", "violate HTTP/2"),
        FailureCode::NoStreams => words("no streams allowed", "allows no streams", "allow no streams"),
        FailureCode::OurLimit => words("our limit", "exceeds our HTTP/2 limits", "exceed our HTTP/2 limits"),
        FailureCode::Rpc => words("health call failed", "fails the health call", "fail the health call"),
        FailureCode::Withheld => words(
            "metadata not sent",
            "uses plaintext, so metadata was not sent",
            "use plaintext, so metadata was not sent",
        ),
    }
}

const fn of_listing(verdict: EndpointVerdict) -> Words {
    match verdict {
        EndpointVerdict::ServingNotPassing => words(
            "not passing",
            "serves but is not passing in its registry",
            "serve but are not passing in the registry",
        ),
        EndpointVerdict::CheckWrong => words(
            "critical, serving",
            "serves but is critical in its registry",
            "serve but are critical in the registry",
        ),
        EndpointVerdict::Leftover => words("leftover", "leftover entry", "leftover entries"),
        EndpointVerdict::LeaseExpired => words("lease expired", "has an expired lease", "have expired leases"),
        EndpointVerdict::ServingLeaseExpired => {
            words("lease expired, serving", "serves with an expired lease", "serve with expired leases")
        }
        EndpointVerdict::Stale => words("removed, unreachable", "removed and unreachable", "removed and unreachable"),
        EndpointVerdict::Unregistered => {
            words("removed, reachable", "removed and still reachable", "removed and still reachable")
        }
        EndpointVerdict::Warning => words("warning", "has a warning", "have warnings"),
        other => same(other.as_str()),
    }
}

impl fmt::Display for EndpointCause {
    /// Its [`EndpointCause::label`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.label())
    }
}

/// How many endpoints have a cause in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CauseCount {
    /// The cause.
    pub cause: EndpointCause,
    /// How many endpoints have it.
    pub count: usize,
}

impl fmt::Display for CauseCount {
    /// `2 refuse connections`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.cause.counted(self.count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_reads_as_part_of_a_headline() {
        let refused = EndpointCause::Failed(Stage::Tcp, FailureCode::Refused);
        let counted = |cause, count| CauseCount { cause, count }.to_string();
        assert_eq!(counted(refused, 2), "2 refuse connections");
        assert_eq!(counted(refused, 1), "1 refuses connections");
        assert_eq!(counted(EndpointCause::NotServing, 3), "3 NOT_SERVING");
        assert_eq!(
            counted(EndpointCause::CallFailed(GrpcStatus::Unavailable), 1),
            "1 fails the health call (UNAVAILABLE)"
        );
        let silent = EndpointCause::Failed(Stage::Http2, FailureCode::TimedOut);
        assert_eq!(
            (counted(silent, 2), silent.to_string()),
            ("2 do not respond (http2)".into(), "no response (http2)".into())
        );
        assert_eq!(counted(EndpointCause::Pending(Awaits::Settings), 1), "1 has not responded yet (http2)");
        assert_eq!(counted(EndpointCause::Listing(EndpointVerdict::Leftover), 2), "2 leftover entries");
    }

    #[test]
    fn every_listing_verdict_has_words() {
        for verdict in EndpointVerdict::ALL {
            let cause = EndpointCause::Listing(*verdict);
            assert!(!cause.label().is_empty() && cause.code() == verdict.as_str());
        }
    }
}
