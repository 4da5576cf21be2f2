//! go-micro (`registry/etcd`): under `/micro/registry/<service>/` (slashes in the name become dashes), the service as
//! JSON with its single node:
//! `{"name","version","metadata","endpoints","nodes":[{"id","address","metadata":{"protocol":"grpc"}}]}`.
//!
//! In Consul (`registry/consul/encoding.go`) version and metadata are tags: `v-` and `t-`, then a text or an object
//! of texts, compressed with zlib, in hexadecimal; its first versions wrote `v=` and `t=` and the plain text. Newer
//! ones (v4 of the plugin) repeat the metadata in Consul's own, but never the version.

#[cfg(feature = "consul")]
use std::collections::BTreeMap;

use serde_json::Value;

#[cfg(feature = "consul")]
use super::consul::{Framework, Instance};
use super::{Decoded, Entry, Layout, LayoutError, endpoint, metadata, not_grpc, text_of};
use crate::model::endpoint::{Address, LayoutRule};

/// The layout's name.
const NAME: &str = "go-micro";

/// See the [module](self).
pub(super) struct GoMicro;

impl Layout for GoMicro {
    fn name(&self) -> &'static str {
        NAME
    }

    fn prefixes(&self, service: &str) -> Vec<String> {
        vec![format!("/micro/registry/{}/", service.replace('/', "-"))]
    }

    fn read(&self, entry: &Entry<'_>) -> Decoded {
        let Some(object) = entry.object() else { return Decoded::Foreign };
        let Some(Value::Array(nodes)) = object.get("nodes") else { return Decoded::Foreign };
        let mut found = Vec::new();
        let mut why = LayoutError::NoServer { layout: NAME, what: "a node" };
        for node in nodes.iter().filter_map(Value::as_object) {
            let Some(address) = text_of(node, "address") else {
                why = LayoutError::NoNodeAddress;
                continue;
            };
            let metadata = metadata(node.get("metadata"));
            if let Some(error) = refused(metadata.get("protocol")) {
                why = error;
                continue;
            }
            match address.parse::<Address>() {
                Err(source) => why = LayoutError::Address { layout: NAME, what: "node address", source },
                Ok(address) => {
                    let mut endpoint = endpoint(address, LayoutRule::new(NAME, "node address"));
                    endpoint.metadata = metadata;
                    if let Some(version) = text_of(&object, "version") {
                        endpoint.metadata.entry("version".to_string()).or_insert_with(|| version.to_string());
                    }
                    found.push(endpoint);
                }
            }
        }
        if found.is_empty() { Decoded::Unusable(why) } else { Decoded::Endpoints(found) }
    }
}

/// Why `protocol` is unusable: its servers register grpc, http, or mucp, go-micro's own protocol.
fn refused(protocol: Option<&String>) -> Option<LayoutError> {
    protocol.filter(|protocol| *protocol != "grpc").map(|other| not_grpc(NAME, [other]))
}

/// Limit for the unpacked size of a tag: any program can write one.
#[cfg(feature = "consul")]
const UNPACKED: usize = 16 * 1024;

/// Reads the tags. go-micro's own reader uses nothing else, so they take precedence over Consul's metadata; an
/// unreadable one is left out, as it does.
#[cfg(feature = "consul")]
pub(super) fn in_consul(instance: &Instance<'_>) -> Option<Result<Framework, LayoutError>> {
    let mut metadata = BTreeMap::new();
    let (mut is_ours, mut version) = (false, None);
    for tag in instance.tags {
        if let Some(text) = tag.strip_prefix("v-").and_then(unpacked) {
            (is_ours, version) = (true, Some(text));
        } else if let Some(text) = tag.strip_prefix("v=") {
            version = Some(text.to_string());
        } else if let Some(pair) = tag.strip_prefix("t-").and_then(unpacked).as_deref().or(tag.strip_prefix("t="))
            && let Ok(pair) = serde_json::from_str::<BTreeMap<String, String>>(pair)
        {
            is_ours = true;
            metadata.extend(pair);
        }
    }
    if !is_ours {
        return None;
    }
    if let Some(error) = refused(metadata.get("protocol").or(instance.meta.get("protocol"))) {
        return Some(Err(error));
    }
    if let Some(version) = version.filter(|version| !version.is_empty()) {
        metadata.entry("version".to_string()).or_insert(version);
    }
    Some(Ok(Framework::new(NAME, metadata)))
}

/// The content of `hexadecimal`, if that is a text compressed with zlib and not too long.
#[cfg(feature = "consul")]
fn unpacked(hexadecimal: &str) -> Option<String> {
    let pairs = hexadecimal.as_bytes().chunks(2);
    let packed: Option<Vec<u8>> = pairs
        .map(|pair| match pair {
            [high, low] => {
                let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
                Some(digit(*high)? * 16 + digit(*low)?)
            }
            _ => None,
        })
        .collect();
    let text = miniz_oxide::inflate::decompress_to_vec_zlib_with_limit(&packed?, UNPACKED).ok()?;
    String::from_utf8(text).ok()
}
