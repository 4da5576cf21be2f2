//! mbobakov/grpc-consul-resolver (`consul://…`), `consul.go` and `target.go` at v1.4.0 to v1.5.3.
//!
//! `healthy=true` in the target makes it query for passing instances only; the default is all instances. Its index is
//! not reset when Consul's index decreases (an agent restored from a snapshot): it then misses changes until its wait
//! has ended, for which a lens has no input. It writes IPv6 addresses without brackets, so that they cannot be dialed;
//! here they can.

use super::registry_view::{Availability, RegistryView};
use super::watching::{BuildResult, Resolver, WatchingClient};
use super::{LensKind, NoticesChanges, ResolverSource};
use crate::model::endpoint::Address;
use crate::model::registry::WatchApi;

/// mbobakov's resolver.
pub(super) static MBOBAKOV_CONSUL: LensKind = LensKind {
    name: "mbobakov-consul",
    versions: Some(("1.4.0", "1.5.3")),
    follows: ResolverSource::Only(WatchApi::BlockingQuery),
    rule: "it follows changes while it is not idle and queries again at the next call; without healthy=true in the target it also has instances whose checks are critical",
    fails_with: "connection error: desc = \"transport: Error while dialing",
    remedy: "add healthy=true to the target",
    links: &[
        "https://github.com/mbobakov/grpc-consul-resolver",
        "https://github.com/mbobakov/grpc-consul-resolver/issues/32",
    ],
    client: WatchingClient::<MbobakovConsul>::boxed,
};

/// The loop of one channel.
#[derive(Debug, Default)]
struct MbobakovConsul {
    holds: Vec<Address>,
}

impl Resolver for MbobakovConsul {
    fn build(registry: &RegistryView) -> BuildResult<Self> {
        let mut resolver = MbobakovConsul::default();
        resolver.registry_changed(registry);
        BuildResult::Now(resolver)
    }

    /// Everything that is listed, in alphabetical order, even if the list is empty. A failed query is repeated.
    fn registry_changed(&mut self, registry: &RegistryView) {
        match registry.availability {
            Availability::Lists => {
                self.holds = registry.addresses(|_| true);
                self.holds.sort_by_cached_key(ToString::to_string);
            }
            Availability::Unknown | Availability::NoResponse | Availability::Errors => {}
        }
    }

    fn holds(&self) -> &[Address] {
        &self.holds
    }

    fn notices(&self) -> NoticesChanges {
        NoticesChanges::Changes
    }
}
