//! Single keys from the terminal: read without Enter, and not shown. Ctrl-C, Ctrl-Z and Ctrl-\ stay signals.

#[cfg(not(unix))]
mod other;
#[cfg(unix)]
mod unix;

#[cfg(not(unix))]
use other as system;
#[cfg(unix)]
use unix as system;

use std::time::Duration;

/// While it exists, the terminal of stdin passes on single keys. Dropping it, a panic included, restores the terminal.
#[derive(Debug)]
pub struct KeyMode {
    /// Its drop restores the terminal.
    _mode: system::Mode,
}

impl KeyMode {
    /// `None` when stdin is not a terminal, when this process runs in its background, and on Windows.
    pub fn enter() -> Option<KeyMode> {
        system::Mode::enter().map(|mode| KeyMode { _mode: mode })
    }
}

/// The next key, if one is pressed within `limit`. Blocks. Reads nothing while this process runs in the background of
/// its terminal: it would be stopped.
///
/// # Errors
///
/// stdin is closed.
pub fn read_key(limit: Duration) -> std::io::Result<Option<u8>> {
    system::read_key(limit)
}

/// Stops this process as Ctrl-Z does; returns when it is continued.
pub fn stop_process() {
    system::stop_process();
}
