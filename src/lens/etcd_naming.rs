//! etcd's own naming resolver (`etcd:///…`): `client/v3/naming` at v3.5.0 to v3.7.3.
//!
//! A read, then a watch from its revision on. The goroutine returns when the watch ends, and nothing is notified. Not
//! every failure ends it: etcd's client resumes a watch after a lost connection by itself, so [`Input::Unreachable`]
//! does no harm. An error that the server returns (the revision was compacted meanwhile, the token was revoked) ends
//! the watch: this is [`Input::Refuses`] here.
//!
//! [`Input::Unreachable`]: super::Input::Unreachable
//! [`Input::Refuses`]: super::Input::Refuses

use super::registry_view::{Availability, RegistryView};
use super::watching::{BuildResult, Resolver, WatchingClient};
use super::{LensKind, NoticesChanges, ResolverSource};
use crate::model::endpoint::{Address, EndpointStatus};
use crate::model::registry::WatchApi;

/// etcd's resolver.
pub(super) static ETCD_NAMING: LensKind = LensKind {
    name: "etcd-naming",
    versions: Some(("3.5.0", "3.7.3")),
    follows: ResolverSource::Only(WatchApi::RevisionWatch),
    rule: "its watch ends without an error report at the first error from etcd (compaction, a revoked token), and the list does not change while the client is busy; an idle period repairs it; when there is no key at the start, calls wait for one",
    fails_with: "connection error: desc = \"transport: Error while dialing",
    remedy: "restart the client, or let it go idle once; a busy client needs an idle timeout shorter than its pauses, or a resolver that restarts its watch",
    links: &[
        "https://github.com/gazette/core/issues/472",
        "https://github.com/etcd-io/etcd/blob/main/client/v3/naming/endpoints/endpoints_impl.go",
        "https://github.com/etcd-io/etcd/blob/main/client/v3/naming/resolver/resolver.go",
    ],
    client: WatchingClient::<EtcdNaming>::boxed,
};

/// The goroutine of one channel, and whether it still runs.
#[derive(Debug)]
struct EtcdNaming {
    holds: Vec<Address>,
    is_watching: bool,
}

impl Resolver for EtcdNaming {
    /// The first read has no time limit; missing keys produce no update.
    fn build(registry: &RegistryView) -> BuildResult<Self> {
        match registry.availability {
            Availability::Unknown | Availability::NoResponse => BuildResult::Waits,
            Availability::Errors => BuildResult::Fails,
            Availability::Lists => {
                BuildResult::Now(EtcdNaming { holds: registry.addresses(EndpointStatus::is_usable), is_watching: true })
            }
        }
    }

    fn registry_changed(&mut self, registry: &RegistryView) {
        match registry.availability {
            Availability::Errors => self.is_watching = false,
            Availability::Lists if self.is_watching => self.holds = registry.addresses(EndpointStatus::is_usable),
            Availability::Lists | Availability::Unknown | Availability::NoResponse => {}
        }
    }

    fn holds(&self) -> &[Address] {
        &self.holds
    }

    fn notices(&self) -> NoticesChanges {
        match (self.is_watching, self.holds.is_empty()) {
            (true, _) => NoticesChanges::Changes,
            (false, false) => NoticesChanges::Never,
            (false, true) => NoticesChanges::NeverAndHangs,
        }
    }
}
