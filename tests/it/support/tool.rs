//! The command itself, run as a user would, with the time at which each line was read.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::Value;

/// The command under test: the one that cargo built, or the one that GRPC_DISCOVER_TEST_COMMAND names (a static
/// build).
pub fn path() -> OsString {
    std::env::var_os("GRPC_DISCOVER_TEST_COMMAND").unwrap_or_else(|| env!("CARGO_BIN_EXE_grpc-discover").into())
}

/// A command line of the tool with an isolated environment.
pub fn tool(args: &[&str]) -> Command {
    let mut command = isolated(path());
    command.env_remove("NO_COLOR").env("TERM", "dumb").env("XDG_CONFIG_HOME", "/nonexistent").args(args);
    command
}

/// A program without the variables that configure the library or name a proxy.
pub fn isolated(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars() {
        let is_proxy = name.to_lowercase().ends_with("_proxy");
        let of_ours = ["CONSUL_", "ETCDCTL_", "KUBE", "GRPC_DISCOVER_"].iter().any(|prefix| name.starts_with(prefix));
        if is_proxy || of_ours {
            command.env_remove(name);
        }
    }
    command
}

/// `plain` after a line for the shell, such as `ulimit -n 64`. It replaces the shell, so that its process is the
/// command's own.
pub fn after(line: &str, plain: &Command) -> Command {
    let mut wrapped = Command::new("sh");
    wrapped.args(["-c", &format!("{line}; exec \"$0\" \"$@\"")]).arg(plain.get_program()).args(plain.get_args());
    for (name, value) in plain.get_envs() {
        match value {
            Some(value) => wrapped.env(name, value),
            None => wrapped.env_remove(name),
        };
    }
    wrapped
}

/// The output of a finished run.
pub struct Finished {
    /// The exit code.
    pub code: i32,
    /// stdout.
    pub out: String,
    /// stderr.
    pub err: String,
    /// From start to exit.
    pub took: Duration,
}

impl Finished {
    /// stdout and stderr, for messages of failed assertions.
    pub fn all(&self) -> String {
        format!("exit {}\n{}\n{}", self.code, self.out, self.err)
    }

    /// stdout as ndjson.
    pub fn events(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
    }

    /// The codes of the findings, in order (ndjson).
    pub fn findings(&self) -> Vec<String> {
        let events = self.events();
        let findings = events.iter().filter(|event| event["kind"] == "finding");
        findings.map(|event| event["code"].as_str().unwrap().to_string()).collect()
    }
}

/// Runs the tool until it exits.
pub fn run(args: &[&str]) -> Finished {
    run_command(tool(args))
}

/// Runs a prepared command until it exits.
pub fn run_command(mut command: Command) -> Finished {
    let started_at = Instant::now();
    let output = command.stdin(Stdio::null()).output().unwrap();
    Finished {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
        took: started_at.elapsed(),
    }
}

/// A running command, with its ndjson events.
pub struct Running {
    child: Child,
    lines: Receiver<(Instant, String)>,
    /// Every event so far, with the time at which its line was read.
    pub seen: Vec<(Instant, Value)>,
}

impl Running {
    /// Starts the tool; `args` must contain `-o ndjson`.
    pub fn start(args: &[&str]) -> Running {
        Running::start_command(tool(args))
    }

    /// Starts a prepared command.
    pub fn start_command(mut command: Command) -> Running {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if sender.send((Instant::now(), line)).is_err() {
                    return;
                }
            }
        });
        Running { child, lines, seen: Vec::new() }
    }

    /// The tool's process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has not exited yet.
    #[cfg(feature = "consul")]
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("a child of ours").is_none()
    }

    /// Sends it a signal: `-STOP`, `-CONT`.
    pub fn signal(&self, signal: &str) {
        let status = Command::new("kill").args([signal, &self.pid().to_string()]).status();
        assert!(status.expect("the kill command").success());
    }

    /// Waits for the first event from now on that `wanted` accepts.
    ///
    /// # Panics
    ///
    /// If there is none `within` the time; the message contains every event so far.
    pub fn wait_for(&mut self, what: &str, within: Duration, wanted: impl Fn(&Value) -> bool) -> (Instant, Value) {
        let until = Instant::now() + within;
        loop {
            match self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok((at, line)) => {
                    let event: Value = serde_json::from_str(&line).expect(&line);
                    self.seen.push((at, event.clone()));
                    if wanted(&event) {
                        return (at, event);
                    }
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    let seen: Vec<String> = self.seen.iter().map(|(_, event)| event.to_string()).collect();
                    let mut err = String::new();
                    let _ = self.child.kill();
                    if let Some(mut stderr) = self.child.stderr.take() {
                        let _ = stderr.read_to_string(&mut err);
                    }
                    panic!("no {what} within {within:?}; so far:\n{}\n{err}", seen.join("\n"));
                }
            }
        }
    }

    /// Waits until the process exits and reads the remaining output.
    pub fn finish(mut self, within: Duration) -> (ExitStatus, Vec<(Instant, Value)>) {
        let until = Instant::now() + within;
        while let Ok((at, line)) = self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
            self.seen.push((at, serde_json::from_str(&line).expect(&line)));
        }
        assert!(Instant::now() < until, "the tool did not end within {within:?}");
        let status = self.child.wait().unwrap();
        (status, std::mem::take(&mut self.seen))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
