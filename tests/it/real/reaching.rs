//! `probe` of real servers, healthy and not. Cases that need only sockets are among the scenarios (`tests/it/cause`).

use crate::support::grpc::{GrpcServer, Kind};
use crate::support::tool::run;

fn finds(args: &[&str], finding: &str, words: &str, exit: i32) {
    let args: Vec<&str> = ["probe", "-o", "ndjson"].iter().chain(args).copied().collect();
    let run = run(&args);
    assert_eq!(run.code, exit, "{}", run.all());
    assert_eq!(run.findings(), [finding], "{}", run.all());
    assert!(run.out.contains(words), "{words:?} is missing:\n{}", run.all());
}

#[test]
fn tls_where_plaintext_was_requested_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let (cert, key) = certificate(dir.path());
    let Some(server) = GrpcServer::start(Kind::Go, &["--tls-cert", &cert, "--tls-key", &key]) else { return };
    let address = server.address.to_string();
    finds(&["--plaintext", &address], "GD402", "TLS", 2);
    finds(&["--tls", "on", &address], "GD304", "unknown", 2);
    let good = run(&["probe", &address, "--cacert", &cert, "-o", "ndjson"]);
    assert_eq!(good.code, 0, "{}", good.all());
    assert!(good.out.contains("\"alpn\":\"h2\""), "{}", good.all());
}

#[test]
fn plaintext_where_tls_was_requested_is_named() {
    let Some(server) = GrpcServer::start(Kind::Go, &[]) else { return };
    finds(&["--tls", "on", &server.address.to_string()], "GD307", "TLS", 2);
}

#[test]
fn a_healthy_server_of_each_kind_is_healthy() {
    for kind in [Kind::Go, Kind::Core] {
        let Some(server) = GrpcServer::start(kind, &[]) else { return };
        let run = run(&["probe", &server.address.to_string(), "-o", "ndjson"]);
        assert_eq!((run.code, run.findings().len()), (0, 0), "{}", run.all());
    }
}

#[test]
fn not_serving_and_unknown_services_are_distinguished() {
    let Some(server) = GrpcServer::start(Kind::Go, &["--health", "pay.v1.Pay=NOT_SERVING"]) else { return };
    let address = server.address.to_string();
    finds(&["--service", "pay.v1.Pay", &address], "GD501", "NOT_SERVING", 2);
    finds(&["--service", "no.such.Service", &address], "GD502", "is not registered with its health service", 2);
}

#[test]
fn a_server_without_health_service_is_reachable_and_unverified() {
    let Some(server) = GrpcServer::start(Kind::Go, &["--no-health"]) else { return };
    let run = run(&["probe", &server.address.to_string(), "-o", "ndjson"]);
    assert_eq!((run.code, run.findings().len()), (0, 0), "{}", run.all());
    assert!(run.out.contains("UNIMPLEMENTED"), "{}", run.all());
}

/// A self-signed certificate for 127.0.0.1: paths of certificate and key.
fn certificate(dir: &std::path::Path) -> (String, String) {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_string(), "localhost".to_string()]).unwrap();
    let (cert, key) = (dir.join("cert.pem"), dir.join("key.pem"));
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    (cert.display().to_string(), key.display().to_string())
}
