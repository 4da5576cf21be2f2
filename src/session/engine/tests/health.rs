//! Health Watches that end, fail, or are not implemented.

use super::*;
use crate::model::grpc_status::GrpcStatus;
use crate::model::proxy::ProxyName;

fn watch(lists: &[&'static str]) -> Harness {
    Harness::new(Goal::Watch { until: None }, watching(), lists, lists)
}

fn failed(code: GrpcStatus, cause: RpcCause) -> Health {
    Health::Failed { code, text: "no".to_string(), cause }
}

fn reset() -> Health {
    failed(GrpcStatus::Internal, RpcCause::Reset(2))
}

#[test]
fn a_watch_that_is_closed_is_opened_again_and_the_last_status_stands() {
    let mut harness = watch(&[A]).start();
    let connection = harness.connection(A);
    for _ in 0..30 {
        harness.pass(Duration::from_secs(1));
        harness.feed(Input::Watched(connection, reset()));
        harness.pass(Duration::from_secs(13));
    }
    // The second SERVING shows that the Watch is open again; after that the same end is not reported.
    assert_eq!(harness.healths(), [("SERVING", None), ("SERVING", Some("INTERNAL")), ("SERVING", None)]);
    assert_eq!(harness.watches, 31, "one Watch for every cut, however often");
    harness.feed(Input::Finish);
    assert_eq!((harness.findings(), harness.summary().exit), (vec!["GD504"], 0));
    let text = harness.text_of("GD504");
    assert!(text.contains("reset with INTERNAL_ERROR") && text.contains("1.0s") && text.contains(A), "{text}");
}

#[test]
fn watches_that_end_at_once_are_opened_again_with_one_growing_delay() {
    for client_health in [false, true] {
        let options = Options { client_health, ..watching() };
        let mut harness = Harness::new(Goal::Watch { until: None }, options, &[A], &[A]).start();
        let connection = harness.connection(A);
        let mut per_ten_seconds = Vec::new();
        for _ in 0..6 {
            let before = harness.watches;
            let until = harness.now + TEN;
            while harness.now < until {
                // In order: the server's Watch returns after its first status.
                if harness.engine.connections[&connection].vitals.is_open() {
                    harness.feed(Input::Watched(connection, failed(GrpcStatus::Ok, RpcCause::Status)));
                }
                harness.pass(Duration::from_millis(100));
            }
            per_ten_seconds.push(harness.watches - before);
        }
        assert!(per_ten_seconds.iter().all(|watches| *watches <= 10), "{client_health}: {per_ten_seconds:?}");
        assert!(per_ten_seconds.iter().all(|watches| *watches >= 1), "{client_health}: {per_ten_seconds:?}");
        harness.feed(Input::Finish);
        // Whenever the verdict is requested, it is based on the last status.
        assert_eq!((harness.findings(), harness.summary().exit), (vec!["GD504"], 0), "{client_health}");
        assert!(harness.text_of("GD504").contains("the server ended it without an error"));
    }
}

#[test]
fn check_decides_where_watch_is_not_implemented() {
    for client_health in [false, true] {
        let options = Options { client_health, ..watching() };
        let mut harness = Harness::new(Goal::Watch { until: None }, options, &[A], &[A]);
        harness.check_only.insert(A);
        harness.health.insert(A, Health::NotServing);
        let mut harness = harness.start();
        assert_eq!(harness.healths(), [("NOT_SERVING", Some("UNIMPLEMENTED"))], "{client_health}");
        harness.health.remove(A);
        harness.pass(Duration::from_secs(5));
        assert_eq!(harness.healths().last(), Some(&("SERVING", Some("UNIMPLEMENTED"))), "Check is repeated");
        harness.health.insert(A, Health::NotServing);
        harness.pass(Duration::from_secs(5));
        harness.feed(Input::Finish);
        assert_eq!((harness.findings(), harness.summary().exit), (vec!["GD501", "GD505"], 2), "{client_health}");
        assert_eq!(harness.watches, 1);
    }
}

#[test]
fn a_server_without_any_health_service_is_only_checked_for_liveness() {
    let mut harness = watch(&[A]);
    harness.check_only.insert(A);
    harness.health.insert(A, Health::Unimplemented);
    let mut harness = harness.start();
    harness.pass(Duration::from_secs(60));
    assert_eq!((harness.healths(), harness.checks), (vec![("UNIMPLEMENTED", None)], 3), "once, then every 30 s");
    harness.feed(Input::Finish);
    assert_eq!((harness.findings(), harness.summary().exit), (vec![], 0));
}

#[test]
fn a_watch_that_fails_without_a_status_is_judged_by_check() {
    let mut harness = watch(&[A]).start();
    let connection = harness.connection(A);
    let by_proxy =
        failed(GrpcStatus::Unavailable, RpcCause::Http { status: 503, by: Some(ProxyName::Envoy), hint: None });
    // Ended once after SERVING; then the proxy has no server behind it any more.
    harness.feed(Input::Watched(connection, by_proxy.clone()));
    assert_eq!(harness.healths().last(), Some(&("SERVING", Some("UNAVAILABLE"))));
    harness.health.insert(A, by_proxy);
    harness.pass(TEN);
    assert_eq!(harness.healths().last(), Some(&("FAILED", None)), "the old status does not stay forever");
    let reported = harness.healths().len();
    harness.pass(TEN);
    assert_eq!(harness.healths().len(), reported, "the same failure is not reported again");
    harness.feed(Input::Finish);
    assert_eq!(harness.summary().exit, 2);
}

#[test]
fn a_watch_that_ends_with_its_connection_reports_no_health() {
    let mut harness = watch(&[A]).start();
    let connection = harness.connection(A);
    let lost = Disconnect { reason: DisconnectReason::Unknown, detail: String::new(), goaway: None };
    harness.feed(Input::Watched(connection, failed(GrpcStatus::Unavailable, RpcCause::Lost(lost))));
    assert_eq!(harness.healths(), [("SERVING", None)]);
}

#[test]
fn a_refused_health_call_is_neither_healthy_nor_unhealthy() {
    for code in [GrpcStatus::Unauthenticated, GrpcStatus::PermissionDenied] {
        for goal in [Goal::Probe, Goal::Watch { until: None }] {
            let options = if goal == Goal::Probe { idle(1800) } else { watching() };
            let mut harness = Harness::new(goal, options, &[A], &[A]);
            harness.health.insert(A, failed(code, RpcCause::Status));
            let mut harness = harness.start();
            harness.feed(Input::Finish);
            assert_eq!((harness.findings(), harness.summary().exit), (vec!["GD506"], 3), "{goal:?} {code}");
            assert_eq!(harness.summary().text, format!("{A} rejects the health call ({code})"));
        }
    }
    let mut harness = watch(&[A, B]);
    harness.health.insert(B, failed(GrpcStatus::Unauthenticated, RpcCause::Status));
    let mut harness = harness.start();
    harness.feed(Input::Finish);
    assert_eq!(harness.summary().exit, 1, "one that is healthy, one that could not be judged");
}

#[test]
fn a_server_that_takes_the_watch_and_reports_nothing_is_queried_with_check() {
    let mut harness = watch(&[A]);
    harness.unresponsive.insert(A);
    let mut harness = harness.start();
    let connection = harness.opened(A);
    harness.open.insert(connection, A.parse().unwrap());
    harness.feed(Input::Connected(connection));
    assert_eq!(harness.watches, 1, "and it is not answered");
    harness.health.insert(A, failed(GrpcStatus::DeadlineExceeded, RpcCause::Unanswered(Unanswered::default())));
    harness.pass(Duration::from_secs(4));
    assert_eq!(harness.checks, 0);
    harness.pass(Duration::from_secs(2));
    assert_eq!(harness.checks, 1);
    harness.feed(Input::Finish);
    assert_eq!((harness.findings(), harness.summary().exit), (vec!["GD503"], 2));
}
