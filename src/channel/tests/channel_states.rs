//! T1 to T12: sequences of channel states (grpc-go `test/clientconn_state_transition_test.go`).

use super::super::*;
use super::world::*;

const HOUR: std::time::Duration = secs(3600);

fn never_idle() -> Options {
    Options { idle_timeout: None, ..exact() }
}

#[test]
fn t01_server_sends_settings() {
    World::new(never_idle(), &[Server::Up]).assert_states("I").connect().assert_states("I C R").assert_quiet(HOUR);
}

#[test]
fn t02_connection_closes_before_settings() {
    let mut world = World::new(never_idle(), &[Server::CloseBeforeSettings]);
    world.connect().assert_states("I C T").assert_quiet(ms(999));
    assert_eq!(world.cause().code, CauseCode::AllFailed);
    assert_eq!(world.cause().text, "http2: 10.0.0.1:1: closed by peer before SETTINGS");
}

#[test]
fn t03_connection_closes_after_settings() {
    // The race of the original is decided by who reports: a connection that was established is READY, then lost.
    World::new(never_idle(), &[Server::CloseAfterSettings]).connect().assert_states("I C R I").assert_quiet(HOUR);
}

#[test]
fn t04_server_never_sends_settings() {
    let backoff = Backoff { base: ms(50), min_connect_timeout: ms(100), ..exact().backoff };
    let mut world = World::new(Options { backoff, ..never_idle() }, &[Server::Silent]);
    world.connect().assert_states("I C").assert_quiet(ms(99)).advance(ms(1)).assert_states("I C T");
    world.advance(HOUR).assert_states("I C T");
}
