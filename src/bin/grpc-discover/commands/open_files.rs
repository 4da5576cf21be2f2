//! How many files this process may have open: every connection is one, and the soft limit is often 1,024 or 256.

use grpc_discover::platform::open_files;
use grpc_discover::session::Plan;

/// Kept for registries, name servers and whatever else is open beside the probes.
const KEPT: usize = 32;

/// With a limit above this there is no need to count what is open.
const PLENTY: usize = 16_384;

/// Raises the soft limit to the hard one, as Go's runtime does for every program, and lets no more probes run and no more
/// connections be open at the same time than the limit allows: a registry that cannot be asked is worse than an endpoint
/// that was not tried. Connections that are refused nevertheless are tried again when others are over.
pub fn prepare(plans: &mut [Plan]) {
    let Some(limit) = open_files::raise_limit() else { return };
    if limit > PLENTY {
        return;
    }
    let each = room(limit, open_files::count()) / plans.len().max(1);
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
