//! [`Instance`]: everything that a registry lists of an endpoint.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use super::{Address, Check, EndpointStatus, LayoutRule};

/// A part of a registry's list, where the registry keeps the list in parts (an EndpointSlice).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SliceRef {
    /// Its name.
    pub name: String,
}

/// What ties an entry to the life of its owner. For registries with leases.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lease {
    /// Nothing: the entry stays until it is deleted.
    Permanent,
    /// The registry deletes the entry unless the lease is renewed in time. The time left is [`Instance::ttl`].
    Held {
        /// The registry's id of the lease.
        id: String,
        /// The time granted at each renewal, where it is known.
        granted: Option<Duration>,
        /// The time that the framework which wrote the entry grants by default.
        usual: Option<Duration>,
    },
}

/// What a registry lists of an [`Endpoint`](super::Endpoint).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// Where it listens for gRPC.
    pub address: Address,
    /// The registry's own name for this instance.
    pub id: Option<String>,
    /// The status that the registry reports.
    pub status: EndpointStatus,
    /// The reason for the status: the registry's checks.
    pub checks: Vec<Check>,
    /// Relative weight, where the registry has one (Consul weights, SRV weight).
    pub weight: Option<u32>,
    /// SRV priority.
    pub priority: Option<u16>,
    /// Zone, datacenter or locality.
    pub zone: Option<String>,
    /// The node that runs it.
    pub node: Option<String>,
    /// The IP address of that node, where the registry reports one.
    pub node_address: Option<IpAddr>,
    /// Tags as registered.
    pub tags: Vec<String>,
    /// Key-value metadata as registered.
    pub metadata: BTreeMap<String, String>,
    /// How long the registry's information remains valid: DNS TTL, time left of a lease.
    pub ttl: Option<Duration>,
    /// Whether the entry is removed when its owner stops, where the registry has leases.
    pub lease: Option<Lease>,
    /// The framework layout that was recognised, and the rule that gave the port.
    pub layout: Option<LayoutRule>,
    /// What few instances have.
    pub particulars: Option<Box<Particulars>>,
}

/// What few instances have. Boxed, so that the other instances do not pay for it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Particulars {
    /// Another address that the registry lists for the same instance (Eureka: `ipAddr` beside `hostName`). It is
    /// dialed when the first one is not reached.
    pub also: Option<Address>,
    /// Set when the instance was taken out of service on purpose.
    pub maintenance: Option<Maintenance>,
    /// Set when its port accepts mesh traffic only: which proxy, and where.
    pub mesh: Option<String>,
    /// The slices that list it; the one that was read first comes first.
    pub slices: Vec<SliceRef>,
    /// A virtual address in front of all instances of the service (a ClusterIP), which DNS returns for the service's
    /// name.
    pub virtual_ip: Option<IpAddr>,
    /// It is terminating, and its registry still reports it as ready.
    pub is_still_ready: bool,
}

/// An instance was taken out of service on purpose, by an operator or by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Maintenance {
    /// The reason given; may be empty.
    pub reason: String,
    /// The command that puts it back into service.
    pub end: String,
}

impl Instance {
    /// See [`Particulars::also`].
    pub fn also(&self) -> Option<&Address> {
        self.particulars.as_ref()?.also.as_ref()
    }

    /// See [`Particulars::maintenance`].
    pub fn maintenance(&self) -> Option<&Maintenance> {
        self.particulars.as_ref()?.maintenance.as_ref()
    }

    /// See [`Particulars::mesh`].
    pub fn mesh(&self) -> Option<&str> {
        self.particulars.as_ref()?.mesh.as_deref()
    }

    /// See [`Particulars::slices`].
    pub fn slices(&self) -> &[SliceRef] {
        self.particulars.as_ref().map_or(&[], |known| &known.slices)
    }

    /// See [`Particulars::virtual_ip`].
    pub fn virtual_ip(&self) -> Option<IpAddr> {
        self.particulars.as_ref()?.virtual_ip
    }

    /// See [`Particulars::is_still_ready`].
    pub fn is_still_ready(&self) -> bool {
        self.particulars.as_ref().is_some_and(|known| known.is_still_ready)
    }

    /// The metadata that are printed: the registered ones, and the position of the instance in the registry's list as
    /// the registry reports it.
    pub fn shown_metadata(&self) -> BTreeMap<&str, Cow<'_, str>> {
        let registered = self.metadata.iter().map(|(key, value)| (key.as_str(), Cow::Borrowed(value.as_str())));
        let mut shown: BTreeMap<&str, Cow<'_, str>> = registered.collect();
        if let [first, others @ ..] = self.slices() {
            shown.insert("endpointslice", Cow::Borrowed(&first.name));
            if !others.is_empty() {
                let names: Vec<&str> = others.iter().map(|slice| slice.name.as_str()).collect();
                shown.insert("also_in", Cow::Owned(names.join(",")));
            }
        }
        if let Some(ip) = self.virtual_ip() {
            shown.insert("cluster_ip", Cow::Owned(ip.to_string()));
        }
        shown
    }

    /// The particulars, for writing.
    pub fn particulars_mut(&mut self) -> &mut Particulars {
        self.particulars.get_or_insert_default()
    }

    /// An instance of which only the address is known.
    pub fn new(address: Address) -> Self {
        Instance {
            address,
            id: None,
            status: EndpointStatus::Unchecked,
            checks: Vec::new(),
            weight: None,
            priority: None,
            zone: None,
            node: None,
            node_address: None,
            tags: Vec::new(),
            metadata: BTreeMap::new(),
            ttl: None,
            lease: None,
            layout: None,
            particulars: None,
        }
    }

    /// True when `other` has the same attributes. The time left (TTL) and the text of a check's output change
    /// continually and do not count.
    pub fn is_equivalent(&self, other: &Instance) -> bool {
        if std::ptr::eq(self, other) {
            return true;
        }
        let same_checks = || {
            let pairs = self.checks.iter().zip(&other.checks);
            self.checks.len() == other.checks.len()
                && pairs.into_iter().all(|(a, b)| (&a.name, &a.status) == (&b.name, &b.status))
        };
        self.address == other.address
            && self.id == other.id
            && self.status == other.status
            && self.weight == other.weight
            && self.priority == other.priority
            && self.zone == other.zone
            && self.node == other.node
            && self.node_address == other.node_address
            && self.tags == other.tags
            && self.metadata == other.metadata
            && self.particulars == other.particulars
            && (self.lease == Some(Lease::Permanent)) == (other.lease == Some(Lease::Permanent))
            && same_checks()
    }
}
