//! Schemes of targets without a backend: recognised, so that the error can state what is missing.

/// A scheme of another program's targets.
pub(super) struct Foreign {
    /// Lower case: `xds`.
    pub(super) scheme: &'static str,
    /// The backend that would resolve it; `None` if the scheme does not belong to a registry.
    pub(super) backend: Option<&'static str>,
}

const fn own(scheme: &'static str) -> Foreign {
    Foreign { scheme, backend: Some(scheme) }
}

const fn any(scheme: &'static str) -> Foreign {
    Foreign { scheme, backend: None }
}

/// The list.
pub(super) const FOREIGN: &[Foreign] = &[
    own("xds"),
    Foreign { scheme: "google-c2p", backend: Some("xds") },
    own("static"),
    own("direct"),
    any("discovery"),
    own("nacos"),
    own("polaris"),
    own("vsock"),
    any("svc"),
    any("service"),
    any("stork"),
    own("dubbo"),
    own("tri"),
    own("mdns"),
    own("kratos"),
    own("nats"),
    own("redis"),
    own("serverset"),
    own("unix-seqpacket"),
];

/// The entry of `scheme`.
pub(super) fn find(scheme: &str) -> Option<&'static Foreign> {
    FOREIGN.iter().find(|foreign| foreign.scheme == scheme)
}
