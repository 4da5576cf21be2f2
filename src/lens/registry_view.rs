//! What a client can learn from its registry now.

use crate::model::endpoint::{Address, Endpoint, EndpointStatus};

use super::Input;

/// How the registry responds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Availability {
    /// Nothing is known about it yet: queries wait.
    #[default]
    Unknown,
    /// With what it lists.
    Lists,
    /// Not at all: queries wait until they time out.
    NoResponse,
    /// With an error, at once.
    Errors,
}

/// The current state of the registry.
#[derive(Debug, Default)]
pub(super) struct RegistryView {
    pub(super) availability: Availability,
    pub(super) listed: Vec<Endpoint>,
    /// Increases by one with every list that differs from the previous one: Consul calls this its index.
    pub(super) index: u64,
}

impl RegistryView {
    /// Applies what `input` reports about the registry; true when it reports anything.
    pub(super) fn take(&mut self, input: &Input) -> bool {
        match input {
            Input::Lists(endpoints) => {
                self.availability = Availability::Lists;
                if self.index == 0 || *endpoints != self.listed {
                    self.index += 1;
                    self.listed.clone_from(endpoints);
                }
                true
            }
            Input::Unreachable => {
                self.availability = Availability::NoResponse;
                true
            }
            Input::Refuses => {
                self.availability = Availability::Errors;
                true
            }
            Input::CallStarted | Input::CallFinished | Input::Lost(_) | Input::TimePassed => false,
        }
    }

    /// The addresses of the endpoints that `admit` accepts: the registry's order, each once.
    pub(super) fn addresses(&self, admit: fn(EndpointStatus) -> bool) -> Vec<Address> {
        addresses(self.listed.iter().filter(|endpoint| admit(endpoint.status)))
    }
}

/// The addresses of `endpoints`, each once.
pub(super) fn addresses<'a>(endpoints: impl Iterator<Item = &'a Endpoint>) -> Vec<Address> {
    let mut addresses = Vec::new();
    for endpoint in endpoints {
        if !addresses.contains(&endpoint.address) {
            addresses.push(endpoint.address.clone());
        }
    }
    addresses
}

/// The statuses that a registry returns to a query for passing instances only: not those with a warning.
pub(super) fn passing(status: EndpointStatus) -> bool {
    match status {
        EndpointStatus::Healthy | EndpointStatus::Unchecked => true,
        EndpointStatus::Warning | EndpointStatus::Critical | EndpointStatus::Draining => false,
    }
}

/// A random choice of `most` from `all`. It stays as stable as possible while the list changes, unlike in some of the
/// real clients, which choose again (Kratos at every rebuild of the resolver, go-zero at every update).
pub(super) fn subset(all: &[Address], most: Option<usize>) -> Vec<Address> {
    let Some(most) = most.filter(|most| *most < all.len()) else { return all.to_vec() };
    let mut drawn: Vec<(u64, &Address)> = all.iter().map(|address| (hash(&address.to_string()), address)).collect();
    drawn.sort();
    drawn.truncate(most);
    all.iter().filter(|address| drawn.iter().any(|(_, kept)| kept == address)).cloned().collect()
}

/// FNV-1a.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
