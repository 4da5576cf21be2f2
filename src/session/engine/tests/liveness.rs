//! Servers that stop responding: how a watch judges a connection without traffic.

use super::*;
use crate::diagnosis::MinReady;
use crate::model::grpc_status::GrpcStatus;
use crate::model::pending::Awaits;
use crate::session::plan::Until;

fn watch(until: Option<Until>, limits: Limits, lists: &[&'static str]) -> Harness {
    Harness::with(Goal::Watch { until }, watching(), limits, lists, lists)
}

fn running_for(seconds: u64) -> Limits {
    Limits { run_for: Some(Duration::from_secs(seconds)), ..Limits::default() }
}

fn within(seconds: u64) -> Limits {
    Limits { max_time: Some(Duration::from_secs(seconds)), ..Limits::default() }
}

#[test]
fn a_frozen_server_behind_an_open_watch_is_not_healthy_at_the_end() {
    let mut harness = watch(None, running_for(25), &[A]).start();
    harness.pass(Duration::from_secs(4));
    harness.frozen.insert(A);
    harness.pass(Duration::from_secs(21));
    assert!(!harness.ended, "the last check is waited for");
    harness.pass(FIVE);
    assert_eq!((harness.findings(), harness.summary().exit), (vec!["GD507"], 2));
    let text = harness.text_of("GD507");
    assert!(text.contains(A) && text.contains("no response to grpc.health.v1.Health/Check within 5.0s"), "{text}");
    assert!(text.contains("its last response was at 0.000s"), "{text}");
    assert_eq!(harness.now.as_millis(), 30_000);
}

#[test]
fn a_server_that_responds_delays_no_end() {
    let mut harness = watch(None, running_for(25), &[A, B]).start();
    harness.pass(Duration::from_secs(25));
    assert_eq!((harness.checks, harness.findings(), harness.summary().exit), (2, vec![], 0));
    assert_eq!(harness.healths(), [("SERVING", None); 2], "the same status is not reported again");
}

#[test]
fn a_quiet_endpoint_is_checked_at_the_interval_and_a_talking_one_is_not() {
    let mut harness = watch(None, Limits::default(), &[A]).start();
    for checks in [0, 1, 2, 3] {
        assert_eq!(harness.checks, checks);
        harness.pass(Duration::from_secs(30));
    }
    let (connection, before) = (harness.connection(A), harness.checks);
    for _ in 0..30 {
        harness.feed(Input::Watched(connection, Health::Serving));
        harness.pass(TEN);
    }
    assert_eq!(harness.checks, before, "its Watch shows that it responds");
    harness.engine.config.check_interval = None;
    let mut harness = watch(None, Limits::default(), &[A]);
    harness.engine.config.check_interval = None;
    let mut harness = harness.start();
    harness.pass(Duration::from_secs(600));
    assert_eq!(harness.checks, 0, "--check-interval 0");
}

#[test]
fn a_server_that_freezes_and_goes_on_is_reported_twice() {
    let mut harness = watch(None, Limits::default(), &[A, B]).start();
    harness.frozen.insert(A);
    harness.pass(Duration::from_secs(36));
    assert_eq!(harness.healths().last(), Some(&("FAILED", None)), "checked at 30 s, and given 5 s");
    let reported = harness.healths().len();
    harness.pass(Duration::from_secs(60));
    assert_eq!(harness.healths().len(), reported, "the same lack of a response is not reported again");
    harness.frozen.remove(A);
    harness.pass(TEN);
    assert_eq!(harness.healths().last(), Some(&("SERVING", None)), "checked again every few seconds until it responds");
    harness.feed(Input::Finish);
    assert_eq!((harness.findings(), harness.summary().exit), (vec![], 0));
}

#[test]
fn no_gate_opens_for_a_frozen_server() {
    let mut harness = watch(Some(Until::Stable), within(60), &[A]).start();
    harness.pass(Duration::from_secs(4));
    harness.frozen.insert(A);
    harness.pass(Duration::from_secs(10));
    assert!(!harness.ended, "stable for 10 s by its Watch, and the check is not answered");
    harness.pass(Duration::from_secs(60));
    assert_eq!(harness.summary().exit, 124);
    let text = &harness.summary().text;
    assert!(text.contains(A) && text.contains("no response to grpc.health.v1.Health/Check within 5.0s"), "{text}");
}

#[test]
fn a_gate_opens_with_the_endpoints_that_respond() {
    let mut harness = watch(Some(Until::Stable), within(60), &[A, B]);
    harness.engine.config.criteria.min_ready = Some(MinReady::Count(1));
    let mut harness = harness.start();
    harness.frozen.insert(A);
    harness.pass(Duration::from_secs(16));
    assert!(harness.ended, "one is enough, and what the other one is was found out");
    assert_eq!((harness.findings(), harness.summary().verdict), (vec!["GD507"], Verdict::Degraded));
}

#[test]
fn a_gate_that_closes_during_the_last_checks_waits_for_stability_again() {
    let mut harness = watch(Some(Until::Stable), within(120), &[A]).start();
    harness.frozen.insert(A);
    harness.pass(Duration::from_secs(20));
    harness.frozen.remove(A);
    harness.pass(Duration::from_secs(12));
    assert!(!harness.ended, "it responds again, and not for 10 s");
    harness.pass(Duration::from_secs(12));
    assert_eq!((harness.ended, harness.summary().exit), (true, 0));
}

#[test]
fn a_watch_that_is_stopped_waits_a_second_and_reports_what_did_not_respond() {
    let mut harness = watch(None, Limits::default(), &[A]).start();
    harness.pass(TEN);
    harness.feed(Input::Finish);
    assert_eq!((harness.ended, harness.checks), (true, 1), "at once, when it responds");
    let mut harness = watch(None, Limits::default(), &[A]).start();
    harness.frozen.insert(A);
    harness.pass(TEN);
    harness.feed(Input::Finish);
    assert!(!harness.ended);
    harness.pass(Duration::from_secs(1));
    assert_eq!((harness.findings(), harness.summary().exit), (vec!["GD508"], 3));
    assert_eq!(harness.pending(), [(A.to_string(), Awaits::Response, 1_000)]);
    let text = harness.events.iter().find_map(|event| match &event.kind {
        crate::model::event::EventKind::Finding(finding) => Some(&finding.text),
        _ => None,
    });
    assert!(text.is_some_and(|text| text.contains("liveness check") && text.contains("(SERVING)")), "{text:?}");
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
            let mut harness = Harness::with(Goal::Watch { until }, options, limits, &[A], &[A]);
            harness.frozen.insert(A);
            let mut harness = harness.start();
            harness.pass(Duration::from_secs(20));
            assert_eq!(harness.summary().exit, exit, "{until:?} {limits:?} {client_health} {}", harness.summary().text);
            assert!(harness.summary().text.contains(A) || exit == 2, "{}", harness.summary().text);
        }
    }
}

#[test]
fn one_unresponsive_endpoint_among_healthy_ones_spoils_the_verdict() {
    let mut harness = watch(None, running_for(4), &[A, B]);
    harness.frozen.insert(B);
    let mut harness = harness.start();
    harness.pass(TEN);
    assert_eq!((harness.findings(), harness.summary().exit), (vec!["GD508"], 1));
    // Its finding names it.
    assert_eq!(harness.summary().text, "1 of 2 healthy; 1 has not responded yet (health)");
}

#[test]
fn a_server_without_a_health_service_is_checked_too() {
    let mut harness = watch(None, running_for(40), &[A]);
    harness.check_only.insert(A);
    harness.health.insert(A, Health::Unimplemented);
    let mut harness = harness.start();
    harness.pass(Duration::from_secs(31));
    assert_eq!(harness.healths(), [("UNIMPLEMENTED", None)]);
    harness.frozen.insert(A);
    harness.pass(Duration::from_secs(20));
    assert_eq!((harness.findings(), harness.summary().exit), (vec!["GD507"], 2));
}

#[test]
fn a_check_that_could_not_be_sent_is_no_evidence() {
    let mut harness = watch(None, running_for(60), &[A]);
    let not_sent = RpcCause::NotSent(crate::model::rpc::NotSent::Streams(1));
    let mut harness = {
        harness.engine.config.check_interval = Some(TEN);
        harness.start()
    };
    let text = "the request was not sent".to_string();
    harness.health.insert(A, Health::Failed { code: GrpcStatus::DeadlineExceeded, text, cause: not_sent });
    harness.pass(Duration::from_secs(61));
    assert!(harness.checks > 1);
    assert_eq!((harness.findings(), harness.summary().exit), (vec![], 0), "the open Watch takes the only stream");
}

#[test]
fn a_check_that_knows_better_than_the_watch_decides() {
    let mut harness = watch(None, running_for(25), &[A]).start();
    harness.health.insert(A, Health::NotServing);
    harness.pass(TEN + TEN + TEN);
    assert_eq!((harness.findings(), harness.summary().exit), (vec!["GD501"], 2));
}
