//! `-o table` and `-o wide`: for people. The verdict first, then what was proved, then the endpoints, then who was asked.

use std::collections::HashMap;
use std::io::{self, Write};

use comfy_table::presets::NOTHING;
use grpc_discover::model::endpoint::{Address, CheckState, EndpointStatus};
use grpc_discover::model::event::{Event, HealthReport};
use grpc_discover::model::finding::{EndpointVerdict, Finding};
use grpc_discover::model::lens::{Hears, LensReport};
use grpc_discover::model::reach::Stage;
use grpc_discover::model::resolution::{NoteKind, ResolveCode};
use grpc_discover::text::{count, duration, escape, few, plural, shorten};

use super::Render;
use super::held::write_held;
use super::lines::{self, headline};
use super::paint::Paint;
use super::report::{Keep, Report, Reports, Seen, SourceSeen};

/// Endpoints that `table` shows; troubled ones come first.
const ROWS: usize = 20;
/// Findings that `table` shows, worst first.
const FINDINGS: usize = 10;
/// Addresses named in the sentence of a finding that several endpoints share.
const ADDRESSES: usize = 5;
/// Events quoted for each finding.
const QUOTES: usize = 3;

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
        None => writeln!(out, "{}: ended before a verdict", escape(&report.target))?,
    }
    write_findings(report, paint, wide, out)?;
    write_endpoints(report, paint, wide, out)?;
    write_held(&report.held, out)?;
    write_lenses(&report.lenses, out)?;
    write_sources(&report.sources, paint, wide || verbose, out)
}

fn write_findings(report: &Report, paint: Paint, wide: bool, out: &mut dyn Write) -> io::Result<()> {
    let groups = groups(&report.findings);
    let shown = if wide { groups.len() } else { FINDINGS };
    let mut few = groups.iter().take(shown).peekable();
    while let Some(group) = few.next() {
        writeln!(out)?;
        write_group(report, group, paint, wide, out)?;
        // Of several that ask for the same thing the last one says it.
        if few.peek().is_none_or(|next| next.remedy() != group.remedy()) {
            writeln!(out, "    do: {}", escape(group.remedy()))?;
        }
    }
    if groups.len() > shown {
        let rest: usize = groups[shown..].iter().map(|group| group.others.len() + 1).sum();
        writeln!(out, "\n… and {rest} more findings (-o wide shows them)")?;
    }
    Ok(())
}

/// Findings that say the same of several endpoints.
struct Group<'a> {
    first: &'a Finding,
    others: Vec<&'a Finding>,
}

impl Group<'_> {
    fn remedy(&self) -> &str {
        &self.first.remedy
    }

    /// `3 endpoints: tcp: connection refused: a, b, c`; a finding alone is its own sentence.
    fn text(&self, wide: bool) -> String {
        let (Some(said), false) = (said_of_its_address(self.first), self.others.is_empty()) else {
            return escape(&self.first.text).into_owned();
        };
        let addresses: Vec<String> = std::iter::once(&self.first)
            .chain(&self.others)
            .filter_map(|finding| finding.address.as_ref())
            .map(|address| escape(&address.to_string()).into_owned())
            .collect();
        let list = few(&addresses, ", ", if wide { usize::MAX } else { ADDRESSES });
        let each = if said.starts_with(':') { "" } else { "each of " };
        format!("{each}{} endpoints{}: {list}", addresses.len(), escape(said))
    }
}

/// What a finding's sentence says after the address it begins with.
fn said_of_its_address(finding: &Finding) -> Option<&str> {
    finding.text.strip_prefix(&finding.address.as_ref()?.to_string())
}

/// Groups, in the order of their first findings.
fn groups(findings: &[Finding]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut known = HashMap::new();
    for finding in findings {
        let key = said_of_its_address(finding).map(|said| (finding.kind.code, finding.remedy.as_str(), said));
        match key.and_then(|key| known.get(&key).copied()) {
            Some(at) => {
                let group: &mut Group<'_> = &mut groups[at];
                group.others.push(finding);
            }
            None => {
                known.extend(key.map(|key| (key, groups.len())));
                groups.push(Group { first: finding, others: Vec::new() });
            }
        }
    }
    groups
}

fn write_group(report: &Report, group: &Group<'_>, paint: Paint, wide: bool, out: &mut dyn Write) -> io::Result<()> {
    let kind = group.first.kind;
    let label = format!("{:<8} {}", kind.severity.as_str(), kind.code);
    writeln!(out, "{}  {}", paint.severity(kind.severity, &label), group.text(wide))?;
    let mut evidence = group.first.evidence.clone();
    for seq in group.others.iter().flat_map(|finding| &finding.evidence) {
        if !evidence.contains(seq) {
            evidence.push(*seq);
        }
    }
    let quotes = report.quotes(&evidence);
    let shown = if wide { quotes.len() } else { QUOTES };
    for quote in quotes.iter().take(shown) {
        writeln!(out, "    {}", paint.dim(quote))?;
    }
    if quotes.len() > shown {
        writeln!(out, "    {}", paint.dim(&format!("… and {}", more_events(quotes.len() - shown))))?;
    }
    Ok(())
}

fn write_endpoints(report: &Report, paint: Paint, wide: bool, out: &mut dyn Write) -> io::Result<()> {
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
        let each = |get: &dyn Fn(&super::report::Listing) -> Option<String>| {
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
        // What was not contacted is not called healthy.
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

fn more_events(number: usize) -> String {
    count(number, "more event")
}

fn noun(count: usize) -> &'static str {
    plural(count, "endpoint", "endpoints")
}

/// `consul passing, dns`: a backend that does not judge is named alone.
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

/// The stage of the connection itself: a Unix socket has no TCP.
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
        // What --tls auto found out, too.
        None if stage == Stage::Tls && reached_http2 => "plaintext".to_string(),
        None => String::new(),
    }
}

/// The health service's answer; a server's own words are cut, the verdict has them in full.
fn health(report: &HealthReport, wide: bool) -> String {
    let text = lines::health(report);
    escape(&shorten(&text, if wide { usize::MAX } else { 40 })).into_owned()
}

fn verdict(seen: &Seen, paint: Paint, wide: bool) -> String {
    let Some(report) = &seen.verdict else { return String::new() };
    let word = paint.endpoint(report.verdict, report.verdict.as_str());
    // A healthy endpoint's text says what the columns say.
    if report.text.is_empty() || (report.verdict == EndpointVerdict::Healthy && !wide) {
        return word;
    }
    let limit = if wide { usize::MAX } else { 100 };
    format!("{word}  {}", shorten(&escape(&report.text), limit))
}

/// What other frameworks' clients would hold: those that differ from the registry first.
fn write_lenses(lenses: &[LensReport], out: &mut dyn Write) -> io::Result<()> {
    if lenses.is_empty() {
        return Ok(());
    }
    let mut lenses: Vec<&LensReport> = lenses.iter().collect();
    lenses.sort_by_key(|report| report.agrees());
    let header = ["A CLIENT OF", "HOLDS", "STALE", "MISSES", "HEARS THE NEXT CHANGE", "RECOVERS BY"];
    let words = |addresses: &[Address]| escape(&lines::addresses(addresses)).into_owned();
    let rows = lenses.into_iter().map(|report| {
        let hears = match report.hears {
            Hears::Changes => "as it happens",
            Hears::AfterAFailure => "after a failed connection",
            Hears::Soon => "by itself, within 30 s",
            Hears::NextCall => "at its next call",
            Hears::Never => "never",
            Hears::NeverAndHangs => "never; calls hang",
        };
        let holds = if report.holds.is_empty() { "-".to_string() } else { words(&report.holds) };
        let recovers = if report.agrees() { "" } else { report.hears.recovers_by() };
        let label = escape(&report.label).into_owned();
        let all = report.stale.len() > 1 && report.stale.len() == report.holds.len();
        let stale = if all { "all of them".to_string() } else { words(&report.stale) };
        vec![label, holds, stale, words(&report.missing), hears.to_string(), recovers.to_string()]
    });
    writeln!(out)?;
    for line in columns(&header, rows.collect()) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

fn write_sources(sources: &[SourceSeen], paint: Paint, every_note: bool, out: &mut dyn Write) -> io::Result<()> {
    // A registry that nothing names and that is not there is of no interest.
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
            (_, Some(error)) if source.total.is_none() => format!("could not be asked: {}", escape(&error.text)),
            (Some(total), Some(error)) => {
                format!("{}; does not answer any more: {}", lines::endpoints(*total), escape(&error.text))
            }
            (Some(total), None) => lines::endpoints(*total),
            (None, _) => "no answer".to_string(),
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
                    NoteKind::Asked
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

/// Rows in columns two spaces apart, never wrapped, so that no address is ever split; columns without a value are left
/// out. Cells must be escaped already; only the last one may hold colour.
pub fn columns(header: &[&str], rows: Vec<Vec<String>>) -> Vec<String> {
    let used: Vec<bool> =
        (0..header.len()).map(|i| rows.iter().any(|row| row.get(i).is_some_and(|cell| !cell.is_empty()))).collect();
    let keep = |cells: Vec<String>| -> Vec<String> {
        cells.into_iter().zip(&used).filter(|(_, used)| **used).map(|(cell, _)| cell).collect()
    };
    let mut table = comfy_table::Table::new();
    table.force_no_tty().load_style(NOTHING);
    table.set_header(keep(header.iter().map(ToString::to_string).collect()));
    for row in rows {
        table.add_row(keep(row));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.lines().map(|line| line.trim_end().to_string()).collect()
}
