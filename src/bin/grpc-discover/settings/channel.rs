//! The settings of the channel: idle timeout, load balancing, reconnecting; and the goal for the command's task.

use std::time::Duration;

use grpc_discover::channel::{Options, Policy};
use grpc_discover::lens::{self, LENSES, LensKind};
use grpc_discover::session::{CHECK_INTERVAL, Goal, IdleChecks, Lenses};
use grpc_discover::text;

use super::error::{ChannelError, IdleCheckError, LensError};
use super::{Layers, SettingError, Task, Typed};
use crate::cli::{LbChoice, values};

/// Which client models run beside the channel of a session with this goal.
pub fn lenses(typed: &Typed, layers: &Layers, goal: Goal) -> Result<Lenses, SettingError> {
    let names = layers.many("--as", &typed.channel.lenses, |name| lens(name).map(|_| name.to_string()))?;
    let mut kinds: Vec<&'static LensKind> = Vec::new();
    for name in &names {
        for kind in lens(name).map_err(|error| SettingError::Lens { name: name.clone(), source: Box::new(error) })? {
            if !kinds.iter().any(|chosen| std::ptr::eq(*chosen, kind)) {
                kinds.push(kind);
            }
        }
    }
    match goal {
        Goal::ProbeIdle(_) if kinds.is_empty() => Ok(Lenses::Differing(LENSES.to_vec())),
        Goal::ProbeIdle(_) | Goal::Watch { .. } if !kinds.is_empty() => Ok(Lenses::Chosen(kinds)),
        Goal::Probe if !typed.channel.lenses.is_empty() => Err(ChannelError::LensNeedsTime.into()),
        Goal::Probe | Goal::ProbeIdle(_) | Goal::Watch { .. } | Goal::Resolve { .. } => Ok(Lenses::None),
    }
}

/// The clients that `--as` names.
fn lens(name: &str) -> Result<Vec<&'static LensKind>, LensError> {
    lens::find(name).map_err(|source| {
        let near = text::near(name, LENSES.iter().map(|kind| kind.name)).first().copied();
        LensError { source, near }
    })
}

/// The goal of the session and the options of its channel.
pub fn settings(typed: &Typed, layers: &Layers, seed: u64) -> Result<(Goal, Options), SettingError> {
    let defaults = Options::default();
    let idle = match typed.task {
        // A plain probe runs an idle cycle only if the command line requests it: an idle timeout from a file is for
        // watch.
        Task::Probe => typed.channel.idle,
        Task::Watch { .. } => layers.one("--idle", typed.channel.idle, values::duration)?.map(|idle| idle.value),
        Task::Resolve { .. } => None,
    };
    let goal = match typed.task {
        Task::Resolve { watch, .. } => Goal::Resolve { watch },
        Task::Watch { until, .. } => Goal::Watch { until: until.map(Into::into) },
        Task::Probe => match idle {
            None => Goal::Probe,
            Some(Duration::ZERO) => {
                return Err(ChannelError::NeverIdle.into());
            }
            Some(idle) => Goal::ProbeIdle(idle),
        },
    };
    let policy = match layers.one("--lb", typed.channel.lb, values::word)?.map(|word| word.value) {
        // `watch` is meant to show every endpoint.
        None if matches!(typed.task, Task::Watch { .. }) => Policy::RoundRobin,
        None => defaults.policy,
        Some(LbChoice::PickFirst) => Policy::PickFirst,
        Some(LbChoice::RoundRobin) => Policy::RoundRobin,
    };
    let client_health = layers.switch("--client-health", typed.channel.client_health)?;
    if client_health && policy != Policy::RoundRobin {
        return Err(ChannelError::HealthIgnored.into());
    }
    let keep_connected = layers.one("--keep-connected", typed.channel.keep_connected, values::boolean)?;
    let mut options = defaults;
    match idle {
        None => {}
        Some(Duration::ZERO) => options.idle_timeout = None,
        Some(idle) => options.idle_timeout = Some(idle),
    }
    options.policy = policy;
    options.client_health = client_health;
    options.keep_connected = keep_connected.map_or(matches!(typed.task, Task::Watch { .. }), |yes| yes.value);
    options.seed = seed;
    Ok((goal, options))
}

/// How long a READY connection of a watch may be without responses before it is checked; `None` for 0.
pub fn check_interval(typed: &Typed, layers: &Layers) -> Result<Option<Duration>, SettingError> {
    let given = layers.one("--check-interval", typed.channel.check_interval, values::duration)?;
    let interval = given.map_or(CHECK_INTERVAL, |given| given.value);
    if typed.channel.check_interval.is_some() && !matches!(typed.task, Task::Watch { .. }) {
        return Err(ChannelError::NothingToCheck.into());
    }
    if !interval.is_zero() && interval < SHORTEST_CHECK_INTERVAL {
        return Err(ChannelError::ChecksTooOften(interval).into());
    }
    Ok((!interval.is_zero()).then_some(interval))
}

/// Every READY endpoint gets an RPC this often at most.
const SHORTEST_CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// The longest idle time that is checked: a day. No load balancer has a longer idle timeout.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
/// The shortest `--find-cutoff`: its first idle time is a 64th of it.
const SHORTEST_SEARCH: Duration = Duration::from_secs(1);

/// Which idle connections the idle cycle keeps open beside its own. Settings of a file or the environment apply to
/// idle cycles only, as for the idle timeout.
pub fn idle_checks(typed: &Typed, layers: &Layers, goal: Goal) -> Result<IdleChecks, SettingError> {
    let Goal::ProbeIdle(_) = goal else {
        let flag = match (typed.channel.idle_ladder.is_empty(), typed.channel.find_cutoff) {
            (false, _) => "--idle-ladder",
            (true, Some(_)) => "--find-cutoff",
            (true, None) => return Ok(IdleChecks::default()),
        };
        return Err(IdleCheckError::NoIdleCycle { flag }.into());
    };
    let ladder = layers.many("--idle-ladder", &typed.channel.idle_ladder, values::duration)?;
    for idle_time in &ladder {
        within("--idle-ladder", *idle_time)?;
    }
    if let Some(pair) = ladder.windows(2).find(|pair| pair[0] >= pair[1]) {
        return Err(IdleCheckError::NotRising { previous: pair[0], next: pair[1] }.into());
    }
    let find_cutoff = layers.one("--find-cutoff", typed.channel.find_cutoff, values::duration)?.map(|most| most.value);
    if let Some(most) = find_cutoff {
        within("--find-cutoff", most)?;
        if most < SHORTEST_SEARCH {
            return Err(IdleCheckError::SearchTooShort(most).into());
        }
    }
    let mut idle_checks = IdleChecks::default();
    idle_checks.ladder = ladder;
    idle_checks.find_cutoff = find_cutoff;
    Ok(idle_checks)
}

fn within(flag: &'static str, idle_time: Duration) -> Result<(), IdleCheckError> {
    if idle_time.is_zero() {
        return Err(IdleCheckError::Zero { flag });
    }
    if idle_time > LONGEST {
        return Err(IdleCheckError::TooLong { flag, idle: idle_time });
    }
    Ok(())
}
