//! What was proved, worst first, with the events that prove it.

use std::collections::{HashMap, HashSet};
use std::io::{self, Write};

use grpc_discover::model::finding::Finding;
use grpc_discover::text::{count, escape, few};

use crate::render::paint::Paint;
use crate::render::report::Report;

/// Findings that `table` shows, worst first.
const FINDINGS: usize = 10;
/// Addresses named in the sentence of a finding that several endpoints share.
const ADDRESSES: usize = 5;
/// Events quoted for each finding.
const QUOTES: usize = 3;

pub fn write_findings(report: &Report, paint: Paint, wide: bool, out: &mut dyn Write) -> io::Result<()> {
    let groups = groups(&report.findings);
    let shown = if wide { groups.len() } else { FINDINGS };
    let mut few = groups.iter().take(shown).peekable();
    while let Some(group) = few.next() {
        writeln!(out)?;
        write_group(report, group, paint, wide, out)?;
        // If several findings have the same remedy, only the last one prints it.
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

/// Findings with the same text for several endpoints.
struct Group<'a> {
    first: &'a Finding,
    others: Vec<&'a Finding>,
}

impl Group<'_> {
    fn remedy(&self) -> &str {
        &self.first.remedy
    }

    /// `3 endpoints: tcp: connection refused: a, b, c`; a single finding is printed as it is.
    fn text(&self, wide: bool) -> String {
        let (Some(text), false) = (text_after_address(self.first), self.others.is_empty()) else {
            return escape(&self.first.text).into_owned();
        };
        let addresses: Vec<String> = std::iter::once(&self.first)
            .chain(&self.others)
            .filter_map(|finding| finding.address.as_ref())
            .map(|address| escape(&address.to_string()).into_owned())
            .collect();
        let list = few(&addresses, ", ", if wide { usize::MAX } else { ADDRESSES });
        let each = if text.starts_with(':') { "" } else { "each of " };
        format!("{each}{} endpoints{}: {list}", addresses.len(), escape(text))
    }
}

/// The text of a finding after the address that it starts with.
fn text_after_address(finding: &Finding) -> Option<&str> {
    finding.text.strip_prefix(&finding.address.as_ref()?.to_string())
}

/// Groups, in the order of their first findings.
fn groups(findings: &[Finding]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut known = HashMap::new();
    for finding in findings {
        let key = text_after_address(finding).map(|text| (finding.kind.code, finding.remedy.as_str(), text));
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
    let mut seen = HashSet::new();
    let all = std::iter::once(&group.first).chain(&group.others).flat_map(|finding| &finding.evidence);
    let evidence: Vec<u64> = all.copied().filter(|seq| seen.insert(*seq)).collect();
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

fn more_events(number: usize) -> String {
    count(number, "more event")
}
