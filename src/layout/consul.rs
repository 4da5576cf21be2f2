//! What frameworks write into Consul: an instance has an address and a port of its own there, so a framework only says who
//! it is, what it speaks, and what belongs to the instance besides.

use std::collections::BTreeMap;

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

/// What a framework writes about an instance.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Framework {
    /// The layout's name.
    pub layout: &'static str,
    /// See [`LayoutRule::is_web_port`](crate::model::endpoint::LayoutRule::is_web_port).
    pub is_web_port: bool,
    /// Metadata beside those that Consul has.
    pub metadata: BTreeMap<String, String>,
}

impl Framework {
    /// That `layout` was recognised, with these metadata.
    pub fn new(layout: &'static str, metadata: BTreeMap<String, String>) -> Self {
        Framework { layout, is_web_port: false, metadata }
    }
}
