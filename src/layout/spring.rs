//! Spring Cloud (`spring-cloud-zookeeper-discovery`): Curator's instances, with the registration's metadata in the payload.
//! The port is that of HTTP, or 0; grpc-spring and LogNet say in the metadata where gRPC listens.

use super::{Entry, Layout, Reading, curator, endpoint, join};

/// Metadata keys that hold the gRPC port; those of grpc-spring (2.x and 3.x, its older versions) first.
const PORT_KEYS: [(&str, bool); 4] =
    [("gRPC_port", true), ("gRPC.port", true), ("grpc.port", false), ("grpc_port", false)];

/// The gRPC port that metadata name, and the rule: `grpc-spring: metadata gRPC_port`; keys that others use are called the
/// `registry`'s. `None` when they name none.
pub(crate) fn grpc_port<'a>(
    of: impl Fn(&str) -> Option<&'a String>,
    registry: &str,
) -> Option<Result<(i64, String), String>> {
    let (text, key, is_spring) = PORT_KEYS.iter().find_map(|(key, is_spring)| Some((of(key)?, key, is_spring)))?;
    let who = if *is_spring { "grpc-spring" } else { registry };
    Some(match text.trim().parse() {
        Ok(port) => Ok((port, format!("{who}: metadata {key}"))),
        Err(_) => Err(format!("its metadata {key} is {text:?}, which is no port")),
    })
}

/// See the [module](self).
pub(super) struct Spring;

impl Layout for Spring {
    fn name(&self) -> &'static str {
        "spring"
    }

    fn nodes(&self, service: &str) -> Vec<String> {
        curator::nodes(service)
    }

    fn read(&self, entry: &Entry<'_>) -> Reading {
        let Some(object) = entry.object() else { return Reading::Foreign };
        let Some(instance) = curator::instance(&object) else { return Reading::Foreign };
        let (port, rule) = match grpc_port(|key| instance.metadata.get(key), "spring") {
            Some(Ok(found)) => found,
            Some(Err(why)) => return Reading::Unusable(format!("spring: {why}")),
            None if instance.port == 0 => {
                let why = "spring registered it without a port, and no metadata gRPC_port says where gRPC listens";
                return Reading::Unusable(why.to_string());
            }
            None => (instance.port, "spring: address and port".to_string()),
        };
        match join(&instance.address, port) {
            Err(why) => Reading::Unusable(format!("spring: {why}")),
            Ok(address) => {
                let mut endpoint = endpoint(address, rule);
                endpoint.metadata = instance.metadata;
                Reading::Endpoints(vec![endpoint])
            }
        }
    }
}
