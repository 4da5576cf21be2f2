//! [`SliceListing`]: every EndpointSlice of a service, and the endpoints that they add up to. Pure.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::discovery::v1::{Endpoint as SliceEndpoint, EndpointConditions, EndpointSlice};

use super::port::{self, Port};
use super::read::{Garbled, Read, Slice};
use super::target::ServicePort;
use super::unread::Unread;
use crate::backend::unusable::{Unusable, none_left};
use crate::model::endpoint::{Address, Check, CheckState, Endpoint, EndpointKey, EndpointStatus, LayoutRule, SliceRef};
use crate::model::resolution::{Note, NoteKind};
use crate::text::plural_s;

/// At most this many items are named in a sentence.
const NAMED: usize = 5;

/// What to do about slices without the port.
const NO_PORT: &str = "Use a port that the slices list (kubernetes:///SERVICE:PORT), or add the port to the Service and to the containers of its pods. To see the ports: `kubectl get endpointslices -l kubernetes.io/service-name=SERVICE -o yaml`.";

/// What to do about slices that cannot be read.
const UNREAD: &str = "Find out what was written and by which program (`kubectl get endpointslices -l kubernetes.io/service-name=SERVICE -o yaml --show-managed-fields`), and correct or delete it.";

/// The slices, by name.
pub(super) struct SliceListing {
    wanted: Option<ServicePort>,
    fallback: Option<u16>,
    slices: BTreeMap<String, Slice>,
    /// Those that cannot be read. The last readable version of each, if there was one, is in `slices`.
    unread: Unread,
}

impl SliceListing {
    /// `wanted`: which port; `fallback`: for slices that list none.
    pub(super) fn new(wanted: Option<ServicePort>, fallback: Option<u16>, slices: Vec<Read<Slice>>) -> Self {
        let mut listing = SliceListing { wanted, fallback, slices: BTreeMap::new(), unread: Unread::default() };
        for slice in slices {
            match slice {
                Ok(slice) => listing.put(slice),
                Err(garbled) => listing.unread.listed(garbled),
            }
        }
        listing
    }

    /// Adds or replaces a slice.
    pub(super) fn put(&mut self, slice: Slice) {
        let name = slice.whole.metadata.name.clone().unwrap_or_default();
        self.unread.forget(&name);
        self.slices.insert(name, slice);
    }

    /// A slice was added or changed, and cannot be read: its previous version is used until it can.
    pub(super) fn cannot_read(&mut self, garbled: Garbled) {
        self.unread.changed(garbled);
    }

    /// The slice with this name was removed.
    pub(super) fn delete(&mut self, name: &str) {
        self.unread.forget(name);
        self.slices.remove(name);
    }

    /// True when there is no slice, readable or not.
    pub(super) fn is_empty(&self) -> bool {
        self.slices.is_empty() && self.unread.is_empty()
    }

    /// True when every slice can be read, with all of its endpoints.
    pub(super) fn is_understood(&self) -> bool {
        self.unread.is_empty() && self.slices.values().all(|slice| slice.unread.is_empty())
    }

    pub(super) fn slices(&self) -> impl Iterator<Item = &EndpointSlice> {
        self.slices.values().map(|slice| &slice.whole)
    }

    /// Every address in any slice, and whether it is ready there.
    pub(super) fn addresses(&self) -> BTreeMap<&str, bool> {
        let mut addresses = BTreeMap::new();
        for endpoint in self.slices().flat_map(|slice| &slice.endpoints) {
            if let Some(address) = endpoint.addresses.first() {
                *addresses.entry(address.as_str()).or_insert(false) |= status(endpoint).0.is_usable();
            }
        }
        addresses
    }

    /// Every endpoint, those of the first slice first, with notes.
    pub(super) fn answer(&self, service: Option<&Service>) -> (Vec<Endpoint>, Vec<Note>) {
        let mut joined = MergedSlices::default();
        let mut skipped: BTreeMap<Unusable, usize> = BTreeMap::new();
        let virtual_ip = service.and_then(port::virtual_ip);
        for (name, Slice { whole: slice, unread }) in &self.slices {
            for why in unread {
                let why = Unusable::Garbled(format!("EndpointSlice {name:?}: {why}"));
                *skipped.entry(why).or_default() += 1;
            }
            let chosen = port::choose(slice.ports.as_deref(), self.wanted.as_ref(), service, self.fallback);
            for listed in &slice.endpoints {
                let chosen = chosen.as_ref().map_err(|error| Unusable::NotGrpc(error.to_string()));
                match chosen.and_then(|port| endpoint(listed, slice, name, port)) {
                    Ok(mut endpoint) => {
                        endpoint.particulars_mut().virtual_ip = virtual_ip;
                        joined.add(endpoint, name);
                    }
                    Err(why) => *skipped.entry(why).or_default() += 1,
                }
            }
        }
        let notes = self.notes(&joined, skipped);
        (joined.endpoints, notes)
    }

    fn notes(&self, joined: &MergedSlices, skipped: BTreeMap<Unusable, usize>) -> Vec<Note> {
        let left_out: usize = skipped.values().sum();
        let listed = self.slices.values().map(|slice| slice.whole.endpoints.len() + slice.unread.len()).sum();
        let mut notes = vec![Note::new(NoteKind::Funnel, self.funnel(joined, listed, left_out))];
        if !joined.endpoints.iter().any(|endpoint| endpoint.status.is_usable()) {
            notes.extend(self.why_none(joined.endpoints.is_empty(), listed, &skipped));
        }
        let reasons = self.unread.reasons("EndpointSlice");
        if !reasons.is_empty() {
            let (unread, total) = (self.unread.len(), self.count());
            let each = reasons.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join("; ");
            let text = format!("{unread} of {total} EndpointSlices cannot be read: {each}");
            notes.push(Note::new(NoteKind::LeftOut, text));
        }
        if !skipped.is_empty() {
            let each = skipped.iter().take(NAMED).map(|(why, count)| format!("{count}: {}", why.text()));
            let each = each.collect::<Vec<_>>().join("; ");
            let text = format!("{left_out} of {listed} endpoints cannot be used: {each}");
            notes.push(Note::new(NoteKind::LeftOut, text));
        }
        let endpoints =
            skipped.iter().map(|(why, count)| format!("{count} endpoint{}: {}", plural_s(*count), why.text()));
        notes.extend(reasons.into_iter().take(NAMED).map(|why| Note::new(NoteKind::Skipped, why)));
        notes.extend(endpoints.take(NAMED).map(|why| Note::new(NoteKind::Skipped, why)));
        notes
    }

    /// The number of slices, readable or not.
    fn count(&self) -> usize {
        self.slices.len() + self.unread.len_without(|name| self.slices.contains_key(name))
    }

    fn funnel(&self, joined: &MergedSlices, listed: usize, left_out: usize) -> String {
        let mut funnel = format!("{listed} in {} EndpointSlice{}", self.count(), plural_s(self.count()));
        if left_out > 0 {
            funnel += &format!(" -> {} with the port", listed - left_out);
        }
        if joined.duplicates > 0 {
            funnel += &format!(" -> {} distinct", joined.endpoints.len());
        }
        let ready = joined.endpoints.iter().filter(|endpoint| endpoint.status.is_usable()).count();
        if ready < joined.endpoints.len() {
            funnel += &format!(" -> {ready} ready");
        }
        funnel
    }

    /// Why none of the listed endpoints can be used; `is_empty` when no endpoint is left.
    fn why_none(&self, is_empty: bool, listed: usize, skipped: &BTreeMap<Unusable, usize>) -> Vec<Note> {
        if let Some(why) = self.unread.reasons("EndpointSlice").first() {
            return vec![
                none_left(self.count(), self.unread.len(), "EndpointSlices", why),
                Note::new(NoteKind::Remedy, UNREAD),
            ];
        }
        // Unreadable entries come first.
        let Some((why, _)) = skipped.first_key_value() else { return Vec::new() };
        let garbled = skipped.iter().filter(|(why, _)| why.is_garbled()).map(|(_, count)| count).sum();
        match why {
            Unusable::Garbled(why) => {
                vec![none_left(listed, garbled, "endpoints", why), Note::new(NoteKind::Remedy, UNREAD)]
            }
            Unusable::NotGrpc(_) if !is_empty => Vec::new(),
            Unusable::NotGrpc(why) => {
                vec![Note::new(NoteKind::FilteredOut, why.clone()), Note::new(NoteKind::Remedy, NO_PORT)]
            }
        }
    }
}

/// Endpoints that several slices may list: while a controller moves one, two slices have it.
#[derive(Default)]
struct MergedSlices {
    endpoints: Vec<Endpoint>,
    places: BTreeMap<EndpointKey, usize>,
    duplicates: usize,
}

impl MergedSlices {
    /// Ready in one of them is ready, as in kube-proxy.
    fn add(&mut self, endpoint: Endpoint, slice: &str) {
        match self.places.entry(endpoint.key()) {
            Entry::Vacant(place) => {
                place.insert(self.endpoints.len());
                self.endpoints.push(endpoint);
            }
            Entry::Occupied(place) => {
                self.duplicates += 1;
                let known = &mut self.endpoints[*place.get()];
                known.particulars_mut().slices.push(SliceRef { name: slice.to_string() });
                if rank(endpoint.status) < rank(known.status) {
                    known.status = endpoint.status;
                    known.particulars_mut().is_still_ready = endpoint.is_still_ready();
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

/// One endpoint of a slice. Of several addresses the first is used, as in kube-proxy: the others have no meaning.
fn endpoint(listed: &SliceEndpoint, slice: &EndpointSlice, name: &str, port: &Port) -> Result<Endpoint, Unusable> {
    let Some(host) = listed.addresses.first() else {
        return Err(Unusable::Garbled(format!("an endpoint of EndpointSlice {name:?} has no address")));
    };
    let address = Address::from_host_port(host, port.number);
    if matches!(address, Address::Name { .. }) && slice.address_type != "FQDN" {
        let text = format!("{host:?} in EndpointSlice {name:?} is not an {} address", slice.address_type);
        return Err(Unusable::Garbled(text));
    }
    let mut endpoint = Endpoint::new(address);
    (endpoint.status, endpoint.checks) = status(listed);
    endpoint.id = listed.target_ref.as_ref().and_then(|target| target.name.clone());
    endpoint.zone.clone_from(&listed.zone);
    endpoint.node.clone_from(&listed.node_name);
    endpoint.layout = Some(LayoutRule::new("endpointslice", port.rule.clone()));
    let is_still_ready = endpoint.status == EndpointStatus::Draining && is_ready(listed);
    let particulars = endpoint.particulars_mut();
    (particulars.slices, particulars.is_still_ready) = (vec![SliceRef { name: name.to_string() }], is_still_ready);
    let mut set = |key: &str, value: Option<&String>| {
        endpoint.metadata.extend(value.map(|value| (key.to_string(), value.clone())));
    };
    set("port_name", port.name.as_ref());
    set("app_protocol", port.app_protocol.as_ref());
    set("hostname", listed.hostname.as_ref());
    let zones: BTreeSet<&str> = listed
        .hints
        .iter()
        .flat_map(|hints| hints.for_zones.iter().flatten())
        .map(|zone| zone.name.as_str())
        .filter(|zone| listed.zone.as_deref() != Some(zone))
        .collect();
    if !zones.is_empty() {
        set("for_zones", Some(&zones.into_iter().collect::<Vec<_>>().join(",")));
    }
    Ok(endpoint)
}

/// A missing `ready` counts as true.
fn is_ready(listed: &SliceEndpoint) -> bool {
    listed.conditions.as_ref().and_then(|conditions| conditions.ready).unwrap_or(true)
}

/// The status from the conditions. A missing `ready` counts as true; a missing `serving` is equal to `ready`, and a
/// missing `terminating` is false.
fn status(listed: &SliceEndpoint) -> (EndpointStatus, Vec<Check>) {
    let none = EndpointConditions::default();
    let conditions = listed.conditions.as_ref().unwrap_or(&none);
    let ready = is_ready(listed);
    let serving = conditions.serving.unwrap_or(ready);
    let terminating = conditions.terminating.unwrap_or(false);
    let check = |name: &str, state: CheckState, status: &str, output: &str| Check {
        name: name.to_string(),
        state,
        status: status.to_string(),
        output: output.to_string(),
    };
    if terminating {
        let words = match (ready, serving) {
            (true, _) => "the pod is being deleted and is still reported as ready (publishNotReadyAddresses)",
            (false, true) => "the pod is being deleted and still passes its readiness probe",
            (false, false) => "the pod is being deleted and no longer serves",
        };
        let mut checks = vec![check("terminating", CheckState::Info, "true", words)];
        if ready {
            checks.push(check("ready", CheckState::Passing, "passing", ""));
        }
        return (EndpointStatus::Draining, checks);
    }
    if ready {
        return (EndpointStatus::Healthy, vec![check("ready", CheckState::Passing, "passing", "")]);
    }
    let words = "the pod does not pass its readiness probe";
    (EndpointStatus::Critical, vec![check("ready", CheckState::Critical, "false", words)])
}
