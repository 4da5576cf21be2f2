//! A program whose output lines get a timestamp when they are read from its pipe.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use super::Result;

/// Longer than anything that is measured: waiting longer is pointless.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// A running program. It is killed when dropped.
pub struct Lines {
    name: &'static str,
    child: Child,
    lines: Receiver<(Instant, String)>,
}

impl Lines {
    /// Starts `command`; errors about its lines call it `name`.
    pub fn of(name: &'static str, command: &mut Command) -> Result<Lines> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let stdout = child.stdout.take().ok_or("no stdout")?;
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(std::io::Result::ok) {
                if sender.send((Instant::now(), line)).is_err() {
                    return;
                }
            }
        });
        Ok(Lines { name, child, lines })
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for a line that is `wanted`, and returns the time at which it was read.
    pub fn wait(&self, what: &str, mut wanted: impl FnMut(&str) -> bool) -> Result<Instant> {
        let deadline = Instant::now() + TIME_LIMIT;
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok((at, line)) if wanted(&line) => return Ok(at),
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) => return Err(format!("{}: no line with {what}", self.name).into()),
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(format!("{}: ended before a line with {what}", self.name).into());
                }
            }
        }
    }

    /// Waits until there was no output for `quiet`.
    pub fn settle(&self, quiet: Duration) -> Result<()> {
        loop {
            match self.lines.recv_timeout(quiet) {
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) => return Ok(()),
                Err(RecvTimeoutError::Disconnected) => return Err(format!("{}: ended", self.name).into()),
            }
        }
    }

    /// Memory in use now, in KiB.
    pub fn resident_kib(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        let kib = line.trim().strip_suffix(" kB").ok_or("VmRSS is not in kB")?;
        Ok(kib.parse()?)
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        // It may have exited by itself; either way it is gone after this.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
