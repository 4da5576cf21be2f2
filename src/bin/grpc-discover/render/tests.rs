use std::path::{Path, PathBuf};
use std::time::SystemTime;

use grpc_discover::model::event::{Event, EventKind, IdlePhase, IdleReport};
use grpc_discover::model::finding::Finding;
use grpc_discover::model::verdict::EndpointVerdict;
use schemars::generate::SchemaSettings;

use super::error_document::ErrorDocument;
use super::fixture::{self, HOSTILE};
use super::json::{Document, Documents, Json};
use super::lines::Lines;
use super::markdown::Markdown;
use super::ndjson::Ndjson;
use super::progress::Progress;
use super::short::Short;
use super::table::Table;
use super::wire::Line;
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

fn every_format() -> Vec<(&'static str, String)> {
    let plain = Paint::default();
    vec![
        ("table.txt", rendered(Table::new(plain, false, false))),
        ("table-colour.txt", rendered(Table::new(Paint { on: true }, false, false))),
        ("wide.txt", rendered(Table::new(plain, true, false))),
        ("lines.txt", rendered(Lines::new(plain, false))),
        ("lines-verbose.txt", rendered(Lines::new(plain, true))),
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
    assert_eq!(kinds.len(), 14);
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
    let mut table = Table::new(Paint::default(), false, false);
    let mut wide = Table::new(Paint::default(), true, false);
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
        table.event(&event, &mut Vec::new()).expect("no output");
        wide.event(&event, &mut Vec::new()).expect("no output");
    }
    let mut out = Vec::new();
    table.end(&mut out).expect("into memory");
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
    let table = |hosts: u8, wide: bool, text: &dyn Fn(u8) -> String| {
        let mut renderer = Table::new(Paint::default(), wide, false);
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
    let seven = table(7, false, &refused);
    assert!(seven.contains("7 endpoints: tcp: connection refused: 10.0.0.1:50051, 10.0.0.2:50051, "), "{seven}");
    assert!(seven.contains("10.0.0.5:50051 and 2 more\n"), "{seven}");
    assert!(table(7, true, &refused).contains("10.0.0.6:50051, 10.0.0.7:50051\n"), "-o wide names them all");
    let sick = table(2, false, &|_| " is reachable and reports NOT_SERVING".to_string());
    assert!(sick.contains("each of 2 endpoints is reachable and reports NOT_SERVING: 10.0.0.1:50051, "), "{sick}");
    let different = table(2, false, &|host| format!(": tls: certificate expired {host} days ago"));
    assert!(different.contains("10.0.0.2:50051: tls: certificate expired 2 days ago\n"), "{different}");
}
