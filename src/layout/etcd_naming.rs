//! etcd's own naming (`go.etcd.io/etcd/client/v3/naming/endpoints`, `internal.Update`): under `<service>/`,
//! `{"Op":0,"Addr":"10.0.0.1:50051","Metadata":null}`.

use serde_json::Value;

use super::{Decoded, Entry, Layout, LayoutError, endpoint, metadata};
use crate::model::endpoint::{Address, LayoutRule};

/// See the [module](self).
pub(super) struct EtcdNaming;

impl Layout for EtcdNaming {
    fn name(&self) -> &'static str {
        "etcd-naming"
    }

    fn prefixes(&self, service: &str) -> Vec<String> {
        vec![format!("{service}/")]
    }

    /// `watch` in `endpoints_impl.go`.
    fn on_garbage(&self) -> Option<&'static str> {
        Some("skip such values with a warning in their log")
    }

    fn read(&self, entry: &Entry<'_>) -> Decoded {
        let Some(object) = entry.object() else { return Decoded::Foreign };
        let Some(Value::String(addr)) = object.get("Addr") else { return Decoded::Foreign };
        match addr.parse::<Address>() {
            Err(source) => Decoded::Unusable(LayoutError::Address { layout: "etcd-naming", what: "Addr", source }),
            Ok(address) => {
                let mut endpoint = endpoint(address, LayoutRule::new("etcd-naming", "Addr"));
                endpoint.metadata = match object.get("Metadata") {
                    None | Some(Value::Null) => Default::default(),
                    Some(Value::Object(_)) => metadata(object.get("Metadata")),
                    Some(other) => [("Metadata".to_string(), other.to_string())].into(),
                };
                Decoded::Endpoints(vec![endpoint])
            }
        }
    }
}
