//! GoFrame (`net/gsvc/gsvc_service.go`): under `/service/<deployment>/<namespace>/<name>/`, then
//! `<version>/<ip:port>[,<ip:port>…]`; the value is metadata: `{"insecure":true,"protocol":"grpc"}`.

use std::time::Duration;

use super::{Entry, Layout, Reading, endpoint, metadata};
use crate::model::endpoint::Address;

/// See the [module](self).
pub(super) struct GoFrame;

impl Layout for GoFrame {
    fn name(&self) -> &'static str {
        "goframe"
    }

    /// Deployment and namespace as they are unless `GF_GSVC_DEPLOYMENT` or `GF_GSVC_NAMESPACE` is set.
    fn prefixes(&self, service: &str) -> Vec<String> {
        vec![format!("/service/default/default/{service}/")]
    }

    /// `etcd.DefaultKeepAliveTTL`.
    fn lease(&self) -> Option<Duration> {
        Some(Duration::from_secs(10))
    }

    fn read(&self, entry: &Entry<'_>) -> Reading {
        let Some((version, list)) = entry.rest.split_once('/') else { return Reading::Foreign };
        let parsed: Result<Vec<Address>, _> = list.split(',').map(str::parse).collect();
        let (Ok(addresses), Some(object)) = (parsed, entry.object()) else { return Reading::Foreign };
        let mut metadata = metadata(Some(&object.into()));
        if let Some(protocol) = metadata.get("protocol").filter(|protocol| *protocol != "grpc") {
            return Reading::Unusable(format!("goframe registered it for {protocol} only, not for grpc"));
        }
        metadata.insert("version".to_string(), version.to_string());
        let of = |address| crate::model::endpoint::Endpoint {
            metadata: metadata.clone(),
            ..endpoint(address, "goframe: key")
        };
        Reading::Endpoints(addresses.into_iter().map(of).collect())
    }
}
