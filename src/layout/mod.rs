//! What frameworks write into registries. Pure: one file for each framework, one line each in [`LAYOUTS`].
//!
//! A decoder reports which rule gave an address (in [`Instance::layout`]), and why an instance that it recognises is
//! unusable for gRPC. Values come from other programs: whatever they contain, the result is a [`Decoded`], and other
//! entries are not affected.

use std::fmt::Display;
use std::str::FromStr as _;
use std::time::Duration;

use serde_json::Value;

pub use self::error::{AnnotationError, LayoutError, ServiceAddressError, ValuePart};
use crate::model::endpoint::{Address, Endpoint, Instance, LayoutRule};
use crate::model::host_port::{self, without_brackets};
use crate::model::json;
pub use crate::model::json::JsonError;

#[cfg(feature = "consul")]
pub(crate) mod consul;
mod curator;
mod dubbo;
mod dubbo_app;
mod error;
mod etcd_naming;
mod go_micro;
mod go_zero;
mod goframe;
pub(crate) mod kitex;
pub(crate) mod kratos;
#[cfg(feature = "kubernetes")]
pub(crate) mod kratos_pods;
mod plain;
pub(crate) mod spring;

/// An entry of a registry that maps keys to values.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// The service that was queried.
    pub service: &'a str,
    /// The part of the key after the prefix: `<id>`.
    pub rest: &'a str,
    /// The value.
    pub value: &'a [u8],
}

impl Entry<'_> {
    /// The value as a JSON object, if it is one.
    fn object(&self) -> Option<serde_json::Map<String, Value>> {
        let value = String::from_utf8(json::mended(self.value.to_vec())).ok()?;
        json::read(&value).ok()
    }

    /// The value as text, if it is valid UTF-8.
    fn text(&self) -> Option<&str> {
        std::str::from_utf8(self.value).ok().map(str::trim)
    }
}

/// The result of decoding an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decoded {
    /// Instances, with address, layout and everything else in the value.
    Endpoints(Vec<Endpoint>),
    /// An instance that no gRPC client can use, and why.
    Unusable(LayoutError),
    /// Part of the layout, but not an instance: a parent of one.
    Nothing,
    /// Not of this layout.
    Foreign,
}

/// The format of one framework.
pub trait Layout: Send + Sync {
    /// The name in the output and in targets: `kratos`.
    fn name(&self) -> &'static str;

    /// Where the instances of `service` are in etcd: the prefixes of their keys, with a trailing slash. Empty: this
    /// layout is not written there.
    fn prefixes(&self, _service: &str) -> Vec<String> {
        Vec::new()
    }

    /// Where they are in ZooKeeper: their parent nodes. Empty: this layout is not written there.
    fn nodes(&self, _service: &str) -> Vec<String> {
        Vec::new()
    }

    /// The framework's default lease for its entries, if it has one.
    fn lease(&self) -> Option<Duration> {
        None
    }

    /// What the framework's clients do about an unreadable value; a clause that follows "clients of NAME".
    fn on_garbage(&self) -> Option<&'static str> {
        None
    }

    /// Reads one entry. Never fails and never panics: an entry that cannot be read is [`Decoded::Foreign`].
    fn read(&self, entry: &Entry<'_>) -> Decoded;
}

/// Every layout of key-value registries, in the order they are tried. To add one: a file, a `mod` line and a line
/// here. `?layout=` accepts the names of those that are written to the registry.
pub const LAYOUTS: &[&dyn Layout] = &[
    &etcd_naming::EtcdNaming,
    &go_zero::GoZero,
    &kratos::Kratos,
    &kitex::Kitex,
    &go_micro::GoMicro,
    &dubbo::Dubbo,
    &dubbo_app::DubboApp,
    &goframe::GoFrame,
    &spring::Spring,
    &plain::Plain,
];

/// The framework that recognises a Consul instance as its own; an error states why the instance is unusable for gRPC.
#[cfg(feature = "consul")]
type InConsul = fn(&consul::Instance<'_>) -> Option<Result<consul::Framework, LayoutError>>;

/// Every framework that is recognised in Consul, in the order they are tried.
#[cfg(feature = "consul")]
const IN_CONSUL: &[InConsul] = &[go_micro::in_consul, goframe::in_consul, kitex::in_consul, spring::in_consul];

/// The result of the first framework that recognises `instance`.
#[cfg(feature = "consul")]
pub(crate) fn in_consul(instance: &consul::Instance<'_>) -> Option<Result<consul::Framework, LayoutError>> {
    IN_CONSUL.iter().find_map(|read| read(instance))
}

/// The result of the first of `layouts` that recognises `entry`.
pub fn read(layouts: &[&dyn Layout], entry: &Entry<'_>) -> Decoded {
    let readings = layouts.iter().map(|layout| layout.read(entry));
    readings.into_iter().find(|reading| *reading != Decoded::Foreign).unwrap_or(Decoded::Foreign)
}

/// The layout of `entry`, wherever its key is: the first one that finds endpoints in it.
pub fn recognize(entry: &Entry<'_>) -> Option<&'static dyn Layout> {
    LAYOUTS.iter().copied().find(|layout| matches!(layout.read(entry), Decoded::Endpoints(_)))
}

/// Why a value cannot be read, without repeating it: it may be a secret. A text for notes only.
pub fn unread(value: &[u8]) -> String {
    let Ok(text) = std::str::from_utf8(value) else { return "it is not valid UTF-8 text".to_string() };
    let text = text.trim();
    match text.chars().next() {
        None => "it is empty".to_string(),
        Some('{' | '[' | '"') => match serde_json::from_str::<Value>(text) {
            Ok(_) => "it is JSON in a form that no known framework writes".to_string(),
            Err(error) => format!("it is not valid JSON (line {}, column {})", error.line(), error.column()),
        },
        Some(_) => match text.split_once("://").map_or(text, |(_, rest)| rest).parse::<Address>() {
            Err(error) if text.contains(':') && !text.contains(' ') => {
                format!("it is not an address: it {}", error.why)
            }
            _ => "it is neither JSON nor an address".to_string(),
        },
    }
}

/// [`Layout::lease`] of the layout whose rule found `endpoint`.
pub fn usual_lease(endpoint: &Endpoint) -> Option<Duration> {
    let name = endpoint.layout.as_ref()?.layout?;
    LAYOUTS.iter().find(|layout| layout.name() == name)?.lease()
}

/// An endpoint at `address`, found by `rule`.
fn endpoint(address: Address, rule: LayoutRule) -> Endpoint {
    Instance { layout: Some(rule), ..Instance::new(address) }.into()
}

/// An address from `host` and `port` as frameworks write them; an IPv6 address may have brackets.
pub(crate) fn join(host: &str, port: i64) -> Result<Address, ServiceAddressError> {
    let Some(number) = u16::try_from(port).ok().filter(|port| *port != 0) else {
        return Err(ServiceAddressError::Port(port));
    };
    let bare = without_brackets(host);
    let host_or_v6 = if bare.parse::<std::net::Ipv6Addr>().is_ok() { bare } else { host };
    Address::from_str(&host_port::joined(host_or_v6, number))
        .map_err(|source| ServiceAddressError::Host { host: host.to_string(), source })
}

/// A JSON object as metadata: texts unchanged, other values as JSON, `null` left out.
fn metadata(value: Option<&Value>) -> std::collections::BTreeMap<String, String> {
    let members = value.and_then(Value::as_object).into_iter().flatten();
    members
        .filter_map(|(name, value)| match value {
            Value::Null => None,
            Value::String(text) => Some((name.clone(), text.clone())),
            other => Some((name.clone(), other.to_string())),
        })
        .collect()
}

/// A text member of a JSON object, if present and not empty.
fn text_of<'a>(object: &'a serde_json::Map<String, Value>, name: &str) -> Option<&'a str> {
    object.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// An instance of `layout` that was registered for `protocols` and not for gRPC.
fn not_grpc(layout: &'static str, protocols: impl IntoIterator<Item = impl Display>) -> LayoutError {
    let protocols = protocols.into_iter().map(|protocol| protocol.to_string()).collect();
    LayoutError::OtherProtocols { layout, protocols, wanted: "grpc" }
}

#[cfg(test)]
mod tests;
