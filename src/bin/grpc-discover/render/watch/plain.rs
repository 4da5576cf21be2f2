//! `watch` where nothing can be redrawn: the connect phase as one line, then a line for each change, and at the end
//! the story and the report. `-v` prints every event.

use std::io::{self, Write};

use grpc_discover::model::event::Event;
use grpc_discover::model::time::Elapsed;

use super::change::Change;
use super::state::WatchState;
use super::story::Story;
use crate::render::report::{Keep, Reports};
use crate::render::table::{Look, write_report};
use crate::render::{Clock, Lines, Render, on_stdout};

/// How wide the column of subjects is at first: an IPv4 address with a port fits.
const WIDTH: usize = 21;
/// How wide it becomes at most.
const WIDEST: usize = 48;

/// The plain form.
#[derive(Debug)]
pub struct Plain {
    state: WatchState,
    story: Story,
    reports: Reports,
    clock: Clock,
    look: Look,
    /// Every event, with `-v`.
    every_event: Option<Lines>,
    width: usize,
}

impl Plain {
    /// The plain form with times of `clock`; with `-v` it prints every event.
    pub fn new(look: Look, clock: Clock) -> Plain {
        Plain {
            state: WatchState::default(),
            story: Story::default(),
            reports: Reports::keeping(Keep::Present),
            every_event: look.verbose.then(|| Lines::new(look.paint, true, clock.clone()).without_conclusions()),
            clock,
            look,
            width: WIDTH,
        }
    }

    fn print(&mut self, changes: &[Change], out: &mut dyn Write) -> io::Result<()> {
        for change in changes {
            self.story.add(change);
            let (None, Some(text)) = (&self.every_event, change.text()) else { continue };
            let subject = change.subject();
            self.width = self.width.max(subject.chars().count().min(WIDEST));
            let (time, width) = (self.look.paint.dim(&self.clock.millis(change.time)), self.width);
            writeln!(out, "{time}  {subject:<width$}  {}", change.painted(&text, self.look.paint))?;
        }
        Ok(())
    }
}

impl Render for Plain {
    fn event(&mut self, event: &Event, out: &mut dyn Write) -> io::Result<()> {
        self.reports.observe(event);
        self.story.saw(event.time);
        let changes = self.state.observe(event);
        self.print(&changes, out)?;
        match &mut self.every_event {
            Some(lines) => lines.event(event, out),
            None => out.flush(),
        }
    }

    fn tick(&mut self, now: Elapsed, out: &mut dyn Write) -> io::Result<()> {
        let changes = self.state.tick(now);
        self.print(&changes, out)?;
        out.flush()
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out)?;
        let look = Look { page: on_stdout(), ..self.look };
        self.story.write(&self.clock, look, out)?;
        for report in self.reports.iter() {
            writeln!(out)?;
            write_report(report, look, out)?;
        }
        out.flush()
    }
}
