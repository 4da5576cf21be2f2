//! The signals that end a run: Ctrl-C, SIGTERM, SIGHUP (the terminal was closed) and SIGQUIT. None of them ends the process by
//! itself: the story is printed and whatever was made is removed.
//!
//! Not tokio's: with that feature every runtime makes room for each of the 64 signals there are before it begins, which
//! is a part of a cold start that can be measured (docs/performance.md).

use std::future::pending;
use std::io;
use std::os::unix::net;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::{flag, low_level::pipe};
use tokio::io::AsyncReadExt;
use tokio::net::UnixStream;

use crate::exit::{Failure, HUNG_UP, INTERRUPTED, QUIT, TERMINATED};

/// Listens for all of them.
pub struct Signals {
    /// A byte for every signal that came.
    told: UnixStream,
    /// The exit code that the last one asks for.
    code: Arc<AtomicUsize>,
}

impl Signals {
    /// Begins to listen: from now on none of them ends the process by itself.
    pub fn listen() -> Result<Signals, Failure> {
        listen().map_err(|error| Failure::Broken(format!("no signal can be handled: {error}")))
    }

    /// The next signal, as the exit code that it asks for. Cancel safe.
    pub async fn next(&mut self) -> u8 {
        match self.told.read(&mut [0]).await {
            Ok(1..) => u8::try_from(self.code.load(Ordering::SeqCst)).unwrap_or(INTERRUPTED),
            // The other end lives as long as the process, so there is nothing to hear.
            Ok(0) | Err(_) => pending().await,
        }
    }
}

fn listen() -> io::Result<Signals> {
    let (told, tell) = net::UnixStream::pair()?;
    told.set_nonblocking(true)?;
    let code = Arc::new(AtomicUsize::new(0));
    let ends = [(SIGINT, INTERRUPTED), (SIGTERM, TERMINATED), (SIGHUP, HUNG_UP), (SIGQUIT, QUIT)];
    for (signal, exit) in ends.into_iter().filter(|(signal, _)| *signal != SIGHUP || !ignores_hangup()) {
        // In this order: whoever is told finds the code.
        flag::register_usize(signal, code.clone(), exit.into())?;
        pipe::register(signal, tell.try_clone()?)?;
    }
    Ok(Signals { told: UnixStream::from_std(told)?, code })
}

/// Whether this process was started to outlive its terminal (`nohup`): SIGHUP is ignored then, and stays so.
#[cfg(target_os = "linux")]
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    ignored
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask & (1 << (SIGHUP - 1)) != 0)
}

/// As above. Other systems do not show it: `nohup` leaves no terminal to stdout.
#[cfg(not(target_os = "linux"))]
fn ignores_hangup() -> bool {
    !io::IsTerminal::is_terminal(&io::stdout())
}
