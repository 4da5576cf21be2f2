//! [`LayoutError`]: why an instance is unusable for gRPC.

use std::fmt;

use crate::model::endpoint::AddressError;
use crate::model::json::JsonError;

/// Why an instance that a framework registered is unusable for gRPC clients. The sentence follows the name of the
/// entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LayoutError {
    /// It was registered for other protocols.
    #[error("{layout} registered it for {} only, not for {wanted}", all_of(protocols))]
    OtherProtocols {
        /// The framework.
        layout: &'static str,
        /// The protocols. May be empty.
        protocols: Vec<String>,
        /// The protocols that are gRPC: `grpc`, `tri or grpc`.
        wanted: &'static str,
    },
    /// A hand-written value has the URL of another protocol.
    #[error("plain: it was registered for {0} only, not for grpc")]
    OtherScheme(String),
    /// It was registered without a server.
    #[error("{layout} registered it without {what}")]
    NoServer {
        /// The framework.
        layout: &'static str,
        /// Its name for a server: `an endpoint`, `a node`.
        what: &'static str,
    },
    /// Kratos: it belongs to another service, so clients ignore it.
    #[error("kratos: its value belongs to service {0:?}, so clients leave it out")]
    OtherService(String),
    /// Kratos: an endpoint is not a URL.
    #[error("kratos: invalid endpoint {0:?}: not a URL")]
    NotAUrl(String),
    /// go-micro: its node has no address.
    #[error("go-micro: its node has no address")]
    NoNodeAddress,
    /// kitex: it listens on another kind of network.
    #[error("kitex: it listens on network {0:?}, which gRPC clients do not support")]
    Network(String),
    /// Spring: it has no port, and its metadata contains none.
    #[error("spring registered it without a port, and its metadata has no gRPC_port")]
    NoPort,
    /// A value that must be an address is not valid.
    #[error("{layout}: invalid {what}: {source}")]
    Address {
        /// The framework.
        layout: &'static str,
        /// Which part of the value: `Addr`.
        what: &'static str,
        /// Why.
        source: AddressError,
    },
    /// Its host and port do not form an address.
    #[error("{layout}: {}{source}", found.as_ref().map(|found| format!("{found}: ")).unwrap_or_default())]
    Place {
        /// The framework.
        layout: &'static str,
        /// The part of the value that they come from, if there are several.
        found: Option<ValuePart>,
        /// Why.
        source: ServiceAddressError,
    },
    /// Kratos' pods: it has no address.
    #[error("kratos: the pod has no address")]
    NoPodAddress,
    /// Kratos' pods: an annotation names a port that no container declares.
    #[error(
        "kratos: {annotation} has {scheme} for port {port}, which no container declares, so clients do not find it{}",
        declared_are(declared)
    )]
    Undeclared {
        /// The annotation.
        annotation: &'static str,
        /// The protocol that it names.
        scheme: String,
        /// The port that it names.
        port: String,
        /// The protocols of the declared ports.
        declared: Vec<String>,
    },
    /// Kratos' pods: an annotation cannot be read.
    #[error("kratos: {annotation} {source}; clients cannot read any pod while one has such an annotation")]
    Annotation {
        /// The annotation.
        annotation: &'static str,
        /// Why.
        source: AnnotationError,
    },
}

fn all_of(protocols: &[String]) -> String {
    if protocols.is_empty() { "nothing".to_string() } else { protocols.join(" and ") }
}

fn declared_are(declared: &[String]) -> String {
    if declared.is_empty() { String::new() } else { format!(" (declared: {})", declared.join(" and ")) }
}

/// A part of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ValuePart {
    /// One of its endpoints.
    Endpoint(String),
    /// All of it.
    Value(String),
    /// The URL in its key.
    Key,
}

impl fmt::Display for ValuePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ValuePart::Endpoint(url) => write!(f, "invalid endpoint {url:?}"),
            ValuePart::Value(text) => write!(f, "invalid value {text:?}"),
            ValuePart::Key => f.write_str("invalid URL in its key"),
        }
    }
}

/// Why the host and port of a framework do not form an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceAddressError {
    /// The port is out of range.
    #[error("invalid port {0}: must be from 1 to 65535")]
    Port(i64),
    /// The host is neither an IP address nor a host name.
    #[error("its address {host:?} is not a valid IP address or host name")]
    Host {
        /// The host.
        host: String,
        /// Why.
        source: AddressError,
    },
    /// The text after `://` in a URL is not an address.
    #[error("it {}", .0.why)]
    Authority(#[source] AddressError),
    /// Metadata for a port does not contain a number.
    #[error("its metadata {key} is {text:?}, which is not a valid port")]
    Metadata {
        /// Its key.
        key: &'static str,
        /// Its value.
        text: String,
    },
    /// Eureka: the instance has no `ipAddr` or no port.
    #[error("it has no ipAddr or no port")]
    Missing,
}

/// Why an annotation of a pod cannot be read. The sentence follows its name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnnotationError {
    /// It is not a JSON object.
    #[error("is not a JSON object ({0})")]
    NotAnObject(#[source] JsonError),
    /// A value in it is not a text.
    #[error("has {value} for {key:?}, which is not a string")]
    NotText {
        /// The key.
        key: String,
        /// The value.
        value: serde_json::Value,
    },
}
