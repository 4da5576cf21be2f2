//! The signals that stop a run: Ctrl-C, SIGTERM, SIGHUP (the terminal was closed) and SIGQUIT on Unix; Ctrl-C,
//! Ctrl-Break, a closed console and a shutdown on Windows.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::io;

#[cfg(unix)]
use unix as system;
#[cfg(windows)]
use windows as system;

/// Why this process must stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// SIGTERM; on Windows the shutdown of the system.
    Terminate,
    /// SIGHUP: the terminal was closed; on Windows the console.
    HangUp,
    /// SIGQUIT: Ctrl-\; on Windows Ctrl-Break.
    Quit,
}

/// Listens for Ctrl-Z, which then no longer stops this process by itself. On Windows there is no such signal.
#[derive(Debug)]
pub struct StopKey(system::PlatformStopKey);

impl StopKey {
    /// Starts to listen. Must be called within a tokio runtime.
    ///
    /// # Errors
    ///
    /// Returns an error when the system cannot install a handler.
    pub fn listen() -> io::Result<StopKey> {
        system::PlatformStopKey::listen().map(StopKey)
    }

    /// Waits until it is pressed. Cancel safe.
    pub async fn pressed(&mut self) {
        self.0.pressed().await;
    }
}

/// Listens for all of them.
#[derive(Debug)]
pub struct Signals(system::PlatformSignals);

impl Signals {
    /// Starts to listen: from now on none of them stops the process by itself. Must be called within a tokio runtime.
    ///
    /// # Errors
    ///
    /// Returns an error when the system cannot install a handler.
    pub fn listen() -> io::Result<Signals> {
        system::PlatformSignals::listen().map(Signals)
    }

    /// The next signal. Cancel safe.
    pub async fn next(&mut self) -> Signal {
        self.0.next().await
    }
}
