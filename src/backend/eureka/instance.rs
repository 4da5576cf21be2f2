//! Decodes one instance of an application into an endpoint. Pure.
//!
//! `leaseInfo.lastRenewalTimestamp` is not what its name suggests: until the first renewal it is the time of
//! registration, and from then on the time of the last renewal **plus** the lease (`Lease.renew` in eureka-core, the
//! same in all versions and on the server that the tests run).

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::backend::unusable::Unusable;
use crate::layout::{LayoutError, ServiceAddressError, join, kitex, kratos, spring};
use crate::model::endpoint::{Address, Check, CheckState, Endpoint, EndpointStatus, LayoutRule, Maintenance};
use crate::text::shell_word;

/// Why an instance has no endpoint for gRPC. The sentence follows its name.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(super) enum InstanceError {
    /// The URL that Kratos puts into the metadata has no address.
    #[error("invalid URL {url:?} in its metadata Endpoints: {source}")]
    Endpoints {
        /// The URL.
        url: String,
        /// Why.
        source: ServiceAddressError,
    },
    /// Kratos registered it for another protocol.
    #[error(transparent)]
    Kratos(LayoutError),
    /// What kitex registered has no address.
    #[error(transparent)]
    Kitex(LayoutError),
    /// It has neither a host name nor an address.
    #[error("it has no host")]
    NoHost,
    /// Host and port do not form an address.
    #[error(transparent)]
    InstanceAddress(#[from] ServiceAddressError),
    /// The enabled port is not a number.
    #[error("its {name} is {value}, which is not a valid port")]
    Port {
        /// `port` or `securePort`.
        name: &'static str,
        /// Its value.
        value: Value,
    },
    /// No port is enabled.
    #[error("neither its port nor its securePort is enabled, and its metadata has no gRPC_port")]
    NoEnabledPort,
}

impl InstanceError {
    /// The same as a reason to leave out the instance `id`.
    pub(super) fn of(&self, id: &str) -> Unusable {
        let text = format!("instance {id:?}: {self}");
        match self {
            InstanceError::Kratos(_) | InstanceError::NoEnabledPort => Unusable::NotGrpc(text),
            InstanceError::Endpoints { .. }
            | InstanceError::Kitex(_)
            | InstanceError::NoHost
            | InstanceError::InstanceAddress(_)
            | InstanceError::Port { .. } => Unusable::Garbled(text),
        }
    }
}

/// The name of Eureka's own rules.
const OWN: &str = "eureka";

/// Old clients have no instance id: the host is used instead, as in Eureka itself.
pub(super) fn id(instance: &Map<String, Value>) -> String {
    text(instance, "instanceId").or_else(|| text(instance, "hostName")).unwrap_or_default().to_string()
}

/// The endpoint of an instance, without its id and its lease.
pub(super) fn endpoint(instance: &Map<String, Value>) -> Result<Endpoint, InstanceError> {
    let members = instance.get("metadata").and_then(Value::as_object).into_iter().flatten();
    let texts = members.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_string())));
    let metadata: BTreeMap<String, String> = texts.filter(|(name, _)| name != "@class").collect();
    let mut endpoint = match metadata.get("meta").and_then(|meta| kitexs(instance, meta)) {
        Some(kitexs) => kitexs.map_err(InstanceError::Kitex)?,
        None => {
            let place = place(instance, &metadata)?;
            let mut endpoint = Endpoint::new(place.address);
            endpoint.layout = Some(place.rule);
            if place.also.is_some() {
                endpoint.particulars_mut().also = place.also;
            }
            endpoint
        }
    };
    let word = text(instance, "status").unwrap_or("UNKNOWN");
    endpoint.status = match word {
        "UP" => EndpointStatus::Healthy,
        "DOWN" => EndpointStatus::Critical,
        "OUT_OF_SERVICE" => EndpointStatus::Draining,
        _ => EndpointStatus::Warning,
    };
    let overridden = text(instance, "overriddenStatus").or_else(|| text(instance, "overriddenstatus"));
    let overridden = overridden.filter(|status| *status != "UNKNOWN").map(|status| format!("overridden: {status}"));
    let output = overridden.unwrap_or_default();
    if endpoint.status == EndpointStatus::Draining {
        endpoint.particulars_mut().maintenance = Some(maintenance(instance, &output));
    }
    let state = match endpoint.status {
        EndpointStatus::Healthy => CheckState::Passing,
        EndpointStatus::Critical => CheckState::Critical,
        EndpointStatus::Draining | EndpointStatus::Warning | EndpointStatus::Unchecked => CheckState::Warning,
    };
    endpoint.checks = vec![Check { name: "status".to_string(), state, status: word.to_string(), output }];
    endpoint.zone = metadata.get("zone").cloned();
    endpoint.node_address = text(instance, "ipAddr").and_then(|ip| ip.parse().ok());
    endpoint.metadata.extend(metadata);
    Ok(endpoint)
}

/// OUT_OF_SERVICE was set: by an operator over the REST API (an override), or by the instance itself.
fn maintenance(instance: &Map<String, Value>, overridden: &str) -> Maintenance {
    let (app, id) = (text(instance, "app").unwrap_or_default(), id(instance));
    if overridden.is_empty() {
        let end = format!("the instance {id:?} must set its own status to UP again");
        return Maintenance { reason: "the instance itself reports OUT_OF_SERVICE".to_string(), end };
    }
    let path = shell_word(&format!("EUREKA/apps/{app}/{id}/status?value=UP"));
    let end = format!("run `curl -X DELETE {path}` to remove the override (EUREKA is the server's URL)");
    Maintenance { reason: "its status is overridden with OUT_OF_SERVICE".to_string(), end }
}

/// Where an instance listens for gRPC.
struct InstanceAddress {
    address: Address,
    rule: LayoutRule,
    /// The instance's other address, if the first one is a host name.
    also: Option<Address>,
}

/// The first of: the URL that Kratos puts into the metadata; a gRPC port in the metadata; the enabled port. The host
/// is the one that clients dial: `hostName`; if that is not a host name (it includes a port), `ipAddr`.
fn place(instance: &Map<String, Value>, metadata: &BTreeMap<String, String>) -> Result<InstanceAddress, InstanceError> {
    if let Some(url) = metadata.get("Endpoints").or_else(|| metadata.get("endpoints"))
        && let Some((scheme, rest)) = url.split_once("://")
    {
        return match scheme {
            "grpc" | "grpcs" => kratos::authority(rest)
                .map(|address| InstanceAddress {
                    address,
                    rule: LayoutRule::new(kratos::NAME, format!("metadata Endpoints {scheme}")),
                    also: None,
                })
                .map_err(|source| InstanceError::Endpoints { url: url.clone(), source }),
            other => Err(InstanceError::Kratos(kratos::only(&[other]))),
        };
    }
    let (name, ip) = (text(instance, "hostName"), text(instance, "ipAddr"));
    let usable = name.filter(|name| join(name, 1).is_ok());
    let host = usable.or(ip).or(name).ok_or(InstanceError::NoHost)?;
    let which = match (usable, name) {
        (Some(_), _) => "hostName".to_string(),
        (None, Some(name)) if ip.is_some() => format!("ipAddr (hostName {name:?} is not a valid host name)"),
        _ => "ipAddr".to_string(),
    };
    let placed = |port: i64, rule: LayoutRule| {
        let address = join(host, port)?;
        let is_name = matches!(address, Address::Name { .. });
        let also = ip.filter(|ip| is_name && *ip != host).and_then(|ip| join(ip, port).ok());
        Ok(InstanceAddress { address, rule, also })
    };
    if let Some(found) = spring::grpc_port(|key| metadata.get(key), OWN) {
        let (port, rule) = found?;
        return placed(port, rule);
    }
    for name in ["port", "securePort"] {
        let Some(port) = instance.get(name) else { continue };
        let is_enabled = port.get("@enabled").is_some_and(|enabled| enabled == "true" || enabled == true);
        if !is_enabled {
            continue;
        }
        let Some(number) = number(port) else {
            let value = port.get("$").cloned().unwrap_or_default();
            return Err(InstanceError::Port { name, value });
        };
        // Spring registers the port of its management pages: that one is HTTP.
        let is_web = metadata.get("management.port").is_some_and(|port| *port == number.to_string());
        let rule = match is_web {
            true => spring::web_servers(&format!("{which} and {name}")),
            false => LayoutRule::new(OWN, format!("{which} and {name}")),
        };
        return placed(number, rule);
    }
    Err(InstanceError::NoEnabledPort)
}

fn kitexs(instance: &Map<String, Value>, meta: &str) -> Option<Result<Endpoint, LayoutError>> {
    kitex::in_eureka(meta, text(instance, "ipAddr"), instance.get("port").and_then(number))
}

/// The granted lease, and the milliseconds left of it at `now`; negative after it has expired.
pub(super) fn lease(instance: &Map<String, Value>, now: i64) -> Option<(Duration, i64)> {
    let info = instance.get("leaseInfo").and_then(Value::as_object)?;
    let number = |name: &str| info.get(name).and_then(Value::as_i64);
    let seconds = number("durationInSecs").filter(|seconds| *seconds > 0)?;
    let (registered, renewed) = (number("registrationTimestamp")?, number("lastRenewalTimestamp")?);
    let granted = seconds.checked_mul(1000)?;
    let end = if renewed <= registered { registered.checked_add(granted)? } else { renewed };
    Some((Duration::from_secs(u64::try_from(seconds).ok()?), end.checked_sub(now)?))
}

fn number(port: &Value) -> Option<i64> {
    port.get("$").and_then(|port| port.as_i64().or_else(|| port.as_str()?.parse().ok()))
}

fn text<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    object.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}
