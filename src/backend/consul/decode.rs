//! From Consul's JSON to endpoints. Lenient: missing and null fields are skipped, and an unusable entry becomes a
//! note and does not affect the others.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserializer as _, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::answer::{Entry, HealthCheck, Service};
use super::port::{self, ChosenAddress};
use super::target::ConsulTarget;
use crate::backend::unusable::{Unusable, none_left};
use crate::layout::spring;
use crate::model::endpoint::{Check, CheckState, Endpoint, EndpointStatus, Instance};
use crate::model::json;
use crate::model::resolution::{Note, NoteKind};
use crate::text::{few, shorten};

/// The content of a response.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Decoded {
    /// How many entries the answer has.
    pub registered: usize,
    /// The matching instances, in Consul's order.
    pub endpoints: Vec<Endpoint>,
    /// What was left out and why, and how many instances remained after each filter.
    pub notes: Vec<Note>,
}

/// At most this many unusable entries are named.
const NAMED: usize = 20;

/// Calls `each` with every element of the list in `body` in turn; only the current element is in memory.
fn for_each(body: &[u8], each: impl FnMut(&RawValue)) -> Result<(), serde_json::Error> {
    struct Elements<F>(F);
    impl<'de, F: FnMut(&RawValue)> Visitor<'de> for Elements<F> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of instances")
        }

        fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
            while let Some(element) = list.next_element::<&RawValue>()? {
                (self.0)(element);
            }
            Ok(())
        }
    }
    let mut reader = serde_json::Deserializer::from_slice(body);
    reader.deserialize_seq(Elements(each))?;
    reader.end()
}

/// Decodes the list in `body` and keeps the instances that match `target`. Consul is queried for all instances,
/// because the number that remains after each filter is part of the answer. Returns an error when the body is not a
/// list.
pub(super) fn decode(body: &[u8], target: &ConsulTarget) -> Result<Decoded, serde_json::Error> {
    let mut kept = Vec::new();
    let mut skipped = Vec::new();
    let (mut registered, mut garbled, mut unread) = (0, 0, None);
    for_each(body, |entry| {
        registered += 1;
        match decode_one(entry.get()) {
            Ok(endpoint) => kept.push(endpoint),
            Err(why) => {
                if why.is_garbled() {
                    unread.get_or_insert_with(|| why.text().to_string());
                }
                garbled += usize::from(why.is_garbled());
                skipped.push(why.into_text());
            }
        }
    })?;
    let mut funnel = format!("{registered} registered");
    let mut notes = Vec::new();
    if !skipped.is_empty() {
        funnel += &format!(" -> {} with a grpc endpoint", kept.len());
        if kept.is_empty() && garbled == 0 {
            notes.push(none_left(registered, 0, "entries", &skipped[0]));
            notes.push(Note::new(NoteKind::Remedy, NO_GRPC));
        }
        let text = format!("{} of {registered} registered instances cannot be used: {}", skipped.len(), some(&skipped));
        notes.push(Note::new(NoteKind::LeftOut, text));
    }
    if target.passing_only {
        let before = kept.len();
        let (passing, failing): (Vec<Endpoint>, Vec<Endpoint>) = kept.into_iter().partition(passes);
        kept = passing;
        funnel += &format!(" -> {} passing", kept.len());
        if before > 0 && kept.is_empty() {
            let text = format!("none of them passes all of its checks: {}", some(&failing_checks(&failing)));
            notes.push(Note::new(NoteKind::FilteredOut, text));
            let remedy = "Look at the checks that the finding names; without `healthy=true` the instances are listed.";
            notes.push(Note::new(NoteKind::Remedy, remedy));
        } else if !failing.is_empty() {
            let text = format!(
                "{} of {before} instances do not pass their checks, so healthy=true leaves them out: {}",
                failing.len(),
                some(&failing_checks(&failing))
            );
            notes.push(Note::new(NoteKind::LeftOut, text));
        }
    }
    for tag in &target.tags {
        let there: BTreeSet<String> = kept.iter().flat_map(|endpoint| endpoint.tags.iter().cloned()).collect();
        let before = kept.len();
        kept.retain(|endpoint| has_tag(endpoint, tag));
        funnel += &format!(" -> {} tagged {tag:?}", kept.len());
        if before > 0 && kept.is_empty() {
            let text = format!("none of them has the tag {tag:?}: {}", tags_there(&there));
            notes.push(Note::new(NoteKind::FilteredOut, text));
            let plain = ConsulTarget { tags: Vec::new(), token: None, user: None, ..target.clone() };
            let remedy = format!(
                "Query it without the tag, or with one of the existing tags: `grpc-discover resolve '{}'`; or register the instances with the tag {tag:?}.",
                plain
            );
            notes.push(Note::new(NoteKind::Remedy, remedy));
        } else if kept.len() < before {
            let text = format!("{} of {before} instances do not have the tag {tag:?}", before - kept.len());
            notes.push(Note::new(NoteKind::Filtered, text));
        }
    }
    if !target.passing_only && !kept.is_empty() {
        let passing = kept.iter().filter(|endpoint| passes(endpoint)).count();
        funnel += &format!(", {passing} passing");
    }
    if let Some(why) = unread.filter(|_| !kept.iter().any(|endpoint| endpoint.status.is_usable())) {
        notes.push(none_left(registered, garbled, "entries", &why));
        notes.push(Note::new(NoteKind::Remedy, NO_GRPC));
    }
    notes.insert(0, Note::new(NoteKind::Funnel, funnel));
    notes.extend(spring::doubts(&kept));
    let unnamed = skipped.len().saturating_sub(NAMED);
    notes.extend(skipped.into_iter().take(NAMED).map(|why| Note::new(NoteKind::Skipped, why)));
    if unnamed > 0 {
        notes.push(Note::new(NoteKind::Skipped, format!("{unnamed} more entries that cannot be used")));
    }
    Ok(Decoded { registered, endpoints: kept, notes })
}

/// What to do about instances without an endpoint for gRPC.
const NO_GRPC: &str = "Have the instances register their gRPC endpoint as well as the other one (Kratos: pass the gRPC server to kratos.Server; Spring: metadata gRPC_port), with a port from 1 to 65535.";

/// `10.0.0.1:9000 ("pay-1"): check "disk" is warning: 91 % full`, for each of them.
fn failing_checks(endpoints: &[Endpoint]) -> Vec<String> {
    let words = |endpoint: &Endpoint| {
        let id = endpoint.id.as_deref().unwrap_or_default();
        let check = endpoint.checks.iter().find(|check| check.state != CheckState::Passing);
        let check = check.map(|check| {
            let output = shorten(check.output.trim(), 120);
            let output = if output.is_empty() { String::new() } else { format!(": {output}") };
            format!(": check {:?} is {}{output}", check.name, check.status)
        });
        format!("{} ({id:?}){}", endpoint.address, check.unwrap_or_default())
    };
    endpoints.iter().map(words).collect()
}

/// The first of many, and the number of the others.
fn some(all: &[String]) -> String {
    const SHOWN: usize = 3;
    few(all, "; ", SHOWN)
}

/// The tags of instances without the wanted one; only some of many.
fn tags_there(tags: &BTreeSet<String>) -> String {
    const SHOWN: usize = 8;
    if tags.is_empty() {
        return "they have no tags".to_string();
    }
    format!("their tags are {}", few(tags.iter().map(|tag| format!("{tag:?}")), ", ", SHOWN))
}

/// As with Consul's `?passing`: every check is `passing`.
fn passes(endpoint: &Endpoint) -> bool {
    endpoint.checks.iter().all(|check| check.state == CheckState::Passing)
}

/// As with Consul's `?tag=`: case-insensitive.
fn has_tag(endpoint: &Endpoint, tag: &str) -> bool {
    endpoint.tags.iter().any(|own| own.to_lowercase() == tag.to_lowercase())
}

/// `instance "pay-1" on node "n1"`, as far as the names can be read from a malformed entry.
fn instance_in(entry: &str) -> String {
    let entry: Value = serde_json::from_str(entry).unwrap_or_default();
    match (entry["Service"]["ID"].as_str(), entry["Node"]["Node"].as_str()) {
        (Some(id), Some(node)) => format!("instance {id:?} on node {node:?}"),
        (Some(id), None) => format!("instance {id:?}"),
        (None, Some(node)) => format!("an entry of node {node:?}"),
        (None, None) => "an entry".to_string(),
    }
}

fn decode_one(json: &str) -> Result<Endpoint, Unusable> {
    let entry: Entry = json::read(json).map_err(|error| {
        let text = format!("{} cannot be parsed: {error}: {}", instance_in(json), shorten(json, 80));
        Unusable::Garbled(text)
    })?;
    let node = entry.node.unwrap_or_default();
    let Some(service) = entry.service else {
        return Err(Unusable::Garbled(format!("the entry of node {:?} has no Service", node.node.unwrap_or_default())));
    };
    let node_address = node.address.as_deref().unwrap_or_default();
    let checks = entry.checks.unwrap_or_default();
    let types: Vec<&str> = checks.iter().filter_map(|check| check.r#type.as_deref()).collect();
    let ChosenAddress { address, layout, metadata } = port::place(&service, node_address, &types).map_err(|why| {
        let id = service.id.as_deref().unwrap_or_default();
        let text = format!("instance {id:?} on node {:?}: {why}", node.node.as_deref().unwrap_or_default());
        // A service may have no port (0).
        match (0..=65535).contains(&service.port.unwrap_or_default()) {
            true => Unusable::NotGrpc(text),
            false => Unusable::Garbled(text),
        }
    })?;

    let (id, node_name) = (service.id.as_deref().unwrap_or_default(), node.node.as_deref().unwrap_or_default());
    let maintenance = checks.iter().find_map(|check| check.maintenance(node_name, id));
    let mesh = mesh(&service);
    let checks: Vec<Check> = checks.into_iter().map(HealthCheck::into_check).collect();
    let mut status = status(&checks);
    let weight = service.weights.and_then(|weights| match status {
        EndpointStatus::Warning => weights.warning,
        _ => weights.passing,
    });
    if weight == Some(0) && status.is_usable() {
        status = EndpointStatus::Draining;
    }
    let mut endpoint = Endpoint::from(Instance {
        id: service.id.filter(|id| !id.is_empty()),
        status,
        checks,
        weight,
        zone: node.datacenter.filter(|dc| !dc.is_empty()),
        node_address: node_address.parse().ok(),
        node: node.node.filter(|node| !node.is_empty()),
        tags: service.tags.unwrap_or_default(),
        // Consul's own metadata takes precedence; the framework only adds to it.
        metadata: metadata.into_iter().chain(service.meta.unwrap_or_default()).collect(),
        layout: Some(layout),
        ..Instance::new(address)
    });
    if maintenance.is_some() || mesh.is_some() {
        let particulars = endpoint.particulars_mut();
        (particulars.maintenance, particulars.mesh) = (maintenance, mesh);
    }
    Ok(endpoint)
}

/// The mesh information of the instance itself. A sidecar proxy is registered as another service.
fn mesh(service: &Service) -> Option<String> {
    match service.kind.as_deref().unwrap_or_default() {
        "" if service.connect.as_ref().and_then(|connect| connect.native) == Some(true) => {
            Some("Consul Connect native: it accepts only mesh certificates".to_string())
        }
        "" => None,
        "connect-proxy" => {
            let of = service.proxy.as_ref().and_then(|proxy| proxy.destination_service_name.as_deref());
            Some(format!("it is the Consul Connect proxy of {:?}", of.unwrap_or_default()))
        }
        kind => Some(format!("its kind is {kind}")),
    }
}

/// The worst check decides, the node's own (`serfHealth`) included; maintenance is intentional and not a fault.
/// Without any check Consul does not report a status.
fn status(checks: &[Check]) -> EndpointStatus {
    let any = |word: &str| checks.iter().any(|check| check.status == word);
    if any("maintenance") {
        EndpointStatus::Draining
    } else if checks.is_empty() {
        EndpointStatus::Unchecked
    } else if any("critical") {
        EndpointStatus::Critical
    } else if checks.iter().all(|check| check.state == CheckState::Passing) {
        EndpointStatus::Healthy
    } else {
        EndpointStatus::Warning
    }
}

#[cfg(test)]
mod tests;
