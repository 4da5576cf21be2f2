//! `--record FILE`: every event as a line of `-o ndjson`, beside the output. `replay` reads it.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use grpc_discover::model::event::Event;

use crate::exit::Failure;
use crate::recording::EventReader;
use crate::render::{Line, write_json};
use crate::terminal::Pipe;

/// A recording that is being written.
pub struct Record {
    path: PathBuf,
    pipe: Pipe,
    reader: EventReader,
}

impl Record {
    /// Creates the file, or replaces its content.
    ///
    /// # Errors
    ///
    /// The file cannot be created.
    pub fn create(path: &Path) -> Result<Record, Failure> {
        let file = File::create(path)
            .map_err(|error| Failure::usage(format!("failed to create --record {}: {error}", path.display())))?;
        Ok(Record { path: path.to_path_buf(), pipe: Pipe::keeping(file, || false), reader: EventReader::default() })
    }

    /// Adds an event; returns it with the precision of the recording. That one is printed, so that a replay prints the
    /// same, byte for byte.
    pub fn event(&mut self, event: &Event) -> Option<Event> {
        let recorded = self.reader.line(&line(event)?);
        let text = line(recorded.as_ref().unwrap_or(event))?;
        // Writing to a queue cannot fail.
        let _ = self.pipe.write_all(&text).and_then(|()| self.pipe.flush());
        recorded
    }

    /// Bytes that the disk has not taken.
    pub fn queued(&self) -> usize {
        self.pipe.queued()
    }

    /// Waits until everything is written.
    ///
    /// # Errors
    ///
    /// It could not be written.
    pub async fn finish(self) -> Result<(), Failure> {
        self.pipe.drained().await;
        match self.pipe.failure() {
            Some(error) => Err(Failure::Broken(format!("failed to write --record {}: {error}", self.path.display()))),
            None => Ok(()),
        }
    }
}

/// An event as a line; `None` for a kind that the format does not have.
fn line(event: &Event) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    write_json(&Line::of(event)?, &mut text).ok()?;
    Some(text)
}
