//! Real clients (tests/peers/kratos): Kratos in several versions, and plain grpc-go. Started, controlled over stdin,
//! stopped when dropped.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::peers::provided;

/// Time limit for a reply beyond the time limit of a call.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// Which client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Client {
    /// Kratos of this version with its Consul plugin.
    Kratos(&'static str),
    /// grpc-go alone.
    GrpcGo,
}

/// The result of a call.
#[derive(Debug, Clone, PartialEq)]
pub struct Called {
    /// gRPC's name of the code: `OK`, `Unavailable`.
    pub code: String,
    /// The status message.
    pub text: String,
    /// When the caller started to wait, by the client's clock, in milliseconds.
    pub started_at: SystemTime,
    /// How long it waited.
    pub took: Duration,
    /// The server that responded.
    pub peer: Option<String>,
}

/// The state of a channel as the client reports it.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// gRPC's name of the connectivity state.
    pub state: String,
    /// Whether there is a load balancer: there is none in IDLE, nor before the resolver's first update.
    pub balancer: bool,
    /// What the resolver last passed to the load balancer, even if that is closed.
    pub given: Vec<String>,
    /// How many lists the resolver has passed in all.
    pub updates: u64,
    /// Pending requests to Consul.
    pub querying: u64,
    /// Requests to Consul in all.
    pub queried: u64,
    /// Time since the last request to Consul; zero while a request is pending.
    pub quiet: Duration,
}

impl State {
    /// The addresses that calls can go to now.
    pub fn holds(&self) -> &[String] {
        if self.balancer { &self.given } else { &[] }
    }
}

/// All lines of the client, and a condition variable for the next one.
type Lines = Arc<(Mutex<Vec<Value>>, Condvar)>;

/// A running client.
pub struct KratosClient {
    child: Child,
    stdin: ChildStdin,
    lines: Lines,
    commands: u64,
    /// The versions that are linked: `kratos 2.7.2, grpc-go 1.61.1`.
    pub version: String,
}

impl KratosClient {
    /// Starts the client and waits until its channels are open; `None` (reported on stderr) if it is not available.
    pub fn start(client: Client, args: &[&str]) -> Option<KratosClient> {
        Some(KratosClient::spawn(command(client, args)?))
    }

    /// A client by its [`command`], possibly in another network namespace.
    pub fn spawn(mut command: Command) -> KratosClient {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let (stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let lines = Lines::default();
        let reported = Arc::clone(&lines);
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                reported.0.lock().unwrap().push(serde_json::from_str(&line).unwrap_or(Value::Null));
                reported.1.notify_all();
            }
        });
        let mut client = KratosClient { child, stdin, lines, commands: 0, version: String::new() };
        client.wait_for(0, TIME_LIMIT, |line| line["event"] == "ready").expect("a client whose channels are open");
        client.version = client.lines.0.lock().unwrap()[0]["version"].as_str().unwrap().to_string();
        client
    }

    /// Where its own gRPC server listens, if it has one: it serves channelz of this client.
    pub fn listening(&self) -> Option<String> {
        self.lines.0.lock().unwrap()[0]["listening"].as_str().map(str::to_string)
    }

    /// The number of lines so far: later events have this index or a higher one.
    pub fn mark(&self) -> usize {
        self.lines.0.lock().unwrap().len()
    }

    /// Waits for the first line from index `from` on that satisfies `wanted`.
    pub fn wait_for(&self, from: usize, within: Duration, wanted: impl Fn(&Value) -> bool) -> Option<Value> {
        let until = Instant::now() + within;
        let (lines, bell) = &*self.lines;
        let mut lines = lines.lock().unwrap();
        let mut next = from;
        loop {
            while let Some(line) = lines.get(next) {
                if wanted(line) {
                    return Some(line.clone());
                }
                next += 1;
            }
            let left = until.checked_duration_since(Instant::now())?;
            lines = bell.wait_timeout(lines, left).unwrap().0;
        }
    }

    /// Waits until the channel is in `state`, from index `from` on.
    pub fn wait_for_state(&self, from: usize, channel: usize, state: &str, within: Duration) -> bool {
        let reached =
            |line: &Value| line["event"] == "state-change" && line["channel"] == channel && line["state"] == state;
        self.wait_for(from, within, reached).is_some()
    }

    /// One `grpc.health.v1` Check through a channel (the first is 1).
    pub fn call(&mut self, channel: usize) -> Called {
        let answer = self.command(&format!("call {channel}"));
        Called {
            code: answer["code"].as_str().unwrap().to_string(),
            text: answer["text"].as_str().unwrap().to_string(),
            started_at: UNIX_EPOCH + Duration::from_millis(answer["began"].as_u64().unwrap()),
            took: Duration::from_secs_f64(answer["ms"].as_f64().unwrap() / 1000.0),
            peer: answer["peer"].as_str().map(str::to_string),
        }
    }

    /// The state of a channel as the client reports it.
    pub fn state(&mut self, channel: usize) -> State {
        let answer = self.command(&format!("state {channel}"));
        let given = answer["holds"].as_array().unwrap().iter().map(|address| address.as_str().unwrap().to_string());
        State {
            state: answer["state"].as_str().unwrap().to_string(),
            balancer: answer["balancer"].as_bool().unwrap(),
            given: given.collect(),
            updates: answer["updates"].as_u64().unwrap(),
            querying: answer["asking"].as_u64().unwrap(),
            queried: answer["asked"].as_u64().unwrap(),
            quiet: Duration::from_millis(answer["quiet_ms"].as_u64().unwrap_or(0)),
        }
    }

    fn command(&mut self, command: &str) -> Value {
        let from = self.mark();
        self.commands += 1;
        let number = self.commands;
        writeln!(self.stdin, "{command}").unwrap();
        let answer = self.wait_for(from, TIME_LIMIT, |line| line["command"] == number);
        let answer = answer.unwrap_or_else(|| panic!("{}: no answer to {command}", self.version));
        assert_ne!(answer["event"], "refused", "{answer}");
        answer
    }
}

/// The command of a client; `None` (reported on stderr) if it is not available.
pub fn command(client: Client, args: &[&str]) -> Option<Command> {
    let mut command = Command::new(match client {
        Client::Kratos(version) => provided("GRPC_DISCOVER_TEST_KRATOS")?.join(version),
        Client::GrpcGo => provided("GRPC_DISCOVER_TEST_GRPC_GO_CLIENT")?,
    });
    command.args(args);
    Some(command)
}

impl Drop for KratosClient {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
