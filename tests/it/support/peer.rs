//! A program of tests/peers that writes into a registry or reads from it: it reports what it did in lines of JSON,
//! and exits in order when its stdin is closed.

use std::fmt::Display;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;

/// Time limit for a line: a framework takes a while to start.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// The process; killed when dropped.
pub struct Peer {
    process: Child,
    stdin: Option<ChildStdin>,
    printed: Receiver<Value>,
    /// Its stderr, which is printed if a test fails.
    complaints: File,
}

impl Peer {
    /// Starts `command`.
    pub fn start(mut command: Command) -> Peer {
        let complaints = tempfile::tempfile().expect("a file for its stderr");
        let stderr = complaints.try_clone().expect("the same file");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(stderr);
        let mut process = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let stdin = process.stdin.take();
        let lines = BufReader::new(process.stdout.take().expect("a piped stdout")).lines();
        let (send, printed) = channel();
        // Always keeps reading, so that the process never waits for a full pipe.
        std::thread::spawn(move || {
            let reported = lines.map_while(Result::ok).filter_map(|line| serde_json::from_str(&line).ok());
            reported.for_each(|line| send.send(line).unwrap_or_default());
        });
        Peer { process, stdin, printed, complaints }
    }

    /// The next line that contains `member`; output of the framework itself may precede it.
    pub fn next(&self, member: &str) -> Value {
        loop {
            let line = self.line(&format_args!("{member:?}"));
            if !line[member].is_null() {
                return line;
            }
        }
    }

    /// Sends it one command; returns its reply.
    pub fn send(&mut self, command: &Value) -> Value {
        writeln!(self.stdin.as_ref().expect("an open stdin"), "{command}").unwrap_or_else(|why| self.fail(&why));
        self.line(command)
    }

    fn line(&self, wanted: &dyn Display) -> Value {
        let line = self.printed.recv_timeout(TIME_LIMIT);
        line.unwrap_or_else(|why| self.fail(&format_args!("no answer to {wanted}: {why}")))
    }

    /// Stops it in order: it deregisters what it registered.
    pub fn stop(mut self) {
        drop(self.stdin.take());
        let status = self.process.wait().expect("its end");
        if !status.success() {
            self.fail(&status);
        }
    }

    fn fail(&self, why: &dyn Display) -> ! {
        let (mut file, mut text) = (&self.complaints, String::new());
        let _ = file.rewind().and_then(|()| file.read_to_string(&mut text));
        panic!("{why}; its stderr:\n{text}");
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
