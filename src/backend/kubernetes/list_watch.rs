//! [`ListWatch`]: the changes of the objects that match a selector, from a version that was read.
//!
//! * A watch is requested with a timeout: the server closes it after [`LENGTH`], and it continues from the last
//!   version received, bookmarks included. This is the intended use, and not a retry; a watch that ends early, or
//!   does not end in time, is reported, and the stream ends.
//! * While the watch is idle, the server gets liveness checks: a frozen one keeps its connections open.
//! * 410 Gone, as a status or within the watch: the history since that version is no longer available. It is
//!   reported, and the next query returns the whole list.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use super::api::{Api, Changes, Object};
use super::error::KubernetesError;
use super::read::{Event, Garbled, Read};

/// When the server closes a watch: short watches cost it nothing.
const LENGTH: Duration = Duration::from_secs(20);
/// How much later than that a watch may end, and the time limit for one request during a watch.
pub(super) const GRACE: Duration = Duration::from_secs(5);
/// Interval of the liveness checks while the watch is idle; one may take [`GRACE`].
const LIVENESS_INTERVAL: Duration = Duration::from_secs(3);

/// A change of an object.
pub(super) enum Change<K> {
    /// It was added or changed.
    Put(K),
    /// The one with this name was removed.
    Gone(String),
    /// It was added or changed, and cannot be read.
    Garbled(Garbled),
}

/// A list and its changes.
pub(super) struct ListWatch<K> {
    /// Sends the requests.
    pub api: Api,
    selector: String,
    /// The last version received.
    version: String,
    /// `None` when the next watch is to be requested.
    changes: Option<Changes<K>>,
    /// When it was requested.
    started: Instant,
}

impl<K: Object> ListWatch<K> {
    /// `selector` is a label selector. Nothing is queried yet.
    pub(super) fn new(api: Api, selector: String) -> Self {
        ListWatch { api, selector, version: String::new(), changes: None, started: Instant::now() }
    }

    /// All objects, within `limit`; the changes that follow are those after it.
    pub(super) async fn list(&mut self, limit: Duration) -> Result<Vec<Read<K>>, KubernetesError> {
        let list = self.api.list::<K>(&self.selector, limit).await?;
        self.version = list.version;
        if self.version.is_empty() {
            return Err(KubernetesError::NoVersion);
        }
        Ok(list.items)
    }

    /// The last version received.
    pub(super) fn version(&self) -> &str {
        &self.version
    }

    /// Waits for a change, after the list was read. Not called again after an error.
    pub(super) async fn change(&mut self) -> Result<Change<K>, KubernetesError> {
        loop {
            let (version, change) = match self.next_event().await? {
                None => continue,
                Some(Event::Bookmark(version)) => (version, None),
                Some(Event::Refused(status)) => return Err(self.api.refusal::<K>(&status)),
                Some(Event::Put(Ok(object))) => (object.meta().resource_version.clone(), Some(Change::Put(object))),
                Some(Event::Put(Err(garbled))) => (garbled.version.clone(), Some(Change::Garbled(garbled))),
                Some(Event::Gone(Ok(object))) => {
                    let meta = object.meta();
                    (meta.resource_version.clone(), meta.name.clone().map(Change::Gone))
                }
                Some(Event::Gone(Err(garbled))) => (garbled.version, garbled.name.map(Change::Gone)),
            };
            if let Some(version) = version {
                self.version = version;
            }
            if let Some(change) = change {
                return Ok(change);
            }
        }
    }

    /// The next event; `None` when the watch ended at its timeout.
    async fn next_event(&mut self) -> Result<Option<Event<K>>, KubernetesError> {
        let changes = match &mut self.changes {
            Some(changes) => changes,
            empty => {
                self.started = Instant::now();
                let response = self.api.watch(&self.selector, &self.version, LENGTH, GRACE).await;
                empty.insert(response.map_err(KubernetesError::under_a_watch)?)
            }
        };
        let event = tokio::select! {
            event = timeout_at(self.started + LENGTH + GRACE, changes.next()) => event,
            error = lost_liveness(&self.api) => return Err(error),
        };
        match event {
            Ok(Ok(Some(event))) => Ok(Some(event)),
            Ok(Ok(None)) if self.started.elapsed() + Duration::from_secs(1) >= LENGTH => {
                self.changes = None;
                Ok(None)
            }
            Ok(Ok(None)) => {
                Err(KubernetesError::Ended(Duration::from_millis(self.started.elapsed().as_millis() as u64)))
            }
            Ok(Err(error)) => Err(error),
            Err(_) => Err(KubernetesError::Stuck(LENGTH + GRACE)),
        }
    }
}

/// Sends liveness checks until one fails. A refused connection is not evidence against the established one.
async fn lost_liveness(api: &Api) -> KubernetesError {
    loop {
        sleep(LIVENESS_INTERVAL).await;
        if let Err(error) = api.lives(GRACE).await
            && let error @ KubernetesError::Frozen { .. } = error.under_a_watch()
        {
            return error;
        }
    }
}
