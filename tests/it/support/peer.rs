//! A program of tests/peers that registers or reads something, tells it in lines of JSON, and ends in order when its stdin
//! does.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;

/// How long a line may take: a framework gets ready.
const PATIENCE: Duration = Duration::from_secs(60);

/// The process; killed when dropped.
pub struct Peer {
    process: Child,
    stdin: Option<ChildStdin>,
    said: Receiver<Value>,
}

impl Peer {
    /// Starts `command`.
    pub fn start(mut command: Command) -> Peer {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let stdin = process.stdin.take();
        let lines = BufReader::new(process.stdout.take().expect("a piped stdout")).lines();
        let (tell, said) = channel();
        // It reads on when nobody asks, so that the process never waits for a full pipe.
        std::thread::spawn(move || {
            let told = lines.map_while(Result::ok).filter_map(|line| serde_json::from_str(&line).ok());
            told.for_each(|line| tell.send(line).unwrap_or_default());
        });
        Peer { process, stdin, said }
    }

    /// The next line in which `member` is; what a framework itself prints may stand before it.
    pub fn next(&self, member: &str) -> Value {
        loop {
            let line: Value = self.said.recv_timeout(PATIENCE).unwrap_or_else(|why| panic!("no {member:?}: {why}"));
            if !line[member].is_null() {
                return line;
            }
        }
    }

    /// Ends it in order: what it registered, it takes back.
    pub fn stop(mut self) {
        drop(self.stdin.take());
        let status = self.process.wait().expect("its end");
        assert!(status.success(), "{status}");
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
