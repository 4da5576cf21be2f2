//! `--connect-timeout` is kept to a tenth of a second, whatever stage is pending.

use super::setup::Setup;
use crate::support::tool::run;

/// The pending stage and its milliseconds, from the event itself. The best of three: a busy machine may be late, but
/// a timeout measured from the wrong moment is always wrong.
fn waits_two_seconds(stage: &str, arguments: &[&str]) {
    let mut measured = Vec::new();
    for _ in 0..3 {
        let finished = run(&[&["probe", "-o", "ndjson", "--connect-timeout", "2s"], arguments].concat());
        let events = finished.events();
        let failed = events.iter().find(|event| event["kind"] == "connection" && !event["error"].is_null());
        let failed = failed.unwrap_or_else(|| panic!("{}", finished.all()));
        assert_eq!((failed["phase"].as_str(), failed["error"]["code"].as_str()), (Some(stage), Some("timed_out")));
        // From the list to the failure: the time before the pending stage (connecting, reading the system's roots for
        // TLS) is part of the two seconds.
        let listed = events.iter().find(|event| event["kind"] == "endpoints").unwrap();
        let ms = failed["at_ms"].as_f64().unwrap() - listed["at_ms"].as_f64().unwrap();
        assert!(ms > 1_900.0, "{failed}");
        measured.push(ms);
        if ms <= 2_100.0 {
            return;
        }
    }
    panic!("--connect-timeout 2s ended after {measured:?} ms");
}

#[test]
fn a_unresponsive_port_ends_at_the_connect_timeout() {
    let setup = Setup::new();
    waits_two_seconds("http2", &[&setup.silent()]);
}

#[test]
fn an_unanswered_handshake_ends_at_the_connect_timeout() {
    let setup = Setup::new();
    waits_two_seconds("tls", &["--tls", "on", &setup.silent()]);
}

#[test]
fn dropped_packets_end_at_the_connect_timeout() {
    let mut setup = Setup::new();
    let address = setup.full();
    waits_two_seconds("tcp", &[&address]);
}
