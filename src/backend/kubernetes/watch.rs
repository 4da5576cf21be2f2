//! The watch: every slice of the service, and from the version that was read on every change of one.
//!
//! * A watch is asked for with its end: the server closes it after [`LENGTH`], and it goes on from the version that was
//!   heard last, bookmarks included. That is how it is meant to be used, and no retry; a watch that ends before its time,
//!   or does not end in time, is reported, and the stream ends.
//! * While the watch is silent, the server is asked for a sign of life: a frozen one keeps its connections open.
//! * 410 Gone, as a status or within the watch: what happened since that version is no longer kept. It is reported, and
//!   whoever asks again gets the whole list.

use std::time::Duration;

use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::core::WatchEvent;
use tokio::time::{Instant, sleep, timeout_at};

use super::access;
use super::api::{Api, Changes};
use super::around::{Around, Look};
use super::listing::Listing;
use super::settings::Settings;
use super::trouble::Trouble;
use crate::backend::Resolution;
use crate::backend::socket::seconds;
use crate::backend::watch::{Watch, after};
use crate::model::resolution::{Absence, AbsenceCode, Answer, Note, NoteKind, ResolveError, Update};
use crate::model::target::KubernetesTarget;

/// What an EndpointSlice belongs to.
const SERVICE_NAME: &str = "kubernetes.io/service-name";
/// When the server is to end a watch: asking so often costs it nothing.
const LENGTH: Duration = Duration::from_secs(20);
/// How much later than that may be heard of it, and how long one question may take under a watch.
const GRACE: Duration = Duration::from_secs(5);
/// How often a sign of life is asked for while the watch is silent; it may take [`GRACE`].
const PULSE: Duration = Duration::from_secs(3);

/// Everything that `target` asks for, until an error: it ends the stream.
pub(super) fn resolve(settings: Settings, target: KubernetesTarget, port: Option<u16>, limit: Duration) -> Resolution {
    after(begin(settings, target, port, limit))
}

async fn begin(
    settings: Settings,
    target: KubernetesTarget,
    port: Option<u16>,
    limit: Duration,
) -> Result<(Update, Watching), ResolveError> {
    let begun = Instant::now();
    let access = access::open(settings, limit).await.map_err(|trouble| trouble.at(""))?;
    let namespace = target.namespace.unwrap_or_else(|| access.namespace.clone());
    let api = Api::new(access, namespace);
    let selector = format!("{SERVICE_NAME}={}", target.service);
    // One after the other: they share a connection.
    let left = || limit.saturating_sub(begun.elapsed());
    let slices = api.list::<EndpointSlice>(&selector, left()).await.map_err(|trouble| trouble.at(api.server()))?;
    let service = api.get(&target.service, left()).await;
    let endpoints = api.get(&target.service, left()).await;
    let version = slices.metadata.resource_version.clone().unwrap_or_default();
    if version.is_empty() {
        let trouble = Trouble::NotKubernetes("the list has no resource version: changes cannot be watched".to_string());
        return Err(trouble.at(api.server()));
    }
    let listing = Listing::new(target.port, port, slices.items);
    let around = Around { service: service.into(), endpoints: Some(endpoints.into()) };
    let mut watch = Watching { api, service: target.service, selector, listing, around, version, changes: None, begun };
    let asked = format!("answered in {} ms, resource version {}", begun.elapsed().as_millis(), watch.version);
    let first = watch.update(&asked);
    // What lags while things change by nature is compared only once.
    watch.around.endpoints = None;
    Ok((first, watch))
}

struct Watching {
    api: Api,
    service: String,
    /// What the slices are found by.
    selector: String,
    listing: Listing,
    around: Around,
    /// What was heard last.
    version: String,
    /// `None` when the next watch is to be asked for.
    changes: Option<Changes<EndpointSlice>>,
    /// When it was asked for.
    begun: Instant,
}

impl Watch for Watching {
    async fn next(&mut self) -> Result<Update, ResolveError> {
        match self.wait().await {
            Ok(update) => Ok(update),
            Err(trouble) => Err(trouble.at(self.api.server())),
        }
    }
}

impl Watching {
    /// Waits for a change of a slice.
    async fn wait(&mut self) -> Result<Update, Trouble> {
        loop {
            let Some(event) = self.hear().await? else { continue };
            if self.take(event)? {
                self.look_again().await;
                return Ok(self.update(&format!("told a change at resource version {}", self.version)));
            }
        }
    }

    /// The next event; `None` when the watch came to the end that it was asked for with.
    async fn hear(&mut self) -> Result<Option<WatchEvent<EndpointSlice>>, Trouble> {
        let changes = match &mut self.changes {
            Some(changes) => changes,
            empty => {
                self.begun = Instant::now();
                let asked = self.api.watch(&self.selector, &self.version, LENGTH, GRACE).await;
                empty.insert(asked.map_err(Trouble::under_a_watch)?)
            }
        };
        let heard = tokio::select! {
            heard = timeout_at(self.begun + LENGTH + GRACE, changes.next()) => heard,
            trouble = silence(&self.api) => return Err(trouble),
        };
        match heard {
            Ok(Ok(Some(event))) => Ok(Some(event)),
            Ok(Ok(None)) if self.begun.elapsed() + Duration::from_secs(1) >= LENGTH => {
                self.changes = None;
                Ok(None)
            }
            Ok(Ok(None)) => {
                let after = Duration::from_millis(self.begun.elapsed().as_millis() as u64);
                let why = format!("the API server ended the watch after {}, before its time", seconds(after));
                Err(Trouble::Ended(why))
            }
            Ok(Err(trouble)) => Err(trouble),
            Err(_) => {
                let silence = seconds(LENGTH + GRACE);
                let why = format!("the watch neither went on nor ended within {silence}: frozen or cut off");
                Err(Trouble::Frozen(why))
            }
        }
    }

    /// Takes an event in; false when it says nothing of a slice.
    fn take(&mut self, event: WatchEvent<EndpointSlice>) -> Result<bool, Trouble> {
        let slice = match event {
            WatchEvent::Bookmark(bookmark) => {
                self.version = bookmark.metadata.resource_version;
                return Ok(false);
            }
            WatchEvent::Error(status) => return Err(self.api.refusal::<EndpointSlice>(&status)),
            WatchEvent::Added(slice) | WatchEvent::Modified(slice) => {
                self.listing.put(slice.clone());
                slice
            }
            WatchEvent::Deleted(slice) => {
                self.listing.delete(&slice);
                slice
            }
        };
        if let Some(version) = slice.metadata.resource_version {
            self.version = version;
        }
        Ok(true)
    }

    /// Looks at the Service again where a change makes a difference: when it was not there, or may be gone.
    async fn look_again(&mut self) {
        if self.listing.is_empty() || !matches!(self.around.service, Look::Found(_)) {
            self.around.service = self.api.get(&self.service, GRACE).await.into();
        }
    }

    /// Everything that is known now.
    fn update(&self, asked: &str) -> Update {
        let (server, namespace) = (self.api.server(), self.api.namespace());
        if self.listing.is_empty() && matches!(self.around.service, Look::Missing) {
            let text = format!(
                "kubernetes {server} has neither a Service {:?} nor an EndpointSlice of one in namespace {namespace}",
                self.service
            );
            return Update::NotFound(Absence { code: AbsenceCode::NoSuchService, text });
        }
        let (endpoints, told) = self.listing.answer(self.around.service.found());
        let asked = format!("kubernetes {server} {asked}, namespace {namespace}");
        let mut notes = vec![Note::new(NoteKind::Asked, asked)];
        notes.extend(told);
        notes.extend(self.around.notes(&self.listing));
        Update::Reset(Answer { endpoints, notes })
    }
}

/// Asks for signs of life, until none comes. A refusal of the connection says nothing of the one that stands.
async fn silence(api: &Api) -> Trouble {
    loop {
        sleep(PULSE).await;
        if let Err(trouble) = api.lives(GRACE).await
            && let trouble @ Trouble::Frozen(_) = trouble.under_a_watch()
        {
            return trouble;
        }
    }
}
