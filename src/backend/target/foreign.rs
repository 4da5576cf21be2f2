//! Schemes of targets without a backend: recognised, so that the error can state what is missing.

/// A scheme of another program's targets.
pub(super) struct ForeignScheme {
    /// Lower case: `xds`.
    pub(super) scheme: &'static str,
    /// The backend that would resolve it; `None` if the scheme does not belong to a registry.
    pub(super) backend: Option<&'static str>,
}

const fn own(scheme: &'static str) -> ForeignScheme {
    ForeignScheme { scheme, backend: Some(scheme) }
}

const fn any(scheme: &'static str) -> ForeignScheme {
    ForeignScheme { scheme, backend: None }
}

/// The list.
pub(super) const FOREIGN: &[ForeignScheme] = &[
    own("xds"),
    ForeignScheme { scheme: "google-c2p", backend: Some("xds") },
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
pub(super) fn find(scheme: &str) -> Option<&'static ForeignScheme> {
    FOREIGN.iter().find(|foreign| foreign.scheme == scheme)
}
