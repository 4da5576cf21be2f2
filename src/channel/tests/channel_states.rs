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
    // In the original, the outcome of the race depends on who reports first: here, a connection that was established
    // is READY, then lost.
    World::new(never_idle(), &[Server::CloseAfterSettings]).connect().assert_states("I C R I").assert_quiet(HOUR);
}

#[test]
fn t04_server_never_sends_settings() {
    let backoff = Backoff { base: ms(50), min_connect_timeout: ms(100), ..exact().backoff };
    let mut world = World::new(Options { backoff, ..never_idle() }, &[Server::Silent]);
    world.connect().assert_states("I C").assert_quiet(ms(99)).advance(ms(1)).assert_states("I C T");
    world.advance(HOUR).assert_states("I C T");
}

#[test]
fn t05_ready_lost_and_asked_again() {
    let mut world = World::new(never_idle(), &[Server::Up]);
    world.connect().server(1, Server::Held).dies(1).assert_states("I C R I").assert_quiet(HOUR);
    assert_eq!(world.cause(), &Cause::new(CauseCode::ConnectionLost, "10.0.0.1:1: closed by peer"));
    world.connect().assert_states("I C R I C").assert_quiet(HOUR);
}

#[test]
fn t06_tries_all_addresses_before_transient_failure() {
    let backoff = Backoff { base: HOUR, ..exact().backoff };
    let mut world = World::new(Options { backoff, ..never_idle() }, &[Server::CloseBeforeSettings; 2]);
    world.connect().assert_states("I C T");
    let failed =
        world.transitions().position(|t| t.scope == Scope::Channel && t.to == ConnectivityState::TransientFailure);
    let subchannels_failed =
        world.transitions().take(failed.unwrap()).filter(|t| t.cause.code == CauseCode::ConnectFailed);
    assert_eq!(subchannels_failed.count(), 2, "both were tried before");
    assert_eq!(
        world.cause().text,
        "all 2 addresses failed, last error: http2: 10.0.0.2:1: closed by peer before SETTINGS"
    );
    world.assert_quiet(HOUR - ms(1));
}

#[test]
fn t07_multiple_addresses_enter_ready() {
    let mut world = World::new(never_idle(), &[Server::Up; 2]);
    world.connect().assert_states("I C R");
    assert_eq!(world.dials(2), [] as [u64; 0], "the second address is not contacted");
    world.server(1, Server::Held).dies(1).assert_states("I C R I").connect().assert_states("I C R I C");
}

#[test]
fn t08_no_transition_is_lost() {
    let mut world = World::new(exact(), &[Server::CloseAfterSettings]);
    world.connect().connect().connect().server(1, Server::Silent).connect();
    world.assert_states("I C R I C R I C R I C").give(Input::Close).assert_states("I C R I C R I C R I C S");
    world.connect().list(&[1, 2]).give(Input::RpcStarted).assert_quiet(HOUR);
    assert_eq!(world.channel.deadline(), None);
    world.fails_with("grpc: the client connection is closing");
}

#[test]
fn t09_connect_without_a_word_from_the_resolver() {
    let mut world = World::new(never_idle(), &[]);
    world.resolver = Answer::Nothing;
    world.connect().assert_states("I C").assert_quiet(HOUR);
    let first_two: Vec<_> = world.effects.iter().map(|(_, effect)| effect).collect();
    assert!(matches!(first_two[..], [Effect::Publish(_), Effect::StartResolver]), "CONNECTING comes before resolving");
}

#[test]
fn t10_rpc_without_a_word_from_the_resolver() {
    let mut world = World::new(exact(), &[]);
    world.resolver = Answer::Nothing;
    assert_eq!(world.rpc_begins(), Pick::Queue);
    assert_eq!(world.cause().code, CauseCode::Rpc);
    world.assert_states("I C").assert_quiet(HOUR);
    assert_eq!(world.pick(), Pick::Queue, "it waits for its own deadline");
}

#[test]
fn t11_resolver_cannot_be_built() {
    for across_idle in [AcrossIdle::StopAndRebuild, AcrossIdle::KeepWatching] {
        for by_rpc in [false, true] {
            let options = Options { idle_timeout: Some(secs(1)), across_idle, ..exact() };
            let mut world = World::new(options, &[Server::Up]);
            let list = std::mem::replace(&mut world.resolver, Answer::Error("no such scheme"));
            if by_rpc {
                assert_eq!(world.rpc(), Pick::Fail("name resolver error: no such scheme".to_string()));
            } else {
                world.connect();
            }
            world.assert_states("I C T").fails_with("no such scheme").fails_with("no such scheme");
            world.advance(secs(1)).assert_states("I C T I").assert_quiet(HOUR);
            world.resolver = list;
            world.connect();
            match across_idle {
                AcrossIdle::StopAndRebuild => world.assert_states("I C T I C R"),
                // The Watch continues, so its last status counts until a better one is reported.
                AcrossIdle::KeepWatching => {
                    world.assert_states("I C T I C T").list(&[1]).assert_states("I C T I C T C R")
                }
                AcrossIdle::Frozen => unreachable!(),
            };
        }
    }
}

#[test]
fn t12_resolver_lists_nobody() {
    let options = Options { idle_timeout: Some(secs(1)), ..exact() };
    let mut world = World::new(options, &[]);
    assert_eq!(world.rpc(), Pick::Fail("name resolver error: produced zero addresses".to_string()));
    assert_eq!(world.cause().code, CauseCode::NoAddresses);
    world.assert_states("I C T").fails_with("produced zero addresses").assert_quiet(ms(999));
    world.advance(ms(1)).assert_states("I C T I").assert_quiet(HOUR);
}
