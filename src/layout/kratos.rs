//! Kratos (`contrib/registry/etcd/registry.go`): under `/microservices/<name>/`, the instance as JSON with one URL
//! per server: `{"id","name","version","metadata":{},"endpoints":["grpc://ip:9000","http://ip:8000"]}`.

use std::time::Duration;

use serde_json::Value;

use super::{
    Decoded, Entry, Layout, LayoutError, ServiceAddressError, ValuePart, endpoint, metadata, not_grpc, text_of,
};
use crate::model::endpoint::{Address, LayoutRule};

/// The layout's name.
pub(crate) const NAME: &str = "kratos";

/// See the [module](self).
pub(super) struct Kratos;

impl Layout for Kratos {
    fn name(&self) -> &'static str {
        NAME
    }

    fn prefixes(&self, service: &str) -> Vec<String> {
        vec![format!("/microservices/{service}/")]
    }

    /// `contrib/registry/zookeeper`: the same value, in an ephemeral node.
    fn nodes(&self, service: &str) -> Vec<String> {
        vec![format!("/microservices/{service}")]
    }

    /// `etcd.RegisterTTL`.
    fn lease(&self) -> Option<Duration> {
        Some(Duration::from_secs(15))
    }

    /// `unmarshal` in `contrib/registry/etcd` and `contrib/registry/zookeeper` fails the whole read.
    fn on_garbage(&self) -> Option<&'static str> {
        Some("lose the whole list over one value that is not valid JSON")
    }

    fn read(&self, entry: &Entry<'_>) -> Decoded {
        let Some(object) = entry.object() else { return Decoded::Foreign };
        let Some(urls) = object.get("endpoints").filter(|urls| urls.is_array() || urls.is_null()) else {
            return Decoded::Foreign;
        };
        let (Some(name), None) = (text_of(&object, "name"), object.get("nodes")) else { return Decoded::Foreign };
        // Its clients read a prefix that other names share, and keep the values with the wanted name.
        if name != entry.service {
            return Decoded::Unusable(LayoutError::OtherService(name.to_string()));
        }
        let (mut found, mut others) = (Vec::new(), Vec::new());
        for url in urls.as_array().into_iter().flatten().filter_map(Value::as_str) {
            match url.split_once("://") {
                Some((scheme @ ("grpc" | "grpcs"), rest)) => match authority(rest) {
                    Ok(address) => found.push(endpoint(address, LayoutRule::new(NAME, format!("endpoint {scheme}")))),
                    Err(source) => {
                        let found = Some(ValuePart::Endpoint(url.to_string()));
                        return Decoded::Unusable(LayoutError::Place { layout: NAME, found, source });
                    }
                },
                Some((scheme, _)) => others.push(scheme),
                None => return Decoded::Unusable(LayoutError::NotAUrl(url.to_string())),
            }
        }
        if found.is_empty() {
            return Decoded::Unusable(only(&others));
        }
        for endpoint in &mut found {
            endpoint.metadata = metadata(object.get("metadata"));
            endpoint.weight = endpoint.metadata.get("weight").and_then(|weight| weight.parse().ok());
            if let Some(version) = text_of(&object, "version") {
                endpoint.metadata.entry("version".to_string()).or_insert_with(|| version.to_string());
            }
        }
        Decoded::Endpoints(found)
    }
}

/// Why an instance with servers for `schemes` only is unusable.
pub(crate) fn only(schemes: &[&str]) -> LayoutError {
    match schemes {
        [] => LayoutError::NoServer { layout: NAME, what: "an endpoint" },
        schemes => not_grpc(NAME, schemes),
    }
}

/// The part after `grpc://`: host and port, and what old versions appended (`?isSecure=true`).
pub(crate) fn authority(rest: &str) -> Result<Address, ServiceAddressError> {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.parse().map_err(ServiceAddressError::Authority)
}
