//! P18 to P28, P33, P34: the pass through the list, happy eyeballs, backoff and sticky TRANSIENT_FAILURE (grpc-go
//! `pickfirst_ext_test.go`, C-core `pick_first_test.cc`).

use super::super::*;
use super::harness::*;
use crate::model::reach::{FailureCode, Stage};

fn never_idle() -> Options {
    Options { idle_timeout: None, ..exact() }
}

fn fails(harness: &mut Harness, number: u16, text: &str) {
    let id = harness.connection(number);
    harness.give(Input::ConnectFailed(id, Failure::new(Stage::Tcp, FailureCode::Io, text, ms(0))));
}

#[test]
fn p06_transient_failure_is_sticky() {
    let backoff = Backoff { base: ms(100), multiplier: 1.0, ..exact().backoff };
    let mut harness = Harness::new(Options { backoff, ..never_idle() }, &[Server::CloseBeforeSettings]);
    harness.connect().advance(secs(2)).assert_states("I C T");
    let dials = harness.dials(1);
    assert!(dials.len() >= 10, "{dials:?}");
    assert!(dials.windows(2).all(|pair| pair[1] - pair[0] <= 200), "{dials:?}");
    assert!(harness.sub(1).starts_with("C T I C T I C T"), "{}", harness.sub(1));
}

#[test]
fn p18_failure_only_after_the_end_of_the_list() {
    let mut harness = Harness::new(never_idle(), &[Server::Pending; 3]);
    harness.connect().advance(ms(250)).advance(ms(250)).assert_states("I C");
    assert_eq!((harness.dials(1), harness.dials(2), harness.dials(3)), (vec![0], vec![250], vec![500]));
    harness.refuses(1).assert_states("I C").refuses(3).assert_states("I C").refuses(2).assert_states("I C T");
}

#[test]
fn p19_the_second_address_is_tried_after_the_delay() {
    let mut harness = Harness::new(never_idle(), &[Server::Pending; 2]);
    harness.connect().assert_quiet(ms(249)).advance(ms(1)).answers(2).assert_states("I C R");
    assert_eq!((harness.sub(1), harness.sub(2)), ("C S".to_string(), "C R".to_string()));
    let lost: Vec<_> = harness.transitions().filter(|t| t.cause.code == CauseCode::AnotherWon).collect();
    assert_eq!(lost[0].cause.text, "10.0.0.1:1: 10.0.0.2:1 connected first");
    assert_eq!(harness.transitions().filter(|t| t.cause.code == CauseCode::ConnectFailed).count(), 0);
}

#[test]
fn p19_the_delay_is_clamped() {
    for (requested, got) in [(ms(1), 100), (ms(500), 500), (secs(60), 2000)] {
        let mut harness = Harness::new(Options { attempt_delay: requested, ..never_idle() }, &[Server::Pending; 2]);
        harness.connect().advance(secs(10));
        assert_eq!(harness.dials(2), [got]);
    }
}

#[test]
fn p20_a_failure_does_not_wait_for_the_timer() {
    let mut harness = Harness::new(never_idle(), &[Server::Pending; 3]);
    harness.connect().advance(ms(100)).refuses(1);
    assert_eq!(harness.dials(2), [100]);
    harness.advance(ms(249));
    assert_eq!(harness.dials(3), [] as [u64; 0]);
    harness.advance(ms(1));
    assert_eq!(harness.dials(3), [350]);
    harness.answers(2).assert_states("I C R");
}

#[test]
fn p21_attempts_given_up_are_no_failures() {
    let mut harness = Harness::new(never_idle(), &[Server::Pending; 2]);
    harness.connect().advance(ms(250));
    let loser = harness.connection(1);
    harness.answers(2).assert_states("I C R");
    assert_eq!(harness.count(&Effect::Close { connection: loser, drain: false }), 1);
    // Later events of the cancelled attempt are ignored.
    let before = harness.effects.len();
    harness.give(Input::Connected(loser)).give(Input::ConnectFailed(loser, refused())).give(Input::Lost(loser, eof()));
    assert_eq!(harness.effects.len(), before);
    assert_eq!(harness.picked(), address(2));
}

#[test]
fn p22_families_take_turns() {
    let mut harness = Harness::new(never_idle(), &[]);
    let list = ["[::1]:1", "[::2]:1", "10.0.0.1:1", "10.0.0.2:1", "name:1"].map(|text| text.parse().unwrap());
    harness.resolver = Answer::List(list.to_vec());
    harness.connect().assert_states("I C T");
    let order: Vec<_> = harness.dial_order().iter().map(ToString::to_string).collect();
    assert_eq!(order, ["[::1]:1", "10.0.0.1:1", "name:1", "[::2]:1", "10.0.0.2:1"]);
}

#[test]
fn p25_the_failure_is_renewed_after_as_many_failures_as_addresses() {
    let mut harness = Harness::new(never_idle(), &[Server::Pending; 2]);
    harness.connect();
    fails(&mut harness, 1, "one");
    fails(&mut harness, 2, "two");
    harness.assert_states("I C T").fails_with("two");
    let hints = harness.count(&Effect::ResolveNow);
    harness.advance(secs(1));
    fails(&mut harness, 2, "three");
    harness.fails_with("two");
    fails(&mut harness, 1, "four");
    harness.fails_with("connection error: desc = \"tcp: 10.0.0.1:1: four\"").assert_states("I C T");
    assert_eq!(harness.count(&Effect::ResolveNow), hints + 2, "each failure requests re-resolution");
}

#[test]
fn p27_addresses_in_backoff_are_skipped() {
    let mut harness = Harness::new(never_idle(), &[Server::Refused, Server::Refused, Server::Up]);
    harness.resolver = Answer::List(addresses(&[1, 2]));
    harness.connect().assert_states("I C T").list(&[1, 2, 3]).assert_states("I C T R");
    assert_eq!((harness.dials(1), harness.dials(2), harness.dials(3)), (vec![0], vec![0], vec![0]));
}

#[test]
fn p27_all_addresses_in_backoff_fail_without_attempts() {
    let mut harness = Harness::new(never_idle(), &[Server::Refused; 3]);
    harness.connect().assert_states("I C T").fails_with("10.0.0.3:1");
    let dials = harness.dial_order().len();
    harness.list(&[3, 2, 1]).fails_with("10.0.0.1:1").assert_states("I C T");
    assert_eq!(harness.dial_order().len(), dials);
    harness.server(1, Server::Up).advance(secs(1)).assert_states("I C T R");
}

#[test]
fn p27_stays_in_failure_after_an_update() {
    let mut harness = Harness::new(never_idle(), &[Server::Refused, Server::Pending]);
    harness.resolver = Answer::List(addresses(&[1]));
    harness.connect().list(&[2]).assert_states("I C T").fails_with("10.0.0.1:1");
    assert_eq!(harness.sub(1), "C T S");
    harness.answers(2).assert_states("I C T R");
}

#[test]
fn p28_an_address_whose_backoff_ended_waits_for_the_end_of_the_pass() {
    let mut harness = Harness::new(never_idle(), &[Server::Refused, Server::Unresponsive]);
    harness.connect().advance(ms(1500));
    assert_eq!((harness.sub(1), harness.dials(1)), ("C T I".to_string(), vec![0]));
    harness.advance(secs(20)).assert_states("I C T");
    assert_eq!(harness.times_of(ConnectivityState::TransientFailure), [20_000]);
    assert_eq!(harness.dials(1)[..2], [0, 20_000], "IDLE is tried at once");
    assert_eq!(harness.dials(2), [0, 20_000], "and so is the one whose attempt outlasted its backoff");
}

#[test]
fn p28_the_last_fails_while_another_is_pending() {
    let mut harness = Harness::new(never_idle(), &[Server::Unresponsive, Server::Refused]);
    harness.connect().advance(secs(19)).assert_states("I C").advance(secs(1)).assert_states("I C T");
    harness.fails_with("10.0.0.1:1: no SETTINGS");
}

#[test]
fn p28_a_late_failure_of_an_earlier_address_neither_hastens_nor_delays_the_pass() {
    let mut harness = Harness::new(never_idle(), &[Server::Pending; 3]);
    harness.connect().advance(ms(300)).refuses(1).advance(ms(300));
    assert_eq!((harness.dials(2), harness.dials(3)), (vec![250], vec![500]));
}

#[test]
fn p28_a_failure_before_the_pass_is_none_of_its_own() {
    let mut harness = Harness::new(never_idle(), &[Server::Refused, Server::Refused, Server::Refused]);
    harness.resolver = Answer::List(addresses(&[1, 2]));
    harness.connect().fails_with("10.0.0.2:1").server(1, Server::Pending).server(2, Server::Pending).advance(secs(1));
    // Both are being dialed again when the list adds a third, which is refused before they are.
    harness.list(&[1, 2, 3]).advance(secs(5)).fails_with("10.0.0.2:1");
    assert_eq!(harness.dials(3), [1500], "the pass goes on until the first two have failed in it");
    harness.refuses(2).refuses(1).fails_with("10.0.0.1:1").assert_states("I C T");
    assert_eq!(harness.dials(3), [1500, 6000], "and then every address is tried again");
}

#[test]
fn p33_attempts_follow_the_backoff_from_their_start() {
    // D1: 1 s × 1.6ⁿ between the starts, however long each attempt took.
    let mut harness = Harness::new(never_idle(), &[Server::Refused]);
    harness.connect().advance(secs(20));
    assert_eq!(harness.dials(1), [0, 1000, 2600, 5160, 9256, 15809]);
    let mut slow = Harness::new(never_idle(), &[Server::Pending]);
    slow.connect().advance(ms(700)).refuses(1).assert_quiet(ms(299)).advance(ms(1));
    assert_eq!(slow.dials(1), [0, 1000]);
    slow.advance(ms(2000)).refuses(1);
    assert_eq!(slow.dials(1), [0, 1000, 3000], "the backoff was over before the failure");
}

#[test]
fn p33_an_attempt_may_take_the_minimum_or_its_backoff() {
    let backoff = Backoff { base: secs(15), multiplier: 2.0, ..exact().backoff };
    let mut harness = Harness::new(Options { backoff, ..never_idle() }, &[Server::Unresponsive]);
    harness.connect().advance(secs(100));
    let limits: Vec<_> = harness
        .effects
        .iter()
        .filter_map(|(at, effect)| match effect {
            Effect::Open { deadline, .. } => Some((*deadline - *at).as_secs()),
            _ => None,
        })
        .collect();
    assert_eq!(limits, [20, 30, 60], "max(20 s, backoff)");
}

#[test]
fn p33_resetting_the_backoff_tries_at_once_and_starts_over() {
    let mut harness = Harness::new(never_idle(), &[Server::Refused]);
    harness.connect().advance(secs(10));
    assert_eq!(harness.dials(1), [0, 1000, 2600, 5160, 9256]);
    harness.give(Input::ResetBackoff).advance(ms(1600));
    assert_eq!(harness.dials(1)[5..], [10_000, 11_000]);
    harness.assert_states("I C T");
}

#[test]
fn p34_from_failure_straight_to_ready() {
    let mut harness = Harness::new(never_idle(), &[Server::Refused; 3]);
    harness.connect().assert_states("I C T").server(3, Server::Up).advance(secs(3)).assert_states("I C T R");
    assert_eq!(harness.sub(3), "C T I C R");
    assert_eq!(harness.sub(1), "C T I C T S");
}

#[test]
fn p37_shuffled_lists_keep_their_order() {
    let order = |seed| {
        let options = Options { shuffle: true, seed, ..never_idle() };
        let mut harness = Harness::new(options, &[Server::Refused; 6]);
        harness.connect();
        harness.dial_order()
    };
    assert_eq!(order(1), order(1));
    assert!((2..20).any(|seed| order(seed) != order(1)), "seeds matter");
    let mut plain = Harness::new(never_idle(), &[Server::Refused; 6]);
    plain.connect();
    assert_eq!(plain.dial_order(), addresses(&[1, 2, 3, 4, 5, 6]), "off by default");
}

#[test]
fn a_repeated_list_does_not_restart_the_pass() {
    // gRFC A61's known gap: lists that arrive faster than a pass takes. A repeated list does not count.
    let mut harness = Harness::new(never_idle(), &[Server::Unresponsive; 3]);
    harness.connect();
    for _ in 0..30 {
        harness.advance(secs(1)).list(&[1, 2, 3]);
    }
    harness.assert_states("I C T");
    assert_eq!(harness.times_of(ConnectivityState::TransientFailure), [20_500]);
}
