//! The command `grpc-discover`: parse, run, map to an exit code, print one error.

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
        Err(failure) => ExitCode::from(terminal::complain(&failure)),
    }
}
