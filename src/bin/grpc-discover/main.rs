//! The command `grpc-discover`: parses, runs, prints at most one error and maps the result to an exit code.

#![cfg_attr(test, expect(clippy::disallowed_methods, reason = "tests look at the real clock and environment"))]

mod cli;
mod commands;
mod config;
mod exit;
mod failed;
mod logging;
mod recording;
mod render;
mod settings;
mod terminal;

use std::process::ExitCode;

#[cfg_attr(not(test), expect(clippy::disallowed_methods, reason = "the format of errors may be set there"))]
fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    let format = cli::json_format(&arguments, std::env::var_os("GRPC_DISCOVER_OUTPUT").as_deref());
    match commands::run(arguments) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => ExitCode::from(failed::report(&failure, format)),
    }
}
