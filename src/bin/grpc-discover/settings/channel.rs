//! The channel: idle timeout, load balancing, reconnecting; and what the command's task is with them.

use std::time::Duration;

use grpc_discover::channel::{Options, Policy};
use grpc_discover::lens::{self, LENSES, LensKind};
use grpc_discover::session::{CHECK_INTERVAL, Goal, Holding, Lenses};
use grpc_discover::text::{self, exact_duration};

use super::{Layers, Task, Typed, Wrong};
use crate::cli::{LbWord, values};

/// Whose clients are modelled beside the channel of a session with this goal.
pub fn lenses(typed: &Typed, layers: &Layers, goal: Goal) -> Result<Lenses, Wrong> {
    let known = |name: &str| match lens::find(name) {
        Ok(_) => Ok(name.to_string()),
        Err(unknown) => {
            let names = LENSES.iter().map(|kind| kind.name);
            let near = text::near(name, names).first().map(|near| format!("; did you mean {near}?"));
            Err(format!("{unknown}{}", near.unwrap_or_default()))
        }
    };
    let names = layers.many("--as", &typed.channel.lenses, known)?;
    let mut kinds: Vec<&'static LensKind> = Vec::new();
    for name in &names {
        let found = known(name).and_then(|name| lens::find(&name).map_err(|unknown| unknown.to_string()));
        for kind in found.map_err(|why| Wrong(format!("--as {name:?}: {why}")))? {
            if !kinds.iter().any(|chosen| std::ptr::eq(*chosen, kind)) {
                kinds.push(kind);
            }
        }
    }
    match goal {
        Goal::ProbeIdle(_) if kinds.is_empty() => Ok(Lenses::Differing(LENSES.to_vec())),
        Goal::ProbeIdle(_) | Goal::Watch { .. } if !kinds.is_empty() => Ok(Lenses::Chosen(kinds)),
        Goal::Probe if !typed.channel.lenses.is_empty() => {
            Err(Wrong::new("--as: what a client holds shows when time passes: add --idle 30s, or use it with watch"))
        }
        Goal::Probe | Goal::ProbeIdle(_) | Goal::Watch { .. } | Goal::Resolve { .. } => Ok(Lenses::None),
    }
}

/// The goal of the session and the options of its channel.
pub fn settings(typed: &Typed, layers: &Layers, seed: u64) -> Result<(Goal, Options), Wrong> {
    let defaults = Options::default();
    let idle = match typed.task {
        // A plain probe has no idle cycle unless it is asked for here and now: a file's idle is for watch.
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
                return Err(Wrong::new(
                    "--idle 0: a channel that never goes idle has no idle cycle to probe; write e.g. --idle 30s, or leave \
                     --idle out for a plain probe",
                ));
            }
            Some(idle) => Goal::ProbeIdle(idle),
        },
    };
    let policy = match layers.one("--lb", typed.channel.lb, values::word)?.map(|word| word.value) {
        // Whoever watches wants to see every endpoint.
        None if matches!(typed.task, Task::Watch { .. }) => Policy::RoundRobin,
        None => defaults.policy,
        Some(LbWord::PickFirst) => Policy::PickFirst,
        Some(LbWord::RoundRobin) => Policy::RoundRobin,
    };
    let client_health = layers.switch("--client-health", typed.channel.client_health)?;
    if client_health && policy != Policy::RoundRobin {
        return Err(Wrong::new(
            "--client-health: pick_first ignores health (gRFC A17); add --lb round_robin, or leave it out to see health \
             beside the state",
        ));
    }
    let keep_connected = layers.one("--keep-connected", typed.channel.keep_connected, values::boolean)?;
    let options = Options {
        idle_timeout: match idle {
            None => defaults.idle_timeout,
            Some(Duration::ZERO) => None,
            Some(idle) => Some(idle),
        },
        policy,
        client_health,
        keep_connected: keep_connected.map_or(matches!(typed.task, Task::Watch { .. }), |yes| yes.value),
        seed,
        ..defaults
    };
    Ok((goal, options))
}

/// How long a READY connection of a watch may be quiet before it is checked; `None` for 0.
pub fn check_interval(typed: &Typed, layers: &Layers) -> Result<Option<Duration>, Wrong> {
    let given = layers.one("--check-interval", typed.channel.check_interval, values::duration)?;
    let interval = given.map_or(CHECK_INTERVAL, |given| given.value);
    if typed.channel.check_interval.is_some() && !matches!(typed.task, Task::Watch { .. }) {
        return Err(Wrong::new(
            "--check-interval: only `watch` keeps connections that can be checked again; leave it out",
        ));
    }
    if !interval.is_zero() && interval < SHORTEST_CHECK_INTERVAL {
        return Err(Wrong(format!(
            "--check-interval {}: too often for a server that is only watched; use 1s or more, or 0 to check only before \
             the watch ends",
            exact_duration(interval)
        )));
    }
    Ok((!interval.is_zero()).then_some(interval))
}

/// Every READY endpoint gets an RPC this often at most.
const SHORTEST_CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// The longest silence that is held: a day. No load balancer waits longer, and nobody watches so long.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
/// The shortest `--find-cutoff`: its first rung is a 64th of it.
const SHORTEST_SEARCH: Duration = Duration::from_secs(1);

/// Which silent connections the idle cycle holds beside its own. A file's or the environment's are for idle cycles only,
/// as their idle timeout is.
pub fn holding(typed: &Typed, layers: &Layers, goal: Goal) -> Result<Holding, Wrong> {
    let Goal::ProbeIdle(_) = goal else {
        let flag = match (typed.channel.idle_ladder.is_empty(), typed.channel.find_cutoff) {
            (false, _) => "--idle-ladder",
            (true, Some(_)) => "--find-cutoff",
            (true, None) => return Ok(Holding::default()),
        };
        return Err(Wrong(format!(
            "{flag} holds connections over an idle cycle; write e.g. probe --idle 30s {flag} ..."
        )));
    };
    let ladder = layers.many("--idle-ladder", &typed.channel.idle_ladder, values::duration)?;
    for rung in &ladder {
        within("--idle-ladder", *rung)?;
    }
    if let Some(pair) = ladder.windows(2).find(|pair| pair[0] >= pair[1]) {
        return Err(Wrong(format!(
            "--idle-ladder: {} does not belong after {}; write each time once, shortest first, e.g. 10s,60s,350s",
            exact_duration(pair[1]),
            exact_duration(pair[0])
        )));
    }
    let find_cutoff = layers.one("--find-cutoff", typed.channel.find_cutoff, values::duration)?.map(|most| most.value);
    if let Some(most) = find_cutoff {
        within("--find-cutoff", most)?;
        if most < SHORTEST_SEARCH {
            return Err(Wrong(format!(
                "--find-cutoff {} is too short to tell a limit from a delay; write at least 1s",
                exact_duration(most)
            )));
        }
    }
    Ok(Holding { ladder, find_cutoff })
}

fn within(flag: &str, silence: Duration) -> Result<(), Wrong> {
    if silence.is_zero() {
        return Err(Wrong(format!("{flag} 0: no silence at all tells nothing; write e.g. {flag} 60s")));
    }
    if silence > LONGEST {
        return Err(Wrong(format!(
            "{flag} {} is longer than a day, the most that is held; write e.g. {flag} 1h",
            exact_duration(silence)
        )));
    }
    Ok(())
}
