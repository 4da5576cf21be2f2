//! `watch` on a terminal: the changes stay in the scrollback, the state is redrawn below them. At the end the story and
//! the report are printed.

use std::io::{self, Write};
use std::time::Duration;

use grpc_discover::model::event::Event;
use grpc_discover::model::time::Elapsed;

use super::change::Change;
use super::frame::{Scene, frame};
use super::state::WatchState;
use super::story::Story;
use crate::render::report::{Keep, Reports};
use crate::render::table::{Look, write_report};
use crate::render::{Clock, Lines, Render, on_stdout};
use crate::terminal::Inline;

/// The view is drawn again at most this often.
const PAUSE: Duration = Duration::from_millis(100);
/// Lines above the view are kept back while it is paused, or the terminal does not read, up to this many bytes.
const MOST: usize = 1 << 16;
/// How wide the column of subjects is at first, and at most.
const WIDTH: (usize, usize) = (21, 48);

/// The live view.
#[derive(Debug)]
pub struct Live {
    state: WatchState,
    story: Story,
    reports: Reports,
    clock: Clock,
    look: Look,
    /// Every event, with `-v`.
    every_event: Option<Lines>,
    width: usize,
    view: Inline,
    drawn_at: Option<Elapsed>,
    is_paused: bool,
    /// Lines above the view that are not printed yet.
    above: Vec<u8>,
}

impl Live {
    /// Drawn on `view`, with times of `clock`; with `-v` it prints every event.
    pub fn new(look: Look, clock: Clock, view: Inline) -> Live {
        Live {
            state: WatchState::default(),
            story: Story::default(),
            reports: Reports::keeping(Keep::Present),
            every_event: look.verbose.then(|| Lines::new(look.paint, true, clock.clone()).without_conclusions()),
            clock,
            look,
            width: WIDTH.0,
            view,
            drawn_at: None,
            is_paused: false,
            above: Vec::new(),
        }
    }

    fn add(&mut self, changes: &[Change]) -> io::Result<()> {
        for change in changes {
            self.story.add(change);
            let (None, Some(text)) = (&self.every_event, change.text()) else { continue };
            let subject = change.subject();
            self.width = self.width.max(subject.chars().count().min(WIDTH.1));
            let (time, width) = (self.clock.seconds(change.time), self.width);
            for line in on_stdout().wrap(&format!("{time}  {subject:<width$}  {text}"), 10) {
                writeln!(self.above, "{}", change.painted(&line, self.look.paint))?;
            }
        }
        Ok(())
    }

    fn draw(&mut self, now: Elapsed) {
        let is_due = self.drawn_at.is_none_or(|at| now.since(at) >= PAUSE);
        if self.is_paused && self.above.len() < MOST {
            return;
        }
        self.is_paused = false;
        if !self.view.is_current() {
            // A terminal that does not read: the lines count as queued output.
            if self.above.len() >= MOST {
                let above = std::mem::take(&mut self.above);
                self.view.update(&String::from_utf8_lossy(&above), Vec::new());
            }
            return;
        }
        if !is_due {
            return;
        }
        self.drawn_at = Some(now);
        let above = std::mem::take(&mut self.above);
        let (width, height) = self.view.size();
        let scene = Scene { now, width, height, is_paused: false, has_keys: self.view.has_keys() };
        let frame = frame(&self.state, &scene, self.look.paint);
        self.view.update(&String::from_utf8_lossy(&above), frame);
    }
}

impl Render for Live {
    fn event(&mut self, event: &Event, _: &mut dyn Write) -> io::Result<()> {
        self.reports.observe(event);
        self.story.saw(event.time);
        let changes = self.state.observe(event);
        self.add(&changes)?;
        if let Some(lines) = &mut self.every_event {
            lines.event(event, &mut self.above)?;
        }
        self.draw(event.at);
        Ok(())
    }

    fn tick(&mut self, now: Elapsed, _: &mut dyn Write) -> io::Result<()> {
        let changes = self.state.tick(now);
        self.add(&changes)?;
        self.draw(now);
        Ok(())
    }

    fn pause(&mut self, now: Elapsed) {
        self.is_paused = !self.is_paused;
        if self.is_paused {
            let (width, height) = self.view.size();
            let scene = Scene { now, width, height, is_paused: true, has_keys: self.view.has_keys() };
            let frame = frame(&self.state, &scene, self.look.paint);
            self.view.update("", frame);
        } else {
            self.drawn_at = None;
            self.draw(now);
        }
    }

    fn suspend(&mut self) {
        self.view.suspend();
    }

    fn resume(&mut self) {
        self.view.resume();
        self.drawn_at = None;
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.view.suspend();
        out.write_all(&std::mem::take(&mut self.above))?;
        writeln!(out)?;
        let look = Look { wide: false, page: on_stdout(), ..self.look };
        self.story.write(&self.clock, look, out)?;
        for report in self.reports.iter() {
            writeln!(out)?;
            write_report(report, look, out)?;
        }
        out.flush()
    }
}
