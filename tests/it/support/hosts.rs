//! A real CoreDNS that serves a hosts file: can be changed at any time, records all queries, stopped when dropped.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::peers::provided;

/// The zone of every name.
const ZONE: &str = "hosts.test";

/// Time limit for a change to be served.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// A DNS server for names in `hosts.test`, with a TTL of one second.
pub struct Hosts {
    directory: TempDir,
    process: Child,
    changes: u32,
    queried: Arc<Mutex<Vec<(Instant, String)>>>,
    /// The address that it listens on.
    pub address: SocketAddr,
}

impl Hosts {
    /// `None` (reported on stderr) if CoreDNS is not available.
    pub fn start() -> Option<Hosts> {
        let program = provided("GRPC_DISCOVER_TEST_COREDNS")?;
        let directory = tempfile::tempdir().unwrap();
        let address = free_address();
        let corefile = format!(
            "{ZONE}:{} {{\n  bind 127.0.0.1\n  log\n  hosts hosts.txt {ZONE} {{\n    ttl 1\n    reload 100ms\n  }}\n}}\n",
            address.port()
        );
        fs::write(directory.path().join("Corefile"), corefile).unwrap();
        fs::write(directory.path().join("hosts.txt"), "").unwrap();
        let mut process = Command::new(program)
            .args(["-conf", "Corefile"])
            .current_dir(directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let log = BufReader::new(process.stdout.take().unwrap());
        let queried: Arc<Mutex<Vec<(Instant, String)>>> = Arc::default();
        let received = Arc::clone(&queried);
        std::thread::spawn(move || {
            for line in log.lines().map_while(Result::ok) {
                received.lock().unwrap().push((Instant::now(), line));
            }
        });
        Some(Hosts { directory, process, changes: 0, queried, address })
    }

    /// Sets exactly these addresses for `name` (without the zone) and removes all other names. Returns once they are
    /// served.
    pub fn set(&mut self, name: &str, addresses: &[&str]) {
        self.changes += 1;
        let mark = format!("change-{}.{ZONE}", self.changes);
        let mut hosts = format!("127.0.0.1 {mark}\n");
        for address in addresses {
            let _ = writeln!(hosts, "{address} {name}.{ZONE}");
        }
        let next = self.directory.path().join("next");
        fs::write(&next, hosts).unwrap();
        fs::rename(next, self.directory.path().join("hosts.txt")).unwrap();

        until_served(self.address, &mark);
    }

    /// When the addresses (A records) of `name` were queried.
    pub fn questions(&self, name: &str) -> Vec<Instant> {
        let wanted = format!("\"A IN {name}.{ZONE}. ");
        let queried = self.queried.lock().unwrap();
        queried.iter().filter(|(_, line)| line.contains(&wanted)).map(|(at, _)| *at).collect()
    }

    /// The gRPC target for `name` with this port, resolved by this server.
    pub fn target(&self, name: &str, port: u16) -> String {
        format!("dns://{}/{name}.{ZONE}:{port}", self.address)
    }
}

impl Drop for Hosts {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Waits until the server at `address` has an IPv4 address for `name`.
pub fn until_served(address: SocketAddr, name: &str) {
    let mut question = b"\0\x01\0\0\0\x01\0\0\0\0\0\0".to_vec();
    for label in name.split('.') {
        question.push(u8::try_from(label.len()).unwrap());
        question.extend_from_slice(label.as_bytes());
    }
    question.extend_from_slice(b"\0\0\x01\0\x01");
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    socket.connect(address).unwrap();
    let since = Instant::now();
    loop {
        let mut reply = [0; 512];
        // Refused while it starts; NXDOMAIN or SERVFAIL until it has read its file.
        let read = socket.send(&question).and_then(|_| socket.recv(&mut reply));
        if read.is_ok_and(|length| length > 12) && reply[7] > 0 {
            return;
        }
        assert!(since.elapsed() < TIME_LIMIT, "CoreDNS does not serve {name}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// An address that is free over UDP and TCP.
pub fn free_address() -> SocketAddr {
    loop {
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = udp.local_addr().unwrap();
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}
