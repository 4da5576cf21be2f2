//! I1 to I18: when a channel becomes IDLE and what it does then (grpc-go `internal/idle`, grpc-java
//! `ManagedChannelImplIdlenessTest`, C-core `client_lb_end2end_test`).

use super::super::*;
use super::world::*;

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
            let mut world = World::new(Options { idle_timeout, policy, ..exact() }, &[Server::Up]);
            world.connect().assert_states("I C R").assert_quiet(3 * T);
            assert_eq!(world.channel.deadline(), None);
        }
    }
}

#[test]
fn i02_enters_idle_without_activity() {
    for policy in [Policy::PickFirst, Policy::RoundRobin] {
        let mut world = World::new(Options { policy, ..idles() }, &[Server::Up]);
        world.connect().assert_states("I C R").assert_quiet(T - ms(1)).advance(ms(1)).assert_states("I C R I");
        assert_eq!(world.cause(), &Cause::new(CauseCode::IdleTimeout, "no RPC for 500ms"));
        assert!(!world.is_open(1), "the connection is closed");
        assert_eq!(world.sub(1), "C R S");
        assert_eq!(world.channel.subchannels().count(), 0);
        let tail: Vec<_> = world.effects.iter().rev().take(3).rev().map(|(_, effect)| effect).collect();
        assert!(
            matches!(
                tail[..],
                [
                    Effect::Publish(Transition { scope: Scope::Channel, .. }),
                    Effect::Publish(Transition { scope: Scope::Subchannel(_), .. }),
                    Effect::Close { drain: false, .. }
                ]
            ),
            "IDLE is told before the subchannels are torn down: {tail:?}"
        );
        world.assert_quiet(100 * T);
    }
}

#[test]
fn i03_an_rpc_in_flight_holds_idleness_off() {
    let mut world = World::new(idles(), &[Server::Up]);
    world.rpc_begins();
    world.assert_states("I C R").assert_quiet(3 * T);
    world.give(Input::RpcFinished).assert_quiet(T - ms(1)).advance(ms(1)).assert_states("I C R I");
}

#[test]
fn i04_active_since_last_check() {
    let mut world = World::new(idles(), &[Server::Up]);
    for _ in 0..12 {
        assert!(matches!(world.rpc(), Pick::Complete(_)));
        world.advance(T / 4);
    }
    world.assert_states("I C R").advance(T).assert_states("I C R I");
}

#[test]
fn i05_an_rpc_leaves_idle() {
    let mut world = World::new(idles(), &[Server::Up]);
    world.connect().advance(T).assert_states("I C R I");
    assert!(matches!(world.rpc(), Pick::Complete(_)));
    world.assert_states("I C R I C R");
    assert_eq!(world.sub(1), "C R S C R");
    world.advance(T).assert_states("I C R I C R I");
}

#[test]
fn i06_rpcs_at_the_very_end_of_the_timeout_all_succeed() {
    let mut world = World::new(idles(), &[Server::Up]);
    for round in 0..20 {
        // Even rounds: the timer wins. Odd rounds: the RPC does, at the same instant.
        if round % 2 == 0 {
            world.advance(T);
        } else {
            world.advance(T - ms(1));
            world.now += ms(1);
        }
        assert!(matches!(world.rpc(), Pick::Complete(_)), "round {round}");
    }
    // Round 0 leaves the initial IDLE; after that every even round has found the channel idle.
    assert_eq!(world.times_of(ConnectivityState::Idle).len(), 9);
}

#[test]
fn i07_connect_leaves_idle() {
    World::new(idles(), &[Server::Up]).connect().advance(T).connect().assert_states("I C R I C R");
}

#[test]
fn i08_an_rpc_that_fails_early_ends_once() {
    let mut world = World::new(idles(), &[Server::Refused]);
    assert!(matches!(world.rpc(), Pick::Fail(_)));
    assert_eq!(world.channel.active_rpcs(), 0);
    world.give(Input::RpcFinished);
    assert_eq!(world.channel.active_rpcs(), 0);
    world.advance(T).assert_states("I C T I");
}

#[test]
fn i10_a_call_that_begins_when_the_timer_is_due_finds_a_live_policy() {
    let mut world = World::new(idles(), &[Server::Up]);
    world.connect().advance(T - ms(1));
    world.now += ms(1);
    world.give(Input::RpcStarted).give(Input::TimePassed);
    world.assert_states("I C R");
    assert!(matches!(world.pick(), Pick::Complete(_)));
}

#[test]
fn i11_a_new_call_starts_the_timeout_anew() {
    let mut world = World::new(idles(), &[Server::Up]);
    world.connect().advance(T - ms(1)).give(Input::RpcStarted).give(Input::RpcFinished);
    world.assert_quiet(T - ms(1)).advance(ms(1)).assert_states("I C R I");
}

#[test]
fn i12_an_rpc_that_waits_for_the_resolver_holds_idleness_off() {
    let mut world = World::new(idles(), &[]);
    world.resolver = Answer::Nothing;
    world.rpc_begins();
    world.assert_quiet(2 * T).give(Input::RpcFinished);
    world.assert_quiet(T - ms(1)).advance(ms(1)).assert_states("I C I");
}

#[test]
fn i13_a_stream_holds_idleness_off() {
    let mut world = World::new(idles(), &[Server::Up]);
    world.rpc_begins();
    world.rpc();
    world.assert_quiet(2 * T).assert_states("I C R");
}

#[test]
fn i15_two_idle_periods_each_need_the_resolver() {
    let options = Options { idle_timeout: Some(secs(1)), ..idles_with(AcrossIdle::StopAndRebuild) };
    let mut world = World::new(options, &[Server::Up]);
    for _ in 0..2 {
        world.rpc();
        world.advance(ms(1200));
    }
    world.assert_states("I C R I C R I");
    assert_eq!((world.count(&Effect::StartResolver), world.count(&Effect::StopResolver)), (2, 2));
    assert_eq!(world.times_of(ConnectivityState::Idle), [1000, 2200], "the second period ends as exactly as the first");
}

#[test]
fn i16_stop_and_rebuild_is_deaf_while_idle() {
    let mut world = World::new(idles_with(AcrossIdle::StopAndRebuild), &[Server::Up, Server::Up]);
    world.resolver = Answer::List(addresses(&[1]));
    world.connect().advance(T).assert_states("I C R I");
    assert_eq!(world.count(&Effect::StopResolver), 1);
    // A late result of the resolver changes nothing, now or later.
    world.list(&[2]).give(Input::ResolverFailed("late".to_string())).assert_quiet(secs(60));
    world.resolver = Answer::Nothing;
    assert_eq!(world.rpc_begins(), Pick::Queue, "the RPC waits for the new list");
    world.assert_states("I C R I C").assert_quiet(secs(60));
    assert_eq!(world.count(&Effect::StartResolver), 2);
    world.list(&[2]).assert_states("I C R I C R");
    assert_eq!(world.picked(), address(2));
}

#[test]
fn i16_keep_watching_uses_the_list_of_the_moment() {
    for policy in [Policy::PickFirst, Policy::RoundRobin] {
        let mut world = World::new(Options { policy, ..idles() }, &[Server::Up, Server::Up]);
        world.resolver = Answer::List(addresses(&[1]));
        world.connect().advance(T).assert_states("I C R I");
        assert_eq!(world.count(&Effect::StopResolver), 0, "the watch goes on");
        // The pod moves while there are no calls; the channel stays IDLE and has no effects.
        let before = world.effects.len();
        world.list(&[1, 2]).list(&[2]).give(Input::ResolverFailed("broken watch".to_string()));
        world.server(1, Server::Silent).assert_quiet(secs(60));
        assert_eq!(world.effects.len(), before);
        let hints = world.count(&Effect::ResolveNow);
        assert!(matches!(world.rpc(), Pick::Complete(_)), "without waiting for anything");
        assert_eq!(world.picked(), address(2));
        world.assert_states("I C R I C R");
        assert_eq!(world.dials(1), [0], "the dead address is not dialled");
        assert_eq!(world.count(&Effect::ResolveNow), hints + 1, "and a fresh look is asked for");
        assert_eq!(world.count(&Effect::StartResolver), 1);
    }
}

#[test]
fn i16_keep_watching_knows_that_nobody_is_there() {
    let mut world = World::new(idles(), &[Server::Up]);
    world.connect().advance(T).list(&[]).assert_states("I C R I");
    assert_eq!(world.rpc(), Pick::Fail("name resolver error: produced zero addresses".to_string()));
    world.assert_states("I C R I C T").list(&[1]).assert_states("I C R I C T C R");
}

#[test]
fn i16_frozen_dials_the_old_list_for_ever() {
    let mut world = World::new(idles_with(AcrossIdle::Frozen), &[Server::Up, Server::Up]);
    world.resolver = Answer::List(addresses(&[1]));
    world.connect();
    // Before the first idle period everything works.
    world.list(&[1, 2]).list(&[1]).advance(T).assert_states("I C R I");
    assert_eq!((world.count(&Effect::StartResolver), world.count(&Effect::StopResolver)), (1, 1));
    world.list(&[2]).server(1, Server::Refused);
    let hints = world.count(&Effect::ResolveNow);
    assert!(matches!(world.rpc(), Pick::Fail(_)));
    world.fails_with("connection error: desc = \"tcp: 10.0.0.1:1: connection refused\"");
    world.list(&[2]).rpc_begins();
    world.advance(secs(3600)).assert_states("I C R I C T");
    assert_eq!(world.dials(2), [] as [u64; 0]);
    assert!(world.dials(1).len() > 20, "it dials the dead address and never recovers");
    assert_eq!(world.count(&Effect::StartResolver), 1);
    assert_eq!(world.count(&Effect::ResolveNow), hints, "there is nobody to give hints to");
}

#[test]
fn i17_a_health_watch_does_not_hold_idleness_off() {
    let options = Options { client_health: true, policy: Policy::RoundRobin, ..idles() };
    let mut world = World::new(options, &[Server::Up]);
    world.connect().health(1, Health::Serving).assert_states("I C R").advance(T).assert_states("I C R I");
    assert!(!world.is_open(1), "closing the connection ends the Watch");
    world.assert_quiet(secs(60));
}

#[test]
fn i18_idle_entry_cancels_attempts_and_backoffs() {
    let mut world = World::new(idles(), &[Server::Silent, Server::Refused]);
    world.connect().assert_states("I C").advance(T).assert_states("I C I");
    assert_eq!((world.sub(1), world.sub(2)), ("C S".to_string(), "C T S".to_string()));
    assert_eq!(world.channel.deadline(), None);
    world.assert_quiet(secs(600));
    // The history is lost with the subchannels: the next attempt counts as a first one.
    world.connect().advance(ms(300)).assert_states("I C I C");
    assert_eq!(world.dials(2), [250, 600_750]);
}

#[test]
fn idle_mode_comes_also_to_a_channel_that_lost_its_connection() {
    // The state is IDLE already, so nothing is published; but the resolver is stopped.
    let mut world = World::new(idles_with(AcrossIdle::StopAndRebuild), &[Server::Up]);
    world.connect().dies(1).assert_states("I C R I").advance(T).assert_states("I C R I");
    assert_eq!(world.count(&Effect::StopResolver), 1);
    assert_eq!(world.sub(1), "C R I S");
}

#[test]
fn transient_failure_ends_in_idle_when_nobody_calls() {
    let options = Options { idle_timeout: Some(secs(10)), ..exact() };
    let mut world = World::new(options, &[Server::Refused]);
    world.connect().advance(secs(10)).assert_states("I C T I");
    let dials = world.dials(1).len();
    world.assert_quiet(secs(600));
    assert_eq!(world.dials(1).len(), dials);
}

#[test]
fn close_ends_everything_and_says_so_last() {
    for options in [idles(), Options { policy: Policy::RoundRobin, ..idles() }] {
        let mut world = World::new(options, &[Server::Up]);
        world.connect().give(Input::Close).assert_states("I C R S");
        assert_eq!(world.sub(1), "C R S");
        assert_eq!(world.count(&Effect::StopResolver), 1);
        assert!(matches!(
            world.effects.last(),
            Some((_, Effect::Publish(Transition { scope: Scope::Channel, to: ConnectivityState::Shutdown, .. })))
        ));
    }
    let mut never_used = World::new(idles(), &[]);
    never_used.give(Input::Close).assert_states("I S");
    assert_eq!(never_used.effects.len(), 1);
    let mut idle_with_a_watch = World::new(idles(), &[Server::Up]);
    idle_with_a_watch.connect().advance(T).give(Input::Close).assert_states("I C R I S");
    assert_eq!(idle_with_a_watch.count(&Effect::StopResolver), 1, "the watch that was kept is stopped too");
}
