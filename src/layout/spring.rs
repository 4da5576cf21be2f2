//! Spring Cloud (`spring-cloud-zookeeper-discovery`): Curator's instances, with the registration's metadata in the
//! payload. The port is the web server's, or 0; grpc-spring puts the gRPC port into the metadata, in Consul and
//! Eureka as well. LogNet's starter registers gRPC in Consul only, as a separate service, `grpc-<name>`, with the
//! gRPC port.
//!
//! An instance without such metadata may still serve gRPC: a web server can carry it on its own port (Spring gRPC
//! does), and grpc-spring's clients dial that port. So it is listed, and [`doubts`] reports which port it is.

#[cfg(feature = "consul")]
use super::consul::{Framework, Instance};
use super::{Decoded, Entry, Layout, LayoutError, ServiceAddressError, curator, endpoint, join};
use crate::model::endpoint::LayoutRule;
#[cfg(feature = "networked")]
use crate::model::{
    endpoint::Endpoint,
    resolution::{Note, NoteKind},
};
#[cfg(feature = "networked")]
use crate::text;

/// Metadata keys with the gRPC port; those of grpc-spring (2.x and 3.x, its older versions) first.
const PORT_KEYS: [(&str, bool); 4] =
    [("gRPC_port", true), ("gRPC.port", true), ("grpc.port", false), ("grpc_port", false)];

/// The gRPC port in the metadata, and the rule: `grpc-spring: metadata gRPC_port`; keys that others use are called
/// the `registry`'s. `None` when there is none.
pub(crate) fn grpc_port<'a>(
    of: impl Fn(&str) -> Option<&'a String>,
    registry: &'static str,
) -> Option<Result<(i64, LayoutRule), ServiceAddressError>> {
    let (text, key, is_spring) = PORT_KEYS.iter().find_map(|(key, is_spring)| Some((of(key)?, key, is_spring)))?;
    let who = if *is_spring { "grpc-spring" } else { registry };
    Some(match text.trim().parse() {
        Ok(port) => Ok((port, LayoutRule::new(who, format!("metadata {key}")))),
        Err(_) => Err(ServiceAddressError::Metadata { key, text: text.clone() }),
    })
}

/// The rule `what` of Spring, when the port is the web server's.
pub(crate) fn web_servers(what: &str) -> LayoutRule {
    LayoutRule { is_web_port: true, ..LayoutRule::new(NAME, format!("{what}, no gRPC_port in its metadata")) }
}

/// The layout's name.
const NAME: &str = "spring";

/// At most this many instances are named.
#[cfg(feature = "networked")]
const NAMED: usize = 20;

/// A note on those of `endpoints` that are listed with a web server's port.
#[cfg(feature = "networked")]
pub(crate) fn doubts(endpoints: &[Endpoint]) -> Option<Note> {
    let is_web = |endpoint: &&Endpoint| endpoint.layout.as_ref().is_some_and(|rule| rule.is_web_port);
    let doubtful: Vec<&Endpoint> = endpoints.iter().filter(is_web).collect();
    if doubtful.is_empty() {
        return None;
    }
    let named = doubtful.iter().map(|endpoint| match &endpoint.id {
        Some(id) => format!("{} ({id:?})", endpoint.address),
        None => endpoint.address.to_string(),
    });
    let text = format!(
        "{} of {} endpoints have no gRPC_port in their metadata, so the listed port is the one of Spring's web server, which serves gRPC only if the web server supports it; clients dial it anyway: {}",
        doubtful.len(),
        endpoints.len(),
        text::few(named, ", ", NAMED)
    );
    Some(Note::new(NoteKind::Doubtful, text))
}

/// Recognises Spring Cloud's registrations by the metadata `secure`, which it always writes, and by their checks:
/// LogNet's by its service's name and a gRPC check, a web server by an HTTP check.
#[cfg(feature = "consul")]
pub(super) fn in_consul(instance: &Instance<'_>) -> Option<Result<Framework, LayoutError>> {
    let _ = instance.meta.get("secure").filter(|secure| matches!(secure.as_str(), "true" | "false"))?;
    let is_checked_by = |kind: &str| instance.checks.contains(&kind);
    let is_lognets = instance.name.starts_with("grpc-") && instance.id.starts_with("grpc-");
    let (layout, is_web_port) = match (is_checked_by("grpc"), is_checked_by("http")) {
        (true, _) if is_lognets => ("lognet", false),
        (false, true) => (NAME, true),
        _ => return None,
    };
    Some(Ok(Framework { is_web_port, ..Framework::new(layout, Default::default()) }))
}

/// See the [module](self).
pub(super) struct Spring;

impl Layout for Spring {
    fn name(&self) -> &'static str {
        NAME
    }

    fn nodes(&self, service: &str) -> Vec<String> {
        curator::nodes(service)
    }

    fn read(&self, entry: &Entry<'_>) -> Decoded {
        let Some(object) = entry.object() else { return Decoded::Foreign };
        let Some(instance) = curator::instance(&object) else { return Decoded::Foreign };
        let (port, rule) = match grpc_port(|key| instance.metadata.get(key), NAME) {
            Some(Ok(found)) => found,
            Some(Err(source)) => return unusable(source),
            None if instance.port == 0 => return Decoded::Unusable(LayoutError::NoPort),
            None if instance.is_springs => (instance.port, web_servers("address and port")),
            None => (instance.port, LayoutRule::new(NAME, "address and port")),
        };
        match join(&instance.address, port) {
            Err(source) => unusable(source),
            Ok(address) => {
                let mut endpoint = endpoint(address, rule);
                endpoint.metadata = instance.metadata;
                Decoded::Endpoints(vec![endpoint])
            }
        }
    }
}

fn unusable(source: ServiceAddressError) -> Decoded {
    Decoded::Unusable(LayoutError::Place { layout: NAME, found: None, source })
}
