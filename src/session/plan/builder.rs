//! [`PlanBuilder`]: from targets to a [`Plan`].

use std::sync::Arc;

use super::{Goal, Plan, PlanError, sources};
use crate::backend;
use crate::model::target::Target;
use crate::transport;

/// Builds a [`Plan`]; [`Plan::builder`] starts one. Only a target is required.
#[derive(Clone, Default)]
#[must_use = "a builder makes nothing before `build`"]
pub struct PlanBuilder {
    targets: Vec<Target>,
    backends: Vec<String>,
    settings: Arc<backend::Settings>,
    goal: Goal,
    transport: Option<transport::Options>,
}

impl PlanBuilder {
    /// Adds a target. Several targets are one service; their results are compared.
    pub fn target(mut self, target: Target) -> Self {
        self.targets.push(target);
        self
    }

    /// Adds a backend by its name, for bare names. They are queried in the added backends only; without any, in every
    /// active one.
    pub fn backend(mut self, name: impl Into<String>) -> Self {
        self.backends.push(name.into());
        self
    }

    /// The settings of every backend. Default: their defaults.
    pub fn settings(mut self, settings: impl Into<Arc<backend::Settings>>) -> Self {
        self.settings = settings.into();
        self
    }

    /// What is done with the endpoints. Default: [`Goal::Probe`].
    pub fn goal(mut self, goal: Goal) -> Self {
        self.goal = goal;
        self
    }

    /// How addresses are reached. Replaces every default of the goal, its connect timeout too: see
    /// [`Goal::connect_timeout`].
    pub fn transport(mut self, transport: transport::Options) -> Self {
        self.transport = Some(transport);
        self
    }

    /// The plan. Nothing is contacted. Everything else has the defaults of [`Plan::new`] and is set on the plan itself.
    ///
    /// # Errors
    ///
    /// As [`sources`]: there is no target, a target has no backend, or a backend does not exist.
    pub fn build(self) -> Result<Plan, PlanError> {
        let mut plan = Plan::new(sources(&self.targets, &self.backends, self.settings)?, self.goal);
        if let Some(transport) = self.transport {
            plan.transport = transport;
        }
        Ok(plan)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_target_is_enough_and_is_probed() {
        let plan = Plan::builder().target("127.0.0.1:1".parse().unwrap()).build().unwrap();
        assert_eq!((&*plan.label, plan.goal), ("dns:///127.0.0.1:1", Goal::Probe));
        assert_eq!(plan.transport.connect_timeout, Goal::Probe.connect_timeout());
    }

    #[test]
    fn what_is_given_arrives() {
        let transport = transport::Options { rpc_timeout: Duration::from_secs(1), ..transport::Options::default() };
        let goal = Goal::Watch { until: None };
        let builder = Plan::builder().target("pay".parse().unwrap()).backend("dns").goal(goal).transport(transport);
        let plan = builder.settings(backend::Settings::default()).build().unwrap();
        let backends: Vec<&str> = plan.sources.iter().map(|source| source.backend.name()).collect();
        assert_eq!((backends, plan.goal), (vec!["dns"], goal));
        assert_eq!(plan.transport.rpc_timeout, Duration::from_secs(1));
    }

    #[test]
    fn without_a_target_there_is_no_plan() {
        assert_eq!(Plan::builder().build().map(|plan| plan.label).unwrap_err(), PlanError::NoTarget);
    }
}
