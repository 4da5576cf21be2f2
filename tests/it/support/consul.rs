//! A real Consul agent for one test: on ports of its own, stopped when dropped.
//!
//! `GRPC_DISCOVER_TEST_CONSUL` names the executable (`tests/run` provides it). Without it [`ConsulAgent::start`]
//! returns `None` and the test is left out.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

/// Time limit for starting, restarting, or one request on a busy machine.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// How the agent stores its data, and who may read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// In memory: a restart loses all data.
    Dev,
    /// On disk: a restart keeps all data.
    Persistent,
    /// In memory, and no access without a token.
    Acl,
}

/// The management token of an agent in [`Mode::Acl`].
pub const MANAGEMENT_TOKEN: &str = "7f2c1ad0-3a64-4a6c-9d3c-0a6c2b1f5e11";

/// A running agent (or one that was killed and can be restarted on the same ports).
pub struct ConsulAgent {
    executable: PathBuf,
    mode: Mode,
    directory: TempDir,
    http: SocketAddr,
    process: Option<Child>,
}

impl ConsulAgent {
    /// Starts an agent and waits until it is the leader and lists itself. `None` if there is no executable.
    pub fn start(mode: Mode) -> Option<Self> {
        let executable = super::peers::provided("GRPC_DISCOVER_TEST_CONSUL")?;
        let [http, server, serf] = free_ports();
        let directory = tempfile::tempdir().expect("a directory for the agent");
        let mut config = json!({
            "node_name": "test",
            "bind_addr": "127.0.0.1",
            "client_addr": "127.0.0.1",
            "ports": {
                "http": http.port(), "server": server.port(), "serf_lan": serf.port(),
                "https": -1, "dns": -1, "grpc": -1, "grpc_tls": -1, "serf_wan": -1,
            },
            "check_update_interval": "0s",
            "disable_update_check": true,
            "enable_debug": false,
            "log_level": "info",
            "performance": { "raft_multiplier": 1 },
        });
        if mode == Mode::Persistent {
            config["server"] = json!(true);
            config["bootstrap_expect"] = json!(1);
            config["data_dir"] = json!(directory.path().join("data"));
        }
        if mode == Mode::Acl {
            config["acl"] = json!({
                "enabled": true,
                "default_policy": "deny",
                "tokens": { "initial_management": MANAGEMENT_TOKEN, "agent": MANAGEMENT_TOKEN },
            });
        }
        std::fs::write(directory.path().join("agent.json"), config.to_string()).expect("the agent's configuration");
        let mut agent = ConsulAgent { executable, mode, directory, http, process: None };
        agent.start_again();
        Some(agent)
    }

    /// Restarts the killed agent, on the same ports, with the data on its disk.
    pub fn start_again(&mut self) {
        assert!(self.process.is_none(), "the agent runs already");
        let mut command = Command::new(&self.executable);
        command.arg("agent").arg("-config-file").arg(self.directory.path().join("agent.json"));
        if self.mode != Mode::Persistent {
            command.arg("-dev");
        }
        let mut process = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", self.executable.display()));
        let log = process.stdout.take().expect("a piped stdout");
        let (send, reported) = mpsc::channel();
        std::thread::spawn(move || {
            let mut last = VecDeque::new();
            // Keeps reading afterwards, so that the agent never waits for a full pipe.
            for line in BufReader::new(log).lines().map_while(Result::ok) {
                if line.contains("Synced node info") || line.contains("cluster leadership acquired") {
                    let _ = send.send(Ok(()));
                }
                last.push_back(line);
                if last.len() > 20 {
                    last.pop_front();
                }
            }
            let _ = send.send(Err(Vec::from(last).join("\n")));
        });
        self.process = Some(process);
        match reported.recv_timeout(TIME_LIMIT) {
            Ok(Ok(())) => {}
            Ok(Err(log)) => panic!("the agent ended:\n{log}"),
            Err(error) => panic!("the agent leads nothing after {TIME_LIMIT:?}: {error}"),
        }
        if self.mode != Mode::Persistent {
            // It becomes the leader before it lists itself.
            reported.recv_timeout(TIME_LIMIT).ok().and_then(Result::ok).expect("an agent with its own configuration");
        }
    }

    /// `127.0.0.1:port`, in the form of `CONSUL_HTTP_ADDR`.
    pub fn address(&self) -> String {
        self.http.to_string()
    }

    /// Kills the agent as a crash would.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// Freezes the process (SIGSTOP): its sockets stay open and nothing responds.
    pub fn pause(&self) {
        self.signal("-STOP");
    }

    /// Resumes it (SIGCONT).
    pub fn resume(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let id = self.process.as_ref().expect("a running agent").id().to_string();
        let status = Command::new("kill").args([signal, &id]).status().expect("the kill command");
        assert!(status.success(), "kill {signal} {id}: {status}");
    }

    /// One request to the HTTP API, with the management token if there is one: status and body.
    pub fn request(&self, method: &str, path: &str, body: &[u8]) -> (u16, Vec<u8>) {
        let mut stream = TcpStream::connect_timeout(&self.http, TIME_LIMIT).expect("a connection to the agent");
        stream.set_read_timeout(Some(TIME_LIMIT)).expect("a time limit");
        let token =
            if self.mode == Mode::Acl { format!("X-Consul-Token: {MANAGEMENT_TOKEN}\r\n") } else { String::new() };
        let head =
            format!("{method} {path} HTTP/1.0\r\nHost: {}\r\n{token}Content-Length: {}\r\n\r\n", self.http, body.len());
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body)).expect("to be heard");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("a response");
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("the end of a head");
        let head = String::from_utf8_lossy(&answer[..end]).into_owned();
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
        (status.unwrap_or_else(|| panic!("no HTTP: {head}")), answer.split_off(end + 4))
    }

    /// [`request`](Self::request) with JSON in and out; panics with Consul's message unless it succeeds.
    pub fn put(&self, path: &str, body: &Value) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let (status, answer) = self.request("PUT", path, body.as_bytes());
        let text = String::from_utf8_lossy(&answer);
        assert_eq!(status, 200, "PUT {path}: {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Registers an instance (`api-docs/agent/service#register-service`: `Name`, `ID`, `Address`, `Port`, …).
    pub fn register(&self, service: &Value) {
        self.put("/v1/agent/service/register?replace-existing-checks=true", service);
    }

    /// Registers `id` of `service` at 127.0.0.1:`port`, with a TTL check that passes until it is changed.
    pub fn register_simple(&self, service: &str, id: &str, port: u16) {
        let check = json!({ "TTL": "1h", "Status": "passing" });
        self.register(&json!({ "Name": service, "ID": id, "Address": "127.0.0.1", "Port": port, "Check": check }));
    }

    /// Registers `id` of `service` as Kratos registers a gRPC server at 127.0.0.1:`port`, but without checks: it
    /// passes while the node does, also after a restart.
    pub fn register_kratos(&self, service: &str, id: &str, port: u16) {
        self.register(&json!({
            "Name": service, "ID": id, "Address": "127.0.0.1", "Port": port,
            "TaggedAddresses": { "grpc": { "Address": format!("grpc://127.0.0.1:{port}"), "Port": port } },
        }));
    }

    /// The ports of the instances of `service` that pass, in ascending order.
    pub fn passing(&self, service: &str) -> Vec<u16> {
        let (status, answer) = self.request("GET", &format!("/v1/health/service/{service}?passing"), b"");
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&answer));
        let entries: Vec<Value> = serde_json::from_slice(&answer).expect("a list");
        let port = |entry: &Value| entry["Service"]["Port"].as_u64().and_then(|port| u16::try_from(port).ok());
        let mut ports: Vec<u16> = entries.iter().filter_map(port).collect();
        ports.sort_unstable();
        ports
    }

    /// Deregisters the instance.
    pub fn deregister(&self, id: &str) {
        self.put(&format!("/v1/agent/service/deregister/{id}"), &Value::Null);
    }

    /// Sets the TTL check of the instance to `passing`, `warning` or `critical`, with the reason in its output.
    pub fn set_check(&self, id: &str, status: &str, output: &str) {
        let path = format!("/v1/agent/check/update/service:{id}");
        self.put(&path, &json!({ "Status": status, "Output": output }));
    }

    /// Puts the instance into maintenance. `reason` must be one word.
    pub fn maintain(&self, id: &str, reason: &str) {
        self.put(&format!("/v1/agent/service/maintenance/{id}?enable=true&reason={reason}"), &Value::Null);
    }

    /// Creates a token with the permissions of `rules` (HCL), in [`Mode::Acl`]; without rules it has none.
    pub fn token(&self, name: &str, rules: Option<&str>) -> String {
        let policies = match rules {
            None => json!([]),
            Some(rules) => {
                self.put("/v1/acl/policy", &json!({ "Name": name, "Rules": rules }));
                json!([{ "Name": name }])
            }
        };
        let token = self.put("/v1/acl/token", &json!({ "Description": name, "Policies": policies }));
        token["SecretID"].as_str().expect("a SecretID").to_string()
    }
}

impl Drop for ConsulAgent {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Ports that were free a moment ago, that no other agent of this process gets, and that no connection uses
/// meanwhile: they are below those that the kernel assigns by itself (Linux: from 32768 on).
fn free_ports() -> [SocketAddr; 3] {
    const FIRST: u32 = 10_000;
    const COUNT: u32 = 22_000;
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    // Other processes start elsewhere.
    let own = std::process::id().wrapping_mul(7_919);
    let mut free = (0..COUNT).filter_map(|_| {
        let next = own.wrapping_add(TAKEN.fetch_add(1, Ordering::Relaxed)) % COUNT;
        let address = SocketAddr::from(([127, 0, 0, 1], u16::try_from(FIRST + next).expect("a port")));
        // The cluster uses UDP on its port, too.
        (TcpListener::bind(address).is_ok() && UdpSocket::bind(address).is_ok()).then_some(address)
    });
    [(); 3].map(|()| free.next().expect("a free port"))
}
