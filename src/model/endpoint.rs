//! [`Address`], [`Endpoint`] and [`EndpointSet`]: what a registry lists.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::{IpAddr, SocketAddr};
use std::ops::{Deref, DerefMut};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use super::resolution::{Answer, Hidden, Partial, Update};

/// Where one endpoint listens.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Address {
    /// An IP address and port.
    Ip(SocketAddr),
    /// A host name and port: some registries hold names; the transport resolves them when it dials.
    Name {
        /// The host name as registered.
        host: String,
        /// The port.
        port: u16,
    },
    /// A Unix domain socket by path.
    Unix(PathBuf),
    /// A Linux abstract socket by name (without the leading NUL).
    UnixAbstract(String),
}

impl Address {
    /// `host` and `port` as an address: an IP literal (brackets allowed) becomes [`Address::Ip`], anything else a name.
    pub fn from_host_port(host: &str, port: u16) -> Self {
        let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
        match bare.parse() {
            Ok(ip) => Address::Ip(SocketAddr::new(ip, port)),
            Err(_) => Address::Name { host: host.to_string(), port },
        }
    }

    /// The port, where the address has one.
    pub fn port(&self) -> Option<u16> {
        match self {
            Address::Ip(socket) => Some(socket.port()),
            Address::Name { port, .. } => Some(*port),
            Address::Unix(_) | Address::UnixAbstract(_) => None,
        }
    }
}

impl From<SocketAddr> for Address {
    fn from(socket: SocketAddr) -> Self {
        Address::Ip(socket)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Ip(socket) => write!(f, "{socket}"),
            // An IPv6 address whose zone is the name of an interface.
            Address::Name { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Address::Name { host, port } => write!(f, "{host}:{port}"),
            Address::Unix(path) => write!(f, "unix:{}", path.display()),
            Address::UnixAbstract(name) => write!(f, "unix-abstract:{name}"),
        }
    }
}

impl FromStr for Address {
    type Err = AddressError;

    /// Parses `10.0.0.1:80`, `[::1]:80`, `name:80`, `unix:/path`, `unix-abstract:name`. A port is required.
    fn from_str(text: &str) -> Result<Self, AddressError> {
        if let Some(name) = text.strip_prefix("unix-abstract:") {
            return non_empty(name, text).map(|n| Address::UnixAbstract(n.to_string()));
        }
        if let Some(path) = text.strip_prefix("unix:") {
            return non_empty(path, text).map(|p| Address::Unix(PathBuf::from(p.strip_prefix("//").unwrap_or(p))));
        }
        let wrong = |why| AddressError { value: text.to_string(), why };
        if let Ok(socket) = text.parse::<SocketAddr>() {
            return if socket.port() == 0 { Err(wrong(PORT_ZERO)) } else { Ok(Address::Ip(socket)) };
        }
        let (host, port) = text.rsplit_once(':').ok_or_else(|| wrong("has no port"))?;
        let port: u16 = port.parse().map_err(|_| wrong("has a port that is not a number from 1 to 65535"))?;
        if port == 0 {
            return Err(wrong(PORT_ZERO));
        }
        if host.is_empty() {
            return Err(wrong("has no host"));
        }
        if host.contains(':') || host.contains('[') {
            return Err(wrong("is no IPv6 address: write [2001:db8::1]:50051"));
        }
        if host.chars().any(|c| c.is_whitespace() || c.is_control() || "/?#@".contains(c)) {
            return Err(wrong("has a host with characters that no host name has"));
        }
        Ok(Address::Name { host: host.to_string(), port })
    }
}

const PORT_ZERO: &str = "has port 0, where nothing can listen";

fn non_empty<'a>(rest: &'a str, whole: &str) -> Result<&'a str, AddressError> {
    if rest.is_empty() || rest.contains('\0') {
        Err(AddressError { value: whole.to_string(), why: "names no socket" })
    } else {
        Ok(rest)
    }
}

/// Why a text is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{:?} {why}", value)]
pub struct AddressError {
    /// The text as given.
    pub value: String,
    /// What is wrong with it.
    pub why: &'static str,
}

/// What the registry says about an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum EndpointStatus {
    /// Every check of the registry passes.
    Healthy,
    /// The registry lists it and does not judge (DNS, files, literal addresses).
    #[default]
    Unchecked,
    /// A check warns, or it is not ready yet.
    Warning,
    /// A check fails.
    Critical,
    /// On its way out on purpose: maintenance, terminating, disabled, weight 0.
    Draining,
}

impl EndpointStatus {
    /// The word in the output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Unchecked => "unchecked",
            Self::Warning => "warning",
            Self::Critical => "critical",
            Self::Draining => "draining",
        }
    }

    /// The word for people: what its registry lists as passing may be dead all the same.
    pub const fn as_listed(self) -> &'static str {
        match self {
            Self::Healthy => "passing",
            other => other.as_str(),
        }
    }

    /// Would a client that follows the registry send RPCs there?
    pub const fn is_usable(self) -> bool {
        matches!(self, Self::Healthy | Self::Unchecked | Self::Warning)
    }
}

/// One check that the registry runs, with its own words: the reason behind a status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The check's name or id.
    pub name: String,
    /// What that comes to.
    pub state: CheckState,
    /// The registry's word: `passing`, `warning`, `critical`, `maintenance`.
    pub status: String,
    /// The check's output, as the registry keeps it (a stranger's text: escape it).
    pub output: String,
}

/// What the result of a [`Check`] comes to, whatever the registry's word for it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CheckState {
    /// It passes.
    Passing,
    /// It warns, or its result is none of the others.
    Warning,
    /// It fails.
    Critical,
    /// It is no test of the instance: maintenance mode, a pod that is being deleted.
    Info,
}

/// Which rule found an address in what a registry keeps. `Display` prints `kratos: endpoint grpc`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LayoutRule {
    /// The layout that was recognised, or the registry's own; `None` where there is only one way to read it (DNS).
    pub layout: Option<&'static str>,
    /// What in it gave the address.
    pub rule: Cow<'static, str>,
    /// The port is the one that a framework gives to its web server: gRPC is served there only if the web server serves it.
    pub is_web_port: bool,
}

impl LayoutRule {
    /// `rule` of `layout`.
    pub fn new(layout: &'static str, rule: impl Into<Cow<'static, str>>) -> Self {
        LayoutRule { layout: Some(layout), rule: rule.into(), is_web_port: false }
    }

    /// A rule where nothing but the rule is worth naming.
    pub fn plain(rule: impl Into<Cow<'static, str>>) -> Self {
        LayoutRule { layout: None, rule: rule.into(), is_web_port: false }
    }
}

impl fmt::Display for LayoutRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(layout) = self.layout {
            write!(f, "{layout}: ")?;
        }
        f.write_str(&self.rule)
    }
}

/// A part of a registry's list, where the registry keeps the list in parts (an EndpointSlice).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SliceRef {
    /// Its name.
    pub name: String,
}

/// What ties an entry to the life of whoever wrote it. For registries with leases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lease {
    /// Nothing: the entry stays until somebody deletes it.
    Permanent,
    /// The registry deletes the entry unless the lease is renewed in time. What is left of it is [`Instance::ttl`].
    Held {
        /// The registry's name for it.
        id: String,
        /// What it is granted each time it is renewed, where that is known.
        granted: Option<Duration>,
        /// What the framework that wrote the entry grants unless it is told otherwise.
        usual: Option<Duration>,
    },
}

/// One instance of a service, as one registry lists it. Clones share what is listed until one of them is changed: a list passes
/// through many hands (backend, discovery, events, ledger), and an answer may have 100,000 of them.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint(Arc<Instance>);

impl Endpoint {
    /// An endpoint of which only the address is known.
    pub fn new(address: Address) -> Self {
        Instance::new(address).into()
    }

    /// What makes it the same instance in the next answer.
    pub fn key(&self) -> EndpointKey {
        EndpointKey(self.clone())
    }
}

impl From<Instance> for Endpoint {
    fn from(instance: Instance) -> Self {
        Endpoint(Arc::new(instance))
    }
}

impl Deref for Endpoint {
    type Target = Instance;

    fn deref(&self) -> &Instance {
        &self.0
    }
}

impl DerefMut for Endpoint {
    /// Copies what is shared with others first.
    fn deref_mut(&mut self) -> &mut Instance {
        Arc::make_mut(&mut self.0)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a registry lists of an [`Endpoint`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// Where it listens for gRPC.
    pub address: Address,
    /// The registry's own name for this instance.
    pub id: Option<String>,
    /// What the registry says about it.
    pub status: EndpointStatus,
    /// Why: the registry's checks.
    pub checks: Vec<Check>,
    /// Relative weight, where the registry has one (Consul weights, SRV weight).
    pub weight: Option<u32>,
    /// SRV priority.
    pub priority: Option<u16>,
    /// Zone, datacenter or locality.
    pub zone: Option<String>,
    /// The node that runs it.
    pub node: Option<String>,
    /// Where the registry itself knows that node to be, when it says so with an IP address.
    pub node_address: Option<IpAddr>,
    /// Tags as registered.
    pub tags: Vec<String>,
    /// Key-value metadata as registered.
    pub metadata: BTreeMap<String, String>,
    /// How long the registry's word still holds: DNS TTL, lease left.
    pub ttl: Option<Duration>,
    /// Whether the entry goes when its owner does, where the registry has leases.
    pub lease: Option<Lease>,
    /// The framework layout that was recognised, and the rule that gave the port.
    pub layout: Option<LayoutRule>,
    /// What only few instances have.
    pub particulars: Option<Box<Particulars>>,
}

/// What only few instances have; boxed, so that the others do not pay for it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Particulars {
    /// Another address that the registry lists for the same instance (Eureka: `ipAddr` beside `hostName`). It is contacted
    /// when the first one is not reached.
    pub also: Option<Address>,
    /// The instance was taken out of service on purpose.
    pub maintenance: Option<Maintenance>,
    /// Its port accepts mesh traffic only: which proxy, and where.
    pub mesh: Option<String>,
    /// The slices that list it, the one that was read first in front.
    pub slices: Vec<SliceRef>,
    /// A virtual address in front of all instances of the service (a ClusterIP), which DNS gives for the service's name.
    pub virtual_ip: Option<IpAddr>,
    /// It is on its way out, and its registry still calls it ready.
    pub is_still_ready: bool,
}

/// An instance was taken out of service on purpose, by an operator or by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Maintenance {
    /// The reason given; may be empty.
    pub reason: String,
    /// The command that ends it.
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

    /// The metadata as they are printed: those registered, and what the registry itself says of the place of the instance in
    /// its list.
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

    /// The particulars, to be filled in.
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

    /// True when `other` says the same about the instance. The time left (TTL) and the text of a check's output run on
    /// by themselves and are no change.
    pub fn says_the_same(&self, other: &Instance) -> bool {
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

/// What makes an instance the same one in the next answer: its address and the registry's id for it, nothing else. It shares the
/// endpoint that it was taken from, so it costs no memory of its own.
#[derive(Clone)]
pub struct EndpointKey(Endpoint);

impl EndpointKey {
    /// Where it listens.
    pub fn address(&self) -> &Address {
        &self.0.address
    }

    /// The registry's own name for it.
    pub fn id(&self) -> Option<&str> {
        self.0.id.as_deref()
    }

    /// The same key with another id.
    pub fn with_id(&self, id: String) -> EndpointKey {
        let mut endpoint = Endpoint::new(self.address().clone());
        endpoint.id = Some(id);
        EndpointKey(endpoint)
    }

    fn parts(&self) -> (&Address, Option<&str>) {
        (self.address(), self.id())
    }
}

impl PartialEq for EndpointKey {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }
}

impl Eq for EndpointKey {}

impl PartialOrd for EndpointKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for EndpointKey {
    fn cmp(&self, other: &Self) -> Ordering {
        self.parts().cmp(&other.parts())
    }
}

impl Hash for EndpointKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.parts().hash(state);
    }
}

impl fmt::Debug for EndpointKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (address, id) = self.parts();
        f.debug_struct("EndpointKey").field("address", address).field("id", &id).finish()
    }
}

/// What an update changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Delta {
    /// Instances that were not there before.
    pub added: Vec<Endpoint>,
    /// Instances that are no longer there, as they were last seen.
    pub removed: Vec<Endpoint>,
    /// Instances that say something else now.
    pub changed: Vec<Endpoint>,
}

impl Delta {
    /// True when the update changed nothing.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }
}

/// Everything one registry lists for one target, in the registry's own order (pick_first cares).
#[derive(Debug, Clone, Default)]
pub struct EndpointSet {
    order: Vec<EndpointKey>,
    endpoints: BTreeMap<EndpointKey, Endpoint>,
}

impl EndpointSet {
    /// Applies `update` and tells what it changed. `Reset` replaces everything; `NotFound` empties the set. An instance
    /// that is listed twice counts once, as it was listed last.
    pub fn apply(&mut self, update: Update) -> Delta {
        let mut delta = Delta::default();
        match update {
            Update::Reset(answer) => {
                let mut before = std::mem::take(&mut self.endpoints);
                let old_order = std::mem::take(&mut self.order);
                for endpoint in answer.endpoints {
                    let key = endpoint.key();
                    match before.remove(&key) {
                        None if !self.endpoints.contains_key(&key) => delta.added.push(endpoint.clone()),
                        Some(old) if !old.says_the_same(&endpoint) => delta.changed.push(endpoint.clone()),
                        None | Some(_) => {}
                    }
                    if self.endpoints.insert(key.clone(), endpoint).is_none() {
                        self.order.push(key);
                    }
                }
                delta.removed.extend(old_order.iter().filter_map(|key| before.remove(key)));
            }
            Update::Partial(Partial { mut answer, hidden, .. }) => {
                answer.endpoints.extend(self.hidden_from(&answer, &hidden));
                return self.apply(Update::Reset(answer));
            }
            Update::Add(endpoints) => {
                for endpoint in endpoints {
                    let key = endpoint.key();
                    // Taken out first: the key shares its endpoint, and the old one is to go.
                    let before = self.endpoints.remove(&key);
                    self.endpoints.insert(key.clone(), endpoint.clone());
                    match before {
                        None => {
                            self.order.push(key);
                            delta.added.push(endpoint);
                        }
                        Some(old) if !old.says_the_same(&endpoint) => delta.changed.push(endpoint),
                        Some(_) => {}
                    }
                }
            }
            Update::Remove(keys) => {
                delta.removed.extend(keys.iter().filter_map(|key| self.endpoints.remove(key)));
                self.order.retain(|key| self.endpoints.contains_key(key));
            }
            Update::NotFound(_) => {
                let mut before = std::mem::take(&mut self.endpoints);
                delta.removed.extend(std::mem::take(&mut self.order).iter().filter_map(|key| before.remove(key)));
            }
        }
        delta
    }

    /// The instances, in the registry's order.
    pub fn iter(&self) -> impl Iterator<Item = &Endpoint> {
        self.order.iter().filter_map(|key| self.endpoints.get(key))
    }

    /// The instances that `answer` lacks because they are hidden.
    pub fn hidden_from(&self, answer: &Answer, hidden: &Hidden) -> Vec<Endpoint> {
        let visible: BTreeSet<EndpointKey> = answer.endpoints.iter().map(|endpoint| endpoint.key()).collect();
        let missing = self.iter().filter(|endpoint| !visible.contains(&endpoint.key()));
        missing.filter(|endpoint| hidden.covers(endpoint)).cloned().collect()
    }

    /// How many instances are missing from a full list of these keys.
    pub fn missing(&self, list: &BTreeSet<EndpointKey>) -> usize {
        self.endpoints.keys().filter(|key| !list.contains(key)).count()
    }

    /// How many instances there are.
    pub fn len(&self) -> usize {
        self.endpoints.len()
    }

    /// True when nothing is listed.
    pub fn is_empty(&self) -> bool {
        self.endpoints.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::resolution::Answer;

    fn endpoint(address: &str) -> Endpoint {
        Endpoint::new(address.parse().unwrap())
    }

    fn reset(addresses: &[&str]) -> Update {
        Update::Reset(Answer { endpoints: addresses.iter().map(|a| endpoint(a)).collect(), notes: Vec::new() })
    }

    fn listed(set: &EndpointSet) -> Vec<String> {
        set.iter().map(|e| e.address.to_string()).collect()
    }

    #[test]
    fn reset_keeps_the_registrys_order_and_tells_only_what_changed() {
        let mut set = EndpointSet::default();
        assert_eq!(set.apply(reset(&["10.0.0.9:1", "10.0.0.1:1"])).added.len(), 2);
        assert_eq!(listed(&set), ["10.0.0.9:1", "10.0.0.1:1"]);
        assert!(set.apply(reset(&["10.0.0.1:1", "10.0.0.9:1"])).is_empty(), "an order is no change");
        let delta = set.apply(reset(&["10.0.0.1:1", "10.0.0.2:1", "10.0.0.2:1"]));
        assert_eq!((delta.added.len(), delta.removed.len(), set.len()), (1, 1, 2));
    }

    #[test]
    fn a_ttl_that_runs_down_is_no_change_and_a_status_is() {
        let mut set = EndpointSet::default();
        set.apply(reset(&["10.0.0.1:1"]));
        let mut later = endpoint("10.0.0.1:1");
        later.ttl = Some(Duration::from_secs(3));
        assert!(set.apply(Update::Add(vec![later.clone()])).is_empty());
        later.status = EndpointStatus::Critical;
        assert_eq!(set.apply(Update::Add(vec![later])).changed.len(), 1);
    }

    #[test]
    fn addresses_are_parsed_and_refused_with_the_reason() {
        for good in ["10.0.0.1:80", "[2001:db8::1]:50051", "pay.example:443", "unix:/run/pay.sock", "unix-abstract:pay"]
        {
            assert_eq!(good.parse::<Address>().unwrap().to_string(), good);
        }
        for bad in
            ["", "10.0.0.1", "10.0.0.1:0", "[::1]:0", "pay:0", "pay:65536", "2001:db8::1:80", ":80", "a b:80", "unix:"]
        {
            assert!(bad.parse::<Address>().is_err(), "{bad}");
        }
    }
}
