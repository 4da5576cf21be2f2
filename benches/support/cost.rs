//! The cost of a run of a program.

use std::ffi::OsStr;
use std::process::{Command, Stdio};

use super::Result;
use super::peers::Peers;

/// A finished run.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    /// From start to exit.
    pub wall_ms: f64,
    /// User and system time of the whole process.
    pub cpu_ms: f64,
    /// Most memory at once.
    pub peak_mib: f64,
}

impl Cost {
    /// Runs `program` with its output discarded. It must exit with code 0.
    pub fn of(peers: &Peers, program: impl AsRef<OsStr>, arguments: &[&str]) -> Result<Cost> {
        let mut command = Command::new(peers.path("measure"));
        command.arg(program.as_ref()).args(arguments).stderr(Stdio::inherit());
        super::undisturbed(&mut command);
        let output = command.output()?;
        let text = String::from_utf8(output.stdout)?;
        let figures: Vec<f64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        match figures[..] {
            [wall, cpu, peak, 0.0] => {
                Ok(Cost { wall_ms: wall / 1000.0, cpu_ms: cpu / 1000.0, peak_mib: peak / 1024.0 })
            }
            _ => Err(format!("{} {arguments:?} failed: \"{}\"", program.as_ref().display(), text.trim()).into()),
        }
    }
}
