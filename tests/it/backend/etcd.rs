//! `etcd` in the battery, and what only a registry with leases, revisions and a leader can show: all of it against
//! the real etcd server.

#![cfg(feature = "etcd")]

use std::time::Duration;

use grpc_discover::backend::etcd::{Etcd as EtcdBackend, EtcdSettings};
use grpc_discover::backend::settings::BackendSettings as _;
use grpc_discover::backend::{Backend, Context, Resolution, Settings};
use grpc_discover::model::endpoint::{Address, Lease};
use grpc_discover::model::resolution::{NoteKind, ResolveCode, ResolveError};
use grpc_discover::model::target::Target;

use super::battery::{Fixture, battery};
use super::words::{TIME_LIMIT, answer, end, notes, places, word};
use crate::support::etcd::Etcd;
use crate::support::tool::{Running, run};

battery!(battery, RealEtcd);

/// One member that stores its data on disk.
pub struct RealEtcd {
    etcd: Etcd,
    registered: Vec<Address>,
}

impl Fixture for RealEtcd {
    async fn start() -> Option<Self> {
        Some(RealEtcd { etcd: Etcd::start()?, registered: Vec::new() })
    }

    fn backend(&self) -> &'static dyn Backend {
        &EtcdBackend
    }

    fn target(&self) -> Target {
        "etcd:///pay".parse().unwrap()
    }

    fn context(&self) -> Context {
        context(&[("ETCDCTL_ENDPOINTS", &self.etcd.endpoints())])
    }

    async fn set(&mut self, endpoints: &[Address]) {
        for gone in self.registered.iter().filter(|address| !endpoints.contains(address)) {
            self.etcd.delete(&format!("pay/{gone}"));
        }
        for new in endpoints.iter().filter(|address| !self.registered.contains(address)) {
            self.etcd.put(&format!("pay/{new}"), &new.to_string(), 0);
        }
        self.registered = endpoints.to_vec();
    }

    async fn stop(&mut self) {
        self.etcd.kill(0);
    }

    async fn start_again(&mut self) {
        self.etcd.start_again(0);
        self.etcd.until_led();
    }
}

fn context(variables: &[(&str, &str)]) -> Context {
    let of = |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, value)| value.to_string());
    let etcd = EtcdSettings::from_env(of).expect("settings");
    let mut settings = Settings::default().with(etcd);
    settings.resolve_timeout = Duration::from_secs(15);
    Context::new(settings)
}

fn query(target: &str, variables: &[(&str, &str)]) -> Resolution {
    EtcdBackend.resolve(&target.parse().expect(target), &context(variables))
}

fn watch(etcd: &Etcd, target: &str) -> Resolution {
    query(target, &[("ETCDCTL_ENDPOINTS", &etcd.endpoints())])
}

#[tokio::test]
async fn a_lease_is_reported_with_its_time_left_and_takes_its_endpoint_with_it() {
    let Some(etcd) = Etcd::start() else { return };
    let (short, long) = (etcd.grant(2), etcd.grant(100));
    etcd.put("pay/1", "10.0.0.1:50051", short);
    etcd.put("pay/2", "10.0.0.2:50051", long);
    etcd.put("pay/3", "10.0.0.3:50051", 0);
    let mut stream = watch(&etcd, "etcd:///pay");
    let first = answer(&mut stream).await;
    assert_eq!(places(&first), ["10.0.0.1:50051", "10.0.0.2:50051", "10.0.0.3:50051"]);
    let [_, leased, permanent] = &first.endpoints[..] else { panic!("{first:?}") };
    assert_eq!(leased.id.as_deref(), Some("pay/2"));
    assert_eq!(leased.layout.as_ref().map(ToString::to_string).as_deref(), Some("go-zero: value"));
    let (granted, usual) = (Some(Duration::from_secs(100)), Some(Duration::from_secs(10)));
    assert_eq!(leased.lease, Some(Lease::Held { id: format!("{long:x}"), granted, usual }));
    assert!(leased.ttl.is_some_and(|left| left > Duration::from_secs(60) && left <= Duration::from_secs(100)));
    assert_eq!((permanent.ttl, &permanent.lease), (None, &Some(Lease::Permanent)));
    assert_eq!(
        notes(&first, NoteKind::Permanent),
        ["1 of 3 keys have no lease, so they are not removed when their process stops: \"pay/3\""]
    );

    // The short lease is not renewed.
    let second = answer(&mut stream).await;
    assert_eq!(places(&second), ["10.0.0.2:50051", "10.0.0.3:50051"]);
    let [why] = notes(&second, NoteKind::Departed)[..] else { panic!("{second:?}") };
    assert!(
        why.starts_with("key \"pay/1\" was removed because its lease of 2s expired without being renewed"),
        "{why}"
    );

    etcd.revoke(long);
    let third = answer(&mut stream).await;
    let [why] = notes(&third, NoteKind::Departed)[..] else { panic!("{third:?}") };
    assert_eq!(
        why,
        "key \"pay/2\" was removed with its lease, which was revoked before its 100s had passed: deregistered normally"
    );

    etcd.delete("pay/3");
    let fourth = answer(&mut stream).await;
    assert_eq!(notes(&fourth, NoteKind::Departed), ["key \"pay/3\" was deleted; it had no lease"]);

    let lease = etcd.grant(100);
    etcd.put("pay/4", "10.0.0.4:50051", lease);
    assert_eq!(places(&answer(&mut stream).await), ["10.0.0.4:50051"]);
    etcd.delete("pay/4");
    let last = answer(&mut stream).await;
    let [why] = notes(&last, NoteKind::Departed)[..] else { panic!("{last:?}") };
    assert!(why.starts_with("key \"pay/4\" was deleted while its lease was active ("), "{why}");
}

#[tokio::test]
async fn a_compaction_while_a_watch_is_disconnected_is_reported_and_recovered() {
    let Some(etcd) = Etcd::start() else { return };
    etcd.put("pay/1", "10.0.0.1:50051", 0);
    let mut stream = watch(&etcd, "etcd:///pay");
    assert_eq!(places(&answer(&mut stream).await), ["10.0.0.1:50051"]);
    // The stream is not read: the connection stalls as if the process were stopped. Even the watch was not requested,
    // so its first revision is the one that was read.
    for round in 0..20 {
        etcd.put("pay/1", &format!("10.0.0.1:{}", 50_052 + round), 0);
    }
    let last = etcd.put("pay/2", "10.0.0.2:50051", 0);
    etcd.compact(last);
    let error = end(&mut stream).await;
    assert!(matches!(error, ResolveError::Ambient(_)), "{error:?}");
    assert_eq!(error.failure().code, ResolveCode::WatchBroken, "{error}");
    assert!(error.to_string().contains(&format!("compacted its history up to revision {last}")), "{error}");
    let mut again = watch(&etcd, "etcd:///pay");
    assert_eq!(places(&answer(&mut again).await), ["10.0.0.1:50071", "10.0.0.2:50051"]);
}

#[test]
fn a_stopped_watcher_that_slept_through_a_compaction_recovers_by_itself() {
    let Some(etcd) = Etcd::start() else { return };
    let filler = "x".repeat(100_000);
    etcd.put("pay/1", "10.0.0.1:50051", 0);
    etcd.put("pay/2", "10.0.0.2:50051", 0);
    let target = format!("etcd://{}/pay", etcd.endpoints());
    let mut running = Running::start(&["resolve", "--watch", "-o", "ndjson", &target]);
    running.wait_for("the list", TIME_LIMIT, |event| event["kind"] == "endpoints" && event["total"] == 2);
    running.signal("-STOP");
    // More than the sockets can buffer: the watch falls behind, and what it has not read is compacted.
    for _ in 0..150 {
        etcd.put("pay/filler", &filler, 0);
    }
    etcd.delete("pay/1");
    let last = etcd.put("pay/3", "10.0.0.3:50051", 0);
    etcd.compact(last);
    running.signal("-CONT");
    let (_, broken) = running.wait_for("the break", TIME_LIMIT, |event| event["status"] == "broken");
    let why = broken["error"].to_string();
    assert!(why.contains("compacted"), "{broken}");
    running.wait_for("the recovery", TIME_LIMIT, |event| event["status"] == "recovered");
    running.wait_for("what changed", TIME_LIMIT, |event| {
        event["kind"] == "endpoints" && event["total"] == 2 && event["removed"][0]["address"] == "10.0.0.1:50051"
    });
}

#[test]
fn nothing_is_called_gone_while_a_cluster_has_no_leader() {
    let Some(mut etcd) = Etcd::cluster(3, &[]) else { return };
    for index in 1..=3 {
        let lease = etcd.grant(60);
        etcd.put(&format!("pay/{index}"), &format!("127.0.0.{index}:1"), lease);
    }
    let target = format!("etcd://{}/pay", etcd.endpoints());
    let mut running = Running::start(&["watch", "--plaintext", "-o", "ndjson", &target]);
    running.wait_for("the list", TIME_LIMIT, |event| event["kind"] == "endpoints" && event["total"] == 3);

    // The leader and one more: the remaining member has no leader.
    let leader = etcd.leader();
    let other = (0..3).find(|index| *index != leader).unwrap();
    etcd.kill(leader);
    etcd.kill(other);
    let broken = |event: &serde_json::Value| event["kind"] == "backend" && event["status"] == "broken";
    running.wait_for("the loss", TIME_LIMIT, broken);
    // Repeated queries report the reason, and not an empty list.
    let no_leader = |event: &serde_json::Value| broken(event) && event["error"].to_string().contains("leader");
    running.wait_for("a member that reports no leader", TIME_LIMIT, no_leader);
    etcd.start_again(leader);
    etcd.start_again(other);
    running.wait_for("the recovery", TIME_LIMIT, |event| event["status"] == "recovered");
    etcd.until_led();
    etcd.put("pay/4", "127.0.0.4:1", 0);
    running.wait_for("what is new", TIME_LIMIT, |event| event["kind"] == "endpoints" && event["total"] == 4);
    let gone =
        running.seen.iter().filter(|(_, event)| event["removed"].as_array().is_some_and(|gone| !gone.is_empty()));
    assert_eq!(gone.count(), 0, "{:?}", running.seen);
}

#[tokio::test]
async fn the_next_member_is_queried_when_one_is_gone_frozen_or_isolated() {
    let Some(mut etcd) = Etcd::cluster(3, &[]) else { return };
    etcd.put("pay/1", "10.0.0.1:50051", 0);
    etcd.kill(0);
    let first = answer(&mut watch(&etcd, "etcd:///pay")).await;
    assert_eq!(places(&first), ["10.0.0.1:50051"]);
    let [queried] = notes(&first, NoteKind::Queried)[..] else { panic!("{first:?}") };
    assert!(queried.contains("; failed before: 127.0.0.1:") && queried.contains("connection refused"), "{queried}");
    etcd.start_again(0);
    etcd.until_led();

    etcd.pause(0);
    let first = answer(&mut watch(&etcd, "etcd:///pay")).await;
    assert_eq!(places(&first), ["10.0.0.1:50051"]);
    let [queried] = notes(&first, NoteKind::Queried)[..] else { panic!("{first:?}") };
    assert!(queried.contains("no response within"), "{queried}");

    // Two of three are frozen: the remaining one reports that it has no leader, or nothing that it could not know.
    etcd.pause(1);
    let error = word(&mut watch(&etcd, "etcd:///pay")).await.expect_err("no leader");
    assert!(error.to_string().starts_with("etcd: none of the 3 members can be queried: 127.0.0.1:"), "{error}");
}

#[tokio::test]
async fn a_member_that_freezes_under_a_watch_is_noticed() {
    let Some(etcd) = Etcd::start() else { return };
    etcd.put("pay/1", "10.0.0.1:50051", 0);
    let mut stream = watch(&etcd, "etcd:///pay");
    answer(&mut stream).await;
    etcd.pause(0);
    let error = end(&mut stream).await;
    assert_eq!(error.failure().code, ResolveCode::Timeout, "{error}");
    assert!(error.to_string().contains("while watching: frozen or unreachable"), "{error}");
}

#[tokio::test]
async fn a_user_with_read_access_gets_the_list_and_another_an_error() {
    let Some(etcd) = Etcd::start() else { return };
    etcd.put("pay/1", "10.0.0.1:50051", 0);
    etcd.protect("pay/");
    let members = etcd.endpoints();
    let as_user = |user: &'static str, target: &'static str| {
        query(target, &[("ETCDCTL_ENDPOINTS", &members), ("ETCDCTL_USER", user)])
    };
    for user in ["reader:s3cret", "root:r00t"] {
        let first = answer(&mut as_user(user, "etcd:///pay")).await;
        assert_eq!(places(&first), ["10.0.0.1:50051"], "{user}");
        let skipped = notes(&first, NoteKind::Skipped);
        assert_eq!(skipped.is_empty(), user.starts_with("root"), "{skipped:?}");
    }
    // For a service that this user may read nowhere, an empty list would prove nothing.
    let hidden = word(&mut as_user("reader:s3cret", "etcd:///order")).await.expect_err("no right");
    assert_eq!(hidden.failure().code, ResolveCode::Denied, "{hidden}");
    for (user, words) in [
        ("stranger:s3cret", "permission denied"),
        ("reader:wrong", "authentication failed"),
        ("nobody:s3cret", "authentication failed"),
    ] {
        let error = word(&mut as_user(user, "etcd:///pay")).await.expect_err(user);
        assert_eq!(error.failure().code, ResolveCode::Denied, "{error}");
        assert!(error.to_string().contains(words), "{error}");
        assert!(!error.to_string().contains("s3cret") && !error.to_string().contains("wrong"), "{error}");
    }
    let anonymous = word(&mut watch(&etcd, "etcd:///pay")).await.expect_err("nobody in particular");
    assert_eq!(anonymous.failure().code, ResolveCode::Denied, "{anonymous}");
    assert!(anonymous.to_string().ends_with("(set the user name in ETCDCTL_USER)"), "{anonymous}");
}

#[tokio::test]
async fn credentials_that_are_not_required_have_no_effect() {
    let Some(etcd) = Etcd::start() else { return };
    etcd.put("pay/1", "10.0.0.1:50051", 0);
    let variables = [("ETCDCTL_ENDPOINTS", etcd.endpoints()), ("ETCDCTL_USER", "ann:pass".to_string())];
    let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(places(&answer(&mut query("etcd:///pay", &variables)).await), ["10.0.0.1:50051"]);
}

#[tokio::test]
async fn tls_is_verified_and_a_client_certificate_shown() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).display().to_string();
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let key = rcgen::KeyPair::generate().unwrap();
    std::fs::write(path("ca.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
    let authority = rcgen::Issuer::new(params, key);
    for name in ["server", "client"] {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec!["127.0.0.1".to_string()]).unwrap();
        std::fs::write(path(&format!("{name}.pem")), params.signed_by(&key, &authority).unwrap().pem()).unwrap();
        std::fs::write(path(&format!("{name}.key")), key.serialize_pem()).unwrap();
    }
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let flags = [
        format!("--listen-also=https://127.0.0.1:{port}"),
        format!("--cert-file={}", path("server.pem")),
        format!("--key-file={}", path("server.key")),
        format!("--trusted-ca-file={}", path("ca.pem")),
        "--client-cert-auth".to_string(),
    ];
    let Some(etcd) = Etcd::cluster(1, &flags) else { return };
    etcd.put("pay/1", "10.0.0.1:50051", 0);

    let (ca, cert, key) = (path("ca.pem"), path("client.pem"), path("client.key"));
    let probed = run(&["probe", "--cacert", &ca, "--cert", &cert, "--key", &key, &format!("127.0.0.1:{port}")]);
    assert_eq!(probed.code, 0, "etcd serves grpc.health.v1 itself: {}", probed.all());
    assert!(probed.out.contains("SERVING") && probed.out.contains(", tls "), "{}", probed.all());

    let url = format!("https://127.0.0.1:{port}");
    let target = format!("etcd://127.0.0.1:{port}/pay");
    let full = [("ETCDCTL_CACERT", ca.as_str()), ("ETCDCTL_CERT", &cert), ("ETCDCTL_KEY", &key)];
    assert_eq!(places(&answer(&mut query(&target, &full)).await), ["10.0.0.1:50051"], "the files alone require TLS");
    let unverified = [
        ("ETCDCTL_ENDPOINTS", url.as_str()),
        ("ETCDCTL_INSECURE_SKIP_TLS_VERIFY", "true"),
        ("ETCDCTL_CERT", &cert),
        ("ETCDCTL_KEY", &key),
    ];
    assert_eq!(places(&answer(&mut query("etcd:///pay", &unverified)).await), ["10.0.0.1:50051"]);
    for (variables, words) in [
        (vec![("ETCDCTL_ENDPOINTS", url.as_str())], "(ETCDCTL_CACERT sets the trusted authority)"),
        (vec![("ETCDCTL_ENDPOINTS", url.as_str()), ("ETCDCTL_CACERT", &ca)], "ETCDCTL_CERT and ETCDCTL_KEY"),
        (vec![("ETCDCTL_ENDPOINTS", &url[8..])], "https://"),
        (
            vec![("ETCDCTL_ENDPOINTS", &etcd.endpoints()), ("ETCDCTL_CACERT", &ca)],
            "use http:// for a member without TLS",
        ),
        (vec![("ETCDCTL_ENDPOINTS", url.as_str()), ("ETCDCTL_CACERT", "/nonexistent")], "ETCDCTL_CACERT /nonexistent"),
    ] {
        let error = word(&mut query("etcd:///pay", &variables)).await.expect_err(words);
        assert!(error.to_string().contains(words), "{words}: {error}");
    }
}

#[test]
fn a_bare_name_is_queried_in_etcd_when_the_environment_names_it() {
    let Some(etcd) = Etcd::start() else { return };
    let value = r#"{"id":"1","name":"pay","version":"v1","metadata":{},"endpoints":["grpc://127.0.0.1:9000"]}"#;
    etcd.put("/microservices/pay/1", value, etcd.grant(60));
    let mut command = crate::support::tool::tool(&["resolve", "-o", "json", "--backend", "etcd", "pay"]);
    command.env("ETCDCTL_ENDPOINTS", etcd.endpoints());
    let run = crate::support::tool::run_command(command);
    assert_eq!(run.code, 0, "{}", run.all());
    assert!(run.out.contains("127.0.0.1:9000") && run.out.contains("kratos: endpoint grpc"), "{}", run.all());

    let mut command = crate::support::tool::tool(&["backends", "-v"]);
    command.env("ETCDCTL_ENDPOINTS", etcd.endpoints()).env("ETCDCTL_USER", "ann:hunter2");
    let shown = crate::support::tool::run_command(command);
    assert!(shown.out.contains("ann:***") && !shown.out.contains("hunter2"), "{}", shown.all());
    assert!(shown.out.contains("etcd 3.") && shown.out.contains(", leader "), "{}", shown.all());
    let nobody = run_unprivileged();
    assert!(nobody.contains("connection refused"), "{nobody}");
}

/// What is reported about a member that does not exist.
fn run_unprivileged() -> String {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let run = run(&["resolve", &format!("etcd://127.0.0.1:{port}/pay")]);
    assert_eq!(run.code, 3, "{}", run.all());
    run.all()
}
