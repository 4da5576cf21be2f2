//! Who is asked, and how: the settings of every backend, and what flags add to the questions.

use std::path::PathBuf;
use std::time::Duration;

use grpc_discover::backend;
use grpc_discover::model::secret::Secret;
use grpc_discover::model::target::Target;
use grpc_discover::session::Source;

use super::{Layers, World, Wrong, text};
use crate::cli::{Asking, values};

/// The settings of every backend. Consul's own environment comes after flags, `GRPC_DISCOVER_*` and the file.
pub fn settings(typed: &Asking, layers: &Layers, world: &World) -> Result<backend::Settings, Wrong> {
    let port = layers.one("--port", typed.port, values::port)?;
    let resolve_timeout = layers.positive("--resolve-timeout", typed.resolve_timeout)?;
    let _ = world;
    Ok(backend::Settings {
        port: port.map(|port| port.value),
        resolve_timeout: resolve_timeout.unwrap_or(Duration::ZERO),
        ..backend::Settings::default()
    })
}

/// `--dc`, `--tag` and `--token-file` narrow every question to Consul that does not say its own.
pub fn narrow(sources: &mut [Source], typed: &Asking, layers: &Layers, world: &World) -> Result<(), Wrong> {
    let dc = layers.one("--dc", typed.dc.clone(), text)?.map(|dc| dc.value);
    let tags = layers.many("--tag", &typed.tag, text)?;
    let token = token(typed, layers, world)?;
    let mut consul = 0;
    for source in sources.iter_mut() {
        if let Target::Consul(target) = &mut source.target {
            consul += 1;
            target.dc = target.dc.take().or_else(|| dc.clone());
            target.tags.extend(tags.iter().filter(|tag| !target.tags.contains(tag)).cloned().collect::<Vec<_>>());
            target.token = target.token.take().or_else(|| token.clone());
        }
    }
    if consul == 0 && (typed.dc.is_some() || !typed.tag.is_empty() || typed.token_file.is_some()) {
        return Err(Wrong::new("--dc, --tag and --token-file are for Consul, and none of the targets asks Consul"));
    }
    Ok(())
}

fn token(typed: &Asking, layers: &Layers, world: &World) -> Result<Option<Secret>, Wrong> {
    let Some(path) = layers.one("--token-file", typed.token_file.clone(), |t| text(t).map(PathBuf::from))? else {
        return Ok(None);
    };
    let path = path.value;
    let read = (world.read)(&path)
        .map_err(|error| Wrong(format!("--token-file {}: cannot be read: {error}", path.display())))?;
    let token = Secret::new(read);
    if token.is_empty() {
        return Err(Wrong(format!("--token-file {}: holds no token", path.display())));
    }
    Ok(Some(token))
}
