//! [`Proxy`]: what is between a client and the server, where a response names it.

use std::borrow::Cow;
use std::fmt;

/// A proxy, gateway or load balancer that the headers of a response name. It may respond in place of the server
/// behind it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Proxy {
    /// Which one it is.
    pub name: ProxyName,
    /// The header that names it: `server: envoy`.
    pub header: String,
}

/// Which proxy, gateway, load balancer or web server it is. Those on which a remedy depends have a variant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProxyName {
    /// Envoy.
    Envoy,
    /// Envoy as Istio runs it.
    IstioEnvoy,
    /// nginx.
    Nginx,
    /// OpenResty, which is nginx.
    OpenResty,
    /// Tengine, which is nginx.
    Tengine,
    /// HAProxy.
    Haproxy,
    /// An application load balancer of AWS.
    AwsLoadBalancer,
    /// A Google front end, as `via` names it.
    Google,
    /// A Google front end, as `server` names it.
    GoogleFrontend,
    /// Linkerd.
    Linkerd,
    /// Any other, in words: `traefik`.
    Other(Cow<'static, str>),
}

impl ProxyName {
    /// Those that have a variant.
    const KNOWN: [ProxyName; 10] = [
        Self::Envoy,
        Self::IstioEnvoy,
        Self::Nginx,
        Self::OpenResty,
        Self::Tengine,
        Self::Haproxy,
        Self::AwsLoadBalancer,
        Self::Google,
        Self::GoogleFrontend,
        Self::Linkerd,
    ];

    /// A proxy without a variant of its own.
    pub const fn other(name: &'static str) -> ProxyName {
        ProxyName::Other(Cow::Borrowed(name))
    }

    /// The proxy that identifies itself by this name, in lower case: `envoy`.
    pub fn called(name: &str) -> ProxyName {
        let known = Self::KNOWN.into_iter().find(|known| known.as_str() == name);
        known.unwrap_or_else(|| ProxyName::Other(Cow::Owned(name.to_string())))
    }

    /// The name in a sentence: `envoy`, `an AWS load balancer`.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Envoy => "envoy",
            Self::IstioEnvoy => "istio-envoy",
            Self::Nginx => "nginx",
            Self::OpenResty => "openresty",
            Self::Tengine => "tengine",
            Self::Haproxy => "haproxy",
            Self::AwsLoadBalancer => "an AWS load balancer",
            Self::Google => "google",
            Self::GoogleFrontend => "google frontend",
            Self::Linkerd => "linkerd",
            Self::Other(name) => name,
        }
    }
}

impl fmt::Display for ProxyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
