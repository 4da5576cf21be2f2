//! The limit of open files of this process: every connection is one, and the soft limit is often 1,024 or 256.

use grpc_discover::platform::open_files;
use grpc_discover::session::Plan;

/// Reserved for registries, name servers and other files that are open beside the probes.
const KEPT: usize = 32;

/// With a limit above this, open files need not be counted.
const PLENTY: usize = 16_384;

/// Raises the soft limit to the hard one, as Go's runtime does for every program, and limits concurrent probes and
/// open connections to what it allows: a registry that cannot be queried is worse than an endpoint that was not
/// tried. Connections that fail for lack of descriptors are retried when others are closed.
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

/// How many connections fit beside the open and the reserved files.
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
