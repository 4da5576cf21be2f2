//! How many files this process may have open: an idle cycle holds up to a thousand connections beside what it needs
//! otherwise, and the soft limit is usually 1,024.

/// Raises the soft limit to the hard one, as Go's runtime does for every program. Best effort: what then cannot be opened is
/// told as what it is.
#[cfg(target_os = "linux")]
pub fn allow_all() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE)
        && soft < hard
    {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
}

/// Other systems have their own ways.
#[cfg(not(target_os = "linux"))]
pub fn allow_all() {}
