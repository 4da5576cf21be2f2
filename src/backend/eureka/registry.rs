//! Eureka's properties as a registry, and remedies.

use std::time::Duration;

use super::target::NAME;
use crate::model::registry::{Passing, Registry, Situation};
use crate::model::resolution::RegistryMemory;

/// Eureka. It stores nothing on disk: after a restart an instance is listed again from its next renewal, which is due
/// every 30 s unless configured otherwise. The grace period is two and a half of these intervals.
pub static REGISTRY: Registry = Registry {
    memory: RegistryMemory { grace: Duration::from_secs(75), is_volatile: true },
    passing: Passing { word: "UP", clients: "Eureka's clients, which use only instances that are UP," },
    advice,
    ..Registry::named(NAME)
};

fn advice(situation: Situation<'_>) -> Option<String> {
    match situation {
        Situation::Leftover(endpoint) => {
            let id = endpoint.id.as_deref()?;
            Some(format!(
                "Eureka removes {id:?} when its lease expires. If the lease is still renewed, the process is running: check its health and the port that it registers."
            ))
        }
        Situation::NotPassing(_) => {
            let advice = "Find out why the instance does not report UP (it is still starting, or its health indicator fails): `curl http://INSTANCE/actuator/health`.";
            Some(advice.to_string())
        }
        _ => None,
    }
}
