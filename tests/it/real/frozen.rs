//! Real servers whose process is stopped while they are watched: the kernel keeps their connections open.

use std::time::Duration;

use crate::support::grpc::{GrpcServer, Kind};
use crate::support::tool::Running;

const LONG: Duration = Duration::from_secs(40);

/// Starts the watch, stops the server once it is SERVING, and returns the exit code and the summary.
fn stopped_while_watched(kind: Kind, arguments: &[&str]) -> Option<(i32, String)> {
    let server = GrpcServer::start(kind, &[])?;
    let address = server.address.to_string();
    let line = [&["watch", &address, "--plaintext", "-o", "ndjson", "--rpc-timeout", "2s"], arguments].concat();
    let mut watch = Running::start(&line);
    watch.wait_for("SERVING", LONG, |event| event["kind"] == "health" && event["status"] == "SERVING");
    server.signal("-STOP");
    let (status, events) = watch.finish(LONG);
    // Before anything can fail: a stopped process does not exit by itself.
    server.signal("-CONT");
    let texts: Vec<String> = events.iter().map(|(_, event)| event.to_string()).collect();
    let (_, summary) = events.last().unwrap();
    assert_eq!(summary["kind"], "summary", "{texts:?}");
    let text = summary["text"].as_str().unwrap().to_string();
    assert!(text.contains(&format!("{address} stopped responding")), "{text}");
    let finding = texts.iter().find(|text| text.contains("GD507")).unwrap_or_else(|| panic!("{texts:?}"));
    for words in
        [address.as_str(), "no response to grpc.health.v1.Health/Check within 2.0s", "its last response was at"]
    {
        assert!(finding.contains(words), "{words}: {finding}");
    }
    Some((status.code().unwrap(), text))
}

#[test]
fn a_stopped_server_does_not_end_a_watch_well() {
    for kind in [Kind::Go, Kind::Core] {
        let Some((code, text)) = stopped_while_watched(kind, &["--for", "4s"]) else { return };
        assert_eq!(code, 2, "{kind:?}: {text}");
    }
}

#[test]
fn a_stopped_server_opens_no_gate() {
    for kind in [Kind::Go, Kind::Core] {
        let arguments = ["--until", "stable", "--max-time", "14s"];
        let Some((code, text)) = stopped_while_watched(kind, &arguments) else { return };
        assert_eq!(code, 124, "{kind:?}: {text}");
        assert!(text.contains("--until stable"), "{kind:?}: {text}");
    }
}

#[test]
fn a_quiet_server_that_is_stopped_is_found_out_at_the_interval() {
    let arguments = ["--check-interval", "1s", "--for", "5s", "--client-health", "--lb", "round_robin"];
    let Some((code, text)) = stopped_while_watched(Kind::Go, &arguments) else { return };
    assert_eq!(code, 2, "{text}");
}
