//! [`Mesh`]: which instances have a Consul Connect proxy in front of them, so that their own port may be closed to
//! other clients.

use std::collections::BTreeMap;
use std::time::Duration;

use rustify_derive::Endpoint;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::answer::Service;
use super::query::{Client, HealthService};
use crate::model::endpoint;

/// Time limit for the query; without a response only the mesh information is missing.
const LIMIT: Duration = Duration::from_secs(1);

/// `GET /v1/health/connect/:service`: the proxies of a service's instances.
#[derive(Debug, Endpoint)]
#[endpoint(path = "health/connect/{self.service}", response = "Vec<Box<RawValue>>")]
struct HealthConnect {
    #[endpoint(skip)]
    service: String,
    #[endpoint(query)]
    dc: Option<String>,
    #[endpoint(query)]
    ns: Option<String>,
    #[endpoint(query)]
    partition: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Entry {
    service: Option<Service>,
}

/// The proxies, by the id of the instance behind each.
#[derive(Debug, Default)]
pub(super) struct Mesh(BTreeMap<String, String>);

impl Mesh {
    /// Queries the proxies of the service in `path`, which `question` queried.
    pub(super) async fn search(client: &Client, path: &str, question: &HealthService) -> Self {
        let (dc, ns, partition) = (question.dc.clone(), question.ns.clone(), question.partition.clone());
        let request = HealthConnect { service: path.to_string(), dc, ns, partition };
        let Ok(reply) = client.query(request, None, LIMIT).await else { return Mesh::default() };
        let entries: Vec<Box<RawValue>> = reply.value;
        let services = entries.iter().filter_map(|entry| serde_json::from_str::<Entry>(entry.get()).ok()?.service);
        Mesh(services.filter_map(|service| proxy_of(&service)).collect())
    }

    /// Marks the instances that have a proxy.
    pub(super) fn mark(&self, endpoints: &mut [endpoint::Endpoint]) {
        for endpoint in endpoints {
            let proxy = endpoint.id.as_ref().and_then(|id| self.0.get(id));
            if let (Some(proxy), None) = (proxy, endpoint.mesh()) {
                endpoint.particulars_mut().mesh = Some(proxy.clone());
            }
        }
    }
}

/// The instance behind a proxy, and a description of the proxy.
fn proxy_of(service: &Service) -> Option<(String, String)> {
    if service.kind.as_deref() != Some("connect-proxy") {
        return None;
    }
    let behind = service.proxy.as_ref()?.destination_service_id.clone().filter(|id| !id.is_empty())?;
    let id = service.id.as_deref().unwrap_or_default();
    let port = service.port.unwrap_or_default();
    Some((behind, format!("Consul Connect, its proxy is {id:?} on port {port}")))
}
