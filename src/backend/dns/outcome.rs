//! [`Outcome`]: a complete answer, and how long it is valid.

use std::time::Duration;

use crate::model::resolution::Update;

/// A complete answer.
pub(super) struct Outcome {
    /// Its update.
    pub(super) update: Update,
    /// How long it is valid: the lowest TTL in it.
    pub(super) ttl: Option<Duration>,
}

/// The shorter of two times, if any.
pub(super) fn least(a: Option<Duration>, b: Option<Duration>) -> Option<Duration> {
    a.into_iter().chain(b).min()
}
