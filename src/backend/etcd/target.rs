//! [`EtcdTarget`]: `etcd:///svc` of etcd's own naming (clientv3/naming/resolver), go-zero's
//! `etcd:///h1:2379,h2:2379?key=K`, `etcd://h1:2379/K` and `discov://h1,h2/K` (zrpc/resolver/internal), and ours:
//! `etcd://[member,…]/svc?prefix=…&layout=…`.

use std::fmt;

use crate::backend::target::keys::{Members, ParameterTexts, fmt_keys, parameters, split};
use crate::backend::target::percent::decode;
use crate::backend::target::{Example, Parsed, Piece, Scheme, invalid};
use crate::model::target::{BackendTarget, Target, plain_authority};

/// The backend's name in the output and on the command line.
pub(super) const NAME: &str = "etcd";

/// The schemes: etcd's own naming, and go-zero's.
pub(super) const SCHEMES: &[Scheme] = &[
    Scheme::new("etcd", |rest| etcd(rest).map(Target::from)).with_parameters(&["prefix", "layout", "key"]),
    Scheme::new("discov", |rest| discov(rest).map(Target::from)),
];

/// The examples in the help.
pub(super) const EXAMPLES: &[Example] = &[Example {
    target: "etcd:///pay",
    meaning: "etcd, at ETCDCTL_ENDPOINTS; etcd://10.0.0.1:2379/pay at this member",
}];

/// The query of an `etcd:` or `discov:` target.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EtcdTarget {
    /// The members to query, `host` or `host:port`, in their order; the environment's when empty.
    pub members: Vec<String>,
    /// The service's name, which is part of its keys: `pay`. May contain slashes.
    pub service: String,
    /// The part of the keys before the name, instead of the prefix of each layout: `/microservices`.
    pub prefix: Option<String>,
    /// Only this layout is looked for; the name of one that is written to etcd.
    pub layout: Option<&'static str>,
}

impl BackendTarget for EtcdTarget {
    fn backend(&self) -> &'static str {
        NAME
    }

    fn scheme(&self) -> &'static str {
        "etcd"
    }

    fn names_an_address(&self) -> bool {
        !self.members.is_empty()
    }

    fn authority(&self) -> Option<String> {
        plain_authority(&self.service)
    }
}

impl fmt::Display for EtcdTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt_keys(f, "etcd", &self.members, &self.service, [("prefix", self.prefix.as_deref()), ("layout", self.layout)])
    }
}

const EXAMPLE: &str = "etcd:///pay";
const KEY: &str = "etcd:///10.0.0.1:2379,10.0.0.2:2379?key=pay.rpc";
/// The layout of targets that only go-zero writes.
const GO_ZERO: &str = "go-zero";
const MEMBERS: Members =
    Members { whose: "etcd's members", example: "etcd://10.0.0.1:2379,10.0.0.2:2379/pay", user: "ETCDCTL_USER" };
const WORDS: ParameterTexts = ParameterTexts {
    scheme: "etcd",
    known: "prefix, layout, key",
    is_written: |layout| !layout.prefixes("pay").is_empty(),
    examples: [EXAMPLE, "etcd:///pay?layout=kratos", "etcd:///pay?prefix=/microservices"],
    key: Some(KEY),
};

fn etcd(rest: Piece<'_>) -> Parsed<EtcdTarget> {
    let (before, query) = match rest.split_once('?') {
        Some((before, query)) => (before, Some(query)),
        None => (rest, None),
    };
    let parameters = parameters(query, &WORDS)?;
    let (authority, path) = split(before, "etcd", &MEMBERS, parameters.key.is_some())?;
    let mut target = EtcdTarget { prefix: parameters.prefix, layout: parameters.layout, ..EtcdTarget::default() };
    if let Some(authority) = authority {
        target.members = MEMBERS.parse(authority)?;
    }
    match parameters.key {
        // Go 1.26 does not accept commas in an authority: go-zero moved its members into the path.
        Some(key) => {
            if !path.is_empty() {
                target.members.extend(MEMBERS.parse(path)?);
            }
            if target.layout.is_some_and(|layout| layout != GO_ZERO) {
                return invalid(rest.at, "key= requires the layout go-zero, but layout= is set to another one", KEY);
            }
            target.layout = Some(GO_ZERO);
            target.service = key;
        }
        None => target.service = service(path)?,
    }
    Ok(target)
}

/// `discov://h1,h2/K`, go-zero's.
fn discov(rest: Piece<'_>) -> Parsed<EtcdTarget> {
    const DISCOV: &str = "discov://10.0.0.1:2379,10.0.0.2:2379/pay.rpc";
    if let Some(at) = rest.text.find('?') {
        return invalid(rest.at + at, "discov: takes no parameters", DISCOV);
    }
    let (authority, path) = split(rest, "discov", &MEMBERS, false)?;
    let mut target = EtcdTarget { layout: Some(GO_ZERO), ..EtcdTarget::default() };
    if let Some(authority) = authority {
        target.members = MEMBERS.parse(authority)?;
    }
    target.service = service(path)?;
    Ok(target)
}

fn service(path: Piece<'_>) -> Parsed<String> {
    if path.is_empty() {
        return invalid(path.at, "missing service name", EXAMPLE);
    }
    if let Some(comma) = path.text.find(',') {
        return invalid(
            path.at + comma,
            "expected a service name, got a list of members; go-zero's list requires key=",
            KEY,
        );
    }
    decode(path, false, EXAMPLE)
}

#[cfg(test)]
mod tests;
