//! What this machine ran out of while it connected: one finding about this machine, and none about the endpoints that
//! could not be tried.

use super::catalog::OUT_OF_LOCAL_RESOURCES;
use super::ledger::{Contact, Ledger};
use crate::model::endpoint::Address;
use crate::model::finding::Finding;
use crate::model::reach::{Failure, FailureCode, Resource};

/// One finding for everything that could not be tried.
pub fn find(ledger: &Ledger) -> Vec<Finding> {
    let listing = ledger.listing();
    let untried: Vec<_> = listing
        .addresses()
        .filter_map(|address| {
            let contact = ledger.contacts.get(address)?;
            exhausted(&contact.what).map(|(resource, failure)| (resource, failure, contact.seq))
        })
        .collect();
    let Some((resource, failure, _)) = untried.first() else { return Vec::new() };
    let count = match (untried.len(), listing.len()) {
        (1, 1) => "the only endpoint was not tried".to_string(),
        (1, all) => format!("1 of {all} endpoints was not tried"),
        (some, all) => format!("{some} of {all} endpoints were not tried"),
    };
    vec![Finding {
        kind: &OUT_OF_LOCAL_RESOURCES,
        address: None,
        cause: None,
        text: format!("{count}: this machine has no {} left ({})", what(*resource), failure.text),
        evidence: untried.iter().map(|(_, _, seq)| *seq).collect(),
        remedy: remedy(*resource).to_string(),
    }]
}

/// True when this address could not be tried because this machine ran out of something.
pub(super) fn was_untried(ledger: &Ledger, address: &Address) -> bool {
    ledger.contacts.get(address).is_some_and(|contact| exhausted(&contact.what).is_some())
}

fn exhausted(contact: &Contact) -> Option<(Resource, &Failure)> {
    match contact {
        Contact::Failed(failure) => match failure.code {
            FailureCode::Exhausted(resource) => Some((resource, failure)),
            _ => None,
        },
        Contact::Connected | Contact::Answered(_) => None,
    }
}

fn what(resource: Resource) -> &'static str {
    match resource {
        Resource::Files | Resource::SystemFiles => "open files",
        Resource::Ports => "local ports",
        Resource::Memory => "memory for sockets",
    }
}

fn remedy(resource: Resource) -> &'static str {
    match resource {
        Resource::Files => {
            "Raise this process's limit of open files (`ulimit -n`; systemd: LimitNOFILE=; containers: --ulimit nofile=N): every open connection uses one."
        }
        Resource::SystemFiles => {
            "Raise this machine's limit of open files (`sysctl fs.file-max`), or stop the processes that use them (`lsof -n`)."
        }
        Resource::Ports => {
            "Wait a minute until closed connections have left TIME_WAIT (`ss -s`), widen `sysctl \
             net.ipv4.ip_local_port_range`, or lower -c/--concurrency and --rate."
        }
        Resource::Memory => {
            "Free memory, or raise the kernel's limit for sockets (`sysctl net.ipv4.tcp_mem`); lower -c/--concurrency."
        }
    }
}
