//! [`Follow`]: the changes of the objects that a selector means, from a version that was read.
//!
//! * A watch is asked for with its end: the server closes it after [`LENGTH`], and it goes on from the version that was
//!   heard last, bookmarks included. That is how it is meant to be used, and no retry; a watch that ends before its time,
//!   or does not end in time, is reported, and the stream ends.
//! * While the watch is silent, the server is asked for a sign of life: a frozen one keeps its connections open.
//! * 410 Gone, as a status or within the watch: what happened since that version is no longer kept. It is reported, and
//!   whoever asks again gets the whole list.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use super::api::{Api, Changes, Object};
use super::error::KubernetesError;
use super::read::{Event, Garbled, Read};

/// When the server is to end a watch: asking so often costs it nothing.
const LENGTH: Duration = Duration::from_secs(20);
/// How much later than that may be heard of it, and how long one question may take under a watch.
pub(super) const GRACE: Duration = Duration::from_secs(5);
/// How often a sign of life is asked for while the watch is silent; it may take [`GRACE`].
const PULSE: Duration = Duration::from_secs(3);

/// What happened to an object.
pub(super) enum Change<K> {
    /// It is new, or changed.
    Put(K),
    /// The one of this name has gone.
    Gone(String),
    /// It is new, or changed, and not understood.
    Garbled(Garbled),
}

/// A list and what becomes of it.
pub(super) struct Follow<K> {
    /// Asks.
    pub api: Api,
    selector: String,
    /// What was heard last.
    version: String,
    /// `None` when the next watch is to be asked for.
    changes: Option<Changes<K>>,
    /// When it was asked for.
    begun: Instant,
}

impl<K: Object> Follow<K> {
    /// `selector` is one of labels. Nothing is asked yet.
    pub(super) fn new(api: Api, selector: String) -> Self {
        Follow { api, selector, version: String::new(), changes: None, begun: Instant::now() }
    }

    /// Everything that there is, within `limit`; the changes that follow are those after it.
    pub(super) async fn list(&mut self, limit: Duration) -> Result<Vec<Read<K>>, KubernetesError> {
        let list = self.api.list::<K>(&self.selector, limit).await?;
        self.version = list.version;
        if self.version.is_empty() {
            return Err(KubernetesError::NoVersion);
        }
        Ok(list.items)
    }

    /// The version that was heard last.
    pub(super) fn version(&self) -> &str {
        &self.version
    }

    /// Waits for a change, once the list was read. Not asked again after an error.
    pub(super) async fn change(&mut self) -> Result<Change<K>, KubernetesError> {
        loop {
            let (version, change) = match self.hear().await? {
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

    /// The next event; `None` when the watch came to the end that it was asked for with.
    async fn hear(&mut self) -> Result<Option<Event<K>>, KubernetesError> {
        let changes = match &mut self.changes {
            Some(changes) => changes,
            empty => {
                self.begun = Instant::now();
                let asked = self.api.watch(&self.selector, &self.version, LENGTH, GRACE).await;
                empty.insert(asked.map_err(KubernetesError::under_a_watch)?)
            }
        };
        let heard = tokio::select! {
            heard = timeout_at(self.begun + LENGTH + GRACE, changes.next()) => heard,
            error = silence(&self.api) => return Err(error),
        };
        match heard {
            Ok(Ok(Some(event))) => Ok(Some(event)),
            Ok(Ok(None)) if self.begun.elapsed() + Duration::from_secs(1) >= LENGTH => {
                self.changes = None;
                Ok(None)
            }
            Ok(Ok(None)) => Err(KubernetesError::Ended(Duration::from_millis(self.begun.elapsed().as_millis() as u64))),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(KubernetesError::Stuck(LENGTH + GRACE)),
        }
    }
}

/// Asks for signs of life, until none comes. A refusal of the connection says nothing of the one that stands.
async fn silence(api: &Api) -> KubernetesError {
    loop {
        sleep(PULSE).await;
        if let Err(error) = api.lives(GRACE).await
            && let error @ KubernetesError::Frozen { .. } = error.under_a_watch()
        {
            return error;
        }
    }
}
