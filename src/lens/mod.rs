//! What another framework's client would hold. Pure: a lens is a model of one client stack. It receives what the
//! registry reports and which calls are made, as our own channel does. It reports which addresses such a client would
//! dial now, whether it would notice the next change, and how it would recover.
//!
//! A lens is one file and one line in [`LENSES`]. The sources of its rules are named in the file; `tests/it/lens`
//! runs it and the real client through the same scripts. [`find`] parses what `--as` names, [`Lenses`] runs them
//! beside a session.

mod dns;
mod driver;
mod etcd_naming;
mod go_zero;
mod idle;
mod kratos;
mod kuberesolver;
mod mbobakov_consul;
mod registry_view;
mod select;
#[cfg(test)]
mod tests;
mod watching;

use std::fmt;
use std::time::Duration;

pub use driver::{Lenses, Past, Watched};
pub use select::{LensErrorKind, UnknownLens, find, names};

use crate::model::endpoint::{Address, Endpoint};
pub use crate::model::lens::NoticesChanges;
use crate::model::registry::{Registry, WatchApi};
use crate::model::time::Elapsed;

/// A client stack, or a range of its versions that behaves in the same way.
#[derive(Debug)]
pub struct LensKind {
    /// The name in `--as`: `kratos`.
    pub name: &'static str,
    /// First and last version, inclusive: `("2.5.4", "2.7.2")`; the last one is the newest whose source was read.
    /// `None` for a stack whose versions behave in the same way.
    pub versions: Option<(&'static str, &'static str)>,
    /// What its resolver follows.
    pub follows: ResolverSource,
    /// What it does across an idle period, in half a sentence: `its poller ends with the first idle period`.
    pub rule: &'static str,
    /// How a call to a dead address fails: the start of the client's own error message.
    pub fails_with: &'static str,
    /// What helps when it holds the wrong addresses: restart, upgrade to, idle timeout 0.
    pub remedy: &'static str,
    /// Where the rule comes from: issue threads, source files.
    pub links: &'static [&'static str],
    /// Creates a client that was just built and has not called yet.
    pub client: fn(Setting) -> Box<dyn Client>,
}

/// What a lens's resolver follows. A model reproduces how a client is notified of changes, so this names the
/// mechanism and not a registry: each backend declares the mechanism of its registry ([`Registry::watch`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ResolverSource {
    /// Any registry for which the framework has a plugin; the model was verified with one that has this API.
    Registry(WatchApi),
    /// Registries with this API and no others.
    Only(WatchApi),
    /// DNS, as in gRPC itself.
    Dns,
}

impl ResolverSource {
    /// True when such a resolver may follow `registry`.
    pub fn may_follow(self, registry: &Registry) -> bool {
        match self {
            ResolverSource::Dns => registry.resolves_names(),
            ResolverSource::Registry(_) => !registry.resolves_names(),
            ResolverSource::Only(api) => registry.watch == api,
        }
    }
}

/// The configuration of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// Its idle timeout; `None` and zero never idle.
    pub idle_timeout: Option<Duration>,
    /// The time limit of its first query to the registry when it leaves IDLE (Kratos: the RPC timeout, 2 s).
    pub timeout: Duration,
}

impl Default for Setting {
    /// gRPC's idle timeout (30 min) and Kratos's RPC timeout (2 s).
    fn default() -> Self {
        Setting { idle_timeout: Some(Duration::from_secs(30 * 60)), timeout: Duration::from_secs(2) }
    }
}

/// What happens to a client.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// The registry lists this now: everything, usable or not.
    Lists(Vec<Endpoint>),
    /// The registry does not respond from now on, until the next [`Input::Lists`]: queries wait until they time out.
    Unreachable,
    /// The registry responds with errors from now on, until the next [`Input::Lists`]: queries fail at once, and so
    /// does a watch that waits.
    Refuses,
    /// A call starts.
    CallStarted,
    /// The call's final status is known.
    CallFinished,
    /// The connection to this address was lost, or none can be established.
    Lost(Address),
    /// [`Client::deadline`] has passed. Harmless when it has not.
    TimePassed,
}

/// A client as modelled by a lens. Pure: time is an argument.
pub trait Client: fmt::Debug + Send {
    /// Processes one input at `now`. What was due until `now` is processed first, in order. A `now` before the last
    /// one counts as the last one: time never runs backwards in a client.
    fn handle(&mut self, now: Elapsed, input: &Input);

    /// When its view may change without any input.
    fn deadline(&self) -> Option<Elapsed>;

    /// What it holds now.
    fn view(&self) -> View;
}

/// What a client holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// The addresses that its next call can be sent to, in the order of the client. While it is IDLE: the list that
    /// the next call would start with, when that is known without a query; empty when it would have to query, or has
    /// none.
    pub holds: Vec<Address>,
    /// The maximum number of addresses that it uses by design (client-side subset).
    pub subset: Option<usize>,
    /// Whether, and when, it notices the next change.
    pub notices: NoticesChanges,
}

/// How a view differs from the registry.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Difference {
    /// Held, and not listed as usable.
    pub stale: Vec<Address>,
    /// Listed as usable and not held, beyond what the client leaves out by design.
    pub missing: Vec<Address>,
}

impl View {
    /// Compares with what the registry lists as `usable` now. A client that will query at its next call holds nothing
    /// that could be stale.
    pub fn against(&self, usable: &[Address]) -> Difference {
        if self.notices == NoticesChanges::NextCall {
            return Difference::default();
        }
        let stale: Vec<Address> = self.holds.iter().filter(|held| !usable.contains(held)).cloned().collect();
        let by_design = self.subset.is_some_and(|most| self.holds.len() - stale.len() >= most.min(usable.len()));
        let missing = usable.iter().filter(|address| !by_design && !self.holds.contains(address));
        Difference { missing: missing.cloned().collect(), stale }
    }
}

impl Difference {
    /// True when nothing is stale and nothing is missing.
    pub fn is_empty(&self) -> bool {
        self.stale.is_empty() && self.missing.is_empty()
    }
}

/// The lenses, in the order of the output of `--as all`.
pub static LENSES: &[&LensKind] = &[
    &kratos::UP_TO_2_5_3,
    &kratos::FROM_2_5_4,
    &kratos::FROM_2_7_3,
    &kratos::FROM_2_8_1,
    &kratos::ONLY_2_8_3,
    &kratos::FROM_2_8_4,
    &kratos::BYSTANDER,
    &dns::GRPC_GO,
    &dns::GRPC_JAVA,
    &dns::GRPC_CORE,
    &dns::GRPC_JS,
    &kuberesolver::KUBERESOLVER,
    &go_zero::UP_TO_1_7_0,
    &go_zero::FROM_1_7_2,
    &go_zero::FROM_1_8_0,
    &etcd_naming::ETCD_NAMING,
    &mbobakov_consul::MBOBAKOV_CONSUL,
];
