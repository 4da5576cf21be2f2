//! Which registries are queried, and how: the settings of every backend.

use std::io;
use std::path::Path;
use std::time::Duration;

use grpc_discover::backend::settings::{GivenValue, SettingSource};
use grpc_discover::backend::{self, BACKENDS, Origin};
use grpc_discover::session::Source;

use super::{Environment, Layers, SettingError};
use crate::cli::{DiscoveryFlags, values};

/// The settings of every backend. The registries' own environment variables come after flags, `GRPC_DISCOVER_*` and
/// the file.
pub fn settings(
    typed: &DiscoveryFlags,
    layers: &Layers,
    environment: &Environment,
) -> Result<backend::Settings, SettingError> {
    let port = layers.one("--port", typed.port, values::port)?;
    let resolve_timeout = layers.limit("--resolve-timeout", typed.resolve_timeout)?;
    let mut settings = backend::Settings::read(&All { typed, layers, environment })?;
    settings.port = port.map(|port| port.value);
    settings.resolve_timeout = resolve_timeout.unwrap_or(Duration::ZERO);
    Ok(settings)
}

/// Everything that may set an option of a backend.
struct All<'a> {
    typed: &'a DiscoveryFlags,
    layers: &'a Layers<'a>,
    environment: &'a Environment<'a>,
}

impl SettingSource for All<'_> {
    fn first_of(&self, flags: &[&'static str]) -> Vec<GivenValue> {
        let typed = flags.iter().filter_map(|flag| {
            let values = self.typed.of_backends.typed(flag);
            let values: Vec<String> = values.iter().map(|value| value.0.clone()).collect();
            (!values.is_empty()).then(|| GivenValue {
                flag,
                place: flag.to_string(),
                origin: Origin::Flag(flag),
                values,
            })
        });
        let typed: Vec<GivenValue> = typed.collect();
        if !typed.is_empty() {
            return typed;
        }
        let under = self.layers.first_of(flags).into_iter().map(|given| {
            let values = given.values.into_iter().map(|value| value.0).collect();
            GivenValue { flag: given.flag, place: given.place, origin: given.origin, values }
        });
        under.collect()
    }

    fn variable(&self, name: &str) -> Option<String> {
        (self.environment.env)(name)
    }

    fn file(&self, path: &Path) -> io::Result<String> {
        (self.environment.read)(path)
    }
}

/// Rejects flags of backends that none of `sources` queries.
pub fn refuse_idle_flags(sources: &[Source], typed: &DiscoveryFlags) -> Result<(), SettingError> {
    for backend in BACKENDS {
        let flags = typed.of_backends.only_for(*backend);
        let is_queried = sources.iter().any(|source| source.backend.name() == backend.name());
        if !is_queried && !flags.is_empty() {
            return Err(SettingError::UnusedFlags { flags, backend: backend.name() });
        }
    }
    Ok(())
}
