//! [`Endpoint`]: what a registry lists.

mod address;
mod instance;
mod key;
mod layout_rule;
mod status;

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

pub use address::{Address, AddressError, AddressErrorKind};
pub use instance::{Instance, Lease, Maintenance, Particulars, SliceRef};
pub use key::EndpointKey;
pub use layout_rule::LayoutRule;
pub use status::{Check, CheckState, EndpointStatus};

/// One instance of a service, as one registry lists it. Clones share their data until one of them is changed: a list
/// passes through many modules (backend, discovery, events, ledger), and a response may contain 100,000 of them.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint(Arc<Instance>);

impl Endpoint {
    /// An endpoint of which only the address is known.
    pub fn new(address: Address) -> Self {
        Instance::new(address).into()
    }

    /// What identifies the same instance in the next response.
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
    /// Copies data that is shared with other clones first.
    fn deref_mut(&mut self) -> &mut Instance {
        Arc::make_mut(&mut self.0)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
