//! kitex (`kitex-contrib/registry-etcd`): under `kitex/registry-etcd/<service>/` (older: `/<service>/`),
//! `{"network":"tcp","address":"ip:port","weight":10,"tags":{}}`. In ZooKeeper (`kitex-contrib/registry-zookeeper`)
//! the address is the node's name, under `/<service>`, and the value `{"Weight":10,"Tags":{}}`; in Eureka
//! (`kitex-contrib/registry-eureka`) that is the metadata `meta`. In Consul (`kitex-contrib/registry-consul`) the
//! tags are `key:value` texts, and only the id identifies kitex.

use std::time::Duration;

use serde_json::{Map, Value};

#[cfg(feature = "eureka")]
use super::ServiceAddressError;
#[cfg(feature = "consul")]
use super::consul::{Framework, Instance};
use super::{Decoded, Entry, Layout, LayoutError, endpoint, metadata, text_of};
use crate::model::endpoint::{Address, Endpoint, LayoutRule};

/// What kitex's own reader uses instead of a weight that is not positive (`discovery.DefaultWeight`).
const DEFAULT_WEIGHT: u32 = 10;

/// See the [module](self).
pub(super) struct Kitex;

impl Layout for Kitex {
    fn name(&self) -> &'static str {
        "kitex"
    }

    fn prefixes(&self, service: &str) -> Vec<String> {
        vec![format!("kitex/registry-etcd/{service}/"), format!("/{service}/")]
    }

    fn nodes(&self, service: &str) -> Vec<String> {
        vec![format!("/{service}")]
    }

    /// `ttlKey` and its default in `etcd_registry.go`.
    fn lease(&self) -> Option<Duration> {
        Some(Duration::from_secs(60))
    }

    fn read(&self, entry: &Entry<'_>) -> Decoded {
        let Some(object) = entry.object() else { return Decoded::Foreign };
        let (Some(network), Some(text)) = (text_of(&object, "network"), text_of(&object, "address")) else {
            return named(&object, entry.rest);
        };
        let address = match network {
            "tcp" | "tcp4" | "tcp6" => text.parse::<Address>(),
            "unix" => format!("unix:{text}").parse(),
            _ => {
                return Decoded::Unusable(LayoutError::Network(network.to_string()));
            }
        };
        match address {
            Err(source) => Decoded::Unusable(LayoutError::Address { layout: "kitex", what: "address", source }),
            Ok(address) => {
                let (weight, tags) = (object.get("weight"), object.get("tags"));
                Decoded::Endpoints(vec![weighed(endpoint(address, LayoutRule::new("kitex", "address")), weight, tags)])
            }
        }
    }
}

/// The value in ZooKeeper: the two members and no other.
fn named(object: &Map<String, Value>, name: &str) -> Decoded {
    match (name.parse::<Address>(), entity(object)) {
        (Ok(address), Some((weight, tags))) => Decoded::Endpoints(vec![weighed(
            endpoint(address, LayoutRule::new("kitex", "node name")),
            Some(weight),
            tags,
        )]),
        _ => Decoded::Foreign,
    }
}

/// Weight and tags of an object with no other members (`entity.RegistryEntity`).
fn entity(object: &Map<String, Value>) -> Option<(&Value, Option<&Value>)> {
    let member = |names: [&str; 2]| names.into_iter().find_map(|name| object.get(name));
    let weight = member(["Weight", "weight"]).filter(|_| object.len() <= 2)?;
    Some((weight, member(["Tags", "tags"])))
}

/// The instance at `host` and `port` if `meta` is what kitex writes to Eureka. Its reader uses the address and the
/// port, whatever the host name is and whether or not the port is enabled: kitex writes neither in the usual form.
#[cfg(feature = "eureka")]
pub(crate) fn in_eureka(meta: &str, host: Option<&str>, port: Option<i64>) -> Option<Result<Endpoint, LayoutError>> {
    let object: Map<String, Value> = serde_json::from_str(meta).ok()?;
    let (weight, tags) = entity(&object)?;
    let address = match (host, port) {
        (Some(host), Some(port)) => super::join(host, port),
        _ => Err(ServiceAddressError::Missing),
    };
    let of = |address| weighed(endpoint(address, LayoutRule::new("kitex", "ipAddr and port")), Some(weight), tags);
    Some(address.map(of).map_err(|source| LayoutError::Place { layout: "kitex", found: None, source }))
}

/// Recognises an instance by its id, `<name>:<address>:<port>`, by tags that are all pairs, and by the absence of
/// metadata.
#[cfg(feature = "consul")]
pub(super) fn in_consul(instance: &Instance<'_>) -> Option<Result<Framework, LayoutError>> {
    let Instance { id, name, address, port, tags, meta, .. } = *instance;
    if id != format!("{name}:{address}:{port}") || !meta.is_empty() {
        return None;
    }
    let pairs = tags.iter().map(|tag| tag.split_once(':').map(|(name, value)| (name.to_string(), value.to_string())));
    let metadata = pairs.collect::<Option<_>>()?;
    Some(Ok(Framework::new("kitex", metadata)))
}

fn weighed(mut endpoint: Endpoint, weight: Option<&Value>, tags: Option<&Value>) -> Endpoint {
    let weight = weight.and_then(Value::as_i64).unwrap_or_default();
    endpoint.weight = Some(u32::try_from(weight).ok().filter(|weight| *weight > 0).unwrap_or(DEFAULT_WEIGHT));
    endpoint.metadata = metadata(tags);
    endpoint
}
