//! Which port of the pods is used. Pure.

use std::fmt;
use std::net::IpAddr;

use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::discovery::v1::EndpointPort;

use super::target::ServicePort;

/// The values of appProtocol for gRPC, the most specific one first.
const GRPC: [&str; 4] = ["grpc", "kubernetes.io/h2c", "http2", "h2c"];

/// A port of the pods, and the rule that chose it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Port {
    /// Its number.
    pub number: u16,
    /// Its name.
    pub name: Option<String>,
    /// The protocol that it declares.
    pub app_protocol: Option<String>,
    /// Description: `port "grpc" (appProtocol grpc)`.
    pub rule: String,
}

/// Why a slice has no matching port.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum PortError {
    /// No port has the wanted name.
    #[error("no port {name:?}; {known}")]
    Unknown {
        /// The name.
        name: String,
        /// The existing ports.
        known: KnownPorts,
    },
    /// The slice names no port, and none was given.
    #[error("the slice lists no port; add one after the service name")]
    NonePublished,
    /// The matching port has no number.
    #[error("the port has no number")]
    NoNumber,
}

/// The TCP ports of a slice: name, if any, and number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KnownPorts(Vec<(Option<String>, u16)>);

impl fmt::Display for KnownPorts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let KnownPorts(ports) = self;
        if ports.is_empty() {
            return f.write_str("the slice lists no TCP port");
        }
        let ports: Vec<String> = ports
            .iter()
            .map(|(name, number)| match name {
                Some(name) => format!("{name} ({number})"),
                None => number.to_string(),
            })
            .collect();
        write!(f, "the slice lists {}", ports.join(", "))
    }
}

/// The port of a slice that matches `wanted`; without `wanted` one that is for gRPC, else the first. `fallback` is
/// for slices that list none.
pub(super) fn choose(
    ports: Option<&[EndpointPort]>,
    wanted: Option<&ServicePort>,
    service: Option<&Service>,
    fallback: Option<u16>,
) -> Result<Port, PortError> {
    let tcp: Vec<&EndpointPort> = ports
        .unwrap_or_default()
        .iter()
        .filter(|port| port.protocol.as_deref().is_none_or(|protocol| protocol == "TCP") && number(port).is_some())
        .collect();
    match wanted {
        None => any(&tcp, fallback),
        Some(ServicePort::Name(name)) => match tcp.iter().find(|port| port.name.as_deref() == Some(name)) {
            Some(port) => taken(port, format!("port {name:?}")),
            None => Err(PortError::Unknown { name: name.clone(), known: known(&tcp) }),
        },
        Some(ServicePort::Number(wanted)) => by_number(&tcp, *wanted, service),
    }
}

fn any(tcp: &[&EndpointPort], fallback: Option<u16>) -> Result<Port, PortError> {
    let named = |port: &EndpointPort| format!("port {:?}", port.name.as_deref().unwrap_or_default());
    for protocol in GRPC {
        let declared = |port: &&&EndpointPort| {
            port.app_protocol.as_deref().is_some_and(|declared| declared.eq_ignore_ascii_case(protocol))
        };
        if let Some(port) = tcp.iter().find(declared) {
            return taken(port, format!("{} (appProtocol {protocol})", named(port)));
        }
    }
    let is_grpc =
        |port: &&&EndpointPort| port.name.as_deref().is_some_and(|name| name == "grpc" || name.starts_with("grpc-"));
    if let Some(port) = tcp.iter().find(is_grpc) {
        return taken(port, named(port));
    }
    match (tcp, fallback) {
        ([], Some(number)) => Ok(Port {
            number,
            name: None,
            app_protocol: None,
            rule: format!("--port {number}: the slice lists no port"),
        }),
        ([], None) => Err(PortError::NonePublished),
        ([only], _) => taken(only, "the only port".to_string()),
        ([first, ..], _) => taken(first, format!("the first port, as in kuberesolver; {}", known(tcp))),
    }
}

/// A number is the pods' own port, else one of the Service's, else used as it is.
fn by_number(tcp: &[&EndpointPort], wanted: u16, service: Option<&Service>) -> Result<Port, PortError> {
    if let Some(port) = tcp.iter().find(|port| number(port) == Some(wanted)) {
        return taken(port, format!("port {wanted}"));
    }
    let ports = service.and_then(|service| service.spec.as_ref()).and_then(|spec| spec.ports.as_deref());
    let theirs = ports.unwrap_or_default().iter().find(|port| port.port == i32::from(wanted));
    if let Some(theirs) = theirs
        && let Some(port) =
            tcp.iter().find(|port| port.name.as_deref().unwrap_or("") == theirs.name.as_deref().unwrap_or(""))
    {
        return taken(port, format!("port {wanted} of the Service"));
    }
    Ok(Port {
        number: wanted,
        name: None,
        app_protocol: None,
        rule: format!("port {wanted} as given, which neither the pods nor the Service list; {}", known(tcp)),
    })
}

fn taken(port: &EndpointPort, rule: String) -> Result<Port, PortError> {
    match number(port) {
        Some(number) => Ok(Port { number, name: name(port), app_protocol: port.app_protocol.clone(), rule }),
        None => Err(PortError::NoNumber),
    }
}

fn number(port: &EndpointPort) -> Option<u16> {
    port.port.and_then(|number| u16::try_from(number).ok()).filter(|number| *number != 0)
}

fn name(port: &EndpointPort) -> Option<String> {
    port.name.clone().filter(|name| !name.is_empty())
}

fn known(tcp: &[&EndpointPort]) -> KnownPorts {
    KnownPorts(tcp.iter().filter_map(|port| Some((name(port), number(port)?))).collect())
}

/// The virtual IP of the service; `None` for a headless service.
pub(super) fn virtual_ip(service: &Service) -> Option<IpAddr> {
    service.spec.as_ref()?.cluster_ip.as_deref()?.parse().ok()
}
