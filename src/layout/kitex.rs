//! kitex (`kitex-contrib/registry-etcd`): under `kitex/registry-etcd/<service>/` (older: `/<service>/`),
//! `{"network":"tcp","address":"ip:port","weight":10,"tags":{}}`.

use std::time::Duration;

use serde_json::Value;

use super::{Entry, Layout, Reading, endpoint, metadata, text_of};
use crate::model::endpoint::Address;

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

    /// `ttlKey` and its default in `etcd_registry.go`.
    fn lease(&self) -> Option<Duration> {
        Some(Duration::from_secs(60))
    }

    fn read(&self, entry: &Entry<'_>) -> Reading {
        let Some(object) = entry.object() else { return Reading::Foreign };
        let (Some(network), Some(text)) = (text_of(&object, "network"), text_of(&object, "address")) else {
            return Reading::Foreign;
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
                let mut endpoint = endpoint(address, "kitex: address");
                let weight = object.get("weight").and_then(Value::as_i64).unwrap_or_default();
                endpoint.weight =
                    Some(u32::try_from(weight).ok().filter(|weight| *weight > 0).unwrap_or(DEFAULT_WEIGHT));
                endpoint.metadata = metadata(object.get("tags"));
                Reading::Endpoints(vec![endpoint])
            }
        }
    }
}
