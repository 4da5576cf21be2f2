//! sercand/kuberesolver (`kubernetes:///…`), `builder.go` at v6.0.0 and v6.0.1, the versions that read EndpointSlices;
//! v6.0.1 is held against Kubernetes' own API server in `tests/it/lens`.
//!
//! * Every event of a slice replaces the whole list by the addresses of that slice whose `ready` is true, so the slice that
//!   was touched last is all the client has: touched by a pod that is not ready yet, too, or by one that moves to another
//!   slice. Being deleted does not count: where `publishNotReadyAddresses` keeps such a pod ready, it is held.
//! * A slice without a ready address publishes nothing. A deleted one publishes what it held when it went.
//! * A watch begins with every slice, by name; so does the one that is made again when the server ended it or sent an error
//!   (410 Gone: without a port in the target the module panics, recovers, and asks again a second later).
//!
//! Which slices an endpoint is in, it says itself ([`Particulars::slices`]); endpoints that say nothing are one slice.
//! Left out: the full read every 30 min, which does the same; a slice that is emptied and stays (the controller deletes all
//! but the last), which is taken for deleted; endpoints that say nothing of `ready`, which the module drops; its port, which
//! is the first of the slice when the target has none, and a Service's port taken for the pods'.

use std::collections::BTreeMap;

use super::watching::{Built, Resolver, Watching};
use super::world::{Answering, World, addresses};
use super::{Follows, Hears, LensKind};
#[cfg(doc)]
use crate::model::endpoint::Particulars;
use crate::model::endpoint::{Address, Endpoint};
use crate::model::registry::WatchApi;

/// kuberesolver.
pub(super) static KUBERESOLVER: LensKind = LensKind {
    name: "kuberesolver",
    versions: Some(("6.0.0", "6.0.1")),
    follows: Follows::Only(WatchApi::SliceWatch),
    rule: "it has only the EndpointSlice that changed last (at most 100 addresses), the last by name whenever its watch restarts, and keeps the last list when no endpoint is ready",
    fails_with: "connection error: desc = \"transport: Error while dialing",
    remedy: "keep the service within one slice, or use a headless service over DNS; when no endpoint is ready, calls go to the old addresses until one is",
    links: &[
        "https://github.com/sercand/kuberesolver/issues/66",
        "https://github.com/sercand/kuberesolver/issues/54",
        "https://github.com/sercand/kuberesolver/issues/4",
    ],
    client: Watching::<Kuberesolver>::boxed,
};

/// The watch behind one channel.
#[derive(Debug, Default)]
struct Kuberesolver {
    holds: Vec<Address>,
    /// The slices as last seen.
    slices: Slices,
}

/// What each slice lists, by its name: the order in which a watch begins with them.
type Slices = BTreeMap<String, Vec<Endpoint>>;

impl Kuberesolver {
    /// An event of a slice that lists these.
    fn take(&mut self, listed: &[Endpoint]) {
        let ready = addresses(listed.iter().filter(|endpoint| is_ready(endpoint)));
        if !ready.is_empty() {
            self.holds = ready;
        }
    }
}

impl Resolver for Kuberesolver {
    fn build(world: &World) -> Built<Self> {
        let mut resolver = Kuberesolver::default();
        resolver.told(world);
        Built::Now(resolver)
    }

    fn told(&mut self, world: &World) {
        match world.answering {
            Answering::Lists => {
                let now = slices(world);
                let before = std::mem::replace(&mut self.slices, now.clone());
                let is_gone = |name: &String| !name.is_empty() && !now.contains_key(name);
                for (_, listed) in before.iter().filter(|(name, _)| is_gone(name)) {
                    self.take(listed);
                }
                let is_as_before = |name, listed| before.get(name).is_some_and(|before| say_the_same(before, listed));
                for (_, listed) in now.iter().filter(|(name, listed)| !is_as_before(*name, listed)) {
                    self.take(listed);
                }
            }
            // The watch has to be made again, and then every slice is touched.
            Answering::Errors => self.slices.clear(),
            Answering::Unknown | Answering::Silent => {}
        }
    }

    fn holds(&self) -> &[Address] {
        &self.holds
    }

    fn hears(&self) -> Hears {
        Hears::Changes
    }
}

/// The slices, each with what it lists.
fn slices(world: &World) -> Slices {
    let mut slices = Slices::new();
    for endpoint in &world.listed {
        let mut listed = endpoint.clone();
        if let Some(particulars) = &mut listed.particulars {
            // What changes without a change of the slice.
            (particulars.slices, particulars.virtual_ip) = (Vec::new(), None);
        }
        if endpoint.slices().is_empty() {
            slices.entry(String::new()).or_default().push(listed.clone());
        }
        for slice in endpoint.slices() {
            slices.entry(slice.name.clone()).or_default().push(listed.clone());
        }
    }
    slices
}

/// Whether nothing has touched the slice. The order is not the slice's own where one of its pods is in another one, too.
fn say_the_same(before: &[Endpoint], now: &[Endpoint]) -> bool {
    before.len() == now.len() && now.iter().all(|now| before.iter().any(|before| before.says_the_same(now)))
}

/// Whether its slice calls it ready, which a pod that is being deleted may be, too.
fn is_ready(endpoint: &Endpoint) -> bool {
    endpoint.is_still_ready() || endpoint.status.is_usable()
}
