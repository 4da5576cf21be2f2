//! [`Registry`]: the properties of a kind of registry, as far as anything outside its backend needs them, and
//! [`SourceId`], a registry with what it is queried for.
//!
//! Every backend owns one `Registry`, in its own folder. Rules compare capabilities, never names: a rule that applies
//! to one registry today applies to the next one with the same capabilities. What a rule recommends in a registry's
//! own commands is [`Registry::advice`], so that no rule depends on a registry's tools.

use std::fmt;
use std::hash::{Hash, Hasher};

use super::endpoint::Endpoint;
use super::resolution::{RegistryMemory, ResolveCode};
use super::target::Target;

/// A kind of registry. Two are equal when their names are equal.
#[derive(Clone, Copy)]
pub struct Registry {
    /// The name in the output and on the command line: `consul`.
    pub name: &'static str,
    /// Where its list comes from.
    pub kind: RegistryKind,
    /// How its clients are notified of changes.
    pub watch: WatchApi,
    /// True when it also starts and stops the instances that it lists (an orchestrator). An instance of it that is
    /// draining is being deleted, and in a remedy its commands come before those of a registry that only lists.
    pub orchestrates: bool,
    /// What it keeps in memory only: how long after its restart missing instances are not reported as removed.
    pub memory: RegistryMemory,
    /// Its name for an instance that every client uses.
    pub passing: Passing,
    /// The domain, without dots, for which it answers DNS queries itself, unless it is configured otherwise:
    /// `consul`.
    pub dns_domain: Option<&'static str>,
    /// What to do in a situation, in this registry's own commands; `None` where the remedy of the catalog is enough.
    pub advice: fn(Situation<'_>) -> Option<String>,
}

/// Where the list of a registry comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RegistryKind {
    /// The addresses were typed: nothing is queried.
    Literal,
    /// The list was written into a file: no server is queried.
    File,
    /// The registry itself is the source of the list.
    Authority,
    /// It resolves names (DNS): each answer is a copy that may be cached, may be incomplete, and contains addresses
    /// only.
    NameService,
}

/// How clients of a registry are notified of changes. A model of such a client (lens) follows one of these, so each
/// is named after what the model reproduces. A registry whose clients no lens models is [`WatchApi::Other`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WatchApi {
    /// A request with an index is answered when the index has changed (Consul's blocking queries).
    BlockingQuery,
    /// A range of keys is read, then watched from the revision of that read on (etcd).
    RevisionWatch,
    /// Slices of the list are listed, then watched one by one (Kubernetes' EndpointSlices).
    SliceWatch,
    /// Anything else.
    Other,
}

/// Which name a registry has for an instance that every client uses, and which clients use no other instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passing {
    /// The registry's own word: `passing`.
    pub word: &'static str,
    /// The clients that leave out every other instance: the subject of a sentence in the plural.
    pub clients: &'static str,
}

/// The situations for which a registry gives [`advice`](Registry::advice).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Situation<'a> {
    /// A query failed.
    Failed(ResolveCode),
    /// It has no endpoint for the name.
    NoEndpoint,
    /// DNS truncated an answer about one of its services without setting the flag for it.
    DnsAnswerCut,
    /// It lists instances, and none of them as usable; this is one of them.
    NoneUsable(&'a Endpoint),
    /// It lists this instance neither as passing nor as critical.
    NotPassing(&'a Endpoint),
    /// It lists this instance as critical, and the instance is dead.
    Leftover(&'a Endpoint),
    /// It lists this instance as healthy, and the instance is dead.
    Dead(&'a Endpoint),
}

impl Registry {
    /// A registry that is the source of its list and of which nothing else is known.
    pub const fn named(name: &'static str) -> Registry {
        Registry {
            name,
            kind: RegistryKind::Authority,
            watch: WatchApi::Other,
            orchestrates: false,
            memory: RegistryMemory::DURABLE,
            passing: Passing { word: "healthy", clients: "clients that take healthy instances only" },
            dns_domain: None,
            advice: |_| None,
        }
    }

    /// True when a registry is queried; false when the target names the endpoints, or the list of them, itself.
    pub fn is_queried(&self) -> bool {
        match self.kind {
            RegistryKind::Literal | RegistryKind::File => false,
            RegistryKind::Authority | RegistryKind::NameService => true,
        }
    }

    /// True when it is the source of its list; a name service has a copy.
    pub fn is_authority(&self) -> bool {
        !self.resolves_names()
    }

    /// True when it resolves names: [`RegistryKind::NameService`].
    pub fn resolves_names(&self) -> bool {
        self.kind == RegistryKind::NameService
    }

    /// True when `name` is in the domain for which it answers DNS queries itself.
    pub fn answers_dns_for(&self, name: &str) -> bool {
        self.dns_domain.is_some_and(|domain| name.split('.').skip(1).any(|label| label.eq_ignore_ascii_case(domain)))
    }
}

impl PartialEq for Registry {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Registry {}

impl Hash for Registry {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl fmt::Display for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// A source of endpoints: a registry, and what it is queried for. `Display` prints the target: canonical, secrets
/// masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceId {
    /// Which registry.
    pub registry: &'static Registry,
    /// What it is queried for: `consul:///pay`.
    pub target: Target,
}

impl fmt::Display for SourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.target.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registrys_dns_domain_is_a_whole_label_behind_a_name() {
        let registry = Registry { dns_domain: Some("nacos"), ..Registry::named("nacos") };
        for (name, is_in_it) in [
            ("pay.service.nacos", true),
            ("PAY.service.dc1.Nacos.", true),
            ("_grpc._tcp.pay.service.nacos.example", true),
            ("nacos.example", false),
            ("pay.nacosulting.example", false),
        ] {
            assert_eq!(registry.answers_dns_for(name), is_in_it, "{name}");
        }
        assert!(!Registry::named("file").answers_dns_for("pay.file"));
    }
}
