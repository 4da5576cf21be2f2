//! Several services: first one line for each, worst first, then the reports of those that are not healthy.

use grpc_discover::model::verdict::Verdict;
use grpc_discover::text::{count, escape};

use super::Look;
use crate::render::columns::{columns, fit};
use crate::render::report::Report;

/// `FAILED  1 of 3 services failed, 2 degraded`.
pub fn headline(reports: &[&Report], look: Look) -> Vec<String> {
    let total = reports.len();
    let of = |verdict| reports.iter().filter(|report| of_report(report) == verdict).count();
    let bad: Vec<(Verdict, usize)> = WORST_FIRST
        .into_iter()
        .filter(|verdict| !matches!(verdict, Verdict::Healthy | Verdict::Usable))
        .map(|verdict| (verdict, of(verdict)))
        .filter(|(_, count)| *count > 0)
        .collect();
    let Some((worst, _)) = bad.first() else {
        let verdict = reports.iter().map(|report| of_report(report)).max_by_key(rank).unwrap_or(Verdict::Unknown);
        let word = verdict.as_str().to_uppercase();
        return vec![format!("{}  all {}", look.paint.verdict(verdict, &word), count(total, "service"))];
    };
    let words: Vec<String> = bad
        .iter()
        .enumerate()
        .map(|(i, (verdict, count))| match i {
            0 => format!("{count} of {} {verdict}", grpc_discover::text::count(total, "service")),
            _ => format!("{count} {verdict}"),
        })
        .collect();
    let word = worst.as_str().to_uppercase();
    vec![format!("{}  {}", look.paint.verdict(*worst, &word), words.join(", "))]
}

/// The overview and the reports.
pub fn lines(reports: &[&Report], look: Look) -> Vec<String> {
    let mut sorted = reports.to_vec();
    sorted.sort_by_key(|report| std::cmp::Reverse(rank(&of_report(report))));
    let header = [""; 3];
    let mut rows: Vec<Vec<String>> = sorted
        .iter()
        .map(|report| {
            let text = report.summary.as_ref().map_or("stopped before a verdict", |summary| &summary.text);
            let word = of_report(report).as_str().to_uppercase();
            vec![escape(&report.target).into_owned(), word, escape(text).into_owned()]
        })
        .collect();
    if let Some(width) = look.page.width {
        fit(&header, &mut rows, width);
    }
    let mut lines = headline(reports, look);
    for (line, report) in columns(&header, rows).into_iter().zip(&sorted) {
        let verdict = of_report(report);
        let word = verdict.as_str().to_uppercase();
        lines.push(line.replacen(&word, &look.paint.verdict(verdict, &word), 1));
    }
    let is_healthy = |report: &Report| matches!(of_report(report), Verdict::Healthy | Verdict::Usable);
    for report in sorted.into_iter().filter(|report| look.wide || !is_healthy(report)) {
        lines.push(String::new());
        lines.extend(super::lines(report, look));
    }
    lines
}

const WORST_FIRST: [Verdict; 6] =
    [Verdict::Failed, Verdict::TimedOut, Verdict::Unknown, Verdict::Degraded, Verdict::Usable, Verdict::Healthy];

fn rank(verdict: &Verdict) -> usize {
    WORST_FIRST.iter().rev().position(|other| other == verdict).unwrap_or(0)
}

fn of_report(report: &Report) -> Verdict {
    report.summary.as_ref().map_or(Verdict::Unknown, |summary| summary.verdict)
}
