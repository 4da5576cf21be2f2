//! The properties of DNS as a registry, and remedies.

use super::target::NAME;
use crate::model::registry::{Registry, RegistryKind, Situation};
use crate::model::resolution::ResolveCode;

/// DNS.
pub static REGISTRY: Registry = Registry { kind: RegistryKind::NameService, advice, ..Registry::named(NAME) };

fn advice(situation: Situation<'_>) -> Option<String> {
    let advice = match situation {
        Situation::Failed(ResolveCode::ServFail) => {
            "The server responded but could not resolve the name: check its log and its upstream servers. `dig` with +cd and the same server shows whether DNSSEC is the cause; --dns-server queries another server."
        }
        Situation::Failed(ResolveCode::Refused) => {
            "The server does not accept queries from this client or for this name: allow this client on the server, or query another server with --dns-server."
        }
        Situation::Failed(ResolveCode::Truncated) => {
            "Open TCP port 53 to the server (or the port in the message): answers that do not fit into a UDP datagram are sent over TCP only, for every client."
        }
        Situation::NoEndpoint => {
            "Check the name with `dig NAME A` and `dig NAME AAAA`; correct or delete an alias whose target no longer exists. A new record becomes visible when the negative TTL of its zone has expired."
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
