//! An error in the JSON formats: the reader of stdout gets a document or a line, as for a result.

use std::io;
use std::time::SystemTime;

use serde::Serialize;

use super::json::SCHEMA_VERSION;
use super::wire::{Body, Coded, Error, Line, rfc3339, write_json, write_pretty};
use crate::cli::JsonFormat;

/// Why there is no result.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ErrorDocument {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The exit code.
    pub exit: u8,
    /// Why: `usage` (what was typed or configured) or `system` (a failure of this machine).
    pub error: Coded,
}

/// The error `code` with its `text` in `format`.
pub fn error(format: JsonFormat, exit: u8, code: &str, text: &str, now: SystemTime) -> io::Result<String> {
    let error = Coded { code: code.to_string(), text: text.to_string() };
    let mut out = Vec::new();
    match format {
        JsonFormat::Document => {
            write_pretty(&ErrorDocument { schema_version: SCHEMA_VERSION, exit, error }, &mut out)?;
        }
        JsonFormat::Lines => {
            let body = Body::Error(Error { target: String::new(), exit, error });
            write_json(&Line { seq: 1, time: rfc3339(now), at_ms: 0, body }, &mut out)?;
        }
    }
    Ok(String::from_utf8_lossy(&out).into_owned())
}
