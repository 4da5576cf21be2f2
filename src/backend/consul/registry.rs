//! Consul's properties as a registry, and remedies with its own tools.

use super::target::NAME;
use crate::model::endpoint::{CheckState, Endpoint};
use crate::model::registry::{Passing, Registry, Situation, WatchApi};
use crate::model::resolution::ResolveCode;
use crate::text::shell_word;

/// Consul.
pub static REGISTRY: Registry = Registry {
    watch: WatchApi::BlockingQuery,
    passing: Passing {
        word: "passing",
        clients: "clients that query only passing instances (Kratos, kitex; mbobakov with healthy=true)",
    },
    dns_domain: Some("consul"),
    advice,
    ..Registry::named(NAME)
};

/// The check by which Consul's agents monitor each other.
const SERF: &str = "Serf Health Status";

fn advice(situation: Situation<'_>) -> Option<String> {
    match situation {
        Situation::Failed(ResolveCode::Denied | ResolveCode::Hidden) => {
            let advice = "Use a token that Consul accepts and whose policy grants service:read and node:read (CONSUL_HTTP_TOKEN or --token-file); `consul acl token read -self` shows the policies of the current token.";
            Some(advice.to_string())
        }
        Situation::DnsAnswerCut => {
            let advice = "set `dns_config { enable_truncate = true }` in Consul's agents, so that clients repeat the query over TCP; until then they get a part of the instances, a different one each time";
            Some(advice.to_string())
        }
        Situation::Leftover(endpoint) => deregister(endpoint),
        Situation::Dead(endpoint) => deregister_dead(endpoint),
        Situation::Failed(_) | Situation::NoEndpoint | Situation::NoneUsable(_) | Situation::NotPassing(_) => None,
    }
}

/// The command that removes an instance that is critical and dead. The node's own agent removes it; if that agent is
/// lost, the catalog does.
fn deregister(endpoint: &Endpoint) -> Option<String> {
    let (id, node) = (endpoint.id.as_deref()?, endpoint.node.as_deref().unwrap_or_default());
    let node_is_lost = endpoint.checks.iter().any(|check| check.name == SERF && check.state == CheckState::Critical);
    let set = "set DeregisterCriticalServiceAfter in its check, and consul deregisters it automatically next time";
    Some(if node_is_lost {
        format!(
            "if the node is gone for good, run `consul force-leave -prune {}`; node {node} fails its own health check, so its agent cannot deregister the instance",
            shell_word(node)
        )
    } else {
        let place = if node.is_empty() { "its node".to_string() } else { format!("node {node}") };
        format!("if it is gone for good, run on {place}: `consul services deregister -id={}`; {set}", shell_word(id))
    })
}

/// The command that removes an instance that is passing and dead, and why no check noticed.
fn deregister_dead(endpoint: &Endpoint) -> Option<String> {
    let (id, node) = (endpoint.id.as_deref()?, endpoint.node.as_deref());
    let place = node.map_or_else(|| "its node".to_string(), |node| format!("node {node}"));
    // The agents' check of each other monitors the node, not the instance.
    let why = if endpoint.checks.iter().all(|check| check.name == SERF) {
        "it has no check of its own: add a gRPC health check"
    } else {
        "find out why its check still passes (a TTL that has not expired, or a check of another address)"
    };
    Some(format!("if it is gone for good, run on {place}: `consul services deregister -id={}`; {why}", shell_word(id)))
}
