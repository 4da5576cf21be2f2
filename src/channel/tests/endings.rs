//! G1 to G8 and N1, N2: GOAWAY, loss, and reconnecting (grpc-go `test/goaway_test.go`, grpc-java
//! `InternalSubchannelTest`).

use super::super::*;
use super::harness::*;
use crate::model::reach::{FailureCode, Stage};

fn never_idle() -> Options {
    Options { idle_timeout: None, ..exact() }
}

#[test]
fn g01_a_server_that_rotates_its_connections_fails_no_rpc() {
    let mut harness = Harness::new(never_idle(), &[Server::Up]);
    for _ in 0..50 {
        assert!(matches!(harness.rpc(), Pick::Complete(_)));
        harness.send_goaway(1, 0, "max_age").advance(ms(10));
    }
    assert_eq!(harness.cause(), &Cause::new(CauseCode::GoAway, "10.0.0.1:1: GOAWAY NO_ERROR, debug data: \"max_age\""));
    assert!(!harness.states().contains('T'));
}

#[test]
fn g02_the_end_after_goaway_has_no_effect() {
    let mut harness = Harness::new(never_idle(), &[Server::Up; 2]);
    assert!(matches!(harness.rpc_starts(), Pick::Complete(_)));
    let old = harness.connection(1);
    harness.server(1, Server::Refused).send_goaway(1, 0, "").assert_states("I C R I");
    assert!(matches!(harness.rpc(), Pick::Complete(_)));
    assert_eq!(harness.picked(), address(2));
    harness.assert_states("I C R I C R");
    let before = harness.effects.len();
    harness.give(Input::Lost(old, eof())).give(Input::GoingAway(old, goaway(0, ""))).give(Input::RpcFinished);
    assert_eq!(harness.effects.len(), before);
    assert_eq!(harness.picked(), address(2));
}

#[test]
fn g03_new_rpcs_do_not_go_to_a_connection_that_goes_away() {
    let mut harness = Harness::new(never_idle(), &[Server::Up]);
    harness.rpc_starts();
    let old = harness.connection(1);
    harness.send_goaway(1, 0, "");
    assert_eq!(harness.count(&Effect::Close { connection: old, drain: true }), 1, "its streams may end");
    assert_eq!(harness.pick(), Pick::Queue);
    harness.advance(ms(0));
    assert_ne!(harness.pick(), Pick::Complete(old));
    // A second GOAWAY on the same connection is not a second transition.
    harness.give(Input::GoingAway(old, goaway(0, ""))).assert_states("I C R I C R");
}

#[test]
fn g04_the_cause_holds_code_and_debug_data() {
    let mut harness = Harness::new(never_idle(), &[Server::Up]);
    harness.connect().send_goaway(1, 11, "too_many_pings");
    assert_eq!(
        harness.cause(),
        &Cause::new(CauseCode::GoAway, "10.0.0.1:1: GOAWAY ENHANCE_YOUR_CALM, debug data: \"too_many_pings\"")
    );
    let mut abrupt = Harness::new(never_idle(), &[Server::Up]);
    abrupt.connect();
    let id = abrupt.connection(1);
    abrupt.give(Input::Lost(id, goaway(2, "bug"))).assert_states("I C R I");
    assert_eq!(
        abrupt.cause(),
        &Cause::new(CauseCode::ConnectionLost, "10.0.0.1:1: GOAWAY INTERNAL_ERROR, debug data: \"bug\"")
    );
}

#[test]
fn g06_close_while_a_connection_goes_away() {
    let mut harness = Harness::new(never_idle(), &[Server::Up]);
    harness.rpc_starts();
    harness.send_goaway(1, 0, "").give(Input::Close).assert_states("I C R I S").assert_quiet(secs(60));
}

#[test]
fn g08_goaway_before_settings_is_a_failed_attempt() {
    let mut harness = Harness::new(never_idle(), &[Server::Pending]);
    harness.connect();
    let id = harness.connection(1);
    let failure = Failure::new(Stage::Http2, FailureCode::GoAway, "GOAWAY NO_ERROR before SETTINGS", ms(0));
    harness.give(Input::ConnectFailed(id, failure)).assert_states("I C T");
    harness.fails_with("http2: 10.0.0.1:1: GOAWAY NO_ERROR before SETTINGS");
}

#[test]
fn g08_an_end_before_ready_was_reported_is_ready_then_idle() {
    // D3. grpc-go would publish CONNECTING, then IDLE.
    let mut harness = Harness::new(never_idle(), &[Server::Pending]);
    harness.connect();
    let id = harness.connection(1);
    harness.give(Input::GoingAway(id, goaway(0, "max_idle"))).assert_states("I C R I").assert_quiet(secs(60));
    assert_eq!(harness.sub(1), "C R I");
    let mut lost = Harness::new(round_robin(), &[Server::Pending]);
    lost.connect().dies(1).assert_states("I C R C");
    assert_eq!(lost.sub(1), "C R I C");
}

#[test]
fn n01_single_address_reconnects_to_the_schedule() {
    let backoff = Backoff { base: ms(10), multiplier: 10.0, ..exact().backoff };
    let mut harness = Harness::new(Options { backoff, ..never_idle() }, &[Server::Pending]);
    harness.connect().refuses(1).assert_quiet(ms(9)).advance(ms(1)).refuses(1);
    harness.assert_quiet(ms(99)).advance(ms(1)).answers(1).dies(1).connect();
    assert_eq!(harness.sub(1), "C T I C T I C R I C", "after a READY the next attempt is immediate");
    assert_eq!(harness.dials(1), [0, 10, 110, 110]);
    harness.refuses(1).assert_quiet(ms(9)).advance(ms(1));
    assert_eq!(harness.dials(1)[4..], [120], "and the backoff starts again");
    harness.assert_states("I C T R I C T");
}

#[test]
fn n02_reset_backoff_is_nothing_where_none_runs() {
    for servers in [&[Server::Up][..], &[Server::Pending], &[]] {
        let mut harness = Harness::new(never_idle(), servers);
        harness.connect();
        let before = harness.effects.len();
        harness.give(Input::ResetBackoff);
        assert_eq!(harness.effects.len(), before, "{servers:?}");
    }
    let mut idle = Harness::new(never_idle(), &[Server::Up]);
    idle.give(Input::ResetBackoff);
    assert!(idle.effects.is_empty());
    idle.connect().dies(1).give(Input::ResetBackoff).assert_states("I C R I");
}

#[test]
fn n02_shutdown_while_connecting_and_while_ready() {
    let mut connecting = Harness::new(never_idle(), &[Server::Pending]);
    connecting.connect();
    let id = connecting.connection(1);
    connecting.give(Input::Close).give(Input::Connected(id)).assert_states("I C S");
    assert_eq!(connecting.sub(1), "C S");
    let mut in_backoff = Harness::new(never_idle(), &[Server::Refused]);
    in_backoff.connect().give(Input::Close).assert_states("I C T S").assert_quiet(secs(600));
}
