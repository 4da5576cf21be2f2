//! [`Progress`]: the stage that an attempt is in, to be read while it runs.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;

use crate::model::reach::Stage;

/// The stage that an attempt is in, and since when. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Progress(Arc<Mutex<Option<(Stage, Instant)>>>);

impl Progress {
    /// The stage that is waiting, and since when; `None` before the first one.
    pub fn stage(&self) -> Option<(Stage, Instant)> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The attempt enters `stage`.
    pub(super) fn enter(&self, stage: Stage) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((stage, Instant::now()));
    }
}
