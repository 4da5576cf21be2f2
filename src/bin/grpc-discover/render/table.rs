//! `-o table` and `-o wide`: for people. The verdict first, then the findings, the endpoints, and the registries that
//! were queried. A fact appears once, worst first; everything fits the width of the terminal.

mod clients;
mod endpoints;
mod findings;
mod running_clients;
mod services;
mod sources;

use std::io::{self, Write};

use grpc_discover::model::event::Event;
use grpc_discover::text::escape;

use super::Render;
use super::idle_checks::idle_checks;
use super::page::Page;
use super::paint::Paint;
use super::report::{Keep, Report, Reports};

/// How a report looks.
#[derive(Debug, Clone, Copy, Default)]
pub struct Look {
    /// Colours, or none.
    pub paint: Paint,
    /// `-o wide`: every endpoint and every column.
    pub wide: bool,
    /// `-v`: the events that prove the findings, and the notes of registries.
    pub verbose: bool,
    /// The space on the screen.
    pub page: Page,
}

/// Collects everything and prints it at the end.
#[derive(Debug)]
pub struct Table {
    reports: Reports,
    look: Look,
    page: fn() -> Page,
}

impl Table {
    /// `page`: measures the terminal, which may change its size until the report is printed.
    pub fn new(look: Look, page: fn() -> Page) -> Table {
        let keep = if look.verbose { Keep::Evidence } else { Keep::Columns };
        Table { reports: Reports::keeping(keep), look, page }
    }
}

impl Render for Table {
    fn event(&mut self, event: &Event, _: &mut dyn Write) -> io::Result<()> {
        self.reports.observe(event);
        Ok(())
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let look = Look { page: (self.page)(), ..self.look };
        let reports: Vec<&Report> = self.reports.iter().collect();
        match reports.as_slice() {
            [] => {}
            [only] => write_report(only, look, out)?,
            several => print(services::lines(several, look), services::headline(several, look), look.page, out)?,
        }
        out.flush()
    }
}

/// Everything about one service.
pub fn write_report(report: &Report, look: Look, out: &mut dyn Write) -> io::Result<()> {
    print(lines(report, look), headline(report, look), look.page, out)
}

/// Prints a report. One that is longer than the screen repeats its verdict at the end, where it is read first.
fn print(lines: Vec<String>, headline: Vec<String>, page: Page, out: &mut dyn Write) -> io::Result<()> {
    // The last line of the screen has the prompt.
    let is_longer = page.height.is_some_and(|height| lines.len() >= height);
    for line in &lines {
        writeln!(out, "{line}")?;
    }
    if is_longer {
        writeln!(out)?;
        for line in headline {
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}

/// The lines of a report.
fn lines(report: &Report, look: Look) -> Vec<String> {
    let mut lines = headline(report, look);
    let checks = idle_checks(&report.idle_checks);
    let checks = checks.iter().flat_map(|line| look.page.wrap(line, 4));
    let blocks = [
        findings::lines(report, look),
        running_clients::lines(&report.clients, look),
        endpoints::lines(report, look),
        checks.chain(clients::lines(&report.lenses, look)).collect(),
        sources::lines(report, look),
    ];
    for block in blocks.into_iter().filter(|block| !block.is_empty()) {
        lines.push(String::new());
        lines.extend(block);
    }
    lines
}

/// The verdict, and the sentence about it. An address at the start of the sentence is not repeated.
fn headline(report: &Report, look: Look) -> Vec<String> {
    let target = escape(&report.target);
    let Some(summary) = &report.summary else {
        return look.page.wrap(&format!("{}: stopped before a verdict", look.page.part(&target, (1, 2))), 2);
    };
    let word = summary.verdict.as_str().to_uppercase();
    let text = escape(&summary.text);
    let line = match text.starts_with(&*target) {
        true => format!("{word}  {text}"),
        false => format!("{word}  {}: {text}", look.page.part(&target, (1, 2))),
    };
    let mut lines = look.page.wrap(&line, 2);
    if let Some(first) = lines.first_mut() {
        *first = first.replacen(&word, &look.paint.verdict(summary.verdict, &word), 1);
    }
    lines
}
