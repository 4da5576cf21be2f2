//! A recorded session: the events of `-o ndjson`, read back. What that format does not carry is left empty; it is
//! nothing that another format prints.

mod client;
mod connection;
mod fields;
mod names;
mod outcome;
mod progress;
mod registry;
mod words;

use std::io::{self, BufRead};
use std::sync::Arc;

use grpc_discover::model::connectivity::{Cause, ConnectivityState, Scope, Transition};
use grpc_discover::model::event::{Event, EventKind};
use grpc_discover::model::time::Elapsed;
use serde_json::Value;

use connection::Greeted;
use fields::{FieldError, Fields};
use names::Names;

/// Why a recording cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// The file.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// A line is not JSON.
    #[error("line {line}: not a line of -o ndjson or --record: {error}")]
    Json {
        /// Counted from 1.
        line: usize,
        /// Why.
        error: serde_json::Error,
    },
    /// A line is not an event of this version.
    #[error("line {line}: not an event: {error}")]
    Field {
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        error: FieldError,
    },
}

/// Reads events line by line.
pub struct Recording<R> {
    lines: R,
    line: usize,
    /// The last line ends in the middle, because the process that wrote it was killed.
    pub is_cut: bool,
    reader: EventReader,
}

/// Turns lines into events.
#[derive(Default)]
pub struct EventReader {
    names: Names,
    greeted: Greeted,
    target: Option<Arc<str>>,
}

impl<R: BufRead> Recording<R> {
    /// The recording in `lines`.
    pub fn new(lines: R) -> Recording<R> {
        Recording { lines, line: 0, is_cut: false, reader: EventReader::default() }
    }

    /// The next event; `None` at the end.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or a line is not an event.
    pub fn next(&mut self) -> Result<Option<Event>, RecordingError> {
        loop {
            let mut text = String::new();
            if self.lines.read_line(&mut text)? == 0 {
                return Ok(None);
            }
            self.line += 1;
            let line = self.line;
            if text.trim().is_empty() {
                continue;
            }
            let value: Value = match serde_json::from_str(&text) {
                Ok(value) => value,
                Err(error) if error.is_eof() && !text.ends_with('\n') => {
                    self.is_cut = true;
                    return Ok(None);
                }
                Err(error) => return Err(RecordingError::Json { line, error }),
            };
            return match self.reader.event(&value) {
                Ok(event) => Ok(Some(event)),
                Err(error) => Err(RecordingError::Field { line, error }),
            };
        }
    }
}

impl EventReader {
    /// The event in a line that this version wrote.
    pub fn line(&mut self, line: &[u8]) -> Option<Event> {
        self.event(&serde_json::from_slice(line).ok()?).ok()
    }

    fn event(&mut self, value: &Value) -> Result<Event, FieldError> {
        let of = Fields::of(value)?;
        let name = of.text("target")?;
        let target = match &self.target {
            Some(known) if **known == *name => known.clone(),
            _ => self.target.insert(name.into()).clone(),
        };
        Ok(Event {
            seq: of.number("seq")?,
            time: of.time("time")?,
            at: Elapsed::from_millis(of.number("at_ms")?),
            target,
            kind: self.kind(&of)?,
        })
    }

    fn kind(&mut self, of: &Fields<'_>) -> Result<EventKind, FieldError> {
        let names = &mut self.names;
        Ok(match of.text("kind")? {
            "transition" => EventKind::Transition(transition(of)?),
            "endpoints" => EventKind::Endpoints(registry::endpoints(of, names)?),
            "backend" => EventKind::Backend(registry::backend(of, names)?),
            "connection" => EventKind::Connection(connection::report(of, &mut self.greeted)?),
            "disconnect" => connection::disconnect(of, &mut self.greeted)?,
            "health" => EventKind::Health(connection::health(of)?),
            "client" => EventKind::Client(Box::new(client::report(of)?)),
            "idle" => EventKind::Idle(progress::idle(of)?),
            "idle_check" => EventKind::IdleCheck(Box::new(progress::idle_check(of)?)),
            "lens" => EventKind::Lens(progress::lens(of, names)?),
            "pending" => EventKind::Pending(progress::pending(of, names)?),
            "stall" => EventKind::Stall(progress::stall(of)?),
            "verdict" => EventKind::Verdict(outcome::verdict(of, names)?),
            "finding" => EventKind::Finding(outcome::finding(of, names)?),
            "summary" => EventKind::Summary(outcome::summary(of)?),
            _ => return Err(of.invalid("kind", "a kind of event that this version has")),
        })
    }
}

fn transition(of: &Fields<'_>) -> Result<Transition, FieldError> {
    let state = |name| of.word(name, ConnectivityState::ALL, |state| state.as_str());
    let cause = of.object("cause")?;
    Ok(Transition {
        scope: match of.maybe_text("address")? {
            Some(_) => Scope::Subchannel(of.address("address")?),
            None => Scope::Channel,
        },
        from: state("from")?,
        to: state("to")?,
        cause: Cause::new(cause.word("code", words::CAUSES, |code| code.as_str())?, cause.text("text")?),
        retry_in: of.maybe_millis("retry_in_ms")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::{Line, fixture, write_json};

    fn written(event: &Event) -> String {
        let mut line = Vec::new();
        write_json(&Line::of(event).expect("in the format"), &mut line).expect("into memory");
        String::from_utf8(line).expect("UTF-8")
    }

    #[test]
    fn every_event_is_read_back_as_it_was_written() {
        let lines: Vec<String> = fixture::events().iter().map(written).collect();
        let text = lines.concat();
        let mut recording = Recording::new(text.as_bytes());
        let mut read = Vec::new();
        while let Some(event) = recording.next().expect("an event") {
            read.push(written(&event));
        }
        assert_eq!(read, lines);
        assert!(!recording.is_cut);
    }

    #[test]
    fn a_recording_that_was_cut_ends_where_it_was_cut() {
        let text: String = fixture::events().iter().take(3).map(written).collect();
        let mut recording = Recording::new(&text.as_bytes()[..text.len() - 20]);
        let mut count = 0;
        while recording.next().expect("an event").is_some() {
            count += 1;
        }
        assert!(count == 2 && recording.is_cut, "{count}");
    }

    #[test]
    fn a_line_that_is_no_event_is_named_with_its_number_and_its_fault() {
        let first = written(&fixture::events()[0]);
        for (line, words) in [
            ("hello\n", "line 2: not a line of -o ndjson or --record: "),
            ("[]\n", "line 2: not an event: expected an object"),
            ("{\"kind\":\"transition\"}\n", "line 2: not an event: \"target\": expected a text"),
            (
                "{\"seq\":1,\"time\":\"2026-11-18T00:00:00.000Z\",\"at_ms\":1,\"target\":\"a\",\"kind\":\"magic\"}\n",
                "line 2: not an event: \"kind\": expected a kind of event that this version has",
            ),
        ] {
            let text = format!("{first}{line}");
            let mut recording = Recording::new(text.as_bytes());
            assert!(recording.next().is_ok());
            let error = recording.next().expect_err(line).to_string();
            assert!(error.starts_with(words), "{error}");
        }
    }
}
