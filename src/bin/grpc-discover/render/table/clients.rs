//! What clients of other frameworks would hold: those that differ from the registry first. Their addresses are in the
//! finding, and in `-o wide`.

use grpc_discover::model::endpoint::Address;
use grpc_discover::model::lens::{LensReport, NoticesChanges};
use grpc_discover::text::escape;

use super::Look;
use crate::render::columns::{columns, fit};
use crate::render::lines;

pub fn lines(lenses: &[LensReport], look: Look) -> Vec<String> {
    let mut lenses: Vec<&LensReport> = lenses.iter().collect();
    lenses.sort_by_key(|report| report.agrees());
    if lenses.is_empty() {
        return Vec::new();
    }
    let (header, mut rows): (Vec<&str>, Vec<Vec<String>>) = match look.wide {
        true => (
            vec!["CLIENT", "HOLDS", "STALE", "MISSING", "NOTICES CHANGES", "RECOVERS AFTER"],
            lenses.into_iter().map(wide).collect(),
        ),
        false => (vec!["CLIENT", "WOULD HOLD", "NOTICES CHANGES"], lenses.into_iter().map(short).collect()),
    };
    if let Some(width) = look.page.width.filter(|_| !look.wide) {
        fit(&header, &mut rows, width);
    }
    columns(&header, rows)
}

fn short(report: &LensReport) -> Vec<String> {
    let holds = match (report.stale.len(), report.missing.len()) {
        _ if report.notices == NoticesChanges::NeverAndHangs => "no list: calls hang".to_string(),
        (0, 0) => "the current list".to_string(),
        (stale, 0) => format!("{stale} stale"),
        (0, missing) => format!("{missing} missing"),
        (stale, missing) => format!("{stale} stale, {missing} missing"),
    };
    let restart = matches!(report.notices, NoticesChanges::Never | NoticesChanges::NeverAndHangs);
    let notices = if restart { "never, until a restart" } else { notices(report.notices) };
    vec![escape(&report.label).into_owned(), holds, notices.to_string()]
}

fn wide(report: &LensReport) -> Vec<String> {
    let words = |addresses: &[Address]| escape(&lines::addresses(addresses)).into_owned();
    let holds = if report.holds.is_empty() { "-".to_string() } else { words(&report.holds) };
    let recovers = if report.agrees() { "" } else { report.notices.recovers_after() };
    let all = report.stale.len() > 1 && report.stale.len() == report.holds.len();
    let stale = if all { "all".to_string() } else { words(&report.stale) };
    let label = escape(&report.label).into_owned();
    vec![label, holds, stale, words(&report.missing), notices(report.notices).to_string(), recovers.to_string()]
}

fn notices(changes: NoticesChanges) -> &'static str {
    match changes {
        NoticesChanges::Changes => "immediately",
        NoticesChanges::AfterAFailure => "after a failed connection",
        NoticesChanges::Soon => "on its own, within 30 s",
        NoticesChanges::NextCall => "at the next call",
        NoticesChanges::Never => "never",
        NoticesChanges::NeverAndHangs => "never; calls hang",
    }
}
