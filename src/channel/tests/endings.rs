//! G1 to G8 and N1, N2: GOAWAY, loss, and reconnecting (grpc-go `test/goaway_test.go`, grpc-java
//! `InternalSubchannelTest`).

use super::super::*;
use super::world::*;
use crate::model::reach::{FailureCode, Stage};

fn never_idle() -> Options {
    Options { idle_timeout: None, ..exact() }
}

#[test]
fn g01_a_server_that_rotates_its_connections_fails_no_rpc() {
    let mut world = World::new(never_idle(), &[Server::Up]);
    for _ in 0..50 {
        assert!(matches!(world.rpc(), Pick::Complete(_)));
        world.says_goaway(1, 0, "max_age").advance(ms(10));
    }
    assert_eq!(world.cause(), &Cause::new(CauseCode::GoAway, "10.0.0.1:1: GOAWAY NO_ERROR, debug data: \"max_age\""));
    assert!(!world.states().contains('T'));
}

#[test]
fn g02_the_end_after_goaway_touches_nobody() {
    let mut world = World::new(never_idle(), &[Server::Up; 2]);
    assert!(matches!(world.rpc_begins(), Pick::Complete(_)));
    let old = world.connection(1);
    world.server(1, Server::Refused).says_goaway(1, 0, "").assert_states("I C R I");
    assert!(matches!(world.rpc(), Pick::Complete(_)));
    assert_eq!(world.picked(), address(2));
    world.assert_states("I C R I C R");
    let before = world.effects.len();
    world.give(Input::Lost(old, eof())).give(Input::GoingAway(old, goaway(0, ""))).give(Input::RpcFinished);
    assert_eq!(world.effects.len(), before);
    assert_eq!(world.picked(), address(2));
}

#[test]
fn g03_new_rpcs_do_not_go_to_a_connection_that_goes_away() {
    let mut world = World::new(never_idle(), &[Server::Up]);
    world.rpc_begins();
    let old = world.connection(1);
    world.says_goaway(1, 0, "");
    assert_eq!(world.count(&Effect::Close { connection: old, drain: true }), 1, "its streams may end");
    assert_eq!(world.pick(), Pick::Queue);
    world.advance(ms(0));
    assert_ne!(world.pick(), Pick::Complete(old));
    // A second GOAWAY on the same connection is not a second transition.
    world.give(Input::GoingAway(old, goaway(0, ""))).assert_states("I C R I C R");
}

#[test]
fn g04_the_cause_holds_code_and_debug_data() {
    let mut world = World::new(never_idle(), &[Server::Up]);
    world.connect().says_goaway(1, 11, "too_many_pings");
    assert_eq!(
        world.cause(),
        &Cause::new(CauseCode::GoAway, "10.0.0.1:1: GOAWAY ENHANCE_YOUR_CALM, debug data: \"too_many_pings\"")
    );
    let mut abrupt = World::new(never_idle(), &[Server::Up]);
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
    let mut world = World::new(never_idle(), &[Server::Up]);
    world.rpc_begins();
    world.says_goaway(1, 0, "").give(Input::Close).assert_states("I C R I S").assert_quiet(secs(60));
}

#[test]
fn g08_goaway_before_settings_is_a_failed_attempt() {
    let mut world = World::new(never_idle(), &[Server::Held]);
    world.connect();
    let id = world.connection(1);
    let failure = Failure::new(Stage::Http2, FailureCode::GoAway, "GOAWAY NO_ERROR before SETTINGS", ms(0));
    world.give(Input::ConnectFailed(id, failure)).assert_states("I C T");
    world.fails_with("http2: 10.0.0.1:1: GOAWAY NO_ERROR before SETTINGS");
}

#[test]
fn g08_an_end_before_ready_was_told_is_ready_then_idle() {
    // D3. grpc-go would publish CONNECTING, then IDLE.
    let mut world = World::new(never_idle(), &[Server::Held]);
    world.connect();
    let id = world.connection(1);
    world.give(Input::GoingAway(id, goaway(0, "max_idle"))).assert_states("I C R I").assert_quiet(secs(60));
    assert_eq!(world.sub(1), "C R I");
    let mut lost = World::new(round_robin(), &[Server::Held]);
    lost.connect().dies(1).assert_states("I C R C");
    assert_eq!(lost.sub(1), "C R I C");
}

#[test]
fn n01_single_address_reconnects_to_the_schedule() {
    let backoff = Backoff { base: ms(10), multiplier: 10.0, ..exact().backoff };
    let mut world = World::new(Options { backoff, ..never_idle() }, &[Server::Held]);
    world.connect().refuses(1).assert_quiet(ms(9)).advance(ms(1)).refuses(1);
    world.assert_quiet(ms(99)).advance(ms(1)).answers(1).dies(1).connect();
    assert_eq!(world.sub(1), "C T I C T I C R I C", "after a READY the next attempt is immediate");
    assert_eq!(world.dials(1), [0, 10, 110, 110]);
    world.refuses(1).assert_quiet(ms(9)).advance(ms(1));
    assert_eq!(world.dials(1)[4..], [120], "and the backoff begins anew");
    world.assert_states("I C T R I C T");
}

#[test]
fn n02_reset_backoff_is_nothing_where_none_runs() {
    for servers in [&[Server::Up][..], &[Server::Held], &[]] {
        let mut world = World::new(never_idle(), servers);
        world.connect();
        let before = world.effects.len();
        world.give(Input::ResetBackoff);
        assert_eq!(world.effects.len(), before, "{servers:?}");
    }
    let mut idle = World::new(never_idle(), &[Server::Up]);
    idle.give(Input::ResetBackoff);
    assert!(idle.effects.is_empty());
    idle.connect().dies(1).give(Input::ResetBackoff).assert_states("I C R I");
}

#[test]
fn n02_shutdown_while_connecting_and_while_ready() {
    let mut connecting = World::new(never_idle(), &[Server::Held]);
    connecting.connect();
    let id = connecting.connection(1);
    connecting.give(Input::Close).give(Input::Connected(id)).assert_states("I C S");
    assert_eq!(connecting.sub(1), "C S");
    let mut in_backoff = World::new(never_idle(), &[Server::Refused]);
    in_backoff.connect().give(Input::Close).assert_states("I C T S").assert_quiet(secs(600));
}
