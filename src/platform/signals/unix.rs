//! Signals of Unix.

use std::future::pending;
use std::io;

use tokio::signal::unix::{self, SignalKind};

use super::Signal;

#[derive(Debug)]
pub(super) struct PlatformSignals {
    interrupt: unix::Signal,
    terminate: unix::Signal,
    quit: unix::Signal,
    /// `None` if SIGHUP is ignored.
    hang_up: Option<unix::Signal>,
}

impl PlatformSignals {
    pub(super) fn listen() -> io::Result<PlatformSignals> {
        Ok(PlatformSignals {
            interrupt: unix::signal(SignalKind::interrupt())?,
            terminate: unix::signal(SignalKind::terminate())?,
            quit: unix::signal(SignalKind::quit())?,
            hang_up: if ignores_hangup() { None } else { Some(unix::signal(SignalKind::hangup())?) },
        })
    }

    pub(super) async fn next(&mut self) -> Signal {
        let PlatformSignals { interrupt, terminate, quit, hang_up } = self;
        let hang_up = async {
            match hang_up {
                Some(hang_up) => hang_up.recv().await,
                None => pending().await,
            }
        };
        tokio::select! {
            _ = interrupt.recv() => Signal::Interrupt,
            _ = terminate.recv() => Signal::Terminate,
            _ = quit.recv() => Signal::Quit,
            _ = hang_up => Signal::HangUp,
        }
    }
}

#[derive(Debug)]
pub(super) struct PlatformStopKey(unix::Signal);

impl PlatformStopKey {
    pub(super) fn listen() -> io::Result<PlatformStopKey> {
        let signal = SignalKind::from_raw(nix::sys::signal::Signal::SIGTSTP as i32);
        unix::signal(signal).map(PlatformStopKey)
    }

    pub(super) async fn pressed(&mut self) {
        self.0.recv().await;
    }
}

/// Whether this process was started to outlive its terminal (`nohup`): SIGHUP is then ignored, and stays so.
#[cfg(target_os = "linux")]
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    ignored
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask & (1 << (SignalKind::hangup().as_raw_value() - 1)) != 0)
}

/// As above. Other systems do not show it: with `nohup`, stdout is not a terminal.
#[cfg(not(target_os = "linux"))]
fn ignores_hangup() -> bool {
    !io::IsTerminal::is_terminal(&io::stdout())
}
