//! How real servers end connections by rule, and what a watch makes of it.

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

#[test]
fn grpc_go_calms_a_client_that_pings_too_often() {
    let flags = ["--keepalive-time", "500ms", "--keepalive-force"];
    let words = "GOAWAY ENHANCE_YOUR_CALM (too_many_pings)";
    watches(GrpcServer::start(Kind::Go, &[]), &flags, "GD411", words, 1);
}
