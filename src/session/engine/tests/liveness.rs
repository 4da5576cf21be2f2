//! Servers that stop responding: how a watch judges a connection without traffic.

use super::*;
use crate::diagnosis::MinReady;
use crate::model::grpc_status::GrpcStatus;
use crate::model::pending::Awaits;
use crate::session::plan::Until;

fn watch(until: Option<Until>, limits: Limits, lists: &[&'static str]) -> World {
    World::with(Goal::Watch { until }, watching(), limits, lists, lists)
}

fn running_for(seconds: u64) -> Limits {
    Limits { run_for: Some(Duration::from_secs(seconds)), ..Limits::default() }
}

fn within(seconds: u64) -> Limits {
    Limits { max_time: Some(Duration::from_secs(seconds)), ..Limits::default() }
}

#[test]
fn a_frozen_server_behind_an_open_watch_is_not_healthy_at_the_end() {
    let mut world = watch(None, running_for(25), &[A]).begin();
    world.pass(Duration::from_secs(4));
    world.frozen.insert(A);
    world.pass(Duration::from_secs(21));
    assert!(!world.ended, "the last check is waited for");
    world.pass(FIVE);
    assert_eq!((world.findings(), world.summary().exit), (vec!["GD507"], 2));
    let text = world.text_of("GD507");
    assert!(text.contains(A) && text.contains("no response to grpc.health.v1.Health/Check within 5.0s"), "{text}");
    assert!(text.contains("its last response was at 0.000s"), "{text}");
    assert_eq!(world.now.as_millis(), 30_000);
}

#[test]
fn a_server_that_responds_delays_no_end() {
    let mut world = watch(None, running_for(25), &[A, B]).begin();
    world.pass(Duration::from_secs(25));
    assert_eq!((world.checks, world.findings(), world.summary().exit), (2, vec![], 0));
    assert_eq!(world.healths(), [("SERVING", None); 2], "the same status is no news");
}

#[test]
fn a_quiet_endpoint_is_checked_at_the_interval_and_a_talking_one_is_not() {
    let mut world = watch(None, Limits::default(), &[A]).begin();
    for checks in [0, 1, 2, 3] {
        assert_eq!(world.checks, checks);
        world.pass(Duration::from_secs(30));
    }
    let (connection, before) = (world.connection(A), world.checks);
    for _ in 0..30 {
        world.feed(Input::Watched(connection, Health::Serving));
        world.pass(TEN);
    }
    assert_eq!(world.checks, before, "its Watch shows that it responds");
    world.engine.config.check_interval = None;
    let mut world = watch(None, Limits::default(), &[A]);
    world.engine.config.check_interval = None;
    let mut world = world.begin();
    world.pass(Duration::from_secs(600));
    assert_eq!(world.checks, 0, "--check-interval 0");
}

#[test]
fn a_server_that_freezes_and_goes_on_is_reported_twice() {
    let mut world = watch(None, Limits::default(), &[A, B]).begin();
    world.frozen.insert(A);
    world.pass(Duration::from_secs(36));
    assert_eq!(world.healths().last(), Some(&("FAILED", None)), "checked at 30 s, and given 5 s");
    let told = world.healths().len();
    world.pass(Duration::from_secs(60));
    assert_eq!(world.healths().len(), told, "the same silence is no news");
    world.frozen.remove(A);
    world.pass(TEN);
    assert_eq!(world.healths().last(), Some(&("SERVING", None)), "checked again every few seconds until it responds");
    world.feed(Input::Finish);
    assert_eq!((world.findings(), world.summary().exit), (vec![], 0));
}

#[test]
fn no_gate_opens_for_a_frozen_server() {
    let mut world = watch(Some(Until::Stable), within(60), &[A]).begin();
    world.pass(Duration::from_secs(4));
    world.frozen.insert(A);
    world.pass(Duration::from_secs(10));
    assert!(!world.ended, "stable for 10 s by its Watch, and the check is not answered");
    world.pass(Duration::from_secs(60));
    assert_eq!(world.summary().exit, 124);
    let text = &world.summary().text;
    assert!(text.contains(A) && text.contains("no response to grpc.health.v1.Health/Check within 5.0s"), "{text}");
}

#[test]
fn a_gate_opens_with_the_endpoints_that_respond() {
    let mut world = watch(Some(Until::Stable), within(60), &[A, B]);
    world.engine.config.criteria.min_ready = Some(MinReady::Count(1));
    let mut world = world.begin();
    world.frozen.insert(A);
    world.pass(Duration::from_secs(16));
    assert!(world.ended, "one is enough, and what the other one is was found out");
    assert_eq!((world.findings(), world.summary().verdict), (vec!["GD507"], Verdict::Degraded));
}

#[test]
fn a_gate_that_closes_during_the_last_checks_waits_for_stability_again() {
    let mut world = watch(Some(Until::Stable), within(120), &[A]).begin();
    world.frozen.insert(A);
    world.pass(Duration::from_secs(20));
    world.frozen.remove(A);
    world.pass(Duration::from_secs(12));
    assert!(!world.ended, "it responds again, and not for 10 s");
    world.pass(Duration::from_secs(12));
    assert_eq!((world.ended, world.summary().exit), (true, 0));
}

#[test]
fn whoever_stops_a_watch_waits_a_second_and_learns_what_was_not_answered() {
    let mut world = watch(None, Limits::default(), &[A]).begin();
    world.pass(TEN);
    world.feed(Input::Finish);
    assert_eq!((world.ended, world.checks), (true, 1), "at once, when it responds");
    let mut world = watch(None, Limits::default(), &[A]).begin();
    world.frozen.insert(A);
    world.pass(TEN);
    world.feed(Input::Finish);
    assert!(!world.ended);
    world.pass(Duration::from_secs(1));
    assert_eq!((world.findings(), world.summary().exit), (vec!["GD508"], 3));
    assert_eq!(world.pending(), [(A.to_string(), Awaits::Response, 1_000)]);
    let text = &world.summary().text;
    assert!(text.contains("liveness check") && text.contains("(SERVING)"), "{text}");
}

#[test]
fn an_endpoint_that_never_answered_its_health_call_is_no_healthy_one() {
    for (until, limits, exit) in [
        (None, running_for(4), 3),
        (None, running_for(12), 2),
        (Some(Until::Ready), within(12), 124),
        (Some(Until::Stable), within(12), 124),
        (Some(Until::Ready), running_for(12), 124),
    ] {
        for client_health in [false, true] {
            let options = Options { client_health, ..watching() };
            let mut world = World::with(Goal::Watch { until }, options, limits, &[A], &[A]);
            world.frozen.insert(A);
            let mut world = world.begin();
            world.pass(Duration::from_secs(20));
            assert_eq!(world.summary().exit, exit, "{until:?} {limits:?} {client_health} {}", world.summary().text);
            assert!(world.summary().text.contains(A) || exit == 2, "{}", world.summary().text);
        }
    }
}

#[test]
fn one_silent_endpoint_among_healthy_ones_spoils_the_verdict() {
    let mut world = watch(None, running_for(4), &[A, B]);
    world.frozen.insert(B);
    let mut world = world.begin();
    world.pass(TEN);
    assert_eq!((world.findings(), world.summary().exit), (vec!["GD508"], 1));
    let text = &world.summary().text;
    assert_eq!(text.matches(B).count(), 1, "named once: {text}");
}

#[test]
fn a_server_without_a_health_service_is_checked_too() {
    let mut world = watch(None, running_for(40), &[A]);
    world.check_only.insert(A);
    world.health.insert(A, Health::Unimplemented);
    let mut world = world.begin();
    world.pass(Duration::from_secs(31));
    assert_eq!(world.healths(), [("UNIMPLEMENTED", None)]);
    world.frozen.insert(A);
    world.pass(Duration::from_secs(20));
    assert_eq!((world.findings(), world.summary().exit), (vec!["GD507"], 2));
}

#[test]
fn a_check_that_could_not_be_sent_is_no_evidence() {
    let mut world = watch(None, running_for(60), &[A]);
    let not_sent = RpcCause::NotSent(crate::model::rpc::NotSent::Streams(1));
    let mut world = {
        world.engine.config.check_interval = Some(TEN);
        world.begin()
    };
    let text = "the request was not sent".to_string();
    world.health.insert(A, Health::Failed { code: GrpcStatus::DeadlineExceeded, text, cause: not_sent });
    world.pass(Duration::from_secs(61));
    assert!(world.checks > 1);
    assert_eq!((world.findings(), world.summary().exit), (vec![], 0), "the open Watch takes the only stream");
}

#[test]
fn a_check_that_knows_better_than_the_watch_decides() {
    let mut world = watch(None, running_for(25), &[A]).begin();
    world.health.insert(A, Health::NotServing);
    world.pass(TEN + TEN + TEN);
    assert_eq!((world.findings(), world.summary().exit), (vec!["GD501"], 2));
}
