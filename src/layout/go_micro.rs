//! go-micro (`registry/etcd`): under `/micro/registry/<service>/` (slashes in the name become dashes), the service as JSON
//! with its one node: `{"name","version","metadata","endpoints","nodes":[{"id","address","metadata":{"protocol":"grpc"}}]}`.

use serde_json::Value;

use super::{Entry, Layout, Reading, endpoint, metadata, text_of};
use crate::model::endpoint::Address;

/// See the [module](self).
pub(super) struct GoMicro;

impl Layout for GoMicro {
    fn name(&self) -> &'static str {
        "go-micro"
    }

    fn prefixes(&self, service: &str) -> Vec<String> {
        vec![format!("/micro/registry/{}/", service.replace('/', "-"))]
    }

    fn read(&self, entry: &Entry<'_>) -> Reading {
        let Some(object) = entry.object() else { return Reading::Foreign };
        let Some(Value::Array(nodes)) = object.get("nodes") else { return Reading::Foreign };
        let mut found = Vec::new();
        let mut why = "go-micro registered it without any node".to_string();
        for node in nodes.iter().filter_map(Value::as_object) {
            let Some(address) = text_of(node, "address") else {
                why = "go-micro: its node has no address".to_string();
                continue;
            };
            let metadata = metadata(node.get("metadata"));
            // Its servers say what they speak: grpc, http, or mucp, go-micro's own.
            if let Some(protocol) = metadata.get("protocol").filter(|protocol| *protocol != "grpc") {
                why = format!("go-micro registered it for {protocol} only, not for grpc");
                continue;
            }
            match address.parse::<Address>() {
                Err(error) => why = format!("go-micro: its node's address {error}"),
                Ok(address) => {
                    let mut endpoint = endpoint(address, "go-micro: node address");
                    endpoint.metadata = metadata;
                    if let Some(version) = text_of(&object, "version") {
                        endpoint.metadata.entry("version".to_string()).or_insert_with(|| version.to_string());
                    }
                    found.push(endpoint);
                }
            }
        }
        if found.is_empty() { Reading::Unusable(why) } else { Reading::Endpoints(found) }
    }
}
