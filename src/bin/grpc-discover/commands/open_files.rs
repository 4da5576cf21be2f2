//! How many files this process may have open: every connection is one, and the soft limit is often 1,024 or 256.

use grpc_discover::session::Plan;

/// Kept for registries, name servers and whatever else is open beside the probes.
const KEPT: usize = 32;

/// With a limit above this there is no need to count what is open.
const PLENTY: usize = 16_384;

/// Raises the soft limit to the hard one, as Go's runtime does for every program, and lets no more probes run and no more
/// connections be open at the same time than the limit allows: a registry that cannot be asked is worse than an endpoint
/// that was not tried.
pub fn prepare(plans: &mut [Plan]) {
    let Some(limit) = raise() else { return };
    if limit > PLENTY {
        return;
    }
    let each = room(limit, open()) / plans.len().max(1);
    for plan in plans {
        plan.limits.concurrency = plan.limits.concurrency.min(each).max(1);
        plan.limits.connections = Some(each.max(1));
    }
}

/// How many connections fit beside what is open and kept.
fn room(limit: usize, open: usize) -> usize {
    let left = limit.saturating_sub(open);
    left - KEPT.min(left / 2)
}

/// How many files are open; a guess where the system does not list them.
fn open() -> usize {
    // Linux, macOS and the BSDs. The directory itself is one of them.
    std::fs::read_dir("/dev/fd").map_or(16, |files| files.count().saturating_sub(1))
}

/// Raises the soft limit; gives the one in force. Best effort: connections that are refused nevertheless are tried again
/// when others are over.
#[cfg(unix)]
fn raise() -> Option<usize> {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    /// macOS refuses more than this although the hard limit is infinite (OPEN_MAX).
    const OPEN_MAX: u64 = 10_240;
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
    let wanted = [hard, hard.min(OPEN_MAX)];
    let raised = wanted
        .into_iter()
        .filter(|limit| *limit > soft)
        .find(|limit| setrlimit(Resource::RLIMIT_NOFILE, *limit, hard).is_ok());
    usize::try_from(raised.unwrap_or(soft)).ok()
}

/// Other systems have no such limit.
#[cfg(not(unix))]
fn raise() -> Option<usize> {
    None
}

#[cfg(test)]
mod tests {
    use super::room;

    #[test]
    fn probes_get_what_registries_do_not_need() {
        assert_eq!(room(256, 10), 214);
        assert_eq!(room(64, 10), 27);
        assert_eq!(room(40, 10), 15);
        assert_eq!(room(10, 10), 0);
    }
}
