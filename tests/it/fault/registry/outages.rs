//! Outages of real registries: frozen, killed and restarted with its data, every connection reset, unreachable. No
//! endpoint is reported as removed, and a change right after the outage is seen soon. A fixed selection always runs;
//! the long ones run with `GRPC_DISCOVER_TEST_ALL_FAULTS=1`.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::watch::{TIME_LIMIT, Watch};
use crate::backend::battery::Fixture as _;
use crate::backend::coredns::CoreDns;
use crate::fault::every_fault;
use crate::support::consul::{ConsulAgent, Mode};
use crate::support::etcd::Etcd;
use crate::support::eureka::Eureka;
use crate::support::forwarder::Forwarder;
use crate::support::kubernetes::{ADMIN, Cluster, ready};
use crate::support::zookeeper::Zookeeper;

/// How soon after the outage a change must be seen: the longest delay between two queries, the time limit of a query
/// in flight, and a margin for a busy machine.
const SOON: Duration = Duration::from_secs(15);

/// A registry that can fail.
trait Registry {
    /// The address that it listens on.
    fn address(&self) -> SocketAddr;
    /// The target to watch through `forwarder`, and the variables that it needs.
    fn target(&self, forwarder: SocketAddr) -> (String, Vec<(&'static str, String)>);
    /// Registers 10.0.0.`host` beside all others; returns the address that is listed then.
    fn add(&mut self, host: u8) -> String;
    /// Freezes it (SIGSTOP), or resumes it.
    fn freeze(&self, is_frozen: bool);
    /// True when it is reached over TCP connections, which can be reset.
    fn has_connections(&self) -> bool {
        true
    }
    /// Kills it and restarts it with its data; false if it has none.
    fn restart(&mut self) -> bool;
}

/// The kinds of outage.
#[derive(Debug, Clone, Copy)]
enum Outage {
    Frozen(Duration),
    Restarted,
    Reset,
    CutOff(Duration),
}

fn outages() -> Vec<Outage> {
    let mut outages = vec![Outage::Reset, Outage::Frozen(Duration::from_secs(5)), Outage::Restarted];
    if every_fault() {
        outages.extend([Outage::CutOff(Duration::from_secs(40)), Outage::Frozen(Duration::from_secs(30))]);
    }
    outages
}

#[expect(clippy::print_stderr, reason = "the figures of docs/reliability.md")]
fn outlives(name: &str, mut registry: impl Registry) {
    let forwarder = Forwarder::to(registry.address());
    let first = registry.add(1);
    let (target, environment) = registry.target(forwarder.address);
    let environment: Vec<(&str, &str)> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut watch = Watch::start(&["resolve", "--watch", &target], &environment);
    watch.until_listed(&first, TIME_LIMIT);
    for (host, outage) in (2..).zip(outages()) {
        match outage {
            Outage::Reset | Outage::CutOff(_) if !registry.has_connections() => continue,
            Outage::Reset => {
                forwarder.close();
                forwarder.open();
            }
            Outage::CutOff(time) => {
                forwarder.close();
                std::thread::sleep(time);
                forwarder.open();
            }
            Outage::Frozen(time) => {
                registry.freeze(true);
                std::thread::sleep(time);
                registry.freeze(false);
            }
            Outage::Restarted if !registry.restart() => continue,
            Outage::Restarted => {}
        }
        let started_at = Instant::now();
        let new = registry.add(host);
        let seen = watch.until_listed(&new, TIME_LIMIT) - started_at;
        eprintln!("{name}, {outage:?}: the next change was seen after {:.1} s", seen.as_secs_f64());
        assert!(seen < SOON, "{name}, {outage:?}: {seen:?}\n{}", watch.story());
        watch.nothing_is_gone();
    }
    watch.end();
}

impl Registry for ConsulAgent {
    fn address(&self) -> SocketAddr {
        self.address().parse().expect("an address")
    }

    fn target(&self, forwarder: SocketAddr) -> (String, Vec<(&'static str, String)>) {
        (format!("consul://{forwarder}/pay"), Vec::new())
    }

    fn add(&mut self, host: u8) -> String {
        let address = format!("10.0.0.{host}");
        self.register(&json!({ "Name": "pay", "ID": address, "Address": address, "Port": 50051 }));
        format!("{address}:50051")
    }

    fn freeze(&self, is_frozen: bool) {
        if is_frozen { self.pause() } else { self.resume() }
    }

    fn restart(&mut self) -> bool {
        self.kill();
        self.start_again();
        true
    }
}

#[test]
fn consul() {
    let Some(agent) = ConsulAgent::start(Mode::Persistent) else { return };
    outlives("consul", agent);
}

impl Registry for Etcd {
    fn address(&self) -> SocketAddr {
        self.endpoints().parse().expect("one member")
    }

    fn target(&self, forwarder: SocketAddr) -> (String, Vec<(&'static str, String)>) {
        (format!("etcd://{forwarder}/pay"), Vec::new())
    }

    fn add(&mut self, host: u8) -> String {
        let address = format!("10.0.0.{host}:50051");
        self.put(&format!("pay/{host}"), &address, 0);
        address
    }

    fn freeze(&self, is_frozen: bool) {
        if is_frozen { self.pause(0) } else { self.resume(0) }
    }

    fn restart(&mut self) -> bool {
        self.kill(0);
        self.start_again(0);
        self.until_led();
        true
    }
}

#[test]
fn etcd() {
    let Some(etcd) = Etcd::start() else { return };
    outlives("etcd", etcd);
}

impl Registry for Zookeeper {
    fn address(&self) -> SocketAddr {
        self.endpoints().parse().expect("one server")
    }

    fn target(&self, forwarder: SocketAddr) -> (String, Vec<(&'static str, String)>) {
        (format!("zookeeper://{forwarder}/pay"), Vec::new())
    }

    fn add(&mut self, host: u8) -> String {
        let address = format!("10.0.0.{host}:50051");
        self.writer().create(&format!("/pay/{host}"), &address);
        address
    }

    fn freeze(&self, is_frozen: bool) {
        if is_frozen { self.pause(0) } else { self.resume(0) }
    }

    fn restart(&mut self) -> bool {
        self.kill(0);
        self.start_again(0);
        self.until_serving();
        true
    }
}

#[test]
fn zookeeper() {
    let Some(zookeeper) = Zookeeper::start() else { return };
    outlives("zookeeper", zookeeper);
}

impl Registry for Eureka {
    fn address(&self) -> SocketAddr {
        self.address().parse().expect("an address")
    }

    fn target(&self, forwarder: SocketAddr) -> (String, Vec<(&'static str, String)>) {
        (format!("eureka://{forwarder}/PAY"), Vec::new())
    }

    fn add(&mut self, host: u8) -> String {
        let address = format!("10.0.0.{host}");
        self.register(&address, &address, 600, json!({}));
        format!("{address}:8080")
    }

    fn freeze(&self, is_frozen: bool) {
        if is_frozen { self.pause() } else { self.resume() }
    }

    /// It has no disk: `restarts.rs`.
    fn restart(&mut self) -> bool {
        false
    }
}

#[test]
fn eureka() {
    let Some(eureka) = Eureka::start() else { return };
    outlives("eureka", eureka);
}

/// An API server, and the addresses in its only slice.
struct Kubernetes {
    cluster: Cluster,
    hosts: Vec<u8>,
}

impl Registry for Kubernetes {
    fn address(&self) -> SocketAddr {
        self.cluster.address()
    }

    fn target(&self, forwarder: SocketAddr) -> (String, Vec<(&'static str, String)>) {
        let config = self.cluster.kubeconfig(ADMIN);
        let text = std::fs::read_to_string(&config).expect("a kubeconfig");
        let own = self.cluster.address().to_string();
        std::fs::write(&config, text.replace(&own, &forwarder.to_string())).expect("a kubeconfig over the road");
        ("kubernetes:///pay.pay".to_string(), vec![("KUBECONFIG", config.display().to_string())])
    }

    fn add(&mut self, host: u8) -> String {
        self.hosts.push(host);
        let address = |host: &u8| format!("10.0.0.{host}");
        let endpoints: Vec<Value> = self.hosts.iter().map(address).map(|address| ready(&address, &address)).collect();
        self.cluster.slice("pay-1", "pay", &endpoints);
        format!("10.0.0.{host}:50051")
    }

    fn freeze(&self, is_frozen: bool) {
        if is_frozen { self.cluster.pause() } else { self.cluster.resume() }
    }

    fn restart(&mut self) -> bool {
        self.cluster.kill();
        self.cluster.start_again();
        true
    }
}

#[test]
fn kubernetes() {
    let Some(cluster) = Cluster::start() else { return };
    cluster.namespace("pay");
    cluster.service("pay", None);
    outlives("kubernetes", Kubernetes { cluster, hosts: Vec::new() });
}

/// A DNS server, and the addresses in its zone.
struct Dns {
    server: CoreDns,
    runtime: tokio::runtime::Runtime,
    hosts: Vec<u8>,
}

impl Registry for Dns {
    fn address(&self) -> SocketAddr {
        self.server.address()
    }

    fn target(&self, _: SocketAddr) -> (String, Vec<(&'static str, String)>) {
        let server = self.server.address().to_string();
        ("srv:_grpc._tcp.pay.test".to_string(), vec![("GRPC_DISCOVER_DNS_SERVER", server)])
    }

    fn add(&mut self, host: u8) -> String {
        self.hosts.push(host);
        let address = |host: &u8| format!("10.0.0.{host}:50051");
        let endpoints: Vec<_> = self.hosts.iter().map(|host| address(host).parse().expect("an address")).collect();
        self.runtime.block_on(self.server.set(&endpoints));
        address(&host)
    }

    fn freeze(&self, is_frozen: bool) {
        self.server.signal(if is_frozen { "-STOP" } else { "-CONT" });
    }

    fn has_connections(&self) -> bool {
        false
    }

    fn restart(&mut self) -> bool {
        self.runtime.block_on(self.server.stop());
        self.runtime.block_on(self.server.start_again());
        true
    }
}

#[test]
fn coredns() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let Some(server) = runtime.block_on(CoreDns::start()) else { return };
    outlives("coredns", Dns { server, runtime, hosts: Vec::new() });
}
