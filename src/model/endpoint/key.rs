//! [`EndpointKey`]: what identifies the same instance in the next response.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use super::{Address, Endpoint};

/// What identifies the same instance in the next response: its address and the registry's id for it, nothing else. It
/// shares the endpoint that it was made from, so it costs no memory of its own.
#[derive(Clone)]
pub struct EndpointKey(pub(super) Endpoint);

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
