//! [`Outcome`]: a whole answer, and how long it holds.

use std::time::Duration;

use crate::model::resolution::Update;

/// A whole answer.
pub(super) struct Outcome {
    /// What it says.
    pub(super) update: Update,
    /// How long it holds: the least TTL in it.
    pub(super) ttl: Option<Duration>,
}

/// The shorter of two times, where there are any.
pub(super) fn least(a: Option<Duration>, b: Option<Duration>) -> Option<Duration> {
    a.into_iter().chain(b).min()
}
