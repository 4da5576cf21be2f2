//! [`KubernetesTarget`]: kuberesolver's `kubernetes:///svc[.ns[.svc.cluster]][:port]`, `kubernetes://ns/svc:port` and
//! `kubernetes://svc.ns:port/` (sercand/kuberesolver `builder.go`), go-zero's `k8s://ns/svc:port`
//! (zrpc/resolver/internal/kube), and ours: `kubernetes://ns/app?layout=kratos`.

use std::fmt;

use crate::backend::target::{Example, Parsed, Piece, Scheme, host, invalid};
use crate::model::target::{BackendTarget, Target, plain_authority};

/// The backend's name in the output and on the command line.
pub(super) const NAME: &str = "kubernetes";

/// The schemes: ours and kuberesolver's, and go-zero's.
pub(super) const SCHEMES: &[Scheme] = &[
    Scheme::new("kubernetes", |rest| kubernetes(rest).map(Target::from)).with_parameters(&["layout"]),
    Scheme::new("k8s", |rest| k8s(rest).map(Target::from)).with_parameters(&["layout"]),
];

/// The examples in the help.
pub(super) const EXAMPLES: &[Example] = &[Example {
    target: "kubernetes:///pay.prod:grpc",
    meaning: "the EndpointSlices of Service pay in namespace prod of the kubeconfig's cluster",
}];

/// The query of a `kubernetes:` or `k8s:` target. The kubeconfig determines the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KubernetesTarget {
    /// The Service: `pay`.
    pub service: String,
    /// Its namespace; `--namespace`, the context's or the pod's own when absent.
    pub namespace: Option<String>,
    /// Which of its ports; one that is for gRPC, else the first, when absent.
    pub port: Option<ServicePort>,
    /// Instead of the EndpointSlices of a Service, what this framework writes into its pods; the name of a layout.
    pub layout: Option<&'static str>,
}

/// The valid values of `layout=`: the frameworks that read the pods themselves.
pub const LAYOUTS: [&str; 1] = ["kratos"];

/// A port of a Service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServicePort {
    /// By its number: the pods', else the Service's.
    Number(u16),
    /// By its name.
    Name(String),
}

impl KubernetesTarget {
    /// The meaning of a bare name in Kubernetes: `pay`, `pay.prod` and `pay.prod.svc.cluster.local`; `None` for names
    /// that are not valid there.
    pub fn of_bare_name(name: &str) -> Option<Self> {
        service(Piece::new(name)).ok().filter(|target| target.port.is_none())
    }
}

impl BackendTarget for KubernetesTarget {
    fn backend(&self) -> &'static str {
        NAME
    }

    fn scheme(&self) -> &'static str {
        "kubernetes"
    }

    fn names_an_address(&self) -> bool {
        false
    }

    fn authority(&self) -> Option<String> {
        match &self.namespace {
            Some(namespace) if self.layout.is_none() => plain_authority(&format!("{}.{namespace}", self.service)),
            _ => plain_authority(&self.service),
        }
    }
}

impl fmt::Display for ServicePort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ServicePort::Number(number) => number.fmt(f),
            ServicePort::Name(name) => f.write_str(name),
        }
    }
}

impl fmt::Display for KubernetesTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A name in a label may contain dots: its namespace comes first.
        if let Some(layout) = self.layout {
            let namespace = self.namespace.as_deref().unwrap_or_default();
            return write!(f, "kubernetes://{namespace}/{}?layout={layout}", self.service);
        }
        write!(f, "kubernetes:///{}", self.service)?;
        if let Some(namespace) = &self.namespace {
            write!(f, ".{namespace}")?;
        }
        if let Some(port) = &self.port {
            write!(f, ":{port}")?;
        }
        Ok(())
    }
}

const EXAMPLE: &str = "kubernetes:///pay.prod:grpc";
const PODS: &str = "kubernetes://prod/pay?layout=kratos";
/// The maximum length of a DNS label, and of a port's name (RFC 6335).
const LONGEST: (usize, usize) = (63, 15);

fn kubernetes(rest: Piece<'_>) -> Parsed<KubernetesTarget> {
    parse(rest, "kubernetes")
}

/// go-zero's: the default namespace is `default`.
fn k8s(rest: Piece<'_>) -> Parsed<KubernetesTarget> {
    let mut target = parse(rest, "k8s")?;
    target.namespace.get_or_insert_with(|| "default".to_string());
    Ok(target)
}

fn parse(rest: Piece<'_>, scheme: &str) -> Parsed<KubernetesTarget> {
    let (before, query) = match rest.split_once('?') {
        Some((before, query)) => (before, Some(query)),
        None => (rest, None),
    };
    let (authority, path) = match before.strip("//") {
        None => (None, before.strip("/").unwrap_or(before)),
        Some(after) => match after.split_once('/') {
            Some((authority, path)) => (Some(authority).filter(|text| !text.is_empty()), path),
            None => (None, after),
        },
    };
    let path = path.until(path.text.trim_end_matches('/').len());
    if let Some(layout) = layout(query, scheme)? {
        let namespace = authority.map(|authority| label(authority, "namespace")).transpose()?;
        return Ok(KubernetesTarget { service: label_value(path)?, namespace, port: None, layout: Some(layout) });
    }
    match authority {
        None => service(path),
        Some(authority) if path.is_empty() => service(authority),
        Some(authority) => {
            let mut target = service(path)?;
            if target.namespace.is_some() {
                let problem = format!("the namespace is given twice: after {scheme}:// and after the service name");
                return invalid(path.at, problem, format!("{scheme}://prod/pay:grpc"));
            }
            target.namespace = Some(label(authority, "namespace")?);
            Ok(target)
        }
    }
}

fn layout(query: Option<Piece<'_>>, scheme: &str) -> Parsed<Option<&'static str>> {
    let mut found = None;
    for pair in query.into_iter().flat_map(|query| query.split('&')).filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, pair.from(pair.text.len())));
        if name.text != "layout" {
            let problem = format!("unknown parameter {} of {scheme}: (supported: layout)", name.quoted());
            return invalid(name.at, problem, PODS);
        }
        if found.is_some() {
            return invalid(name.at, "layout is given twice", PODS);
        }
        found = LAYOUTS.into_iter().find(|known| *known == value.text);
        if found.is_none() {
            let problem = format!("unknown layout {} (supported: {})", value.quoted(), LAYOUTS.join(", "));
            return invalid(value.at, problem, PODS);
        }
    }
    Ok(found)
}

/// A service that pods name in a label.
fn label_value(text: Piece<'_>) -> Parsed<String> {
    let problem = match text.text.char_indices().find(|(_, c)| !c.is_ascii_alphanumeric() && !"-_.".contains(*c)) {
        Some((at, ':')) => {
            return invalid(text.at + at, "a port is not allowed with layout=: the pods define their ports", PODS);
        }
        Some((at, letter)) => {
            return invalid(
                text.at + at,
                format!("invalid character {letter:?} in a label (allowed: a-z, A-Z, 0-9, -, _, .)"),
                PODS,
            );
        }
        None if text.is_empty() => "missing service name".to_string(),
        None if text.text.len() > LONGEST.0 => {
            format!("the label is {} characters long (limit: {})", text.text.len(), LONGEST.0)
        }
        None if text.text.starts_with(['-', '_', '.']) || text.text.ends_with(['-', '_', '.']) => {
            "a label must start and end with a letter or a digit".to_string()
        }
        None => return Ok(text.text.to_string()),
    };
    invalid(text.at, problem, PODS)
}

/// `svc[.ns[.svc[.cluster…]]][:port]`.
fn service(text: Piece<'_>) -> Parsed<KubernetesTarget> {
    let (name, port) = match text.split_once(':') {
        Some((name, port)) => (name, Some(port)),
        None => (text, None),
    };
    if name.is_empty() {
        return invalid(name.at, "missing service name", EXAMPLE);
    }
    let mut labels = name.until(name.text.trim_end_matches('.').len()).split('.');
    let mut target = KubernetesTarget::default();
    if let Some(first) = labels.next() {
        target.service = label(first, "service")?;
    }
    if let Some(second) = labels.next() {
        target.namespace = Some(label(second, "namespace")?);
    }
    if let Some(third) = labels.next()
        && third.text != "svc"
    {
        let problem = format!("expected svc after service and namespace, got {}", third.quoted());
        return invalid(third.at, problem, "kubernetes:///pay.prod.svc.cluster.local:grpc");
    }
    // The cluster's name is known to its DNS only; the API has no name for it.
    for domain in labels {
        label(domain, "cluster domain")?;
    }
    target.port = port.map(port_of).transpose()?;
    Ok(target)
}

fn port_of(text: Piece<'_>) -> Parsed<ServicePort> {
    if text.is_empty() || text.text.bytes().all(|byte| byte.is_ascii_digit()) {
        return host::port(text, EXAMPLE).map(ServicePort::Number);
    }
    let is_letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if text.text.len() > LONGEST.1 || !text.text.chars().all(is_letter) {
        let problem = format!("{} is neither a port number nor a port name (up to 15 of a-z, 0-9, -)", text.quoted());
        return invalid(text.at, problem, EXAMPLE);
    }
    Ok(ServicePort::Name(text.text.to_string()))
}

/// A valid Kubernetes name (RFC 1123, lower case).
fn label(text: Piece<'_>, what: &str) -> Parsed<String> {
    if text.is_empty() {
        return invalid(text.at, format!("the {what} is empty"), EXAMPLE);
    }
    let is_letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if let Some((at, letter)) = text.text.char_indices().find(|(_, c)| !is_letter(*c)) {
        return invalid(
            text.at + at,
            format!("invalid character {letter:?} in the {what} (allowed: a-z, 0-9, -)"),
            EXAMPLE,
        );
    }
    if text.text.len() > LONGEST.0 {
        let problem = format!("the {what} is {} characters long (limit: {})", text.text.len(), LONGEST.0);
        return invalid(text.at + LONGEST.0, problem, EXAMPLE);
    }
    if text.text.starts_with('-') || text.text.ends_with('-') {
        return invalid(text.at, format!("a {what} must not start or end with a hyphen"), EXAMPLE);
    }
    Ok(text.text.to_string())
}

#[cfg(test)]
mod tests;
