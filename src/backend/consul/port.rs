//! Where an instance listens for gRPC: frameworks register it in Consul in different places.

use std::collections::BTreeMap;

use super::answer::{Service, TaggedAddress};
use crate::layout::{self, LayoutError, ServiceAddressError, consul, join, kratos, spring};
use crate::model::endpoint::{Address, LayoutRule};

/// Where an instance listens for gRPC, and which rule determined it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ChosenAddress {
    /// The address.
    pub address: Address,
    /// The layout that was recognised and what in it gave the address: `kratos: tagged address grpc`.
    pub layout: LayoutRule,
    /// Metadata that the framework registered outside Consul's metadata.
    pub metadata: BTreeMap<String, String>,
}

/// The name of Consul's own rules.
const OWN: &str = "consul";

/// The addresses that Consul itself adds to every instance.
const CONSULS_OWN: [&str; 8] =
    ["lan", "lan_ipv4", "lan_ipv6", "wan", "wan_ipv4", "wan_ipv6", "consul-virtual", "virtual"];

/// Why an instance has no address for gRPC.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum PortError {
    /// No host.
    #[error("neither the service nor its node has an address")]
    NoAddress,
    /// Several ports, none of which is for gRPC.
    #[error("none of its ports is named grpc or is the default port")]
    NoPort,
    /// A tagged address is not valid.
    #[error("its tagged address {scheme} is {address:?}: {source}")]
    Tagged {
        /// Its name.
        scheme: &'static str,
        /// Its value.
        address: String,
        /// Why.
        source: ServiceAddressError,
    },
    /// Host and port do not form an address.
    #[error(transparent)]
    ChosenAddress(#[from] ServiceAddressError),
    /// The framework's own registration shows that the instance is unusable.
    #[error(transparent)]
    Layout(#[from] LayoutError),
}

/// The first of: a Unix socket; the tagged address `grpc` or `grpcs`; metadata with a gRPC port; the port named
/// `grpc` or the default one of several; the service's own port, with the name of the framework that registered it if
/// one is recognised. `checks` are the types of its checks.
pub(super) fn place(service: &Service, node_address: &str, checks: &[&str]) -> Result<ChosenAddress, PortError> {
    let at_rule =
        |address: Address, layout: LayoutRule| Ok(ChosenAddress { address, layout, metadata: BTreeMap::new() });
    let consuls = |rule: String| LayoutRule::new(OWN, rule);

    if let Some(path) = service.socket_path.as_ref().filter(|path| !path.as_os_str().is_empty()) {
        return at_rule(Address::Unix(path.clone()), LayoutRule::new(OWN, "socket path"));
    }
    if let Some(place) = tagged(service)? {
        return Ok(place);
    }
    let host = [service.address.as_deref().unwrap_or_default(), node_address].into_iter().find(|host| !host.is_empty());
    let host = host.ok_or(PortError::NoAddress)?;
    let at = if service.address.as_deref().unwrap_or_default().is_empty() { "node address" } else { "service address" };

    if let Some(found) = spring::grpc_port(|key| service.meta.as_ref()?.get(key), OWN) {
        let (port, layout) = found?;
        return at_rule(join(host, port)?, layout);
    }
    let port = service.port.unwrap_or_default();
    let ports = service.ports.as_deref().unwrap_or_default();
    if port == 0 && !ports.is_empty() {
        let named = |name: &str| ports.iter().find(|port| port.name.eq_ignore_ascii_case(name));
        let chosen = named("grpc").or_else(|| named("grpcs")).or_else(|| ports.iter().find(|port| port.default));
        let chosen = chosen.ok_or(PortError::NoPort)?;
        return at_rule(join(host, chosen.port)?, consuls(format!("{at} and port {:?}", chosen.name)));
    }
    let none = BTreeMap::new();
    let instance = consul::Instance {
        id: service.id.as_deref().unwrap_or_default(),
        name: service.name.as_deref().unwrap_or_default(),
        address: service.address.as_deref().unwrap_or_default(),
        port,
        tags: service.tags.as_deref().unwrap_or_default(),
        meta: service.meta.as_ref().unwrap_or(&none),
        checks,
    };
    let Some(framework) = layout::in_consul(&instance) else {
        return at_rule(join(host, port)?, consuls(format!("{at} and port")));
    };
    let consul::Framework { layout, is_web_port, metadata } = framework?;
    let rule = format!("{at} and port");
    let layout = if is_web_port { spring::web_servers(&rule) } else { LayoutRule::new(layout, rule) };
    Ok(ChosenAddress { address: join(host, port)?, layout, metadata })
}

/// The address in the tagged addresses; `None` when they contain nothing about protocols.
fn tagged(service: &Service) -> Result<Option<ChosenAddress>, PortError> {
    let Some(all) = &service.tagged_addresses else { return Ok(None) };
    for scheme in ["grpc", "grpcs"] {
        if let Some(tagged) = all.get(scheme) {
            let (framework, address) = parse_tagged(tagged).map_err(|source| PortError::Tagged {
                scheme,
                address: tagged.address.clone(),
                source,
            })?;
            let layout = LayoutRule::new(framework, format!("tagged address {scheme}"));
            return Ok(Some(ChosenAddress { address, layout, metadata: BTreeMap::new() }));
        }
    }
    // Kratos writes one tagged address for each of its servers. If none is for gRPC, there is no gRPC server, and the
    // service's own port belongs to another protocol.
    let others = all.iter().filter(|(name, _)| !CONSULS_OWN.contains(&name.as_str()));
    let of_kratos: Vec<&str> = others
        .filter(|(name, tagged)| tagged.address.starts_with(&format!("{name}://")))
        .map(|(name, _)| name.as_str())
        .collect();
    if of_kratos.is_empty() { Ok(None) } else { Err(kratos::only(&of_kratos).into()) }
}

/// `grpc://10.0.0.1:9000?isSecure=true` as Kratos writes it, or a bare host beside its port.
fn parse_tagged(tagged: &TaggedAddress) -> Result<(&'static str, Address), ServiceAddressError> {
    match tagged.address.split_once("://") {
        None => Ok((OWN, join(&tagged.address, tagged.port)?)),
        Some((_, rest)) => {
            let host = || rest.split(['/', '?', '#']).next().unwrap_or_default();
            let address = kratos::authority(rest).or_else(|_| join(host(), tagged.port))?;
            Ok((kratos::NAME, address))
        }
    }
}
