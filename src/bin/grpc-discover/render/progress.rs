//! The progress of a probe, on stderr: on a terminal one line that is redrawn, and cleared before the report is
//! printed. Elsewhere a line for each phase of the idle cycle, and one every ten seconds while something is pending.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::time::Duration;

use grpc_discover::model::endpoint::Address;
use grpc_discover::model::event::{Event, EventKind, IdlePhase, IdleReport};
use grpc_discover::model::pending::{Awaits, PendingReport};
use grpc_discover::model::time::Elapsed;
use grpc_discover::text::{duration, escape};
use indicatif::ProgressStyle;

use super::Render;
use crate::terminal::Redrawn;

/// How often a line is printed where nothing can be redrawn.
const EVERY: Duration = Duration::from_secs(10);

/// Prints progress.
#[derive(Debug)]
pub struct Progress {
    view: Option<Redrawn>,
    known: BTreeSet<Address>,
    done: BTreeSet<Address>,
    idle: Option<IdleReport>,
    pending: Vec<PendingReport>,
    /// When the next line is due where nothing can be redrawn.
    due: Elapsed,
}

impl Progress {
    /// A line that is redrawn, or a line for each phase.
    pub fn new(view: Option<Redrawn>) -> Progress {
        if let Some(view) = &view {
            // `msg` is the whole line: no template can get its width wrong.
            view.bar.set_style(ProgressStyle::default_spinner());
        }
        Progress {
            view,
            known: BTreeSet::new(),
            done: BTreeSet::new(),
            idle: None,
            pending: Vec::new(),
            due: Elapsed::new(EVERY),
        }
    }

    /// Is something shown at `now` that names what is pending?
    pub fn is_due(&self, now: Elapsed) -> bool {
        self.view.as_ref().map_or(now >= self.due, Redrawn::is_current)
    }

    /// What is pending at the moment.
    pub fn waits_for(&mut self, pending: Vec<PendingReport>) {
        self.pending = pending;
    }

    /// Runs `print`, which may write to stderr, while nothing is drawn there.
    pub fn print_above(&self, print: impl FnOnce()) {
        match &self.view {
            Some(view) => view.bar.suspend(print),
            None => print(),
        }
    }

    fn line(&self, now: Elapsed) -> String {
        match &self.idle {
            Some(report) if !matches!(report.phase, IdlePhase::Baseline | IdlePhase::Done) => countdown(report, now),
            _ => {
                let mut line = format!("{} of {} endpoints probed", self.done.len(), self.known.len());
                // The longest wait first; attempts that wait for their turn are only counted.
                let by_wait = self.pending.iter().filter(|report| report.awaits != Awaits::Turn);
                if let Some(longest) = by_wait.max_by_key(|report| report.waited) {
                    line.push_str(&escape(&format!("; {}: {longest}", longest.subject)));
                    let others = self.pending.len() - 1;
                    if others > 0 {
                        line.push_str(&format!("; {others} more pending"));
                    }
                }
                line
            }
        }
    }
}

/// `waiting, 12.0s left, 2 changes seen: no call follows for 30s`: the important part comes first, so that a narrow
/// terminal does not truncate it.
fn countdown(report: &IdleReport, now: Elapsed) -> String {
    let mut line = report.phase.as_str().to_string();
    if let Some(deadline) = report.deadline {
        line.push_str(&format!(", {} left", duration(deadline.since(now))));
    }
    // The texts of the other phases contain the number of changes.
    if report.phase == IdlePhase::Waiting {
        match report.changes {
            0 => {}
            1 => line.push_str(", 1 change seen"),
            many => line.push_str(&format!(", {many} changes seen")),
        }
    }
    format!("{line}: {}", escape(&report.text))
}

impl Render for Progress {
    fn event(&mut self, event: &Event, out: &mut dyn Write) -> io::Result<()> {
        match &event.kind {
            EventKind::Endpoints(change) => {
                self.known.extend(change.added.iter().map(|e| e.address.clone()));
                // The engine counts changes when a phase starts, but the idle period is long and the user needs the
                // count now.
                if let Some(report) = self.idle.as_mut().filter(|report| report.phase == IdlePhase::Waiting) {
                    report.changes += change.added.len() + change.removed.len();
                }
            }
            EventKind::Connection(report) if report.result.is_err() => {
                self.done.insert(report.address.clone());
            }
            EventKind::Health(report) => {
                self.done.insert(report.address.clone());
            }
            EventKind::Idle(report) => {
                self.idle = Some(report.clone());
                if self.view.is_none() {
                    writeln!(out, "{}", countdown(report, event.at))?;
                    out.flush()?;
                }
            }
            EventKind::Summary(_) => {
                if let Some(view) = &self.view {
                    view.bar.finish_and_clear();
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn tick(&mut self, now: Elapsed, out: &mut dyn Write) -> io::Result<()> {
        if self.view.is_none() && self.is_due(now) && !self.pending.is_empty() {
            self.due = now + EVERY;
            writeln!(out, "{}", self.line(now))?;
            out.flush()?;
        }
        if let Some(view) = self.view.as_ref().filter(|view| !view.bar.is_finished() && view.is_current()) {
            view.bar.set_message(self.line(now));
            view.bar.tick();
        }
        Ok(())
    }

    fn end(&mut self, _: &mut dyn Write) -> io::Result<()> {
        if let Some(view) = &self.view {
            view.bar.finish_and_clear();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use grpc_discover::model::pending::Subject;

    use super::super::fixture;
    use super::*;

    #[test]
    fn what_is_waited_for_is_named_with_its_stage_and_since_when() {
        let mut progress = Progress::new(None);
        let wait = |address: &str, awaits, seconds| PendingReport {
            subject: Subject::Endpoint(address.parse().expect("an address")),
            awaits,
            waited: Duration::from_secs(seconds),
            last: None,
        };
        progress.waits_for(vec![
            wait("10.0.0.1:1", Awaits::Turn, 9),
            wait("10.0.0.2:1", Awaits::Settings, 3),
            wait("10.0.0.3:1", Awaits::Handshake, 1),
        ]);
        let mut out = Vec::new();
        for second in [1, 9, 10, 11, 19, 20] {
            progress.tick(Elapsed::from_secs(second), &mut out).expect("into memory");
        }
        let text = String::from_utf8(out).expect("text");
        let line = "0 of 0 endpoints probed; 10.0.0.2:1: http2: waiting for the server's HTTP/2 SETTINGS for 3.0s; 2 more pending\n";
        assert_eq!(text, format!("{line}{line}"), "a line every ten seconds");
    }

    #[test]
    fn the_countdown_shows_phase_time_left_and_changes_as_they_come() {
        let report = IdleReport {
            phase: IdlePhase::Waiting,
            deadline: Some(Elapsed::from_secs(30)),
            changes: 0,
            cost: None,
            text: "no RPC until the channel is IDLE".into(),
        };
        let mut progress = Progress::new(Some(Redrawn::hidden()));
        let mut line = |kind| {
            let event = Event { kind, ..fixture::events()[0].clone() };
            progress.event(&event, &mut Vec::new()).expect("into memory");
            progress.line(Elapsed::from_secs(18))
        };
        assert_eq!(line(EventKind::Idle(report)), "waiting, 12.0s left: no RPC until the channel is IDLE");
        let moved = fixture::events()
            .into_iter()
            .map(|event| event.kind)
            .find(|kind| matches!(kind, EventKind::Endpoints(change) if !change.removed.is_empty()));
        assert_eq!(
            line(moved.expect("one that left, and one that came")),
            "waiting, 12.0s left, 2 changes seen: no RPC until the channel is IDLE"
        );
    }
}
