//! A real etcd for one test, of one member or several: on ports of its own, stopped when dropped. Keys are written
//! through its JSON gateway (`/v3/…`), so that the writer shares nothing with the reader under test.
//!
//! `GRPC_DISCOVER_TEST_ETCD` names the executable (`tests/run` provides it). Without it [`Etcd::start`] returns
//! `None` and the test is left out.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Time limit for starting, restarting, or one request on a busy machine.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// A cluster.
pub struct Etcd {
    executable: PathBuf,
    directory: TempDir,
    members: Vec<Member>,
    cluster: String,
    extra: Vec<String>,
}

struct Member {
    client: SocketAddr,
    peer: SocketAddr,
    process: Option<Child>,
}

impl Etcd {
    /// One member.
    pub fn start() -> Option<Etcd> {
        Etcd::cluster(1, &[])
    }

    /// `size` members, with these additional flags.
    pub fn cluster(size: usize, extra: &[String]) -> Option<Etcd> {
        let executable = super::peers::provided("GRPC_DISCOVER_TEST_ETCD")?;
        // A port that was free a moment ago may be in use by now: then etcd exits, and other ports are tried.
        let started = (0..5).find_map(|_| {
            let mut etcd = Etcd::planned(executable.clone(), size, extra);
            (0..size).for_each(|index| etcd.spawn(index));
            etcd.is_led().then_some(etcd)
        });
        Some(started.expect("an etcd that stays"))
    }

    fn planned(executable: PathBuf, size: usize, extra: &[String]) -> Etcd {
        let held: Vec<TcpListener> = (0..2 * size).map(|_| TcpListener::bind("127.0.0.1:0").expect("a port")).collect();
        let ports: Vec<SocketAddr> = held.iter().map(|held| held.local_addr().expect("its address")).collect();
        drop(held);
        let members: Vec<Member> =
            ports.chunks(2).map(|pair| Member { client: pair[0], peer: pair[1], process: None }).collect();
        let cluster: Vec<String> =
            members.iter().enumerate().map(|(index, member)| format!("m{index}=http://{}", member.peer)).collect();
        let directory = tempfile::tempdir().expect("a directory for etcd");
        Etcd { executable, directory, members, cluster: cluster.join(","), extra: extra.to_vec() }
    }

    fn spawn(&mut self, index: usize) {
        let (client, peer) = (self.members[index].client, self.members[index].peer);
        let mut clients = format!("http://{client}");
        let mut extra = self.extra.clone();
        // A second listener: `--listen-also=https://…`, which is not a flag of etcd.
        extra.retain(|flag| match flag.strip_prefix("--listen-also=") {
            Some(url) => {
                clients += &format!(",{url}");
                false
            }
            None => true,
        });
        let mut command = Command::new(&self.executable);
        command
            .arg(format!("--name=m{index}"))
            .arg(format!("--data-dir={}", self.directory.path().join(format!("m{index}")).display()))
            .arg(format!("--listen-client-urls={clients}"))
            .arg(format!("--advertise-client-urls={clients}"))
            .arg(format!("--listen-peer-urls=http://{peer}"))
            .arg(format!("--initial-advertise-peer-urls=http://{peer}"))
            .arg(format!("--initial-cluster={}", self.cluster))
            .args(["--heartbeat-interval=50", "--election-timeout=500", "--unsafe-no-fsync", "--log-level=error"])
            .args(&extra)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ETCD")) {
            command.env_remove(name);
        }
        let process = command.spawn().unwrap_or_else(|error| panic!("{}: {error}", self.executable.display()));
        self.members[index].process = Some(process);
    }

    /// Waits until every running member has a leader and responds to reads.
    pub fn until_led(&mut self) {
        assert!(self.is_led(), "a member ended by itself");
    }

    /// [`until_led`](Self::until_led); false if a member has exited by itself.
    fn is_led(&mut self) -> bool {
        let question = json!({ "key": STANDARD.encode("probe") });
        for index in (0..self.members.len()).filter(|index| self.members[*index].process.is_some()).collect::<Vec<_>>()
        {
            let started = Instant::now();
            while self.query(index, "/v3/kv/range", &question).is_none() {
                let process = self.members[index].process.as_mut().expect("a running member");
                if process.try_wait().expect("its state").is_some() {
                    return false;
                }
                assert!(started.elapsed() < TIME_LIMIT, "member {index} answers nothing after {TIME_LIMIT:?}");
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        true
    }

    /// `127.0.0.1:port` of every member, in the form of `ETCDCTL_ENDPOINTS`.
    pub fn endpoints(&self) -> String {
        self.members.iter().map(|member| member.client.to_string()).collect::<Vec<_>>().join(",")
    }

    /// Which member is the leader.
    pub fn leader(&self) -> usize {
        let id = |value: &Value| value.as_str().map(str::to_string);
        let status = |index| self.query(index, "/v3/maintenance/status", &json!({}));
        (0..self.members.len())
            .find(|index| status(*index).is_some_and(|s| id(&s["leader"]) == id(&s["header"]["member_id"])))
            .expect("a leader")
    }

    /// Kills a member as a crash would.
    pub fn kill(&mut self, index: usize) {
        if let Some(mut process) = self.members[index].process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// Restarts a killed member with the data on its disk.
    pub fn start_again(&mut self, index: usize) {
        assert!(self.members[index].process.is_none(), "member {index} runs already");
        self.spawn(index);
    }

    /// Freezes a member (SIGSTOP): its sockets stay open and nothing responds.
    pub fn pause(&self, index: usize) {
        self.signal(index, "-STOP");
    }

    /// Resumes it (SIGCONT).
    pub fn resume(&self, index: usize) {
        self.signal(index, "-CONT");
    }

    fn signal(&self, index: usize, signal: &str) {
        let id = self.members[index].process.as_ref().expect("a running process").id().to_string();
        let status = Command::new("kill").args([signal, &id]).status().expect("the kill command");
        assert!(status.success(), "kill {signal} {id}: {status}");
    }

    /// One request to the gateway; `None` unless it succeeds.
    fn query(&self, index: usize, path: &str, body: &Value) -> Option<Value> {
        self.query_with(index, path, body, "")
    }

    fn query_with(&self, index: usize, path: &str, body: &Value, headers: &str) -> Option<Value> {
        let mut stream = TcpStream::connect_timeout(&self.members[index].client, TIME_LIMIT).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
        let body = body.to_string();
        let head = format!(
            "POST {path} HTTP/1.0\r\n{headers}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(format!("{head}{body}").as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        head.split(' ').nth(1).filter(|status| *status == "200")?;
        serde_json::from_str(body).ok()
    }

    /// One request to any running member.
    ///
    /// # Panics
    ///
    /// If it succeeds on no member.
    pub fn send(&self, path: &str, body: &Value) -> Value {
        let running = (0..self.members.len()).filter(|index| self.members[*index].process.is_some());
        let answer = running.into_iter().find_map(|index| self.query(index, path, body));
        answer.unwrap_or_else(|| panic!("POST {path} {body}: refused"))
    }

    /// One request of the user `root`, after [`Etcd::protect`].
    pub fn as_root(&self, path: &str, body: &Value) {
        let token = self.send("/v3/auth/authenticate", &json!({ "name": "root", "password": "r00t" }));
        let header = format!("Authorization: {}\r\n", token["token"].as_str().expect("a token"));
        assert!(self.query_with(0, path, body, &header).is_some(), "POST {path} {body}: refused");
    }

    /// Writes a key as `root`, without a lease.
    pub fn put_as_root(&self, key: &str, value: &str) {
        self.as_root("/v3/kv/put", &json!({ "key": STANDARD.encode(key), "value": STANDARD.encode(value) }));
    }

    /// Grants a lease of this many seconds.
    pub fn grant(&self, seconds: u64) -> i64 {
        let answer = self.send("/v3/lease/grant", &json!({ "TTL": seconds }));
        answer["ID"].as_str().and_then(|id| id.parse().ok()).expect("a lease")
    }

    /// The remaining time of a lease in whole seconds; negative if it is gone.
    pub fn left(&self, lease: i64) -> i64 {
        let answer = self.send("/v3/lease/timetolive", &json!({ "ID": lease.to_string() }));
        answer["TTL"].as_str().and_then(|left| left.parse().ok()).unwrap_or_default()
    }

    /// Revokes a lease.
    pub fn revoke(&self, lease: i64) {
        self.send("/v3/lease/revoke", &json!({ "ID": lease.to_string() }));
    }

    /// Writes a key; lease 0 means no lease. Returns the revision.
    pub fn put(&self, key: &str, value: &str, lease: i64) -> i64 {
        let body = json!({ "key": STANDARD.encode(key), "value": STANDARD.encode(value), "lease": lease.to_string() });
        revision(&self.send("/v3/kv/put", &body))
    }

    /// Deletes a key. Returns the revision.
    pub fn delete(&self, key: &str) -> i64 {
        revision(&self.send("/v3/kv/deleterange", &json!({ "key": STANDARD.encode(key) })))
    }

    /// Compacts everything before `revision`.
    pub fn compact(&self, revision: i64) {
        self.send("/v3/kv/compaction", &json!({ "revision": revision.to_string(), "physical": true }));
    }

    /// Enables authentication, with the user `root` and a user `reader` with the password `s3cret` who may read
    /// `prefix` only. Afterwards unauthenticated writes fail.
    pub fn protect(&self, prefix: &str) {
        let end = format!("{}0", prefix.trim_end_matches('/'));
        let (key, end) = (STANDARD.encode(prefix), STANDARD.encode(end));
        for (path, body) in [
            ("user/add", json!({ "name": "root", "password": "r00t" })),
            ("user/grant", json!({ "user": "root", "role": "root" })),
            ("role/add", json!({ "name": "pay" })),
            ("role/grant", json!({ "name": "pay", "perm": { "permType": "READ", "key": key, "range_end": end } })),
            ("user/add", json!({ "name": "reader", "password": "s3cret" })),
            ("user/grant", json!({ "user": "reader", "role": "pay" })),
            ("user/add", json!({ "name": "stranger", "password": "s3cret" })),
            ("enable", json!({})),
        ] {
            self.send(&format!("/v3/auth/{path}"), &body);
        }
    }
}

fn revision(answer: &Value) -> i64 {
    answer["header"]["revision"].as_str().and_then(|text| text.parse().ok()).expect("a revision")
}

impl Drop for Etcd {
    fn drop(&mut self) {
        for index in 0..self.members.len() {
            self.kill(index);
        }
    }
}
