//! How many files this process may have open: every connection is one, and the soft limit is often 1,024 or 256.

/// Raises the soft limit to the hard one; returns the limit in force. Best effort. `None` if there is no limit.
#[cfg(unix)]
pub fn raise_limit() -> Option<usize> {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    /// macOS rejects more than this although the hard limit is infinite (OPEN_MAX).
    const OPEN_MAX: u64 = 10_240;
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
    let wanted = [hard, hard.min(OPEN_MAX)];
    let raised = wanted
        .into_iter()
        .filter(|limit| *limit > soft)
        .find(|limit| setrlimit(Resource::RLIMIT_NOFILE, *limit, hard).is_ok());
    usize::try_from(raised.unwrap_or(soft)).ok()
}

/// As above: Windows has no such limit.
#[cfg(not(unix))]
pub fn raise_limit() -> Option<usize> {
    None
}

/// The number of open files; an estimate if the system does not list them.
pub fn count() -> usize {
    // Linux, macOS and the BSDs. The open directory itself is one of them.
    std::fs::read_dir("/dev/fd").map_or(16, |files| files.count().saturating_sub(1))
}
