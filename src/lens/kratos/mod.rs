//! Kratos clients (`discovery:///…`) over the Consul plugin, by ranges of versions that differ in what ends the
//! poller.
//!
//! Read at the tags of go-kratos/kratos: `contrib/registry/consul/{registry,service,watcher}.go` and
//! `transport/grpc/resolver/discovery/{builder,resolver}.go`. Within a range, `Watch`, `Stop` and `Build` in these
//! files are the same, byte for byte or in effect. Before 2.1.4 a failed first query did no harm; those versions have
//! no lens.
//!
//! What depends on chance in the real client, and how it is modelled here:
//!
//! * Each time a poll has returned, a poller whose end was requested checks whether to continue, and Go chooses at
//!   random between "the next tick" and "the end". Here **it ends when its current poll has returned**: at the 10 s
//!   limit, or with a change, which is still stored. The real one survives each further cycle with probability 1/2.
//! * The 25 instances that a client uses are chosen again at every rebuild of the resolver. Here the choice is always
//!   the same. The subset came with 2.6.0: 2.5.4 holds all.
//!
//! grpc-go before 1.78 counts a call that fails before it has a stream as active indefinitely (grpc/grpc-go#8710), so
//! a client whose addresses are all dead never idles again: a client of 2.7.3 to 2.8.0 that was frozen by the race
//! does not recover then. The ranges before 2.8.4 are modelled with such a grpc-go, the last one with a later one. An
//! address counts as dead when it was lost and is no longer listed.
//!
//! What is left out: since grpc-go 1.78 a resolver that could not be built is tried again only after an idle period,
//! not at the next call; the deadlock of 2.5.4 to 2.8.3 (go-kratos/kratos#3511); instances listed under two ids,
//! which count twice before 2.8.1; and the scheme: every endpoint is treated as registered with `grpc://`.

mod client;
mod registry;

use std::time::Duration;

use super::{LensKind, ResolverSource};
use crate::model::registry::WatchApi;
use client::Kratos;

/// The behavior of a range of versions.
#[derive(Debug)]
struct Rules {
    ends: Ends,
    /// How long one poll may take: the plugin's own limit, below the 55 s that it requests from Consul.
    poll: Poll,
    build: Build,
    subset: Option<usize>,
    /// True when grpc-go never notices the end of a call without a stream.
    leaks_failed: bool,
}

/// What ends a set's poller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ends {
    /// Nothing, ever.
    Never,
    /// The watch that started it, when it is stopped; no other poller is started.
    FirstWatch,
    /// The last watch that is stopped; the set leaves the map only when the poller has noticed.
    LastStop,
    /// Every watch has a poller of its own, and ends it.
    EachWatch,
    /// The last watch that is stopped, at once; the set leaves the map with it.
    References,
}

/// How a poll returns when nothing changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Poll {
    /// With Consul's answer after its own 55 s.
    Answered,
    /// Aborted after 10 s, which is an error: it causes a pause of one second.
    Cut,
}

/// The time limit for building the resolver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Build {
    /// 10 s.
    Fixed,
    /// The client's RPC timeout; with zero it fails at once.
    Rpc,
    /// The client's RPC timeout; zero means no limit.
    RpcOrNone,
}

impl Build {
    /// The limit; `None` for no limit.
    fn limit(self, rpc: Duration) -> Option<Duration> {
        match self {
            Build::Fixed => Some(Duration::from_secs(10)),
            Build::Rpc => Some(rpc),
            Build::RpcOrNone => Some(rpc).filter(|rpc| !rpc.is_zero()),
        }
    }
}

/// Kratos's default, since 2.6.0.
const SUBSET: Option<usize> = Some(25);

static NEVER: Rules =
    Rules { ends: Ends::Never, poll: Poll::Answered, build: Build::Fixed, subset: None, leaks_failed: true };
static FIRST_WATCH: Rules =
    Rules { ends: Ends::FirstWatch, poll: Poll::Cut, build: Build::Fixed, subset: SUBSET, leaks_failed: true };
static LAST_STOP: Rules = Rules { ends: Ends::LastStop, ..FIRST_WATCH };
static EACH_WATCH: Rules = Rules { ends: Ends::EachWatch, build: Build::Rpc, ..FIRST_WATCH };
static EACH_WATCH_NO_LIMIT: Rules = Rules { build: Build::RpcOrNone, ..EACH_WATCH };
static REFERENCES: Rules = Rules { ends: Ends::References, leaks_failed: false, ..EACH_WATCH_NO_LIMIT };

/// The remedy for the versions in which idle periods do harm.
const UPGRADE: &str = "restart the client now; upgrade Kratos and its Consul plugin to 2.8.4 or later; until then use grpc.WithIdleTimeout(0) on every client of the process";

/// Immune: the poller has no exit.
pub(super) static UP_TO_2_5_3: LensKind = LensKind {
    name: "kratos",
    versions: Some(("2.1.4", "2.5.3")),
    follows: ResolverSource::Registry(WatchApi::BlockingQuery),
    rule: "its poller never ends, so idle periods do not affect it; it keeps the last list when the registry returns an empty one, and hangs forever if its very first query to the registry failed",
    fails_with: "last connection error: connection error: desc =",
    remedy: "none needed for idle periods; from 2.5.4 on upgrade directly to 2.8.4 or later",
    links: &["https://github.com/go-kratos/kratos/issues/2549"],
    client: |setting| Box::new(Kratos::alone(&NEVER, setting)),
};

/// Frozen after idle.
pub(super) static FROM_2_5_4: LensKind = LensKind {
    name: "kratos",
    versions: Some(("2.5.4", "2.7.2")),
    follows: ResolverSource::Registry(WatchApi::BlockingQuery),
    rule: "its poller ends with the first idle period, and every later call starts with the list of that time",
    fails_with: "last connection error: connection error: desc =",
    remedy: UPGRADE,
    links: &[
        "https://github.com/go-kratos/kratos/pull/2550",
        "https://github.com/go-kratos/kratos/issues/3185",
        "https://github.com/go-kratos/kratos/pull/3162",
        "https://github.com/go-kratos/kratos/pull/2911",
    ],
    client: |setting| Box::new(Kratos::alone(&FIRST_WATCH, setting)),
};

/// Receives no changes after a quick exit from idle; has no list when its first query fails.
pub(super) static FROM_2_7_3: LensKind = LensKind {
    name: "kratos",
    versions: Some(("2.7.3", "2.8.0")),
    follows: ResolverSource::Registry(WatchApi::BlockingQuery),
    rule: "a call within about 10 s of going idle joins a watch that is about to end, and receives no changes afterwards; if the first query after an idle period fails, it has no list at all",
    fails_with: "last connection error: connection error: desc =",
    remedy: UPGRADE,
    links: &[
        "https://github.com/go-kratos/kratos/pull/3402",
        "https://github.com/go-kratos/kratos/pull/3162",
        "https://github.com/go-kratos/kratos/pull/2911",
    ],
    client: |setting| Box::new(Kratos::alone(&LAST_STOP, setting)),
};

/// A poller for every watch; timeout 0 fails.
pub(super) static FROM_2_8_1: LensKind = LensKind {
    name: "kratos",
    versions: Some(("2.8.1", "2.8.2")),
    follows: ResolverSource::Registry(WatchApi::BlockingQuery),
    rule: "every watch polls independently and queries again after an idle period; a client timeout of 0 fails every call",
    fails_with: "last connection error: connection error: desc =",
    remedy: "upgrade Kratos and its Consul plugin to 2.8.4 or later; do not set the client timeout to 0",
    links: &[
        "https://github.com/go-kratos/kratos/pull/3402",
        "https://github.com/go-kratos/kratos/pull/3365",
        "https://github.com/go-kratos/kratos/pull/3492",
    ],
    client: |setting| Box::new(Kratos::alone(&EACH_WATCH, setting)),
};

/// A poller for every watch.
pub(super) static ONLY_2_8_3: LensKind = LensKind {
    name: "kratos",
    versions: Some(("2.8.3", "2.8.3")),
    follows: ResolverSource::Registry(WatchApi::BlockingQuery),
    rule: "every watch polls independently and queries again after an idle period",
    fails_with: "last connection error: connection error: desc =",
    remedy: "none needed for idle periods; many clients in one process cause many polls at the agent",
    links: &["https://github.com/go-kratos/kratos/pull/3402", "https://github.com/go-kratos/kratos/pull/3492"],
    client: |setting| Box::new(Kratos::alone(&EACH_WATCH_NO_LIMIT, setting)),
};

/// Poisoned by a first question that fails or takes too long.
pub(super) static FROM_2_8_4: LensKind = LensKind {
    name: "kratos",
    versions: Some(("2.8.4", "3.0.0")),
    follows: ResolverSource::Registry(WatchApi::BlockingQuery),
    rule: "it queries again after an idle period; if that query fails or takes longer than the client's timeout, every later call hangs",
    fails_with: "last connection error: connection error: desc =",
    remedy: "restart the client now; a longer client timeout makes it less likely, grpc.WithIdleTimeout(0) prevents it after the start",
    links: &[
        "https://github.com/go-kratos/kratos/pull/3511",
        "https://github.com/go-kratos/kratos/pull/2911",
        "https://github.com/grpc/grpc-go/issues/7729",
    ],
    client: |setting| Box::new(Kratos::alone(&REFERENCES, setting)),
};

/// A client that never idles and shares its Registry object with one that does.
///
/// The setting's idle timeout and the calls are those of the neighbor: the bystander itself is always in a call.
/// Later versions have no bystander: their pollers live as long as any watch.
pub(super) static BYSTANDER: LensKind = LensKind {
    name: "kratos-bystander",
    versions: Some(("2.5.4", "2.7.2")),
    follows: ResolverSource::Registry(WatchApi::BlockingQuery),
    rule: "never idle itself, it shares the poller of another client in its process, which ends with that client's first idle period",
    fails_with: "last connection error: connection error: desc =",
    remedy: UPGRADE,
    links: &["https://github.com/go-kratos/kratos/issues/3185", "https://github.com/go-kratos/kratos/pull/2911"],
    client: |setting| Box::new(Kratos::bystander(&FIRST_WATCH, setting)),
};

/// Bystanders that no lens shows, for the tests: versions that have none.
#[cfg(test)]
pub(super) mod other_bystanders {
    use super::{EACH_WATCH, Kratos, LAST_STOP, NEVER, REFERENCES};
    use crate::lens::{Client, Setting};

    pub(in crate::lens) fn all(setting: Setting) -> Vec<Box<dyn Client>> {
        let kinds = [&NEVER, &LAST_STOP, &EACH_WATCH, &REFERENCES];
        kinds.into_iter().map(|rules| Box::new(Kratos::bystander(rules, setting)) as Box<dyn Client>).collect()
    }
}
