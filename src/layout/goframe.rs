//! GoFrame (`net/gsvc/gsvc_service.go`): under `/service/<deployment>/<namespace>/<name>/`, then
//! `<version>/<ip:port>[,<ip:port>…]`; the value is metadata: `{"insecure":true,"protocol":"grpc"}`. In Consul
//! (`contrib/registry/consul`) the same object is a text in the metadata `metadata`, beside `version`, and the first
//! address is the instance's.

use std::time::Duration;

#[cfg(feature = "consul")]
use super::consul::{Framework, Instance};
use super::{Decoded, Entry, Layout, LayoutError, endpoint, metadata, not_grpc};
use crate::model::endpoint::{Address, LayoutRule};

/// See the [module](self).
pub(super) struct GoFrame;

impl Layout for GoFrame {
    fn name(&self) -> &'static str {
        "goframe"
    }

    /// With the default deployment and namespace, unless `GF_GSVC_DEPLOYMENT` or `GF_GSVC_NAMESPACE` is set.
    fn prefixes(&self, service: &str) -> Vec<String> {
        vec![format!("/service/default/default/{service}/")]
    }

    /// `etcd.DefaultKeepAliveTTL`.
    fn lease(&self) -> Option<Duration> {
        Some(Duration::from_secs(10))
    }

    fn read(&self, entry: &Entry<'_>) -> Decoded {
        let Some((version, list)) = entry.rest.split_once('/') else { return Decoded::Foreign };
        let parsed: Result<Vec<Address>, _> = list.split(',').map(str::parse).collect();
        let (Ok(addresses), Some(object)) = (parsed, entry.object()) else { return Decoded::Foreign };
        let mut metadata = metadata(Some(&object.into()));
        if let Some(error) = refused(metadata.get("protocol")) {
            return Decoded::Unusable(error);
        }
        metadata.insert("version".to_string(), version.to_string());
        let of = |address| {
            let mut found = endpoint(address, LayoutRule::new("goframe", "key"));
            found.metadata.clone_from(&metadata);
            found
        };
        Decoded::Endpoints(addresses.into_iter().map(of).collect())
    }
}

/// Why `protocol` is unusable: its servers register whether they are grpcx's or ghttp's.
fn refused(protocol: Option<&String>) -> Option<LayoutError> {
    protocol.filter(|protocol| *protocol != "grpc").map(|other| not_grpc("goframe", [other]))
}

/// Recognises an instance by its id, `<name>-<version>-<address>:<port>`, and its two metadata keys.
#[cfg(feature = "consul")]
pub(super) fn in_consul(instance: &Instance<'_>) -> Option<Result<Framework, LayoutError>> {
    let (version, value) = (instance.meta.get("version")?, instance.meta.get("metadata")?);
    let Instance { id, name, address, port, .. } = *instance;
    if id != format!("{name}-{version}-{address}:{port}") {
        return None;
    }
    let metadata = metadata(serde_json::from_str(value).ok().as_ref());
    Some(match refused(metadata.get("protocol")) {
        Some(error) => Err(error),
        None => Ok(Framework::new("goframe", metadata)),
    })
}
