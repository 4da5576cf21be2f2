//! `-o ndjson`: one event a line, flushed at once.

use std::io::{self, Write};

use grpc_discover::model::event::Event;

use super::Render;
use super::wire::{Line, write_json};

/// Writes every event as it comes.
#[derive(Debug, Default)]
pub struct Ndjson;

impl Render for Ndjson {
    fn event(&mut self, event: &Event, out: &mut dyn Write) -> io::Result<()> {
        write_json(&Line::from(event), out)?;
        out.flush()
    }
}
