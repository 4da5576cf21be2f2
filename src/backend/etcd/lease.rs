//! Leases: how long each remains valid, and what the end of a lease means for a key that was removed with it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use tokio::time::Instant;

use super::error::EtcdError;
use super::messages::{LeaseTimeToLiveRequest, LeaseTimeToLiveResponse};
use super::wire::EtcdConnection;
use crate::layout;
use crate::model::endpoint::{Endpoint, Lease};
use crate::text::exact_duration;

/// Time limit for querying one lease; without a response only the lease information is missing.
const LIMIT: Duration = Duration::from_secs(1);
/// At most this many are queried at the same time.
const AT_ONCE: usize = 64;
/// At most this many are queried repeatedly; for the others only the first response is known.
const FOLLOWED: usize = 256;
/// The shortest and longest time between two readings.
const OFTEN: Duration = Duration::from_secs(1);
const SELDOM: Duration = Duration::from_secs(5);

/// What was last read of a lease.
#[derive(Debug, Clone, Copy)]
struct Life {
    /// The granted TTL.
    granted: Duration,
    /// The remaining TTL, truncated to whole seconds by etcd.
    left: Duration,
    /// When it was read.
    read: Instant,
}

impl Life {
    /// Read now.
    fn new(granted: Duration, left: Duration) -> Self {
        Life { granted, left, read: Instant::now() }
    }
}

/// Every lease of a key, as last read.
#[derive(Default)]
pub(super) struct Leases {
    known: BTreeMap<i64, Life>,
    /// Why leases could not be read, if they could not.
    pub refused: Option<EtcdError>,
}

impl Leases {
    /// What is known of `id`.
    fn life(&self, id: i64) -> Option<Life> {
        self.known.get(&id).copied()
    }

    /// What ties `endpoint` to the lease of its key, and the remaining lifetime.
    pub(super) fn tie(&self, id: i64, endpoint: &Endpoint) -> (Lease, Option<Duration>) {
        let life = self.life(id);
        let granted = life.map(|life| life.granted);
        let held = Lease::Held { id: format!("{id:x}"), granted, usual: layout::usual_lease(endpoint) };
        (held, life.map(|life| life.left))
    }

    /// Reads every lease in `held` that is not known yet, and drops those that no key has any more.
    pub(super) async fn learn(&mut self, wire: &mut EtcdConnection, held: &BTreeSet<i64>) -> Result<(), EtcdError> {
        self.known.retain(|id, _| held.contains(id));
        let new: Vec<i64> = held.iter().copied().filter(|id| !self.known.contains_key(id)).collect();
        self.read(wire, new).await
    }

    /// Reads the known ones again.
    pub(super) async fn again(&mut self, wire: &mut EtcdConnection) -> Result<(), EtcdError> {
        self.read(wire, self.known.keys().copied().take(FOLLOWED).collect()).await
    }

    /// When they should be read again: often enough to observe that a lease is renewed.
    pub(super) fn rhythm(&self) -> Duration {
        let least = self.known.values().map(|life| life.granted / 4).min();
        least.unwrap_or(SELDOM).clamp(OFTEN, SELDOM)
    }

    async fn read(&mut self, wire: &mut EtcdConnection, ids: Vec<i64>) -> Result<(), EtcdError> {
        self.refused = None;
        for (id, answer) in query(wire, ids).await? {
            match answer {
                Ok(answer) => {
                    let time = |seconds: i64| Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
                    let life = Life::new(time(answer.granted_ttl), time(answer.ttl));
                    // A lease that is gone removes its keys: until then, the previous values are more useful.
                    if answer.ttl >= 0 {
                        self.known.insert(id, life);
                    }
                }
                Err(error) => self.refused = Some(error),
            }
        }
        Ok(())
    }

    /// Why keys with these leases were removed, by lease; must be called before the leases are dropped.
    pub(super) async fn ends(
        &self,
        wire: &mut EtcdConnection,
        ids: BTreeSet<i64>,
    ) -> Result<BTreeMap<i64, String>, EtcdError> {
        let now = Instant::now();
        let answers = query(wire, ids.into_iter().collect()).await?;
        Ok(answers.into_iter().map(|(id, answer)| (id, end(answer, self.life(id), now))).collect())
    }
}

async fn query(
    wire: &mut EtcdConnection,
    ids: Vec<i64>,
) -> Result<Vec<(i64, Result<LeaseTimeToLiveResponse, EtcdError>)>, EtcdError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let caller = wire.caller();
    let each = ids.into_iter().map(|id| {
        let query = caller.clone().query("/etcdserverpb.Lease/LeaseTimeToLive", LeaseTimeToLiveRequest { id }, LIMIT);
        async move { (id, query.await) }
    });
    let all = stream::iter(each).buffer_unordered(AT_ONCE).collect::<Vec<_>>();
    wire.drive(async { Ok(all.await) }).await
}

/// What the state of a lease means for a key of it that was deleted `now`.
fn end(answer: Result<LeaseTimeToLiveResponse, EtcdError>, known: Option<Life>, now: Instant) -> String {
    match (answer, known) {
        (Ok(answer), _) if answer.ttl > 0 => {
            format!(
                "was deleted while its lease was active ({}s left): deregistered, or deleted by another client",
                answer.ttl
            )
        }
        (Ok(_), Some(life)) if now < life.read + life.left => {
            format!(
                "was removed with its lease, which was revoked before its {} had passed: deregistered normally",
                exact_duration(life.granted)
            )
        }
        (Ok(_), Some(life)) => format!(
            "was removed because its lease of {} expired without being renewed (the process crashed, hangs, or cannot reach etcd)",
            exact_duration(life.granted)
        ),
        (Ok(_), None) => "was removed with its lease, which expired or was revoked".to_string(),
        (Err(error), _) => format!("was deleted; its lease could not be queried: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::etcd::error::EtcdConnectionEnd;

    #[tokio::test(start_paused = true)]
    async fn a_lease_that_ended_early_was_revoked_and_one_that_had_its_time_ran_out() {
        let read = Instant::now();
        let life = Life { granted: Duration::from_secs(15), left: Duration::from_secs(11), read };
        let gone = || Ok(LeaseTimeToLiveResponse { ttl: -1, granted_ttl: 0 });
        let at = |after: u64| end(gone(), Some(life), read + Duration::from_secs(after));
        assert_eq!(
            at(10),
            "was removed with its lease, which was revoked before its 15s had passed: deregistered normally"
        );
        assert!(at(11).starts_with("was removed because its lease of 15s expired without being renewed"), "{}", at(11));
        let lives = Ok(LeaseTimeToLiveResponse { ttl: 7, granted_ttl: 15 });
        assert!(end(lives, Some(life), read).starts_with("was deleted while its lease was active (7s left)"));
        assert!(end(gone(), None, read).contains("expired or was revoked"));
        let refused = Err(EtcdError::Broken { end: EtcdConnectionEnd::Closed, may_want_tls: false });
        let words = "could not be queried: connection lost: closed by the member";
        assert!(end(refused, None, read).contains(words));
    }

    #[tokio::test(start_paused = true)]
    async fn an_entry_has_the_granted_and_remaining_lease_and_the_frameworks_default() {
        let mut leases = Leases::default();
        leases.known.insert(0x2f, Life::new(Duration::from_secs(60), Duration::from_secs(9)));
        let mut endpoint = Endpoint::new("10.0.0.1:1".parse().unwrap());
        endpoint.layout = Some(crate::model::endpoint::LayoutRule::new("kratos", "endpoint grpc"));
        let held =
            |id: &str, granted| Lease::Held { id: id.to_string(), granted, usual: Some(Duration::from_secs(15)) };
        let known = (held("2f", Some(Duration::from_secs(60))), Some(Duration::from_secs(9)));
        assert_eq!(leases.tie(0x2f, &endpoint), known);
        assert_eq!(leases.tie(1, &endpoint), (held("1", None), None));
    }

    #[tokio::test(start_paused = true)]
    async fn short_leases_are_read_often_and_long_ones_seldom() {
        let mut leases = Leases::default();
        assert_eq!(leases.rhythm(), SELDOM);
        let life = |granted| Life { granted: Duration::from_secs(granted), left: Duration::ZERO, read: Instant::now() };
        leases.known.insert(1, life(60));
        assert_eq!(leases.rhythm(), SELDOM);
        leases.known.insert(2, life(8));
        assert_eq!(leases.rhythm(), Duration::from_secs(2));
        leases.known.insert(3, life(1));
        assert_eq!(leases.rhythm(), OFTEN);
    }
}
