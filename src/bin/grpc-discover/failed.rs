//! Prints why there is no result.

use std::time::SystemTime;

use crate::cli::JsonFormat;
use crate::exit::{self, Failure};
use crate::{render, terminal};

/// Prints why the command failed, in one place and once; returns the exit code. With a JSON format the reader of
/// stdout gets the error, too.
#[expect(clippy::disallowed_methods, reason = "it dates the error")]
pub fn report(failure: &Failure, format: Option<JsonFormat>) -> u8 {
    let message = match failure {
        Failure::Help(text) => {
            // Help and version are data. clap styles them itself when stdout is a terminal.
            return text.print().map_or_else(|error| Failure::from(error).code(), |()| failure.code());
        }
        Failure::Usage(error) => terminal::printable(&error.to_string()),
        Failure::Broken(text) => terminal::printable(text),
        Failure::ClosedPipe => return failure.code(),
    };
    terminal::complain(&format!("grpc-discover: {message}"));
    if let Some(format) = format {
        let code = if failure.code() == exit::USAGE { "usage" } else { "system" };
        let document = render::error(format, failure.code(), code, &message, SystemTime::now());
        // A reader that closed its end changes nothing.
        let _ = document.map(|document| terminal::print(&document));
    }
    failure.code()
}
