//! The watch of a Service: all its EndpointSlices, and the objects around them.

use std::time::Duration;

use tokio::time::Instant;

use super::access;
use super::api::Api;
use super::around::{Around, Look};
use super::elsewhere;
use super::error::KubernetesError;
use super::follow::{Change, Follow, GRACE};
use super::listing::Listing;
use super::read::Slice;
use super::settings::Settings;
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
    settings: (Settings, Secrets),
    target: KubernetesTarget,
    port: Option<u16>,
    limit: Duration,
) -> Resolution {
    after(begin(settings, target, port, limit))
}

/// The API of `target`'s namespace, else of the settings' namespace.
pub(super) async fn open(
    settings: (Settings, Secrets),
    namespace: Option<String>,
    limit: Duration,
) -> Result<Api, ResolveError> {
    let access = access::open(settings.0, settings.1, limit).await.map_err(|error| error.at(""))?;
    let namespace = namespace.unwrap_or_else(|| access.namespace.clone());
    Ok(Api::new(access, namespace))
}

async fn begin(
    settings: (Settings, Secrets),
    target: KubernetesTarget,
    port: Option<u16>,
    limit: Duration,
) -> Result<(Update, Watching), ResolveError> {
    let begun = Instant::now();
    let left = || limit.saturating_sub(begun.elapsed());
    let api = open(settings, target.namespace, limit).await?;
    let selector = format!("{SERVICE_NAME}={}", target.service);
    // Sequentially: they share a connection.
    let mut follow = Follow::new(api, selector);
    let slices = follow.list(left()).await.map_err(|error| error.at(follow.api.server()))?;
    let service = follow.api.get(&target.service, left()).await;
    let endpoints = follow.api.get(&target.service, left()).await;
    let listing = Listing::new(target.port, port, slices);
    let around = Around { service: service.into(), endpoints: Some(endpoints.into()) };
    let mut watch = Watching { follow, service: target.service, listing, around, elsewhere: Vec::new() };
    watch.look_elsewhere().await;
    let took = duration(begun.elapsed());
    let first = watch.update(&format!("responded in {took}, resource version {}", watch.follow.version()));
    // The legacy Endpoints always lag during changes, so they are compared only once.
    watch.around.endpoints = None;
    Ok((first, watch))
}

struct Watching {
    follow: Follow<Slice>,
    service: String,
    listing: Listing,
    around: Around,
    /// Why no endpoint is listed, and what to do, while that is the case.
    elsewhere: Vec<Note>,
}

impl Watch for Watching {
    async fn next(&mut self) -> Result<Update, ResolveError> {
        match self.wait().await {
            Ok(update) => Ok(update),
            Err(error) => Err(error.at(self.follow.api.server())),
        }
    }
}

impl Watching {
    /// Waits for a change of a slice.
    async fn wait(&mut self) -> Result<Update, KubernetesError> {
        match self.follow.change().await? {
            Change::Put(slice) => self.listing.put(slice),
            Change::Gone(name) => self.listing.delete(&name),
            Change::Garbled(garbled) => self.listing.cannot_read(garbled),
        }
        // The Service is read again only when it could change the answer: when it was missing, or may have been
        // deleted.
        if self.listing.is_empty() || !matches!(self.around.service, Look::Found(_)) {
            self.around.service = self.follow.api.get(&self.service, GRACE).await.into();
        }
        // An empty list is queried again before it is reported: that query finds out why it is empty.
        self.elsewhere.clear();
        Ok(self.update(&format!("reported a change at resource version {}", self.follow.version())))
    }

    /// Finds out why no endpoint is listed, if none is.
    async fn look_elsewhere(&mut self) {
        self.elsewhere.clear();
        let is_known = matches!(self.around.service, Look::Found(_) | Look::Missing);
        if self.listing.addresses().is_empty() && is_known {
            self.elsewhere = elsewhere::look(&self.follow.api, &self.service, self.around.service.found()).await;
        }
    }

    /// The current state.
    fn update(&self, asked: &str) -> Update {
        let (server, namespace) = (self.follow.api.server(), self.follow.api.namespace());
        if self.listing.is_empty() && matches!(self.around.service, Look::Missing) {
            let text = format!(
                "kubernetes {server} has no Service {:?} and no EndpointSlice of it in namespace {namespace}",
                self.service
            );
            let notes = self.elsewhere.iter().cloned().chain(self.follow.api.withheld()).collect();
            return Update::NotFound(Absence { code: AbsenceCode::NoSuchService, text, notes });
        }
        let (endpoints, told) = self.listing.answer(self.around.service.found());
        let asked = format!("kubernetes {server} {asked}, namespace {namespace}");
        let mut notes = vec![Note::new(NoteKind::Queried, asked)];
        notes.extend(self.follow.api.withheld());
        notes.extend(told);
        notes.extend(self.around.notes(&self.listing));
        notes.extend(self.elsewhere.iter().cloned());
        Update::Reset(Answer { endpoints, notes })
    }
}
