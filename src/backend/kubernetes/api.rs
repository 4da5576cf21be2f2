//! [`Api`]: the requests to one API server, each with the text of its errors. The requests and the objects are kube's
//! and k8s-openapi's.

use std::marker::PhantomData;
use std::time::Duration;

use http::StatusCode;
use k8s_openapi::api::core::v1::Service;
use k8s_openapi::apimachinery::pkg::version::Info;
use kube::core::params::{GetParams, ListParams, WatchParams};
use kube::core::{NamespaceResourceScope, Request, Resource, Status};
use serde::de::DeserializeOwned;

use super::access::Access;
use super::error::KubernetesError;
use super::read::{self, Event, List};
use crate::model::json;
use crate::model::resolution::{Note, NoteKind};
use crate::net::http1::{Http, HttpError, LARGEST_ANSWER, Listening, RequestError, retry_after};

/// An object of a namespace that can be queried.
pub(super) trait Object:
    Resource<Scope = NamespaceResourceScope, DynamicType = ()> + Clone + DeserializeOwned
{
}
impl<K: Resource<Scope = NamespaceResourceScope, DynamicType = ()> + Clone + DeserializeOwned> Object for K {}

/// One namespace of one cluster.
pub(super) struct Api {
    access: Access,
    /// The connection for watches.
    watching: Http,
    namespace: String,
}

impl Api {
    pub(super) fn new(access: Access, namespace: String) -> Self {
        let watching = access.http.another();
        Api { access, watching, namespace }
    }

    /// The API server's address.
    pub(super) fn server(&self) -> &str {
        &self.access.server
    }

    /// A note that the server got no credentials although some are configured.
    pub(super) fn withheld(&self) -> Option<Note> {
        let shown = &self.access.shown;
        shown.withheld.then(|| Note::new(NoteKind::Withheld, shown.to_string()))
    }

    /// The namespace that is queried.
    pub(super) fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Verb, resource and namespace, as in a Role that allows the request.
    fn question<K: Object>(&self, verb: &str) -> String {
        let (resource, group) = (K::plural(&()), K::group(&()));
        let of = if group.is_empty() { "" } else { "." };
        format!("{verb} {resource}{of}{group} in namespace {}", self.namespace)
    }

    fn at<K: Object>(&self) -> Request {
        Request::new(K::url_path(&(), Some(&self.namespace)))
    }

    /// Every object that matches the label `selector`, read with a quorum.
    pub(super) async fn list<K: Object>(&self, selector: &str, limit: Duration) -> Result<List<K>, KubernetesError> {
        let operation = self.question::<K>("list");
        let request = self.at::<K>().list(&ListParams::default().labels(selector));
        let answer = self.query(&operation, request, limit).await?;
        read::list(answer).map_err(|error| not_kubernetes(&operation, error))
    }

    /// Every Service with this name, in any namespace.
    pub(super) async fn services_named(&self, name: &str, limit: Duration) -> Result<Vec<Service>, KubernetesError> {
        let operation = "list services in every namespace";
        let parameters = ListParams::default().fields(&format!("metadata.name={name}"));
        let request = Request::new(Service::url_path(&(), None)).list(&parameters);
        let answer = self.query(operation, request, limit).await?;
        let list = read::list(answer).map_err(|error| not_kubernetes(operation, error))?;
        Ok(list.items.into_iter().filter_map(Result::ok).collect())
    }

    /// The object with this name; `None` when it does not exist.
    pub(super) async fn get<K: Object>(&self, name: &str, limit: Duration) -> Result<Option<K>, KubernetesError> {
        let operation = self.question::<K>("get");
        match self.query(&operation, self.at::<K>().get(name, &GetParams::default()), limit).await {
            Ok(answer) => self.read(&operation, answer).map(Some),
            Err(KubernetesError::Refused { code: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The changes after `version`; the server closes the watch after `length`. `limit` is the time limit for its
    /// start.
    pub(super) async fn watch<K: Object>(
        &self,
        selector: &str,
        version: &str,
        length: Duration,
        limit: Duration,
    ) -> Result<Changes<K>, KubernetesError> {
        let operation = self.question::<K>("watch");
        let length = u32::try_from(length.as_secs()).unwrap_or(1);
        let parameters = WatchParams::default().labels(selector).timeout(length);
        let request = self.request(&operation, self.at::<K>().watch(&parameters, version)).await?;
        let failed = |source| RequestError { request: operation.clone(), source };
        let (head, mut answer) = self.watching.listen(request, limit).await.map_err(failed)?;
        if head.status.is_success() {
            return Ok(Changes { operation, answer, rest: Vec::new(), of: PhantomData });
        }
        let refusal = async {
            let mut body = Vec::new();
            while let Some(piece) = answer.piece().await? {
                body.extend_from_slice(&piece);
            }
            Ok(body)
        };
        let body = tokio::time::timeout(limit, refusal).await.unwrap_or(Err(HttpError::NoAnswer(limit)));
        Err(self.refused(&operation, head.status, &body.map_err(failed)?, retry_after(&head.headers)))
    }

    /// The error that the server sends within a watch instead of a change.
    pub(super) fn refusal<K: Object>(&self, status: &Status) -> KubernetesError {
        KubernetesError::of_status(status, &self.question::<K>("watch"), &self.access.shown, None)
    }

    /// The server's version: `v1.35.4`.
    pub(super) async fn version(&self, limit: Duration) -> Result<String, KubernetesError> {
        let operation = "get /version";
        let answer = self.query(operation, plain("/version"), limit).await?;
        self.read::<Info>(operation, answer).map(|info| info.git_version)
    }

    /// Does the server respond at all, even with an error?
    pub(super) async fn lives(&self, limit: Duration) -> Result<(), KubernetesError> {
        match self.query("get /version", plain("/version"), limit).await {
            Err(error @ KubernetesError::Request(_)) => Err(error),
            _ => Ok(()),
        }
    }

    async fn request(
        &self,
        operation: &str,
        built: BuiltRequest,
    ) -> Result<http::Request<http_body_util::Empty<bytes::Bytes>>, KubernetesError> {
        let built = built.map_err(|source| KubernetesError::Query { operation: operation.to_string(), source })?;
        self.access.request(&built.uri().to_string()).await
    }

    async fn query(&self, operation: &str, built: BuiltRequest, limit: Duration) -> Result<Vec<u8>, KubernetesError> {
        let request = self.request(operation, built).await?;
        let failed = |source| RequestError { request: operation.to_string(), source };
        let answer = self.access.http.query(request, limit).await.map_err(failed)?;
        let (status, wish) = (answer.status(), retry_after(answer.headers()));
        let body = answer.into_body();
        if status.is_success() { Ok(body) } else { Err(self.refused(operation, status, &body, wish)) }
    }

    fn refused(
        &self,
        operation: &str,
        status: StatusCode,
        body: &[u8],
        retry_after: Option<Duration>,
    ) -> KubernetesError {
        let mut status_object: Status = serde_json::from_slice(body).unwrap_or_else(|_| Status {
            message: String::from_utf8_lossy(body).lines().next().unwrap_or_default().to_string(),
            ..Status::default()
        });
        status_object.code = status.as_u16();
        KubernetesError::of_status(&status_object, operation, &self.access.shown, retry_after)
    }

    fn read<T: DeserializeOwned>(&self, operation: &str, answer: Vec<u8>) -> Result<T, KubernetesError> {
        serde_json::from_slice(&json::mended(answer)).map_err(|error| not_kubernetes(operation, error))
    }
}

type BuiltRequest = Result<http::Request<Vec<u8>>, kube::core::request::Error>;

fn plain(path: &str) -> BuiltRequest {
    http::Request::get(path).body(Vec::new()).map_err(kube::core::request::Error::BuildRequest)
}

fn not_kubernetes(operation: &str, source: serde_json::Error) -> KubernetesError {
    KubernetesError::NotKubernetes { operation: operation.to_string(), source }
}

/// The changes, until the server closes the watch.
pub(super) struct Changes<K> {
    operation: String,
    answer: Listening,
    /// The received part of the next event.
    rest: Vec<u8>,
    of: PhantomData<fn() -> K>,
}

impl<K: DeserializeOwned> Changes<K> {
    /// The next change; `None` when the server closed the watch. Cancel safe.
    pub(super) async fn next(&mut self) -> Result<Option<Event<K>>, KubernetesError> {
        loop {
            if let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.rest.drain(..=end).collect();
                return read::event(line).map(Some).map_err(|error| not_kubernetes(&self.operation, error));
            }
            match self.answer.piece().await {
                Ok(Some(piece)) if self.rest.len() + piece.len() <= LARGEST_ANSWER => {
                    self.rest.extend_from_slice(&piece)
                }
                Ok(Some(_)) => {
                    return Err(KubernetesError::TooLong { operation: self.operation.clone(), limit: LARGEST_ANSWER });
                }
                Ok(None) if self.rest.is_empty() => return Ok(None),
                Ok(None) => return Err(KubernetesError::CutOff),
                Err(source) => {
                    let error = RequestError { request: self.operation.clone(), source };
                    return Err(KubernetesError::from(error).under_a_watch());
                }
            }
        }
    }
}
