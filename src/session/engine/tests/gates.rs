//! `--until`, `--min-ready`, `--max-time`: what is waited for, and what is reported when it does not happen.

use super::*;
use crate::diagnosis::MinReady;
use crate::model::pending::Awaits;

const TWELVE: [&str; 12] = [
    "10.0.0.1:50051",
    "10.0.0.2:50051",
    "10.0.0.3:50051",
    "10.0.0.4:50051",
    "10.0.0.5:50051",
    "10.0.0.6:50051",
    "10.0.0.7:50051",
    "10.0.0.8:50051",
    "10.0.0.9:50051",
    "10.0.0.10:50051",
    "10.0.0.11:50051",
    "10.0.0.12:50051",
];

fn gate(until: Until, min_ready: Option<MinReady>, lists: &[&'static str]) -> World {
    let limits = Limits { max_time: Some(TEN + TEN), ..Limits::default() };
    let mut world = World::with(Goal::Watch { until: Some(until) }, watching(), limits, lists, lists);
    world.engine.config.criteria.min_ready = min_ready;
    world
}

impl World {
    /// What was pending at the end, and for how many milliseconds.
    pub(super) fn pending(&self) -> Vec<(String, Awaits, u128)> {
        let reports = self.events.iter().filter_map(|event| match &event.kind {
            EventKind::Pending(report) => Some((report.subject.to_string(), report.awaits, report.waited.as_millis())),
            _ => None,
        });
        reports.collect()
    }

    pub(super) fn text_of(&self, code: &str) -> String {
        let found = self.events.iter().find_map(|event| match &event.kind {
            EventKind::Finding(finding) if finding.kind.code == code => Some(finding.text.clone()),
            _ => None,
        });
        found.unwrap_or_default()
    }

    /// The last attempt at an address.
    pub(super) fn opened(&self, address: &str) -> ConnectionId {
        let of = |(id, link): (&ConnectionId, &EngineConnection)| (link.address.to_string() == address).then_some(*id);
        self.engine.connections.iter().filter_map(of).next_back().unwrap()
    }
}

#[test]
fn all_of_twelve_endpoints_are_waited_for() {
    let world = gate(Until::Ready, Some(MinReady::Percent(100)), &TWELVE).begin();
    assert!(world.ended);
    assert_eq!((world.findings(), world.summary().exit), (vec![], 0));
}

#[test]
fn one_that_does_not_serve_holds_the_gate_and_is_named() {
    let mut world = gate(Until::Ready, Some(MinReady::Percent(100)), &TWELVE);
    world.health.insert(TWELVE[4], Health::NotServing);
    let mut world = world.begin();
    assert!(!world.ended, "READY is not SERVING");
    world.pass(TEN + TEN);
    assert_eq!(world.summary().exit, 124);
    let text = &world.summary().text;
    let met = "--max-time 20s elapsed before --until ready was met: 11 of 12 endpoints READY and SERVING, 12 required";
    assert!(text.starts_with(met) && text.contains(TWELVE[4]) && text.contains("NOT_SERVING"), "{text}");
    assert_eq!(world.pending(), [(TWELVE[4].to_string(), Awaits::Serving, 20_000)]);
}

#[test]
fn a_gate_opens_when_the_last_endpoint_serves_and_not_for_a_service_that_never_does() {
    let mut world = gate(Until::Ready, None, &[A]);
    world.health.insert(A, Health::NotServing);
    let mut world = world.begin();
    world.pass(Duration::from_secs(5));
    assert!(!world.ended);
    let connection = world.connection(A);
    world.feed(Input::Watched(connection, Health::Serving));
    assert!(world.ended);
    assert_eq!(world.summary().exit, 0);
}

#[test]
fn one_ready_endpoint_is_enough_unless_more_are_required() {
    let mut world = gate(Until::Ready, None, &[A, B]);
    world.silent.insert(B);
    assert!(world.begin().ended);
    for (required, enough) in [
        (MinReady::Count(1), true),
        (MinReady::Count(2), false),
        (MinReady::Percent(50), true),
        (MinReady::Percent(51), false),
    ] {
        let mut world = gate(Until::Ready, Some(required), &[A, B]);
        world.silent.insert(B);
        assert_eq!(world.begin().ended, enough, "{required:?}");
    }
}

#[test]
fn stable_is_ready_for_ten_seconds_without_a_break() {
    let mut world = gate(Until::Stable, None, &[A]);
    let mut world = {
        world.engine.config.limits.max_time = None;
        world.begin()
    };
    world.pass(Duration::from_secs(8));
    let connection = world.connection(A);
    world.feed(Input::Watched(connection, Health::NotServing));
    world.pass(Duration::from_secs(1));
    world.feed(Input::Watched(connection, Health::Serving));
    world.pass(Duration::from_millis(9_900));
    assert!(!world.ended);
    world.pass(Duration::from_millis(200));
    assert!(world.ended);
    assert_eq!(world.summary().exit, 0);
}

#[test]
fn the_stage_that_waits_is_named_with_its_time() {
    let limits = Limits { max_time: Some(Duration::from_secs(3)), ..Limits::default() };
    let mut world = World::with(Goal::Probe, idle(1800), limits, &[A, B], &[A, B]);
    world.silent.insert(A);
    let mut world = world.begin();
    let stages = Stages {
        probes: BTreeMap::from([(A.parse().unwrap(), (Stage::Http2, Elapsed::from_millis(40)))]),
        ..Stages::default()
    };
    world.now = Elapsed::from_millis(2_999);
    world.feed(Input::InStages(stages));
    world.pass(Duration::from_millis(1));
    assert_eq!(world.summary().exit, 124);
    assert_eq!(world.pending(), [(A.to_string(), Awaits::Settings, 2_960)]);
    let text = &world.summary().text;
    assert!(
        text.starts_with("--max-time 3s elapsed before a verdict; state so far: 1 of 2 endpoints is healthy"),
        "{text}"
    );
    assert!(text.contains("10.0.0.1:50051: http2: waiting for the server's HTTP/2 SETTINGS for 3.0s"), "{text}");
    let verdicts = world.events.iter().find_map(|event| match &event.kind {
        EventKind::Verdict(report) if report.address.to_string() == A => Some(report),
        _ => None,
    });
    assert!(verdicts.unwrap().text.contains("SETTINGS"));
}

#[test]
fn a_registry_that_has_not_responded_is_named() {
    let limits = Limits { max_time: Some(Duration::from_secs(3)), ..Limits::default() };
    let mut world = World::with(Goal::Probe, idle(1800), limits, &[], &[]);
    // The query is sent and gets no response.
    world.engine.handle(world.now, Input::Begin);
    world.pass(Duration::from_secs(3));
    assert_eq!(world.pending(), [("consul:///pay".to_string(), Awaits::Registry, 3_000)]);
    assert!(world.summary().text.contains("waiting for the registry's response for 3.0s"), "{}", world.summary().text);
}

#[test]
fn a_connection_without_a_word_on_health_is_not_healthy() {
    let limits = Limits { run_for: Some(Duration::from_secs(3)), ..Limits::default() };
    let mut world = World::with(Goal::Watch { until: None }, watching(), limits, &[A], &[A]);
    world.silent.insert(A);
    let mut world = world.begin();
    let connection = world.opened(A);
    world.open.insert(connection, A.parse().unwrap());
    world.feed(Input::Connected(connection));
    world.pass(Duration::from_secs(3));
    assert_eq!(world.summary().exit, 3, "{}", world.summary().text);
    assert_eq!(world.pending(), [(A.to_string(), Awaits::Health, 3_000)]);
}
