//! Whether standard output still has a reader.

/// Has the reader of stdout closed it? False for a file or a terminal, and on systems where it is noticed only at the
/// next write.
#[cfg(unix)]
pub fn is_unread() -> bool {
    use std::os::fd::AsFd as _;

    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
    let stdout = std::io::stdout();
    let mut polled = [PollFd::new(stdout.as_fd(), PollFlags::empty())];
    let gone = PollFlags::POLLERR | PollFlags::POLLHUP | PollFlags::POLLNVAL;
    poll(&mut polled, PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
        && polled[0].revents().is_some_and(|events| events.intersects(gone))
}

/// As above: on Windows it is noticed at the next write.
#[cfg(not(unix))]
pub fn is_unread() -> bool {
    false
}
