//! [`Plan`]: what a session is to do, fully decided. Nothing is contacted by making one.

mod builder;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::backend::{self, BACKENDS, Backend};
use crate::channel;
use crate::diagnosis::{Judging, ProxyEnv};
use crate::lens::{LENSES, LensKind};
use crate::model::registry::SourceId;
use crate::model::target::Target;
use crate::transport;

pub use builder::PlanBuilder;

/// How long a READY connection may be quiet before it is checked, unless it is given. One unary RPC in this time is less than
/// a load balancer or a kubelet asks for.
pub const CHECK_INTERVAL: Duration = Duration::from_secs(30);

/// One question to one backend.
#[derive(Clone)]
pub struct Source {
    /// Who is asked.
    pub backend: &'static dyn Backend,
    /// For what.
    pub target: Target,
    /// Nobody named this backend: a bare name is asked of all that are active. One that does not know the name is no
    /// disagreement then.
    pub implied: bool,
    /// How the backend is asked.
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

/// What a session is to do. All sources are one service: that is how backends are compared.
#[derive(Clone)]
#[non_exhaustive]
pub struct Plan {
    /// What the session is about, for every event: the targets as typed, secrets masked.
    pub label: Arc<str>,
    /// Who is asked for what.
    pub sources: Vec<Source>,
    /// What is done with the answers.
    pub goal: Goal,
    /// Which silent connections an idle cycle holds beside the one that every endpoint gets.
    pub holding: Holding,
    /// How addresses are reached.
    pub transport: transport::Options,
    /// How the channel behaves.
    pub channel: channel::Options,
    /// The service that health is asked for; empty is the whole server.
    pub service: Arc<str>,
    /// Whose clients are modelled beside the channel.
    pub lenses: Lenses,
    /// A READY connection of a watch whose server has sent nothing for this long is checked with Health/Check
    /// (`--check-interval`: 30 s); only before the watch ends when `None`.
    pub check_interval: Option<Duration>,
    /// What is too much.
    pub limits: Limits,
    /// What is good enough.
    pub judging: Judging,
    /// The proxy that other clients would take from the environment. Sessions never use it; they only tell of it.
    pub proxy: Option<ProxyEnv>,
}

impl Plan {
    /// From targets to a plan, step by step.
    pub fn builder() -> PlanBuilder {
        PlanBuilder::default()
    }

    /// A plan with gRPC's defaults: every source asked with its own settings, TLS found out per address, 20 s to connect
    /// (5 s for a probe), 5 s for an RPC. `watch` opens round_robin and keeps connected; an idle cycle opens
    /// pick_first with the cycle's own idle timeout.
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
            holding: Holding::default(),
            transport,
            channel,
            service: Arc::from(""),
            lenses: match goal {
                Goal::ProbeIdle(_) => Lenses::Differing(LENSES.to_vec()),
                Goal::Resolve { .. } | Goal::Probe | Goal::Watch { .. } => Lenses::None,
            },
            check_interval: Some(CHECK_INTERVAL),
            limits: Limits::default(),
            judging: Judging::default(),
            proxy: None,
        }
    }
}

/// What is done with the answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Goal {
    /// Ask every source once, and again when the answer was empty; or go on watching.
    Resolve {
        /// Show every change as it comes.
        watch: bool,
    },
    /// Resolve, then reach every endpoint.
    #[default]
    Probe,
    /// The idle cycle: a call, silence until IDLE, a call again.
    ProbeIdle(Duration),
    /// Keep a channel open and show everything that happens.
    Watch {
        /// End when this is so.
        until: Option<Until>,
    },
}

impl Goal {
    /// How long connecting may take unless it is given: gRPC's 20 s for a channel that is watched; a probe, whose answer
    /// somebody waits for, gives up after 5 s.
    pub const fn connect_timeout(self) -> Duration {
        match self {
            Self::Probe | Self::ProbeIdle(_) => Duration::from_secs(5),
            Self::Resolve { .. } | Self::Watch { .. } => Duration::from_secs(20),
        }
    }
}

/// Which silent connections an idle cycle holds longer or shorter than the channel is silent, on the first endpoints.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Holding {
    /// One connection for each of these silences (`--idle-ladder`).
    pub ladder: Vec<Duration>,
    /// Search for the silence that the path tolerates, up to this one (`--find-cutoff`).
    pub find_cutoff: Option<Duration>,
}

impl Holding {
    /// The longest silence that is asked for.
    pub fn longest(&self) -> Option<Duration> {
        self.ladder.iter().copied().chain(self.find_cutoff).max()
    }
}

/// Whose clients are modelled beside the channel (`--as`).
#[derive(Debug, Clone, Default)]
pub enum Lenses {
    /// Nobody's.
    #[default]
    None,
    /// These, and told of are those that hold something else than the registry lists: the idle cycle's default.
    Differing(Vec<&'static LensKind>),
    /// These, and every one is told of.
    Chosen(Vec<&'static LensKind>),
}

impl Lenses {
    /// Those that are modelled.
    pub fn kinds(&self) -> &[&'static LensKind] {
        match self {
            Lenses::None => &[],
            Lenses::Differing(kinds) | Lenses::Chosen(kinds) => kinds,
        }
    }
}

/// When `watch --until` ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Until {
    /// As many endpoints as [`Judging::min_ready`] requires (one unless it is given) are READY, and SERVING or without a
    /// health service.
    Ready,
    /// That has held for 10 s.
    Stable,
    /// No endpoint is listed any more.
    Drained,
}

impl Until {
    /// The word of `--until`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Stable => "stable",
            Self::Drained => "drained",
        }
    }
}

/// What is too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Probes in flight: 256.
    pub concurrency: usize,
    /// Connections of the channel, and idle ones beside it, open at the same time; no cap when `None`. What this process
    /// may have open beyond them belongs to registries.
    pub connections: Option<usize>,
    /// Probes begun per second; no cap when `None`.
    pub rate: Option<u32>,
    /// Refuse to probe more endpoints than this; no cap when `None`.
    pub max_endpoints: Option<usize>,
    /// End without a verdict after this long (`--max-time`, exit 124).
    pub max_time: Option<Duration>,
    /// End with the verdict of that moment after this long (`watch --for`).
    pub run_for: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { concurrency: 256, connections: None, rate: None, max_endpoints: None, max_time: None, run_for: None }
    }
}

/// Why no plan can be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// A scheme without a backend.
    #[error("target {target:?}: {reason}")]
    Unsupported {
        /// The target as typed.
        target: String,
        /// Which backends there are.
        reason: String,
    },
    /// `--backend` named something that does not exist.
    #[error("unknown backend {name:?} (supported: {})", known.join(", "))]
    NoSuchBackend {
        /// The name as typed.
        name: String,
        /// The names there are.
        known: Vec<&'static str>,
    },
    /// No backend can be asked for a bare name.
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

/// Who is to be asked for `targets`: URIs go to the backend of their scheme, bare names to every backend that is active
/// under `settings` (only those named in `only`, when it is not empty). Nothing is contacted. Every source keeps `settings`.
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
                let asked = BACKENDS.iter().filter(|b| only.is_empty() || only.iter().any(|o| o == b.name()));
                sources.extend(asked.filter_map(|b| Some(source(*b, b.target_for(name, settings)?, only.is_empty()))));
                if sources.len() == before {
                    let inactive = BACKENDS.iter().filter_map(|b| Some((b.name(), b.describe(settings).active.err()?)));
                    return Err(PlanError::NoActiveBackend { name: name.clone(), inactive: inactive.collect() });
                }
            }
            other => match BACKENDS.iter().find(|b| b.answers(other)) {
                Some(backend) => sources.push(source(*backend, other.clone(), false)),
                None => {
                    let reason = other.unsupported_reason(&names()).unwrap_or_default();
                    return Err(PlanError::Unsupported { target: other.to_string(), reason });
                }
            },
        }
    }
    if sources.is_empty() { Err(PlanError::NoTarget) } else { Ok(sources) }
}
