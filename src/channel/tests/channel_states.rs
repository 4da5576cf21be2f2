//! T1 to T12: sequences of channel states (grpc-go `test/clientconn_state_transition_test.go`).

use super::super::*;
use super::harness::*;

const HOUR: std::time::Duration = secs(3600);

fn never_idle() -> Options {
    Options { idle_timeout: None, ..exact() }
}

#[test]
fn t01_server_sends_settings() {
    Harness::new(never_idle(), &[Server::Up]).assert_states("I").connect().assert_states("I C R").assert_quiet(HOUR);
}

#[test]
fn t02_connection_closes_before_settings() {
    let mut harness = Harness::new(never_idle(), &[Server::CloseBeforeSettings]);
    harness.connect().assert_states("I C T").assert_quiet(ms(999));
    assert_eq!(harness.cause().code, CauseCode::AllFailed);
    assert_eq!(harness.cause().text, "http2: 10.0.0.1:1: closed by peer before SETTINGS");
}

#[test]
fn t03_connection_closes_after_settings() {
    // In the original, the outcome of the race depends on who reports first: here, a connection that was established
    // is READY, then lost.
    Harness::new(never_idle(), &[Server::CloseAfterSettings]).connect().assert_states("I C R I").assert_quiet(HOUR);
}

#[test]
fn t04_server_never_sends_settings() {
    let backoff = Backoff { base: ms(50), min_connect_timeout: ms(100), ..exact().backoff };
    let mut harness = Harness::new(Options { backoff, ..never_idle() }, &[Server::Unresponsive]);
    harness.connect().assert_states("I C").assert_quiet(ms(99)).advance(ms(1)).assert_states("I C T");
    harness.advance(HOUR).assert_states("I C T");
}

#[test]
fn t05_ready_lost_and_requested_again() {
    let mut harness = Harness::new(never_idle(), &[Server::Up]);
    harness.connect().server(1, Server::Pending).dies(1).assert_states("I C R I").assert_quiet(HOUR);
    assert_eq!(harness.cause(), &Cause::new(CauseCode::ConnectionLost, "10.0.0.1:1: closed by peer"));
    harness.connect().assert_states("I C R I C").assert_quiet(HOUR);
}

#[test]
fn t06_tries_all_addresses_before_transient_failure() {
    let backoff = Backoff { base: HOUR, ..exact().backoff };
    let mut harness = Harness::new(Options { backoff, ..never_idle() }, &[Server::CloseBeforeSettings; 2]);
    harness.connect().assert_states("I C T");
    let failed =
        harness.transitions().position(|t| t.scope == Scope::Channel && t.to == ConnectivityState::TransientFailure);
    let subchannels_failed =
        harness.transitions().take(failed.unwrap()).filter(|t| t.cause.code == CauseCode::ConnectFailed);
    assert_eq!(subchannels_failed.count(), 2, "both were tried before");
    assert_eq!(
        harness.cause().text,
        "all 2 addresses failed, last error: http2: 10.0.0.2:1: closed by peer before SETTINGS"
    );
    harness.assert_quiet(HOUR - ms(1));
}

#[test]
fn t07_multiple_addresses_enter_ready() {
    let mut harness = Harness::new(never_idle(), &[Server::Up; 2]);
    harness.connect().assert_states("I C R");
    assert_eq!(harness.dials(2), [] as [u64; 0], "the second address is not contacted");
    harness.server(1, Server::Pending).dies(1).assert_states("I C R I").connect().assert_states("I C R I C");
}

#[test]
fn t08_no_transition_is_lost() {
    let mut harness = Harness::new(exact(), &[Server::CloseAfterSettings]);
    harness.connect().connect().connect().server(1, Server::Unresponsive).connect();
    harness.assert_states("I C R I C R I C R I C").give(Input::Close).assert_states("I C R I C R I C R I C S");
    harness.connect().list(&[1, 2]).give(Input::RpcStarted).assert_quiet(HOUR);
    assert_eq!(harness.channel.deadline(), None);
    harness.fails_with("grpc: the client connection is closing");
}

#[test]
fn t09_connect_without_a_message_from_the_resolver() {
    let mut harness = Harness::new(never_idle(), &[]);
    harness.resolver = Answer::Nothing;
    harness.connect().assert_states("I C").assert_quiet(HOUR);
    let first_two: Vec<_> = harness.effects.iter().map(|(_, effect)| effect).collect();
    assert!(matches!(first_two[..], [Effect::Publish(_), Effect::StartResolver]), "CONNECTING comes before resolving");
}

#[test]
fn t10_rpc_without_a_message_from_the_resolver() {
    let mut harness = Harness::new(exact(), &[]);
    harness.resolver = Answer::Nothing;
    assert_eq!(harness.rpc_starts(), Pick::Queue);
    assert_eq!(harness.cause().code, CauseCode::Rpc);
    harness.assert_states("I C").assert_quiet(HOUR);
    assert_eq!(harness.pick(), Pick::Queue, "it waits for its own deadline");
}

#[test]
fn t11_resolver_cannot_be_built() {
    for across_idle in [AcrossIdle::StopAndRebuild, AcrossIdle::KeepWatching] {
        for by_rpc in [false, true] {
            let options = Options { idle_timeout: Some(secs(1)), across_idle, ..exact() };
            let mut harness = Harness::new(options, &[Server::Up]);
            let list = std::mem::replace(&mut harness.resolver, Answer::Error("no such scheme"));
            if by_rpc {
                assert_eq!(harness.rpc(), Pick::Fail("name resolver error: no such scheme".to_string()));
            } else {
                harness.connect();
            }
            harness.assert_states("I C T").fails_with("no such scheme").fails_with("no such scheme");
            harness.advance(secs(1)).assert_states("I C T I").assert_quiet(HOUR);
            harness.resolver = list;
            harness.connect();
            match across_idle {
                AcrossIdle::StopAndRebuild => harness.assert_states("I C T I C R"),
                // The Watch continues, so its last status counts until a better one is reported.
                AcrossIdle::KeepWatching => {
                    harness.assert_states("I C T I C T").list(&[1]).assert_states("I C T I C T C R")
                }
                AcrossIdle::Frozen => unreachable!(),
            };
        }
    }
}

#[test]
fn t12_resolver_lists_no_endpoint() {
    let options = Options { idle_timeout: Some(secs(1)), ..exact() };
    let mut harness = Harness::new(options, &[]);
    assert_eq!(harness.rpc(), Pick::Fail("name resolver error: produced zero addresses".to_string()));
    assert_eq!(harness.cause().code, CauseCode::NoAddresses);
    harness.assert_states("I C T").fails_with("produced zero addresses").assert_quiet(ms(999));
    harness.advance(ms(1)).assert_states("I C T I").assert_quiet(HOUR);
}
