//! The types of what registries list.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Coded;

/// A backend's list changed, or was received for the first time.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Endpoints {
    /// The service.
    pub target: String,
    /// Which backend.
    pub backend: &'static str,
    /// The source as queried.
    pub source: String,
    /// New instances.
    pub added: Vec<Endpoint>,
    /// Instances that were removed, as last seen.
    pub removed: Vec<Endpoint>,
    /// Instances with changed data.
    pub changed: Vec<Endpoint>,
    /// How many the backend lists now.
    pub total: usize,
    /// What the registry reported about the response.
    pub notes: Vec<Note>,
    /// Which of these changes another source reported earlier.
    pub lags: Vec<Lag>,
}

/// An address that was added or removed later here than in another source.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Lag {
    /// The address.
    pub address: String,
    /// `added` or `removed`.
    pub change: &'static str,
    /// The source that reported it first.
    pub behind: String,
    /// How much earlier.
    pub lag_ms: u64,
}

/// What a registry reported about a response.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Note {
    /// A stable code.
    pub kind: &'static str,
    /// The sentence.
    pub text: String,
}

/// One instance, as one registry lists it.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Endpoint {
    /// The endpoint's address.
    pub address: String,
    /// The registry's own name for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// `healthy`, `unchecked`, `warning`, `critical` or `draining`.
    pub status: &'static str,
    /// The registry's checks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Check>,
    /// Relative weight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
    /// SRV priority.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<u16>,
    /// Zone, datacenter or locality.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// The node that runs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Tags as registered.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Metadata as registered.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    /// How long the registration stays valid without renewal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl_ms: Option<u64>,
    /// The framework layout that was recognised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layout: Option<String>,
}

/// One check of a registry.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Check {
    /// The check's name.
    pub name: String,
    /// The status as the registry names it.
    pub status: String,
    /// Its output.
    pub output: String,
}

/// A backend's watch changed its state.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Backend {
    /// The service.
    pub target: String,
    /// Which backend.
    pub backend: &'static str,
    /// The source as queried.
    pub source: String,
    /// `watching`, `broken`, `recovered` or `ended`.
    pub status: &'static str,
    /// Why it broke.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Coded>,
    /// How long until it is queried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_in_ms: Option<u64>,
    /// How long it had been broken, if it recovered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gap_ms: Option<u64>,
}
