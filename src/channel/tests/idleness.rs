//! I1 to I18: when a channel becomes IDLE and what it does then (grpc-go `internal/idle`, grpc-java
//! `ManagedChannelImplIdlenessTest`, C-core `client_lb_end2end_test`).

use super::super::*;
use super::harness::*;

const T: std::time::Duration = ms(500);

fn idles() -> Options {
    Options { idle_timeout: Some(T), ..exact() }
}

fn idles_with(across_idle: AcrossIdle) -> Options {
    Options { across_idle, ..idles() }
}

#[test]
fn i01_disabled_stays_ready() {
    for idle_timeout in [None, Some(ms(0))] {
        for policy in [Policy::RoundRobin, Policy::PickFirst] {
            let mut harness = Harness::new(Options { idle_timeout, policy, ..exact() }, &[Server::Up]);
            harness.connect().assert_states("I C R").assert_quiet(3 * T);
            assert_eq!(harness.channel.deadline(), None);
        }
    }
}

#[test]
fn i02_enters_idle_without_activity() {
    for policy in [Policy::PickFirst, Policy::RoundRobin] {
        let mut harness = Harness::new(Options { policy, ..idles() }, &[Server::Up]);
        harness.connect().assert_states("I C R").assert_quiet(T - ms(1)).advance(ms(1)).assert_states("I C R I");
        assert_eq!(harness.cause(), &Cause::new(CauseCode::IdleTimeout, "no RPC for 500ms"));
        assert!(!harness.is_open(1), "the connection is closed");
        assert_eq!(harness.sub(1), "C R S");
        assert_eq!(harness.channel.subchannels().count(), 0);
        let tail: Vec<_> = harness.effects.iter().rev().take(3).rev().map(|(_, effect)| effect).collect();
        assert!(
            matches!(
                tail[..],
                [
                    Effect::Publish(Transition { scope: Scope::Channel, .. }),
                    Effect::Publish(Transition { scope: Scope::Subchannel(_), .. }),
                    Effect::Close { drain: false, .. }
                ]
            ),
            "IDLE is published before the subchannels are torn down: {tail:?}"
        );
        harness.assert_quiet(100 * T);
    }
}

#[test]
fn i03_an_rpc_in_flight_prevents_idleness() {
    let mut harness = Harness::new(idles(), &[Server::Up]);
    harness.rpc_starts();
    harness.assert_states("I C R").assert_quiet(3 * T);
    harness.give(Input::RpcFinished).assert_quiet(T - ms(1)).advance(ms(1)).assert_states("I C R I");
}

#[test]
fn i04_active_since_last_check() {
    let mut harness = Harness::new(idles(), &[Server::Up]);
    for _ in 0..12 {
        assert!(matches!(harness.rpc(), Pick::Complete(_)));
        harness.advance(T / 4);
    }
    harness.assert_states("I C R").advance(T).assert_states("I C R I");
}

#[test]
fn i05_an_rpc_leaves_idle() {
    let mut harness = Harness::new(idles(), &[Server::Up]);
    harness.connect().advance(T).assert_states("I C R I");
    assert!(matches!(harness.rpc(), Pick::Complete(_)));
    harness.assert_states("I C R I C R");
    assert_eq!(harness.sub(1), "C R S C R");
    harness.advance(T).assert_states("I C R I C R I");
}

#[test]
fn i06_rpcs_at_the_very_end_of_the_timeout_all_succeed() {
    let mut harness = Harness::new(idles(), &[Server::Up]);
    for round in 0..20 {
        // Even rounds: the timer wins. Odd rounds: the RPC does, at the same instant.
        if round % 2 == 0 {
            harness.advance(T);
        } else {
            harness.advance(T - ms(1));
            harness.now += ms(1);
        }
        assert!(matches!(harness.rpc(), Pick::Complete(_)), "round {round}");
    }
    // Round 0 leaves the initial IDLE; after that every even round has found the channel idle.
    assert_eq!(harness.times_of(ConnectivityState::Idle).len(), 9);
}

#[test]
fn i07_connect_leaves_idle() {
    Harness::new(idles(), &[Server::Up]).connect().advance(T).connect().assert_states("I C R I C R");
}

#[test]
fn i08_an_rpc_that_fails_early_ends_once() {
    let mut harness = Harness::new(idles(), &[Server::Refused]);
    assert!(matches!(harness.rpc(), Pick::Fail(_)));
    assert_eq!(harness.channel.active_rpcs(), 0);
    harness.give(Input::RpcFinished);
    assert_eq!(harness.channel.active_rpcs(), 0);
    harness.advance(T).assert_states("I C T I");
}

#[test]
fn i10_a_call_that_starts_when_the_timer_is_due_finds_a_live_policy() {
    let mut harness = Harness::new(idles(), &[Server::Up]);
    harness.connect().advance(T - ms(1));
    harness.now += ms(1);
    harness.give(Input::RpcStarted).give(Input::TimePassed);
    harness.assert_states("I C R");
    assert!(matches!(harness.pick(), Pick::Complete(_)));
}

#[test]
fn i11_a_new_call_starts_the_timeout_again() {
    let mut harness = Harness::new(idles(), &[Server::Up]);
    harness.connect().advance(T - ms(1)).give(Input::RpcStarted).give(Input::RpcFinished);
    harness.assert_quiet(T - ms(1)).advance(ms(1)).assert_states("I C R I");
}

#[test]
fn i12_an_rpc_that_waits_for_the_resolver_prevents_idleness() {
    let mut harness = Harness::new(idles(), &[]);
    harness.resolver = Answer::Nothing;
    harness.rpc_starts();
    harness.assert_quiet(2 * T).give(Input::RpcFinished);
    harness.assert_quiet(T - ms(1)).advance(ms(1)).assert_states("I C I");
}

#[test]
fn i13_a_stream_prevents_idleness() {
    let mut harness = Harness::new(idles(), &[Server::Up]);
    harness.rpc_starts();
    harness.rpc();
    harness.assert_quiet(2 * T).assert_states("I C R");
}

#[test]
fn i15_two_idle_periods_each_need_the_resolver() {
    let options = Options { idle_timeout: Some(secs(1)), ..idles_with(AcrossIdle::StopAndRebuild) };
    let mut harness = Harness::new(options, &[Server::Up]);
    for _ in 0..2 {
        harness.rpc();
        harness.advance(ms(1200));
    }
    harness.assert_states("I C R I C R I");
    assert_eq!((harness.count(&Effect::StartResolver), harness.count(&Effect::StopResolver)), (2, 2));
    assert_eq!(
        harness.times_of(ConnectivityState::Idle),
        [1000, 2200],
        "the second period ends as exactly as the first"
    );
}

#[test]
fn i16_stop_and_rebuild_is_deaf_while_idle() {
    let mut harness = Harness::new(idles_with(AcrossIdle::StopAndRebuild), &[Server::Up, Server::Up]);
    harness.resolver = Answer::List(addresses(&[1]));
    harness.connect().advance(T).assert_states("I C R I");
    assert_eq!(harness.count(&Effect::StopResolver), 1);
    // A late result of the resolver changes nothing, now or later.
    harness.list(&[2]).give(Input::ResolverFailed("late".to_string())).assert_quiet(secs(60));
    harness.resolver = Answer::Nothing;
    assert_eq!(harness.rpc_starts(), Pick::Queue, "the RPC waits for the new list");
    harness.assert_states("I C R I C").assert_quiet(secs(60));
    assert_eq!(harness.count(&Effect::StartResolver), 2);
    harness.list(&[2]).assert_states("I C R I C R");
    assert_eq!(harness.picked(), address(2));
}

#[test]
fn i16_keep_watching_uses_the_list_of_the_moment() {
    for policy in [Policy::PickFirst, Policy::RoundRobin] {
        let mut harness = Harness::new(Options { policy, ..idles() }, &[Server::Up, Server::Up]);
        harness.resolver = Answer::List(addresses(&[1]));
        harness.connect().advance(T).assert_states("I C R I");
        assert_eq!(harness.count(&Effect::StopResolver), 0, "the watch goes on");
        // The pod moves while there are no calls; the channel stays IDLE and has no effects.
        let before = harness.effects.len();
        harness.list(&[1, 2]).list(&[2]).give(Input::ResolverFailed("broken watch".to_string()));
        harness.server(1, Server::Unresponsive).assert_quiet(secs(60));
        assert_eq!(harness.effects.len(), before);
        let hints = harness.count(&Effect::ResolveNow);
        assert!(matches!(harness.rpc(), Pick::Complete(_)), "without waiting for anything");
        assert_eq!(harness.picked(), address(2));
        harness.assert_states("I C R I C R");
        assert_eq!(harness.dials(1), [0], "the dead address is not dialled");
        assert_eq!(harness.count(&Effect::ResolveNow), hints + 1, "and re-resolution is requested");
        assert_eq!(harness.count(&Effect::StartResolver), 1);
    }
}

#[test]
fn i16_keep_watching_has_the_empty_list() {
    let mut harness = Harness::new(idles(), &[Server::Up]);
    harness.connect().advance(T).list(&[]).assert_states("I C R I");
    assert_eq!(harness.rpc(), Pick::Fail("name resolver error: produced zero addresses".to_string()));
    harness.assert_states("I C R I C T").list(&[1]).assert_states("I C R I C T C R");
}

#[test]
fn i16_frozen_dials_the_old_list_for_ever() {
    let mut harness = Harness::new(idles_with(AcrossIdle::Frozen), &[Server::Up, Server::Up]);
    harness.resolver = Answer::List(addresses(&[1]));
    harness.connect();
    // Before the first idle period everything works.
    harness.list(&[1, 2]).list(&[1]).advance(T).assert_states("I C R I");
    assert_eq!((harness.count(&Effect::StartResolver), harness.count(&Effect::StopResolver)), (1, 1));
    harness.list(&[2]).server(1, Server::Refused);
    let hints = harness.count(&Effect::ResolveNow);
    assert!(matches!(harness.rpc(), Pick::Fail(_)));
    harness.fails_with("connection error: desc = \"tcp: 10.0.0.1:1: connection refused\"");
    harness.list(&[2]).rpc_starts();
    harness.advance(secs(3600)).assert_states("I C R I C T");
    assert_eq!(harness.dials(2), [] as [u64; 0]);
    assert!(harness.dials(1).len() > 20, "it dials the dead address and never recovers");
    assert_eq!(harness.count(&Effect::StartResolver), 1);
    assert_eq!(harness.count(&Effect::ResolveNow), hints, "no resolver runs that could re-resolve");
}

#[test]
fn i17_a_health_watch_does_not_prevent_idleness() {
    let options = Options { client_health: true, policy: Policy::RoundRobin, ..idles() };
    let mut harness = Harness::new(options, &[Server::Up]);
    harness.connect().health(1, Health::Serving).assert_states("I C R").advance(T).assert_states("I C R I");
    assert!(!harness.is_open(1), "closing the connection ends the Watch");
    harness.assert_quiet(secs(60));
}

#[test]
fn i18_idle_entry_cancels_attempts_and_backoffs() {
    let mut harness = Harness::new(idles(), &[Server::Unresponsive, Server::Refused]);
    harness.connect().assert_states("I C").advance(T).assert_states("I C I");
    assert_eq!((harness.sub(1), harness.sub(2)), ("C S".to_string(), "C T S".to_string()));
    assert_eq!(harness.channel.deadline(), None);
    harness.assert_quiet(secs(600));
    // The history is lost with the subchannels: the next attempt counts as a first one.
    harness.connect().advance(ms(300)).assert_states("I C I C");
    assert_eq!(harness.dials(2), [250, 600_750]);
}

#[test]
fn idle_mode_comes_also_to_a_channel_that_lost_its_connection() {
    // The state is IDLE already, so nothing is published; but the resolver is stopped.
    let mut harness = Harness::new(idles_with(AcrossIdle::StopAndRebuild), &[Server::Up]);
    harness.connect().dies(1).assert_states("I C R I").advance(T).assert_states("I C R I");
    assert_eq!(harness.count(&Effect::StopResolver), 1);
    assert_eq!(harness.sub(1), "C R I S");
}

#[test]
fn transient_failure_ends_in_idle_without_calls() {
    let options = Options { idle_timeout: Some(secs(10)), ..exact() };
    let mut harness = Harness::new(options, &[Server::Refused]);
    harness.connect().advance(secs(10)).assert_states("I C T I");
    let dials = harness.dials(1).len();
    harness.assert_quiet(secs(600));
    assert_eq!(harness.dials(1).len(), dials);
}

#[test]
fn close_ends_everything_and_is_reported_last() {
    for options in [idles(), Options { policy: Policy::RoundRobin, ..idles() }] {
        let mut harness = Harness::new(options, &[Server::Up]);
        harness.connect().give(Input::Close).assert_states("I C R S");
        assert_eq!(harness.sub(1), "C R S");
        assert_eq!(harness.count(&Effect::StopResolver), 1);
        assert!(matches!(
            harness.effects.last(),
            Some((_, Effect::Publish(Transition { scope: Scope::Channel, to: ConnectivityState::Shutdown, .. })))
        ));
    }
    let mut never_used = Harness::new(idles(), &[]);
    never_used.give(Input::Close).assert_states("I S");
    assert_eq!(never_used.effects.len(), 1);
    let mut idle_with_a_watch = Harness::new(idles(), &[Server::Up]);
    idle_with_a_watch.connect().advance(T).give(Input::Close).assert_states("I C R I S");
    assert_eq!(idle_with_a_watch.count(&Effect::StopResolver), 1, "the watch that was kept is stopped too");
}
