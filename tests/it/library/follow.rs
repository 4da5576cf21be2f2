//! An `EndpointWatch` on a paused clock.

use futures_util::StreamExt as _;
use grpc_discover::model::endpoint::Address;
use grpc_discover::model::event::EventKind;
use grpc_discover::session::{EndpointUpdate, Goal};

use crate::support::stage::Stage;

const A: &str = "10.0.0.1:50051";
const B: &str = "10.0.0.2:50051";

/// What happened, and the list.
fn shown(update: EndpointUpdate) -> (String, Option<Vec<String>>) {
    let what = match &update.event.kind {
        EventKind::Backend(report) => report.status.as_str().to_string(),
        kind => kind.as_str().to_string(),
    };
    (what, update.usable.map(|usable| usable.iter().map(Address::to_string).collect()))
}

fn expected(what: &str, usable: Option<&[&str]>) -> (String, Option<Vec<String>>) {
    (what.to_string(), usable.map(|usable| usable.iter().map(ToString::to_string).collect()))
}

#[tokio::test(start_paused = true)]
async fn no_list_yet_is_not_an_empty_list_and_a_failure_keeps_the_last_one() {
    let (mut watch, registry) = Stage::new(Goal::Resolve { watch: true }, &[]).follow();
    registry.is_away();
    assert_eq!(shown(watch.next().await.unwrap()), expected("broken", None));
    registry.lists(&[A]);
    let first = loop {
        let update = shown(watch.next().await.unwrap());
        if update.0 != "broken" {
            break update;
        }
    };
    // The list is current with the first event about it.
    assert_eq!(first, expected("watching", Some(&[A])));
    assert_eq!(shown(watch.next().await.unwrap()), expected("endpoints", Some(&[A])));
    registry.lists(&[A, B]);
    assert_eq!(shown(watch.next().await.unwrap()), expected("endpoints", Some(&[A, B])));
    registry.is_away();
    assert_eq!(shown(watch.next().await.unwrap()), expected("broken", Some(&[A, B])));
}

#[tokio::test(start_paused = true)]
async fn the_goal_of_the_plan_does_not_matter_and_no_endpoint_is_contacted() {
    for goal in [Goal::Probe, Goal::Watch { until: None }, Goal::Resolve { watch: false }] {
        let (watch, registry) = Stage::new(goal, &[A]).follow();
        let mut updates = Box::pin(watch.into_stream().map(shown));
        assert_eq!(updates.next().await.unwrap(), expected("watching", Some(&[A])));
        assert_eq!(updates.next().await.unwrap(), expected("endpoints", Some(&[A])));
        registry.lists(&[B]);
        assert_eq!(updates.next().await.unwrap(), expected("endpoints", Some(&[B])));
    }
}
