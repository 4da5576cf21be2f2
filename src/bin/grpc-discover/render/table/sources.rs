//! The registries that were queried, as far as the report does not have them already.

use grpc_discover::model::resolution::{NoteKind, ResolveCode};
use grpc_discover::text::escape;

use super::Look;
use crate::render::lines::endpoints;
use crate::render::report::{Report, SourceSeen};

pub fn lines(report: &Report, look: Look) -> Vec<String> {
    let every_note = look.wide || look.verbose;
    let sources: Vec<(&SourceSeen, Vec<String>)> = report
        .sources
        .iter()
        .map(|source| (source, notes(source, every_note)))
        .filter(|(source, notes)| every_note || !notes.is_empty() || is_news(report, source))
        .collect();
    let name = sources.iter().map(|(source, _)| source.source.registry.name.len()).max().unwrap_or(0);
    let width = sources
        .iter()
        .map(|(source, _)| look.page.part(&escape(&source.source.to_string()), (1, 2)).chars().count())
        .max()
        .unwrap_or(0)
        .min(60);
    let mut lines = Vec::new();
    for (source, notes) in sources {
        let text = match (&source.total, &source.error) {
            (None, Some(error)) => format!("could not be queried: {}", escape(&error.text)),
            (Some(total), Some(error)) => format!("{}; last query failed: {}", endpoints(*total), escape(&error.text)),
            (Some(total), None) => endpoints(*total),
            (None, None) => "no response".to_string(),
        };
        let queried = source.source.to_string();
        let queried = escape(&queried);
        let line =
            format!("{:<name$}  {:<width$}  {text}", source.source.registry.name, look.page.part(&queried, (1, 2)));
        let wrapped = look.page.wrap(&line, name + 4).into_iter();
        lines.extend(wrapped.map(|line| if source.error.is_some() { look.paint.yellow(&line) } else { line }));
        lines.extend(notes.iter().flat_map(|note| look.page.wrap(&format!("{:<name$}  {note}", ""), name + 4)));
    }
    lines
}

/// The line of a registry that is not configured, that is the target itself, or whose failure has a finding, repeats
/// what is known.
fn is_news(report: &Report, source: &SourceSeen) -> bool {
    match (&source.error, source.total) {
        (Some(error), None) => error.code != ResolveCode::NotHere && report.findings.is_empty(),
        (Some(_), Some(_)) => true,
        (None, Some(0)) => report.findings.is_empty(),
        // `dns:///10.0.0.7:50051` is the target `10.0.0.7:50051`.
        (None, _) => report.sources.len() > 1 || !source.source.to_string().ends_with(&*report.target),
    }
}

fn notes(source: &SourceSeen, every_note: bool) -> Vec<String> {
    let is_wanted = |kind: NoteKind| {
        // Findings have the others in their text and remedy.
        let is_repeated = matches!(
            kind,
            NoteKind::Queried
                | NoteKind::FilteredOut
                | NoteKind::LeftOut
                | NoteKind::Filtered
                | NoteKind::Elsewhere
                | NoteKind::Remedy
                | NoteKind::Local
                | NoteKind::Absent
        );
        let is_counted = kind == NoteKind::Funnel && source.total == Some(0);
        every_note || !(kind.is_a_finding() || is_repeated || is_counted)
    };
    let notes = source.notes.iter().filter(|note| is_wanted(note.kind));
    notes.map(|note| format!("{}: {}", note.kind.as_str(), escape(&note.text))).collect()
}
