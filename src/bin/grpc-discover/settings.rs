//! Turns typed arguments, environment and configuration file into [`Plan`]s. Pure: the environment and the files are
//! arguments.

mod channel;
mod check;
mod discovery;
mod error;
mod files;
mod given;
mod layers;
mod mistyped;
mod output;
mod reaching;

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use grpc_discover::backend;
use grpc_discover::diagnosis::ProxyEnv;
use grpc_discover::model::finding::Severity;
use grpc_discover::model::target::{Target, TargetError};
use grpc_discover::session::{self, Goal, Limits, Plan, Until};
use grpc_discover::transport;

use crate::cli::values::{self, ValueError};
use crate::cli::{self, FailOnChoice, Redacted, UntilChoice};
use crate::config::{Config, quoted};

use given::GivenTarget;

pub use check::check;
pub use error::SettingError;
pub use layers::Layers;
pub use output::{OutputSettings, output, record};

/// The parts of the environment that settings depend on.
pub struct Environment<'a> {
    /// An environment variable.
    pub env: &'a dyn Fn(&str) -> Option<String>,
    /// A file's text.
    pub read: &'a dyn Fn(&Path) -> io::Result<String>,
    /// The configuration file.
    pub config: &'a Config,
    /// Seed of every random choice of the sessions.
    pub seed: u64,
}

/// Everything that was typed for a session. Groups of flags that a command does not have keep their defaults.
#[derive(Debug, Clone)]
pub struct Typed<'a> {
    /// The targets; empty means every service of the configuration file.
    pub targets: &'a [Redacted],
    /// Which registries are queried.
    pub discovery: &'a cli::DiscoveryFlags,
    /// How addresses are reached.
    pub reaching: &'a cli::ReachingFlags,
    /// How the channel behaves.
    pub channel: &'a cli::ChannelFlags,
    /// How much at once.
    pub pace: &'a cli::PaceFlags,
    /// What counts as good enough.
    pub criteria: &'a cli::CriteriaFlags,
    /// `--profile`.
    pub profile: Option<&'a str>,
    /// The task of the command.
    pub task: Task,
}

/// The task of the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// `resolve`.
    Resolve {
        /// `--watch`.
        watch: bool,
        /// `--for`.
        run_for: Option<Duration>,
    },
    /// `probe`.
    Probe,
    /// `watch`.
    Watch {
        /// `--for`.
        run_for: Option<Duration>,
        /// `--until`.
        until: Option<UntilChoice>,
    },
}

/// One plan for the targets, or one for every service of the configuration file that is named; without targets for
/// all of them.
///
/// # Errors
///
/// [`SettingError`] names the flag, variable or key, its value unless it is secret, and what would be valid.
pub fn plans(typed: &Typed, environment: &Environment) -> Result<Vec<Plan>, SettingError> {
    if !typed.targets.is_empty() {
        mistyped::refuse(typed.targets, environment)?;
        let targets: Vec<Redacted> = typed.targets.iter().map(meant).collect();
        let named = named(&targets, environment.config);
        return several(named.iter().map(|named| plans_of(typed, named, environment)));
    }
    let services: Vec<Redacted> = environment
        .config
        .services
        .iter()
        .filter(|(_, s)| !s.targets.is_empty())
        .map(|(name, _)| Redacted(name.clone()))
        .collect();
    if services.is_empty() {
        return Err(no_targets(environment.config));
    }
    several(services.iter().map(|name| plans_of(typed, std::slice::from_ref(name), environment)))
}

fn several(plans: impl Iterator<Item = Result<Vec<Plan>, SettingError>>) -> Result<Vec<Plan>, SettingError> {
    Ok(plans.collect::<Result<Vec<_>, _>>()?.concat())
}

/// `discovery:///NAME` is Kratos' spelling of a name that its configuration maps to a registry: here a service of the
/// configuration file, else a bare name.
fn meant(target: &Redacted) -> Redacted {
    let name = target.0.strip_prefix("discovery:///").filter(|name| !name.is_empty() && !name.contains(['/', '?']));
    name.map_or_else(|| target.clone(), |name| Redacted(name.to_string()))
}

/// The services of the plans. Several targets are one service, whose backends are compared; each named service of the
/// configuration file is a service of its own.
fn named(targets: &[Redacted], config: &Config) -> Vec<Vec<Redacted>> {
    let is_service = |text: &&Redacted| config.services.get(&text.0).is_some_and(|service| !service.targets.is_empty());
    let (services, others): (Vec<&Redacted>, Vec<&Redacted>) = targets.iter().partition(is_service);
    if services.len() < 2 {
        return vec![targets.to_vec()];
    }
    let mut named: Vec<Vec<Redacted>> = services.into_iter().map(|service| vec![service.clone()]).collect();
    if !others.is_empty() {
        named.push(others.into_iter().cloned().collect());
    }
    named
}

fn no_targets(config: &Config) -> SettingError {
    match &config.path {
        Some(path) => SettingError::NoTargetInFile { path: path.clone() },
        None => SettingError::NoTarget { searched: config.searched.clone() },
    }
}

/// One plan, or one for each `--service`.
fn plans_of(typed: &Typed, named: &[Redacted], environment: &Environment) -> Result<Vec<Plan>, SettingError> {
    let service = match named {
        [Redacted(name)] => environment.config.services.get(name).map(|service| (name.as_str(), service)),
        _ => None,
    };
    let layers = Layers::new(environment, service, typed.profile)?.with_timeout(typed.discovery.timeout);

    let (mut targets, mut label) = (Vec::new(), Vec::new());
    for text in named {
        match environment.config.services.get(&text.0).filter(|service| !service.targets.is_empty()) {
            Some(service) => {
                let place = layers.file_place(&format!("service.{}.targets", quoted(&text.0)));
                for target in &service.targets {
                    let target = GivenTarget::of_file(target, text, environment.config.trust);
                    targets.push(target.map_err(|source| SettingError::FileTarget { place: place.clone(), source })?);
                }
                label.push(text.0.clone());
            }
            None => {
                let target = parse_target(&text.0)?;
                label.push(as_typed(&text.0, &target));
                targets.push(GivenTarget { target, found: false });
            }
        }
    }

    let only = layers.many("--backend", &typed.discovery.backend, any)?;
    let mut sources = given::sources(&targets, &only, discovery::settings(typed.discovery, &layers, environment)?)?;
    discovery::refuse_idle_flags(&sources, typed.discovery)?;
    // Two spellings of the same query are one source.
    let mut seen = BTreeSet::new();
    sources.retain(|source| seen.insert(format!("{} {}", source.backend.name(), source.target)));

    let criteria = criteria(typed.criteria, &layers)?;
    let (goal, channel) = channel::settings(typed, &layers, environment.seed)?;
    let limits = limits(typed, &layers)?;
    let idle_checks = channel::idle_checks(typed, &layers, goal)?;
    if let (Goal::ProbeIdle(idle), Some(max_time)) = (goal, limits.max_time) {
        let (flag, longest) = match idle_checks.longest().filter(|longest| *longest > idle) {
            Some(longest) if idle_checks.find_cutoff == Some(longest) => ("--find-cutoff", longest),
            Some(longest) => ("--idle-ladder", longest),
            None => ("--idle", idle),
        };
        if max_time <= longest {
            return Err(SettingError::MaxTime { max_time, flag, idle: longest });
        }
    }
    let mut plan = Plan::new(sources, goal);
    plan.label = Arc::from(label.join(", "));
    plan.check_interval = channel::check_interval(typed, &layers)?;
    plan.lenses = channel::lenses(typed, &layers, goal)?;
    plan.idle_checks = idle_checks;
    plan.transport = reaching::options(typed.reaching, &targets, goal, &layers, environment)?;
    plan.channel = channel;
    plan.limits = limits;
    plan.criteria = criteria;
    plan.proxy = ProxyEnv::from_env(environment.env);
    let services = layers.many("--service", &typed.reaching.service, text)?;
    let with = |label: Arc<str>, service: &str| {
        let mut plan = plan.clone();
        (plan.label, plan.service) = (label, Arc::from(service));
        plan
    };
    Ok(match services.as_slice() {
        [] => vec![plan],
        [service] => vec![with(plan.label.clone(), service)],
        services => services.iter().map(|service| with(format!("{} {service}", plan.label).into(), service)).collect(),
    })
}

/// The plan for `targets` as one service, whichever services the configuration file has.
///
/// # Errors
///
/// As for [`plans`].
pub fn one_plan(typed: &Typed, environment: &Environment) -> Result<Plan, SettingError> {
    let targets: Vec<Redacted> = typed.targets.iter().map(meant).collect();
    let first = plans_of(typed, &targets, environment)?.into_iter().next();
    first.ok_or_else(|| no_targets(environment.config))
}

/// How a process is reached that no target names.
///
/// # Errors
///
/// As for [`plans`].
pub fn transport(
    typed: &cli::ReachingFlags,
    profile: Option<&str>,
    environment: &Environment,
) -> Result<transport::Options, SettingError> {
    let layers = Layers::new(environment, None, profile)?;
    reaching::options(typed, &[], Goal::Probe, &layers, environment)
}

fn parse_target(text: &str) -> Result<Target, TargetError> {
    meant(&Redacted(text.to_string())).0.parse()
}

/// The target for people: as typed, unless that may show a secret.
fn as_typed(text: &str, target: &Target) -> String {
    if Target::may_show_a_secret(text) { target.to_string() } else { text.to_string() }
}

/// Any text.
fn any(text: &str) -> Result<String, Infallible> {
    Ok(text.to_string())
}

/// A text that is not empty.
fn text(text: &str) -> Result<String, ValueError> {
    if text.is_empty() { Err(ValueError::Empty) } else { Ok(text.to_string()) }
}

/// The settings of every backend, for `grpc-discover backends`.
///
/// # Errors
///
/// As for [`plans`].
pub fn backends(
    discovery: &cli::DiscoveryFlags,
    profile: Option<&str>,
    environment: &Environment,
) -> Result<(backend::Settings, Vec<String>), SettingError> {
    let layers = Layers::new(environment, None, profile)?.with_timeout(discovery.timeout);
    let only = layers.many("--backend", &discovery.backend, any)?;
    let known: Vec<&str> = backend::BACKENDS.iter().map(|backend| backend.name()).collect();
    if let Some(unknown) = only.iter().find(|name| !known.contains(&name.as_str())) {
        return Err(SettingError::UnknownBackend { name: unknown.clone(), known });
    }
    Ok((discovery::settings(discovery, &layers, environment)?, only))
}

fn criteria(typed: &cli::CriteriaFlags, layers: &Layers) -> Result<session::Criteria, SettingError> {
    let fail_on = layers.one("--fail-on", typed.fail_on, values::word)?;
    let mut criteria = session::Criteria::default();
    criteria.fail_on = match fail_on.map(|word| word.value) {
        None | Some(FailOnChoice::Warn) => Some(Severity::Warn),
        Some(FailOnChoice::Critical) => Some(Severity::Critical),
        Some(FailOnChoice::Never) => None,
    };
    criteria.min_ready = layers.one("--min-ready", typed.min_ready, values::min_ready)?.map(|min| min.value);
    criteria.expect = layers.many("--expect", &typed.expect, values::address)?;
    criteria.ignore = layers.many("--ignore", &typed.ignore, values::ignored)?;
    if let Some(soon) = layers.one("--warn-expiry", typed.warn_expiry, values::duration)? {
        criteria.warn_expiry = soon.value;
    }
    Ok(criteria)
}

fn limits(typed: &Typed, layers: &Layers) -> Result<Limits, SettingError> {
    let size = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    let pace = typed.pace;
    let concurrency = layers.one("--concurrency", pace.concurrency, values::at_least_one)?;
    let max_endpoints = layers.one("--max-endpoints", pace.max_endpoints, values::at_least_one)?;
    let run_for = match typed.task {
        Task::Resolve { run_for, .. } | Task::Watch { run_for, .. } => run_for,
        Task::Probe => None,
    };
    let mut limits = Limits::default();
    if let Some(concurrency) = concurrency {
        limits.concurrency = size(concurrency.value);
    }
    limits.rate = layers.one("--rate", pace.rate, values::at_least_one)?.map(|n| n.value);
    limits.max_endpoints = max_endpoints.map(|n| size(n.value));
    limits.max_time = layers.positive("--max-time", typed.criteria.max_time)?;
    limits.run_for = run_for;
    Ok(limits)
}

impl From<UntilChoice> for Until {
    fn from(word: UntilChoice) -> Until {
        match word {
            UntilChoice::Ready => Until::Ready,
            UntilChoice::Stable => Until::Stable,
            UntilChoice::Drained => Until::Drained,
        }
    }
}

#[cfg(test)]
mod tests;
