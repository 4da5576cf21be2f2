//! `config init`: prints or writes a commented example with what the environment shows; never overwrites an existing
//! file.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use grpc_discover::platform::file;

use crate::cli::DiscoveryFlags;
use crate::config::{Config, example};
use crate::exit::{self, Failure};
use crate::settings::{self, Environment};
use crate::terminal;

/// The example cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("{}: {}", path.display(), why(source))]
struct WriteError {
    path: PathBuf,
    source: io::Error,
}

fn why(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AlreadyExists => "file already exists, not overwritten".to_string(),
        _ => format!("failed to write: {error}"),
    }
}

/// Writes the example to `path`, or prints it. Nothing is contacted: the registries are those that the environment
/// names.
pub fn run(path: Option<&Path>) -> Result<u8, Failure> {
    let config = Config::default();
    let read = |path: &Path| file::read_text(path, file::LARGE);
    let env = |name: &str| std::env::var(name).ok();
    let environment = Environment { env: &env, read: &read, config: &config, seed: 1 };
    let (settings, _) = settings::backends(&DiscoveryFlags::default(), None, &environment)?;
    let text = example(&settings);
    match path {
        None => terminal::print(&text)?,
        Some(path) => {
            write(path, &text).map_err(|source| Failure::usage(WriteError { path: path.to_path_buf(), source }))?;
            terminal::print(&format!("wrote {}; edit it, then run `grpc-discover probe`\n", path.display()))?;
        }
    }
    Ok(exit::OK)
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    File::create_new(path)?.write_all(text.as_bytes())
}
