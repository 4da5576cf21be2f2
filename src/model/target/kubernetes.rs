//! [`KubernetesTarget`]: a Service of a Kubernetes cluster.

use std::fmt;

/// What a `kubernetes:` or `k8s:` target asks for. Which cluster that is, the kubeconfig says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KubernetesTarget {
    /// The Service: `pay`.
    pub service: String,
    /// Its namespace; `--namespace`, the context's or the pod's own when absent.
    pub namespace: Option<String>,
    /// Which of its ports; one that is for gRPC, else the first, when absent.
    pub port: Option<ServicePort>,
    /// Not the EndpointSlices of a Service, but what this framework writes into its pods; one of [`KUBERNETES_LAYOUTS`].
    pub layout: Option<&'static str>,
}

/// What can stand in `layout=` of a Kubernetes target: who reads the pods themselves.
pub const KUBERNETES_LAYOUTS: [&str; 1] = ["kratos"];

/// A port of a Service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServicePort {
    /// By its number: the pods', else the Service's.
    Number(u16),
    /// By its name.
    Name(String),
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
        // A name in a label may have dots: its namespace stands in front.
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
