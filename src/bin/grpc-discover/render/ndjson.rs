//! `-o ndjson`: one event per line, flushed immediately.

use std::io::{self, Write};

use grpc_discover::model::event::Event;

use super::Render;
use super::wire::{Line, write_json};

/// Writes every event when it occurs.
#[derive(Debug, Default)]
pub struct Ndjson;

impl Render for Ndjson {
    fn event(&mut self, event: &Event, out: &mut dyn Write) -> io::Result<()> {
        if let Some(line) = Line::of(event) {
            write_json(&line, out)?;
        }
        out.flush()
    }
}
