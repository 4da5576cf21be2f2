//! R1 to R16: round_robin and its aggregation (grpc-go `roundrobin_test.go`, `endpointsharding`, C-core
//! `client_lb_end2end_test`). R16, the truth table, is beside the function.

use std::collections::BTreeMap;

use super::super::*;
use super::harness::*;
use crate::model::reach::{FailureCode, Stage};

fn spread(harness: &mut Harness, rpcs: usize) -> BTreeMap<Address, usize> {
    let mut counts = BTreeMap::new();
    for _ in 0..rpcs {
        *counts.entry(harness.picked()).or_default() += 1;
    }
    counts
}

fn even(numbers: &[u16], each: usize) -> BTreeMap<Address, usize> {
    numbers.iter().map(|number| (address(*number), each)).collect()
}

#[test]
fn r01_spreads_evenly() {
    let mut harness = Harness::new(round_robin(), &[Server::Up; 3]);
    harness.connect().assert_states("I C R");
    assert_eq!(spread(&mut harness, 30), even(&[1, 2, 3], 10));
}

#[test]
fn r02_empty_list() {
    let mut harness = Harness::new(round_robin(), &[Server::Up; 2]);
    harness.connect().list(&[]).assert_states("I C R T");
    assert_eq!(harness.pick(), Pick::Fail("no children to pick from".to_string()));
    assert_eq!(harness.sub(1), "C R S");
    harness.list(&[1]).assert_states("I C R T C R");
}

#[test]
fn r03_a_new_address_wakes_who_waits() {
    let mut harness = Harness::new(round_robin(), &[]);
    harness.rpc_starts();
    harness.assert_states("I C T").server(1, Server::Up).list(&[1]).assert_states("I C T C R");
    assert_eq!(harness.picked(), address(1));
}

#[test]
fn r04_one_server_down() {
    let mut harness = Harness::new(round_robin(), &[Server::Up; 3]);
    harness.connect().server(2, Server::Refused).dies(2).assert_states("I C R");
    assert_eq!(spread(&mut harness, 20), even(&[1, 3], 10));
    assert_eq!(harness.sub(2), "C R I C T", "it is sought again at once");
    harness.server(2, Server::Up).advance(secs(2));
    assert_eq!(spread(&mut harness, 30), even(&[1, 2, 3], 10));
}

#[test]
fn r05_all_servers_down() {
    let mut harness = Harness::new(round_robin(), &[Server::Refused; 3]);
    harness.connect().assert_states("I C T").fails_with("connection refused");
    assert!(
        harness.cause().text.starts_with("all 3 endpoints failed, last error: tcp: 10.0.0."),
        "{:?}",
        harness.cause()
    );
    let texts: std::collections::BTreeSet<_> = (0..3)
        .map(|_| match harness.pick() {
            Pick::Fail(text) => text,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(texts.len(), 3, "the endpoints' own errors take turns: {texts:?}");
}

#[test]
fn r05_ready_then_all_down() {
    let mut harness = Harness::new(round_robin(), &[Server::Up; 2]);
    harness.connect().server(1, Server::Refused).server(2, Server::Refused);
    harness.dies(1).assert_states("I C R").dies(2).assert_states("I C R C T");
}

#[test]
fn r06_a_dead_address_in_the_list_has_no_effect() {
    let mut harness = Harness::new(round_robin(), &[Server::Up, Server::Up, Server::Refused]);
    harness.connect().list(&[1, 2]);
    let before = harness.effects.len();
    harness.list(&[2, 1]);
    assert_eq!(harness.effects.len(), before, "another order changes nothing");
    harness.list(&[2, 3]).assert_states("I C R");
    assert_eq!(spread(&mut harness, 10), even(&[2], 10));
    for round in 0..100 {
        harness.list(if round % 2 == 0 { &[1, 2, 3] } else { &[2] });
        assert!(matches!(harness.rpc(), Pick::Complete(_)));
    }
    harness.assert_states("I C R");
}

#[test]
fn r07_goaway_from_one_requests_re_resolution() {
    let mut harness = Harness::new(round_robin(), &[Server::Up; 3]);
    harness.resolver = Answer::List(addresses(&[1, 2]));
    harness.connect();
    let hints = harness.count(&Effect::ResolveNow);
    harness.server(1, Server::Refused).send_goaway(1, 0, "");
    assert!(harness.count(&Effect::ResolveNow) > hints);
    harness.list(&[2, 3]);
    assert_eq!(spread(&mut harness, 10), even(&[2, 3], 5));
}

#[test]
fn r08_failure_stays_during_the_next_attempt() {
    let mut harness = Harness::new(round_robin(), &[Server::Refused]);
    harness.connect().assert_states("I C T").server(1, Server::Pending).advance(secs(1));
    assert_eq!(harness.sub(1), "C T I C");
    harness.assert_states("I C T").fails_with("connection refused").answers(1).assert_states("I C T R");
}

#[test]
fn r09_the_latest_error_is_reported() {
    let mut harness = Harness::new(round_robin(), &[Server::Refused]);
    harness.connect().fails_with("connection refused").server(1, Server::Pending).advance(secs(1));
    let id = harness.connection(1);
    harness.give(Input::ConnectFailed(id, Failure::new(Stage::Http2, FailureCode::Http1, "HTTP/1.1 400", ms(0))));
    harness.fails_with("http2: 10.0.0.1:1: HTTP/1.1 400").assert_states("I C T");
}

#[test]
fn r10_a_disconnection_fails_no_rpc() {
    let mut harness = Harness::new(round_robin(), &[Server::Up]);
    harness.connect().server(1, Server::Pending).send_goaway(1, 0, "").assert_states("I C R C");
    assert_eq!(harness.cause(), &Cause::new(CauseCode::GoAway, "10.0.0.1:1: GOAWAY NO_ERROR"));
    assert_eq!(harness.pick(), Pick::Queue);
    harness.answers(1).assert_states("I C R C R");
    assert!(matches!(harness.pick(), Pick::Complete(_)));
}

#[test]
fn r11_a_restarted_server_is_back_in_rotation() {
    let mut harness = Harness::new(round_robin(), &[Server::Up; 3]);
    harness.connect().server(1, Server::Refused).send_goaway(1, 0, "");
    assert_eq!(spread(&mut harness, 10), even(&[2, 3], 5));
    harness.server(1, Server::Up).advance(secs(1));
    assert_eq!(spread(&mut harness, 30), even(&[1, 2, 3], 10));
}

#[test]
fn r13_connecting_starts_at_a_random_endpoint() {
    let mut firsts: Vec<_> = (0..40)
        .map(|seed| {
            let mut harness = Harness::new(Options { seed, ..round_robin() }, &[Server::Pending; 4]);
            harness.connect();
            let order = harness.dial_order();
            let start = order.iter().position(|a| *a == address(1)).unwrap();
            assert_eq!([&order[start..], &order[..start]].concat(), addresses(&[1, 2, 3, 4]), "rotated, not shuffled");
            order[0].clone()
        })
        .collect();
    firsts.sort();
    firsts.dedup();
    assert_eq!(firsts, addresses(&[1, 2, 3, 4]));
}

#[test]
fn r15_resolver_errors_reach_failing_endpoints_alone() {
    let mut harness = Harness::new(round_robin(), &[Server::Refused, Server::Refused]);
    harness.connect().fails_with("connection refused").give(Input::ResolverFailed("down".to_string()));
    harness.assert_states("I C T").fails_with("name resolver error: down").fails_with("name resolver error: down");
    let mut ready = Harness::new(round_robin(), &[Server::Up, Server::Refused]);
    ready.connect().give(Input::ResolverFailed("down".to_string())).assert_states("I C R");
    assert_eq!(ready.picked(), address(1));
    let mut nothing = Harness::new(round_robin(), &[]);
    nothing.resolver = Answer::Error("down");
    nothing.connect().assert_states("I C T").fails_with("name resolver error: down");
}

#[test]
fn an_update_is_applied_as_a_whole() {
    // The only READY endpoint leaves, a failed one stays, a new one is added: no state in between is published.
    let mut harness = Harness::new(round_robin(), &[Server::Up, Server::Refused, Server::Pending]);
    harness.resolver = Answer::List(addresses(&[1, 2]));
    harness
        .connect()
        .assert_states("I C R")
        .list(&[2, 3])
        .assert_states("I C R C")
        .answers(3)
        .assert_states("I C R C R");
    assert_eq!(harness.sub(2), "C T", "who stays keeps its backoff");
}

#[test]
fn an_endpoint_that_left_and_came_back_starts_again() {
    let mut harness = Harness::new(round_robin(), &[Server::Refused, Server::Up]);
    harness.connect().list(&[2]).list(&[1, 2]);
    assert_eq!(harness.sub(1), "C T S C T");
    assert_eq!(harness.dials(1), [0, 0], "its backoff went with it");
}
