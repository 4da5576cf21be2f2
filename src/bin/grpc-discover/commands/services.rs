//! `services`: the services that registries have, as targets that can be typed.

use std::time::Duration;

use futures_util::future::join_all;
use grpc_discover::backend::{self, BACKENDS, Backend};
use grpc_discover::model::target::{Target, TargetError};
use grpc_discover::text::{duration, escape};
use serde::Serialize;

use super::{block_on, warn, with_environment};
use crate::cli::{PlainFormat, Services};
use crate::exit::{self, Failure};
use crate::render::write_pretty;
use crate::settings;
use crate::terminal::{self, Terminal};

/// Time limit for a registry to respond, whatever its own limit is.
const LIMIT: Duration = Duration::from_secs(10);

/// Why no services are listed.
#[derive(Debug, thiserror::Error)]
enum ServicesError {
    /// The registry is named by a text that is neither a backend nor a target.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The backend has no list of services.
    #[error("{name} cannot list services; supported by {}", able().join(", "))]
    NoList {
        /// The backend.
        name: String,
    },
    /// No registry is active.
    #[error("no active registry that can list services ({})", inactive.join("; "))]
    NoRegistry {
        /// The backends that could, and why each is not active.
        inactive: Vec<String>,
    },
}

/// One service, as JSON.
#[derive(Debug, Serialize)]
struct Service {
    backend: &'static str,
    target: String,
}

/// The backends that can list their services.
fn able() -> Vec<&'static str> {
    let settings = backend::Settings::default();
    let able = BACKENDS.iter().filter(|backend| backend.services(None, &settings).is_some());
    able.map(|backend| backend.name()).collect()
}

/// The registries to list, and whose server is queried.
struct Chosen {
    backends: Vec<&'static dyn Backend>,
    target: Option<Target>,
}

/// Prints one target per line. Exits with 3 when a registry could not be queried.
pub fn run(typed: &Services) -> Result<u8, Failure> {
    with_environment(&typed.display, |environment, warnings| {
        let output = settings::output(None, &typed.display, environment)?;
        let terminal = Terminal::new(&output, environment.env);
        warn(&terminal, environment.config, warnings);
        let profile = typed.display.profile.as_deref();
        let (settings, only) = settings::backends(&typed.discovery, profile, environment)?;
        let registry = typed.registry.as_ref().map(|registry| registry.0.as_str());
        let chosen = chosen(registry, &only, &settings).map_err(Failure::usage)?;
        let (services, failed) = block_on(list(&chosen, &settings))?;
        match typed.output.unwrap_or_default() {
            PlainFormat::Table => {
                let lines: String = services.iter().map(|service| format!("{}\n", escape(&service.target))).collect();
                terminal::print(&lines)?;
            }
            PlainFormat::Json => {
                let mut out = Vec::new();
                write_pretty(&services, &mut out)?;
                terminal::print(&String::from_utf8_lossy(&out))?;
            }
        }
        failed.iter().for_each(|why| terminal.insist(&format!("grpc-discover: {why}")));
        Ok(if failed.is_empty() { exit::OK } else { exit::UNKNOWN })
    })
}

fn chosen(registry: Option<&str>, only: &[String], settings: &backend::Settings) -> Result<Chosen, ServicesError> {
    let named = |name: &str| BACKENDS.iter().copied().find(|backend| backend.name() == name);
    if let Some(registry) = registry {
        let target = match named(registry) {
            Some(backend) => return able_to_list(vec![backend], None),
            // A registry has a server and no service: any name completes it to a target.
            None => registry.parse::<Target>().or_else(|error| {
                format!("{}/-", registry.trim_end_matches('/')).parse::<Target>().map_err(|_| error)
            })?,
        };
        let backend = target.backend().and_then(named);
        return match backend {
            Some(backend) => able_to_list(vec![backend], Some(target)),
            None => Err(ServicesError::NoList { name: format!("{registry:?}") }),
        };
    }
    if !only.is_empty() {
        return able_to_list(only.iter().filter_map(|name| named(name)).collect(), None);
    }
    let able = BACKENDS.iter().copied().filter(|backend| backend.services(None, settings).is_some());
    let (mut backends, mut inactive) = (Vec::new(), Vec::new());
    for backend in able {
        match backend.describe(settings).active {
            Ok(_) => backends.push(backend),
            Err(_) if backend.is_speculative(settings) => backends.push(backend),
            Err(why) => inactive.push(format!("{}: {why}", backend.name())),
        }
    }
    if backends.is_empty() {
        Err(ServicesError::NoRegistry { inactive })
    } else {
        Ok(Chosen { backends, target: None })
    }
}

fn able_to_list(backends: Vec<&'static dyn Backend>, target: Option<Target>) -> Result<Chosen, ServicesError> {
    let able = able();
    match backends.iter().find(|backend| !able.contains(&backend.name())) {
        Some(unable) => Err(ServicesError::NoList { name: unable.name().to_string() }),
        None => Ok(Chosen { backends, target }),
    }
}

/// The services, sorted, and why a registry could not be queried.
async fn list(chosen: &Chosen, settings: &backend::Settings) -> (Vec<Service>, Vec<String>) {
    let only_here = chosen.backends.len() == 1;
    let asked = chosen.backends.iter().filter_map(|backend| {
        let listed = backend.services(chosen.target.as_ref(), settings)?;
        let speculative = !only_here && backend.is_speculative(settings);
        Some(async move { (backend.name(), speculative, tokio::time::timeout(LIMIT, listed).await) })
    });
    let (mut services, mut failed) = (Vec::new(), Vec::new());
    for (backend, speculative, listed) in join_all(asked).await {
        let error = match listed {
            Ok(Ok(targets)) => {
                services.extend(targets.iter().map(|target| Service { backend, target: target.to_string() }));
                continue;
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("{backend}: no response within {}", duration(LIMIT)),
        };
        // No setting names it, so its absence is not a failure.
        if !speculative {
            failed.push(error);
        }
    }
    services.sort_by(|one, other| one.target.cmp(&other.target));
    (services, failed)
}
