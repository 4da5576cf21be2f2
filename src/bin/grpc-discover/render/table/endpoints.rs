//! One row for each endpoint: who lists it, which stage was reached, its verdict.

use std::io::{self, Write};

use grpc_discover::model::endpoint::{Address, CheckState, EndpointStatus};
use grpc_discover::model::event::HealthReport;
use grpc_discover::model::reach::Stage;
use grpc_discover::model::verdict::EndpointVerdict;
use grpc_discover::text::{duration, escape, plural, shorten};

use crate::render::columns::columns;
use crate::render::lines;
use crate::render::paint::Paint;
use crate::render::report::{Listing, Report, Seen};

/// Maximum number of endpoints that `table` shows; unhealthy ones come first.
const ROWS: usize = 20;

pub fn write_endpoints(report: &Report, paint: Paint, wide: bool, out: &mut dyn Write) -> io::Result<()> {
    let mut endpoints: Vec<(&Address, &Seen)> = report.endpoints.iter().collect();
    if endpoints.is_empty() {
        return Ok(());
    }
    let is_healthy = |seen: &Seen| seen.verdict.as_ref().is_some_and(|report| report.verdict.is_good());
    endpoints.sort_by_key(|(_, seen)| is_healthy(seen));
    let shown = if wide { endpoints.len() } else { endpoints.len().min(ROWS) };
    let was_contacted =
        endpoints.iter().any(|(_, s)| !s.phases.is_empty() || s.failure.is_some() || s.health.is_some());

    let mut header = vec!["ENDPOINT", "LISTED"];
    if was_contacted {
        let only_unix = endpoints.iter().all(|(_, seen)| dialing(seen) == Stage::Unix);
        header.extend(["NAME", if only_unix { "UNIX" } else { "TCP" }, "TLS", "HTTP2", "HEALTH"]);
    }
    let of_registry = wide || !was_contacted;
    if of_registry {
        header.extend(["WEIGHT", "TTL", "ZONE", "TAGS"]);
    }
    if wide {
        header.extend(["PRIORITY", "NODE", "ID", "METADATA", "LAYOUT"]);
    }
    if of_registry {
        header.push("CHECKS");
    }
    header.push("VERDICT");

    let rows = endpoints.iter().take(shown).map(|(address, seen)| {
        let mut row = vec![escape(&address.to_string()).into_owned(), listed(seen)];
        if was_contacted {
            row.extend([Stage::Resolve, dialing(seen), Stage::Tls, Stage::Http2].map(|stage| took(seen, stage)));
            row.push(seen.health.as_ref().map(|report| health(report, wide)).unwrap_or_default());
        }
        let each = |get: &dyn Fn(&Listing) -> Option<String>| {
            let mut words: Vec<String> = seen.listed.iter().filter_map(get).collect();
            words.dedup();
            escape(&words.join(" ")).into_owned()
        };
        if of_registry {
            row.push(each(&|l| l.endpoint.weight.map(|weight| weight.to_string())));
            row.push(each(&|l| l.endpoint.ttl.map(duration)));
            row.push(each(&|l| l.endpoint.zone.clone()));
            row.push(each(&|l| (!l.endpoint.tags.is_empty()).then(|| l.endpoint.tags.join(","))));
        }
        if wide {
            row.push(each(&|l| l.endpoint.priority.map(|priority| priority.to_string())));
            row.push(each(&|l| l.endpoint.node.clone()));
            row.push(each(&|l| l.endpoint.id.clone()));
            row.push(each(&|l| {
                let pairs: Vec<String> = l.endpoint.shown_metadata().iter().map(|(k, v)| format!("{k}={v}")).collect();
                (!pairs.is_empty()).then(|| pairs.join(","))
            }));
            row.push(each(&|l| l.endpoint.layout.as_ref().map(ToString::to_string)));
        }
        if of_registry {
            row.push(each(&|l| {
                let failing = l.endpoint.checks.iter().filter(|check| check.state != CheckState::Passing);
                let words: Vec<String> =
                    failing.map(|c| format!("{} {}: {}", c.name, c.status, shorten(c.output.trim(), 80))).collect();
                (!words.is_empty()).then(|| words.join("; "))
            }));
        }
        row.push(verdict(seen, paint, wide));
        row
    });
    writeln!(out)?;
    for line in columns(&header, rows.collect()) {
        writeln!(out, "{line}")?;
    }
    if endpoints.len() > shown {
        let rest = &endpoints[shown..];
        let healthy = rest.iter().filter(|(_, seen)| is_healthy(seen)).count();
        // An endpoint that was not contacted is not called healthy.
        let was_reached =
            |seen: &Seen| seen.verdict.as_ref().is_some_and(|report| report.verdict == EndpointVerdict::Healthy);
        let word = if rest.iter().any(|(_, seen)| was_reached(seen)) { "healthy" } else { "usable" };
        let text = match (healthy, rest.len() - healthy) {
            (healthy, 0) => format!("{healthy} {word} {}", noun(healthy)),
            (0, other) => format!("{other} other {}", noun(other)),
            (healthy, other) => format!("{other} other and {healthy} {word} {}", noun(healthy)),
        };
        writeln!(out, "… and {text} (-o wide shows them)")?;
    }
    Ok(())
}

fn noun(count: usize) -> &'static str {
    plural(count, "endpoint", "endpoints")
}

/// `consul passing, dns`: a backend without health checks is named without a status.
fn listed(seen: &Seen) -> String {
    let mut words: Vec<String> = seen
        .listed
        .iter()
        .map(|listing| match listing.endpoint.status {
            EndpointStatus::Unchecked => listing.source.registry.to_string(),
            status => format!("{} {}", listing.source.registry, status.as_listed()),
        })
        .collect();
    words.dedup();
    if words.is_empty() { "-".to_string() } else { words.join(", ") }
}

/// The first stage of the connection: a Unix socket has no TCP.
fn dialing(seen: &Seen) -> Stage {
    let unix = seen.phases.iter().any(|phase| phase.stage == Stage::Unix)
        || seen.failure.as_ref().is_some_and(|failure| failure.stage == Stage::Unix);
    if unix { Stage::Unix } else { Stage::Tcp }
}

fn took(seen: &Seen, stage: Stage) -> String {
    if let Some(failure) = seen.failure.as_ref().filter(|failure| failure.stage == stage) {
        return format!("failed {}", duration(failure.waited));
    }
    let passed = |stage| seen.phases.iter().find(|phase| phase.stage == stage);
    let reached_http2 =
        passed(Stage::Http2).is_some() || seen.failure.as_ref().is_some_and(|f| f.stage >= Stage::Http2);
    match passed(stage) {
        Some(phase) => duration(phase.took),
        // Also the result of --tls auto.
        None if stage == Stage::Tls && reached_http2 => "plaintext".to_string(),
        None => String::new(),
    }
}

/// The health service's response. A text of the server is shortened here; the verdict has it in full.
fn health(report: &HealthReport, wide: bool) -> String {
    let text = lines::health(report);
    escape(&shorten(&text, if wide { usize::MAX } else { 40 })).into_owned()
}

fn verdict(seen: &Seen, paint: Paint, wide: bool) -> String {
    let Some(report) = &seen.verdict else { return String::new() };
    let word = paint.endpoint(report.verdict, report.verdict.as_str());
    // A healthy endpoint's text repeats what the columns show.
    if report.text.is_empty() || (report.verdict == EndpointVerdict::Healthy && !wide) {
        return word;
    }
    let limit = if wide { usize::MAX } else { 100 };
    format!("{word}  {}", shorten(&escape(&report.text), limit))
}
