//! The JSON of Consul's API, as far as it is read. Lenient: missing and null fields are skipped.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use crate::model::endpoint::{Check, CheckState, Maintenance};
use crate::text::shell_word;

/// One entry of `/v1/health/service/:service`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct Entry {
    pub node: Option<Node>,
    pub service: Option<Service>,
    pub checks: Option<Vec<HealthCheck>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct Node {
    pub node: Option<String>,
    pub address: Option<String>,
    pub datacenter: Option<String>,
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
    pub kind: Option<String>,
    pub proxy: Option<Proxy>,
    pub connect: Option<Connect>,
}

/// The service behind a mesh proxy.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct Proxy {
    pub destination_service_name: Option<String>,
    #[serde(rename = "DestinationServiceID")]
    pub destination_service_id: Option<String>,
}

/// How the instance takes part in the mesh.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct Connect {
    pub native: Option<bool>,
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
    pub passing: Option<u32>,
    pub warning: Option<u32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct HealthCheck {
    #[serde(rename = "CheckID")]
    pub check_id: Option<String>,
    pub name: Option<String>,
    pub status: Option<String>,
    pub notes: Option<String>,
    pub output: Option<String>,
    pub r#type: Option<String>,
}

impl HealthCheck {
    /// Consul represents maintenance as a check (`structs.NodeMaint`, `structs.ServiceMaintPrefix`).
    pub(super) fn is_maintenance(&self) -> bool {
        let id = self.check_id.as_deref().unwrap_or_default();
        id == "_node_maintenance"
            || id.starts_with("_service_maintenance")
            || self.r#type.as_deref() == Some("maintenance")
    }

    pub(super) fn into_check(self) -> Check {
        let is_maintenance = self.is_maintenance();
        let state = match self.status.as_deref() {
            _ if is_maintenance => CheckState::Info,
            Some("passing") => CheckState::Passing,
            Some("critical") => CheckState::Critical,
            _ => CheckState::Warning,
        };
        let named = |text: Option<String>| text.filter(|text| !text.is_empty());
        Check {
            name: named(self.name).or(self.check_id).unwrap_or_default(),
            state,
            status: if is_maintenance { "maintenance".to_string() } else { self.status.unwrap_or_default() },
            // The reason for a maintenance is in the notes of the check.
            output: named(self.output).or(self.notes).unwrap_or_default(),
        }
    }

    /// The maintenance that this check represents, of the instance `id` on `node`.
    pub(super) fn maintenance(&self, node: &str, id: &str) -> Option<Maintenance> {
        if !self.is_maintenance() {
            return None;
        }
        let of_service = self.check_id.as_deref().is_some_and(|check| check.starts_with("_service_maintenance"));
        let service = if of_service { format!(" -service={}", shell_word(id)) } else { String::new() };
        let reason = self.notes.clone().unwrap_or_default();
        Some(Maintenance { reason, end: format!("run `consul maint -disable{service}` on node {node}") })
    }
}
