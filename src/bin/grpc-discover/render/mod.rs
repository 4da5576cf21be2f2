//! Events as text. Renderers get only past events and a writer, so a new format can never change behaviour.
//! Everything that registries and servers sent is escaped here.

mod clients;
mod clock;
mod columns;
mod error_document;
mod idle_checks;
mod json;
mod lines;
mod markdown;
mod ndjson;
mod page;
mod paint;
mod progress;
mod report;
mod short;
mod table;
mod watch;
mod wire;

use std::io::{self, Write};

use grpc_discover::model::event::Event;
use grpc_discover::model::time::Elapsed;

use crate::cli::Format;
use crate::settings::OutputSettings;
use crate::terminal::{self, Inline, Pipe, Terminal};

pub use clock::Clock;
pub use columns::columns;
pub use error_document::error;
pub use lines::Lines;
pub use ndjson::Ndjson;
pub use page::Page;
pub use paint::Paint;
pub use progress::Progress;
pub use wire::{Line, write_json, write_pretty};

use table::Look;

/// A format.
pub trait Render {
    /// Processes one event.
    fn event(&mut self, event: &Event, out: &mut dyn Write) -> io::Result<()>;

    /// Time has passed without an event: `now` on the scale of [`Event::at`]. Called a few times a second.
    fn tick(&mut self, _now: Elapsed, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    /// Holds the view still, or continues it.
    fn pause(&mut self, _now: Elapsed) {}

    /// This process is about to be stopped: gives the terminal back.
    fn suspend(&mut self) {}

    /// This process was continued: takes the terminal again.
    fn resume(&mut self) {}

    /// Called when every session has ended.
    fn end(&mut self, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}

/// `-q`: the exit code has the verdict.
#[derive(Debug)]
struct Nothing;

impl Render for Nothing {
    fn event(&mut self, _: &Event, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}

/// The course of a session, as far as its output depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionKind {
    /// It ends by itself: only the result counts.
    Answer,
    /// It continues: every event counts.
    Stream,
    /// It continues, with a channel whose current state counts as well.
    Channel,
}

/// The renderer for stdout, which `out` writes to. `several`: there is more than one service.
pub fn stdout(
    output: &OutputSettings,
    terminal: &Terminal,
    out: &Pipe,
    kind: SessionKind,
    several: bool,
) -> Box<dyn Render> {
    let paint = Paint { on: terminal.color };
    let look = Look { paint, wide: output.format == Format::Wide, verbose: output.verbose, page: Page::default() };
    if output.only_errors {
        return Box::new(Nothing);
    }
    let clock = || Clock::new(output.utc);
    match (output.format, kind) {
        (Format::Ndjson, _) => Box::new(Ndjson),
        (Format::Json, _) => Box::new(json::Json::new(several)),
        (Format::Short, _) => Box::new(short::Short::new()),
        (Format::Md, _) => Box::new(markdown::Markdown::new()),
        (Format::Table | Format::Wide, SessionKind::Answer) => Box::new(table::Table::new(look, on_stdout)),
        (Format::Table | Format::Wide, SessionKind::Channel) if terminal.out_is_tty => {
            Box::new(watch::Live::new(look, clock(), Inline::new(out)))
        }
        (Format::Table | Format::Wide, SessionKind::Channel) => Box::new(watch::Plain::new(look, clock())),
        (Format::Table | Format::Wide, SessionKind::Stream) => Box::new(Lines::new(paint, output.verbose, clock())),
    }
}

/// The page that stdout is now.
fn on_stdout() -> Page {
    on(terminal::out_size())
}

/// The page that stderr is now.
pub fn on_stderr() -> Page {
    on(terminal::err_size())
}

fn on(size: Option<(usize, usize)>) -> Page {
    match size {
        Some((height, width)) => Page { width: Some(width), height: Some(height) },
        None => Page::default(),
    }
}

#[cfg(test)]
pub mod fixture;
#[cfg(test)]
mod tests;
