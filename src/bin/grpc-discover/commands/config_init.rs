//! `config init`: prints or writes a commented example; never overwrites an existing file.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::config::example;
use crate::exit::{self, Failure};
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

/// Writes the example to `path`, or prints it.
pub fn run(path: Option<&Path>) -> Result<u8, Failure> {
    match path {
        None => terminal::print(&example())?,
        Some(path) => {
            write(path).map_err(|source| Failure::usage(WriteError { path: path.to_path_buf(), source }))?;
            terminal::print(&format!("wrote {}; edit it, then run `grpc-discover probe`\n", path.display()))?;
        }
    }
    Ok(exit::OK)
}

fn write(path: &Path) -> io::Result<()> {
    File::create_new(path)?.write_all(example().as_bytes())
}
