//! `-o short`: the listed addresses, one per line, for scripts.

use std::io::{self, Write};

use grpc_discover::model::event::Event;
use grpc_discover::text::escape;

use super::Render;
use super::report::{Keep, Reports};

/// Collects the lists and writes them at the end.
#[derive(Debug)]
pub struct Short {
    reports: Reports,
}

impl Short {
    /// Nothing is listed yet.
    pub fn new() -> Short {
        Short { reports: Reports::keeping(Keep::Present) }
    }
}

impl Render for Short {
    fn event(&mut self, event: &Event, _: &mut dyn Write) -> io::Result<()> {
        self.reports.observe(event);
        Ok(())
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let endpoints = self.reports.iter().flat_map(|report| &report.endpoints);
        for (address, _) in endpoints.filter(|(_, seen)| !seen.listed.is_empty()) {
            writeln!(out, "{}", escape(&address.to_string()))?;
        }
        out.flush()
    }
}
