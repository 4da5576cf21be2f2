//! Dubbo, one entry per interface: under `/dubbo/<interface>/providers/`, the provider's URL, percent-encoded, as the
//! last part of the key; the value is empty. Triple (`tri`) is gRPC on the wire.

use std::time::Duration;

use percent_encoding::percent_decode_str;

use super::{Decoded, Entry, Layout, LayoutError, ValuePart, endpoint, kratos};
use crate::model::endpoint::{EndpointStatus, LayoutRule};

/// The parameters of a provider's URL that become metadata.
const KEPT: [&str; 6] = ["application", "version", "group", "release", "side", "serialization"];

/// The layout's name.
const NAME: &str = "dubbo";

/// See the [module](self).
pub(super) struct Dubbo;

impl Layout for Dubbo {
    fn name(&self) -> &'static str {
        NAME
    }

    fn prefixes(&self, service: &str) -> Vec<String> {
        vec![format!("/dubbo/{service}/providers/")]
    }

    fn nodes(&self, service: &str) -> Vec<String> {
        vec![format!("/dubbo/{service}/providers")]
    }

    /// The default of its etcd client (`gost`, `database/kv/etcd/v3/client.go`).
    fn lease(&self) -> Option<Duration> {
        Some(Duration::from_secs(30))
    }

    fn read(&self, entry: &Entry<'_>) -> Decoded {
        if entry.rest.is_empty() {
            return Decoded::Nothing;
        }
        let Ok(url) = percent_decode_str(entry.rest).decode_utf8() else { return Decoded::Foreign };
        let Some((scheme, rest)) = url.split_once("://") else { return Decoded::Foreign };
        if !matches!(scheme, "tri" | "grpc") {
            return Decoded::Unusable(not_triple(NAME, [scheme]));
        }
        let address = match kratos::authority(rest.rsplit_once('@').map_or(rest, |(_, rest)| rest)) {
            Ok(address) => address,
            Err(source) => {
                return Decoded::Unusable(LayoutError::Place { layout: NAME, found: Some(ValuePart::Key), source });
            }
        };
        let mut endpoint = endpoint(address, LayoutRule::new(NAME, format!("provider URL {scheme}")));
        let query = rest.split_once('?').map_or("", |(_, query)| query);
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            match name {
                "weight" => endpoint.weight = value.parse().ok(),
                "disabled" if value == "true" => endpoint.status = EndpointStatus::Draining,
                name if KEPT.contains(&name) && !value.is_empty() => {
                    let value = percent_decode_str(value).decode_utf8_lossy().into_owned();
                    endpoint.metadata.insert(name.to_string(), value);
                }
                _ => {}
            }
        }
        Decoded::Endpoints(vec![endpoint])
    }
}

/// An instance of `layout` that was registered for `protocols`, none of which is gRPC on the wire.
pub(super) fn not_triple<'a>(layout: &'static str, protocols: impl IntoIterator<Item = &'a str>) -> LayoutError {
    let protocols = protocols.into_iter().map(str::to_string).collect();
    LayoutError::OtherProtocols { layout, protocols, wanted: "tri or grpc" }
}
