//! What was proved, worst first, and what to do; with `-v` also the events that prove it.

use std::collections::{HashMap, HashSet};

use grpc_discover::model::finding::Finding;
use grpc_discover::text::{count, escape, few};

use super::Look;
use crate::render::report::Report;

/// Findings that `table` shows, worst first.
const FINDINGS: usize = 10;
/// Addresses named in the sentence of a finding that several endpoints share.
const ADDRESSES: usize = 5;
/// Events quoted for each finding.
const QUOTES: usize = 3;

pub fn lines(report: &Report, look: Look) -> Vec<String> {
    let groups = groups(&report.findings);
    let shown = if look.wide { groups.len() } else { FINDINGS };
    let mut few = groups.iter().take(shown).peekable();
    let mut lines = Vec::new();
    while let Some(group) = few.next() {
        lines.extend(of_group(report, group, look));
        // If several findings have the same remedy, only the last one prints it.
        if few.peek().is_none_or(|next| next.remedy() != group.remedy()) {
            lines.extend(look.page.wrap(&format!("    do: {}", escape(group.remedy())), 8));
        }
    }
    if groups.len() > shown {
        let rest: usize = groups[shown..].iter().map(|group| group.others.len() + 1).sum();
        lines.push(format!("… and {rest} more findings (-o wide shows them)"));
    }
    lines
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

    /// `3 refuse connections: a, b, c`; a single finding is printed as it is.
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
        if let Some(cause) = self.first.cause {
            return format!("{}: {list}", cause.counted(addresses.len()));
        }
        match text.starts_with(':') {
            true => format!("{list}{}", escape(text)),
            false => format!("each of {list}{}", escape(text)),
        }
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

fn of_group(report: &Report, group: &Group<'_>, look: Look) -> Vec<String> {
    let kind = group.first.kind;
    let label = format!("{:<8} {}", kind.severity.as_str(), kind.code);
    let mut lines = look.page.wrap(&format!("{label}  {}", group.text(look.wide)), 4);
    if let Some(first) = lines.first_mut() {
        *first = first.replacen(&label, &look.paint.severity(kind.severity, &label), 1);
    }
    if !look.verbose {
        return lines;
    }
    let mut seen = HashSet::new();
    let all = std::iter::once(&group.first).chain(&group.others).flat_map(|finding| &finding.evidence);
    let evidence: Vec<u64> = all.copied().filter(|seq| seen.insert(*seq)).collect();
    let quotes = report.quotes(&evidence);
    let shown = if look.wide { quotes.len() } else { QUOTES };
    let mut proof: Vec<String> = quotes.iter().take(shown).cloned().collect();
    if quotes.len() > shown {
        proof.push(format!("… and {}", more_events(quotes.len() - shown)));
    }
    let wrapped = proof.iter().flat_map(|quote| look.page.wrap(&format!("    {quote}"), 8));
    lines.extend(wrapped.map(|line| look.paint.dim(&line)));
    lines
}

fn more_events(number: usize) -> String {
    count(number, "more event")
}
