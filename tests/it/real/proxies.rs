//! Real proxies before real servers: the report names the proxy, and a response that it makes itself has its own
//! cause.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use crate::support::grpc::{GrpcServer, Kind};
use crate::support::peers::provided;
use crate::support::proxy::Proxy;
use crate::support::tool::{Finished, run};

fn probe(flags: &[&str], proxy: &Proxy) -> Finished {
    let address = proxy.address.to_string();
    run(&[&["probe", "-o", "ndjson"], flags, &[&address]].concat())
}

/// Exactly these findings, with these texts in the first one's text or remedy.
fn finds(run: &Finished, codes: &[&str], exit: i32, words: &[&str]) {
    assert_eq!((run.code, run.findings()), (exit, codes.iter().map(ToString::to_string).collect()), "{}", run.all());
    let findings: Vec<_> = run.events().into_iter().filter(|event| event["kind"] == "finding").collect();
    for words in words {
        let printed = findings.iter().any(|finding| finding.to_string().contains(words));
        assert!(printed, "{words:?} is missing in {}", run.all());
    }
}

fn summary(run: &Finished) -> String {
    run.events().last().unwrap()["text"].as_str().unwrap().to_string()
}

/// An address without a listener.
fn nothing() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

#[test]
fn nginx_answered_for_whatever_is_behind_it() {
    let Some(server) = GrpcServer::start(Kind::Go, &[]) else { return };
    let pass = format!("server {{ listen LISTEN http2; location / {{ grpc_pass grpc://{}; }} }}", server.address);
    let Some(proxy) = Proxy::nginx(&pass) else { return };
    let run = probe(&[], &proxy);
    finds(
        &run,
        &["GD420"],
        0,
        &["responded through a proxy (nginx): one sample of the servers behind it (server: nginx/"],
    );
    let printed = summary(&run);
    assert_eq!(printed, "the only endpoint responded through a proxy (nginx): one sample of the servers behind it");
}

#[test]
fn envoy_before_three_servers_of_which_one_is_dead_is_one_sample() {
    let (Some(a), Some(b)) = (GrpcServer::start(Kind::Go, &[]), GrpcServer::start(Kind::Go, &[])) else { return };
    let Some(proxy) = Proxy::envoy(&[a.address, nothing(), b.address]) else { return };
    // Whichever server a call reaches: responses of running servers are one sample, and that for the stopped one is
    // the proxy's own.
    for _ in 0..4 {
        let run = probe(&[], &proxy);
        let printed = summary(&run);
        assert!(!printed.contains("the only endpoint is healthy"), "{}", run.all());
        match run.code {
            0 => finds(&run, &["GD420"], 0, &["responded through a proxy (envoy)", "/clusters"]),
            _ => finds(&run, &["GD407"], 2, &["upstream connect error", "Check the server behind envoy"]),
        }
    }
}

#[test]
fn envoy_without_a_route_is_no_server_without_health_service() {
    let Some(proxy) = Proxy::envoy_without_route() else { return };
    finds(&probe(&[], &proxy), &["GD407"], 2, &["Check the routes of envoy"]);
}

#[test]
fn haproxy_without_a_backend_is_not_a_wrong_port() {
    let sections = format!(
        "frontend f\n  bind LISTEN proto h2\n  default_backend b\nbackend b\n  server s1 {} proto h2\n",
        nothing()
    );
    let Some(proxy) = Proxy::haproxy(&sections) else { return };
    let run = probe(&[], &proxy);
    finds(&run, &["GD407"], 2, &["HTTP 503 from haproxy: 503 Service Unavailable", "Check the servers behind haproxy"]);
    assert!(!run.out.contains("port and path"), "{}", run.all());
}

#[test]
fn a_port_that_expects_the_proxy_protocol_is_among_the_causes() {
    let Some(server) = GrpcServer::start(Kind::Go, &[]) else { return };
    let sections = format!(
        "frontend f\n  bind LISTEN accept-proxy proto h2\n  default_backend b\nbackend b\n  server s1 {} proto h2\n",
        server.address
    );
    let Some(haproxy) = Proxy::haproxy(&sections) else { return };
    finds(&probe(&[], &haproxy), &["GD203"], 2, &["expects the PROXY protocol"]);
    let pass = format!(
        "server {{ listen LISTEN http2 proxy_protocol; location / {{ grpc_pass grpc://{}; }} }}",
        server.address
    );
    let Some(nginx) = Proxy::nginx(&pass) else { return };
    finds(&probe(&[], &nginx), &["GD404"], 2, &["expects the PROXY protocol"]);
}

#[test]
fn nginx_that_requires_a_client_certificate_responds_over_http() {
    let Some(server) = GrpcServer::start(Kind::Go, &[]) else { return };
    let dir = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_string(), "localhost".to_string()]).unwrap();
    let (cert, key) = (dir.path().join("cert.pem"), dir.path().join("key.pem"));
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let (cert, key) = (cert.display().to_string(), key.display().to_string());
    let pass = format!(
        "server {{ listen LISTEN ssl http2; ssl_certificate {cert}; ssl_certificate_key {key}; ssl_client_certificate {cert}; \
         ssl_verify_client on; location / {{ grpc_pass grpc://{}; }} }}",
        server.address
    );
    let Some(proxy) = Proxy::nginx(&pass) else { return };
    let run = probe(&["--tls", "on", "--cacert", &cert], &proxy);
    finds(&run, &["GD305"], 2, &["No required SSL certificate was sent", "--cert FILE --key FILE"]);
}

#[test]
fn nginx_counts_idle_time_from_the_last_call() {
    let Some(server) = GrpcServer::start(Kind::Go, &[]) else { return };
    let pass = format!(
        "server {{ listen LISTEN http2; keepalive_timeout 2s; location / {{ grpc_pass grpc://{}; }} }}",
        server.address
    );
    let Some(proxy) = Proxy::nginx(&pass) else { return };
    let run = probe(&["--idle", "3s", "--idle-ladder", "1s,4s"], &proxy);
    let words = ["the proxy (nginx) closes connections after ", "GOAWAY NO_ERROR", "the channel's own connection and"];
    finds(&run, &["GD420", "GD613", "GD614"], 0, &words);
    // nginx counts from the moment at which it sent the response, we count from its arrival and round down: a busy machine
    // measures less than 2 s.
    let measured = run.out.split(words[0]).nth(1).and_then(|rest| rest.split_once("s without a call"));
    let seconds: f64 = measured.and_then(|(number, _)| number.parse().ok()).unwrap_or_else(|| panic!("{}", run.all()));
    assert!((1.7..2.5).contains(&seconds), "{}", run.all());
    assert!(!run.out.contains("tolerates more than"), "{}", run.all());
}

/// A server of tests/peers/go-http.
struct GoHttp {
    process: Child,
    address: SocketAddr,
}

impl GoHttp {
    fn start(server: &str, backend: &str) -> Option<GoHttp> {
        use std::io::BufRead as _;
        let mut command = Command::new(provided("GRPC_DISCOVER_TEST_GO_HTTP")?);
        command.args(["--server", server, "--backend", backend]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut line = String::new();
        std::io::BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let line: serde_json::Value = serde_json::from_str(&line).unwrap_or_else(|why| panic!("{server}: {why}"));
        let address = line["listening"].as_str().unwrap().parse().unwrap();
        Some(GoHttp { process, address })
    }
}

impl Drop for GoHttp {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn grpc_on_gos_net_http_is_healthy_however_it_is_served() {
    let Some(behind) = GrpcServer::start(Kind::Go, &[]) else { return };
    let backend = behind.address.to_string();
    for server in ["net-http", "serve-http", "connect", "reverse-proxy"] {
        let Some(go) = GoHttp::start(server, &backend) else { return };
        let run = run(&["probe", "-o", "ndjson", &go.address.to_string()]);
        assert_eq!((run.code, run.findings().len()), (0, 0), "{server}: {}", run.all());
        assert!(run.out.contains(r#""status":"SERVING""#), "{server}: {}", run.all());
    }
}
