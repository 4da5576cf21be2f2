//! Running clients on the real frameworks: what `client` and `who` report about them.

use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::net::TcpSocket;

use crate::support::consul::{ConsulAgent, Mode};
use crate::support::grpc::{GrpcServer, Kind};
use crate::support::hosts::Hosts;
use crate::support::kratos::{Client, KratosClient};
use crate::support::tool::{Finished, Running, run};

/// A poller of 2.7.2 that should stop does so with probability 1/2 every ten seconds.
const TIME_LIMIT: Duration = Duration::from_secs(240);

/// A running poller queries again within a second. One without a query for this long has stopped.
const STOPPED: Duration = Duration::from_secs(5);

/// The limit of the contract for a latent freeze: from the call on.
const NAMED_WITHIN: Duration = Duration::from_secs(25);

/// A Kratos client, its server and its registry.
struct Stage {
    consul: ConsulAgent,
    client: KratosClient,
    server: GrpcServer,
    service: &'static str,
    place: String,
}

impl Stage {
    fn start(version: &'static str, service: &'static str) -> Option<Stage> {
        let consul = ConsulAgent::start(Mode::Dev)?;
        let server = GrpcServer::start(Kind::Go, &[])?;
        consul.register_kratos(service, "A", server.address.port());
        let address = consul.address();
        let args = ["--consul", &address, "--service", service, "--idle", "3s", "--listen", "127.0.0.1:0"];
        let client = KratosClient::start(Client::Kratos(version), &args)?;
        let place = client.listening().expect("an address that it listens on");
        Some(Stage { consul, client, server, service, place })
    }

    /// One call, an idle period, and the poller's end where it has one.
    fn idle_once(&mut self, stops: bool) {
        let from = self.client.mark();
        assert_eq!(self.client.call(1).code, "OK");
        assert!(self.client.wait_for_state(from, 1, "IDLE", TIME_LIMIT), "it becomes idle");
        let since = Instant::now();
        loop {
            let state = self.client.state(1);
            if state.querying == 0 && state.quiet > STOPPED || !stops {
                return;
            }
            assert!(since.elapsed() < TIME_LIMIT, "its poller does not stop");
            std::thread::sleep(Duration::from_millis(500));
        }
    }

    /// `client` on it, while it makes calls; the time from the first call to the verdict.
    fn read(&mut self, output: &str) -> (i32, Vec<Value>, Duration) {
        let called = Instant::now();
        self.client.call(1);
        let of = format!("consul://{}/{}", self.consul.address(), self.service);
        let mut tool = Running::start(&["client", &self.place, "--of", &of, "--plaintext", "-o", output]);
        while tool.is_running() {
            std::thread::sleep(Duration::from_millis(200));
            self.client.call(1);
        }
        let took = called.elapsed();
        let (status, events) = tool.finish(TIME_LIMIT);
        (status.code().unwrap(), events.into_iter().map(|(_, event)| event).collect(), took)
    }

    /// Another server takes the place of the first one, which is killed.
    fn move_server(&mut self) -> (String, GrpcServer) {
        let next = GrpcServer::start(Kind::Go, &[]).expect("what could be started before");
        self.consul.register_kratos(self.service, "B", next.address.port());
        self.consul.deregister("A");
        let old = self.server.address.to_string();
        let first = std::mem::replace(&mut self.server, next);
        first.kill();
        let other = GrpcServer::start(Kind::Go, &[]).expect("what could be started before");
        (old, other)
    }
}

fn findings(events: &[Value]) -> Vec<&Value> {
    events.iter().filter(|event| event["kind"] == "finding").collect()
}

fn names(events: &[Value]) -> Vec<&str> {
    findings(events).iter().map(|finding| finding["name"].as_str().unwrap()).collect()
}

#[test]
fn kratos_2_7_2_is_frozen_after_idle_before_and_after_its_server_moves() {
    let Some(mut stage) = Stage::start("2.7.2", "frozen") else { return };
    stage.idle_once(true);
    let (code, events, took) = stage.read("ndjson");
    assert_eq!((code, names(&events)), (1, vec!["FROZEN_LATENT"]), "{events:#?}");
    assert!(took <= NAMED_WITHIN, "named after {took:?}");
    let text = findings(&events)[0]["text"].as_str().unwrap();
    assert!(text.contains("no query from 127.0.0.1 in the log of the consul agent"), "{text}");

    let (old, _other) = stage.move_server();
    let (code, events, _) = stage.read("ndjson");
    assert_eq!((code, names(&events)), (2, vec!["FROZEN"]), "{events:#?}");
    let text = findings(&events)[0]["text"].as_str().unwrap();
    for part in [old.as_str(), "has not listed for at least", "2.5.4 to 2.7.2"] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

fn stays_up_to_date(version: &'static str, service: &'static str) {
    let Some(mut stage) = Stage::start(version, service) else { return };
    stage.idle_once(false);
    std::thread::sleep(Duration::from_secs(12));
    for step in ["after idle", "after the move"] {
        let (code, events, _) = stage.read("ndjson");
        assert_eq!((code, names(&events)), (0, vec![]), "{version} {step}: {events:#?}");
        let verdict = events.iter().rev().find(|event| event["verdict"] == "up-to-date");
        let verdict = verdict.unwrap_or_else(|| panic!("{events:#?}"));
        assert_eq!(verdict["hears"], "yes", "{version} {step}: {events:#?}");
        if step == "after idle" {
            let (_old, _other) = stage.move_server();
        }
    }
}

#[test]
fn kratos_2_8_4_is_up_to_date_through_the_same_steps() {
    stays_up_to_date("2.8.4", "fixed-284");
}

#[test]
fn kratos_2_9_2_is_up_to_date_through_the_same_steps() {
    stays_up_to_date("2.9.2", "fixed-292");
}

#[test]
fn grpc_go_over_dns_does_not_know_the_endpoints_that_were_added() {
    let Some(a) = GrpcServer::start_on(Kind::Go, "127.0.0.2:0", &[]) else { return };
    let port = a.address.port();
    let Some(_b) = GrpcServer::start_on(Kind::Go, &format!("127.0.0.3:{port}"), &[]) else { return };
    let Some(mut hosts) = Hosts::start() else { return };
    hosts.set("blind.test", &["127.0.0.2"]);
    let target = hosts.target("blind.test", port);
    let args = ["--target", &target, "--idle", "0", "--timeout", "5s", "--listen", "127.0.0.1:0"];
    let Some(mut client) = KratosClient::start(Client::GrpcGo, &args) else { return };
    assert_eq!(client.call(1).code, "OK");
    hosts.set("blind.test", &["127.0.0.2", "127.0.0.3"]);
    let place = client.listening().unwrap();
    let read = run(&["client", &place, "--plaintext", "-o", "ndjson"]);
    assert_eq!(read.code, 1, "{}", read.all());
    let events = read.events();
    assert_eq!(names(&events), ["DNS_BLIND"], "{}", read.all());
    let text = findings(&events)[0]["text"].as_str().unwrap();
    assert!(text.contains(&format!("does not know 127.0.0.3:{port}")), "{text}");
    hosts.set("blind.test", &["127.0.0.2"]);
    let read = run(&["client", &place, "--plaintext", "-o", "ndjson"]);
    assert_eq!((read.code, names(&read.events())), (0, vec![]), "{}", read.all());
}

/// Opens a connection from `ip`, and one call on it that stays open; both last as long as the value.
async fn connects(ip: [u8; 4], to: std::net::SocketAddr) -> Vec<Box<dyn std::any::Any + Send>> {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((std::net::IpAddr::from(ip), 0).into()).unwrap();
    let stream = socket.connect(to).await.unwrap();
    let (send, connection) = h2::client::handshake(stream).await.unwrap();
    let driver = tokio::spawn(async move { _ = connection.await });
    let mut send = send.ready().await.unwrap();
    let request = http::Request::post(format!("http://{to}/grpc.health.v1.Health/Watch"))
        .header("content-type", "application/grpc")
        .header("te", "trailers");
    let (response, mut stream) = send.send_request(request.body(()).unwrap(), false).unwrap();
    stream.send_data(bytes::Bytes::from_static(&[0, 0, 0, 0, 0]), true).unwrap();
    let response = response.await.unwrap();
    vec![Box::new(send), Box::new(stream), Box::new(response), Box::new(driver)]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_names_those_that_do_not_know_the_fresh_endpoint_and_those_left_on_the_draining_one() {
    let start = || GrpcServer::start(Kind::Go, &["--channelz"]);
    let (Some(draining), Some(old)) = (start(), start()) else { return };
    let mut open = Vec::new();
    for last in 1..=40 {
        open.push(connects([127, 0, 1, last], old.address).await);
        if last <= 3 {
            open.push(connects([127, 0, 1, last], draining.address).await);
        }
    }
    let Some(fresh) = start() else { return };
    // Clients get some seconds to come.
    tokio::time::sleep(Duration::from_secs(16)).await;
    let directory = tempfile::tempdir().unwrap();
    let list = serde_json::json!([
        { "address": draining.address.to_string(), "status": "draining" },
        { "address": old.address.to_string(), "status": "healthy" },
        { "address": fresh.address.to_string(), "status": "healthy" },
    ]);
    let path = directory.path().join("pay.json");
    std::fs::write(&path, list.to_string()).unwrap();
    let read: Finished = tokio::task::spawn_blocking(move || {
        run(&["who", "--plaintext", "-o", "ndjson", &format!("file:{}", path.display())])
    })
    .await
    .unwrap();
    assert_eq!(read.code, 1, "{}", read.all());
    let events = read.events();
    assert_eq!(names(&events), ["NOBODY_CAME", "LEFT_ON_DRAINING"], "{}", read.all());
    let [came, left] = [0, 1].map(|at| findings(&events)[at]["text"].as_str().unwrap().to_string());
    assert!(came.contains(&fresh.address.to_string()) && came.contains("40 clients are connected to other"), "{came}");
    assert!(left.contains(&format!("{} is draining and 3 clients are still connected", draining.address)), "{left}");
    assert!(left.contains("127.0.1.1, 127.0.1.2, 127.0.1.3"), "{left}");
    let served = events.iter().find(|event| event["address"] == old.address.to_string() && event["kind"] == "client");
    assert_eq!(served.unwrap()["connections"].as_array().unwrap().len(), 40, "we ourselves are left out");
    drop(open);
}

#[test]
fn a_server_without_channelz_is_unknown_with_the_way_to_expose_it() {
    let Some(server) = GrpcServer::start(Kind::Go, &[]) else { return };
    let read = run(&["client", &server.address.to_string(), "--plaintext"]);
    assert_eq!(read.code, 3, "{}", read.all());
    assert!(read.out.contains("no channelz service") && read.out.contains("RegisterChannelz"), "{}", read.all());
}
