//! The watch: every slice of the service, and from the version that was read on every change of one.
//!
//! * A watch is asked for with its end: the server closes it after [`LENGTH`], and it goes on from the version that was
//!   heard last, bookmarks included. That is how it is meant to be used, and no retry; a watch that ends before its time,
//!   or does not end in time, is reported, and the stream ends.
//! * 410 Gone, as a status or within the watch: what happened since that version is no longer kept. It is reported, and
//!   whoever asks again gets the whole list.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::join3;
use kube::core::WatchEvent;
use tokio::time::{Instant, timeout_at};

use super::Trouble;
use super::access;
use super::api::{Api, Changes};
use super::around::{Around, Look};
use super::listing::Listing;
use super::settings::Settings;
use crate::backend::Resolution;
use crate::backend::socket::seconds;
use crate::backend::watch::{Watch, after};
use crate::model::resolution::{Absence, AbsenceCode, Answer, Note, NoteKind, ResolveError, Update};
use crate::model::target::KubernetesTarget;

/// When the server is to end a watch: a frozen one is noticed soon after, and asking so often costs it nothing.
const LENGTH: Duration = Duration::from_secs(20);
/// How much later than that may be heard of it, and how long one question may take under a watch.
const GRACE: Duration = Duration::from_secs(5);

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
    let api = Api::new(access, namespace, target.service.clone());
    let left = limit.saturating_sub(begun.elapsed());
    let (slices, service, endpoints) = join3(api.slices(left), api.service(left), api.endpoints(left)).await;
    let slices = slices.map_err(|trouble| trouble.at(api.server()))?;
    let version = slices.metadata.resource_version.clone().unwrap_or_default();
    if version.is_empty() {
        let trouble = Trouble::NotKubernetes("the list has no resource version: changes cannot be watched".to_string());
        return Err(trouble.at(api.server()));
    }
    let listing = Listing::new(target.port, port, slices.items);
    let around = Around { service: service.into(), endpoints: Some(endpoints.into()) };
    let mut watch = Watching { api, service: target.service, listing, around, version, changes: None, begun };
    let asked = format!("answered in {} ms, resource version {}", begun.elapsed().as_millis(), watch.version);
    let first = watch.update(&asked);
    // What lags while things change by nature is compared only once.
    watch.around.endpoints = None;
    Ok((first, watch))
}

struct Watching {
    api: Api,
    service: String,
    listing: Listing,
    around: Around,
    /// What was heard last.
    version: String,
    /// `None` when the next watch is to be asked for.
    changes: Option<Changes>,
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
            let changes = match &mut self.changes {
                Some(changes) => changes,
                empty => {
                    self.begun = Instant::now();
                    let asked = self.api.watch(&self.version, LENGTH, GRACE).await;
                    empty.insert(asked.map_err(Trouble::under_a_watch)?)
                }
            };
            let heard = timeout_at(self.begun + LENGTH + GRACE, changes.next()).await;
            let event = match heard {
                Ok(Some(Ok(event))) => event,
                Ok(Some(Err(error))) => return Err(self.api.watch_trouble(&error)),
                Ok(None) if self.begun.elapsed() + Duration::from_secs(1) >= LENGTH => {
                    self.changes = None;
                    continue;
                }
                Ok(None) => {
                    let after = Duration::from_millis(self.begun.elapsed().as_millis() as u64);
                    return Err(Trouble::Broken(format!(
                        "the API server ended the watch after {}, before its time",
                        seconds(after)
                    )));
                }
                Err(_) => {
                    let silence = seconds(LENGTH + GRACE);
                    return Err(Trouble::Frozen(format!(
                        "the watch neither went on nor ended within {silence}: frozen or cut off"
                    )));
                }
            };
            if self.take(event)? {
                self.look_again().await;
                return Ok(self.update(&format!("told a change at resource version {}", self.version)));
            }
        }
    }

    /// Takes an event in; false when it says nothing of a slice.
    fn take(&mut self, event: WatchEvent<k8s_openapi::api::discovery::v1::EndpointSlice>) -> Result<bool, Trouble> {
        let slice = match event {
            WatchEvent::Bookmark(bookmark) => {
                self.version = bookmark.metadata.resource_version;
                return Ok(false);
            }
            WatchEvent::Error(status) => return Err(self.api.refusal(&status)),
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
            self.around.service = self.api.service(GRACE).await.into();
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
