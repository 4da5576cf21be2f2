//! The progress of a probe, on stderr: on a terminal a few lines that are redrawn, and cleared before the report is
//! printed. Elsewhere a line for each phase of the idle cycle, and one every ten seconds while something is pending.
//! A probe that is not finished after a second prints each endpoint that is not healthy as soon as it is known.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::time::Duration;

use grpc_discover::model::endpoint::Address;
use grpc_discover::model::event::{ConnectionReport, Event, EventKind, IdlePhase, IdleReport};
use grpc_discover::model::pending::{Awaits, PendingReport};
use grpc_discover::model::reach::Health;
use grpc_discover::model::time::Elapsed;
use grpc_discover::text::{duration, escape};
use indicatif::ProgressStyle;

use super::{Render, on_stderr};
use crate::terminal::Redrawn;

/// How often a line is printed where nothing can be redrawn.
const EVERY: Duration = Duration::from_secs(10);
/// The report of a faster probe follows at once, and has everything.
const SOON: Duration = Duration::from_secs(1);
/// Endpoints that are printed before the report.
const PRINTED: usize = 20;
/// Columns of the spinner and of the space after it.
const SPINNER: usize = 2;
/// Pending endpoints that are named.
const NAMED: usize = 4;

/// Prints progress.
#[derive(Debug)]
pub struct Progress {
    view: Option<Redrawn>,
    known: BTreeSet<Address>,
    done: BTreeSet<Address>,
    /// Endpoints that are not healthy, and the lines about them that are not printed yet.
    bad: BTreeSet<Address>,
    results: Vec<String>,
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
            bad: BTreeSet::new(),
            results: Vec::new(),
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

    /// How far the probe is, then what is pending.
    fn lines(&self, now: Elapsed) -> Vec<String> {
        match &self.idle {
            Some(report) if !matches!(report.phase, IdlePhase::Baseline | IdlePhase::Done) => {
                vec![countdown(report, now)]
            }
            _ => {
                let mut head = format!("{} of {} endpoints probed", self.done.len(), self.known.len());
                if !self.bad.is_empty() {
                    head.push_str(&format!(", {} not healthy", self.bad.len()));
                }
                // The longest wait first; attempts that wait for their turn are only counted.
                let mut by_wait: Vec<&PendingReport> =
                    self.pending.iter().filter(|report| report.awaits != Awaits::Turn).collect();
                by_wait.sort_by_key(|report| std::cmp::Reverse(report.waited));
                by_wait.truncate(NAMED);
                let others = self.pending.len() - by_wait.len();
                let named = by_wait.into_iter().map(|report| format!("{}: {report}", report.subject));
                let mut lines: Vec<String> = std::iter::once(head).chain(named).collect();
                if lines.len() > 1 && others > 0 {
                    lines.push(format!("{others} more pending"));
                }
                lines.iter().map(|line| escape(line).into_owned()).collect()
            }
        }
    }

    fn is_bad(&mut self, address: &Address, text: &str) {
        // At the end of an idle cycle the report follows at once.
        let is_baseline = self.idle.as_ref().is_none_or(|report| report.phase == IdlePhase::Baseline);
        if self.bad.insert(address.clone()) && is_baseline && self.bad.len() <= PRINTED {
            self.results.push(escape(&format!("{address}  {text}")).into_owned());
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
            EventKind::Connection(ConnectionReport { address, result: Err(failure) }) => {
                self.done.insert(address.clone());
                self.is_bad(address, &failure.to_string());
            }
            EventKind::Health(report) => {
                self.done.insert(report.address.clone());
                match &report.health {
                    usable if usable.is_usable() => {}
                    Health::Failed { code, text, .. } => {
                        self.is_bad(&report.address, &format!("health: {code}: {text}"));
                    }
                    other => self.is_bad(&report.address, other.as_str()),
                }
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
        if now >= Elapsed::new(SOON) && !self.results.is_empty() {
            let results = std::mem::take(&mut self.results).join("\n");
            let mut printed = Ok(());
            self.print_above(|| printed = writeln!(out, "{results}").and_then(|()| out.flush()));
            printed?;
        }
        if self.view.is_none() && self.is_due(now) && !self.pending.is_empty() {
            self.due = now + EVERY;
            writeln!(out, "{}", self.lines(now).join("; "))?;
            out.flush()?;
        }
        if let Some(view) = self.view.as_ref().filter(|view| !view.bar.is_finished() && view.is_current()) {
            // The spinner is in front of the first line.
            let page = on_stderr().narrower(SPINNER);
            let lines: Vec<String> = self.lines(now).iter().flat_map(|line| page.wrap(line, 2)).collect();
            view.bar.set_message(lines.join("\n  "));
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
    use grpc_discover::model::reach::{Failure, FailureCode, Stage};

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
        let line = "0 of 0 endpoints probed; 10.0.0.2:1: http2: waiting for the server's HTTP/2 SETTINGS for 3.0s; 10.0.0.3:1: tls: waiting for the TLS handshake for 1.0s; 1 more pending\n";
        assert_eq!(text, format!("{line}{line}"), "a line every ten seconds");
    }

    #[test]
    fn a_slow_probe_prints_what_is_bad_once_before_its_report() {
        let mut progress = Progress::new(None);
        let mut out = Vec::new();
        let failure = Failure::new(Stage::Tcp, FailureCode::Refused, "connection refused", Duration::ZERO);
        let address: Address = "10.0.0.2:1".parse().expect("an address");
        let report = ConnectionReport { address, result: Err(failure) };
        let event = Event { kind: EventKind::Connection(report), ..fixture::events()[0].clone() };
        progress.event(&event, &mut out).expect("into memory");
        progress.tick(Elapsed::from_millis(250), &mut out).expect("into memory");
        assert!(out.is_empty(), "the report of a fast probe has it");
        for millis in [1_000, 1_250] {
            progress.event(&event, &mut out).expect("into memory");
            progress.tick(Elapsed::from_millis(millis), &mut out).expect("into memory");
        }
        assert_eq!(String::from_utf8(out).expect("text"), "10.0.0.2:1  tcp: connection refused\n");
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
            progress.lines(Elapsed::from_secs(18)).join("; ")
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
