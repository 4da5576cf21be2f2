//! No single keys: the console passes on whole lines.

use std::io;
use std::time::Duration;

#[derive(Debug)]
pub(super) struct Mode;

impl Mode {
    pub(super) fn enter() -> Option<Mode> {
        None
    }
}

pub(super) fn read_key(_limit: Duration) -> io::Result<Option<u8>> {
    Err(io::ErrorKind::Unsupported.into())
}

pub(super) fn stop_process() {}
