//! How Consul is asked.

use std::path::PathBuf;

use grpc_discover::backend::Sourced;
use grpc_discover::backend::consul::Settings;
use grpc_discover::model::secret::Secret;
use grpc_discover::platform::file;

use super::{Layers, World, Wrong, text};
use crate::cli::Asking;

/// Consul's own environment, and the token of `--token-file`, which goes before it.
pub fn settings(typed: &Asking, layers: &Layers, world: &World) -> Result<Settings, Wrong> {
    let mut settings = Settings::from_env(world.env).map_err(|error| Wrong(error.to_string()))?;
    if let Some(token) = token(typed, layers, world)? {
        settings.token = Sourced::new(Some(token.value), token.origin);
        settings.token_file = Sourced::default();
    }
    Ok(settings)
}

fn token(typed: &Asking, layers: &Layers, world: &World) -> Result<Option<Sourced<Secret>>, Wrong> {
    let Some(path) = layers.one("--token-file", typed.token_file.clone(), |t| text(t).map(PathBuf::from))? else {
        return Ok(None);
    };
    let (path, origin) = (path.value, path.origin);
    let read = (world.read)(&path)
        .map_err(|error| Wrong(format!("failed to read --token-file {}: {}", path.display(), file::why(&error))))?;
    let token = Secret::new(read);
    if token.is_empty() {
        return Err(Wrong(format!("--token-file {}: holds no token", path.display())));
    }
    Ok(Some(Sourced::new(token, origin)))
}
