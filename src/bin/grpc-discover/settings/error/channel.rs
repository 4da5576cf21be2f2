//! Why the channel, its idle-connection checks and the clients that are modelled beside it cannot be set up.

use std::time::Duration;

use grpc_discover::lens::UnknownLens;
use grpc_discover::text::exact_duration;

/// Why the channel cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    /// `probe --idle 0`.
    #[error(
        "--idle 0: the idle time of a probe must be greater than zero; write e.g. --idle 30s, or omit --idle for a plain probe"
    )]
    NeverIdle,
    /// `--client-health` with pick_first.
    #[error(
        "--client-health: pick_first ignores health (gRFC A17); add --lb round_robin, or omit --client-health to see health next to the state"
    )]
    HealthIgnored,
    /// `--check-interval` without connections to check.
    #[error("--check-interval is supported by `watch` only; omit it")]
    NothingToCheck,
    /// `--check-interval` below a second.
    #[error(
        "--check-interval {}: must be at least 1s, or 0 to check only before the watch ends",
        exact_duration(*.0)
    )]
    ChecksTooOften(Duration),
    /// `--as` with a command that does not wait.
    #[error("--as needs `watch`, or `probe --idle 30s`")]
    LensNeedsTime,
}

/// Why `--as` names no client.
#[derive(Debug, thiserror::Error)]
#[error("{source}{}", near.map(|near| format!("; did you mean {near}?")).unwrap_or_default())]
pub struct LensError {
    /// What is wrong with the name.
    pub source: UnknownLens,
    /// A known name that is similar.
    pub near: Option<&'static str>,
}

/// Why `--idle-ladder` or `--find-cutoff` is not valid.
#[derive(Debug, thiserror::Error)]
pub enum IdleCheckError {
    /// Without an idle cycle.
    #[error("{flag} needs an idle cycle; write e.g. probe --idle 30s {flag} ...")]
    NoIdleCycle {
        /// The flag.
        flag: &'static str,
    },
    /// The times of `--idle-ladder` are not in ascending order.
    #[error(
        "--idle-ladder: {} must not follow {}; write each time once, shortest first, e.g. 10s,60s,350s",
        exact_duration(*next),
        exact_duration(*previous)
    )]
    NotRising {
        /// The longer time, or the same.
        previous: Duration,
        /// The time that follows it.
        next: Duration,
    },
    /// The steps of the search would be too short to measure.
    #[error("--find-cutoff {}: too short to distinguish a limit from a delay; must be at least 1s", exact_duration(*.0))]
    SearchTooShort(Duration),
    /// No idle time.
    #[error("{flag} 0: must be greater than zero; write e.g. {flag} 60s")]
    Zero {
        /// The flag.
        flag: &'static str,
    },
    /// Longer than a day.
    #[error("{flag} {}: must be at most one day; write e.g. {flag} 1h", exact_duration(*idle))]
    TooLong {
        /// The flag.
        flag: &'static str,
        /// The idle time.
        idle: Duration,
    },
}
