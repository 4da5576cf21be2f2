//! [`Script`]: the part of a plan that the engine needs, without sockets or registries in it.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::plan::{Goal, Holding, Lenses, Limits};
use crate::channel;
use crate::diagnosis::{Depth, Judging, ProxyEnv};
use crate::model::registry::{Registry, SourceId};

/// What the engine is to do.
#[derive(Debug, Clone)]
pub struct Script {
    /// The label of every event.
    pub label: Arc<str>,
    /// The wall clock when the session began.
    pub began: SystemTime,
    /// Every source.
    pub sources: Vec<Arc<SourceId>>,
    /// Those that no target or flag names.
    pub implied: Vec<Arc<SourceId>>,
    /// Every kind of registry that this build has a backend for.
    pub registries: Vec<&'static Registry>,
    /// What is done with the answers.
    pub goal: Goal,
    /// Which silent connections an idle cycle holds.
    pub holding: Holding,
    /// The service that health is asked for.
    pub service: Arc<str>,
    /// How the channel behaves.
    pub channel: channel::Options,
    /// How long a call may wait for a connection and its answer.
    pub call_timeout: Duration,
    /// How long an RPC may take.
    pub rpc_timeout: Duration,
    /// A READY connection that has been quiet for this long is checked; never when `None`.
    pub check_interval: Option<Duration>,
    /// Whose clients are modelled beside the channel.
    pub lenses: Lenses,
    /// What is too much.
    pub limits: Limits,
    /// What is good enough.
    pub judging: Judging,
    /// The proxy that other clients would take from the environment.
    pub proxy: Option<ProxyEnv>,
}

impl Script {
    /// Does discovery go on after the first answer?
    pub fn watches(&self) -> bool {
        match self.goal {
            Goal::Resolve { watch } => watch,
            Goal::Probe => false,
            Goal::ProbeIdle(_) | Goal::Watch { .. } => true,
        }
    }

    /// Is a channel opened?
    pub fn has_channel(&self) -> bool {
        match self.goal {
            Goal::Resolve { .. } | Goal::Probe => false,
            Goal::ProbeIdle(_) | Goal::Watch { .. } => true,
        }
    }

    /// How much the verdict can rest on.
    pub fn depth(&self) -> Depth {
        match self.goal {
            Goal::Resolve { .. } => Depth::Registries,
            Goal::Probe | Goal::ProbeIdle(_) | Goal::Watch { .. } => Depth::Network,
        }
    }
}
