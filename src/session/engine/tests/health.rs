//! Health Watches that end, fail, or are not implemented.

use super::*;
use crate::model::grpc_status::GrpcStatus;
use crate::model::proxy::ProxyName;

fn watch(lists: &[&'static str]) -> World {
    World::new(Goal::Watch { until: None }, watching(), lists, lists)
}

fn failed(code: GrpcStatus, cause: RpcCause) -> Health {
    Health::Failed { code, text: "no".to_string(), cause }
}

fn reset() -> Health {
    failed(GrpcStatus::Internal, RpcCause::Reset(2))
}

#[test]
fn a_watch_that_is_cut_is_opened_again_and_the_last_status_stands() {
    let mut world = watch(&[A]).begin();
    let connection = world.connection(A);
    for _ in 0..30 {
        world.pass(Duration::from_secs(1));
        world.feed(Input::Watched(connection, reset()));
        world.pass(Duration::from_secs(13));
    }
    // The second SERVING shows that the Watch is open again; after that the same end is not reported.
    assert_eq!(world.healths(), [("SERVING", None), ("SERVING", Some("INTERNAL")), ("SERVING", None)]);
    assert_eq!(world.watches, 31, "one Watch for every cut, however often");
    world.feed(Input::Finish);
    assert_eq!((world.findings(), world.summary().exit), (vec!["GD504"], 0));
    let text = world.text_of("GD504");
    assert!(text.contains("reset with INTERNAL_ERROR") && text.contains("1.0s") && text.contains(A), "{text}");
}

#[test]
fn watches_that_end_at_once_are_opened_again_with_one_growing_delay() {
    for client_health in [false, true] {
        let options = Options { client_health, ..watching() };
        let mut world = World::new(Goal::Watch { until: None }, options, &[A], &[A]).begin();
        let connection = world.connection(A);
        let mut per_ten_seconds = Vec::new();
        for _ in 0..6 {
            let before = world.watches;
            let until = world.now + TEN;
            while world.now < until {
                // In order: the server's Watch returns after its first status.
                if world.engine.connections[&connection].vitals.is_open() {
                    world.feed(Input::Watched(connection, failed(GrpcStatus::Ok, RpcCause::Status)));
                }
                world.pass(Duration::from_millis(100));
            }
            per_ten_seconds.push(world.watches - before);
        }
        assert!(per_ten_seconds.iter().all(|watches| *watches <= 10), "{client_health}: {per_ten_seconds:?}");
        assert!(per_ten_seconds.iter().all(|watches| *watches >= 1), "{client_health}: {per_ten_seconds:?}");
        world.feed(Input::Finish);
        // Whenever the verdict is requested, it is based on the last status.
        assert_eq!((world.findings(), world.summary().exit), (vec!["GD504"], 0), "{client_health}");
        assert!(world.text_of("GD504").contains("the server ended it without an error"));
    }
}

#[test]
fn check_decides_where_watch_is_not_implemented() {
    for client_health in [false, true] {
        let options = Options { client_health, ..watching() };
        let mut world = World::new(Goal::Watch { until: None }, options, &[A], &[A]);
        world.check_only.insert(A);
        world.health.insert(A, Health::NotServing);
        let mut world = world.begin();
        assert_eq!(world.healths(), [("NOT_SERVING", Some("UNIMPLEMENTED"))], "{client_health}");
        world.health.remove(A);
        world.pass(Duration::from_secs(5));
        assert_eq!(world.healths().last(), Some(&("SERVING", Some("UNIMPLEMENTED"))), "Check is repeated");
        world.health.insert(A, Health::NotServing);
        world.pass(Duration::from_secs(5));
        world.feed(Input::Finish);
        assert_eq!((world.findings(), world.summary().exit), (vec!["GD501", "GD505"], 2), "{client_health}");
        assert_eq!(world.watches, 1);
    }
}

#[test]
fn a_server_without_any_health_service_is_only_checked_for_liveness() {
    let mut world = watch(&[A]);
    world.check_only.insert(A);
    world.health.insert(A, Health::Unimplemented);
    let mut world = world.begin();
    world.pass(Duration::from_secs(60));
    assert_eq!((world.healths(), world.checks), (vec![("UNIMPLEMENTED", None)], 3), "once, then every 30 s");
    world.feed(Input::Finish);
    assert_eq!((world.findings(), world.summary().exit), (vec![], 0));
}

#[test]
fn a_watch_that_fails_without_a_status_is_judged_by_check() {
    let mut world = watch(&[A]).begin();
    let connection = world.connection(A);
    let by_proxy =
        failed(GrpcStatus::Unavailable, RpcCause::Http { status: 503, by: Some(ProxyName::Envoy), hint: None });
    // Ended once after SERVING; then the proxy has no server behind it any more.
    world.feed(Input::Watched(connection, by_proxy.clone()));
    assert_eq!(world.healths().last(), Some(&("SERVING", Some("UNAVAILABLE"))));
    world.health.insert(A, by_proxy);
    world.pass(TEN);
    assert_eq!(world.healths().last(), Some(&("FAILED", None)), "the old status does not stand for ever");
    let told = world.healths().len();
    world.pass(TEN);
    assert_eq!(world.healths().len(), told, "the same failure is no news");
    world.feed(Input::Finish);
    assert_eq!(world.summary().exit, 2);
}

#[test]
fn the_watch_that_ends_with_its_connection_is_no_word_about_health() {
    let mut world = watch(&[A]).begin();
    let connection = world.connection(A);
    let lost = Disconnect { reason: DisconnectReason::Unknown, detail: String::new(), goaway: None };
    world.feed(Input::Watched(connection, failed(GrpcStatus::Unavailable, RpcCause::Lost(lost))));
    assert_eq!(world.healths(), [("SERVING", None)]);
}

#[test]
fn a_refused_health_call_is_neither_healthy_nor_unhealthy() {
    for code in [GrpcStatus::Unauthenticated, GrpcStatus::PermissionDenied] {
        for goal in [Goal::Probe, Goal::Watch { until: None }] {
            let options = if goal == Goal::Probe { idle(1800) } else { watching() };
            let mut world = World::new(goal, options, &[A], &[A]);
            world.health.insert(A, failed(code, RpcCause::Status));
            let mut world = world.begin();
            world.feed(Input::Finish);
            assert_eq!((world.findings(), world.summary().exit), (vec!["GD506"], 3), "{goal:?} {code}");
            let text = &world.summary().text;
            assert!(
                text.starts_with("the state of the only endpoint is unknown") && text.contains(code.as_str()),
                "{text}"
            );
        }
    }
    let mut world = watch(&[A, B]);
    world.health.insert(B, failed(GrpcStatus::Unauthenticated, RpcCause::Status));
    let mut world = world.begin();
    world.feed(Input::Finish);
    assert_eq!(world.summary().exit, 1, "one that is healthy, one that could not be judged");
}

#[test]
fn a_server_that_takes_the_watch_and_reports_nothing_is_asked_with_check() {
    let mut world = watch(&[A]);
    world.silent.insert(A);
    let mut world = world.begin();
    let connection = world.opened(A);
    world.open.insert(connection, A.parse().unwrap());
    world.feed(Input::Connected(connection));
    assert_eq!(world.watches, 1, "and it is not answered");
    world.health.insert(A, failed(GrpcStatus::DeadlineExceeded, RpcCause::Unanswered(Unanswered::default())));
    world.pass(Duration::from_secs(4));
    assert_eq!(world.checks, 0);
    world.pass(Duration::from_secs(2));
    assert_eq!(world.checks, 1);
    world.feed(Input::Finish);
    assert_eq!((world.findings(), world.summary().exit), (vec!["GD503"], 2));
}
