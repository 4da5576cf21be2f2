//! go-zero's zrpc clients over etcd (`etcd://…`, `discov://…`): `zrpc/resolver/internal/{discovbuilder,subset}.go`
//! and `core/discov/internal/registry.go`, read at the bounds of each range.
//!
//! Its watch survives everything: it reloads after a compaction and after every reconnection. Building a resolver
//! waits for the first read, without a limit. It uses 32 instances, chosen again at every update; here the choice is
//! always the same. Its `direct://` lists follow no registry, and `k8s://` is not modelled.
//!
//! Up to 1.7.6 `Close` does nothing, which changes no client's addresses: the subscription of every past idle period
//! stays behind at etcd. **1.7.1 has no lens**: it passed the endpoints of the first target in a process to all the
//! others (zeromicro/go-zero#4121, reverted by #4349), and a lens sees one target only.

use super::registry_view::{Availability, RegistryView, subset};
use super::watching::{BuildResult, Resolver, WatchingClient};
use super::{LensKind, NoticesChanges, ResolverSource};
use crate::model::endpoint::{Address, EndpointStatus};
use crate::model::registry::WatchApi;

const SUBSET: Option<usize> = Some(32);
const FOLLOWS: ResolverSource = ResolverSource::Only(WatchApi::RevisionWatch);
const RULE_LEAKS: &str = "it follows changes for a random subset of 32 instances, and queries again at the next call after an idle period; each idle period leaves one more watch open at etcd";
const REMEDY_LEAKS: &str = "upgrade to 1.8.0 or later when the number of etcd watchers grows";
const CLOSE_IS_EMPTY: &[&str] =
    &["https://github.com/zeromicro/go-zero/pull/4589", "https://github.com/zeromicro/go-zero/pull/4349"];

/// `Close` does nothing.
pub(super) static UP_TO_1_7_0: LensKind = LensKind {
    name: "go-zero",
    versions: Some(("1.3.0", "1.7.0")),
    follows: FOLLOWS,
    rule: RULE_LEAKS,
    fails_with: "last connection error: connection error: desc =",
    remedy: REMEDY_LEAKS,
    links: CLOSE_IS_EMPTY,
    client: WatchingClient::<GoZero>::boxed,
};

/// `Close` does nothing, again.
pub(super) static FROM_1_7_2: LensKind = LensKind {
    name: "go-zero",
    versions: Some(("1.7.2", "1.7.6")),
    follows: FOLLOWS,
    rule: RULE_LEAKS,
    fails_with: "last connection error: connection error: desc =",
    remedy: REMEDY_LEAKS,
    links: CLOSE_IS_EMPTY,
    client: WatchingClient::<GoZero>::boxed,
};

/// `Close` ends the subscription.
pub(super) static FROM_1_8_0: LensKind = LensKind {
    name: "go-zero",
    versions: Some(("1.8.0", "1.10.3")),
    follows: FOLLOWS,
    rule: "it follows changes for a random subset of 32 instances, and queries again at the next call after an idle period",
    fails_with: "last connection error: connection error: desc =",
    remedy: "none needed",
    links: &["https://github.com/zeromicro/go-zero/pull/4589", "https://github.com/zeromicro/go-zero/pull/4514"],
    client: WatchingClient::<GoZero>::boxed,
};

/// One subscription.
#[derive(Debug)]
struct GoZero {
    holds: Vec<Address>,
}

impl Resolver for GoZero {
    fn build(registry: &RegistryView) -> BuildResult<Self> {
        match registry.availability {
            Availability::Unknown | Availability::NoResponse | Availability::Errors => BuildResult::Waits,
            Availability::Lists => BuildResult::Now(GoZero { holds: drawn(registry) }),
        }
    }

    /// An empty list is passed on too.
    fn registry_changed(&mut self, registry: &RegistryView) {
        match registry.availability {
            Availability::Lists => self.holds = drawn(registry),
            Availability::Unknown | Availability::NoResponse | Availability::Errors => {}
        }
    }

    fn holds(&self) -> &[Address] {
        &self.holds
    }

    fn notices(&self) -> NoticesChanges {
        NoticesChanges::Changes
    }

    fn subset() -> Option<usize> {
        SUBSET
    }
}

fn drawn(registry: &RegistryView) -> Vec<Address> {
    subset(&registry.addresses(EndpointStatus::is_usable), SUBSET)
}
