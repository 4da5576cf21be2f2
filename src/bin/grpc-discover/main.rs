//! The command `grpc-discover`: parses, runs, prints at most one error and maps the result to an exit code.

#![cfg_attr(test, expect(clippy::disallowed_methods, reason = "tests look at the real clock and environment"))]

mod cli;
mod commands;
mod config;
mod exit;
mod logging;
mod render;
mod settings;
mod terminal;

use std::process::ExitCode;

fn main() -> ExitCode {
    match commands::run(std::env::args_os()) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => ExitCode::from(terminal::report_error(&failure)),
    }
}
