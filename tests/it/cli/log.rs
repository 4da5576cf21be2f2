//! `GRPC_DISCOVER_LOG`: what the program does, on stderr, without secrets.

use std::net::TcpListener;

use crate::support::tool::{run, run_command, tool};

#[test]
fn the_log_names_the_dialed_address_and_shows_no_secret() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let arguments = ["probe", &address, "--plaintext", "-H", "authorization: Bearer sesame", "-o", "json"];
    let quiet = run(&arguments);
    assert!(!quiet.err.contains("DEBUG"), "{}", quiet.all());
    let mut command = tool(&arguments);
    let logged = run_command({
        command.env("GRPC_DISCOVER_LOG", "trace");
        command
    });
    assert_eq!((logged.code, quiet.code), (2, 2), "{}", logged.all());
    let started = |line: &str| line.contains("probe started") && line.contains(&address);
    assert!(logged.err.lines().any(started), "{}", logged.all());
    assert!(logged.err.contains("connection refused") && logged.err.contains("session ended"), "{}", logged.all());
    assert!(!logged.all().contains("sesame"), "{}", logged.all());
    assert!(serde_json::from_str::<serde_json::Value>(&logged.out).is_ok(), "{}", logged.out);
}

#[test]
fn a_registrys_token_is_not_in_the_log() {
    let mut command = tool(&["resolve", "consul://127.0.0.1:1/pay?token=sesame", "--max-time", "2s"]);
    command.env("GRPC_DISCOVER_LOG", "trace").env("CONSUL_HTTP_TOKEN", "opensaysme");
    let logged = run_command(command);
    if cfg!(feature = "consul") {
        assert!(
            logged.err.contains("query started") && logged.err.contains("consul://127.0.0.1:1/pay"),
            "{}",
            logged.all()
        );
    }
    assert!(!logged.all().contains("sesame") && !logged.all().contains("opensaysme"), "{}", logged.all());
}

#[test]
fn a_value_that_is_not_valid_is_quoted() {
    for (value, part) in [("loud", "unknown level \"loud\""), ("hyper=trace", "unknown module \"hyper\"")] {
        let mut command = tool(&["probe", "127.0.0.1:1"]);
        command.env("GRPC_DISCOVER_LOG", value);
        let refused = run_command(command);
        assert_eq!(refused.code, 64, "{}", refused.all());
        assert!(
            refused.err.contains(&format!("GRPC_DISCOVER_LOG {value:?}")) && refused.err.contains(part),
            "{}",
            refused.all()
        );
    }
}
