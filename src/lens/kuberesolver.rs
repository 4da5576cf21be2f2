//! sercand/kuberesolver (`kubernetes:///…`), `builder.go` at v6.0.0 and v6.0.1, the versions that read EndpointSlices.
//!
//! Every event of a slice replaces the whole list by the ready addresses of that slice, so the slice that was touched last
//! is all the client has. A slice without a ready address publishes nothing, and a deleted one publishes what it held when
//! it went. Which slice an endpoint is in, its metadata says under [`SLICE`]; endpoints that say nothing are one slice.
//! When several slices change at once the order of their events is chance: here deleted ones come first, then the others
//! as listed. The full read every 30 min, which does the same, is left out.

use super::watching::{Built, Resolver, Watching};
use super::world::{Answering, World, addresses};
use super::{Follows, Hears, LensKind};
use crate::model::endpoint::Address;

/// The key in an endpoint's metadata that names its EndpointSlice.
pub const SLICE: &str = "endpointslice";

/// kuberesolver.
pub(super) static KUBERESOLVER: LensKind = LensKind {
    name: "kuberesolver",
    versions: Some(("6.0.0", "6.0.1")),
    follows: Follows::Only("kubernetes"),
    rule: "it holds only the EndpointSlice that was touched last (100 addresses at most), and keeps the last list when \
           nothing is ready",
    fails_with: "connection error: desc = \"transport: Error while dialing",
    remedy: "keep the service within one slice, or use a headless service over DNS; when nothing is ready, calls go to the \
             old addresses until something is",
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
    /// The slices as last seen: their name, and what is ready in them.
    slices: Vec<(String, Vec<Address>)>,
}

impl Kuberesolver {
    fn take(&mut self, ready: &[Address]) {
        if !ready.is_empty() {
            self.holds = ready.to_vec();
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
                let before = std::mem::replace(&mut self.slices, slices(world));
                let now = self.slices.clone();
                let is_gone = |name: &str| !name.is_empty() && now.iter().all(|(listed, _)| listed != name);
                for (_, ready) in before.iter().filter(|(name, _)| is_gone(name)) {
                    self.take(ready);
                }
                for (_, ready) in now.iter().filter(|slice| !before.contains(slice)) {
                    self.take(ready);
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

/// The slices, in the order in which their first endpoints are listed, with what is ready in each.
fn slices(world: &World) -> Vec<(String, Vec<Address>)> {
    let slice_of =
        |metadata: &std::collections::BTreeMap<String, String>| metadata.get(SLICE).cloned().unwrap_or_default();
    let mut names: Vec<String> = Vec::new();
    for endpoint in &world.listed {
        let name = slice_of(&endpoint.metadata);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let ready = |name: &String| {
        let of_it = world.listed.iter().filter(|endpoint| slice_of(&endpoint.metadata) == *name);
        addresses(of_it.filter(|endpoint| endpoint.status.is_usable()))
    };
    names.into_iter().map(|name| (name.clone(), ready(&name))).collect()
}
