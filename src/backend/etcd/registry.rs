//! etcd's properties as a registry, and remedies with its own tools.

use super::target::NAME;
use crate::model::registry::{Registry, Situation, WatchApi};
use crate::model::resolution::ResolveCode;

/// etcd.
pub static REGISTRY: Registry = Registry { watch: WatchApi::RevisionWatch, advice, ..Registry::named(NAME) };

fn advice(situation: Situation<'_>) -> Option<String> {
    match situation {
        Situation::Failed(ResolveCode::Denied | ResolveCode::Hidden) => {
            let advice = "Grant the user a role with read permission on the prefix in the message: `etcdctl user get USER` and `etcdctl role get ROLE` show its permissions.";
            Some(advice.to_string())
        }
        _ => None,
    }
}
