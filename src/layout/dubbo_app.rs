//! Dubbo, one entry per application (dubbo-go `registry/service_instance.go`, written without JSON names; in
//! ZooKeeper one of Curator's): under `/services/<application>/`, a JSON object whose metadata `dubbo.endpoints`
//! contains the ports by protocol, as JSON in a text.

use std::time::Duration;

use serde_json::Value;

use super::dubbo::not_triple;
use super::{Decoded, Entry, Layout, LayoutError, curator, endpoint, join, metadata, text_of};
use crate::model::endpoint::{EndpointStatus, LayoutRule};

/// The layout's name.
const NAME: &str = "dubbo-app";

/// See the [module](self).
pub(super) struct DubboApp;

impl Layout for DubboApp {
    fn name(&self) -> &'static str {
        NAME
    }

    fn prefixes(&self, service: &str) -> Vec<String> {
        vec![format!("/services/{service}/")]
    }

    fn nodes(&self, service: &str) -> Vec<String> {
        curator::nodes(service)
    }

    /// As for one entry per interface.
    fn lease(&self) -> Option<Duration> {
        Some(Duration::from_secs(30))
    }

    fn read(&self, entry: &Entry<'_>) -> Decoded {
        let Some(object) = entry.object() else { return Decoded::Foreign };
        if let Some(instance) = curator::instance(&object) {
            return curators(instance);
        }
        let (Some(host), Some(port)) = (text_of(&object, "Host"), object.get("Port").and_then(Value::as_i64)) else {
            return Decoded::Foreign;
        };
        let metadata = metadata(object.get("Metadata"));
        let (port, rule) = match metadata.get("dubbo.endpoints").map(|text| port_of(text)) {
            None => (port, LayoutRule::new(NAME, "Host and Port")),
            Some(Ports::Grpc(port, protocol)) => (port, LayoutRule::new(NAME, format!("dubbo.endpoints {protocol}"))),
            Some(Ports::Garbled) => (port, LayoutRule::new(NAME, "Host and Port, dubbo.endpoints cannot be read")),
            Some(Ports::Others(error)) => return Decoded::Unusable(error),
        };
        match join(host, port) {
            Err(source) => Decoded::Unusable(LayoutError::Place { layout: NAME, found: None, source }),
            Ok(address) => {
                let mut endpoint = endpoint(address, rule);
                let value = |name: &str| object.get(name).and_then(Value::as_bool);
                endpoint.status = match (value("Enable"), value("Healthy")) {
                    (Some(false), _) => EndpointStatus::Draining,
                    (_, Some(false)) => EndpointStatus::Critical,
                    _ => EndpointStatus::Unchecked,
                };
                let weight = object.get("Weight").and_then(Value::as_u64).and_then(|weight| u32::try_from(weight).ok());
                endpoint.weight = weight.filter(|weight| *weight > 0);
                endpoint.metadata = metadata;
                endpoint.tags = text_of(&object, "Tag").map(str::to_string).into_iter().collect();
                Decoded::Endpoints(vec![endpoint])
            }
        }
    }
}

/// An instance in Curator's format, written by Dubbo.
fn curators(instance: curator::Instance) -> Decoded {
    let (port, rule) = match instance.metadata.get("dubbo.endpoints").map(|text| port_of(text)) {
        None => return Decoded::Foreign,
        Some(Ports::Grpc(port, protocol)) => (port, LayoutRule::new(NAME, format!("dubbo.endpoints {protocol}"))),
        Some(Ports::Garbled) => {
            (instance.port, LayoutRule::new(NAME, "address and port, dubbo.endpoints cannot be read"))
        }
        Some(Ports::Others(error)) => return Decoded::Unusable(error),
    };
    match join(&instance.address, port) {
        Err(source) => Decoded::Unusable(LayoutError::Place { layout: NAME, found: None, source }),
        Ok(address) => {
            let mut endpoint = endpoint(address, rule);
            endpoint.metadata = instance.metadata;
            Decoded::Endpoints(vec![endpoint])
        }
    }
}

/// The content of `dubbo.endpoints`.
enum Ports {
    /// The port for gRPC, and its protocol.
    Grpc(i64, String),
    /// None is for gRPC, and why.
    Others(LayoutError),
    /// It cannot be read, so the instance's own port is used, as Dubbo does without it.
    Garbled,
}

/// Reads `[{"port":20000,"protocol":"tri"}]`.
fn port_of(text: &str) -> Ports {
    let Ok(Value::Array(all)) = serde_json::from_str(text) else { return Ports::Garbled };
    let of = |endpoint: &Value| {
        let protocol = endpoint.get("protocol").and_then(Value::as_str)?.to_string();
        Some((endpoint.get("port").and_then(Value::as_i64)?, protocol))
    };
    let ports: Vec<(i64, String)> = all.iter().filter_map(of).collect();
    if ports.is_empty() && !all.is_empty() {
        return Ports::Garbled;
    }
    match ports.iter().find(|(_, protocol)| matches!(protocol.as_str(), "tri" | "grpc")) {
        Some((port, protocol)) => Ports::Grpc(*port, protocol.clone()),
        None => Ports::Others(not_triple(NAME, ports.iter().map(|(_, protocol)| protocol.as_str()))),
    }
}
