//! A program with all processes that it starts.

use std::io;
use std::process::ExitStatus;

use tokio::process::{Child, ChildStderr, ChildStdout, Command};

/// A running program. Dropping this kills it, on Unix with all processes that it started (its process group).
#[derive(Debug)]
pub(crate) struct RunningProgram {
    /// Dropped before `child`: until that one is waited for, no other group can get the number.
    group: ProcessGroup,
    child: Child,
}

impl RunningProgram {
    /// Starts `program`, in a process group of its own.
    pub(crate) fn start(program: &mut Command) -> io::Result<Self> {
        #[cfg(unix)]
        program.process_group(0);
        let child = program.kill_on_drop(true).spawn()?;
        Ok(RunningProgram { group: ProcessGroup(child.id()), child })
    }

    /// Its output, once, if it was started with a pipe.
    pub(crate) fn stdout(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// As [`Self::stdout`].
    pub(crate) fn stderr(&mut self) -> Option<ChildStderr> {
        self.child.stderr.take()
    }

    /// Waits until it exits. Processes that it left running continue.
    pub(crate) async fn wait(&mut self) -> io::Result<ExitStatus> {
        let status = self.child.wait().await?;
        self.group.0 = None;
        Ok(status)
    }
}

/// The number of a process group that is killed when this value is dropped.
#[derive(Debug)]
struct ProcessGroup(Option<u32>);

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        if let Some(id) = self.0.take() {
            kill(id);
        }
    }
}

#[cfg(unix)]
fn kill(group: u32) {
    use nix::sys::signal::{Signal, killpg};
    use nix::unistd::Pid;
    // One that has already exited is not an error.
    if let Ok(group) = i32::try_from(group) {
        let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
    }
}

/// Other systems have no process groups.
#[cfg(not(unix))]
fn kill(_: u32) {}
