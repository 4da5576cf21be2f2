//! A table of what the registries list, and with `-o wide` of everything else too.

use grpc_discover::model::endpoint::CheckState;
use grpc_discover::model::event::HealthReport;
use grpc_discover::model::reach::Stage;
use grpc_discover::model::verdict::EndpointVerdict;
use grpc_discover::text::{duration, escape, shorten};

use super::{ROWS, Row, backends_differ, dialing, listed, rest, took};
use crate::render::columns::{columns, fit};
use crate::render::lines;
use crate::render::report::{Listing, Seen};
use crate::render::table::Look;

pub fn lines(endpoints: &[Row<'_>], was_contacted: bool, look: Look) -> Vec<String> {
    if endpoints.is_empty() {
        return Vec::new();
    }
    let wide = look.wide;
    let shown = if wide { endpoints.len() } else { endpoints.len().min(ROWS) };
    let differ = wide || backends_differ(endpoints);

    let mut header = vec!["ENDPOINT", "LISTED"];
    if was_contacted {
        let only_unix = endpoints.iter().all(|(_, seen)| dialing(seen) == Stage::Unix);
        header.extend(["NAME", if only_unix { "UNIX" } else { "TCP" }, "TLS", "HTTP2", "HEALTH"]);
    }
    header.extend(["WEIGHT", "TTL", "ZONE", "TAGS"]);
    if wide {
        header.extend(["PRIORITY", "NODE", "ID", "METADATA", "LAYOUT"]);
    }
    header.extend(["CHECKS", "VERDICT"]);

    let mut rows: Vec<Vec<String>> = endpoints
        .iter()
        .take(shown)
        .map(|(address, seen)| {
            let each = |get: &dyn Fn(&Listing) -> Option<String>| {
                let mut words: Vec<String> = seen.listed.iter().filter_map(get).collect();
                words.dedup();
                escape(&words.join(" ")).into_owned()
            };
            let mut row = vec![escape(&address.to_string()).into_owned()];
            row.push(if differ { listed(seen) } else { String::new() });
            if was_contacted {
                let stages = [Stage::Resolve, dialing(seen), Stage::Tls, Stage::Http2];
                row.extend(stages.map(|stage| took(seen, stage).unwrap_or_default()));
                row.push(seen.health.as_deref().map(health).unwrap_or_default());
            }
            row.push(each(&|l| l.endpoint.weight.map(|weight| weight.to_string())));
            row.push(each(&|l| l.endpoint.ttl.map(duration)));
            row.push(each(&|l| l.endpoint.zone.clone()));
            row.push(each(&|l| (!l.endpoint.tags.is_empty()).then(|| l.endpoint.tags.join(","))));
            if wide {
                row.push(each(&|l| l.endpoint.priority.map(|priority| priority.to_string())));
                row.push(each(&|l| l.endpoint.node.clone()));
                row.push(each(&|l| l.endpoint.id.clone()));
                row.push(each(&|l| {
                    let pairs: Vec<String> =
                        l.endpoint.shown_metadata().iter().map(|(k, v)| format!("{k}={v}")).collect();
                    (!pairs.is_empty()).then(|| pairs.join(","))
                }));
                row.push(each(&|l| l.endpoint.layout.as_ref().map(ToString::to_string)));
            }
            row.push(each(&failing_checks));
            row.push(verdict(seen, wide));
            row
        })
        .collect();
    if let Some(width) = look.page.width.filter(|_| !wide) {
        fit(&header, &mut rows, width);
    }
    for (row, (_, seen)) in rows.iter_mut().zip(endpoints) {
        if let (Some(cell), Some(report)) = (row.last_mut(), &seen.verdict) {
            let word = report.verdict.as_str();
            *cell = cell.replacen(word, &look.paint.endpoint(report.verdict, word), 1);
        }
    }
    let mut lines = columns(&header, rows);
    if endpoints.len() > shown {
        lines.push(rest(&endpoints[shown..]));
    }
    lines
}

/// The checks that do not pass, each with its output.
pub fn failing_checks(listing: &Listing) -> Option<String> {
    let failing = listing.endpoint.checks.iter().filter(|check| check.state != CheckState::Passing);
    let words: Vec<String> = failing
        .map(|check| match check.output.trim() {
            "" => format!("{} {} (no output)", check.name, check.status),
            output => format!("{} {}: {}", check.name, check.status, shorten(output, 80)),
        })
        .collect();
    (!words.is_empty()).then(|| words.join("; "))
}

fn health(report: &HealthReport) -> String {
    escape(&lines::health(report)).into_owned()
}

fn verdict(seen: &Seen, wide: bool) -> String {
    let Some(report) = &seen.verdict else { return String::new() };
    let word = report.verdict.as_str();
    // A healthy endpoint's text repeats what the columns show.
    if report.text.is_empty() || (report.verdict == EndpointVerdict::Healthy && !wide) {
        return word.to_string();
    }
    format!("{word}  {}", escape(&report.text))
}
