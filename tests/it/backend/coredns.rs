//! `dns` against a real CoreDNS that serves a zone file.

use std::fmt::Write as _;
use std::fs;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use grpc_discover::backend::dns::{self, Dns};
use grpc_discover::backend::{Backend, Context, Origin, Settings, Sourced};
use grpc_discover::model::endpoint::Address;
use grpc_discover::model::target::Target;
use tempfile::TempDir;

use super::battery::{Fixture, battery};
use crate::support::peers::provided;

battery!(battery, CoreDns);

pub struct CoreDns {
    binary: PathBuf,
    directory: TempDir,
    address: SocketAddr,
    serial: u32,
    process: Option<Child>,
}

impl CoreDns {
    /// Writes the zone with the next serial number; CoreDNS checks for a new one every 100 ms.
    fn write_zone(&mut self, endpoints: &[Address]) {
        self.serial += 1;
        let mut zone =
            format!("$ORIGIN pay.test.\n$TTL 1\n@ SOA ns admin {} 60 60 60 1\n@ NS ns\nns A 127.0.0.1\n", self.serial);
        for (index, endpoint) in endpoints.iter().enumerate() {
            let Address::Ip(socket) = endpoint else { panic!("{endpoint:?} has no address record") };
            let _ = writeln!(zone, "i{index} A {}\n_grpc._tcp SRV 1 1 {} i{index}", socket.ip(), socket.port());
        }
        let next = self.directory.path().join("next");
        fs::write(&next, zone).unwrap();
        fs::rename(next, self.directory.path().join("zone")).unwrap();
    }

    fn context(&self) -> Context {
        let server = Some(Sourced::new(self.address, Origin::Flag("--dns-server")));
        let dns = dns::DnsSettings { server, ..dns::DnsSettings::default() };
        let mut settings = Settings::default().with(dns);
        settings.resolve_timeout = Duration::from_secs(2);
        Context::new(settings)
    }
}

impl Fixture for CoreDns {
    async fn start() -> Option<Self> {
        let binary = provided("GRPC_DISCOVER_TEST_COREDNS")?;
        let mut coredns = CoreDns {
            binary,
            directory: tempfile::tempdir().unwrap(),
            address: free_address(),
            serial: 0,
            process: None,
        };
        let port = coredns.address.port();
        let corefile = format!("pay.test:{port} {{\n  bind 127.0.0.1\n  file zone {{\n    reload 100ms\n  }}\n}}\n");
        fs::write(coredns.directory.path().join("Corefile"), corefile).unwrap();
        coredns.write_zone(&[]);
        coredns.start_again().await;
        Some(coredns)
    }

    fn backend(&self) -> &'static dyn Backend {
        &Dns
    }

    fn target(&self) -> Target {
        "srv:_grpc._tcp.pay.test".parse().unwrap()
    }

    fn context(&self) -> Context {
        CoreDns::context(self)
    }

    /// Returns once this zone is served.
    async fn set(&mut self, endpoints: &[Address]) {
        self.write_zone(endpoints);
        if self.process.is_some() {
            self.serves(self.serial).await;
        }
    }

    async fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    async fn start_again(&mut self) {
        let process = Command::new(&self.binary)
            .args(["-conf", "Corefile", "-quiet"])
            .current_dir(self.directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        self.process = Some(process.unwrap());
        self.serves(self.serial).await;
    }
}

#[cfg(all(feature = "consul", feature = "etcd", feature = "eureka", feature = "kubernetes", feature = "zookeeper"))]
impl CoreDns {
    /// The address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sends it a signal: `-STOP`, `-CONT`.
    pub fn signal(&self, signal: &str) {
        let id = self.process.as_ref().expect("a running server").id().to_string();
        let status = Command::new("kill").args([signal, &id]).status().expect("the kill command");
        assert!(status.success(), "kill {signal} {id}: {status}");
    }
}

impl CoreDns {
    /// Queries the SOA until its serial number is `serial`.
    async fn serves(&self, serial: u32) {
        let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
        socket.connect(self.address).await.unwrap();
        let question = b"\0\x01\0\0\0\x01\0\0\0\0\0\0\x03pay\x04test\0\0\x06\0\x01";
        let arrived = async {
            loop {
                let mut reply = [0; 512];
                // Refused while it starts; the old zone for up to 100 ms after a change.
                drop(socket.send(question).await);
                let read = tokio::time::timeout(Duration::from_millis(100), socket.recv(&mut reply)).await;
                if let Ok(Ok(length)) = read
                    && reply[..length].windows(4).any(|window| window == serial.to_be_bytes())
                {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), arrived).await.expect("CoreDNS serves the zone");
    }
}

impl Drop for CoreDns {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            drop(process.kill());
            drop(process.wait());
        }
    }
}

/// An address that is free over UDP and TCP.
fn free_address() -> SocketAddr {
    loop {
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = udp.local_addr().unwrap();
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}
