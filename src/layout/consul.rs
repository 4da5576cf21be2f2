//! What frameworks write to Consul: an instance already has an address and a port there, so a framework only adds its
//! name, its protocol, and further metadata.

use std::collections::BTreeMap;

/// The part of an instance that frameworks write.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Instance<'a> {
    /// Its id.
    pub id: &'a str,
    /// The service's name.
    pub name: &'a str,
    /// Its registered address; may be empty.
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

/// What a framework wrote about an instance.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Framework {
    /// The layout's name.
    pub layout: &'static str,
    /// See [`LayoutRule::is_web_port`](crate::model::endpoint::LayoutRule::is_web_port).
    pub is_web_port: bool,
    /// Metadata in addition to Consul's own.
    pub metadata: BTreeMap<String, String>,
}

impl Framework {
    /// The result for a recognised `layout` with this metadata.
    pub fn new(layout: &'static str, metadata: BTreeMap<String, String>) -> Self {
        Framework { layout, is_web_port: false, metadata }
    }
}
