//! [`Plan`]: everything that a session is to do. Making one contacts nothing.

mod builder;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::backend::target::Unsupported;
use crate::backend::{self, BACKENDS, Backend};
use crate::channel;
use crate::diagnosis::{Criteria, ProxyEnv};
use crate::lens::{LENSES, LensKind};
use crate::model::registry::SourceId;
use crate::model::target::Target;
use crate::transport;

pub use builder::PlanBuilder;

/// Default time that a READY connection may be quiet before it is checked. One unary RPC in this time is less than a
/// load balancer or a kubelet sends.
pub const CHECK_INTERVAL: Duration = Duration::from_secs(30);

/// One query to one backend.
#[derive(Clone)]
pub struct Source {
    /// The backend that is queried.
    pub backend: &'static dyn Backend,
    /// What it is queried for.
    pub target: Target,
    /// True when the backend was not named: a bare name is queried in all active ones. One that does not have the
    /// name is not a disagreement then.
    pub implied: bool,
    /// The settings of the backend.
    pub settings: Arc<backend::Settings>,
}

impl Source {
    /// The registry, and what it is queried for.
    pub fn id(&self) -> SourceId {
        SourceId { registry: self.backend.about().registry, target: self.target.clone() }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.backend.name(), self.target)
    }
}

/// What a session is to do. All sources are one service; their results are compared.
#[derive(Clone)]
#[non_exhaustive]
pub struct Plan {
    /// The name of the service in every event: the targets as typed, secrets masked.
    pub label: Arc<str>,
    /// The queries.
    pub sources: Vec<Source>,
    /// What is done with the endpoints.
    pub goal: Goal,
    /// Which idle-connection checks an idle cycle makes in addition to the one for every endpoint.
    pub idle_checks: IdleChecks,
    /// How addresses are reached.
    pub transport: transport::Options,
    /// How the channel behaves.
    pub channel: channel::Options,
    /// The service whose health is queried; empty is the whole server.
    pub service: Arc<str>,
    /// Which frameworks' clients are modelled beside the channel.
    pub lenses: Lenses,
    /// A READY connection of a watch whose server has sent nothing for this long is checked with Health/Check
    /// (`--check-interval`: 30 s); only before the watch ends when `None`.
    pub check_interval: Option<Duration>,
    /// The limits of the session.
    pub limits: Limits,
    /// What is good enough.
    pub criteria: Criteria,
    /// The proxy that other clients would use because of the environment. Sessions never use it; they only report it.
    pub proxy: Option<ProxyEnv>,
}

impl Plan {
    /// From targets to a plan, step by step.
    pub fn builder() -> PlanBuilder {
        PlanBuilder::default()
    }

    /// A plan with gRPC's defaults: every source with its own settings, TLS detected per address, 20 s to connect (5
    /// s for a probe), 5 s for an RPC. `watch` opens round_robin and keeps connected; an idle cycle opens pick_first
    /// with the cycle's own idle timeout.
    pub fn new(sources: Vec<Source>, goal: Goal) -> Plan {
        let label = sources.iter().map(|source| source.target.to_string()).collect::<Vec<_>>().join(" ");
        let mut channel = channel::Options::default();
        match goal {
            Goal::Watch { .. } => {
                channel.policy = channel::Policy::RoundRobin;
                channel.keep_connected = true;
            }
            Goal::ProbeIdle(idle) => channel.idle_timeout = Some(idle),
            Goal::Resolve { .. } | Goal::Probe => {}
        }
        let transport = transport::Options { connect_timeout: goal.connect_timeout(), ..transport::Options::default() };
        Plan {
            label: label.into(),
            sources,
            goal,
            idle_checks: IdleChecks::default(),
            transport,
            channel,
            service: Arc::from(""),
            lenses: match goal {
                Goal::ProbeIdle(_) => Lenses::Differing(LENSES.to_vec()),
                Goal::Resolve { .. } | Goal::Probe | Goal::Watch { .. } => Lenses::None,
            },
            check_interval: Some(CHECK_INTERVAL),
            limits: Limits::default(),
            criteria: Criteria::default(),
            proxy: None,
        }
    }
}

/// What is done with the endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Goal {
    /// Query every source once, and again when the response was empty; or continue to watch.
    Resolve {
        /// Report every change.
        watch: bool,
    },
    /// Resolve, then reach every endpoint.
    #[default]
    Probe,
    /// The idle cycle: a call, no call until IDLE, a call again.
    ProbeIdle(Duration),
    /// Keep a channel open and report everything that happens.
    Watch {
        /// Stop when this condition is met.
        until: Option<Until>,
    },
}

impl Goal {
    /// The default time limit for connecting: gRPC's 20 s for a channel that is watched; 5 s for a probe, whose user
    /// waits for the result.
    pub const fn connect_timeout(self) -> Duration {
        match self {
            Self::Probe | Self::ProbeIdle(_) => Duration::from_secs(5),
            Self::Resolve { .. } | Self::Watch { .. } => Duration::from_secs(20),
        }
    }
}

/// Which idle-connection checks an idle cycle makes on the first endpoints, for longer or shorter than the channel is
/// idle.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct IdleChecks {
    /// One connection for each of these idle times (`--idle-ladder`).
    pub ladder: Vec<Duration>,
    /// Search for the longest idle time that the path tolerates, up to this one (`--find-cutoff`).
    pub find_cutoff: Option<Duration>,
}

impl IdleChecks {
    /// The longest idle time that was requested.
    pub fn longest(&self) -> Option<Duration> {
        self.ladder.iter().copied().chain(self.find_cutoff).max()
    }
}

/// Which frameworks' clients are modelled beside the channel (`--as`).
#[derive(Debug, Clone, Default)]
pub enum Lenses {
    /// None.
    #[default]
    None,
    /// These, and only those are reported that hold something else than the registry lists: the idle cycle's default.
    Differing(Vec<&'static LensKind>),
    /// These, and every one is reported.
    Chosen(Vec<&'static LensKind>),
}

impl Lenses {
    /// The clients that are modelled.
    pub fn kinds(&self) -> &[&'static LensKind] {
        match self {
            Lenses::None => &[],
            Lenses::Differing(kinds) | Lenses::Chosen(kinds) => kinds,
        }
    }
}

/// The condition of `watch --until`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Until {
    /// As many endpoints as [`Criteria::min_ready`] requires (default: one) are READY, and SERVING or without a health
    /// service.
    Ready,
    /// This condition has been met for 10 s.
    Stable,
    /// No endpoint is listed any more.
    Drained,
}

impl Until {
    /// The value of `--until`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Stable => "stable",
            Self::Drained => "drained",
        }
    }
}

/// The limits of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Maximum number of probes in flight: 256.
    pub concurrency: usize,
    /// Maximum number of open connections of the channel and of idle-connection checks; no limit when `None`. The
    /// open files beyond that are reserved for registries.
    pub connections: Option<usize>,
    /// Maximum number of probes started per second; no limit when `None`.
    pub rate: Option<u32>,
    /// Refuse to probe more endpoints than this; no limit when `None`.
    pub max_endpoints: Option<usize>,
    /// Stop without a verdict after this long (`--max-time`, exit 124).
    pub max_time: Option<Duration>,
    /// Stop with the current verdict after this long (`watch --for`).
    pub run_for: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { concurrency: 256, connections: None, rate: None, max_endpoints: None, max_time: None, run_for: None }
    }
}

/// Why a plan cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// A scheme without a backend.
    #[error("target {target:?}: {why}")]
    Unsupported {
        /// The target as typed.
        target: String,
        /// What is missing, and what to type instead.
        why: Box<Unsupported>,
    },
    /// `--backend` named a backend that does not exist.
    #[error("unknown backend {name:?} (supported: {})", known.join(", "))]
    NoSuchBackend {
        /// The name as typed.
        name: String,
        /// The supported names.
        known: Vec<&'static str>,
    },
    /// No backend can be queried for a bare name.
    #[error(
        "no active backend for bare name {name:?}: {}; write a full target such as dns:///{name}:50051",
        inactive.iter().map(|(backend, why)| format!("{backend}: {why}")).collect::<Vec<_>>().join("; ")
    )]
    NoActiveBackend {
        /// The bare name.
        name: String,
        /// The backends, and why each is not active.
        inactive: Vec<(&'static str, String)>,
    },
    /// No target at all.
    #[error("no target given; write one such as 127.0.0.1:50051 or consul:///pay")]
    NoTarget,
}

/// The queries for `targets`: URIs go to the backend of their scheme, bare names to every backend that is active
/// under `settings` (only those named in `only`, when it is not empty). Nothing is contacted. Every source keeps
/// `settings`.
///
/// # Errors
///
/// [`PlanError`] when a target has no backend, or `only` names one that does not exist.
pub fn sources(
    targets: &[Target],
    only: &[String],
    settings: impl Into<Arc<backend::Settings>>,
) -> Result<Vec<Source>, PlanError> {
    let settings = &settings.into();
    let source = |backend: &'static dyn Backend, target, implied| Source {
        backend,
        target: backend.complete(target, settings),
        implied,
        settings: settings.clone(),
    };
    let names = || BACKENDS.iter().map(|b| b.name()).collect::<Vec<_>>();
    for name in only {
        if !BACKENDS.iter().any(|b| b.name() == name) {
            return Err(PlanError::NoSuchBackend { name: name.clone(), known: names() });
        }
    }
    let mut sources: Vec<Source> = Vec::new();
    for target in targets {
        match target {
            Target::Bare(name) => {
                let before = sources.len();
                let selected = BACKENDS.iter().filter(|b| only.is_empty() || only.iter().any(|o| o == b.name()));
                sources
                    .extend(selected.filter_map(|b| Some(source(*b, b.target_for(name, settings)?, only.is_empty()))));
                if sources.len() == before {
                    let inactive = BACKENDS.iter().filter_map(|b| Some((b.name(), b.describe(settings).active.err()?)));
                    return Err(PlanError::NoActiveBackend { name: name.clone(), inactive: inactive.collect() });
                }
            }
            other => match BACKENDS.iter().find(|b| b.answers(other)) {
                Some(backend) => sources.push(source(*backend, other.clone(), false)),
                None => {
                    let target = other.to_string();
                    // Only a target that names a backend has none.
                    return Err(match other.unsupported(&names()) {
                        Some(why) => PlanError::Unsupported { target, why: Box::new(why) },
                        None => PlanError::NoTarget,
                    });
                }
            },
        }
    }
    if sources.is_empty() { Err(PlanError::NoTarget) } else { Ok(sources) }
}
