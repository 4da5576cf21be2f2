//! [`Around`]: what stands around the slices: the Service itself and the legacy Endpoints, as far as they may be read. What
//! they say becomes notes; the endpoints are the slices'. Pure.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{Endpoints, Service, ServiceSpec};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::error::KubernetesError;
use super::listing::Listing;
use super::port::virtual_ip;
use crate::model::resolution::{Note, NoteKind};
use crate::text::{self, plural, plural_s};

/// A look at an object.
pub(super) enum Look<T> {
    /// There it is.
    Found(T),
    /// There is none.
    Missing,
    /// It could not be looked at.
    Unseen(KubernetesError),
}

impl<T> From<Result<Option<T>, KubernetesError>> for Look<T> {
    fn from(looked: Result<Option<T>, KubernetesError>) -> Self {
        match looked {
            Ok(Some(object)) => Look::Found(object),
            Ok(None) => Look::Missing,
            Err(error) => Look::Unseen(error),
        }
    }
}

impl<T> Look<T> {
    pub(super) fn found(&self) -> Option<&T> {
        match self {
            Look::Found(object) => Some(object),
            Look::Missing | Look::Unseen(_) => None,
        }
    }
}

/// What stands around the slices.
pub(super) struct Around {
    /// The Service.
    pub service: Look<Service>,
    /// The legacy Endpoints. `None` when they are not to be compared: while things change they lag by nature.
    pub endpoints: Option<Look<Endpoints>>,
}

impl Around {
    /// What is worth knowing besides the endpoints.
    pub(super) fn notes(&self, listing: &Listing) -> Vec<Note> {
        let mut notes = Vec::new();
        let mut say = |kind, text: Option<String>| notes.extend(text.map(|text| Note::new(kind, text)));
        match &self.service {
            Look::Found(service) => {
                let spec = service.spec.as_ref();
                say(NoteKind::Service, spec.and_then(|spec| face(service, spec, listing)));
                say(NoteKind::Service, spec.and_then(ways));
                say(
                    NoteKind::Service,
                    spec.filter(|spec| is_without_selector(spec)).map(|_| WITHOUT_SELECTOR.to_string()),
                );
                if !spec.is_some_and(is_without_selector) {
                    say(NoteKind::Orphaned, orphans(listing, "the Service has a selector"));
                }
            }
            Look::Missing => say(NoteKind::Orphaned, orphans(listing, "there is no such Service")),
            Look::Unseen(error) => {
                say(NoteKind::Service, Some(format!("the Service could not be looked at: {error}")));
            }
        }
        match &self.endpoints {
            Some(Look::Found(endpoints)) if listing.is_understood() => {
                say(NoteKind::Legacy, differ(endpoints, listing));
            }
            Some(Look::Unseen(error)) => {
                say(NoteKind::Service, Some(format!("the legacy Endpoints could not be looked at: {error}")));
            }
            Some(Look::Found(_) | Look::Missing) | None => {}
        }
        notes
    }
}

const WITHOUT_SELECTOR: &str = "the Service has no selector: its EndpointSlices are kept by whoever wrote them, and no readiness probe stands behind them";

/// How the Service shows itself to whoever asks DNS for it.
fn face(service: &Service, spec: &ServiceSpec, listing: &Listing) -> Option<String> {
    let count = listing.addresses().len();
    if spec.type_.as_deref() == Some("ExternalName") {
        let name = spec.external_name.as_deref().unwrap_or_default();
        return Some(format!(
            "the Service is an alias of {name:?} (ExternalName): DNS answers it, Kubernetes lists nobody"
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
            "ClusterIP {ip} port {}: one address in front of {count} endpoint{}; an HTTP/2 connection to it stays with one \
             of them",
            ports.join(", "),
            plural_s(count)
        ));
    }
    let published = spec.publish_not_ready_addresses == Some(true);
    let published = if published { ", those that are not ready included (publishNotReadyAddresses)" } else { "" };
    (spec.cluster_ip.as_deref() == Some("None"))
        .then(|| format!("headless: DNS gives the addresses of the pods themselves{published}"))
}

/// The selector as kubectl takes it: `app=pay,tier=api`.
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
            Some(IntOrString::Int(number)) if *number != port.port => format!(" leads to targetPort {number}"),
            Some(IntOrString::String(name)) => format!(" leads to targetPort {name:?}"),
            Some(IntOrString::Int(_)) | None => String::new(),
        };
        parts.push(format!("port {}{}{to}", port.port, name.unwrap_or_default()));
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

pub(super) fn is_without_selector(spec: &ServiceSpec) -> bool {
    spec.selector.as_ref().is_none_or(|selector| selector.is_empty()) && spec.type_.as_deref() != Some("ExternalName")
}

/// Slices that nobody owns stay when their Service goes, and no controller that made them keeps them true.
fn orphans(listing: &Listing, why: &str) -> Option<String> {
    let orphans: Vec<&str> = listing
        .slices()
        .filter(|slice| slice.metadata.owner_references.as_ref().is_none_or(Vec::is_empty))
        .map(|slice| slice.metadata.name.as_deref().unwrap_or_default())
        .collect();
    let named = text::few(&orphans, ", ", 5);
    (!orphans.is_empty()).then(|| {
        format!(
            "{why}, and {} EndpointSlice{} without an owner, so nothing removes what is wrong in {}: {named}",
            orphans.len(),
            plural(orphans.len(), " is", "s are"),
            plural(orphans.len(), "it", "them")
        )
    })
}

/// What the legacy Endpoints list otherwise. A controller cuts them at 1000.
fn differ(endpoints: &Endpoints, listing: &Listing) -> Option<String> {
    let subsets = || endpoints.subsets.iter().flatten();
    let legacy: BTreeSet<&str> =
        subsets().flat_map(|subset| subset.addresses.iter().flatten()).map(|address| address.ip.as_str()).collect();
    // Endpoints have one family of addresses; the slices may have both.
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
        [("only the Endpoints have", only(&legacy, &ready)), ("only the slices have", only(&ready, &legacy))]
    {
        if !addresses.is_empty() {
            parts.push(format!("{words} {}", addresses.join(", ")));
        }
    }
    let over = endpoints.metadata.annotations.as_ref().is_some_and(|annotations| {
        annotations.get("endpoints.kubernetes.io/over-capacity").is_some_and(|value| value == "truncated")
    });
    if over {
        parts.push("they were cut at 1000".to_string());
    }
    Some(parts.join("; "))
}
