//! gRPC's own DNS resolver under pick_first, in four runtimes.
//!
//! None of them queries again while a connection works. A query needs a reason, which is a lost connection or a
//! failed attempt, and 30 s since the last query. Going IDLE closes the resolver, so the first call after it queries
//! at once. TTLs are ignored. Sources: grpc-go `internal/resolver/dns/dns_resolver.go`, C-core `polling_resolver.cc`
//! and `idle_filter_state.cc`, grpc-java `DnsNameResolver.java` (`cacheRefreshRequired`), grpc-js `resolver-dns.ts`.
//! The sequences were observed on grpc-go 1.83.1, grpcio 1.85.1 and @grpc/grpc-js 1.14.7; those of Java were taken
//! from the source.
//!
//! What DNS lists here are the usable endpoints. The client is connected to the first address that works: when that
//! connection is lost, it moves down the list, and queries. An address that was lost and is no longer listed counts
//! as dead. One that is still listed is tried again and counts as alive, until another [`Input::Lost`] reports
//! otherwise. Jitter is left out. grpc-js keeps its TCP connection while the channel is IDLE (its pool outlives the
//! channel's balancer); nevertheless it queries again for the list that it calls with.

use std::time::Duration;

use super::idle::{Idle, Rule};
use super::registry_view::{Availability, RegistryView};
use super::{Client, Input, LensKind, NoticesChanges, ResolverSource, Setting, View};
use crate::model::endpoint::{Address, EndpointStatus};
use crate::model::time::Elapsed;

/// The minimum time between two queries that were answered.
const BETWEEN: Duration = Duration::from_secs(30);

/// What differs between the runtimes.
#[derive(Debug)]
struct Runtime {
    idle: Rule,
    early: Early,
    /// Whether an empty answer (also NXDOMAIN) replaces the list, as in grpc-go. The others treat it as an error, and
    /// an error leaves the list unchanged.
    takes_empty: bool,
}

/// What happens to a reason to query that arises within 30 s of the last answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Early {
    /// It is kept, or a timer is set: one query after the 30 s.
    Later,
    /// It is dropped; the next failed attempt is the next reason.
    Dropped,
}

static GO: Runtime = Runtime { idle: Rule::GO, early: Early::Later, takes_empty: true };
static JAVA: Runtime = Runtime { idle: Rule::AT_LEAST_A_SECOND, early: Early::Dropped, takes_empty: false };
static CORE: Runtime = Runtime { idle: Rule::CheckedOnce, early: Early::Later, takes_empty: false };
static JS: Runtime = Runtime { idle: Rule::AT_LEAST_A_SECOND, early: Early::Later, takes_empty: false };

const REMEDY: &str = "configure servers to close connections regularly (max_connection_age with a grace period), or use a resolver that watches (a registry, xDS)";

/// grpc-go.
pub(super) static GRPC_GO: LensKind = LensKind {
    name: "grpc-go",
    versions: None,
    follows: ResolverSource::Dns,
    rule: "it re-resolves only after a connection was lost, no earlier than 30 s after the last answer, and at the first call after an idle period",
    fails_with: "connection error: desc = \"transport: Error while dialing",
    remedy: REMEDY,
    links: &["https://github.com/grpc/grpc/issues/12295", "https://github.com/grpc/grpc-go/issues/4650"],
    client: |setting| Box::new(Dns::new(&GO, setting)),
};

/// grpc-java.
pub(super) static GRPC_JAVA: LensKind = LensKind {
    name: "grpc-java",
    versions: None,
    follows: ResolverSource::Dns,
    rule: "it re-resolves only after a connection was lost or could not be opened; requests to re-resolve within 30 s of the last answer are dropped, so the next failed attempt after that time triggers it; and at the first call after an idle period",
    fails_with: "UNAVAILABLE: io exception",
    remedy: REMEDY,
    links: &["https://github.com/grpc/grpc-java/issues/8720", "https://github.com/grpc/grpc-java/issues/1463"],
    client: |setting| Box::new(Dns::new(&JAVA, setting)),
};

/// C-core: C++, Python, Ruby and others.
pub(super) static GRPC_CORE: LensKind = LensKind {
    name: "grpc-core",
    versions: None,
    follows: ResolverSource::Dns,
    rule: "it re-resolves only after a connection was lost, no earlier than 30 s after the last query, and at the first call after an idle period; it goes idle only once in its lifetime, one to two timeouts after a call",
    fails_with: "failed to connect to all addresses; last error:",
    remedy: REMEDY,
    links: &["https://github.com/grpc/grpc/issues/12295", "https://github.com/grpc/grpc/issues/14097"],
    client: |setting| Box::new(Dns::new(&CORE, setting)),
};

/// grpc-js.
pub(super) static GRPC_JS: LensKind = LensKind {
    name: "grpc-js",
    versions: None,
    follows: ResolverSource::Dns,
    rule: "it re-resolves only after a connection was lost, no earlier than 30 s after the last query, and at the first call after an idle period, during which its TCP connection may stay open",
    fails_with: "No connection established. Last error:",
    remedy: REMEDY,
    links: &["https://github.com/grpc/grpc-node/issues/2847", "https://github.com/grpc/grpc-node/issues/2455"],
    client: |setting| Box::new(Dns::new(&JS, setting)),
};

/// A channel with its resolver.
#[derive(Debug)]
struct Dns {
    runtime: &'static Runtime,
    now: Elapsed,
    registry: RegistryView,
    idle: Idle,
    /// `None` in idle mode.
    awake: Option<Awake>,
}

/// The state that exists only outside idle mode.
#[derive(Debug, Default)]
struct Awake {
    holds: Vec<Address>,
    /// When the last query was answered; `None` before the first answer.
    answered: Option<Elapsed>,
    /// When the next query is sent.
    query_at: Option<Elapsed>,
    /// Consecutive queries without an answer.
    unanswered: u32,
    /// The address it is connected to.
    on: Option<Address>,
    /// Lost, and not reached since then.
    lost: Vec<Address>,
    /// Consecutive passes over the list without a connection, and when the next one starts.
    failed: u32,
    tries_at: Option<Elapsed>,
}

impl Dns {
    fn new(runtime: &'static Runtime, setting: Setting) -> Self {
        let idle = Idle::new(runtime.idle, setting.idle_timeout);
        Dns { runtime, now: Elapsed::ZERO, registry: RegistryView::default(), idle, awake: None }
    }

    /// Processes what is due until `now`, in order.
    fn advance(&mut self, now: Elapsed) {
        while let Some(due) = self.deadline().filter(|due| *due <= now) {
            self.now = self.now.max(due);
            if self.idle.check(self.now) {
                self.idle.slept();
                self.awake = None;
            }
            let is_due = |at: Option<Elapsed>| at.is_some_and(|at| at <= self.now);
            let Some(awake) = &self.awake else { continue };
            let (is_query_due, tries) = (is_due(awake.query_at), is_due(awake.tries_at));
            if tries {
                self.connect();
            }
            if is_query_due {
                self.query();
            }
        }
        self.now = self.now.max(now);
    }

    /// A call needs a connection.
    fn need(&mut self) {
        match &self.awake {
            None => {
                self.awake = Some(Awake::default());
                self.idle.woke(self.now);
                self.query();
            }
            Some(awake) if awake.on.is_none() && awake.tries_at.is_none() => self.connect(),
            Some(_) => {}
        }
    }

    fn query(&mut self) {
        let listed = self.registry.addresses(EndpointStatus::is_usable);
        let Some(awake) = &mut self.awake else { return };
        let answer = match self.registry.availability {
            // Nothing is known about the registry yet: the query waits for its first response.
            Availability::Unknown => {
                awake.query_at = None;
                return;
            }
            Availability::NoResponse | Availability::Errors => None,
            Availability::Lists if listed.is_empty() && !self.runtime.takes_empty => None,
            Availability::Lists => Some(listed),
        };
        // An empty answer is a bad answer for pick_first: the query is repeated as after a failure.
        if answer.as_ref().is_none_or(Vec::is_empty) {
            awake.query_at = Some(self.now + backoff(awake.unanswered));
            awake.unanswered = awake.unanswered.saturating_add(1);
        } else {
            awake.query_at = None;
            awake.unanswered = 0;
            awake.answered = Some(self.now);
        }
        let Some(holds) = answer else { return };
        awake.lost.retain(|lost| holds.contains(lost));
        let keeps = awake.on.as_ref().is_some_and(|on| holds.contains(on));
        awake.holds = holds;
        if !keeps {
            awake.on = None;
            awake.tries_at = None;
            self.connect();
        }
    }

    /// A connection broke, or a pass over the list failed: a reason to query.
    fn request(&mut self) {
        let Some(awake) = &mut self.awake else { return };
        if awake.query_at.is_some() {
            return;
        }
        let earliest = awake.answered.map_or(self.now, |answered| answered + BETWEEN);
        if earliest <= self.now {
            return self.query();
        }
        match self.runtime.early {
            Early::Later => awake.query_at = Some(earliest),
            Early::Dropped => {}
        }
    }

    /// One pass over the list: the first address that was not lost, else the first that is still listed.
    fn connect(&mut self) {
        let listed = self.registry.addresses(EndpointStatus::is_usable);
        let Some(awake) = &mut self.awake else { return };
        let works = awake.holds.iter().find(|address| !awake.lost.contains(address));
        let found = works.or_else(|| awake.holds.iter().find(|address| listed.contains(address))).cloned();
        awake.tries_at = None;
        match found {
            Some(address) => {
                awake.lost.retain(|lost| *lost != address);
                awake.on = Some(address);
                awake.failed = 0;
            }
            None if awake.holds.is_empty() => {}
            None => {
                awake.tries_at = Some(self.now + backoff(awake.failed));
                awake.failed = awake.failed.saturating_add(1);
                self.request();
            }
        }
    }

    fn lose(&mut self, address: &Address) {
        let Some(awake) = &mut self.awake else { return };
        if !awake.holds.contains(address) {
            return;
        }
        if !awake.lost.contains(address) {
            awake.lost.push(address.clone());
        }
        if awake.on.as_ref() != Some(address) {
            return;
        }
        awake.on = None;
        self.request();
        // A new call connects; a running one fails and does not count, but its caller calls again.
        if self.idle.active() > 0 {
            self.need();
        }
    }
}

impl Client for Dns {
    fn handle(&mut self, now: Elapsed, input: &Input) {
        self.advance(now);
        let was_unknown = self.registry.availability == Availability::Unknown;
        if self.registry.take(input) && was_unknown {
            self.query();
        }
        match input {
            Input::CallStarted => {
                self.idle.started();
                self.need();
            }
            Input::CallFinished => self.idle.finished(self.now),
            Input::Lost(address) => self.lose(address),
            Input::Lists(_) | Input::Unreachable | Input::Refuses | Input::TimePassed => {}
        }
    }

    fn deadline(&self) -> Option<Elapsed> {
        let awake = self.awake.as_ref();
        let is_query_due = awake.and_then(|awake| awake.query_at);
        let tries = awake.and_then(|awake| awake.tries_at);
        [self.idle.deadline(), is_query_due, tries].into_iter().flatten().min()
    }

    fn view(&self) -> View {
        let (holds, notices) = match &self.awake {
            None => (Vec::new(), NoticesChanges::NextCall),
            Some(awake) if awake.holds.is_empty() => (Vec::new(), NoticesChanges::Changes),
            Some(awake) if awake.query_at.is_some() => (awake.holds.clone(), NoticesChanges::Soon),
            Some(awake) => (awake.holds.clone(), NoticesChanges::AfterAFailure),
        };
        View { holds, subset: None, notices }
    }
}

/// gRPC's backoff: 1 s, growing by 1.6 to at most 120 s.
fn backoff(failures: u32) -> Duration {
    const MOST: Duration = Duration::from_secs(120);
    // 1.6^11 is beyond the maximum.
    let factor = 1.6_f64.powi(i32::try_from(failures.min(11)).unwrap_or(11));
    Duration::from_secs(1).mul_f64(factor).min(MOST)
}
