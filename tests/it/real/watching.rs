//! `watch` against real gRPC servers.

use std::time::Duration;

use serde_json::Value;

use crate::support::grpc::{GrpcServer, Kind};
use crate::support::tool::{Running, run};

const LONG: Duration = Duration::from_secs(20);

/// The channel's transitions: state and `at_ms`.
fn channel(events: &[Value]) -> Vec<(String, u64)> {
    let transitions = events.iter().filter(|event| event["kind"] == "transition" && event["scope"] == "channel");
    transitions.map(|t| (t["to"].as_str().unwrap().to_string(), t["at_ms"].as_u64().unwrap())).collect()
}

/// Milliseconds from the last activity to IDLE, of `--idle 2s`; never early.
fn idle_after(address: &str) -> u64 {
    let run = run(&["watch", address, "--plaintext", "--idle", "2s", "--for", "5s", "-o", "ndjson"]);
    assert_eq!(run.code, 0, "{}", run.all());
    let states = channel(&run.events());
    let names: Vec<&str> = states.iter().map(|(state, _)| state.as_str()).collect();
    assert_eq!(names, ["CONNECTING", "READY", "IDLE"], "{}", run.all());
    // The channel left IDLE for `connect()`; that is the last activity.
    let millis = states[2].1 - states[0].1;
    assert!(millis >= 1_900, "{}", run.all());
    millis
}

fn goes_idle_two_seconds_after_the_last_activity(kind: Kind) {
    let Some(server) = GrpcServer::start(kind, &[]) else { return };
    let address = server.address.to_string();
    // The best of three: a busy machine may be late, but a timeout measured from the wrong moment is always wrong.
    let idle_after = (0..3).map(|_| idle_after(&address)).find(|millis| *millis <= 2_100);
    assert!(idle_after.is_some(), "IDLE later than 2.1 s after the last activity, three times");
    if kind == Kind::Go {
        let closed = server.event("closed", LONG).expect("the server sees the connection close");
        assert_eq!(closed["by"], "client", "{closed}");
    }
}

#[test]
fn a_quiet_channel_to_grpc_go_goes_idle_and_really_closes() {
    goes_idle_two_seconds_after_the_last_activity(Kind::Go);
}

#[test]
fn a_quiet_channel_to_grpcio_goes_idle() {
    goes_idle_two_seconds_after_the_last_activity(Kind::Core);
}

#[test]
fn a_killed_server_shows_every_transition_with_its_cause() {
    let Some(server) = GrpcServer::start(Kind::Go, &[]) else { return };
    let address = server.address.to_string();
    let mut watch = Running::start(&["watch", &address, "--plaintext", "--for", "60s", "-o", "ndjson"]);
    watch.wait_for("READY", LONG, |event| event["scope"] == "channel" && event["to"] == "READY");
    server.kill();
    let (_, failed) = watch.wait_for("TRANSIENT_FAILURE", LONG, |event| {
        event["scope"] == "subchannel" && event["to"] == "TRANSIENT_FAILURE"
    });
    assert!(failed["cause"]["text"].as_str().unwrap().contains("connection refused"), "{failed}");
    let of_it: Vec<&str> = watch
        .seen
        .iter()
        .filter(|(_, event)| event["kind"] == "transition" && event["scope"] == "subchannel")
        .map(|(_, event)| event["to"].as_str().unwrap())
        .collect();
    assert_eq!(of_it, ["CONNECTING", "READY", "IDLE", "CONNECTING", "TRANSIENT_FAILURE"]);
    assert!(
        watch.seen.iter().all(|(_, e)| e["kind"] != "transition" || !e["cause"]["text"].as_str().unwrap().is_empty())
    );
}

#[test]
fn a_graceful_stop_is_reported_with_the_servers_own_text() {
    let Some(mut server) = GrpcServer::start(Kind::Go, &[]) else { return };
    let address = server.address.to_string();
    let mut watch = Running::start(&["watch", &address, "--plaintext", "--for", "60s", "-o", "ndjson"]);
    watch.wait_for("health", LONG, |event| event["kind"] == "health");
    server.send("graceful-stop");
    let (_, end) = watch.wait_for("disconnect", LONG, |event| event["kind"] == "disconnect");
    assert_eq!(end["reason"], "GOAWAY NO_ERROR", "{end}");
    assert_eq!(end["goaway"]["debug"], "graceful_stop", "{end}");
}

#[test]
fn health_changes_are_seen_as_they_happen() {
    let Some(mut server) = GrpcServer::start(Kind::Go, &["--health", "pay.v1.Pay=SERVING"]) else { return };
    let address = server.address.to_string();
    let args = ["watch", &address, "--plaintext", "--service", "pay.v1.Pay", "--for", "60s", "-o", "ndjson"];
    let mut watch = Running::start(&args);
    watch.wait_for("SERVING", LONG, |event| event["kind"] == "health" && event["status"] == "SERVING");
    server.send("health pay.v1.Pay NOT_SERVING");
    watch.wait_for("NOT_SERVING", LONG, |event| event["kind"] == "health" && event["status"] == "NOT_SERVING");
}

#[test]
fn ctrl_c_prints_the_summary_and_exits_with_130() {
    let Some(server) = GrpcServer::start(Kind::Go, &[]) else { return };
    let address = server.address.to_string();
    let mut watch = Running::start(&["watch", &address, "--plaintext", "-o", "ndjson"]);
    watch.wait_for("READY", LONG, |event| event["to"] == "READY");
    let pid = watch.pid().to_string();
    std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap();
    let (status, events) = watch.finish(LONG);
    assert_eq!(status.code(), Some(130));
    assert_eq!(events.last().unwrap().1["kind"], "summary");
}
