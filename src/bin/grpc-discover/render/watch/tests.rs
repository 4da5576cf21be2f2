use std::sync::Arc;
use std::time::{Duration, SystemTime};

use grpc_discover::model::connectivity::{Cause, CauseCode, ConnectivityState, Scope, Transition};
use grpc_discover::model::endpoint::Endpoint;
use grpc_discover::model::event::{BackendReport, BackendStatus, EndpointsChange, Event, EventKind, HealthReport};
use grpc_discover::model::reach::{Disconnect, DisconnectReason, Health};
use grpc_discover::model::registry::{Registry, SourceId};
use grpc_discover::model::resolution::{ResolveCode, ResolveFailure};
use grpc_discover::model::target::Target;
use grpc_discover::model::time::Elapsed;

use super::*;
use crate::render::fixture;
use crate::render::table::Look;
use crate::render::{Clock, Render};

static FILE: Registry = Registry::named("file");

fn file() -> Arc<SourceId> {
    Arc::new(SourceId { registry: &FILE, target: Target::Foreign { scheme: "file".into(), rest: "r.json".into() } })
}

/// A watch that is written down event by event.
struct Script {
    events: Vec<Event>,
}

impl Script {
    fn new() -> Script {
        Script { events: Vec::new() }
    }

    fn at(&mut self, millis: u64, kind: EventKind) {
        let at = Elapsed::from_millis(millis);
        // 2026-11-18, 18:12:05 UTC.
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_025_525) + at.since_start();
        let seq = self.events.len() as u64 + 1;
        self.events.push(Event { seq, time, at, target: "file:r.json".into(), kind });
    }

    fn listed(&mut self, millis: u64, added: &[&str], removed: &[&str], total: usize) {
        let endpoints = |list: &[&str]| list.iter().map(|of| Endpoint::new(fixture::address(of))).collect();
        let change = EndpointsChange {
            source: file(),
            added: endpoints(added),
            removed: endpoints(removed),
            changed: Vec::new(),
            total,
            notes: Vec::new(),
            lags: Vec::new(),
        };
        self.at(millis, EventKind::Endpoints(change));
    }

    fn goes(&mut self, millis: u64, of: Option<&str>, to: ConnectivityState, code: CauseCode, text: &str) {
        let scope = of.map_or(Scope::Channel, |of| Scope::Subchannel(fixture::address(of)));
        let retry_in = (to == ConnectivityState::TransientFailure).then_some(Duration::from_secs(3));
        let from = ConnectivityState::Idle;
        self.at(millis, EventKind::Transition(Transition { scope, from, to, cause: Cause::new(code, text), retry_in }));
    }

    fn connects(&mut self, millis: u64, of: &str) {
        self.goes(millis, Some(of), ConnectivityState::Connecting, CauseCode::ConnectRequested, "attempt 1");
    }

    fn ready(&mut self, millis: u64, of: &str) {
        self.goes(millis, Some(of), ConnectivityState::Ready, CauseCode::Connected, "received the server's SETTINGS");
    }

    fn refused(&mut self, millis: u64, of: &str) {
        let text = format!("{of}: tcp: connection refused");
        self.goes(millis, Some(of), ConnectivityState::TransientFailure, CauseCode::ConnectFailed, &text);
    }

    fn health(&mut self, millis: u64, of: &str, health: Health) {
        let (address, service) = (fixture::address(of), String::new());
        let report = HealthReport { address, service, health, took: None, ended: None, proxy: None };
        self.at(millis, EventKind::Health(report));
    }

    fn lost(&mut self, millis: u64, of: &str) {
        let detail = "Server shutdown".to_string();
        let disconnect = Disconnect { reason: DisconnectReason::GoAway(0), detail, goaway: None };
        self.at(millis, EventKind::Disconnect { address: fixture::address(of), disconnect, idle: None });
        self.goes(millis, Some(of), ConnectivityState::Idle, CauseCode::GoAway, "GOAWAY");
    }

    fn registry(&mut self, millis: u64, status: BackendStatus, why: Option<&str>) {
        let error = why.map(|why| ResolveFailure::new(ResolveCode::Unreachable, why));
        let gap = (status == BackendStatus::Recovered).then_some(Duration::from_secs(4));
        let report = BackendReport { source: file(), status, error, retry_in: None, gap };
        self.at(millis, EventKind::Backend(report));
    }

    /// What the plain form prints.
    fn plain(&self) -> String {
        let mut plain = Plain::new(Look::default(), Clock::new(true));
        let mut out = Vec::new();
        for event in &self.events {
            plain.event(event, &mut out).expect("into memory");
        }
        plain.end(&mut out).expect("into memory");
        String::from_utf8(out).expect("UTF-8")
    }
}

const A: &str = "10.0.0.1:50051";
const B: &str = "10.0.0.2:50051";
const C: &str = "10.0.0.3:50051";
const D: &str = "10.0.0.4:50051";
const E: &str = "10.0.0.5:50051";

/// Four endpoints: one is refused and one is NOT_SERVING from the start.
fn connected() -> Script {
    let mut script = Script::new();
    script.listed(8, &[A, B, C, D], &[], 4);
    [A, B, C, D].iter().for_each(|of| script.connects(10, of));
    script.ready(14, A);
    script.goes(14, None, ConnectivityState::Ready, CauseCode::Connected, "");
    script.ready(20, B);
    script.refused(21, C);
    script.ready(25, D);
    script.health(26, A, Health::Serving);
    script.health(27, B, Health::Serving);
    script.health(28, D, Health::NotServing);
    script
}

#[test]
fn the_connect_phase_is_one_line_and_faults_are_reported_at_once() {
    let text = connected().plain();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("18:12:05.008  ") && lines[0].ends_with("  4 endpoints"), "{text}");
    assert_eq!(lines[1], "18:12:05.021  10.0.0.3:50051         tcp: connection refused", "{text}");
    assert_eq!(lines[2], "18:12:05.028  10.0.0.4:50051         READY, NOT_SERVING", "{text}");
    assert_eq!(lines[3], "18:12:05.028  channel                READY (3 of 4 connected in 15ms)", "{text}");
    assert!(text.contains("\nwatched 20ms, 18:12:05 to 18:12:05 UTC, no change\n"), "{text}");
}

#[test]
fn a_phase_that_lasts_ends_after_a_second() {
    let mut script = Script::new();
    script.listed(0, &[A, B], &[], 2);
    script.connects(0, A);
    script.connects(0, B);
    script.ready(100, A);
    script.goes(100, None, ConnectivityState::Ready, CauseCode::Connected, "");
    script.health(101, A, Health::Serving);
    script.ready(1_500, B);
    let text = script.plain();
    assert!(text.contains("channel                READY (1 of 2 connected in 100ms)\n"), "{text}");
    assert!(text.contains("10.0.0.2:50051         READY after 1.5s\n"), "{text}");
}

#[test]
fn retries_are_counted_and_not_printed() {
    let mut script = connected();
    for second in 1..=5 {
        script.refused(second * 1_000, C);
    }
    assert_eq!(script.plain().matches("connection refused\n").count(), 1);
}

#[test]
fn the_story_names_a_death_a_move_a_flip_and_a_gap_with_their_times() {
    let mut script = connected();
    script.lost(21_000, A);
    for second in 22..28 {
        script.refused(second * 1_000, A);
    }
    script.health(23_000, B, Health::NotServing);
    script.listed(24_000, &[E], &[C], 4);
    script.connects(24_000, E);
    script.ready(25_000, E);
    script.health(25_001, E, Health::Serving);
    script.registry(30_000, BackendStatus::Broken, Some("connection refused"));
    script.registry(32_000, BackendStatus::Broken, Some("connection refused"));
    script.registry(34_000, BackendStatus::Recovered, None);
    script.lost(40_000, D);
    script.refused(41_000, D);
    script.ready(42_000, D);
    script.health(42_001, D, Health::NotServing);
    let text = script.plain();
    let (_, story) = text.split_once("\nwatched ").expect("a story");
    let lines: Vec<&str> = story.lines().collect();
    assert_eq!(lines[0], "42.0s, 18:12:05 to 18:12:47 UTC, 6 changes:", "{text}");
    let has = |line: &str, words: &[&str]| words.iter().all(|word| line.contains(word));
    let lost = "lost: GOAWAY NO_ERROR (Server shutdown), then tcp: connection refused";
    assert!(has(lines[1], &["  18:12:26  ", A, lost, "since, 6 failed attempts"]), "{story}");
    assert!(has(lines[2], &["  18:12:28  ", B, "SERVING -> NOT_SERVING"]), "{story}");
    assert!(has(lines[3], &["  18:12:29  ", "+10.0.0.5:50051", "-10.0.0.3:50051", ", READY after 1.0s"]), "{story}");
    assert!(has(lines[4], &["  18:12:35  ", "watch lost: connection refused"]), "{story}");
    assert!(has(lines[5], &["  18:12:39  ", "watch recovered after 4.0s"]), "{story}");
    assert!(has(lines[6], &["  18:12:45  ", D, "1 failed attempt; READY again after 2.0s"]), "{story}");
}

#[test]
fn a_long_story_keeps_its_end_and_counts_what_it_left_out() {
    let mut script = connected();
    for flip in 0..3_000 {
        let health = if flip % 2 == 0 { Health::NotServing } else { Health::Serving };
        script.health(1_000 + flip * 10, A, health);
    }
    let text = script.plain();
    assert!(text.contains(", 3000 changes:\n  … the first 2000 are left out"), "{}", &text[..400]);
    let (_, story) = text.split_once("left out").expect("a story");
    assert_eq!(story.matches("NOT_SERVING -> SERVING").count(), 500);
}

#[test]
fn an_idle_channel_has_one_line_and_leaving_idle_another() {
    let mut script = connected();
    script.goes(30_000, None, ConnectivityState::Idle, CauseCode::IdleTimeout, "no RPC for 30s");
    for of in [A, B, C, D] {
        script.goes(30_000, Some(of), ConnectivityState::Shutdown, CauseCode::IdleTimeout, "no RPC for 30s");
    }
    let text = script.plain();
    assert!(text.contains("18:12:35.000  channel                IDLE: no RPC for 30s\n"), "{text}");
    assert_eq!(text.matches("SHUTDOWN").count(), 0, "{text}");
}
