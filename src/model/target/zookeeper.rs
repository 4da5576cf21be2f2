//! [`ZookeeperTarget`]: a service in ZooKeeper, wherever a framework wrote it.

use std::fmt;

use super::etcd::fmt_keys;

/// The layouts that `?layout=` can name: `crate::layout` has a decoder for each of them.
pub const ZOOKEEPER_LAYOUTS: [&str; 6] = ["kratos", "kitex", "dubbo", "dubbo-app", "spring", "plain"];

/// What a `zookeeper:` or `zk:` target asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ZookeeperTarget {
    /// The servers to ask, `host` or `host:port`, in their order; the environment's when empty.
    pub servers: Vec<String>,
    /// The service's name, which is part of its path: `pay`. May have slashes in it.
    pub service: String,
    /// What stands before the name in the path, instead of what every layout has there: `/microservices`.
    pub prefix: Option<String>,
    /// Only this layout is looked for; one of [`ZOOKEEPER_LAYOUTS`].
    pub layout: Option<&'static str>,
}

impl fmt::Display for ZookeeperTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parameters = [("prefix", self.prefix.as_deref()), ("layout", self.layout)];
        fmt_keys(f, "zookeeper", &self.servers, &self.service, parameters)
    }
}
