//! The verdict on every endpoint: those that are listed, and those that have left and were contacted since.

use std::collections::BTreeMap;

use super::criteria::Depth;
use super::ledger::{Contact, Ledger};
use super::reaching;
use super::verdict::{self, NetworkState, RegistryState};
use crate::model::cause::EndpointCause;
use crate::model::endpoint::Address;
use crate::model::event::EndpointReport;
use crate::model::pending::{Awaits, PendingReport};
use crate::model::reach::{FailureCode, Health, Stage};
use crate::model::rpc::RpcCause;
use crate::model::time::Elapsed;
use crate::model::verdict::EndpointVerdict;

/// One report for every address that is listed, or has left and was contacted since.
pub(super) fn reports(ledger: &Ledger, depth: Depth) -> Vec<EndpointReport> {
    let listing = ledger.listing();
    let mut reports = Vec::with_capacity(listing.len());
    for (address, listed) in listing.iter() {
        let word = RegistryState::of(listed.iter().map(|(_, seen)| seen.what.status));
        let contact = ledger.contacts.get(address).map(|seen| &seen.what);
        let pending = ledger.pending.get(address).map(|seen| &seen.what);
        let pending = pending.filter(|p| p.awaits == Awaits::Response || !contact.is_some_and(Contact::is_conclusive));
        let network = if pending.is_some() { NetworkState::NotTried } else { NetworkState::of(contact) };
        let verdict = match depth {
            Depth::Network if reaching::mesh_only(ledger, address, listed).is_some() => EndpointVerdict::Unknown,
            Depth::Network => {
                let verdict = verdict::verdict(word, network).unwrap_or(EndpointVerdict::Unknown);
                // It serves at its other address: clients cannot reach this one, and the registration is not left
                // over.
                let lives = network != NetworkState::Serving && reaching::serves_elsewhere(ledger, listed).is_some();
                match verdict {
                    EndpointVerdict::Dead | EndpointVerdict::Leftover | EndpointVerdict::Down if lives => {
                        EndpointVerdict::Unreachable
                    }
                    other => other,
                }
            }
            Depth::Registries | Depth::Clients => match word {
                RegistryState::Healthy => EndpointVerdict::Passing,
                RegistryState::Unchecked => EndpointVerdict::Listed,
                RegistryState::Warning => EndpointVerdict::Warning,
                RegistryState::Critical => EndpointVerdict::Critical,
                RegistryState::Draining => EndpointVerdict::Draining,
                RegistryState::LeaseGone => EndpointVerdict::LeaseExpired,
                RegistryState::NotListed | RegistryState::Unread => EndpointVerdict::Unknown,
            },
        };
        reports.push(EndpointReport {
            address: address.clone(),
            listed: listed.iter().map(|(i, seen)| (ledger.sources[*i].registry(), seen.what.status)).collect(),
            verdict,
            cause: cause(verdict, contact, pending),
            text: match pending {
                Some(pending) => pending.to_string(),
                None => contact.map(describe).unwrap_or_default(),
            },
        });
    }
    // Addresses that left the last registry that listed them, and were contacted since.
    let mut departed: BTreeMap<&Address, EndpointReport> = BTreeMap::new();
    // Departures are in the order in which they happened.
    let last: BTreeMap<&Address, Elapsed> =
        ledger.left().map(|departure| (&departure.what.endpoint.address, departure.at)).collect();
    for departure in ledger.left().filter(|departure| !ledger.is_long_ago(departure.at)) {
        let address = &departure.what.endpoint.address;
        let gone = last.get(address).copied().unwrap_or(departure.at);
        let Some(contact) = ledger.contacts.get(address).filter(|contact| contact.at >= gone) else { continue };
        if listing.contains(address) {
            continue;
        }
        let verdict = match NetworkState::of(Some(&contact.what)) {
            NetworkState::Serving | NetworkState::Connected | NetworkState::NotServing | NetworkState::Unjudged => {
                EndpointVerdict::Unregistered
            }
            _ => EndpointVerdict::Stale,
        };
        let text = format!(
            "removed from {} at {}: {}",
            ledger.sources[departure.what.source].source,
            departure.at,
            describe(&contact.what)
        );
        let cause = Some(EndpointCause::Listing(verdict));
        departed.insert(address, EndpointReport { address: address.clone(), listed: Vec::new(), verdict, cause, text });
    }
    reports.extend(departed.into_values());
    reports
}

/// Why an endpoint with this verdict does not count as healthy.
fn cause(
    verdict: EndpointVerdict,
    contact: Option<&Contact>,
    pending: Option<&PendingReport>,
) -> Option<EndpointCause> {
    match verdict {
        good if good.is_good() => None,
        EndpointVerdict::Unhealthy
        | EndpointVerdict::UnhealthyUnnoticed
        | EndpointVerdict::Unreachable
        | EndpointVerdict::Dead
        | EndpointVerdict::Down
        | EndpointVerdict::WrongProtocol
        | EndpointVerdict::TlsFailed
        | EndpointVerdict::Unknown => Some(match (pending, contact) {
            (Some(pending), _) => EndpointCause::Pending(pending.awaits),
            (None, Some(contact)) => of_contact(contact),
            (None, None) => EndpointCause::NotTried,
        }),
        listing => Some(EndpointCause::Listing(listing)),
    }
}

fn of_contact(contact: &Contact) -> EndpointCause {
    match contact {
        Contact::Connected => EndpointCause::Pending(Awaits::Health),
        Contact::Failed(failure) => EndpointCause::Failed(failure.stage, failure.code),
        Contact::Answered(health) => match health {
            Health::NotServing => EndpointCause::NotServing,
            Health::Unknown | Health::Serving | Health::Unimplemented => EndpointCause::HealthUnknown,
            Health::ServiceUnknown => EndpointCause::ServiceUnknown,
            Health::Failed { code, .. } if health.is_behind_authentication() => EndpointCause::Rejected(*code),
            Health::Failed { cause: RpcCause::Unanswered(unanswered), .. } => match unanswered.last_response {
                Some(_) => EndpointCause::StoppedResponding,
                None => EndpointCause::Failed(Stage::Health, FailureCode::TimedOut),
            },
            Health::Failed { code, .. } => EndpointCause::CallFailed(*code),
        },
    }
}

fn describe(contact: &Contact) -> String {
    match contact {
        Contact::Connected => "connected".to_string(),
        Contact::Answered(Health::Failed { code, text, .. }) => format!("health: {code}: {text}"),
        Contact::Answered(Health::Unimplemented) => "connected; health service not implemented".to_string(),
        Contact::Answered(health) => health.as_str().to_string(),
        Contact::Failed(failure) => failure.to_string(),
    }
}
