//! The watch of a Service: all its EndpointSlices, and the objects around them.

use std::time::Duration;

use tokio::time::Instant;

use super::access;
use super::api::Api;
use super::elsewhere;
use super::error::KubernetesError;
use super::list_watch::{Change, GRACE, ListWatch};
use super::listing::SliceListing;
use super::read::Slice;
use super::service::{Lookup, ServiceObjects};
use super::settings::KubernetesSettings;
use super::target::KubernetesTarget;
use crate::backend::Resolution;
use crate::backend::watch::{Watch, after};
use crate::model::resolution::{Absence, AbsenceCode, Answer, Note, NoteKind, ResolveError, Update};
use crate::model::secret::Secrets;
use crate::text::duration;

/// The label that names the Service of an EndpointSlice.
const SERVICE_NAME: &str = "kubernetes.io/service-name";

/// All updates for `target` until an error, which ends the stream.
pub(super) fn resolve(
    settings: (KubernetesSettings, Secrets),
    target: KubernetesTarget,
    port: Option<u16>,
    limit: Duration,
) -> Resolution {
    after(start(settings, target, port, limit))
}

/// The API of `target`'s namespace, else of the settings' namespace.
pub(super) async fn open(
    settings: (KubernetesSettings, Secrets),
    namespace: Option<String>,
    limit: Duration,
) -> Result<Api, ResolveError> {
    let access = access::open(settings.0, settings.1, limit).await.map_err(|error| error.at(""))?;
    let namespace = namespace.unwrap_or_else(|| access.namespace.clone());
    Ok(Api::new(access, namespace))
}

async fn start(
    settings: (KubernetesSettings, Secrets),
    target: KubernetesTarget,
    port: Option<u16>,
    limit: Duration,
) -> Result<(Update, SliceWatch), ResolveError> {
    let started = Instant::now();
    let left = || limit.saturating_sub(started.elapsed());
    let api = open(settings, target.namespace, limit).await?;
    let selector = format!("{SERVICE_NAME}={}", target.service);
    // Sequentially: they share a connection.
    let mut list_watch = ListWatch::new(api, selector);
    let slices = list_watch.list(left()).await.map_err(|error| error.at(list_watch.api.server()))?;
    let service = list_watch.api.get(&target.service, left()).await;
    let endpoints = list_watch.api.get(&target.service, left()).await;
    let listing = SliceListing::new(target.port, port, slices);
    let objects = ServiceObjects { service: service.into(), endpoints: Some(endpoints.into()) };
    let mut watch = SliceWatch { list_watch, service: target.service, listing, objects, elsewhere: Vec::new() };
    watch.search_elsewhere().await;
    let took = duration(started.elapsed());
    let first = watch.update(&format!("responded in {took}, resource version {}", watch.list_watch.version()));
    // The legacy Endpoints always lag during changes, so they are compared only once.
    watch.objects.endpoints = None;
    Ok((first, watch))
}

struct SliceWatch {
    list_watch: ListWatch<Slice>,
    service: String,
    listing: SliceListing,
    objects: ServiceObjects,
    /// Why no endpoint is listed, and what to do, while that is the case.
    elsewhere: Vec<Note>,
}

impl Watch for SliceWatch {
    async fn next(&mut self) -> Result<Update, ResolveError> {
        match self.wait().await {
            Ok(update) => Ok(update),
            Err(error) => Err(error.at(self.list_watch.api.server())),
        }
    }
}

impl SliceWatch {
    /// Waits for a change of a slice.
    async fn wait(&mut self) -> Result<Update, KubernetesError> {
        match self.list_watch.change().await? {
            Change::Put(slice) => self.listing.put(slice),
            Change::Gone(name) => self.listing.delete(&name),
            Change::Garbled(garbled) => self.listing.cannot_read(garbled),
        }
        // The Service is read again only when it could change the answer: when it was missing, or may have been
        // deleted.
        if self.listing.is_empty() || !matches!(self.objects.service, Lookup::Found(_)) {
            self.objects.service = self.list_watch.api.get(&self.service, GRACE).await.into();
        }
        // An empty list is queried again before it is reported: that query finds out why it is empty.
        self.elsewhere.clear();
        Ok(self.update(&format!("reported a change at resource version {}", self.list_watch.version())))
    }

    /// Finds out why no endpoint is listed, if none is.
    async fn search_elsewhere(&mut self) {
        self.elsewhere.clear();
        let is_known = matches!(self.objects.service, Lookup::Found(_) | Lookup::Missing);
        if self.listing.addresses().is_empty() && is_known {
            self.elsewhere = elsewhere::search(&self.list_watch.api, &self.service, self.objects.service.found()).await;
        }
    }

    /// The current state.
    fn update(&self, summary: &str) -> Update {
        let (server, namespace) = (self.list_watch.api.server(), self.list_watch.api.namespace());
        if self.listing.is_empty() && matches!(self.objects.service, Lookup::Missing) {
            let text = format!(
                "kubernetes {server} has no Service {:?} and no EndpointSlice of it in namespace {namespace}",
                self.service
            );
            let notes = self.elsewhere.iter().cloned().chain(self.list_watch.api.withheld()).collect();
            return Update::NotFound(Absence { code: AbsenceCode::NoSuchService, text, notes });
        }
        let (endpoints, listed_notes) = self.listing.answer(self.objects.service.found());
        let summary = format!("kubernetes {server} {summary}, namespace {namespace}");
        let mut notes = vec![Note::new(NoteKind::Queried, summary)];
        notes.extend(self.list_watch.api.withheld());
        notes.extend(listed_notes);
        notes.extend(self.objects.notes(&self.listing));
        notes.extend(self.elsewhere.iter().cloned());
        Update::Reset(Answer { endpoints, notes })
    }
}
