//! Endpoints that were reached, or not: what is wrong with each, and how far the connection got.

use std::collections::BTreeMap;
use std::time::Duration;

use grpc_discover::model::endpoint::Address;
use grpc_discover::model::reach::{Health, Stage};
use grpc_discover::text::{duration, escape, shorten};

use super::registered::failing_checks;
use super::{ROWS, Row, backends_differ, dialing, is_healthy, listed, reached_http2, rest};
use crate::render::columns::{columns, fit};
use crate::render::lines;
use crate::render::report::{Report, Seen};
use crate::render::table::Look;

/// Up to this many healthy endpoints have a line each.
const HEALTHY: usize = 5;
/// A stage that took less adds nothing: SETTINGS usually arrive with the connection.
const NOTHING: Duration = Duration::from_micros(100);
/// Characters of a server's own text; its finding has it in full.
const TEXT: usize = 60;

pub fn lines(report: &Report, endpoints: &[Row<'_>], look: Look) -> Vec<String> {
    let healthy = endpoints.iter().position(|(_, seen)| is_healthy(seen)).unwrap_or(endpoints.len());
    let (bad, good) = endpoints.split_at(healthy);
    let (bad, left_out) = bad.split_at(bad.len().min(ROWS));
    let alone = if good.len() <= HEALTHY { good } else { &[] };
    let differ = backends_differ(endpoints);
    let has_finding =
        |address: &Address| report.findings.iter().any(|finding| finding.address.as_ref() == Some(address));
    let row = |(address, seen): &Row<'_>| {
        let label = match seen.verdict.as_ref().map(|report| (report.cause, report.verdict)) {
            Some((Some(cause), _)) => cause.label(),
            Some((None, verdict)) => verdict.as_str().to_string(),
            None => "no verdict".to_string(),
        };
        let mut details = stages(seen);
        match of_health(seen) {
            // Where a line is too narrow, the end of the details is left out.
            Some(health) if is_healthy(seen) => details.insert(0, health),
            Some(_) if has_finding(address) => details.extend(health_call(seen)),
            health => details.extend(health),
        }
        if !is_healthy(seen) && !has_finding(address) {
            details.extend(seen.listed.iter().find_map(failing_checks).map(|checks| escape(&checks).into_owned()));
        }
        let listed = if differ { listed(seen) } else { String::new() };
        vec![escape(&address.to_string()).into_owned(), label, listed, details.join(", ")]
    };
    let mut rows: Vec<Vec<String>> = bad.iter().chain(alone).map(row).collect();
    let header = [""; 4];
    if let Some(width) = look.page.width {
        fit(&header, &mut rows, width);
    }
    let labels: Vec<String> = rows.iter().map(|row| row[1].clone()).collect();
    let mut lines = columns(&header, rows);
    for (((_, seen), label), line) in bad.iter().chain(alone).zip(labels).zip(&mut lines) {
        if let Some(report) = seen.verdict.as_ref().filter(|_| !label.is_empty()) {
            *line = line.replacen(&label, &look.paint.endpoint(report.verdict, &label), 1);
        }
    }
    if !left_out.is_empty() {
        lines.insert(bad.len(), rest(left_out));
    }
    if alone.len() < good.len() {
        lines.extend(together(good, differ).iter().flat_map(|line| look.page.wrap(line, 4)));
    }
    lines
}

/// `tcp 0.5ms`, `plaintext`, `http2 1.2ms`: those that add something.
fn stages(seen: &Seen) -> Vec<String> {
    let failed = seen.failure.as_ref();
    let mut words = Vec::new();
    for stage in [Stage::Resolve, dialing(seen), Stage::Tls, Stage::Http2, Stage::Health] {
        let passed = seen.phases.iter().find(|phase| phase.stage == stage).map(|phase| phase.took);
        match (passed, failed.filter(|failure| failure.stage == stage)) {
            (_, Some(failure)) => words.push(format!("{stage} {}", duration(failure.waited))),
            (Some(took), None) if stage == Stage::Http2 && took < NOTHING => {}
            (Some(took), None) => words.push(format!("{stage} {}", duration(took))),
            // Also the result of --tls auto.
            (None, None) if stage == Stage::Tls && reached_http2(seen) => words.push("plaintext".to_string()),
            (None, None) => {}
        }
    }
    words
}

fn of_health(seen: &Seen) -> Option<String> {
    let report = seen.health.as_ref()?;
    Some(match &report.health {
        Health::Unimplemented => "no health service (UNIMPLEMENTED): only HTTP/2 was proved".to_string(),
        _ => escape(&shorten(&lines::health(report), TEXT)).into_owned(),
    })
}

/// `health 4.1ms`: its result is the state of the endpoint.
fn health_call(seen: &Seen) -> Option<String> {
    let took = seen.health.as_ref()?.took?;
    Some(format!("health {}", duration(took)))
}

/// `9 healthy: tcp 0.5ms, SERVING in 1.6 to 3.9ms`, for all healthy endpoints that were reached in the same way.
fn together(good: &[Row<'_>], differ: bool) -> Vec<String> {
    type Kind = (bool, Option<String>, String);
    let mut groups: BTreeMap<Kind, Vec<&Seen>> = BTreeMap::new();
    for (_, seen) in good {
        let health = seen.health.as_ref().map(|report| match &report.health {
            Health::Unimplemented => "no health service (UNIMPLEMENTED): only HTTP/2 was proved".to_string(),
            health => health.as_str().to_string(),
        });
        let listed = if differ { listed(seen) } else { String::new() };
        let is_plaintext = reached_http2(seen) && !seen.phases.iter().any(|phase| phase.stage == Stage::Tls);
        groups.entry((is_plaintext, health, listed)).or_default().push(seen);
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, seen)| std::cmp::Reverse(seen.len()));
    groups
        .into_iter()
        .map(|((is_plaintext, health, listed), seen)| {
            let mut words = Vec::new();
            for stage in [Stage::Resolve, Stage::Tcp, Stage::Unix, Stage::Tls, Stage::Http2] {
                if stage == Stage::Http2 && is_plaintext {
                    words.push("plaintext".to_string());
                }
                let passed = seen.iter().flat_map(|seen| &seen.phases).filter(|phase| phase.stage == stage);
                let times = span(passed.map(|phase| phase.took));
                let times = times.filter(|(_, most)| stage != Stage::Http2 || *most >= NOTHING);
                words.extend(times.map(|times| format!("{stage} {}", written(times))));
            }
            let calls = seen.iter().filter_map(|seen| seen.health.as_ref()?.took);
            words.extend(match (health, span(calls)) {
                (Some(health), Some(span)) if !health.contains(' ') => Some(format!("{health} in {}", written(span))),
                (Some(health), _) => Some(health),
                (None, _) => None,
            });
            let listed = if listed.is_empty() { listed } else { format!(" ({listed})") };
            format!("{} healthy{listed}: {}", seen.len(), words.join(", "))
        })
        .collect()
}

fn span(times: impl Iterator<Item = Duration>) -> Option<(Duration, Duration)> {
    times.fold(None, |span, time| match span {
        None => Some((time, time)),
        Some((least, most)) => Some((time.min(least), time.max(most))),
    })
}

/// `0.5ms`, `1.6 to 3.9ms`, `0.9ms to 1.2s`.
fn written((least, most): (Duration, Duration)) -> String {
    let (least, most) = (duration(least), duration(most));
    let unit = |text: &str| text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').to_string();
    match least == most {
        true => most,
        false if unit(&least) == unit(&most) => format!("{} to {most}", least.trim_end_matches(&unit(&least))),
        false => format!("{least} to {most}"),
    }
}
