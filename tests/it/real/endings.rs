//! How real servers close connections by policy, and what a watch reports.

use crate::support::grpc::{GrpcServer, Kind};
use crate::support::tool::run;

/// Watches `server` for a while: exactly `finding`, with `words`.
fn watches(server: Option<GrpcServer>, flags: &[&str], finding: &str, words: &str, exit: i32) {
    let Some(server) = server else { return };
    let address = server.address.to_string();
    let args: Vec<&str> = ["watch", "-o", "ndjson", "--for", "4s"].iter().chain(flags).copied().collect();
    let run = run(&[&args[..], &[&address]].concat());
    assert_eq!((run.code, run.findings()), (exit, vec![finding.to_string()]), "{}", run.all());
    assert!(run.out.contains(words), "{words:?} is missing:\n{}", run.all());
}

#[test]
fn grpc_go_rotates_by_age() {
    let flags = ["--max-connection-age", "1s", "--max-connection-age-grace", "300ms"];
    watches(GrpcServer::start(Kind::Go, &flags), &[], "GD412", "GOAWAY NO_ERROR (max_age)", 0);
}

#[test]
fn grpcio_rotates_idle_connections_and_calls_it_an_internal_error() {
    let flags = ["--no-health", "--option", "grpc.max_connection_idle_ms=700"];
    watches(GrpcServer::start(Kind::Core, &flags), &[], "GD412", "GOAWAY INTERNAL_ERROR (connection idle)", 0);
}

/// Runs an idle cycle of 3 s on a real server: exactly GD412, with `words`, and the outcome of the idle-connection
/// check.
fn holds(flags: &[&str], words: [&str; 2]) {
    let Some(server) = GrpcServer::start(Kind::Go, flags) else { return };
    let address = server.address.to_string();
    let run = run(&["probe", "-o", "ndjson", "--plaintext", "--idle", "3s", &address]);
    assert_eq!((run.code, run.findings()), (0, vec!["GD412".to_string()]), "{}", run.all());
    let events = run.events();
    let finding = events.iter().find(|event| event["kind"] == "finding").unwrap();
    assert!(words.iter().all(|words| finding["text"].as_str().unwrap().contains(words)), "{words:?}: {finding}");
    let checks: Vec<_> = events.iter().filter(|event| event["kind"] == "idle_check").collect();
    assert_eq!(checks.len(), 1, "{}", run.all());
    assert_eq!((&checks[0]["outcome"], &checks[0]["pinged"]), (&"closed".into(), &false.into()), "{}", run.all());
}

#[test]
fn an_idle_check_distinguishes_grpc_gos_idle_rule_its_age_rule_and_a_closing_proxy() {
    holds(&["--max-connection-idle", "1s"], ["closes idle connections", "GOAWAY NO_ERROR (max_idle)"]);
    holds(&["--max-connection-age", "1s"], ["rotates connections", "GOAWAY NO_ERROR (max_age)"]);
}

#[test]
fn an_idle_connection_to_every_real_server_survives() {
    for kind in [Kind::Go, Kind::Core] {
        let Some(server) = GrpcServer::start(kind, &[]) else { return };
        let address = server.address.to_string();
        let run = run(&["probe", "-o", "ndjson", "--idle", "2s", "--find-cutoff", "3s", &address]);
        assert_eq!((run.code, run.findings()), (0, vec!["GD613".to_string()]), "{}", run.all());
        // The measured time is printed, so a busy machine may print 3.01s; less than the requested time would be
        // wrong.
        let reported = run.out.split("tolerates more than ").nth(1).and_then(|rest| rest.split_once("s of idle time"));
        let seconds: f64 =
            reported.and_then(|(number, _)| number.parse().ok()).unwrap_or_else(|| panic!("{}", run.all()));
        assert!(seconds >= 3.0, "{}", run.all());
    }
}

#[test]
fn grpc_go_calms_a_client_that_pings_too_often() {
    let flags = ["--keepalive-time", "500ms", "--keepalive-force"];
    let words = "GOAWAY ENHANCE_YOUR_CALM (too_many_pings)";
    watches(GrpcServer::start(Kind::Go, &[]), &flags, "GD411", words, 1);
}
