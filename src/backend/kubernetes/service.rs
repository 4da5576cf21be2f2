//! [`ServiceObjects`]: the objects around the slices: the Service itself and the legacy Endpoints, as far as they may be
//! read. They result in notes; the endpoints come from the slices. Pure.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{Endpoints, Service, ServiceSpec};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::error::KubernetesError;
use super::listing::SliceListing;
use super::port::virtual_ip;
use crate::model::resolution::{Note, NoteKind};
use crate::text::{self, plural, plural_s};

/// The result of reading an object.
pub(super) enum Lookup<T> {
    /// It exists.
    Found(T),
    /// It does not exist.
    Missing,
    /// It could not be read.
    Unreadable(KubernetesError),
}

impl<T> From<Result<Option<T>, KubernetesError>> for Lookup<T> {
    fn from(read: Result<Option<T>, KubernetesError>) -> Self {
        match read {
            Ok(Some(object)) => Lookup::Found(object),
            Ok(None) => Lookup::Missing,
            Err(error) => Lookup::Unreadable(error),
        }
    }
}

impl<T> Lookup<T> {
    pub(super) fn found(&self) -> Option<&T> {
        match self {
            Lookup::Found(object) => Some(object),
            Lookup::Missing | Lookup::Unreadable(_) => None,
        }
    }
}

/// The objects around the slices.
pub(super) struct ServiceObjects {
    /// The Service.
    pub service: Lookup<Service>,
    /// The legacy Endpoints. `None` when they are not to be compared: during changes they always lag.
    pub endpoints: Option<Lookup<Endpoints>>,
}

impl ServiceObjects {
    /// Notes beside the endpoints.
    pub(super) fn notes(&self, listing: &SliceListing) -> Vec<Note> {
        let mut notes = Vec::new();
        let mut note = |kind, text: Option<String>| notes.extend(text.map(|text| Note::new(kind, text)));
        match &self.service {
            Lookup::Found(service) => {
                let spec = service.spec.as_ref();
                note(NoteKind::Service, spec.and_then(|spec| face(service, spec, listing)));
                note(NoteKind::Service, spec.and_then(ways));
                note(
                    NoteKind::Service,
                    spec.filter(|spec| is_without_selector(spec)).map(|_| WITHOUT_SELECTOR.to_string()),
                );
                if !spec.is_some_and(is_without_selector) {
                    note(NoteKind::Orphaned, orphans(listing, "the Service has a selector"));
                }
            }
            Lookup::Missing => note(NoteKind::Orphaned, orphans(listing, "the Service does not exist")),
            Lookup::Unreadable(error) => {
                note(NoteKind::Service, Some(format!("failed to read the Service: {error}")));
            }
        }
        match &self.endpoints {
            Some(Lookup::Found(endpoints)) if listing.is_understood() => {
                note(NoteKind::Legacy, differ(endpoints, listing));
            }
            Some(Lookup::Unreadable(error)) => {
                note(NoteKind::Service, Some(format!("failed to read the legacy Endpoints: {error}")));
            }
            Some(Lookup::Found(_) | Lookup::Missing) | None => {}
        }
        notes
    }
}

const WITHOUT_SELECTOR: &str = "the Service has no selector: its EndpointSlices are maintained by the program that wrote them, and no readiness probe updates them";

/// How the Service appears in DNS.
fn face(service: &Service, spec: &ServiceSpec, listing: &SliceListing) -> Option<String> {
    let count = listing.addresses().len();
    if spec.type_.as_deref() == Some("ExternalName") {
        let name = spec.external_name.as_deref().unwrap_or_default();
        return Some(format!(
            "the Service is an alias of {name:?} (ExternalName): it is resolved by DNS, and Kubernetes lists no endpoint"
        ));
    }
    if let Some(ip) = virtual_ip(service) {
        let ports: Vec<String> = spec
            .ports
            .iter()
            .flatten()
            .map(|port| port.port.to_string())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        return Some(format!(
            "ClusterIP {ip} port {}: one address for {count} endpoint{}; an HTTP/2 connection to it uses one endpoint only",
            ports.join(", "),
            plural_s(count)
        ));
    }
    let published = spec.publish_not_ready_addresses == Some(true);
    let published = if published { ", including pods that are not ready (publishNotReadyAddresses)" } else { "" };
    (spec.cluster_ip.as_deref() == Some("None"))
        .then(|| format!("headless: DNS returns the addresses of the pods{published}"))
}

/// The selector in kubectl's format: `app=pay,tier=api`.
pub(super) fn selector(spec: &ServiceSpec) -> String {
    let pairs = spec.selector.iter().flatten().map(|(label, value)| format!("{label}={value}"));
    pairs.collect::<Vec<_>>().join(",")
}

/// `selector app=pay; port 80 (grpc) leads to targetPort 9000`.
fn ways(spec: &ServiceSpec) -> Option<String> {
    let mut parts = Vec::new();
    if spec.selector.as_ref().is_some_and(|selector| !selector.is_empty()) {
        parts.push(format!("selector {}", selector(spec)));
    }
    for port in spec.ports.iter().flatten() {
        let name = port.name.as_deref().filter(|name| !name.is_empty()).map(|name| format!(" ({name})"));
        let to = match &port.target_port {
            Some(IntOrString::Int(number)) if *number != port.port => format!(" maps to targetPort {number}"),
            Some(IntOrString::String(name)) => format!(" maps to targetPort {name:?}"),
            Some(IntOrString::Int(_)) | None => String::new(),
        };
        parts.push(format!("port {}{}{to}", port.port, name.unwrap_or_default()));
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

pub(super) fn is_without_selector(spec: &ServiceSpec) -> bool {
    spec.selector.as_ref().is_none_or(|selector| selector.is_empty()) && spec.type_.as_deref() != Some("ExternalName")
}

/// Slices without an owner stay when their Service is deleted, and no controller updates them.
fn orphans(listing: &SliceListing, why: &str) -> Option<String> {
    let orphans: Vec<&str> = listing
        .slices()
        .filter(|slice| slice.metadata.owner_references.as_ref().is_none_or(Vec::is_empty))
        .map(|slice| slice.metadata.name.as_deref().unwrap_or_default())
        .collect();
    let named = text::few(&orphans, ", ", 5);
    (!orphans.is_empty()).then(|| {
        format!(
            "{why}, and {} EndpointSlice{} without an owner, so no controller removes outdated addresses from {}: {named}",
            orphans.len(),
            plural(orphans.len(), " is", "s are"),
            plural(orphans.len(), "it", "them")
        )
    })
}

/// The differences in the legacy Endpoints. A controller truncates them at 1000.
fn differ(endpoints: &Endpoints, listing: &SliceListing) -> Option<String> {
    let subsets = || endpoints.subsets.iter().flatten();
    let legacy: BTreeSet<&str> =
        subsets().flat_map(|subset| subset.addresses.iter().flatten()).map(|address| address.ip.as_str()).collect();
    // Endpoints have addresses of one family; the slices may have both.
    let is_theirs = |address: &str| legacy.first().is_none_or(|first| first.contains(':') == address.contains(':'));
    let ready: BTreeSet<&str> = listing
        .addresses()
        .into_iter()
        .filter(|(address, ready)| *ready && is_theirs(address))
        .map(|(address, _)| address)
        .collect();
    if legacy == ready {
        return None;
    }
    let only = |these: &BTreeSet<&str>, those: &BTreeSet<&str>| -> Vec<String> {
        these.difference(those).take(5).map(ToString::to_string).collect()
    };
    let mut parts = vec![format!(
        "the legacy Endpoints list {} ready address{}, the EndpointSlices {}",
        legacy.len(),
        plural(legacy.len(), "", "es"),
        ready.len()
    )];
    for (words, addresses) in
        [("only in the Endpoints:", only(&legacy, &ready)), ("only in the EndpointSlices:", only(&ready, &legacy))]
    {
        if !addresses.is_empty() {
            parts.push(format!("{words} {}", addresses.join(", ")));
        }
    }
    let over = endpoints.metadata.annotations.as_ref().is_some_and(|annotations| {
        annotations.get("endpoints.kubernetes.io/over-capacity").is_some_and(|value| value == "truncated")
    });
    if over {
        parts.push("the Endpoints were truncated at 1000 addresses".to_string());
    }
    Some(parts.join("; "))
}
