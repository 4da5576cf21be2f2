//! [`ZookeeperTarget`]: `zookeeper://[server,…]/svc?prefix=…&layout=…` and `zk:`: ours; gRPC's clients have no form
//! of their own.

use std::fmt;

use crate::backend::target::keys::{Members, ParameterTexts, fmt_keys, parameters, split};
use crate::backend::target::percent::decode;
use crate::backend::target::{Example, Parsed, Piece, Scheme, invalid};
use crate::model::target::{BackendTarget, Target, plain_authority};

/// The backend's name in the output and on the command line.
pub(super) const NAME: &str = "zookeeper";

/// The scheme and its short form.
pub(super) const SCHEMES: &[Scheme] = &[
    Scheme::new("zookeeper", |rest| zookeeper(rest).map(Target::from)).with_parameters(&["prefix", "layout"]),
    Scheme::new("zk", |rest| zookeeper(rest).map(Target::from)).with_parameters(&["prefix", "layout"]),
];

/// The examples in the help.
pub(super) const EXAMPLES: &[Example] = &[Example {
    target: "zookeeper:///pay",
    meaning: "ZooKeeper, at ZOOKEEPER_CONNECT; zk://10.0.0.1:2181/pay at this server",
}];

/// The query of a `zookeeper:` or `zk:` target.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ZookeeperTarget {
    /// The servers to query, `host` or `host:port`, in their order; the environment's when empty.
    pub servers: Vec<String>,
    /// The service's name, which is part of its path: `pay`. May contain slashes.
    pub service: String,
    /// The part of the path before the name, instead of the prefix of each layout: `/microservices`.
    pub prefix: Option<String>,
    /// Only this layout is looked for; the name of one that is written to ZooKeeper.
    pub layout: Option<&'static str>,
}

impl BackendTarget for ZookeeperTarget {
    fn backend(&self) -> &'static str {
        NAME
    }

    fn scheme(&self) -> &'static str {
        "zookeeper"
    }

    fn names_an_address(&self) -> bool {
        !self.servers.is_empty()
    }

    fn authority(&self) -> Option<String> {
        plain_authority(&self.service)
    }
}

impl fmt::Display for ZookeeperTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parameters = [("prefix", self.prefix.as_deref()), ("layout", self.layout)];
        fmt_keys(f, "zookeeper", &self.servers, &self.service, parameters)
    }
}

const EXAMPLE: &str = "zookeeper:///pay";
const SERVERS: Members = Members {
    whose: "ZooKeeper's servers",
    example: "zookeeper://10.0.0.1:2181,10.0.0.2:2181/pay",
    user: "ZOOKEEPER_AUTH",
};
const WORDS: ParameterTexts = ParameterTexts {
    scheme: "zookeeper",
    known: "prefix, layout",
    is_written: |layout| !layout.nodes("pay").is_empty(),
    examples: [EXAMPLE, "zookeeper:///pay?layout=kratos", "zookeeper:///pay?prefix=/microservices"],
    key: None,
};

fn zookeeper(rest: Piece<'_>) -> Parsed<ZookeeperTarget> {
    let (before, query) = match rest.split_once('?') {
        Some((before, query)) => (before, Some(query)),
        None => (rest, None),
    };
    let (authority, path) = split(before, "zookeeper", &SERVERS, false)?;
    let servers = authority.map(|authority| SERVERS.parse(authority)).transpose()?.unwrap_or_default();
    if path.is_empty() {
        return invalid(path.at, "missing service name", EXAMPLE);
    }
    let service = decode(path, false, EXAMPLE)?;
    let parameters = parameters(query, &WORDS)?;
    Ok(ZookeeperTarget { servers, service, prefix: parameters.prefix, layout: parameters.layout })
}

#[cfg(test)]
mod tests;
