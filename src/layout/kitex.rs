//! kitex (`kitex-contrib/registry-etcd`): under `kitex/registry-etcd/<service>/` (older: `/<service>/`),
//! `{"network":"tcp","address":"ip:port","weight":10,"tags":{}}`. In ZooKeeper (`kitex-contrib/registry-zookeeper`) the
//! address is the node's name, under `/<service>`, and the value `{"Weight":10,"Tags":{}}`.

use std::time::Duration;

use serde_json::{Map, Value};

use super::{Entry, Layout, Reading, endpoint, metadata, text_of};
use crate::model::endpoint::{Address, Endpoint};

/// What kitex's own reader takes for a weight that is not positive (`discovery.DefaultWeight`).
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

    fn read(&self, entry: &Entry<'_>) -> Reading {
        let Some(object) = entry.object() else { return Reading::Foreign };
        let (Some(network), Some(text)) = (text_of(&object, "network"), text_of(&object, "address")) else {
            return named(&object, entry.rest);
        };
        let address = match network {
            "tcp" | "tcp4" | "tcp6" => text.parse::<Address>(),
            "unix" => format!("unix:{text}").parse(),
            _ => {
                return Reading::Unusable(format!(
                    "kitex: it listens on network {network:?}, where no gRPC client connects"
                ));
            }
        };
        match address {
            Err(error) => Reading::Unusable(format!("kitex: its address {error}")),
            Ok(address) => {
                let (weight, tags) = (object.get("weight"), object.get("tags"));
                Reading::Endpoints(vec![weighed(endpoint(address, "kitex: address"), weight, tags)])
            }
        }
    }
}

/// What is written into ZooKeeper: the two members and no other.
fn named(object: &Map<String, Value>, name: &str) -> Reading {
    let member = |names: [&str; 2]| names.into_iter().find_map(|name| object.get(name));
    let (weight, tags) = (member(["Weight", "weight"]), member(["Tags", "tags"]));
    match name.parse::<Address>() {
        Ok(address) if weight.is_some() && object.len() <= 2 => {
            Reading::Endpoints(vec![weighed(endpoint(address, "kitex: node name"), weight, tags)])
        }
        _ => Reading::Foreign,
    }
}

fn weighed(mut endpoint: Endpoint, weight: Option<&Value>, tags: Option<&Value>) -> Endpoint {
    let weight = weight.and_then(Value::as_i64).unwrap_or_default();
    endpoint.weight = Some(u32::try_from(weight).ok().filter(|weight| *weight > 0).unwrap_or(DEFAULT_WEIGHT));
    endpoint.metadata = metadata(tags);
    endpoint
}
