//! Curator's service discovery in ZooKeeper (`curator-x-discovery`, `ServiceInstance`): under `/services/<name>/`,
//! `{"name","id","address","port","payload":{…}}`. The payload belongs to the framework that uses Curator: Spring
//! Cloud, Dubbo.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{metadata, text_of};

/// An instance as Curator writes it.
pub(super) struct Instance {
    /// Its host.
    pub address: String,
    /// Its port; 0 if it has none of its own.
    pub port: i64,
    /// Did Spring Cloud write it? (`payload.@class`)
    pub is_springs: bool,
    /// `payload.metadata`.
    pub metadata: BTreeMap<String, String>,
}

/// Where the instances of `service` are.
pub(super) fn nodes(service: &str) -> Vec<String> {
    vec![format!("/services/{service}")]
}

/// Reads an instance; `None` when it is not Curator's.
pub(super) fn instance(object: &Map<String, Value>) -> Option<Instance> {
    let (_, address) = (text_of(object, "name")?, text_of(object, "address")?);
    let payload = object.get("payload").and_then(Value::as_object)?;
    let port = object.get("port").and_then(Value::as_i64).unwrap_or_default();
    let is_springs = text_of(payload, "@class").is_some_and(|class| class.starts_with("org.springframework.cloud."));
    Some(Instance { address: address.to_string(), port, is_springs, metadata: metadata(payload.get("metadata")) })
}
