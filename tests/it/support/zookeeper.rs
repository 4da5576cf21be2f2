//! A real ZooKeeper for one test, of one server or several: on ports of its own, stopped when dropped. Nodes are
//! written by a process on Go's client (tests/peers/zk), so that the writer shares nothing with the reader under
//! test.
//!
//! `GRPC_DISCOVER_TEST_ZOOKEEPER` and `GRPC_DISCOVER_TEST_ZK` name the executables (`tests/run` provides them).
//! Without them [`Zookeeper::start`] returns `None` and the test is left out.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::peer::Peer;

/// Time limit for starting, restarting, or one request on a busy machine.
const TIME_LIMIT: Duration = Duration::from_secs(90);

/// An ensemble.
pub struct Zookeeper {
    executable: PathBuf,
    writer: PathBuf,
    directory: TempDir,
    servers: Vec<Server>,
}

struct Server {
    client: SocketAddr,
    process: Option<Child>,
}

impl Zookeeper {
    /// One server.
    pub fn start() -> Option<Zookeeper> {
        Zookeeper::ensemble(1)
    }

    /// `size` servers.
    pub fn ensemble(size: usize) -> Option<Zookeeper> {
        let executable = super::peers::provided("GRPC_DISCOVER_TEST_ZOOKEEPER")?;
        let writer = super::peers::provided("GRPC_DISCOVER_TEST_ZK")?;
        // A port that was free a moment ago may be in use by now: then ZooKeeper exits, and other ports are tried.
        let started = (0..5).find_map(|_| {
            let mut zookeeper = Zookeeper::planned(executable.clone(), writer.clone(), size);
            (0..size).for_each(|index| zookeeper.spawn(index));
            zookeeper.is_serving().then_some(zookeeper)
        });
        Some(started.expect("a ZooKeeper that stays"))
    }

    fn planned(executable: PathBuf, writer: PathBuf, size: usize) -> Zookeeper {
        let held: Vec<TcpListener> = (0..3 * size).map(|_| TcpListener::bind("127.0.0.1:0").expect("a port")).collect();
        let ports: Vec<SocketAddr> = held.iter().map(|held| held.local_addr().expect("its address")).collect();
        drop(held);
        let directory = tempfile::tempdir().expect("a directory for ZooKeeper");
        let peers: Vec<String> = ports
            .chunks(3)
            .enumerate()
            .map(|(index, ports)| format!("server.{}=127.0.0.1:{}:{}\n", index + 1, ports[1].port(), ports[2].port()))
            .collect();
        for (index, ports) in ports.chunks(3).enumerate() {
            let data = directory.path().join(index.to_string());
            std::fs::create_dir(&data).expect("a directory for a server");
            std::fs::write(data.join("myid"), (index + 1).to_string()).expect("its number");
            let config = format!(
                "tickTime=500\ninitLimit=20\nsyncLimit=10\nminSessionTimeout=1000\nmaxSessionTimeout=60000\n\
                 dataDir={}\nclientPort={}\nclientPortAddress=127.0.0.1\nadmin.enableServer=false\n\
                 4lw.commands.whitelist=srvr,dump\n{}",
                data.display(),
                ports[0].port(),
                if size > 1 { peers.concat() } else { String::new() }
            );
            std::fs::write(directory.path().join(format!("{index}.cfg")), config).expect("its configuration");
        }
        let servers = ports.chunks(3).map(|ports| Server { client: ports[0], process: None }).collect();
        Zookeeper { executable, writer, directory, servers }
    }

    fn spawn(&mut self, index: usize) {
        let process = Command::new(&self.executable)
            .arg(self.directory.path().join(format!("{index}.cfg")))
            .current_dir(self.directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", self.executable.display()));
        self.servers[index].process = Some(process);
    }

    /// Waits until every running server serves sessions.
    pub fn until_serving(&mut self) {
        assert!(self.is_serving(), "a server ended by itself");
    }

    /// [`until_serving`](Self::until_serving); false if a server has exited by itself.
    fn is_serving(&mut self) -> bool {
        for server in self.servers.iter_mut() {
            let Some(process) = &mut server.process else { continue };
            let started = Instant::now();
            while !printed(server.client, "srvr").is_some_and(|text| text.contains("Mode: ")) {
                if process.try_wait().expect("its state").is_some() {
                    return false;
                }
                assert!(started.elapsed() < TIME_LIMIT, "{} is not serving after {TIME_LIMIT:?}", server.client);
                std::thread::sleep(Duration::from_millis(50));
            }
        }
        true
    }

    /// `127.0.0.1:port` of every server, in the form of a connect string.
    pub fn endpoints(&self) -> String {
        self.servers.iter().map(|server| server.client.to_string()).collect::<Vec<_>>().join(",")
    }

    /// Which server is the leader.
    pub fn leader(&self) -> usize {
        let leads = |server: &Server| printed(server.client, "srvr").is_some_and(|text| text.contains("Mode: leader"));
        self.servers.iter().position(leads).expect("a leader")
    }

    /// The number of sessions.
    pub fn sessions(&self) -> usize {
        let text = printed(self.servers[0].client, "dump").expect("a response");
        text.lines().filter(|line| line.starts_with("0x") || line.starts_with("\t0x")).count()
    }

    /// Kills a server as a crash would.
    pub fn kill(&mut self, index: usize) {
        if let Some(mut process) = self.servers[index].process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// Restarts a killed server with the data on its disk.
    pub fn start_again(&mut self, index: usize) {
        assert!(self.servers[index].process.is_none(), "server {index} runs already");
        self.spawn(index);
    }

    /// Freezes a server (SIGSTOP): its sockets stay open and nothing responds.
    pub fn pause(&self, index: usize) {
        self.signal(index, "-STOP");
    }

    /// Resumes it (SIGCONT).
    pub fn resume(&self, index: usize) {
        self.signal(index, "-CONT");
    }

    fn signal(&self, index: usize, signal: &str) {
        let id = self.servers[index].process.as_ref().expect("a running process").id().to_string();
        let status = Command::new("kill").args([signal, &id]).status().expect("the kill command");
        assert!(status.success(), "kill {signal} {id}: {status}");
    }

    /// Permits or forbids reading `path` for all clients; everything else stays permitted for all.
    pub fn may_read(&self, path: &str, allowed: bool) {
        const SET_ACL: i32 = 7;
        let mut stream = TcpStream::connect_timeout(&self.servers[0].client, TIME_LIMIT).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a time limit");
        // Protocol version, last zxid, session timeout, session id, a password of 16 bytes.
        let hello = [&[0; 12][..], &10_000_i32.to_be_bytes(), &[0; 8], &16_i32.to_be_bytes(), &[0; 16]].concat();
        exchange(&mut stream, &hello);
        let string =
            |text: &str| [&i32::try_from(text.len()).expect("a length").to_be_bytes()[..], text.as_bytes()].concat();
        // Read is 1, write 2, create 4, delete 8, admin 16.
        let rights: i32 = if allowed { 31 } else { 30 };
        let request = [
            &1_i32.to_be_bytes()[..],
            &SET_ACL.to_be_bytes(),
            &string(path),
            &1_i32.to_be_bytes(),
            &rights.to_be_bytes(),
            &string("world"),
            &string("anyone"),
            &(-1_i32).to_be_bytes(),
        ];
        let answer = exchange(&mut stream, &request.concat());
        assert_eq!(answer[12..16], [0; 4], "setting the ACL of {path}: {answer:?}");
    }

    /// A client that writes.
    pub fn writer(&self) -> Writer {
        self.writer_with(&[])
    }

    /// A client that writes, with these additional flags.
    pub fn writer_with(&self, flags: &[&str]) -> Writer {
        let mut command = Command::new(&self.writer);
        command.args(["--server", &self.servers[0].client.to_string()]).args(flags);
        Writer(Peer::start(command))
    }
}

impl Drop for Zookeeper {
    fn drop(&mut self) {
        for index in 0..self.servers.len() {
            self.kill(index);
        }
    }
}

/// Sends one packet and reads one.
fn exchange(stream: &mut TcpStream, packet: &[u8]) -> Vec<u8> {
    let length = i32::try_from(packet.len()).expect("a length").to_be_bytes();
    stream.write_all(&[&length[..], packet].concat()).expect("a request");
    let mut length = [0; 4];
    stream.read_exact(&mut length).expect("a response");
    let mut answer = vec![0; usize::try_from(i32::from_be_bytes(length)).expect("a length")];
    stream.read_exact(&mut answer).expect("a whole response");
    answer
}

/// A server's response to a four-letter word.
fn printed(server: SocketAddr, word: &str) -> Option<String> {
    let mut stream = TcpStream::connect_timeout(&server, TIME_LIMIT).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    stream.write_all(word.as_bytes()).ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    Some(text)
}

/// A process with a session of its own.
pub struct Writer(Peer);

impl Writer {
    fn send(&mut self, command: Value) {
        let answer = self.0.send(&command);
        assert!(answer["error"].is_null(), "{command}: {answer}");
    }

    /// Creates a persistent node.
    pub fn create(&mut self, path: &str, value: &str) {
        self.send(json!({ "do": "create", "path": path, "value": value }));
    }

    /// Creates an ephemeral node, which is removed with this process's session.
    pub fn create_ephemeral(&mut self, path: &str, value: &str) {
        self.send(json!({ "do": "create", "path": path, "value": value, "ephemeral": true }));
    }

    /// Creates a node that only the user of `--auth` may read.
    pub fn create_private(&mut self, path: &str, value: &str) {
        self.send(json!({ "do": "create", "path": path, "value": value, "private": true }));
    }

    /// Writes into an existing node.
    pub fn set(&mut self, path: &str, value: &str) {
        self.send(json!({ "do": "set", "path": path, "value": value }));
    }

    /// Deletes a node.
    pub fn delete(&mut self, path: &str) {
        self.send(json!({ "do": "delete", "path": path }));
    }

    /// Closes the session in order.
    pub fn end(self) {
        self.0.stop();
    }
}
