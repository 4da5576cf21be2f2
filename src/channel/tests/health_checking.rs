//! H1 to H6: client-side health checking under round_robin (gRFC A17; grpc-go `test/healthcheck_test.go`).

use super::super::*;
use super::harness::*;
use crate::model::grpc_status::GrpcStatus;

fn checked() -> Options {
    Options { client_health: true, idle_timeout: None, ..round_robin() }
}

fn watches(harness: &Harness) -> usize {
    harness.effects.iter().filter(|(_, effect)| matches!(effect, Effect::WatchHealth(_))).count()
}

#[test]
fn h01_health_decides_the_state() {
    let mut harness = Harness::new(checked(), &[Server::Up]);
    harness.connect().assert_states("I C").assert_quiet(secs(60));
    assert_eq!(watches(&harness), 1);
    harness.health(1, Health::NotServing).assert_states("I C T");
    assert_eq!(
        harness.cause(),
        &Cause::new(CauseCode::Health, "10.0.0.1:1: connection active but health check failed. status=NOT_SERVING")
    );
    harness
        .fails_with("pickfirst: health check failure: connection active but health check failed. status=NOT_SERVING");
    harness.health(1, Health::Serving).assert_states("I C T R");
    harness.health(1, Health::ServiceUnknown).health(1, Health::Serving).health(1, Health::Unknown);
    harness.assert_states("I C T R T R T").assert_quiet(secs(3600));
    assert_eq!(harness.sub(1), "C T R T R T", "the connection stays open all the while");
    assert!(harness.is_open(1));
    assert_eq!(watches(&harness), 1);
}

#[test]
fn h02_a_server_without_health_service_serves() {
    let mut harness = Harness::new(checked(), &[Server::Up]);
    harness.connect().health(1, Health::Unimplemented).assert_states("I C R").assert_quiet(secs(3600));
    assert_eq!(watches(&harness), 1, "never watched again");
}

#[test]
fn h03_the_watch_ends_with_the_connection() {
    let mut harness = Harness::new(checked(), &[Server::Up]);
    harness.connect().health(1, Health::Serving);
    let old = harness.connection(1);
    harness.send_goaway(1, 0, "").assert_states("I C R C");
    assert_eq!(watches(&harness), 2, "the new connection has its own");
    let before = harness.effects.len();
    harness.give(Input::Health(old, Health::NotServing));
    assert_eq!(harness.effects.len(), before);
    harness.health(1, Health::Serving).assert_states("I C R C R");
    let new = harness.connection(1);
    harness.list(&[2]);
    assert_eq!(harness.count(&Effect::Close { connection: new, drain: true }), 1);
}

#[test]
fn h04_switched_off_there_is_no_watch() {
    let mut harness = Harness::new(round_robin(), &[Server::Up]);
    harness.connect().assert_states("I C R");
    assert_eq!(watches(&harness), 0);
    harness.health(1, Health::NotServing).assert_states("I C R");
}

#[test]
fn h05_rpcs_go_where_health_is() {
    let mut harness = Harness::new(checked(), &[Server::Up; 3]);
    harness.connect();
    for number in 1..=3 {
        harness.health(number, Health::Serving);
    }
    harness.health(2, Health::NotServing);
    for _ in 0..10 {
        assert_ne!(harness.picked(), address(2));
    }
    harness.health(1, Health::NotServing).health(3, Health::NotServing).assert_states("I C R T");
    harness.fails_with("status=NOT_SERVING").health(2, Health::Serving).assert_states("I C R T R");
    assert_eq!(harness.picked(), address(2));
}

#[test]
fn h05_a_watch_that_fails_is_opened_again_with_backoff() {
    let failed = || Health::Failed {
        code: GrpcStatus::Unavailable,
        text: "try later".to_string(),
        cause: crate::model::rpc::RpcCause::Status,
    };
    let mut harness = Harness::new(checked(), &[Server::Up]);
    harness.connect().health(1, failed()).assert_states("I C T");
    harness.fails_with("connection active but received health check RPC error: UNAVAILABLE: try later");
    harness.assert_quiet(ms(999)).advance(ms(1)).assert_states("I C T C");
    assert_eq!(watches(&harness), 2);
    harness.health(1, failed()).assert_quiet(ms(1599)).advance(ms(1)).assert_states("I C T C T C");
    assert_eq!(watches(&harness), 3);
    // A message resets the backoff, which counts from the start of the watch: this one was long enough.
    harness.advance(secs(5)).health(1, Health::Serving).health(1, failed()).assert_states("I C T C T C R T C");
    assert_eq!(watches(&harness), 4);
    harness.health(1, failed()).assert_quiet(ms(1599)).advance(ms(1));
    assert_eq!(watches(&harness), 5, "the second failure since the message");
    harness.health(1, failed()).give(Input::ResetBackoff);
    assert_eq!(watches(&harness), 6, "a reset does not wait");
}

#[test]
fn h05_a_dead_endpoint_under_health_checking() {
    let mut harness = Harness::new(checked(), &[Server::Up, Server::Refused]);
    harness.connect().health(1, Health::Serving).assert_states("I C R").dies(1).assert_states("I C R C");
    harness.server(1, Server::Refused);
    assert_eq!(harness.sub(1), "C R I C");
}

#[test]
fn h06_a_service_that_is_not_registered_is_queried_again() {
    // Some servers end the Watch with NOT_FOUND instead of sending SERVICE_UNKNOWN: only another Watch shows when the
    // service is registered. Where the Watch is still open, the request to open it has no effect.
    let mut harness = Harness::new(checked(), &[Server::Up]);
    harness.connect().health(1, Health::ServiceUnknown).assert_states("I C T");
    harness.fails_with("not registered").advance(secs(1)).assert_states("I C T");
    assert_eq!(watches(&harness), 2);
    harness.health(1, Health::Serving).assert_states("I C T R").assert_quiet(secs(600));
}
