//! The properties of an endpoint file as a registry.

use super::target::NAME;
use crate::model::registry::{Registry, RegistryKind, Situation};

/// A file.
pub static REGISTRY: Registry = Registry { kind: RegistryKind::File, advice, ..Registry::named(NAME) };

fn advice(situation: Situation<'_>) -> Option<String> {
    match situation {
        Situation::Failed(_) => {
            Some("Check the path, its permissions and the content: a JSON or YAML list of \"host:port\".".to_string())
        }
        Situation::NoEndpoint
        | Situation::DnsAnswerCut
        | Situation::NoneUsable(_)
        | Situation::NotPassing(_)
        | Situation::Leftover(_)
        | Situation::Dead(_) => None,
    }
}
