//! sercand/kuberesolver (`kubernetes:///…`), `builder.go` at v6.0.0 and v6.0.1, the versions that read
//! EndpointSlices; v6.0.1 is compared with this model on Kubernetes' own API server in `tests/it/lens`.
//!
//! * Every event of a slice replaces the whole list by the addresses of that slice whose `ready` is true, so the
//!   client has only the slice that was touched last. A pod that is not ready yet touches it too, and so does one that
//!   moves to another slice. Being deleted does not count: where `publishNotReadyAddresses` keeps such a pod ready, it
//!   is held.
//! * A slice without a ready address publishes nothing. A deleted one publishes its last content.
//! * A watch starts with every slice, by name. So does a watch that is opened again after the server ended it or sent
//!   an error (410 Gone: without a port in the target the module panics, recovers, and queries again a second later).
//!
//! Each endpoint lists the slices that it is in ([`Particulars::slices`]); endpoints that list none form one slice.
//! Left out: the full read every 30 min, which has the same effect; a slice that is emptied and stays (the controller
//! deletes all but the last), which is treated as deleted; endpoints without `ready`, which the module drops; its
//! port, which is the first of the slice when the target has none, and a Service's port that is taken for the port of
//! the pods.

use std::collections::BTreeMap;

use super::registry_view::{Availability, RegistryView, addresses};
use super::watching::{BuildResult, Resolver, WatchingClient};
use super::{LensKind, NoticesChanges, ResolverSource};
#[cfg(doc)]
use crate::model::endpoint::Particulars;
use crate::model::endpoint::{Address, Endpoint};
use crate::model::registry::WatchApi;

/// kuberesolver.
pub(super) static KUBERESOLVER: LensKind = LensKind {
    name: "kuberesolver",
    versions: Some(("6.0.0", "6.0.1")),
    follows: ResolverSource::Only(WatchApi::SliceWatch),
    rule: "it has only the EndpointSlice that changed last (at most 100 addresses), the last by name whenever its watch restarts, and keeps the last list when no endpoint is ready",
    fails_with: "connection error: desc = \"transport: Error while dialing",
    remedy: "keep the service within one slice, or use a headless service over DNS; when no endpoint is ready, calls go to the old addresses until one is",
    links: &[
        "https://github.com/sercand/kuberesolver/issues/66",
        "https://github.com/sercand/kuberesolver/issues/54",
        "https://github.com/sercand/kuberesolver/issues/4",
    ],
    client: WatchingClient::<Kuberesolver>::boxed,
};

/// The watch of one channel.
#[derive(Debug, Default)]
struct Kuberesolver {
    holds: Vec<Address>,
    /// The slices as they were last listed.
    slices: Slices,
}

/// What each slice lists, by its name: a watch starts with them in this order.
type Slices = BTreeMap<String, Vec<Endpoint>>;

impl Kuberesolver {
    /// An event of a slice that lists these endpoints.
    fn take(&mut self, listed: &[Endpoint]) {
        let ready = addresses(listed.iter().filter(|endpoint| is_ready(endpoint)));
        if !ready.is_empty() {
            self.holds = ready;
        }
    }
}

impl Resolver for Kuberesolver {
    fn build(registry: &RegistryView) -> BuildResult<Self> {
        let mut resolver = Kuberesolver::default();
        resolver.registry_changed(registry);
        BuildResult::Now(resolver)
    }

    fn registry_changed(&mut self, registry: &RegistryView) {
        match registry.availability {
            Availability::Lists => {
                let now = slices(registry);
                let before = std::mem::replace(&mut self.slices, now.clone());
                let is_gone = |name: &String| !name.is_empty() && !now.contains_key(name);
                for (_, listed) in before.iter().filter(|(name, _)| is_gone(name)) {
                    self.take(listed);
                }
                let is_as_before = |name, listed| before.get(name).is_some_and(|before| are_equivalent(before, listed));
                for (_, listed) in now.iter().filter(|(name, listed)| !is_as_before(*name, listed)) {
                    self.take(listed);
                }
            }
            // The watch must be opened again, and then every slice counts as touched.
            Availability::Errors => self.slices.clear(),
            Availability::Unknown | Availability::NoResponse => {}
        }
    }

    fn holds(&self) -> &[Address] {
        &self.holds
    }

    fn notices(&self) -> NoticesChanges {
        NoticesChanges::Changes
    }
}

/// The slices, each with what it lists.
fn slices(registry: &RegistryView) -> Slices {
    let mut slices = Slices::new();
    for endpoint in &registry.listed {
        let mut listed = endpoint.clone();
        if let Some(particulars) = &mut listed.particulars {
            // Attributes that may change without a change of the slice.
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

/// True when the slice was not touched. The order is not the slice's own where one of its pods is also in another
/// slice.
fn are_equivalent(before: &[Endpoint], now: &[Endpoint]) -> bool {
    before.len() == now.len() && now.iter().all(|now| before.iter().any(|before| before.is_equivalent(now)))
}

/// True when its slice lists it as ready, which is also possible for a pod that is being deleted.
fn is_ready(endpoint: &Endpoint) -> bool {
    endpoint.is_still_ready() || endpoint.status.is_usable()
}
