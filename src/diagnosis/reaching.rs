//! Findings on reaching an address: GD2xx, GD3xx, GD4xx, and GD5xx for the results of health calls.

use super::catalog::*;
use super::certificates;
use super::ledger::{Contact, Ledger, Listed, Observed};
use super::registered;
use super::report::join;
use super::sockets;
use super::tls;
use super::verdict::{NetworkState, RegistryState};
use super::{dns, health};
use crate::model::cause::EndpointCause;
use crate::model::endpoint::{Address, Endpoint};
use crate::model::finding::{Finding, FindingKind};
use crate::model::reach::{Failure, FailureCode, Health, Stage};

/// One finding for every listed address that was not reached, or whose health service reports that it does not serve.
pub fn find(ledger: &Ledger) -> Vec<Finding> {
    let mut findings = Vec::new();
    let spared = dns::spared(ledger);
    for (address, listed) in ledger.listing().iter() {
        let Some(contact) = ledger.contacts.get(address).filter(|_| !spared.contains_key(address)) else { continue };
        let registry = RegistryState::of(listed.iter().map(|(_, seen)| seen.what.status));
        // A draining endpoint may be in any state; one that its registry lists as critical is expected to be dead.
        if registry == RegistryState::Draining {
            continue;
        }
        let who = listed.iter().map(|(source, _)| ledger.sources[*source].registry().name).collect::<Vec<_>>();
        let mut others = Vec::new();
        let remedy;
        let mut cause = None;
        let (kind, text) = match &contact.what {
            Contact::Connected => continue,
            // One finding about this machine (`machine`), none about the endpoint.
            Contact::Failed(Failure { code: FailureCode::Exhausted(_), .. }) => continue,
            Contact::Answered(health) => match health::on_answer(health, ledger.others.get(address)) {
                Some(diagnosed) => {
                    let is_all = *health == Health::NotServing && diagnosed.others.is_empty();
                    cause = is_all.then_some(EndpointCause::NotServing);
                    remedy = diagnosed.remedy;
                    others = diagnosed.others;
                    (diagnosed.kind, format!("{address} {}", diagnosed.text))
                }
                None => continue,
            },
            Contact::Failed(failure) => {
                if let Some(mesh) = mesh_only(ledger, address, listed) {
                    findings.push(in_a_mesh(ledger, address, listed, contact, failure, mesh));
                    continue;
                }
                let dead =
                    matches!(NetworkState::of(Some(&contact.what)), NetworkState::Dead | NetworkState::BlackHole);
                let name_elsewhere = listed.iter().find_map(|(_, seen)| seen.what.also().map(|also| (seen, also)));
                let alive = serves_elsewhere(ledger, listed);
                match registry {
                    _ if failure.stage == Stage::Resolve && name_elsewhere.is_some() || alive.is_some() => {
                        let Some((seen, also)) = name_elsewhere else { continue };
                        remedy = Some(prefer_the_other(seen, also));
                        let state = match ledger.contacts.get(also).map(|other| &other.what) {
                            _ if alive.is_some() => "which is reachable and serves",
                            None => "which was not contacted",
                            Some(_) => "which is unreachable too",
                        };
                        let text = format!("{address}: {failure}; {} also lists {also} for it, {state}", join(&who));
                        others.extend(ledger.contacts.get(also).map(|other| other.seq));
                        (on_failure(failure), text)
                    }
                    RegistryState::Critical | RegistryState::Warning if dead => continue,
                    RegistryState::Healthy if is_nothing_there(failure) => {
                        remedy = sockets::remedy(address, failure).or_else(|| registered::against_dead(ledger, listed));
                        let text =
                            format!("{address} is reported as healthy by {} but is unreachable: {failure}", join(&who));
                        (&DEAD_ENDPOINT, text)
                    }
                    _ => {
                        remedy = sockets::remedy(address, failure)
                            .or_else(|| tls::remedy(failure))
                            .or_else(|| without_a_byte(address, failure).map(str::to_string));
                        let time = ledger.handshakes.get(address).map(|seen| certificates::seconds(seen.what.time));
                        let elsewhere = time.and_then(|now| tls::elsewhere(failure, now)).map(|who| format!("; {who}"));
                        let elsewhere = elsewhere.unwrap_or_default();
                        cause = Some(EndpointCause::Failed(failure.stage, failure.code))
                            .filter(|cause| cause.is_complete());
                        (on_failure(failure), format!("{address}: {failure}{elsewhere}"))
                    }
                }
            }
        };
        let mut evidence: Vec<u64> = listed.iter().map(|(_, seen)| seen.seq).collect();
        evidence.push(contact.seq);
        evidence.append(&mut others);
        findings.push(Finding {
            kind,
            address: Some(address.clone()),
            cause,
            text,
            evidence,
            remedy: remedy.unwrap_or_else(|| kind.remedy.to_string()),
        });
    }
    findings
}

/// The other address of an instance, when the registry lists one and the endpoint serves there.
pub(super) fn serves_elsewhere<'a>(ledger: &Ledger, listed: &Listed<'a>) -> Option<&'a Address> {
    let serves = |also: &&Address| {
        NetworkState::of(ledger.contacts.get(*also).map(|contact| &contact.what)) == NetworkState::Serving
    };
    listed.iter().filter_map(|(_, seen)| seen.what.also()).find(serves)
}

/// What the registry lists about the mesh of an address that was not reached from here.
pub(super) fn mesh_only<'a>(ledger: &Ledger, address: &Address, listed: &Listed<'a>) -> Option<&'a str> {
    let mesh = listed.iter().find_map(|(_, seen)| seen.what.mesh())?;
    let word = NetworkState::of(ledger.contacts.get(address).map(|contact| &contact.what));
    matches!(word, NetworkState::Dead | NetworkState::BlackHole | NetworkState::Mismatch).then_some(mesh)
}

fn in_a_mesh(
    ledger: &Ledger,
    address: &Address,
    listed: &Listed<'_>,
    contact: &Observed<Contact>,
    failure: &Failure,
    mesh: &str,
) -> Finding {
    let who = join(&listed.iter().map(|(source, _)| ledger.sources[*source].registry().name).collect::<Vec<_>>());
    let text = format!(
        "{address} is listed by {who} as part of a mesh ({mesh}); connecting from outside the mesh failed: {failure}"
    );
    let mut evidence: Vec<u64> = listed.iter().map(|(_, seen)| seen.seq).collect();
    evidence.push(contact.seq);
    Finding {
        kind: &MESH_ONLY,
        address: Some(address.clone()),
        cause: None,
        text,
        evidence,
        remedy: MESH_ONLY.remedy.to_string(),
    }
}

/// For an instance that is registered with an address and with a name that is unreachable from here.
fn prefer_the_other(seen: &Observed<Endpoint>, also: &Address) -> String {
    let name = match &seen.what.address {
        Address::Name { host, .. } => format!("the host name {host:?}"),
        other => other.to_string(),
    };
    format!(
        "Configure the instance to register its IP address ({also}) instead of {name}: eureka.instance.prefer-ip-address=true, or make the name resolvable where the clients run."
    )
}

/// The finding for a failure.
pub fn on_failure(failure: &Failure) -> &'static FindingKind {
    match failure.code {
        // There is no port and no network between this tool and a Unix socket.
        FailureCode::Refused if failure.stage == Stage::Unix => &NOT_REACHED,
        FailureCode::NameNotFound => &HOST_NAME_NOT_FOUND,
        FailureCode::Refused => &CONNECTION_REFUSED,
        FailureCode::Unreachable => &HOST_UNREACHABLE,
        FailureCode::Reset => &CONNECTION_RESET,
        FailureCode::TimedOut => match failure.stage {
            Stage::Resolve => &HOST_NAME_NOT_FOUND,
            Stage::Tcp => &BLACK_HOLE,
            Stage::Unix => &NOT_REACHED,
            Stage::Tls => &TLS_HANDSHAKE_UNANSWERED,
            Stage::Http2 => &NO_HTTP2_RESPONSE,
            Stage::Health => &HEALTH_CALL_FAILED,
        },
        FailureCode::Closed => match failure.stage {
            Stage::Tls => &TLS_FAILED,
            Stage::Resolve | Stage::Tcp | Stage::Unix | Stage::Http2 | Stage::Health => &CLOSED_BEFORE_HTTP2,
        },
        FailureCode::NoSocket | FailureCode::NotASocket | FailureCode::Io => &NOT_REACHED,
        FailureCode::Local => &LOCAL_LIMIT,
        FailureCode::Exhausted(_) => &OUT_OF_LOCAL_RESOURCES,
        FailureCode::CertificateExpired => &CERTIFICATE_EXPIRED,
        FailureCode::CertificateNotYetValid => &CERTIFICATE_NOT_YET_VALID,
        FailureCode::HostnameMismatch => &CERTIFICATE_WRONG_NAME,
        FailureCode::AuthorityInvalid
        | FailureCode::CertificateRevoked
        | FailureCode::CertificateMalformed
        | FailureCode::CertificateVerificationFailed => tls::on_certificate(failure),
        FailureCode::ClientCertificateRequired => &CLIENT_CERTIFICATE_REQUIRED,
        FailureCode::NoApplicationProtocol => &NO_ALPN_H2,
        FailureCode::NotTls => &TLS_ON_PLAINTEXT_PORT,
        FailureCode::ProtocolVersionUnsupported | FailureCode::CipherSuiteMismatch | FailureCode::TlsFailed => {
            &TLS_FAILED
        }
        FailureCode::Http1 => &HTTP1_SERVER,
        FailureCode::TlsExpected => &PLAINTEXT_ON_TLS_PORT,
        FailureCode::NotHttp2 => &NOT_HTTP2,
        FailureCode::GoAway => &GOAWAY_INSTEAD_OF_SERVING,
        FailureCode::NoStreams => &NO_STREAMS_ALLOWED,
        FailureCode::ProtocolError => &HTTP2_PROTOCOL_ERROR,
        FailureCode::Flood => &FRAME_FLOOD,
        FailureCode::OurLimit => &OUR_HTTP2_LIMIT,
        FailureCode::Rpc => &HEALTH_CALL_FAILED,
        FailureCode::Withheld => &METADATA_WITHHELD,
    }
}

/// The peer closed the connection before it sent a byte, in plaintext or TLS.
fn without_a_byte(address: &Address, failure: &Failure) -> Option<&'static str> {
    let ended = matches!(failure.code, FailureCode::Reset | FailureCode::Closed);
    let handshake = failure.tls.as_ref().is_some_and(|tls| tls.version.is_some() || !tls.chain.is_empty());
    let no_bytes = failure.first_bytes.is_none();
    let is_port = matches!(address, Address::Ip(_) | Address::Name { .. });
    (ended && no_bytes && is_port && !handshake && matches!(failure.stage, Stage::Tls | Stage::Http2)).then_some(
        "If a load balancer is in front of this port, connect to the load balancer: a listener that expects the PROXY protocol (HAProxy accept-proxy, nginx proxy_protocol) closes direct connections like this. Otherwise check for a TCP proxy whose server is down (a load balancer without backends, docker-proxy, a tunnel), or a limit on connections or client addresses.",
    )
}

/// True when the failure means that no server is at the address (rather than that a server misbehaves).
fn is_nothing_there(failure: &Failure) -> bool {
    match failure.code {
        FailureCode::Refused | FailureCode::Unreachable | FailureCode::NoSocket | FailureCode::NotASocket => true,
        FailureCode::TimedOut => failure.stage <= Stage::Tcp,
        _ => false,
    }
}

/// If packets to every endpoint are dropped, the most likely cause is the vantage point of this tool.
pub(super) fn nothing_reached(ledger: &Ledger) -> Option<Finding> {
    let listing = ledger.listing();
    let contacts: Vec<_> = listing.addresses().filter_map(|address| ledger.contacts.get(address)).collect();
    let all_dropped = !contacts.is_empty()
        && contacts.iter().all(|contact| NetworkState::of(Some(&contact.what)) == NetworkState::BlackHole);
    all_dropped.then(|| {
        let text = format!("none of {} endpoints responded, not even with a refusal", contacts.len());
        super::report::finding(&NOTHING_REACHED_FROM_HERE, None, text, contacts.iter().map(|c| c.seq).collect())
    })
}
