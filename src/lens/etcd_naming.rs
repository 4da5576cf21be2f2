//! etcd's own naming resolver (`etcd:///…`): `client/v3/naming` at v3.5.0 to v3.7.3.
//!
//! A read, then a watch from its revision on. The goroutine returns when the watch ends, and nothing is notified. Not
//! every failure ends it: etcd's client resumes a watch after a lost connection by itself, so [`Input::Unreachable`]
//! does no harm. An error that the server returns (the revision was compacted meanwhile, the token was revoked) ends
//! the watch: this is [`Input::Refuses`] here.
//!
//! [`Input::Unreachable`]: super::Input::Unreachable
//! [`Input::Refuses`]: super::Input::Refuses

use super::watching::{Built, Resolver, Watching};
use super::world::{Answering, World};
use super::{Follows, Hears, LensKind};
use crate::model::endpoint::{Address, EndpointStatus};
use crate::model::registry::WatchApi;

/// etcd's resolver.
pub(super) static ETCD_NAMING: LensKind = LensKind {
    name: "etcd-naming",
    versions: Some(("3.5.0", "3.7.3")),
    follows: Follows::Only(WatchApi::RevisionWatch),
    rule: "its watch ends silently with the first error from etcd (compaction, a revoked token), and the list does not change while the client is busy; an idle period repairs it; when there is no key at the start, calls wait for one",
    fails_with: "connection error: desc = \"transport: Error while dialing",
    remedy: "restart the client, or let it go idle once; a busy client needs an idle timeout shorter than its pauses, or a resolver that restarts its watch",
    links: &[
        "https://github.com/gazette/core/issues/472",
        "https://github.com/etcd-io/etcd/blob/main/client/v3/naming/endpoints/endpoints_impl.go",
        "https://github.com/etcd-io/etcd/blob/main/client/v3/naming/resolver/resolver.go",
    ],
    client: Watching::<EtcdNaming>::boxed,
};

/// The goroutine of one channel, and whether it still runs.
#[derive(Debug)]
struct EtcdNaming {
    holds: Vec<Address>,
    is_watching: bool,
}

impl Resolver for EtcdNaming {
    /// The first read has no time limit; missing keys produce no update.
    fn build(world: &World) -> Built<Self> {
        match world.answering {
            Answering::Unknown | Answering::Silent => Built::Waits,
            Answering::Errors => Built::Fails,
            Answering::Lists => {
                Built::Now(EtcdNaming { holds: world.addresses(EndpointStatus::is_usable), is_watching: true })
            }
        }
    }

    fn told(&mut self, world: &World) {
        match world.answering {
            Answering::Errors => self.is_watching = false,
            Answering::Lists if self.is_watching => self.holds = world.addresses(EndpointStatus::is_usable),
            Answering::Lists | Answering::Unknown | Answering::Silent => {}
        }
    }

    fn holds(&self) -> &[Address] {
        &self.holds
    }

    fn hears(&self) -> Hears {
        match (self.is_watching, self.holds.is_empty()) {
            (true, _) => Hears::Changes,
            (false, false) => Hears::Never,
            (false, true) => Hears::NeverAndHangs,
        }
    }
}
