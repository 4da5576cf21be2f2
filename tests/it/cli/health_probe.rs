//! The command in place of grpc_health_probe: a link of that name, that tool's flags and exit codes (its README and
//! main.go).

use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::support::grpc::{GrpcServer, Kind};
use crate::support::tool::{Finished, path, run, run_command};

/// A directory with the link.
fn place() -> TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    symlink(path(), directory.path().join("grpc_health_probe")).expect("a link");
    directory
}

fn called(place: &Path, line: &str) -> Finished {
    let mut command = Command::new(place.join("grpc_health_probe"));
    // A variable or a file of ours changes nothing.
    command.env("GRPC_DISCOVER_IDLE", "5s").env("GRPC_DISCOVER_OUTPUT", "json").current_dir(place);
    command.args(line.split_whitespace());
    run_command(command)
}

fn ends(finished: &Finished, line: &str, code: i32, said: &str) {
    assert_eq!(finished.code, code, "{line}: {}", finished.all());
    assert!(finished.err.contains(said) && finished.out.is_empty(), "{line}: {}", finished.all());
}

#[test]
fn bad_usage_exits_1_and_nothing_is_contacted() {
    let place = place();
    for (line, said) in [
        ("", "error: -addr not specified"),
        ("-addr 127.0.0.1:1 -connect-timeout 0s", "-connect-timeout must be greater than zero"),
        ("-addr 127.0.0.1:1 -rpc-timeout soon", "invalid value \"soon\" for flag -rpc-timeout"),
        ("-addr 127.0.0.1:1 -tls-ca-cert ca.pem", "specified -tls-ca-cert without specifying -tls"),
        ("-addr 127.0.0.1:1 -tls -tls-ca-cert /no/such", "failed to read --cacert /no/such"),
        ("-addr 127.0.0.1:1 -nope", "flag provided but not defined: -nope"),
        ("-addr 127.0.0.1:99999", "port 99999 is out of range"),
        ("-help", "Usage of grpc_health_probe"),
    ] {
        ends(&called(place.path(), line), line, 1, said);
    }
    let line = "-addr 127.0.0.1:1 -spiffe";
    ends(&called(place.path(), line), line, 20, "SPIFFE is not supported");
    let version = called(place.path(), "-version");
    assert!(version.code == 0 && version.out.contains("grpc_health_probe"), "{}", version.all());
}

#[test]
fn no_connection_exits_2() {
    let place = place();
    let refused = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.local_addr().expect("an address")
    };
    let line = format!("-addr {refused}");
    ends(&called(place.path(), &line), &line, 2, "failed to connect service at");
    // It accepts connections and never sends SETTINGS.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let line = format!("-addr {} -connect-timeout 300ms", silent.local_addr().expect("an address"));
    let finished = called(place.path(), &line);
    ends(&finished, &line, 2, "failed to connect service at");
    assert!(finished.took.as_secs() < 5, "{:?}", finished.took);
    let line = "-addr no-such-host.invalid:1 -connect-timeout 500ms";
    ends(&called(place.path(), line), line, 2, "failed to connect service");
}

#[test]
fn the_status_of_the_service_decides_after_a_connection() {
    let place = place();
    let health = ["--health", "pay.v1.Pay=NOT_SERVING", "--health", "cart.v1.Cart=SERVING"];
    let Some(server) = GrpcServer::start(Kind::Go, &health) else { return };
    let address = server.address;
    for (flags, code, said) in [
        ("", 0, "status: SERVING"),
        ("-service cart.v1.Cart -user-agent kube-probe -rpc-header a:b -gzip -rpc-timeout 2s", 0, "status: SERVING"),
        ("-v", 0, "time elapsed: connect="),
        ("-service pay.v1.Pay", 4, "service unhealthy (responded with \"NOT_SERVING\")"),
        ("-service no.such.Service", 3, "error: health rpc failed: NOT_FOUND"),
        ("-tls -tls-no-verify", 2, "failed to connect service at"),
    ] {
        let line = format!("-addr={address} {flags}");
        ends(&called(place.path(), &line), &line, code, said);
    }
    let compat = run(&["--compat=grpc_health_probe", "-addr", &address.to_string(), "-service", "pay.v1.Pay"]);
    assert_eq!(compat.code, 4, "{}", compat.all());
    let compat = run(&["--compat", "grpc_health_probe", "-addr", &address.to_string()]);
    assert_eq!(compat.code, 0, "{}", compat.all());
}

#[test]
fn a_server_without_health_service_exits_3() {
    let place = place();
    let Some(server) = GrpcServer::start(Kind::Go, &["--no-health"]) else { return };
    let line = format!("-addr {}", server.address);
    ends(&called(place.path(), &line), &line, 3, "this server does not implement the grpc health protocol");
}

#[test]
fn tls_is_verified_with_the_given_files() {
    let place = place();
    let names = vec!["localhost".to_string(), "pay.internal".to_string()];
    let made = rcgen::generate_simple_self_signed(names).expect("a certificate");
    let (cert, key) = (place.path().join("cert.pem"), place.path().join("key.pem"));
    std::fs::write(&cert, made.cert.pem()).expect("a file");
    std::fs::write(&key, made.signing_key.serialize_pem()).expect("a file");
    let (cert, key) = (cert.display().to_string(), key.display().to_string());
    let Some(server) = GrpcServer::start(Kind::Go, &["--tls-cert", &cert, "--tls-key", &key, "--client-ca", &cert])
    else {
        return;
    };
    let identity = format!("-tls-client-cert {cert} -tls-client-key {key}");
    for (flags, code, said) in [
        (format!("-tls -tls-ca-cert {cert} -tls-server-name pay.internal {identity}"), 0, "status: SERVING"),
        (format!("-tls -tls-no-verify {identity}"), 0, "status: SERVING"),
        (format!("-tls -tls-ca-cert {cert} -tls-server-name other.internal {identity}"), 2, "failed to connect"),
        (format!("-tls -tls-server-name pay.internal {identity}"), 2, "failed to connect"),
        (String::new(), 2, "failed to connect"),
    ] {
        let line = format!("-addr {} {flags}", server.address);
        ends(&called(place.path(), &line), &line, code, said);
    }
}
