//! Exit codes (docs/runbook.md) and the one kind of error that reaches main.

use std::error::Error;
use std::io;

use grpc_discover::platform::signals::Signal;

use crate::cli::Rejected;

/// Healthy, or a command that checks nothing succeeded.
pub const OK: u8 = 0;
/// Could not judge.
pub const UNKNOWN: u8 = 3;
/// Invalid usage or configuration (sysexits' `EX_USAGE`; clap's 2 would mean "service failed").
pub const USAGE: u8 = 64;
/// Stopped by SIGHUP: the terminal was closed.
pub const HUNG_UP: u8 = 129;

/// The exit code of a run that a signal stopped: 128 plus the signal's number on Unix.
pub const fn of_signal(signal: Signal) -> u8 {
    match signal {
        Signal::HangUp => HUNG_UP,
        Signal::Interrupt => 130,
        Signal::Quit => 131,
        Signal::Terminate => 143,
    }
}

/// Why the command ends without a verdict.
#[derive(Debug)]
pub enum Failure {
    /// clap has something to print: help and version (exit 0), or help because a word is missing (exit 64).
    Help(Box<clap::Error>),
    /// What was typed or configured is not possible: exit 64.
    Usage(Box<dyn Error + Send + Sync>),
    /// A failure of this machine: exit 3.
    Broken(String),
    /// The reader of our output closed its end: exit quietly with 0.
    ClosedPipe,
}

impl Failure {
    /// What was typed or configured is not possible, because of `error`.
    pub fn usage(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Failure::Usage(error.into())
    }

    /// The exit code.
    pub fn code(&self) -> u8 {
        match self {
            Failure::Help(error) if !error.use_stderr() => OK,
            Failure::Help(_) | Failure::Usage(_) => USAGE,
            Failure::Broken(_) => UNKNOWN,
            Failure::ClosedPipe => OK,
        }
    }
}

impl From<Rejected> for Failure {
    fn from(rejected: Rejected) -> Self {
        match rejected {
            Rejected::Help(text) => Failure::Help(text),
            Rejected::Usage(error) => Failure::usage(error),
        }
    }
}

impl From<io::Error> for Failure {
    /// An error of writing to stdout.
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::ClosedPipe,
            _ => Failure::Broken(format!("failed to write to stdout: {error}")),
        }
    }
}

/// The exit code of several services: a failed service outweighs one that could not be judged, and that one outweighs
/// a degraded one.
pub fn worst(codes: impl IntoIterator<Item = u8>) -> u8 {
    let rank = |code: &u8| match code {
        0 => 0,
        1 => 1,
        3 => 2,
        124 => 3,
        2 => 4,
        _ => 5,
    };
    codes.into_iter().max_by_key(rank).unwrap_or(OK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_service_outweighs_one_that_could_not_be_judged() {
        assert_eq!(worst([0, 3, 2, 1]), 2);
        assert_eq!(worst([0, 3, 1]), 3);
        assert_eq!(worst([0, 0]), 0);
        assert_eq!(worst([3, 124]), 124);
        assert_eq!(worst([]), 0);
    }

    #[test]
    fn a_closed_pipe_is_not_an_error_and_a_full_disk_is() {
        assert_eq!(Failure::from(io::Error::from(io::ErrorKind::BrokenPipe)).code(), 0);
        assert_eq!(Failure::from(io::Error::from(io::ErrorKind::StorageFull)).code(), 3);
    }
}
