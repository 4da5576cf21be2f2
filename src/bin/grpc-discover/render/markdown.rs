//! `-o md`: the verdict, the findings and the endpoints that are not healthy, to be pasted into a ticket.

use std::io::{self, Write};
use std::time::SystemTime;

use grpc_discover::model::event::Event;
use grpc_discover::model::verdict::EndpointVerdict;
use grpc_discover::text::{count, escape};

use super::Render;
use super::report::{Keep, Report, Reports};
use super::wire::rfc3339;

/// Collects all events and writes one text.
#[derive(Debug)]
pub struct Markdown {
    reports: Reports,
    /// When the last event occurred.
    time: Option<SystemTime>,
}

impl Markdown {
    /// Nothing was reported yet.
    pub fn new() -> Markdown {
        Markdown { reports: Reports::keeping(Keep::Columns), time: None }
    }
}

impl Render for Markdown {
    fn event(&mut self, event: &Event, _: &mut dyn Write) -> io::Result<()> {
        self.time = Some(event.time);
        self.reports.observe(event);
        Ok(())
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        for report in self.reports.iter() {
            service(report, out)?;
        }
        if let Some(time) = self.time {
            writeln!(out, "grpc-discover {}, {}", env!("CARGO_PKG_VERSION"), rfc3339(time))?;
        }
        out.flush()
    }
}

fn service(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    match &report.summary {
        Some(summary) => {
            let verdict = summary.verdict.as_str().to_uppercase();
            writeln!(out, "**{verdict}** {}: {}\n", code(&report.target), text(&summary.text))?;
        }
        None => writeln!(out, "{}: stopped before a verdict\n", code(&report.target))?,
    }
    for finding in &report.findings {
        let kind = finding.kind;
        writeln!(out, "- **{} {}** {}", kind.severity.as_str(), kind.code, text(&finding.text))?;
        writeln!(out, "  do: {}", text(&finding.remedy))?;
    }
    if !report.findings.is_empty() {
        writeln!(out)?;
    }
    let judged = report.endpoints.values().filter_map(|seen| seen.verdict.as_ref());
    let (healthy, others): (Vec<_>, Vec<_>) = judged.partition(|report| report.verdict == EndpointVerdict::Healthy);
    if !others.is_empty() {
        writeln!(out, "| endpoint | verdict | cause |\n|---|---|---|")?;
        for endpoint in others {
            let (address, verdict) = (code(&endpoint.address.to_string()), endpoint.verdict.as_str());
            writeln!(out, "| {address} | {verdict} | {} |", text(&endpoint.text))?;
        }
        writeln!(out)?;
    }
    if !healthy.is_empty() {
        writeln!(out, "{} healthy\n", count(healthy.len(), "endpoint"))?;
    }
    Ok(())
}

/// Text of others that starts no element of Markdown.
fn text(text: &str) -> String {
    let mut safe = String::new();
    for character in escape(text).chars() {
        if "\\`*_[]<>|#".contains(character) {
            safe.push('\\');
        }
        safe.push(character);
    }
    safe
}

/// A name as code.
fn code(name: &str) -> String {
    format!("`{}`", escape(name).replace(['`', '|'], "'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_others_starts_no_element() {
        assert_eq!(text("a|b <c> `d`"), "a\\|b \\<c\\> \\`d\\`");
        assert_eq!(code("a`b"), "`a'b`");
    }
}
