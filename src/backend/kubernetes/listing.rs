//! [`Listing`]: every EndpointSlice of a service, and what they add up to. Pure.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::discovery::v1::{Endpoint as SliceEndpoint, EndpointConditions, EndpointSlice};

use super::port::{self, Port};
use crate::model::endpoint::{Address, Check, Endpoint, EndpointKey, EndpointStatus};
use crate::model::resolution::{Note, NoteKind};
use crate::model::target::ServicePort;

/// The key in an endpoint's metadata that names its EndpointSlice; kuberesolver's lens reads it.
pub(super) const SLICE: &str = "endpointslice";
/// The key that names further slices which list the endpoint too.
const ALSO: &str = "also_in";
/// At most so many things are named in a sentence.
const NAMED: usize = 5;

/// What to do about slices without the port.
const NO_PORT: &str = "Name a port that the slices have (kubernetes:///SERVICE:PORT), or add it to the Service and to the \
                       containers of its pods: `kubectl get endpointslices -l kubernetes.io/service-name=SERVICE -o yaml`.";

/// The slices, by name.
pub(super) struct Listing {
    wanted: Option<ServicePort>,
    fallback: Option<u16>,
    slices: BTreeMap<String, EndpointSlice>,
}

impl Listing {
    /// `wanted`: which port; `fallback`: for slices that say none.
    pub(super) fn new(wanted: Option<ServicePort>, fallback: Option<u16>, slices: Vec<EndpointSlice>) -> Self {
        let mut listing = Listing { wanted, fallback, slices: BTreeMap::new() };
        for slice in slices {
            listing.put(slice);
        }
        listing
    }

    /// Takes a new or changed slice in.
    pub(super) fn put(&mut self, slice: EndpointSlice) {
        self.slices.insert(slice.metadata.name.clone().unwrap_or_default(), slice);
    }

    /// A slice has gone.
    pub(super) fn delete(&mut self, slice: &EndpointSlice) {
        self.slices.remove(slice.metadata.name.as_deref().unwrap_or_default());
    }

    pub(super) fn is_empty(&self) -> bool {
        self.slices.is_empty()
    }

    pub(super) fn slices(&self) -> impl Iterator<Item = &EndpointSlice> {
        self.slices.values()
    }

    /// Every address that any slice lists, and whether it is ready there.
    pub(super) fn addresses(&self) -> BTreeMap<&str, bool> {
        let mut addresses = BTreeMap::new();
        for endpoint in self.slices().flat_map(|slice| &slice.endpoints) {
            if let Some(address) = endpoint.addresses.first() {
                *addresses.entry(address.as_str()).or_insert(false) |= status(endpoint).0.is_usable();
            }
        }
        addresses
    }

    /// Every endpoint, those of the first slice first, and what is to be known about them.
    pub(super) fn answer(&self, service: Option<&Service>) -> (Vec<Endpoint>, Vec<Note>) {
        let mut joined = Joined::default();
        let mut skipped: BTreeMap<String, usize> = BTreeMap::new();
        let virtual_ip = service.and_then(super::around::virtual_ip);
        for (name, slice) in &self.slices {
            let chosen = port::choose(slice.ports.as_deref(), self.wanted.as_ref(), service, self.fallback);
            for listed in &slice.endpoints {
                match chosen.as_ref().map_err(Clone::clone).and_then(|port| endpoint(listed, slice, name, port)) {
                    Ok(mut endpoint) => {
                        if let Some(ip) = virtual_ip {
                            endpoint.metadata.insert(super::VIRTUAL_IP.to_string(), ip.to_string());
                        }
                        joined.add(endpoint, name);
                    }
                    Err(why) => *skipped.entry(why).or_default() += 1,
                }
            }
        }
        let notes = self.notes(&joined, skipped);
        (joined.endpoints, notes)
    }

    fn notes(&self, joined: &Joined, skipped: BTreeMap<String, usize>) -> Vec<Note> {
        let left_out: usize = skipped.values().sum();
        let listed: usize = self.slices().map(|slice| slice.endpoints.len()).sum();
        let mut funnel = format!("{listed} in {} EndpointSlice{}", self.slices.len(), plural(self.slices.len()));
        if left_out > 0 {
            funnel += &format!(" -> {} with the port", listed - left_out);
        }
        if joined.duplicates > 0 {
            funnel += &format!(" -> {} different", joined.endpoints.len());
        }
        let ready = joined.endpoints.iter().filter(|endpoint| endpoint.status.is_usable()).count();
        if ready < joined.endpoints.len() {
            funnel += &format!(" -> {ready} ready");
        }
        let mut notes = vec![Note::new(NoteKind::Funnel, funnel)];
        if let Some(why) = skipped.keys().next() {
            if joined.endpoints.is_empty() {
                notes.push(Note::new(NoteKind::FilteredOut, why.clone()));
                notes.push(Note::new(NoteKind::Remedy, NO_PORT));
            }
            let each: Vec<String> = skipped.iter().take(NAMED).map(|(why, count)| format!("{count}: {why}")).collect();
            let text = format!("{left_out} of {listed} endpoints cannot be used: {}", each.join("; "));
            notes.push(Note::new(NoteKind::LeftOut, text));
        }
        notes.extend(
            skipped
                .into_iter()
                .take(NAMED)
                .map(|(why, count)| Note::new(NoteKind::Skipped, format!("{count} endpoint{}: {why}", plural(count)))),
        );
        notes
    }
}

/// Endpoints that several slices may list: while a controller moves one, two do.
#[derive(Default)]
struct Joined {
    endpoints: Vec<Endpoint>,
    places: BTreeMap<EndpointKey, usize>,
    duplicates: usize,
}

impl Joined {
    /// Ready in one of them is ready, as kube-proxy takes it.
    fn add(&mut self, endpoint: Endpoint, slice: &str) {
        match self.places.entry(endpoint.key()) {
            Entry::Vacant(place) => {
                place.insert(self.endpoints.len());
                self.endpoints.push(endpoint);
            }
            Entry::Occupied(place) => {
                self.duplicates += 1;
                let known = &mut self.endpoints[*place.get()];
                let also = known.metadata.entry(ALSO.to_string()).or_default();
                let separator = if also.is_empty() { "" } else { "," };
                also.push_str(&format!("{separator}{slice}"));
                if rank(endpoint.status) < rank(known.status) {
                    known.status = endpoint.status;
                    known.checks.clone_from(&endpoint.checks);
                }
            }
        }
    }
}

fn rank(status: EndpointStatus) -> u8 {
    match status {
        EndpointStatus::Healthy | EndpointStatus::Unchecked => 0,
        EndpointStatus::Warning => 1,
        EndpointStatus::Draining => 2,
        EndpointStatus::Critical => 3,
    }
}

/// One endpoint of a slice. Of several addresses the first counts, as it does for kube-proxy: the others have no meaning.
fn endpoint(listed: &SliceEndpoint, slice: &EndpointSlice, name: &str, port: &Port) -> Result<Endpoint, String> {
    let Some(host) = listed.addresses.first() else { return Err("it has no address".to_string()) };
    let address = Address::from_host_port(host, port.number);
    if matches!(address, Address::Name { .. }) && slice.address_type != "FQDN" {
        return Err(format!("{host:?} is no {} address", slice.address_type));
    }
    let mut endpoint = Endpoint::new(address);
    (endpoint.status, endpoint.checks) = status(listed);
    endpoint.id = listed.target_ref.as_ref().and_then(|target| target.name.clone());
    endpoint.zone.clone_from(&listed.zone);
    endpoint.node.clone_from(&listed.node_name);
    endpoint.layout = Some(format!("endpointslice: {}", port.rule));
    let mut say = |key: &str, value: Option<&String>| {
        endpoint.metadata.extend(value.map(|value| (key.to_string(), value.clone())));
    };
    say(SLICE, Some(&name.to_string()));
    say("port_name", port.name.as_ref());
    say("app_protocol", port.app_protocol.as_ref());
    say("hostname", listed.hostname.as_ref());
    let zones: BTreeSet<&str> = listed
        .hints
        .iter()
        .flat_map(|hints| hints.for_zones.iter().flatten())
        .map(|zone| zone.name.as_str())
        .filter(|zone| listed.zone.as_deref() != Some(zone))
        .collect();
    if !zones.is_empty() {
        say("for_zones", Some(&zones.into_iter().collect::<Vec<_>>().join(",")));
    }
    Ok(endpoint)
}

/// What the conditions come to. `ready` that is not said counts as true; `serving` is `ready` then, and `terminating` false.
fn status(listed: &SliceEndpoint) -> (EndpointStatus, Vec<Check>) {
    let none = EndpointConditions::default();
    let conditions = listed.conditions.as_ref().unwrap_or(&none);
    let ready = conditions.ready.unwrap_or(true);
    let serving = conditions.serving.unwrap_or(ready);
    let terminating = conditions.terminating.unwrap_or(false);
    let check =
        |name: &str, status: String, output: &str| Check { name: name.to_string(), status, output: output.to_string() };
    if terminating {
        let words = match (ready, serving) {
            (true, _) => "the pod is being deleted, and still called ready (publishNotReadyAddresses)",
            (false, true) => "the pod is being deleted and still passes its readiness probe",
            (false, false) => "the pod is being deleted and no longer serves",
        };
        let mut checks = vec![check("terminating", "true".to_string(), words)];
        if ready {
            checks.push(check("ready", "passing".to_string(), ""));
        }
        return (EndpointStatus::Draining, checks);
    }
    if ready {
        return (EndpointStatus::Healthy, vec![check("ready", "passing".to_string(), "")]);
    }
    let words = "the pod does not pass its readiness probe";
    (EndpointStatus::Critical, vec![check("ready", "false".to_string(), words)])
}

pub(super) fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}
