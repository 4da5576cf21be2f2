//! The programs of `benches/peers`, and the server among them.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use super::Result;

/// Where the peers are.
pub struct Peers {
    directory: PathBuf,
}

impl Peers {
    /// Builds them, which takes a few minutes the first time.
    pub fn build() -> Result<Peers> {
        let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("../bench-peers");
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let status = Command::new(cargo)
            .args(["build", "--quiet", "--release", "--locked", "--manifest-path"])
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peers/Cargo.toml"))
            .arg("--target-dir")
            .arg(&target)
            .status()?;
        match status.success() {
            true => Ok(Peers { directory: target.join("release").canonicalize()? }),
            false => Err(format!("benches/peers could not be built: cargo ended with {status}").into()),
        }
    }

    /// The program `name`.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }
}

/// A running `mass_server`; stopped when dropped.
pub struct MassServer {
    child: Child,
    /// The port that it listens on, on every address of this machine.
    pub port: u16,
}

impl MassServer {
    /// Starts it.
    pub fn start(peers: &Peers) -> Result<MassServer> {
        let mut child = Command::new(peers.path("mass_server")).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        let stdout = child.stdout.take().ok_or("mass_server has no stdout")?;
        BufReader::new(stdout).read_line(&mut line)?;
        let port = line.trim().parse().map_err(|error| format!("mass_server printed \"{}\": {error}", line.trim()))?;
        Ok(MassServer { child, port })
    }
}

impl Drop for MassServer {
    fn drop(&mut self) {
        // It may have exited by itself; either way it is gone after this.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
