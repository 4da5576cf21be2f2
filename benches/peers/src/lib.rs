//! Code shared by the programs of this package.

pub mod raw;

use std::fs;
use std::net::SocketAddrV4;

/// Errors of programs that only have to report what failed.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Reads a file with one `127.0.0.1:80` per line.
pub fn addresses(path: &str) -> Result<Vec<SocketAddrV4>> {
    let text = fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    let parse = |line: &str| line.parse().map_err(|error| format!("{path}: \"{line}\": {error}").into());
    text.lines().map(parse).collect()
}

/// Raises the soft limit of open files to the hard one.
pub fn raise_open_files() -> Result<()> {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    Ok(setrlimit(Resource::Nofile, limit)?)
}

/// Waits until stdin is closed: the signal to stop.
pub fn wait_for_end_of_stdin() -> Result<()> {
    std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink())?;
    Ok(())
}
