//! What DNS is like as a registry, and what to do about it.

use super::target::NAME;
use crate::model::registry::{Registry, RegistryKind, Situation};
use crate::model::resolution::ResolveCode;

/// DNS.
pub static REGISTRY: Registry = Registry { kind: RegistryKind::NameService, advice, ..Registry::named(NAME) };

fn advice(situation: Situation<'_>) -> Option<String> {
    let advice = match situation {
        Situation::Failed(ResolveCode::ServFail) => {
            "The server is there and could not find out: look at its log and at the servers it asks itself. `dig` with +cd \
             and the same server shows whether DNSSEC is the reason; another server is asked with --dns-server."
        }
        Situation::Failed(ResolveCode::Refused) => {
            "The server answers, but not us or not for this name: allow this client there, or ask another server with \
             --dns-server."
        }
        Situation::Failed(ResolveCode::Truncated) => {
            "Open TCP port 53 to the server (or the port that the message names): answers that do not fit into a UDP datagram \
             come over TCP only, for every client."
        }
        Situation::NoEndpoint => {
            "Check the name, and what `dig NAME A`, `dig NAME AAAA` show; correct or delete an alias whose target is gone. A \
             record that was created a moment ago is seen once the negative TTL of its zone has passed."
        }
        Situation::Failed(_)
        | Situation::DnsAnswerCut
        | Situation::NoneUsable(_)
        | Situation::NotPassing(_)
        | Situation::Leftover(_)
        | Situation::Dead(_) => return None,
    };
    Some(advice.to_string())
}
