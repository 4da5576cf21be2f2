//! All output of events: results on stdout, progress and traces on stderr.

use std::io::Write;

use grpc_discover::model::event::Event;
use grpc_discover::model::time::Elapsed;
use grpc_discover::session::Goal;

use super::record::Record;
use crate::cli::Format;
use crate::render::{self, Lines, Progress, Render, SessionKind};
use crate::settings::OutputSettings;
use crate::terminal::{Pipe, Redrawn, Terminal};

/// Limit of queued output before events are held back: that of about 3,000 endpoints in `ndjson`.
const BOUND: usize = 8 << 20;

/// How much output waits for its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backlog {
    /// No action is needed.
    Little,
    /// No new attempt is started; running ones continue, and their events are read.
    Much,
    /// Events are not read either: they wait in the sessions.
    TooMuch,
}

/// All output of events.
pub struct Screen {
    terminal: Terminal,
    /// stdout.
    pub out: Pipe,
    /// stderr.
    pub err: Pipe,
    answer: Box<dyn Render>,
    /// How far a probe is.
    pub progress: Option<Progress>,
    trace: Option<Lines>,
    /// stdout is redrawn: nothing else may write to the terminal.
    live: bool,
    /// `--record`.
    pub record: Option<Record>,
    /// Something is redrawn without new events.
    pub redraws: bool,
}

impl Screen {
    /// The output for `output` and `terminal`, for sessions with these goals and this `kind`.
    pub fn new(output: &OutputSettings, terminal: &Terminal, kind: SessionKind, goals: &[Goal]) -> Screen {
        let reaches = goals.iter().any(|goal| matches!(goal, Goal::Probe | Goal::ProbeIdle(_)));
        let trace = (output.verbose && !output.quiet && kind == SessionKind::Answer).then(Lines::trace);
        let (out, err) = (terminal.out(), terminal.err());
        let progress = (reaches && !output.quiet && trace.is_none())
            .then(|| Progress::new(terminal.err_is_tty.then(|| Redrawn::new(console::Term::stderr(), &err))));
        let live = kind == SessionKind::Channel
            && terminal.out_is_tty
            && !output.only_errors
            && matches!(output.format, Format::Table | Format::Wide);
        Screen {
            terminal: *terminal,
            answer: render::stdout(output, terminal, &out, kind, goals.len() > 1),
            out,
            err,
            redraws: live || progress.is_some() || kind == SessionKind::Channel,
            progress,
            trace,
            record: None,
            live,
        }
    }

    /// Is stdout redrawn?
    pub fn is_live(&self) -> bool {
        self.live
    }

    /// Holds the view still, or continues it.
    pub fn pause(&mut self, now: Elapsed) {
        self.answer.pause(now);
    }

    /// Gives the terminal back before this process is stopped.
    pub fn suspend(&mut self) {
        self.answer.suspend();
    }

    /// Takes the terminal again.
    pub fn resume(&mut self) {
        self.answer.resume();
    }

    /// Is stderr a terminal on which a hint how to quit is useful?
    pub fn is_terminal(&self) -> bool {
        self.terminal.err_is_tty && !self.live
    }

    /// How much output for stdout, or for the recording, is queued.
    pub fn backlog(&self) -> Backlog {
        let recording = self.record.as_ref().map_or(0, Record::queued);
        match self.out.queued().max(recording) {
            0..BOUND => Backlog::Little,
            waiting if waiting < 2 * BOUND => Backlog::Much,
            _ => Backlog::TooMuch,
        }
    }

    /// Prints one event.
    pub fn event(&mut self, event: &Event) {
        let recorded = self.record.as_mut().and_then(|record| record.event(event));
        let event = recorded.as_ref().unwrap_or(event);
        // Writing to a queue cannot fail.
        if let Some(progress) = &mut self.progress {
            let _ = progress.event(event, &mut self.err);
        }
        if let Some(trace) = &mut self.trace {
            let _ = trace.event(event, &mut self.err);
        }
        let _ = self.answer.event(event, &mut self.out);
    }

    /// Updates the output for the time that has passed.
    pub fn tick(&mut self, now: Elapsed) {
        if let Some(progress) = &mut self.progress {
            let _ = progress.tick(now, &mut self.err);
        }
        let _ = self.answer.tick(now, &mut self.out);
    }

    /// Prints a line on stderr, above anything that is redrawn there.
    pub fn note(&mut self, line: &str) {
        if self.terminal.quiet {
            return;
        }
        let mut err = self.err.clone();
        let mut print = || {
            let _ = writeln!(err, "{line}").and_then(|()| err.flush());
        };
        match &self.progress {
            Some(progress) => progress.print_above(print),
            None => print(),
        }
    }

    /// Clears what is redrawn on stderr; true when there was something that the terminal has to process.
    pub fn clear(&mut self) -> bool {
        if let Some(progress) = &mut self.progress {
            let _ = progress.end(&mut self.err);
        }
        self.progress.is_some() && self.terminal.err_is_tty
    }

    /// Prints what is printed at the end.
    pub fn end(&mut self) {
        let _ = self.answer.end(&mut self.out);
    }
}
