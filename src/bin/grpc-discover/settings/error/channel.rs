//! Why the channel, its idle-connection checks and the clients that are modelled beside it cannot be set up.

use std::time::Duration;

use grpc_discover::lens::UnknownLens;
use grpc_discover::text::exact_duration;

/// Why the channel cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    /// `probe --idle 0`.
    #[error(
        "--idle 0: a channel that never goes idle has no idle cycle to probe; write e.g. --idle 30s, or leave --idle out for \
         a plain probe"
    )]
    NeverIdle,
    /// `--client-health` with pick_first.
    #[error(
        "--client-health: pick_first ignores health (gRFC A17); add --lb round_robin, or leave it out to see health beside \
         the state"
    )]
    HealthIgnored,
    /// `--check-interval` without connections to check.
    #[error("--check-interval: only `watch` keeps connections that can be checked again; leave it out")]
    NothingToCheck,
    /// `--check-interval` below a second.
    #[error(
        "--check-interval {}: too often for a server that is only watched; use 1s or more, or 0 to check only before the \
         watch ends",
        exact_duration(*.0)
    )]
    ChecksTooOften(Duration),
    /// `--as` with a command that does not wait.
    #[error("--as: what a client holds shows when time passes: add --idle 30s, or use it with watch")]
    LensNeedsTime,
}

/// Why `--as` names no client.
#[derive(Debug, thiserror::Error)]
#[error("{source}{}", near.map(|near| format!("; did you mean {near}?")).unwrap_or_default())]
pub struct LensError {
    /// What is wrong with the name.
    pub source: UnknownLens,
    /// A known name that is nearly the same.
    pub near: Option<&'static str>,
}

/// Why `--idle-ladder` or `--find-cutoff` makes no idle-connection checks.
#[derive(Debug, thiserror::Error)]
pub enum IdleCheckError {
    /// Without an idle cycle.
    #[error("{flag} holds connections over an idle cycle; write e.g. probe --idle 30s {flag} ...")]
    NoIdleCycle {
        /// The flag.
        flag: &'static str,
    },
    /// The times of `--idle-ladder` do not rise.
    #[error(
        "--idle-ladder: {} does not belong after {}; write each time once, shortest first, e.g. 10s,60s,350s",
        exact_duration(*next),
        exact_duration(*previous)
    )]
    NotRising {
        /// The longer time, or the same.
        previous: Duration,
        /// What follows it.
        next: Duration,
    },
    /// The search would have steps too short to measure.
    #[error("--find-cutoff {} is too short to tell a limit from a delay; write at least 1s", exact_duration(*.0))]
    SearchTooShort(Duration),
    /// No idle time.
    #[error("{flag} 0: no silence at all tells nothing; write e.g. {flag} 60s")]
    Zero {
        /// The flag.
        flag: &'static str,
    },
    /// Longer than a day.
    #[error("{flag} {} is longer than a day, the most that is held; write e.g. {flag} 1h", exact_duration(*idle))]
    TooLong {
        /// The flag.
        flag: &'static str,
        /// The idle time.
        idle: Duration,
    },
}
