//! `-o table` and `-o wide`: for people. The verdict first, then the findings, the endpoints, and the registries that
//! were queried.

mod endpoints;
mod findings;

use std::io::{self, Write};

use grpc_discover::model::endpoint::Address;
use grpc_discover::model::event::Event;
use grpc_discover::model::lens::{LensReport, NoticesChanges};
use grpc_discover::model::resolution::{NoteKind, ResolveCode};
use grpc_discover::text::escape;

use endpoints::write_endpoints;
use findings::write_findings;

use super::Render;
use super::columns::columns;
use super::idle_checks::write_idle_checks;
use super::lines::{self, headline};
use super::paint::Paint;
use super::report::{Keep, Report, Reports, SourceSeen};

/// Collects everything and prints it at the end.
#[derive(Debug)]
pub struct Table {
    reports: Reports,
    paint: Paint,
    wide: bool,
    verbose: bool,
}

impl Table {
    /// `wide`: every endpoint and every column.
    pub fn new(paint: Paint, wide: bool, verbose: bool) -> Table {
        Table { reports: Reports::keeping(Keep::Columns), paint, wide, verbose }
    }
}

impl Render for Table {
    fn event(&mut self, event: &Event, _: &mut dyn Write) -> io::Result<()> {
        self.reports.observe(event);
        Ok(())
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        for (i, report) in self.reports.iter().enumerate() {
            if i > 0 {
                writeln!(out, "\n")?;
            }
            write_report(report, self.paint, self.wide, self.verbose, out)?;
        }
        out.flush()
    }
}

/// Everything about one service.
pub fn write_report(report: &Report, paint: Paint, wide: bool, verbose: bool, out: &mut dyn Write) -> io::Result<()> {
    match &report.summary {
        Some(summary) => writeln!(out, "{}", headline(&report.target, summary, paint))?,
        None => writeln!(out, "{}: stopped before a verdict", escape(&report.target))?,
    }
    write_findings(report, paint, wide, out)?;
    write_endpoints(report, paint, wide, out)?;
    write_idle_checks(&report.idle_checks, out)?;
    write_lenses(&report.lenses, out)?;
    write_sources(&report.sources, paint, wide || verbose, out)
}

/// What clients of other frameworks would hold: those that differ from the registry first.
fn write_lenses(lenses: &[LensReport], out: &mut dyn Write) -> io::Result<()> {
    if lenses.is_empty() {
        return Ok(());
    }
    let mut lenses: Vec<&LensReport> = lenses.iter().collect();
    lenses.sort_by_key(|report| report.agrees());
    let header = ["CLIENT", "HOLDS", "STALE", "MISSING", "NOTICES CHANGES", "RECOVERS AFTER"];
    let words = |addresses: &[Address]| escape(&lines::addresses(addresses)).into_owned();
    let rows = lenses.into_iter().map(|report| {
        let notices = match report.notices {
            NoticesChanges::Changes => "immediately",
            NoticesChanges::AfterAFailure => "after a failed connection",
            NoticesChanges::Soon => "on its own, within 30 s",
            NoticesChanges::NextCall => "at the next call",
            NoticesChanges::Never => "never",
            NoticesChanges::NeverAndHangs => "never; calls hang",
        };
        let holds = if report.holds.is_empty() { "-".to_string() } else { words(&report.holds) };
        let recovers = if report.agrees() { "" } else { report.notices.recovers_after() };
        let label = escape(&report.label).into_owned();
        let all = report.stale.len() > 1 && report.stale.len() == report.holds.len();
        let stale = if all { "all".to_string() } else { words(&report.stale) };
        vec![label, holds, stale, words(&report.missing), notices.to_string(), recovers.to_string()]
    });
    writeln!(out)?;
    for line in columns(&header, rows.collect()) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

fn write_sources(sources: &[SourceSeen], paint: Paint, every_note: bool, out: &mut dyn Write) -> io::Result<()> {
    // A registry that no setting names and that is unreachable is left out.
    let is_here = |source: &&SourceSeen| {
        source.error.as_ref().is_none_or(|error| error.code != ResolveCode::NotHere) || every_note
    };
    let sources: Vec<&SourceSeen> = sources.iter().filter(is_here).collect();
    if sources.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    let name = sources.iter().map(|source| source.source.registry.name.len()).max().unwrap_or(0);
    let width =
        sources.iter().map(|source| escape(&source.source.to_string()).chars().count()).max().unwrap_or(0).min(60);
    for source in sources {
        let text = match (&source.total, &source.error) {
            (_, Some(error)) if source.total.is_none() => format!("could not be queried: {}", escape(&error.text)),
            (Some(total), Some(error)) => {
                format!("{}; last query failed: {}", lines::endpoints(*total), escape(&error.text))
            }
            (Some(total), None) => lines::endpoints(*total),
            (None, _) => "no response".to_string(),
        };
        let text = if source.error.is_some() { paint.yellow(&text) } else { text };
        writeln!(
            out,
            "{:<name$}  {:<width$}  {text}",
            source.source.registry.name,
            escape(&source.source.to_string())
        )?;
        for note in &source.notes {
            // Findings have the others in their text and remedy.
            let is_news = !note.kind.is_a_finding()
                && !matches!(
                    note.kind,
                    NoteKind::Queried
                        | NoteKind::FilteredOut
                        | NoteKind::LeftOut
                        | NoteKind::Filtered
                        | NoteKind::Elsewhere
                        | NoteKind::Remedy
                );
            if is_news || every_note {
                let kind = note.kind.as_str();
                writeln!(out, "{:<name$}  {kind}: {}", "", escape(&note.text))?;
            }
        }
    }
    Ok(())
}
