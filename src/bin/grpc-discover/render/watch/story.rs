//! The story at the end of a watch: how long it lasted, and every change as one line with its time.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Write};
use std::time::{Duration, SystemTime};

use grpc_discover::model::endpoint::Address;
use grpc_discover::text::{self, duration, escape};

use super::change::{Change, ChangeKind, Subject, attempts};
use crate::render::Clock;
use crate::render::table::Look;

/// Changes kept; of a longer watch the earliest ones are counted only, so that its memory is bounded.
const KEPT: usize = 1_000;
/// An endpoint that fails for more reasons than this has the latest one named.
const CAUSES: usize = 3;

/// What happened.
#[derive(Debug, Default)]
pub struct Story {
    from: Option<SystemTime>,
    to: Option<SystemTime>,
    chapters: VecDeque<Chapter>,
    /// How many were dropped.
    omitted: usize,
    /// The unfinished chapter of each endpoint that is lost or fails: its number, counted from the first one.
    open: BTreeMap<Address, usize>,
    /// Endpoints that were added by the chapter with this number and are not connected yet.
    added: BTreeMap<Address, usize>,
}

/// One change, with what followed from it.
#[derive(Debug)]
struct Chapter {
    change: Change,
    /// Reasons for which attempts failed after it.
    causes: Vec<String>,
    failed: u32,
    /// How it ended.
    end: Option<String>,
    /// Endpoints that it added and that were connected since, and how long the last one took.
    ready: (usize, Duration),
}

impl Story {
    /// Something happened at `time`, whether it is a change or not.
    pub fn saw(&mut self, time: SystemTime) {
        self.from.get_or_insert(time);
        self.to = Some(self.to.map_or(time, |to| to.max(time)));
    }

    /// Adds a change.
    pub fn add(&mut self, change: &Change) {
        let address = match &change.subject {
            Subject::Endpoint(address) => Some(address),
            Subject::Other(_) => None,
        };
        let open = address.and_then(|address| self.open.get(address).copied());
        match (&change.kind, address) {
            // What was so at the start is part of the report.
            (ChangeKind::Failed(_) | ChangeKind::Health { .. }, _) if change.at_start => {}
            (ChangeKind::Failed(cause), Some(address)) => match open {
                Some(number) => {
                    if let Some(chapter) = self.chapter(number) {
                        chapter.failed += 1;
                        chapter.causes.truncate(CAUSES - 1);
                        chapter.causes.push(cause.clone());
                    }
                }
                None => self.opens(address, change, 1),
            },
            (ChangeKind::FailedAgain, _) => {
                if let Some(chapter) = open.and_then(|number| self.chapter(number)) {
                    chapter.failed += 1;
                }
            }
            (ChangeKind::Lost(_), Some(address)) => self.opens(address, change, 0),
            (ChangeKind::Ready { after, failed, .. }, Some(address)) => {
                let added = self.added.remove(address);
                self.open.remove(address);
                if let Some(chapter) = open.and_then(|number| self.chapter(number)) {
                    chapter.end = Some(format!("READY again after {}", duration(*after)));
                } else if let Some(chapter) = added.filter(|_| *failed == 0).and_then(|number| self.chapter(number)) {
                    chapter.ready = (chapter.ready.0 + 1, chapter.ready.1.max(*after));
                } else {
                    self.append(change.clone());
                }
            }
            (ChangeKind::Listed { added, removed, .. }, _) => {
                removed.iter().for_each(|address| {
                    self.open.remove(address);
                    self.added.remove(address);
                });
                if !change.at_start {
                    let number = self.append(change.clone());
                    self.added.extend(added.iter().map(|address| (address.clone(), number)));
                }
            }
            (ChangeKind::Connected { .. }, _) => {}
            _ => {
                self.append(change.clone());
            }
        }
    }

    fn opens(&mut self, address: &Address, change: &Change, failed: u32) {
        let number = self.append(change.clone());
        self.open.insert(address.clone(), number);
        if let Some(chapter) = self.chapter(number) {
            chapter.failed = failed;
        }
    }

    /// Adds a chapter; returns its number.
    fn append(&mut self, change: Change) -> usize {
        if self.chapters.len() == KEPT {
            self.chapters.pop_front();
            self.omitted += 1;
            let omitted = self.omitted;
            self.open.retain(|_, number| *number >= omitted);
            self.added.retain(|_, number| *number >= omitted);
        }
        self.chapters.push_back(Chapter {
            change,
            causes: Vec::new(),
            failed: 0,
            end: None,
            ready: (0, Duration::ZERO),
        });
        self.omitted + self.chapters.len() - 1
    }

    fn chapter(&mut self, number: usize) -> Option<&mut Chapter> {
        self.chapters.get_mut(number.checked_sub(self.omitted)?)
    }

    /// Writes it, with times of `clock`.
    pub fn write(&self, clock: &Clock, look: Look, out: &mut dyn Write) -> io::Result<()> {
        let (Some(from), Some(to)) = (self.from, self.to) else { return Ok(()) };
        let lasted = to.duration_since(from).unwrap_or_default();
        let several_days = clock.day(from) != clock.day(to);
        let time = |time| match several_days {
            true => format!("{} {}", clock.day(time), clock.seconds(time)),
            false => clock.seconds(time),
        };
        let changes = match self.chapters.len() + self.omitted {
            0 => "no change".to_string(),
            some => format!("{}:", text::count(some, "change")),
        };
        let (from, to, zone) = (time(from), time(to), clock.zone(to));
        let first = format!("watched {}, {from} to {to} {zone}, {changes}", duration(lasted));
        for line in look.page.wrap(&first, 2) {
            writeln!(out, "{line}")?;
        }
        if self.omitted > 0 {
            writeln!(out, "  … the first {} are left out (--record FILE keeps every event)", self.omitted)?;
        }
        let width =
            self.chapters.iter().map(|chapter| chapter.change.subject().chars().count()).max().unwrap_or(0).min(48);
        for chapter in &self.chapters {
            let (time, subject, text) = (time(chapter.change.time), chapter.change.subject(), chapter.text());
            for line in look.page.wrap(&format!("  {time}  {subject:<width$}  {text}"), 6) {
                writeln!(out, "{}", chapter.change.painted(&line, look.paint))?;
            }
        }
        Ok(())
    }
}

impl Chapter {
    fn text(&self) -> String {
        let mut text = self.change.text().unwrap_or_default();
        for (i, cause) in self.causes.iter().enumerate() {
            let since = if i + 1 == self.causes.len() && self.end.is_none() { " since" } else { "" };
            text.push_str(&format!(", then {}{since}", escape(cause)));
        }
        text.push_str(&attempts(self.failed));
        if let Some(end) = &self.end {
            text.push_str(&format!("; {end}"));
        }
        match (&self.change.kind, self.ready) {
            (_, (0, _)) => {}
            (ChangeKind::Listed { added, .. }, (1, took)) if added.len() == 1 => {
                text.push_str(&format!(", READY after {}", duration(took)));
            }
            (ChangeKind::Listed { added, .. }, (ready, took)) => {
                text.push_str(&format!(", {ready} of {} new ones READY after {}", added.len(), duration(took)));
            }
            _ => {}
        }
        text
    }
}
