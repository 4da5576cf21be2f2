//! `zookeeper` in the battery, and what only a registry with sessions and one-shot watches can show: all of it
//! against the real ZooKeeper server.

#![cfg(feature = "zookeeper")]

use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use grpc_discover::backend::settings::BackendSettings as _;
use grpc_discover::backend::zookeeper::{Zookeeper as ZookeeperBackend, ZookeeperSettings};
use grpc_discover::backend::{Backend, Context, Resolution, Settings};
use grpc_discover::model::endpoint::{Address, Lease};
use grpc_discover::model::resolution::{NoteKind, ResolveCode};
use grpc_discover::model::target::Target;
use tokio::time::timeout;

use super::battery::{Fixture, battery};
use super::words::{TIME_LIMIT, answer, notes, places, word};
use crate::support::tool::{Running, run, run_command, tool};
use crate::support::zookeeper::{Writer, Zookeeper};

battery!(battery, RealZookeeper);

/// One server that stores its data on disk, and a writer.
pub struct RealZookeeper {
    zookeeper: Zookeeper,
    writer: Writer,
    registered: Vec<Address>,
}

impl Fixture for RealZookeeper {
    async fn start() -> Option<Self> {
        let zookeeper = Zookeeper::start()?;
        let writer = zookeeper.writer();
        Some(RealZookeeper { zookeeper, writer, registered: Vec::new() })
    }

    fn backend(&self) -> &'static dyn Backend {
        &ZookeeperBackend
    }

    fn target(&self) -> Target {
        "zookeeper:///pay".parse().unwrap()
    }

    fn context(&self) -> Context {
        context(&[("ZOOKEEPER_CONNECT", &self.zookeeper.endpoints())])
    }

    async fn set(&mut self, endpoints: &[Address]) {
        for gone in self.registered.iter().filter(|address| !endpoints.contains(address)) {
            self.writer.delete(&format!("/pay/{gone}"));
        }
        for new in endpoints.iter().filter(|address| !self.registered.contains(address)) {
            self.writer.create(&format!("/pay/{new}"), &new.to_string());
        }
        self.registered = endpoints.to_vec();
    }

    async fn stop(&mut self) {
        self.zookeeper.kill(0);
    }

    async fn start_again(&mut self) {
        self.zookeeper.start_again(0);
        self.zookeeper.until_serving();
    }
}

fn context(variables: &[(&str, &str)]) -> Context {
    let of = |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, value)| value.to_string());
    let zookeeper = ZookeeperSettings::from_env(of).expect("settings");
    let mut settings = Settings::default().with(zookeeper);
    settings.resolve_timeout = Duration::from_secs(15);
    Context::new(settings)
}

fn query(target: &str, variables: &[(&str, &str)]) -> Resolution {
    ZookeeperBackend.resolve(&target.parse().expect(target), &context(variables))
}

fn watch(zookeeper: &Zookeeper, target: &str) -> Resolution {
    query(target, &[("ZOOKEEPER_CONNECT", &zookeeper.endpoints())])
}

#[tokio::test]
async fn a_node_is_reported_with_its_session_and_goes_with_it() {
    let Some(zookeeper) = Zookeeper::start() else { return };
    let (mut first, mut second) = (zookeeper.writer(), zookeeper.writer());
    first.create("/pay/1", "10.0.0.1:50051");
    first.create_ephemeral("/pay/2", "10.0.0.2:50051");
    first.create_ephemeral("/pay/3", "10.0.0.3:50051");
    second.create_ephemeral("/pay/4", "10.0.0.4:50051");
    let mut stream = watch(&zookeeper, "zookeeper:///pay");
    let reported = answer(&mut stream).await;
    assert_eq!(places(&reported), ["10.0.0.1:50051", "10.0.0.2:50051", "10.0.0.3:50051", "10.0.0.4:50051"]);
    let [permanent, owned, same, other] = &reported.endpoints[..] else { panic!("{reported:?}") };
    assert_eq!((permanent.id.as_deref(), &permanent.lease), (Some("/pay/1"), &Some(Lease::Permanent)));
    assert!(matches!(owned.lease, Some(Lease::Held { granted: None, usual: None, .. })), "{owned:?}");
    assert_eq!(owned.lease, same.lease, "one session");
    assert_ne!(owned.lease, other.lease, "two sessions");
    assert_eq!(
        notes(&reported, NoteKind::Permanent),
        ["1 of 4 nodes are not ephemeral, so they are not removed when their process stops: \"/pay/1\""]
    );
    let [queried] = notes(&reported, NoteKind::Queried)[..] else { panic!("{reported:?}") };
    assert!(queried.contains("synced with the leader") && queried.contains("session timeout 10s"), "{queried}");

    first.delete("/pay/2");
    let reported = answer(&mut stream).await;
    let [why] = notes(&reported, NoteKind::Departed)[..] else { panic!("{reported:?}") };
    assert!(why.starts_with("node \"/pay/2\" was deleted while its session 0x"), "{why}");

    second.end();
    let reported = answer(&mut stream).await;
    assert_eq!(places(&reported), ["10.0.0.1:50051", "10.0.0.3:50051"]);
    let [why] = notes(&reported, NoteKind::Departed)[..] else { panic!("{reported:?}") };
    assert!(why.starts_with("node \"/pay/4\" was removed: deleted, or its session 0x"), "{why}");

    // Writing into an existing node is a change, too.
    first.set("/pay/3", "10.0.0.9:50051");
    assert_eq!(places(&answer(&mut stream).await), ["10.0.0.1:50051", "10.0.0.9:50051"]);
    first.delete("/pay/1");
    let reported = answer(&mut stream).await;
    assert_eq!(notes(&reported, NoteKind::Departed), ["node \"/pay/1\" was deleted; no session owned it"]);
}

#[tokio::test]
async fn a_process_that_dies_is_listed_until_its_session_ends() {
    let Some(zookeeper) = Zookeeper::start() else { return };
    let mut writer = zookeeper.writer_with(&["--session", "1s"]);
    writer.create_ephemeral("/pay/1", "10.0.0.1:50051");
    let mut stream = watch(&zookeeper, "zookeeper:///pay");
    assert_eq!(places(&answer(&mut stream).await), ["10.0.0.1:50051"]);
    // Killed, so that the session is not closed.
    drop(writer);
    let reported = answer(&mut stream).await;
    assert_eq!(places(&reported), [""; 0]);
    assert_eq!(notes(&reported, NoteKind::Departed).len(), 1, "{reported:?}");
}

#[tokio::test]
async fn a_parent_that_is_not_there_is_waited_for_also_when_it_goes_again() {
    let Some(zookeeper) = Zookeeper::start() else { return };
    let mut writer = zookeeper.writer();
    let mut stream = watch(&zookeeper, "zookeeper:///pay?layout=kratos");
    assert_eq!(places(&answer(&mut stream).await), [""; 0]);
    let value = |port: u16| format!(r#"{{"id":"1","name":"pay","endpoints":["grpc://127.0.0.1:{port}"]}}"#);
    for port in [9000, 9001] {
        writer.create("/microservices/pay/1", &value(port));
        loop {
            let reported = answer(&mut stream).await;
            if !reported.endpoints.is_empty() {
                assert_eq!(places(&reported), [format!("127.0.0.1:{port}")]);
                break;
            }
        }
        writer.delete("/microservices/pay/1");
        writer.delete("/microservices/pay");
        while !answer(&mut stream).await.endpoints.is_empty() {}
    }
}

#[tokio::test]
async fn many_nodes_are_read_at_once_and_followed() {
    let Some(zookeeper) = Zookeeper::start() else { return };
    let mut writer = zookeeper.writer();
    for index in 0..500 {
        writer.create(&format!("/pay/{index:03}"), &format!("10.0.{}.{}:50051", index / 250, index % 250 + 1));
    }
    let mut stream = watch(&zookeeper, "zookeeper:///pay");
    assert_eq!(answer(&mut stream).await.endpoints.len(), 500);
    for index in 0..500 {
        writer.delete(&format!("/pay/{index:03}"));
    }
    while !answer(&mut stream).await.endpoints.is_empty() {}
}

#[tokio::test]
async fn a_server_that_freezes_under_a_watch_is_noticed() {
    let Some(zookeeper) = Zookeeper::start() else { return };
    zookeeper.writer().create("/pay/1", "10.0.0.1:50051");
    let mut stream = watch(&zookeeper, "zookeeper:///pay");
    answer(&mut stream).await;
    zookeeper.pause(0);
    let error = word(&mut stream).await.expect_err("a frozen server");
    assert_eq!(error.failure().code, ResolveCode::Timeout, "{error}");
    assert!(error.to_string().contains("while watching: frozen or unreachable"), "{error}");
    assert_eq!(timeout(TIME_LIMIT, stream.next()).await.expect("an end"), None);
    let error = word(&mut watch(&zookeeper, "zookeeper:///pay")).await.expect_err("a frozen server");
    assert_eq!(error.failure().code, ResolveCode::Timeout, "{error}");
    assert!(error.to_string().contains("opening a session: no response within"), "{error}");
}

#[tokio::test]
async fn a_quiet_watch_keeps_its_session_and_a_dropped_one_leaves_none() {
    let Some(zookeeper) = Zookeeper::start() else { return };
    let mut writer = zookeeper.writer();
    writer.create("/pay/1", "10.0.0.1:50051");
    let mut stream = watch(&zookeeper, "zookeeper:///pay");
    answer(&mut stream).await;
    // Longer than its session timeout; only keepalive messages are exchanged.
    let silence = timeout(Duration::from_secs(12), stream.next()).await;
    assert!(silence.is_err(), "{silence:?}");
    writer.set("/pay/1", "10.0.0.2:50051");
    assert_eq!(places(&answer(&mut stream).await), ["10.0.0.2:50051"]);
    let before = zookeeper.sessions();
    drop(stream);
    let started = Instant::now();
    while zookeeper.sessions() >= before {
        assert!(started.elapsed() < Duration::from_secs(5), "a session stays: {before}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[test]
fn nothing_is_called_gone_while_an_ensemble_has_no_leader() {
    let Some(mut zookeeper) = Zookeeper::ensemble(3) else { return };
    let mut writer = zookeeper.writer();
    for index in 1..=3 {
        writer.create(&format!("/pay/{index}"), &format!("127.0.0.{index}:1"));
    }
    let target = format!("zookeeper://{}/pay", zookeeper.endpoints());
    let mut running = Running::start(&["watch", "--plaintext", "-o", "ndjson", &target]);
    running.wait_for("the list", TIME_LIMIT, |event| event["kind"] == "endpoints" && event["total"] == 3);

    // The leader and one more: the remaining server has no leader.
    let leader = zookeeper.leader();
    let other = (0..3).find(|index| *index != leader).unwrap();
    zookeeper.kill(leader);
    zookeeper.kill(other);
    let broken = |event: &serde_json::Value| event["kind"] == "backend" && event["status"] == "broken";
    running.wait_for("the loss", TIME_LIMIT, broken);
    // Repeated queries report the reason, and not an empty list.
    let no_leader = |event: &serde_json::Value| broken(event) && event["error"].to_string().contains("no leader");
    running.wait_for("a server that reports that it is not serving", TIME_LIMIT, no_leader);
    zookeeper.start_again(leader);
    zookeeper.start_again(other);
    running.wait_for("the recovery", TIME_LIMIT, |event| event["status"] == "recovered");
    zookeeper.until_serving();
    zookeeper.writer().create("/pay/4", "127.0.0.4:1");
    running.wait_for("what is new", TIME_LIMIT, |event| event["kind"] == "endpoints" && event["total"] == 4);
    let gone =
        running.seen.iter().filter(|(_, event)| event["removed"].as_array().is_some_and(|gone| !gone.is_empty()));
    assert_eq!(gone.count(), 0, "{:?}", running.seen);
}

#[tokio::test]
async fn the_next_server_is_queried_when_one_is_gone_or_is_not_a_zookeeper() {
    let Some(zookeeper) = Zookeeper::start() else { return };
    zookeeper.writer().create("/pay/1", "10.0.0.1:50051");
    let gone = format!("127.0.0.1:{}", free_port());
    let reported = answer(&mut query(&format!("zk://{gone},{}/pay", zookeeper.endpoints()), &[])).await;
    assert_eq!(places(&reported), ["10.0.0.1:50051"]);
    let [queried] = notes(&reported, NoteKind::Queried)[..] else { panic!("{reported:?}") };
    assert!(queried.contains(&format!("; failed before: {gone}: connection refused")), "{queried}");

    // A server of another kind listens there, and its response is too long to be read as a frame.
    let stranger = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let place = stranger.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in stranger.incoming().map_while(Result::ok) {
            use std::io::{Read as _, Write as _};
            let _ = (&stream).write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
            // Open until the client has closed the connection.
            let _ = (&stream).read_to_end(&mut Vec::new());
        }
    });
    let error = word(&mut query(&format!("zookeeper://{place}/pay"), &[])).await.expect_err("a stranger");
    assert_eq!(error.failure().code, ResolveCode::BadAnswer, "{error}");
}

#[tokio::test]
async fn a_user_with_read_access_gets_the_list_and_another_an_error() {
    let Some(zookeeper) = Zookeeper::start() else { return };
    let mut writer = zookeeper.writer_with(&["--auth", "reader:s3cret"]);
    writer.create("/pay/1", "10.0.0.1:50051");
    writer.create_private("/pay/2", "10.0.0.2:50051");
    writer.create_private("/hidden", "");
    let servers = zookeeper.endpoints();
    let as_user =
        |user: &'static str, target: &str| query(target, &[("ZOOKEEPER_CONNECT", &servers), ("ZOOKEEPER_AUTH", user)]);
    let reported = answer(&mut as_user("reader:s3cret", "zookeeper:///pay")).await;
    assert_eq!(places(&reported), ["10.0.0.1:50051", "10.0.0.2:50051"]);
    for user in ["reader:wrong", "stranger:s3cret"] {
        let reported = answer(&mut as_user(user, "zookeeper:///pay")).await;
        assert_eq!(places(&reported), ["10.0.0.1:50051"]);
        assert_eq!(notes(&reported, NoteKind::Skipped), ["zookeeper denies this user read access to \"/pay/2\""]);
        let error = word(&mut as_user(user, "zookeeper:///hidden")).await.expect_err("a hidden parent");
        assert_eq!(error.failure().code, ResolveCode::Denied, "{error}");
        assert!(error.to_string().contains("no permission to read \"/hidden\""), "{error}");
        assert!(!error.to_string().contains("s3cret") && !error.to_string().contains("wrong"), "{error}");
    }
    // As soon as reading is allowed, a reader sees it.
    assert_eq!(places(&answer(&mut as_user("reader:s3cret", "zookeeper:///hidden")).await), [""; 0]);
}

#[test]
fn a_bare_name_is_queried_in_zookeeper_when_the_environment_names_it() {
    let Some(zookeeper) = Zookeeper::start() else { return };
    let value = r#"{"id":"1","name":"pay","version":"v1","metadata":{},"endpoints":["grpc://127.0.0.1:9000"]}"#;
    let mut writer = zookeeper.writer();
    writer.create_ephemeral("/eu/microservices/pay/1", value);
    let connect = format!("{}/eu", zookeeper.endpoints());
    let mut command = tool(&["resolve", "-o", "json", "--backend", "zookeeper", "pay"]);
    command.env("ZOOKEEPER_CONNECT", &connect);
    let run_there = run_command(command);
    assert_eq!(run_there.code, 0, "{}", run_there.all());
    assert!(
        run_there.out.contains("127.0.0.1:9000") && run_there.out.contains("kratos: endpoint grpc"),
        "{}",
        run_there.all()
    );

    let mut command = tool(&["backends", "-v"]);
    command.env("ZOOKEEPER_CONNECT", &connect).env("ZOOKEEPER_AUTH", "ann:hunter2");
    let shown = run_command(command);
    assert!(shown.out.contains("ann:***") && !shown.out.contains("hunter2"), "{}", shown.all());
    assert!(shown.out.contains("zookeeper 3.") && shown.out.contains(", standalone"), "{}", shown.all());

    let nobody = run(&["resolve", &format!("zookeeper://127.0.0.1:{}/pay", free_port())]);
    assert_eq!(nobody.code, 3, "{}", nobody.all());
    assert!(nobody.all().contains("connection refused"), "{}", nobody.all());
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
