//! P1 to P17, P23, P24, P26, P29 to P32, P35, P36: lists, resolver errors and lost connections under pick_first.

use super::super::*;
use super::harness::*;

fn never_idle() -> Options {
    Options { idle_timeout: None, ..exact() }
}

fn name(harness: &mut Harness) -> u16 {
    (1..10).find(|number| address(*number) == harness.picked()).unwrap()
}

#[test]
fn p01_all_rpcs_go_to_the_first() {
    let mut harness = Harness::new(never_idle(), &[Server::Up; 3]);
    harness.connect();
    for _ in 0..5 {
        assert_eq!(name(&mut harness), 1);
    }
    assert_eq!(harness.dial_order(), addresses(&[1]));
}

#[test]
fn p02_one_server_down() {
    let mut harness = Harness::new(never_idle(), &[Server::Up; 2]);
    harness.connect().server(1, Server::Refused).dies(1);
    assert!(matches!(harness.rpc(), Pick::Complete(_)));
    assert_eq!(name(&mut harness), 2);
    harness.assert_states("I C R I C R");
}

#[test]
fn p03_all_servers_down() {
    let mut harness = Harness::new(never_idle(), &[Server::Up; 2]);
    harness.connect().server(1, Server::Refused).server(2, Server::Refused).dies(1);
    assert_eq!(
        harness.rpc(),
        Pick::Fail("connection error: desc = \"tcp: 10.0.0.2:1: connection refused\"".to_string())
    );
}

#[test]
fn p04_addresses_removed_and_appended() {
    let mut harness = Harness::new(never_idle(), &[Server::Up; 3]);
    harness.connect();
    assert_eq!(name(&mut harness), 1);
    for (list, expected) in [(&[2, 3][..], 2), (&[2, 3, 1], 2), (&[3, 1], 3), (&[1], 1)] {
        harness.list(list);
        assert_eq!(name(&mut harness), expected, "{list:?}");
    }
}

#[test]
fn p05_a_new_address_wakes_who_waits() {
    let mut harness = Harness::new(never_idle(), &[]);
    harness.rpc_starts();
    harness.assert_states("I C T").server(1, Server::Up).list(&[1]).assert_states("I C T C R");
    assert_eq!(name(&mut harness), 1);
}

#[test]
fn p07_resolver_error_before_any_list() {
    let mut harness = Harness::new(never_idle(), &[]);
    harness.resolver = Answer::Error("consul: no answer");
    assert_eq!(harness.rpc(), Pick::Fail("name resolver error: consul: no answer".to_string()));
    harness.assert_states("I C T");
    assert_eq!(harness.cause(), &Cause::new(CauseCode::ResolverError, "name resolver error: consul: no answer"));
}

#[test]
fn p08_resolver_error_while_ready_changes_nothing() {
    let mut harness = Harness::new(never_idle(), &[Server::Up]);
    harness.connect().give(Input::ResolverFailed("down".to_string())).assert_quiet(secs(60));
    assert_eq!(name(&mut harness), 1);
}

#[test]
fn p09_resolver_error_while_connecting_changes_nothing() {
    let mut harness = Harness::new(never_idle(), &[Server::Pending]);
    harness.connect().give(Input::ResolverFailed("down".to_string()));
    assert_eq!(harness.pick(), Pick::Queue);
    harness.refuses(1).assert_states("I C T").fails_with("connection refused");
}

#[test]
fn p10_resolver_error_in_failure_is_the_news() {
    let mut harness = Harness::new(never_idle(), &[Server::Refused]);
    harness.connect().fails_with("connection refused").give(Input::ResolverFailed("down".to_string()));
    harness.fails_with("name resolver error: down").assert_states("I C T");
    assert_eq!(harness.sub(1), "C T", "the subchannel is kept");
    harness.server(1, Server::Up).advance(secs(1)).assert_states("I C T R");
}

#[test]
fn p11_an_empty_list_takes_the_connection_away() {
    let mut harness = Harness::new(never_idle(), &[Server::Up]);
    harness.connect();
    let connection = harness.connection(1);
    harness.list(&[]).assert_states("I C R T").fails_with("name resolver error: produced zero addresses");
    assert_eq!(harness.sub(1), "C R S");
    assert_eq!(harness.count(&Effect::Close { connection, drain: true }), 1, "rpcs in flight may end");
}

#[test]
fn p12_the_first_that_answers_is_the_only_one() {
    let mut first = Harness::new(never_idle(), &[Server::Up, Server::Up]);
    first.connect().assert_states("I C R");
    assert_eq!((first.sub(1), first.sub(2)), ("C R".to_string(), String::new()));
    let mut second = Harness::new(never_idle(), &[Server::Refused, Server::Up]);
    second.connect().assert_states("I C R");
    assert_eq!((second.sub(1), second.sub(2)), ("C T S".to_string(), "C R".to_string()));
    let mut repeats = Harness::new(never_idle(), &[Server::Refused, Server::Refused]);
    repeats.resolver = Answer::List(addresses(&[1, 2, 1, 2, 2]));
    repeats.connect().assert_states("I C T");
    assert_eq!(repeats.dial_order(), addresses(&[1, 2]));
}

#[test]
fn p13_disjoint_lists() {
    let mut harness = Harness::new(never_idle(), &[Server::Refused, Server::Up, Server::Refused, Server::Up]);
    harness.resolver = Answer::List(addresses(&[1, 2]));
    harness.connect().list(&[3, 4]).assert_states("I C R C R");
    assert_eq!([harness.sub(1), harness.sub(2), harness.sub(3), harness.sub(4)], ["C T S", "C R S", "C T S", "C R"]);
}

#[test]
fn p14_the_connected_address_in_the_new_list_stays() {
    let mut harness = Harness::new(never_idle(), &[Server::Up, Server::Up, Server::Up]);
    harness.connect();
    let before = harness.effects.len();
    harness.list(&[1, 2, 3]).list(&[3, 1]).list(&[1]).list(&[2, 1]);
    assert_eq!(harness.effects.len(), before);
}

#[test]
fn p15_an_address_that_was_down_is_up_in_the_new_list() {
    let mut harness = Harness::new(never_idle(), &[Server::Refused, Server::Up, Server::Refused]);
    harness.resolver = Answer::List(addresses(&[1, 2]));
    harness.connect().server(1, Server::Up).list(&[3, 1]).assert_states("I C R C R");
    assert_eq!(name(&mut harness), 1);
}

#[test]
fn p16_reconnecting_starts_at_the_first_address() {
    use Server::{Refused, Up};
    for (servers, restarted, expected) in [
        ([Up, Up], [Up, Up], 1),
        ([Refused, Up], [Refused, Up], 2),
        ([Refused, Up], [Up, Refused], 1),
        ([Up, Refused], [Refused, Up], 2),
    ] {
        let mut harness = Harness::new(never_idle(), &servers);
        harness.connect();
        let connected = name(&mut harness);
        harness.server(1, restarted[0]).server(2, restarted[1]).dies(connected).assert_states("I C R I");
        harness.rpc();
        harness.assert_states("I C R I C R");
        assert_eq!(name(&mut harness), expected, "{servers:?} then {restarted:?}");
    }
}

#[test]
fn p17_empty_list_and_back() {
    let mut harness = Harness::new(never_idle(), &[Server::Up]);
    harness.connect().list(&[]).list(&[1]).assert_states("I C R T C R");
}

#[test]
fn p23_top_level_pick_first_ignores_health() {
    let mut harness = Harness::new(Options { client_health: true, ..never_idle() }, &[Server::Up]);
    harness.connect().assert_states("I C R").health(1, Health::NotServing).assert_states("I C R");
    assert!(!harness.effects.iter().any(|(_, effect)| matches!(effect, Effect::WatchHealth(_))));
}

#[test]
fn p24_a_new_list_before_the_first_attempt() {
    let mut harness = Harness::new(never_idle(), &[Server::Up, Server::Up]);
    harness.resolver = Answer::List(addresses(&[1]));
    harness.connect().dies(1).assert_states("I C R I").list(&[2]).assert_states("I C R I");
    assert_eq!(harness.sub(1), "C R I S");
    harness.connect().assert_states("I C R I C R");
    assert_eq!(name(&mut harness), 2);
    assert_eq!(harness.dials(1), [0]);
}

#[test]
fn p24_a_new_list_right_after_leaving_idle() {
    let mut harness = Harness::new(never_idle(), &[Server::Up, Server::Up]);
    harness.resolver = Answer::List(addresses(&[1]));
    harness.connect().server(1, Server::Pending).dies(1).connect().list(&[2]).assert_states("I C R I C R");
    assert_eq!(harness.sub(1), "C R I C S");
}

#[test]
fn p26_resolver_error_then_a_list() {
    let mut harness = Harness::new(never_idle(), &[Server::Pending]);
    harness.resolver = Answer::Error("down");
    harness.connect().assert_states("I C T").list(&[1]).assert_states("I C T C").answers(1).assert_states("I C T C R");
}

#[test]
fn p29_a_loss_requests_re_resolution_and_waits_for_a_pick() {
    let mut harness = Harness::new(never_idle(), &[Server::Up, Server::Up]);
    harness.connect();
    assert_eq!(harness.count(&Effect::ResolveNow), 0);
    harness.dies(1).assert_states("I C R I").assert_quiet(secs(3600));
    assert_eq!(harness.count(&Effect::ResolveNow), 1);
    // An RPC in flight picks again: IDLE queues it, and a connection is requested.
    assert_eq!(harness.pick(), Pick::Queue);
    assert!(harness.channel.deadline().unwrap() <= harness.now, "due at once");
    harness.advance(ms(0)).assert_states("I C R I C R");
    assert_eq!(name(&mut harness), 1);
}

#[test]
fn p30_the_connected_address_is_removed() {
    let mut harness = Harness::new(never_idle(), &[Server::Up, Server::Pending]);
    harness.resolver = Answer::List(addresses(&[1]));
    harness.connect();
    let old = harness.connection(1);
    harness.list(&[2]).assert_states("I C R C");
    assert_eq!(harness.cause().code, CauseCode::AddressRemoved);
    assert_eq!(harness.count(&Effect::Close { connection: old, drain: true }), 1);
    assert_eq!(harness.pick(), Pick::Queue);
    harness.answers(2).assert_states("I C R C R");
}

#[test]
fn p31_another_order_moves_nothing() {
    let mut harness = Harness::new(never_idle(), &[Server::Up; 3]);
    harness.connect().list(&[3, 2, 1]).assert_states("I C R");
    assert_eq!(name(&mut harness), 1);
    // After a loss the new order counts.
    harness.dies(1).connect();
    assert_eq!(name(&mut harness), 3);
}

#[test]
fn p32_idle_stays_idle_upon_an_empty_list() {
    let mut harness = Harness::new(never_idle(), &[Server::Up]);
    harness.connect().dies(1).list(&[]).assert_states("I C R I").assert_quiet(secs(3));
    harness.list(&[1]).assert_states("I C R I").connect().assert_states("I C R I C R");
    harness.dies(1).list(&[]).connect().assert_states("I C R I C R I C T").fails_with("produced zero addresses");
}

#[test]
fn p35_reconnects_to_the_same_list_from_the_top() {
    let mut harness = Harness::new(never_idle(), &[Server::Refused, Server::Up]);
    harness.connect();
    assert_eq!(harness.count(&Effect::ResolveNow), 1, "a failed attempt requests re-resolution");
    harness.dies(2);
    assert_eq!(harness.count(&Effect::ResolveNow), 2);
    harness.server(1, Server::Up).connect();
    assert_eq!(name(&mut harness), 1);
}

#[test]
fn p36_a_thousand_updates_fail_no_rpc() {
    let mut harness = Harness::new(never_idle(), &[Server::Up; 5]);
    harness.connect();
    let mut random = fastrand::Rng::with_seed(36);
    let mut list = [1, 2, 3, 4, 5];
    for _ in 0..1000 {
        random.shuffle(&mut list);
        harness.list(&list[..random.usize(1..=5)]);
        assert!(matches!(harness.rpc(), Pick::Complete(_)));
    }
}

#[test]
fn a_kept_channel_reconnects_by_itself() {
    let mut harness = Harness::new(Options { keep_connected: true, ..exact() }, &[Server::Up]);
    harness.connect().advance(secs(5)).dies(1).assert_states("I C R I C R");
    let last: Vec<_> = harness.times_of(ConnectivityState::Ready);
    assert_eq!(last, [0, 5000], "at once");
}

#[test]
fn a_kept_channel_that_the_idle_timeout_stopped_is_left_alone() {
    let options = Options { keep_connected: true, idle_timeout: Some(secs(1)), ..exact() };
    Harness::new(options, &[Server::Up]).connect().advance(secs(1)).assert_states("I C R I").assert_quiet(secs(3600));
}

#[test]
fn a_kept_channel_does_not_storm_a_server_that_hangs_up() {
    // SETTINGS and then the end, endlessly: grpc-go dials as fast as the network allows.
    for policy in [Policy::PickFirst, Policy::RoundRobin] {
        let options = Options { keep_connected: true, policy, ..never_idle() };
        let mut harness = Harness::new(options, &[Server::CloseAfterSettings]);
        harness.connect().advance(ms(3500));
        assert_eq!(harness.dials(1), [0, 1000, 2000, 3000]);
        // An explicit request is served at once.
        harness.connect();
        assert_eq!(harness.dials(1).len(), 5);
    }
}

#[test]
fn a_kept_channel_comes_back_to_a_server_that_floods_it_with_backoff() {
    for policy in [Policy::PickFirst, Policy::RoundRobin] {
        let options = Options { keep_connected: true, policy, ..never_idle() };
        let mut harness = Harness::new(options, &[Server::FloodAfterSettings]);
        harness.connect().advance(secs(3600));
        let dials = harness.dials(1);
        assert_eq!(dials[..4], [0, 1600, 4160, 8256], "{dials:?}");
        assert!((35..45).contains(&dials.len()), "at most one in 120 s in the end: {}", dials.len());
        // A connection that lasts resets the count.
        harness.server(1, Server::Up).advance(secs(1200)).dies(1);
        let dials = harness.dials(1);
        assert_eq!(dials.last(), Some(&harness.now.as_millis()));
    }
}
