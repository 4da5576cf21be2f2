//! What frameworks write into Consul: an instance has an address and a port of its own there, so a framework only says who
//! it is, what it speaks, and what belongs to the instance besides.

use std::collections::BTreeMap;

use super::{go_micro, goframe, kitex, spring};

/// An instance, as far as frameworks say something in it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Instance<'a> {
    /// Its id.
    pub id: &'a str,
    /// The service's name.
    pub name: &'a str,
    /// Its address as it was registered; may be empty.
    pub address: &'a str,
    /// Its port.
    pub port: i64,
    /// Its tags.
    pub tags: &'a [String],
    /// Its metadata.
    pub meta: &'a BTreeMap<String, String>,
    /// The types of its checks: `ttl`, `http`, `grpc`.
    pub checks: &'a [&'a str],
}

/// What a framework says about an instance.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Said {
    /// The layout's name.
    pub layout: &'static str,
    /// What follows the rule that gave the address, where the address may mislead.
    pub aside: &'static str,
    /// Metadata beside those that Consul has.
    pub metadata: BTreeMap<String, String>,
}

/// What the first framework says that recognises `instance` as its own; an error says why it is of no use for gRPC.
pub(crate) fn said(instance: &Instance<'_>) -> Option<Result<Said, String>> {
    let each = [go_micro::in_consul, goframe::in_consul, kitex::in_consul, spring::in_consul];
    each.into_iter().find_map(|read| read(instance))
}
