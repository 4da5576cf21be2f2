//! [`EngineConfig`]: the part of a plan that the engine needs, without sockets or registries.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::channel;
use crate::diagnosis::{Criteria, Depth, ProxyEnv};
use crate::model::registry::{Registry, SourceId};
use crate::session::plan::{Goal, IdleChecks, Lenses, Limits};

/// What the engine is to do.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// The label of every event.
    pub label: Arc<str>,
    /// The wall clock when the session started.
    pub started_at: SystemTime,
    /// Every source.
    pub sources: Vec<Arc<SourceId>>,
    /// Those that neither a target nor a flag names.
    pub implied: Vec<Arc<SourceId>>,
    /// Every kind of registry that this build has a backend for.
    pub registries: Vec<&'static Registry>,
    /// What is done with the endpoints.
    pub goal: Goal,
    /// Which idle-connection checks an idle cycle makes.
    pub idle_checks: IdleChecks,
    /// The service whose health is queried.
    pub service: Arc<str>,
    /// How the channel behaves.
    pub channel: channel::Options,
    /// How long a call may wait for a connection and its response.
    pub call_timeout: Duration,
    /// How long an RPC may take.
    pub rpc_timeout: Duration,
    /// A READY connection that has been quiet for this long is checked; never when `None`.
    pub check_interval: Option<Duration>,
    /// Which frameworks' clients are modelled beside the channel.
    pub lenses: Lenses,
    /// The limits of the session.
    pub limits: Limits,
    /// What is good enough.
    pub criteria: Criteria,
    /// The proxy that other clients would use because of the environment.
    pub proxy: Option<ProxyEnv>,
}

impl EngineConfig {
    /// True when discovery continues after the first response.
    pub fn watches(&self) -> bool {
        match self.goal {
            Goal::Resolve { watch } => watch,
            Goal::Probe => false,
            Goal::ProbeIdle(_) | Goal::Watch { .. } => true,
        }
    }

    /// True when a channel is opened.
    pub fn has_channel(&self) -> bool {
        match self.goal {
            Goal::Resolve { .. } | Goal::Probe => false,
            Goal::ProbeIdle(_) | Goal::Watch { .. } => true,
        }
    }

    /// How far the session looks, for the verdict.
    pub fn depth(&self) -> Depth {
        match self.goal {
            Goal::Resolve { .. } => Depth::Registries,
            Goal::Probe | Goal::ProbeIdle(_) | Goal::Watch { .. } => Depth::Network,
        }
    }
}
