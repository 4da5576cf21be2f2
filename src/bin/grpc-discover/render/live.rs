//! `watch` on a terminal: the current state above, the last events below, redrawn in place. The output at the end is
//! not redrawn: the last state and the verdict.

use std::collections::VecDeque;
use std::io::{self, Write};

use grpc_discover::model::connectivity::ConnectivityState;
use grpc_discover::model::event::{Event, EventKind};
use grpc_discover::model::time::Elapsed;
use grpc_discover::text::{duration, escape, shorten};
use indicatif::ProgressStyle;

use super::columns::columns;
use super::lines::describe;
use super::report::{Keep, Report, Reports};
use super::table::{Look, write_report};
use super::watch::{Story, WatchState};
use super::{Clock, Render, on_stdout};
use crate::terminal::Redrawn;

/// Events shown below the table.
const RECENT: usize = 10;
/// Minimum number of events shown, whatever the height of the terminal.
const LEAST: usize = 3;
/// Maximum number of endpoints shown; the rest is counted.
const ROWS: usize = 15;

/// The live view.
#[derive(Debug)]
pub struct Live {
    reports: Reports,
    state: WatchState,
    story: Story,
    clock: Clock,
    recent: VecDeque<String>,
    look: Look,
    view: Redrawn,
}

impl Live {
    /// Drawn on `view`.
    pub fn new(look: Look, clock: Clock, view: Redrawn) -> Live {
        if let Ok(style) = ProgressStyle::with_template("{msg}") {
            view.bar.set_style(style);
        }
        Live {
            reports: Reports::keeping(Keep::Present),
            state: WatchState::default(),
            story: Story::default(),
            clock,
            recent: VecDeque::new(),
            look,
            view,
        }
    }

    fn draw(&self, now: Elapsed) {
        if !self.view.is_current() {
            return;
        }
        // Queried every time: a terminal may be resized at any moment.
        let (height, width) = console::Term::stdout().size();
        self.view.bar.set_message(self.frame(now, usize::from(width), usize::from(height)));
    }

    /// All content of the screen at `now`, with no line wider than `width`, and at most `height` lines if that leaves
    /// room for anything.
    fn frame(&self, now: Elapsed, width: usize, height: usize) -> String {
        let mut frame = Vec::new();
        for report in self.reports.iter() {
            frame.push(head(report, now));
            let (header, rows, more) = rows(report, now, height.saturating_sub(LEAST + 6).clamp(1, ROWS));
            frame.extend(columns(&header, rows));
            if more > 0 {
                frame.push(format!("… and {more} more endpoints"));
            }
            for source in report.sources.iter().filter(|source| source.error.is_some()) {
                let why = source.error.as_ref().map(|error| error.text.as_str()).unwrap_or_default();
                frame.push(format!("{}: last query failed: {}", escape(&source.source.to_string()), escape(why)));
            }
        }
        frame.push(String::new());
        let room = height.saturating_sub(frame.len() + 1).clamp(LEAST, RECENT);
        frame.extend(self.recent.iter().skip(self.recent.len().saturating_sub(room)).cloned());
        let cut = |line: String| match shorten(&line, width.saturating_sub(2)) {
            std::borrow::Cow::Borrowed(_) => line,
            std::borrow::Cow::Owned(short) => short,
        };
        let mut lines = frame.into_iter().map(cut);
        let first = lines.next().map(|line| self.look.paint.bold(&line)).unwrap_or_default();
        std::iter::once(first).chain(lines).collect::<Vec<_>>().join("\n")
    }
}

impl Render for Live {
    fn event(&mut self, event: &Event, _: &mut dyn Write) -> io::Result<()> {
        self.reports.observe(event);
        self.story.saw(event.time);
        self.state.observe(event).iter().for_each(|change| self.story.add(change));
        let is_news = match &event.kind {
            EventKind::Connection(_) => self.look.verbose,
            // The output at the end has these in full.
            EventKind::Verdict(_) | EventKind::Finding(_) | EventKind::Summary(_) => false,
            _ => true,
        };
        if is_news {
            let (subject, text) = describe(&event.kind);
            self.recent.push_back(format!("{:>9}  {subject}  {text}", event.at.to_string()));
            if self.recent.len() > RECENT {
                self.recent.pop_front();
            }
        }
        self.draw(event.at);
        Ok(())
    }

    fn tick(&mut self, now: Elapsed, _: &mut dyn Write) -> io::Result<()> {
        self.state.tick(now).iter().for_each(|change| self.story.add(change));
        self.draw(now);
        Ok(())
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.view.bar.finish_and_clear();
        let look = Look { wide: false, page: on_stdout(), ..self.look };
        self.story.write(&self.clock, look, out)?;
        for report in self.reports.iter() {
            writeln!(out)?;
            write_report(report, look, out)?;
        }
        out.flush()
    }
}

fn head(report: &Report, now: Elapsed) -> String {
    let state = report.channel.map_or("", ConnectivityState::as_str);
    let lists: Vec<String> = report
        .sources
        .iter()
        .map(|source| match source.total {
            Some(total) => format!("{} {total}", source.source.registry),
            None => format!("{} ?", source.source.registry),
        })
        .collect();
    let up = duration(now.since_start());
    format!("{}  channel {state}  listed: {}  {up}  (Ctrl-C to stop)", escape(&report.target), lists.join(", "))
}

fn rows(report: &Report, now: Elapsed, most: usize) -> (Vec<&'static str>, Vec<Vec<String>>, usize) {
    let mut endpoints: Vec<_> = report.endpoints.iter().collect();
    // Unhealthy endpoints come first, so that they are never below the last row shown.
    endpoints.sort_by_key(|(_, seen)| match seen.state {
        Some(ConnectivityState::TransientFailure) => 0,
        Some(ConnectivityState::Connecting | ConnectivityState::Idle) => 1,
        Some(ConnectivityState::Ready) => 2,
        Some(ConnectivityState::Shutdown) | None => 3,
    });
    let more = endpoints.len().saturating_sub(most);
    let rows = endpoints
        .into_iter()
        .take(most)
        .map(|(address, seen)| {
            let listed: Vec<&str> = seen.listed.iter().map(|listing| listing.source.registry.name).collect();
            vec![
                escape(&address.to_string()).into_owned(),
                seen.state.map_or("-", ConnectivityState::as_str).to_string(),
                seen.health.as_ref().map(|report| report.health.as_str().to_string()).unwrap_or_default(),
                if listed.is_empty() { "not listed".to_string() } else { listed.join(", ") },
                seen.retry_at.map(|at| duration(at.since(now))).unwrap_or_default(),
                seen.cause.as_deref().map(|cause| escape(cause).into_owned()).unwrap_or_default(),
            ]
        })
        .collect();
    (vec!["ENDPOINT", "STATE", "HEALTH", "LISTED", "BACKOFF", "LAST CAUSE"], rows, more)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::fixture;

    #[test]
    fn a_frame_fits_the_terminal_and_shows_state_cause_and_last_events() {
        let mut live = Live::new(Look::default(), Clock::new(true), Redrawn::hidden());
        for event in fixture::events() {
            live.event(&event, &mut Vec::new()).expect("no output");
        }
        let frame = live.frame(Elapsed::from_secs(40), 60, 24);
        assert!(frame.lines().all(|line| line.chars().count() <= 60), "{frame}");
        let frame = live.frame(Elapsed::from_secs(40), 400, 50);
        assert!(frame.contains("TRANSIENT_FAILURE") && frame.contains("connection refused"), "{frame}");
        assert!(!frame.contains('\u{1b}') && !frame.contains('\u{202e}'), "{frame:?}");
        let low = live.frame(Elapsed::from_secs(40), 400, 12);
        assert!(low.lines().count() <= 12, "{low}");
        assert_eq!(low.lines().last(), frame.lines().last(), "the newest event is never cut");
    }
}
