//! [`Progress`]: the current stage of an attempt, readable while the attempt runs.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;

use crate::model::reach::Stage;

/// The current stage of an attempt, and when it was entered. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Progress(Arc<Mutex<Option<(Stage, Instant)>>>);

impl Progress {
    /// The current stage, and when it was entered; `None` before the first one.
    pub fn stage(&self) -> Option<(Stage, Instant)> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The attempt enters `stage`.
    pub(super) fn enter(&self, stage: Stage) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((stage, Instant::now()));
    }
}
