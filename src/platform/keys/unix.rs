//! Single keys on Unix: the terminal is in the mode without ICANON and ECHO.

use std::io;
use std::os::fd::AsFd as _;
use std::sync::{Mutex, Once, PoisonError};
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, raise};
use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};
use nix::unistd::{getpgrp, read, tcgetpgrp};

/// The mode before, while it is changed. A panic restores it before the process aborts.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

#[derive(Debug)]
pub(super) struct Mode;

impl Mode {
    pub(super) fn enter() -> Option<Mode> {
        if !is_foreground() {
            return None;
        }
        let stdin = io::stdin();
        let before = tcgetattr(stdin.as_fd()).ok()?;
        let mut single = before.clone();
        single.local_flags.remove(LocalFlags::ICANON | LocalFlags::ECHO);
        restore_on_panic();
        *BEFORE.lock().unwrap_or_else(PoisonError::into_inner) = Some(before);
        tcsetattr(stdin.as_fd(), SetArg::TCSADRAIN, &single).ok()?;
        Some(Mode)
    }
}

impl Drop for Mode {
    fn drop(&mut self) {
        restore();
    }
}

fn restore() {
    let before = BEFORE.lock().unwrap_or_else(PoisonError::into_inner).take();
    // In the background the shell has restored it, and setting it would stop this process.
    if let Some(before) = before.filter(|_| is_foreground()) {
        let _ = tcsetattr(io::stdin().as_fd(), SetArg::TCSANOW, &before);
    }
}

fn restore_on_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let next = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            restore();
            next(panic);
        }));
    });
}

/// Is stdin a terminal, and this process in its foreground?
fn is_foreground() -> bool {
    tcgetpgrp(io::stdin().as_fd()).is_ok_and(|group| group == getpgrp())
}

pub(super) fn read_key(limit: Duration) -> io::Result<Option<u8>> {
    let stdin = io::stdin();
    let mut polled = [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)];
    let limit_millis = PollTimeout::try_from(limit).unwrap_or(PollTimeout::MAX);
    if poll(&mut polled, limit_millis).unwrap_or(0) == 0 {
        return Ok(None);
    }
    if !is_foreground() {
        #[expect(clippy::disallowed_methods, reason = "a thread of its own; no session runs on it")]
        std::thread::sleep(limit);
        return Ok(None);
    }
    let mut key = [0];
    match read(stdin.as_fd(), &mut key) {
        Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
        Ok(_) => Ok(Some(key[0])),
        Err(nix::errno::Errno::EINTR | nix::errno::Errno::EAGAIN) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

pub(super) fn stop_process() {
    let _ = raise(Signal::SIGSTOP);
}
