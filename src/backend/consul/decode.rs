//! From Consul's JSON to endpoints. Lenient: what is missing or null is left out, and an entry that cannot be used
//! becomes a note and spoils no other.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::port::{self, Place};
use crate::layout::spring;
use crate::model::endpoint::{Check, Endpoint, EndpointStatus};
use crate::model::resolution::{Note, NoteKind};
use crate::model::target::ConsulTarget;
use crate::model::text::shorten;

/// One entry of `/v1/health/service/:service`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Entry {
    node: Option<Node>,
    service: Option<Service>,
    checks: Option<Vec<HealthCheck>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Node {
    node: Option<String>,
    address: Option<String>,
    datacenter: Option<String>,
}

/// The instance as it was registered.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct Service {
    #[serde(rename = "ID")]
    pub id: Option<String>,
    #[serde(rename = "Service")]
    pub name: Option<String>,
    pub address: Option<String>,
    pub socket_path: Option<PathBuf>,
    pub port: Option<i64>,
    pub ports: Option<Vec<NamedPort>>,
    pub tags: Option<Vec<String>>,
    pub meta: Option<BTreeMap<String, String>>,
    pub tagged_addresses: Option<BTreeMap<String, TaggedAddress>>,
    pub weights: Option<Weights>,
}

/// One of several ports (Consul 1.22).
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct NamedPort {
    pub name: String,
    pub port: i64,
    pub default: bool,
}

/// An address for a purpose: `lan_ipv4`, or Kratos's `grpc`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct TaggedAddress {
    pub address: String,
    pub port: i64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct Weights {
    passing: Option<u32>,
    warning: Option<u32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct HealthCheck {
    #[serde(rename = "CheckID")]
    check_id: Option<String>,
    name: Option<String>,
    status: Option<String>,
    notes: Option<String>,
    output: Option<String>,
    r#type: Option<String>,
}

impl HealthCheck {
    /// Maintenance is a check of its own (`structs.NodeMaint`, `structs.ServiceMaintPrefix`).
    fn is_maintenance(&self) -> bool {
        let id = self.check_id.as_deref().unwrap_or_default();
        id == "_node_maintenance"
            || id.starts_with("_service_maintenance")
            || self.r#type.as_deref() == Some("maintenance")
    }

    fn into_check(self) -> Check {
        let maintenance = self.is_maintenance();
        let named = |text: Option<String>| text.filter(|text| !text.is_empty());
        Check {
            name: named(self.name).or(self.check_id).unwrap_or_default(),
            status: if maintenance { "maintenance".to_string() } else { self.status.unwrap_or_default() },
            // The reason for a maintenance stands in its notes.
            output: named(self.output).or(self.notes).unwrap_or_default(),
        }
    }
}

/// What an answer holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Decoded {
    /// The instances that were asked for, in Consul's order.
    pub endpoints: Vec<Endpoint>,
    /// What was left out and why, and how many were left after each filter.
    pub notes: Vec<Note>,
}

/// At most so many entries are named that could not be used.
const NAMED: usize = 20;

/// Decodes `entries` and keeps what `target` asks for. Consul is asked for all of them: how many were left after each
/// filter is half of the answer.
pub(super) fn decode(entries: &[Box<RawValue>], target: &ConsulTarget) -> Decoded {
    let mut kept = Vec::new();
    let mut skipped = Vec::new();
    for entry in entries {
        match decode_one(entry.get()) {
            Ok(endpoint) => kept.push(endpoint),
            Err(why) => skipped.push(why),
        }
    }
    let mut funnel = format!("{} registered", entries.len());
    let mut filtered_out = None;
    if !skipped.is_empty() {
        funnel += &format!(" -> {} with a grpc endpoint", kept.len());
        if kept.is_empty() {
            filtered_out = skipped.first().map(|why| format!("none of them has a gRPC endpoint: {why}"));
        }
    }
    if target.passing_only {
        let before = kept.len();
        kept.retain(passes);
        funnel += &format!(" -> {} passing", kept.len());
        if before > 0 && kept.is_empty() {
            filtered_out = Some("none of them passes all of its checks".to_string());
        }
    }
    for tag in &target.tags {
        let there: BTreeSet<String> = kept.iter().flat_map(|endpoint| endpoint.tags.iter().cloned()).collect();
        let before = kept.len();
        kept.retain(|endpoint| has_tag(endpoint, tag));
        funnel += &format!(" -> {} tagged {tag:?}", kept.len());
        if before > 0 && kept.is_empty() {
            filtered_out = Some(format!("none of them is tagged {tag:?}: {}", tags_there(&there)));
        }
    }
    if !target.passing_only && !kept.is_empty() {
        let passing = kept.iter().filter(|endpoint| passes(endpoint)).count();
        funnel += &format!(", {passing} passing");
    }
    let mut notes = vec![Note::new(NoteKind::Funnel, funnel)];
    notes.extend(filtered_out.map(|why| Note::new(NoteKind::FilteredOut, why)));
    notes.extend(spring::doubts(&kept));
    let unnamed = skipped.len().saturating_sub(NAMED);
    notes.extend(skipped.into_iter().take(NAMED).map(|why| Note::new(NoteKind::Skipped, why)));
    if unnamed > 0 {
        notes.push(Note::new(NoteKind::Skipped, format!("{unnamed} more entries that cannot be used")));
    }
    Decoded { endpoints: kept, notes }
}

/// The tags that instances without the wanted one have; only some of many.
fn tags_there(tags: &BTreeSet<String>) -> String {
    const SHOWN: usize = 8;
    if tags.is_empty() {
        return "they have no tags".to_string();
    }
    let shown: Vec<String> = tags.iter().take(SHOWN).map(|tag| format!("{tag:?}")).collect();
    let more = tags.len().saturating_sub(SHOWN);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!("the tags there are {}{more}", shown.join(", "))
}

/// As Consul's `?passing` has it: no check says anything else than `passing`.
fn passes(endpoint: &Endpoint) -> bool {
    endpoint.checks.iter().all(|check| check.status == "passing")
}

/// As Consul's `?tag=` has it: letters' case makes no difference.
fn has_tag(endpoint: &Endpoint, tag: &str) -> bool {
    endpoint.tags.iter().any(|own| own.to_lowercase() == tag.to_lowercase())
}

/// The error names the instance and says why it cannot be used.
fn decode_one(json: &str) -> Result<Endpoint, String> {
    let entry: Entry = serde_json::from_str(json)
        .map_err(|error| format!("an entry is not understood: {error}: {}", shorten(json, 80)))?;
    let node = entry.node.unwrap_or_default();
    let Some(service) = entry.service else {
        return Err(format!("the entry of node {:?} has no Service", node.node.unwrap_or_default()));
    };
    let node_address = node.address.as_deref().unwrap_or_default();
    let checks = entry.checks.unwrap_or_default();
    let types: Vec<&str> = checks.iter().filter_map(|check| check.r#type.as_deref()).collect();
    let Place { address, layout, metadata } = port::place(&service, node_address, &types).map_err(|why| {
        let id = service.id.as_deref().unwrap_or_default();
        format!("instance {id:?} on node {:?}: {why}", node.node.as_deref().unwrap_or_default())
    })?;

    let checks: Vec<Check> = checks.into_iter().map(HealthCheck::into_check).collect();
    let mut status = status(&checks);
    let weight = service.weights.and_then(|weights| match status {
        EndpointStatus::Warning => weights.warning,
        _ => weights.passing,
    });
    if weight == Some(0) && status.is_usable() {
        status = EndpointStatus::Draining;
    }
    Ok(Endpoint {
        id: service.id.filter(|id| !id.is_empty()),
        status,
        checks,
        weight,
        zone: node.datacenter.filter(|dc| !dc.is_empty()),
        node_address: node_address.parse().ok(),
        node: node.node.filter(|node| !node.is_empty()),
        tags: service.tags.unwrap_or_default(),
        // What Consul says stands; the framework only adds to it.
        metadata: metadata.into_iter().chain(service.meta.unwrap_or_default()).collect(),
        layout: Some(layout),
        ..Endpoint::new(address)
    })
}

/// The worst check decides, the node's own (`serfHealth`) included; maintenance is a will and no fault. Without any
/// check Consul does not judge.
fn status(checks: &[Check]) -> EndpointStatus {
    let any = |word: &str| checks.iter().any(|check| check.status == word);
    if any("maintenance") {
        EndpointStatus::Draining
    } else if checks.is_empty() {
        EndpointStatus::Unchecked
    } else if any("critical") {
        EndpointStatus::Critical
    } else if checks.iter().all(|check| check.status == "passing") {
        EndpointStatus::Healthy
    } else {
        EndpointStatus::Warning
    }
}

#[cfg(test)]
mod tests;
