//! ZooKeeper's properties as a registry, and remedies with its own tools.

use super::target::NAME;
use crate::model::registry::{Registry, Situation};
use crate::model::resolution::ResolveCode;

/// ZooKeeper.
pub static REGISTRY: Registry = Registry { advice, ..Registry::named(NAME) };

fn advice(situation: Situation<'_>) -> Option<String> {
    match situation {
        Situation::Failed(ResolveCode::Denied | ResolveCode::Hidden) => {
            let advice = "Grant the user the permission `r` on the nodes in the message: `getAcl PATH` in zkCli.sh shows the current permissions.";
            Some(advice.to_string())
        }
        _ => None,
    }
}
