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

fn gate(until: Until, min_ready: Option<MinReady>, lists: &[&'static str]) -> Harness {
    let limits = Limits { max_time: Some(TEN + TEN), ..Limits::default() };
    let mut harness = Harness::with(Goal::Watch { until: Some(until) }, watching(), limits, lists, lists);
    harness.engine.config.criteria.min_ready = min_ready;
    harness
}

impl Harness {
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
    let harness = gate(Until::Ready, Some(MinReady::Percent(100)), &TWELVE).start();
    assert!(harness.ended);
    assert_eq!((harness.findings(), harness.summary().exit), (vec![], 0));
}

#[test]
fn one_that_does_not_serve_holds_the_gate_and_is_named() {
    let mut harness = gate(Until::Ready, Some(MinReady::Percent(100)), &TWELVE);
    harness.health.insert(TWELVE[4], Health::NotServing);
    let mut harness = harness.start();
    assert!(!harness.ended, "READY is not SERVING");
    harness.pass(TEN + TEN);
    assert_eq!(harness.summary().exit, 124);
    let text = &harness.summary().text;
    let met = "--max-time 20s elapsed before --until ready was met: 11 of 12 endpoints READY and SERVING, 12 required";
    assert!(text.starts_with(met) && text.contains(TWELVE[4]) && text.contains("NOT_SERVING"), "{text}");
    assert_eq!(harness.pending(), [(TWELVE[4].to_string(), Awaits::Serving, 20_000)]);
}

#[test]
fn a_gate_opens_when_the_last_endpoint_serves_and_not_for_a_service_that_never_does() {
    let mut harness = gate(Until::Ready, None, &[A]);
    harness.health.insert(A, Health::NotServing);
    let mut harness = harness.start();
    harness.pass(Duration::from_secs(5));
    assert!(!harness.ended);
    let connection = harness.connection(A);
    harness.feed(Input::Watched(connection, Health::Serving));
    assert!(harness.ended);
    assert_eq!(harness.summary().exit, 0);
}

#[test]
fn one_ready_endpoint_is_enough_unless_more_are_required() {
    let mut harness = gate(Until::Ready, None, &[A, B]);
    harness.unresponsive.insert(B);
    assert!(harness.start().ended);
    for (required, enough) in [
        (MinReady::Count(1), true),
        (MinReady::Count(2), false),
        (MinReady::Percent(50), true),
        (MinReady::Percent(51), false),
    ] {
        let mut harness = gate(Until::Ready, Some(required), &[A, B]);
        harness.unresponsive.insert(B);
        assert_eq!(harness.start().ended, enough, "{required:?}");
    }
}

#[test]
fn stable_is_ready_for_ten_seconds_without_a_break() {
    let mut harness = gate(Until::Stable, None, &[A]);
    let mut harness = {
        harness.engine.config.limits.max_time = None;
        harness.start()
    };
    harness.pass(Duration::from_secs(8));
    let connection = harness.connection(A);
    harness.feed(Input::Watched(connection, Health::NotServing));
    harness.pass(Duration::from_secs(1));
    harness.feed(Input::Watched(connection, Health::Serving));
    harness.pass(Duration::from_millis(9_900));
    assert!(!harness.ended);
    harness.pass(Duration::from_millis(200));
    assert!(harness.ended);
    assert_eq!(harness.summary().exit, 0);
}

#[test]
fn ready_for_too_short_a_time_is_reported_as_that() {
    let mut harness = gate(Until::Stable, None, &[A]);
    harness.engine.config.limits.max_time = Some(Duration::from_secs(3));
    let mut harness = harness.start();
    harness.pass(Duration::from_secs(4));
    assert_eq!(harness.summary().exit, 124);
    let text = &harness.summary().text;
    assert!(text.contains("--until stable was met: ready, but only for 3.0s of 10s without a change"), "{text}");
}

#[test]
fn the_stage_that_waits_is_named_with_its_time() {
    let limits = Limits { max_time: Some(Duration::from_secs(3)), ..Limits::default() };
    let mut harness = Harness::with(Goal::Probe, idle(1800), limits, &[A, B], &[A, B]);
    harness.unresponsive.insert(A);
    let mut harness = harness.start();
    let stages = Stages {
        probes: BTreeMap::from([(A.parse().unwrap(), (Stage::Http2, Elapsed::from_millis(40)))]),
        ..Stages::default()
    };
    harness.now = Elapsed::from_millis(2_999);
    harness.feed(Input::InStages(stages));
    harness.pass(Duration::from_millis(1));
    assert_eq!(harness.summary().exit, 124);
    assert_eq!(harness.pending(), [(A.to_string(), Awaits::Settings, 2_960)]);
    let text = &harness.summary().text;
    assert!(
        text.starts_with(
            "--max-time 3s elapsed before a verdict; state so far: 1 of 2 healthy; 1 has not responded yet (http2)"
        ),
        "{text}"
    );
    assert!(text.contains("10.0.0.1:50051: http2: waiting for the server's HTTP/2 SETTINGS for 3.0s"), "{text}");
    let verdicts = harness.events.iter().find_map(|event| match &event.kind {
        EventKind::Verdict(report) if report.address.to_string() == A => Some(report),
        _ => None,
    });
    assert!(verdicts.unwrap().text.contains("SETTINGS"));
}

#[test]
fn a_registry_that_has_not_responded_is_named() {
    let limits = Limits { max_time: Some(Duration::from_secs(3)), ..Limits::default() };
    let mut harness = Harness::with(Goal::Probe, idle(1800), limits, &[], &[]);
    // The query is sent and gets no response.
    harness.engine.handle(harness.now, Input::Start);
    harness.pass(Duration::from_secs(3));
    assert_eq!(harness.pending(), [("consul:///pay".to_string(), Awaits::Registry, 3_000)]);
    assert!(
        harness.summary().text.contains("waiting for the registry's response for 3.0s"),
        "{}",
        harness.summary().text
    );
}

#[test]
fn a_connection_without_a_health_response_is_not_healthy() {
    let limits = Limits { run_for: Some(Duration::from_secs(3)), ..Limits::default() };
    let mut harness = Harness::with(Goal::Watch { until: None }, watching(), limits, &[A], &[A]);
    harness.unresponsive.insert(A);
    let mut harness = harness.start();
    let connection = harness.opened(A);
    harness.open.insert(connection, A.parse().unwrap());
    harness.feed(Input::Connected(connection));
    harness.pass(Duration::from_secs(3));
    assert_eq!(harness.summary().exit, 3, "{}", harness.summary().text);
    assert_eq!(harness.pending(), [(A.to_string(), Awaits::Health, 3_000)]);
}
