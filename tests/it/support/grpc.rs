//! Real gRPC servers (tests/peers): started on a free port, controlled over stdin, stopped when dropped.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::peers::provided;

/// Which implementation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// grpc-go.
    Go,
    /// grpcio, the C core.
    Core,
}

impl Kind {
    fn variable(self) -> &'static str {
        match self {
            Kind::Go => "GRPC_DISCOVER_TEST_GRPC_GO",
            Kind::Core => "GRPC_DISCOVER_TEST_GRPCIO",
        }
    }
}

/// A running server.
pub struct GrpcServer {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<Value>,
    /// The address that it listens on.
    pub address: SocketAddr,
}

impl GrpcServer {
    /// A server on a free port of 127.0.0.1; `None` (reported on stderr) if the peer is not available.
    pub fn start(kind: Kind, args: &[&str]) -> Option<GrpcServer> {
        GrpcServer::start_on(kind, "127.0.0.1:0", args)
    }

    /// A server on `listen`.
    pub fn start_on(kind: Kind, listen: &str, args: &[&str]) -> Option<GrpcServer> {
        Some(GrpcServer::spawn(GrpcServer::command(kind, listen, args)?))
    }

    /// The command of a server on `listen`.
    pub fn command(kind: Kind, listen: &str, args: &[&str]) -> Option<Command> {
        let mut command = Command::new(provided(kind.variable())?);
        command.args(["--listen", listen]).args(args);
        Some(command)
    }

    /// A server by its [command](Self::command), possibly in another network namespace.
    pub fn spawn(mut command: Command) -> GrpcServer {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let stdin = child.stdin.take();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if sender.send(serde_json::from_str(&line).unwrap_or(Value::Null)).is_err() {
                    return;
                }
            }
        });
        let first = lines.recv_timeout(Duration::from_secs(20)).expect("the server prints its address");
        let address = first["listening"].as_str().unwrap().parse().unwrap();
        GrpcServer { child, stdin, lines, address }
    }

    /// Sends it a command: `health SERVICE STATUS`, `graceful-stop`, `stop`.
    pub fn send(&mut self, command: &str) {
        writeln!(self.stdin.as_mut().unwrap(), "{command}").unwrap();
    }

    /// Waits for the event `name` (`opened`, `closed`, `call` ...).
    pub fn event(&self, name: &str, within: Duration) -> Option<Value> {
        let until = Instant::now() + within;
        loop {
            let line = self.lines.recv_timeout(until.saturating_duration_since(Instant::now())).ok()?;
            if line["event"] == name {
                return Some(line);
            }
        }
    }

    /// Sends its process a signal: `-STOP`, `-CONT`.
    pub fn signal(&self, signal: &str) {
        let status = Command::new("kill").args([signal, &self.child.id().to_string()]).status();
        assert!(status.expect("the kill command").success());
    }

    /// Kills it, as when its node fails: no connection is closed in order.
    pub fn kill(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for GrpcServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
