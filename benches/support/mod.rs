//! Code shared by the benches: the programs they compare, the cost of a run, and how the figures are printed.
//!
//! Every figure is a comparison within one run, in alternating rounds: the machine may be slow or busy, and both
//! sides run under the same conditions. Nothing is asserted about time; the last line reports whether the mark was
//! met.

pub mod cost;
pub mod lines;
pub mod peers;
pub mod spread;
pub mod victim;

use std::fmt::Display;
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

/// A bench fails only if it could not measure.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// The command under test, built like a release.
pub const COMMAND: &str = env!("CARGO_BIN_EXE_grpc-discover");

/// Prints one line.
pub fn say(line: impl Display) -> Result<()> {
    Ok(writeln!(std::io::stdout(), "{line}")?)
}

/// The last line of every bench.
pub fn mark(met: bool) -> Result<()> {
    say(format_args!("mark: {}", if met { "met" } else { "not met" }))
}

/// The number of rounds: `cargo bench --bench NAME -- ROUNDS`, else `usual`.
pub fn rounds(usual: usize) -> usize {
    std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(usual)
}

/// An empty directory of this bench's own.
pub fn scratch(bench: &str) -> Result<PathBuf> {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(bench);
    if directory.exists() {
        std::fs::remove_dir_all(&directory)?;
    }
    std::fs::create_dir_all(&directory)?;
    Ok(directory)
}

/// The command under test with `arguments`, without the user's settings.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(COMMAND);
    command.args(arguments);
    undisturbed(&mut command);
    command
}

/// Removes variables that would change the behaviour of the command under test.
pub fn undisturbed(command: &mut Command) {
    let ours = |name: &str| ["GRPC_DISCOVER_", "CONSUL_", "ETCDCTL_"].iter().any(|prefix| name.starts_with(prefix));
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(ours) {
            command.env_remove(name);
        }
    }
    command.current_dir(env!("CARGO_TARGET_TMPDIR"));
}

/// `count` addresses of this machine, all served by a server on `port` of 0.0.0.0.
pub fn loopback(count: usize, port: u16) -> Vec<String> {
    (0..count).map(|i| format!("127.{}.{}.{}:{port}", 1 + i / 62_500, i / 250 % 250 + 1, i % 250 + 1)).collect()
}
