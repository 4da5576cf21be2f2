use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use grpc_discover::model::cause::{CauseCount, EndpointCause};
use grpc_discover::model::endpoint::EndpointStatus;
use grpc_discover::model::event::{
    ConnectionReport, EndpointReport, Event, EventKind, HealthReport, IdlePhase, IdleReport,
};
use grpc_discover::model::finding::{Counts, Finding, FindingKind, Severity, Summary};
use grpc_discover::model::reach::{Failure, FailureCode, Health, Phase, PhaseDetail, Stage};
use grpc_discover::model::verdict::{EndpointVerdict, Verdict};
use schemars::generate::SchemaSettings;

use super::error_document::ErrorDocument;
use super::fixture::{self, HOSTILE};
use super::json::{Document, Documents, Json};
use super::lines::Lines;
use super::markdown::Markdown;
use super::progress::Progress;
use super::short::Short;
use super::table::Table;
use super::*;
use crate::cli::JsonFormat;

fn rendered(mut renderer: impl Render) -> String {
    let mut out = Vec::new();
    for event in fixture::events() {
        renderer.event(&event, &mut out).expect("into memory");
    }
    renderer.end(&mut out).expect("into memory");
    String::from_utf8(out).expect("UTF-8")
}

/// A table in a pipe: lines of any length.
fn table(look: Look) -> Table {
    Table::new(look, Page::default)
}

fn every_format() -> Vec<(&'static str, String)> {
    let plain = Paint::default();
    let utc = || Clock::new(true);
    vec![
        ("table.txt", rendered(table(Look::default()))),
        ("table-narrow.txt", rendered(Table::new(Look::default(), || Page { width: Some(80), height: Some(24) }))),
        ("table-verbose.txt", rendered(table(Look { verbose: true, ..Look::default() }))),
        ("table-colour.txt", rendered(table(Look { paint: Paint { on: true }, ..Look::default() }))),
        ("wide.txt", rendered(table(Look { wide: true, ..Look::default() }))),
        ("lines.txt", rendered(Lines::new(plain, false, utc()))),
        ("lines-verbose.txt", rendered(Lines::new(plain, true, utc()))),
        ("watch.txt", rendered(watch::Plain::new(Look::default(), utc()))),
        ("watch-verbose.txt", rendered(watch::Plain::new(Look { verbose: true, ..Look::default() }, utc()))),
        ("events.ndjson", rendered(Ndjson)),
        ("document.json", rendered(Json::new(false))),
        ("documents.json", rendered(Json::new(true))),
        ("short.txt", rendered(Short::new())),
        ("ticket.md", rendered(Markdown::new())),
        ("progress.txt", rendered(Progress::new(None))),
    ]
}

/// Compares a file of the repository with what is generated; `UPDATE_DOCS=1` rewrites it.
fn keeps_up(path: &Path, generated: &str) {
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::create_dir_all(path.parent().expect("a directory")).expect("create");
        std::fs::write(path, generated).expect("write");
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(kept == generated, "{} is out of date (UPDATE_DOCS=1 rewrites it); now:\n{generated}", path.display());
}

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The JSON Schema of `T`, as written to the file.
fn schema<T: schemars::JsonSchema>() -> serde_json::Value {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    generator.into_root_schema_for::<T>().to_value()
}

/// What `-o json` prints.
#[derive(schemars::JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "only its schema is wanted")]
enum Printed {
    /// One service.
    One(Box<Document>),
    /// Several services side by side.
    Several(Documents),
    /// Nothing was run.
    Error(ErrorDocument),
}

fn conforms(schema: &serde_json::Value, value: &serde_json::Value) {
    let validator = jsonschema::validator_for(schema).expect("a schema");
    let errors: Vec<String> = validator.iter_errors(value).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{value}: {errors:?}");
}

#[test]
fn the_event_log_has_every_kind_of_event() {
    let events = fixture::events();
    let mut kinds: Vec<&str> = events.iter().map(|event| event.kind.as_str()).collect();
    let lines = rendered(Ndjson);
    let printed: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let printed: Vec<&str> = printed.iter().filter_map(|line| line["kind"].as_str()).collect();
    assert_eq!(printed, kinds);
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds.len(), 15);
}

#[test]
fn every_format_prints_the_event_log_as_expected() {
    let fixtures = repository().join("src/bin/grpc-discover/render/fixtures");
    for (name, text) in every_format() {
        keeps_up(&fixtures.join(name), &text);
    }
}

#[test]
fn no_format_lets_a_registry_or_a_server_reach_the_terminal() {
    for (name, text) in every_format() {
        let ours = text.replace("\u{1b}[0m", "");
        for character in HOSTILE.chars().filter(|character| !character.is_ascii_graphic()) {
            let colour = character == '\u{1b}' && name == "table-colour.txt";
            assert!(colour || !ours.contains(character), "{name} holds {character:?}");
        }
        assert!(!text.contains("\u{1b}]0;") && !text.contains("\u{1b}[2J"), "{name}");
    }
}

#[test]
fn escaping_loses_nothing_for_a_program() {
    let line = rendered(Ndjson).lines().next().expect("a line").to_string();
    let value: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!(value["added"][2]["id"], format!("pay-3{HOSTILE}"));
}

#[test]
fn the_schemas_match_the_types() {
    for (file, schema) in [("events", schema::<Line>()), ("document", schema::<Printed>())] {
        let text = serde_json::to_string_pretty(&schema).expect("JSON") + "\n";
        keeps_up(&repository().join(format!("docs/{file}.schema.json")), &text);
    }
}

#[test]
fn real_lines_and_documents_conform_to_the_schemas() {
    let line_schema = schema::<Line>();
    for line in rendered(Ndjson).lines() {
        conforms(&line_schema, &serde_json::from_str(line).expect("JSON"));
    }
    for several in [false, true] {
        conforms(&schema::<Printed>(), &serde_json::from_str(&rendered(Json::new(several))).expect("JSON"));
    }
    let printed =
        |format| error(format, 64, "usage", "unknown flag --idel", SystemTime::UNIX_EPOCH).expect("in memory");
    conforms(&schema::<Printed>(), &serde_json::from_str(&printed(JsonFormat::Document)).expect("JSON"));
    conforms(&line_schema, &serde_json::from_str(&printed(JsonFormat::Lines)).expect("JSON"));
}

#[test]
fn the_schema_refuses_a_line_without_its_cause() {
    let validator = jsonschema::validator_for(&schema::<Line>()).expect("a schema");
    let lines = rendered(Ndjson);
    let line = lines.lines().find(|line| line.contains("\"kind\":\"transition\"")).expect("a transition");
    let mut value: serde_json::Value = serde_json::from_str(line).expect("JSON");
    assert!(validator.is_valid(&value));
    value.as_object_mut().expect("an object").remove("cause");
    assert!(!validator.is_valid(&value));
}

#[test]
fn every_line_starts_with_seq_time_and_at() {
    for (i, line) in rendered(Ndjson).lines().enumerate() {
        assert!(line.starts_with(&format!("{{\"seq\":{},\"time\":\"2026-11-18T", i + 1)), "{line}");
    }
}

#[test]
fn no_address_is_ever_split() {
    for (name, text) in every_format() {
        assert!(text.contains(fixture::C) || name == "progress.txt", "{name}");
    }
}

#[test]
fn three_hundred_healthy_endpoints_are_counted_and_the_unhealthy_one_is_on_top() {
    let mut plain = table(Look::default());
    let mut wide = table(Look { wide: true, ..Look::default() });
    let story = fixture::events();
    let Some(EventKind::Verdict(model)) = story.iter().map(|e| &e.kind).find(|k| matches!(k, EventKind::Verdict(_)))
    else {
        panic!("the story has verdicts");
    };
    for i in 0..300 {
        let mut report = model.clone();
        report.address = fixture::address(&format!("10.1.{}.{}:50051", i / 250, i % 250));
        report.verdict = if i == 299 { EndpointVerdict::Stale } else { EndpointVerdict::Healthy };
        let event = Event { kind: EventKind::Verdict(report), ..story[0].clone() };
        plain.event(&event, &mut Vec::new()).expect("no output");
        wide.event(&event, &mut Vec::new()).expect("no output");
    }
    let mut out = Vec::new();
    plain.end(&mut out).expect("into memory");
    let text = String::from_utf8(out).expect("UTF-8");
    let rows: Vec<&str> = text.lines().filter(|line| line.contains(":50051")).collect();
    assert_eq!(rows.len(), 20);
    assert!(rows[0].contains("10.1.1.49:50051") && rows[0].contains("stale"), "{text}");
    assert!(text.contains("… and 280 healthy endpoints (-o wide shows them)"), "{text}");
    let mut out = Vec::new();
    wide.end(&mut out).expect("into memory");
    assert_eq!(String::from_utf8(out).expect("UTF-8").lines().filter(|line| line.contains(":50051")).count(), 300);
}

#[test]
fn a_live_view_keeps_the_present_only() {
    let mut reports = super::report::Reports::keeping(super::report::Keep::Present);
    for event in fixture::events() {
        reports.observe(&event);
    }
    let report = reports.iter().next().expect("a report");
    assert!(report.transitions.is_empty() && report.quotes(&[1, 2, 3]).is_empty());
}

#[test]
fn progress_off_a_terminal_is_one_line_for_each_phase() {
    let mut progress = Progress::new(None);
    let mut out = Vec::new();
    let report = IdleReport {
        phase: IdlePhase::Waiting,
        deadline: Some(Elapsed::from_secs(30)),
        changes: 0,
        cost: None,
        text: "no further call for 30s".into(),
    };
    let event = Event { kind: EventKind::Idle(report), at: Elapsed::ZERO, ..fixture::events()[0].clone() };
    progress.event(&event, &mut out).expect("into memory");
    progress.tick(Elapsed::from_secs(1), &mut out).expect("into memory");
    assert_eq!(String::from_utf8(out).expect("UTF-8"), "waiting, 30.0s left: no further call for 30s\n");
}

#[test]
fn what_is_reported_of_several_endpoints_is_reported_once_and_names_them() {
    let story = fixture::events();
    let found = story.iter().find_map(|event| match &event.kind {
        EventKind::Finding(finding) => Some((event, finding)),
        _ => None,
    });
    let (event, finding) = found.expect("the story has a finding");
    let table_of = |hosts: u8, wide: bool, text: &dyn Fn(u8) -> String| {
        let mut renderer = table(Look { wide, ..Look::default() });
        let mut out = Vec::new();
        for host in 1..=hosts {
            let of = fixture::address(&format!("10.0.0.{host}:50051"));
            let text = format!("{of}{}", text(host));
            let finding = Finding { address: Some(of), text, ..finding.clone() };
            let event = Event { kind: EventKind::Finding(finding), ..event.clone() };
            renderer.event(&event, &mut out).expect("into memory");
        }
        renderer.end(&mut out).expect("into memory");
        String::from_utf8(out).expect("UTF-8")
    };
    let refused = |_| ": tcp: connection refused".to_string();
    let seven = table_of(7, false, &refused);
    assert!(seven.contains("  10.0.0.1:50051, 10.0.0.2:50051, "), "{seven}");
    assert!(seven.contains("10.0.0.5:50051 and 2 more: tcp: connection refused\n"), "{seven}");
    assert!(table_of(7, true, &refused).contains("10.0.0.6:50051, 10.0.0.7:50051: tcp"), "-o wide names them all");
    let sick = table_of(2, false, &|_| " is reachable and reports NOT_SERVING".to_string());
    assert!(sick.contains("each of 10.0.0.1:50051, 10.0.0.2:50051 is reachable and reports NOT_SERVING\n"), "{sick}");
    let different = table_of(2, false, &|host| format!(": tls: certificate expired {host} days ago"));
    assert!(different.contains("10.0.0.2:50051: tls: certificate expired 2 days ago\n"), "{different}");
}

/// Twelve endpoints, as a probe reports them: two refuse connections and one is NOT_SERVING.
fn probe_of_twelve() -> Vec<Event> {
    let story = fixture::events();
    let address = |host: u8| fixture::address(&format!("127.0.0.{host}:50051"));
    let refused = EndpointCause::Failed(Stage::Tcp, FailureCode::Refused);
    static GONE: FindingKind =
        FindingKind { severity: Severity::Critical, remedy: "Listen on this port.", ..fixture::REFUSED };
    static SICK: FindingKind = FindingKind { code: "GD501", remedy: "Check its dependencies.", ..GONE };
    let (mut connecting, mut verdicts, mut findings) = (Vec::new(), Vec::new(), Vec::new());
    for host in 21..=32 {
        let failure = Failure::new(Stage::Tcp, FailureCode::Refused, "connection refused", Duration::from_micros(600));
        let phase = |stage, took| {
            let phase = Phase { stage, took: Duration::from_micros(took), detail: PhaseDetail::None };
            EventKind::Connection(ConnectionReport { address: address(host), result: Ok(phase) })
        };
        let health = |health| {
            let took = Some(Duration::from_micros(1_600 + u64::from(host) * 10));
            let service = String::new();
            EventKind::Health(HealthReport { address: address(host), service, health, took, ended: None, proxy: None })
        };
        let (cause, verdict) = match host {
            25 | 28 => {
                let result = Err(failure);
                connecting.push(EventKind::Connection(ConnectionReport { address: address(host), result }));
                (Some(refused), EndpointVerdict::Unreachable)
            }
            23 => {
                connecting.extend([phase(Stage::Tcp, 500), phase(Stage::Http2, 20), health(Health::NotServing)]);
                (Some(EndpointCause::NotServing), EndpointVerdict::Unhealthy)
            }
            _ => {
                connecting.extend([phase(Stage::Tcp, 500), phase(Stage::Http2, 20), health(Health::Serving)]);
                (None, EndpointVerdict::Healthy)
            }
        };
        let listed = vec![(&fixture::CONSUL, EndpointStatus::Unchecked)];
        let text = String::new();
        verdicts.push(EventKind::Verdict(EndpointReport { address: address(host), listed, verdict, cause, text }));
        if let Some(cause) = cause {
            let kind = if cause == refused { &GONE } else { &SICK };
            let text = format!("{} {}", address(host), cause.of_one());
            let (evidence, remedy) = (vec![1], kind.remedy.to_string());
            let finding = Finding { kind, address: Some(address(host)), cause: Some(cause), text, evidence, remedy };
            findings.push(EventKind::Finding(finding));
        }
    }
    findings.sort_by_key(|kind| if let EventKind::Finding(finding) = kind { finding.kind.code } else { "" });
    let causes = [(refused, 2), (EndpointCause::NotServing, 1)];
    let counts = Counts {
        endpoints: 12,
        causes: causes.map(|(cause, count)| CauseCount { cause, count }).to_vec(),
        ..Counts::default()
    };
    let text = "9 of 12 healthy; 2 refuse connections, 1 NOT_SERVING".to_string();
    let summary = EventKind::Summary(Summary { verdict: Verdict::Degraded, exit: 1, text, counts });
    let all = connecting.into_iter().chain(verdicts).chain(findings).chain([summary]);
    all.map(|kind| Event { kind, ..story[0].clone() }).collect()
}

fn printed(events: &[Event], page: fn() -> Page) -> String {
    let mut table = Table::new(Look::default(), page);
    let mut out = Vec::new();
    events.iter().for_each(|event| table.event(event, &mut out).expect("into memory"));
    table.end(&mut out).expect("into memory");
    String::from_utf8(out).expect("UTF-8")
}

#[test]
fn a_report_has_one_order_and_each_fact_once() {
    let text = printed(&probe_of_twelve(), || Page { width: Some(80), height: Some(24) });
    let expected = "\
DEGRADED  pay: 9 of 12 healthy; 2 refuse connections, 1 NOT_SERVING

critical GD201  2 refuse connections: 127.0.0.25:50051, 127.0.0.28:50051
    do: Listen on this port.
critical GD501  127.0.0.23:50051 reports NOT_SERVING
    do: Check its dependencies.

127.0.0.25:50051  refused      tcp 0.6ms
127.0.0.28:50051  refused      tcp 0.6ms
127.0.0.23:50051  NOT_SERVING  tcp 0.5ms, plaintext, health 1.8ms
9 healthy: tcp 0.5ms, plaintext, SERVING in 1.8 to 1.9ms
";
    assert_eq!(text, expected);
}

#[test]
fn a_report_longer_than_the_screen_ends_with_its_verdict() {
    let headline = "DEGRADED  pay: 9 of 12 healthy; 2 refuse connections, 1 NOT_SERVING\n";
    let low = printed(&probe_of_twelve(), || Page { width: Some(80), height: Some(10) });
    assert!(low.starts_with(headline) && low.ends_with(headline), "{low}");
    let high = printed(&probe_of_twelve(), || Page { width: Some(80), height: Some(24) });
    assert_eq!(high.matches(headline).count(), 1, "{high}");
}

#[test]
fn of_several_services_the_bad_ones_come_first_and_the_healthy_one_has_a_line() {
    let story = fixture::events();
    let summary = |target: &str, verdict, text: &str| {
        let summary = Summary { verdict, exit: 0, text: text.to_string(), counts: Counts::default() };
        Event { target: target.into(), kind: EventKind::Summary(summary), ..story[0].clone() }
    };
    let events = [
        summary("pay", Verdict::Healthy, "all 3 endpoints are healthy"),
        summary("cart", Verdict::Degraded, "10 of 12 healthy; 2 refuse connections"),
        summary("gone", Verdict::Failed, "consul has no such service"),
    ];
    let text = printed(&events, || Page { width: Some(80), height: Some(24) });
    let expected = "\
FAILED  1 of 3 services failed, 1 degraded
gone  FAILED    consul has no such service
cart  DEGRADED  10 of 12 healthy; 2 refuse connections
pay   HEALTHY   all 3 endpoints are healthy

FAILED  gone: consul has no such service

DEGRADED  cart: 10 of 12 healthy; 2 refuse connections
";
    assert_eq!(text, expected);
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    for page in [|| Page { width: Some(60), height: Some(24) }, || Page { width: Some(80), height: Some(24) }] {
        for events in [fixture::events(), probe_of_twelve()] {
            let text = printed(&events, page);
            let width = page().width.expect("a width");
            assert!(text.lines().all(|line| line.chars().count() <= width), "{text}");
        }
    }
}
