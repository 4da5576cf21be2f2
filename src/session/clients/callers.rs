//! Whether a client queries its registry, by the queries that the registry shows ([`CallerNews`]).

use std::collections::BTreeSet;
use std::future::pending;
use std::net::IpAddr;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::SelectAll;
use tokio::time::Instant;

use crate::backend::{self, CallerNews, Callers};
use crate::model::client::{ClientView, RegistryContact};
use crate::model::endpoint::Address;
use crate::session::Plan;

/// How long a registry may take until it shows its first query.
const STARTS_WITHIN: Duration = Duration::from_secs(8);

/// What the registries show of who queries them.
pub(super) struct RegistryCallers {
    streams: SelectAll<Callers>,
    started: Instant,
    /// What they have shown so far.
    pub seen: SeenCallers,
}

/// Who queried the registries, as far as they showed it.
#[derive(Default)]
pub(super) struct SeenCallers {
    watching: Option<Watching>,
    queried: BTreeSet<IpAddr>,
}

/// From when on every query is seen.
struct Watching {
    since: Instant,
    period: Duration,
    host: Option<IpAddr>,
    how: String,
}

impl RegistryCallers {
    /// Watches the registries of `plan`, if one of the clients is of a framework that queries them itself.
    pub fn watch(plan: Option<&Plan>, views: &[ClientView]) -> RegistryCallers {
        let wanted = views.iter().any(is_watching_client);
        let mut streams = SelectAll::new();
        for source in plan.iter().filter(|_| wanted).flat_map(|plan| &plan.sources) {
            let context =
                backend::Context { implied: source.implied, ..backend::Context::new(source.settings.clone()) };
            streams.extend(source.backend.callers(&source.target, &context));
        }
        RegistryCallers { streams, started: Instant::now(), seen: SeenCallers::default() }
    }

    /// Waits for news that may change a contact. Cancel safe.
    pub async fn changed(&mut self) {
        loop {
            match self.streams.next().await {
                Some(CallerNews::Watching { period, host, how }) => {
                    self.seen.watching = Some(Watching { since: Instant::now(), period, host, how });
                    return;
                }
                Some(CallerNews::Query { from }) => {
                    if self.seen.queried.insert(from) {
                        return;
                    }
                }
                // Without a stream, the absence of queries proves nothing any more.
                None if self.seen.watching.take().is_some() => return,
                None => pending().await,
            }
        }
    }

    /// True while it is not certain yet whether the registry shows its callers.
    pub fn is_starting(&self) -> bool {
        self.seen.watching.is_none() && !self.streams.is_empty() && self.started.elapsed() < STARTS_WITHIN
    }
}

impl SeenCallers {
    /// How long until the absence of queries counts; `None` when it counts already, or never will.
    pub fn counts_in(&self) -> Option<Duration> {
        let watching = self.watching.as_ref()?;
        let left = watching.period.saturating_mul(2).checked_sub(watching.since.elapsed())?;
        // A timer may end a moment early.
        Some(left + Duration::from_millis(5))
    }

    /// Whether the client of `view` queries its registry.
    pub fn contact(&self, view: &ClientView) -> RegistryContact {
        if !is_watching_client(view) {
            return view.registry.clone();
        }
        let unknown = |why: String| RegistryContact::Unknown { why };
        let Some(host) = host(&view.id.process) else {
            return unknown("its address is not an IP address".to_string());
        };
        let Some(watching) = &self.watching else {
            return unknown("its registry does not show which clients query it".to_string());
        };
        // On the registry's own host its queries may come from any of the host's addresses.
        let is_local = watching.host.is_some_and(|own| own == host || own.is_loopback() && host.is_loopback());
        let is_its =
            |from: &&IpAddr| **from == host || is_local && (from.is_loopback() || Some(**from) == watching.host);
        if let Some(from) = self.queried.iter().find(is_its) {
            return RegistryContact::Seen { how: format!("a query from {from} in {}", watching.how) };
        }
        if !is_local {
            return unknown(format!("no query from {host} in {}; it may query another one", watching.how));
        }
        RegistryContact::NotSeen {
            watched: watching.since.elapsed(),
            period: watching.period,
            how: format!("no query from {host} in {}", watching.how),
        }
    }
}

/// True for a client whose framework queries the registry again and again while the channel is not IDLE.
fn is_watching_client(view: &ClientView) -> bool {
    view.framework == Some("kratos") && !view.is_idle()
}

/// The host of a process.
fn host(process: &str) -> Option<IpAddr> {
    match process.parse().ok()? {
        Address::Ip(socket) => Some(socket.ip().to_canonical()),
        Address::Name { host, .. } if host == "localhost" => Some(IpAddr::from([127, 0, 0, 1])),
        _ => None,
    }
}
