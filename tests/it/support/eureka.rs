//! A real Eureka for one test: Spring Cloud's server on a port of its own, stopped when dropped. Instances are
//! registered with plain requests, so that the writer shares nothing with the reader under test.
//!
//! `GRPC_DISCOVER_TEST_EUREKA` names the executable (`tests/run` provides it). Without it [`Eureka::start`] returns
//! `None` and the test is left out.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// Time limit for starting, restarting, or one request on a busy machine.
const TIME_LIMIT: Duration = Duration::from_secs(120);

/// A server; it stores nothing on disk.
pub struct Eureka {
    executable: PathBuf,
    address: SocketAddr,
    extra: Vec<String>,
    process: Option<Child>,
}

impl Eureka {
    /// A server that evicts instances with an expired lease.
    pub fn start() -> Option<Eureka> {
        Eureka::start_with(&["--eureka.server.enable-self-preservation=false"])
    }

    /// With these settings besides.
    pub fn start_with(extra: &[&str]) -> Option<Eureka> {
        let executable = super::peers::provided("GRPC_DISCOVER_TEST_EUREKA")?;
        let extra: Vec<String> = extra.iter().map(ToString::to_string).collect();
        // A port that was free a moment ago may be in use by now: then the server exits, and other ports are tried.
        let started = (0..5).find_map(|_| {
            let held = TcpListener::bind("127.0.0.1:0").expect("a port");
            let address = held.local_addr().expect("its address");
            drop(held);
            let mut eureka = Eureka { executable: executable.clone(), address, extra: extra.clone(), process: None };
            eureka.start_again().then_some(eureka)
        });
        Some(started.expect("an Eureka that stays"))
    }

    /// Starts the server, without instances; false if it has exited by itself.
    pub fn start_again(&mut self) -> bool {
        assert!(self.process.is_none(), "the server runs already");
        let process = Command::new(&self.executable)
            .arg("--server.address=127.0.0.1")
            .arg(format!("--server.port={}", self.address.port()))
            .args(["--eureka.client.register-with-eureka=false", "--eureka.client.fetch-registry=false"])
            // Registrations are listed immediately; by default a cache is 30 s behind.
            .args(["--eureka.server.use-read-only-response-cache=false"])
            .args(["--eureka.server.eviction-interval-timer-in-ms=500"])
            .args(["--spring.main.banner-mode=off", "--spring.main.lazy-initialization=true"])
            .args(&self.extra)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", self.executable.display()));
        self.process = Some(process);
        let started = Instant::now();
        while self.send("GET", "/eureka/apps/delta", None).is_none_or(|status| status != 200) {
            let process = self.process.as_mut().expect("a running server");
            if process.try_wait().expect("its state").is_some() {
                return false;
            }
            assert!(started.elapsed() < TIME_LIMIT, "{} answers nothing after {TIME_LIMIT:?}", self.address);
            std::thread::sleep(Duration::from_millis(50));
        }
        true
    }

    /// `127.0.0.1:port`.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// The URL as Spring's clients are configured with it.
    pub fn url(&self) -> String {
        format!("http://{}/eureka/", self.address)
    }

    /// Kills the server as a crash would.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// Freezes the server (SIGSTOP): its sockets stay open and nothing responds.
    pub fn pause(&self) {
        self.signal("-STOP");
    }

    /// Resumes it (SIGCONT).
    pub fn resume(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let id = self.process.as_ref().expect("a running server").id().to_string();
        let status = Command::new("kill").args([signal, &id]).status().expect("the kill command");
        assert!(status.success(), "kill {signal} {id}: {status}");
    }

    /// Registers `id` of the application PAY at `host`, with a lease of this many seconds and these metadata.
    pub fn register(&self, id: &str, host: &str, lease: u64, metadata: Value) {
        let instance = json!({ "instance": {
            "instanceId": id, "hostName": host, "ipAddr": host, "app": "PAY", "status": "UP",
            "port": { "$": 8080, "@enabled": "true" }, "securePort": { "$": 443, "@enabled": "false" },
            "dataCenterInfo": { "@class": "com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo", "name": "MyOwn" },
            "leaseInfo": { "durationInSecs": lease, "renewalIntervalInSecs": 30 },
            "metadata": metadata,
        } });
        self.must("POST", "/eureka/apps/PAY", Some(&instance));
    }

    /// Renews the lease of `id`.
    pub fn renew(&self, id: &str) {
        self.must("PUT", &format!("/eureka/apps/PAY/{id}"), None);
    }

    /// Sets the status of `id` over its head.
    pub fn overrule(&self, id: &str, status: &str) {
        self.must("PUT", &format!("/eureka/apps/PAY/{id}/status?value={status}"), None);
    }

    /// Deregisters `id`.
    pub fn cancel(&self, id: &str) {
        self.must("DELETE", &format!("/eureka/apps/PAY/{id}"), None);
    }

    fn must(&self, method: &str, path: &str, body: Option<&Value>) {
        let status = self.send(method, path, body);
        assert!(status.is_some_and(|status| status / 100 == 2), "{method} {path}: {status:?}");
    }

    /// The HTTP status of the response, if there is one.
    fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Option<u16> {
        let mut stream = TcpStream::connect_timeout(&self.address, TIME_LIMIT).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(30))).ok()?;
        let body = body.map(Value::to_string).unwrap_or_default();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nAccept: application/json\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n",
            self.address,
            body.len()
        );
        stream.write_all(format!("{head}{body}").as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        answer.split(' ').nth(1)?.parse().ok()
    }
}

impl Drop for Eureka {
    fn drop(&mut self) {
        self.kill();
    }
}
