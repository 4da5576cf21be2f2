//! `probe` of addresses where something is wrong: each gets its own words, its own finding and its exit code. Nothing but
//! sockets is needed here.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

use crate::support::grpc::{GrpcServer, Kind};
use crate::support::tool::run;

/// A listener whose connections are given to `serve`, one thread each.
fn listener(serve: impl Fn(TcpStream) + Send + Sync + Clone + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for connection in listener.incoming().map_while(Result::ok) {
            let serve = serve.clone();
            std::thread::spawn(move || serve(connection));
        }
    });
    address
}

/// Reads until the client leaves.
fn swallow(mut connection: TcpStream) {
    let mut buffer = [0; 1024];
    while connection.read(&mut buffer).is_ok_and(|read| read > 0) {}
}

fn finds(args: &[&str], finding: &str, words: &str, exit: i32) {
    let args: Vec<&str> = ["probe", "-o", "ndjson"].iter().chain(args).copied().collect();
    let run = run(&args);
    assert_eq!(run.code, exit, "{}", run.all());
    assert_eq!(run.findings(), [finding], "{}", run.all());
    assert!(run.out.contains(words), "{words:?} is missing:\n{}", run.all());
}

#[test]
fn refused_is_named_at_once() {
    let run = run(&["probe", "127.0.0.1:1", "-o", "ndjson"]);
    assert_eq!((run.code, run.findings()), (2, vec!["GD201".to_string()]), "{}", run.all());
    assert!(run.out.contains("connection refused"));
    assert!(run.took < Duration::from_secs(1), "{:?}", run.took);
}

#[test]
fn a_silent_port_fails_at_the_connect_timeout_and_names_what_waited() {
    let address = listener(swallow);
    finds(&["--connect-timeout", "500ms", &address], "GD206", "no SETTINGS", 2);
}

#[test]
fn an_http1_port_is_quoted() {
    let address = listener(|mut connection| {
        let mut buffer = [0; 64];
        let _ = connection.read(&mut buffer);
        let _ = connection.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
        swallow(connection);
    });
    finds(&[&address], "GD401", "HTTP/1.1 400 Bad Request", 2);
}

#[test]
fn a_banner_is_quoted() {
    let address = listener(|mut connection| {
        let _ = connection.write_all(b"SSH-2.0-OpenSSH_9.2\r\n");
        swallow(connection);
    });
    finds(&[&address], "GD403", "SSH-2.0-OpenSSH_9.2", 2);
}

#[test]
fn a_connection_that_is_closed_at_once_is_told() {
    let address = listener(drop);
    let run = run(&["probe", "-o", "ndjson", "--plaintext", &address]);
    assert_eq!(run.code, 2, "{}", run.all());
    // The kernel answers unread bytes with a reset instead of an end; which of the two comes first is its business.
    assert!(run.findings() == ["GD205"] || run.findings() == ["GD203"], "{}", run.all());
}

#[test]
fn tls_where_plaintext_was_asked_for_is_named() {
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
fn plaintext_where_tls_was_asked_for_is_named() {
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
fn not_serving_and_unknown_services_are_told_apart() {
    let Some(server) = GrpcServer::start(Kind::Go, &["--health", "pay.v1.Pay=NOT_SERVING"]) else { return };
    let address = server.address.to_string();
    finds(&["--service", "pay.v1.Pay", &address], "GD501", "NOT_SERVING", 2);
    finds(&["--service", "no.such.Service", &address], "GD502", "does not know", 2);
}

#[test]
fn a_server_without_health_service_is_reachable_and_unverified() {
    let Some(server) = GrpcServer::start(Kind::Go, &["--no-health"]) else { return };
    let run = run(&["probe", &server.address.to_string(), "-o", "ndjson"]);
    assert_eq!((run.code, run.findings().len()), (0, 0), "{}", run.all());
    assert!(run.out.contains("UNIMPLEMENTED"), "{}", run.all());
}

#[test]
fn a_dns_server_that_does_not_answer_is_named_and_the_service_is_not_called_dead() {
    // Bound and never read: questions arrive and nothing comes back.
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let target = format!("dns://{}/pay.example:50051", silent.local_addr().unwrap());
    finds(&[&target], "GD101", &silent.local_addr().unwrap().to_string(), 3);
}

#[test]
fn an_agent_that_is_down_is_unknown_not_dead() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    finds(&[&format!("consul://{free}/pay")], "GD101", &free.to_string(), 3);
}

/// A self-signed certificate for 127.0.0.1: paths of certificate and key.
fn certificate(dir: &std::path::Path) -> (String, String) {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_string(), "localhost".to_string()]).unwrap();
    let (cert, key) = (dir.join("cert.pem"), dir.join("key.pem"));
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    (cert.display().to_string(), key.display().to_string())
}
