//! [`Api`]: the questions to one API server, each with its words for a refusal.

use std::fmt::Debug;
use std::time::Duration;

use futures_util::stream::{BoxStream, StreamExt as _};
use k8s_openapi::api::core::v1::{Endpoints, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::core::params::{ListParams, WatchParams};
use kube::core::{NamespaceResourceScope, ObjectList, Resource, Status, WatchEvent};
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::Trouble;
use super::access::Access;

/// What an EndpointSlice belongs to.
const SERVICE_NAME: &str = "kubernetes.io/service-name";
const SLICES: &str = "endpointslices.discovery.k8s.io";

/// The changes of the slices, until the server ends the watch.
pub(super) type Changes = BoxStream<'static, Result<WatchEvent<EndpointSlice>, kube::Error>>;

/// One service in one namespace of one cluster.
pub(super) struct Api {
    access: Access,
    namespace: String,
    service: String,
}

impl Api {
    pub(super) fn new(access: Access, namespace: String, service: String) -> Self {
        Api { access, namespace, service }
    }

    /// The API server's address.
    pub(super) fn server(&self) -> &str {
        &self.access.server
    }

    /// The namespace that is asked in.
    pub(super) fn namespace(&self) -> &str {
        &self.namespace
    }

    fn of<K>(&self) -> kube::Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>,
    {
        kube::Api::namespaced(self.access.client.clone(), &self.namespace)
    }

    /// Verb, resource and namespace, as a Role would have to allow them.
    fn question(&self, verb: &str, resource: &str) -> String {
        format!("{verb} {resource} in namespace {}", self.namespace)
    }

    fn selector(&self) -> String {
        format!("{SERVICE_NAME}={}", self.service)
    }

    /// Every slice of the service, as the cluster agrees on it (a quorum read).
    pub(super) async fn slices(&self, limit: Duration) -> Result<ObjectList<EndpointSlice>, Trouble> {
        let parameters = ListParams::default().labels(&self.selector());
        let of = self.of();
        self.within(limit, self.question("list", SLICES), of.list(&parameters)).await
    }

    /// What changes after `version`; the server ends it after `length`.
    pub(super) async fn watch(&self, version: &str, length: Duration, limit: Duration) -> Result<Changes, Trouble> {
        let length = u32::try_from(length.as_secs()).unwrap_or(1);
        let parameters = WatchParams::default().labels(&self.selector()).timeout(length);
        let of = self.of();
        let changes = self.within(limit, self.question("watch", SLICES), of.watch(&parameters, version)).await?;
        Ok(changes.boxed())
    }

    /// The Service itself; `None` when there is none.
    pub(super) async fn service(&self, limit: Duration) -> Result<Option<Service>, Trouble> {
        self.get(&self.service, "services", limit).await
    }

    /// The legacy Endpoints; `None` when there are none.
    pub(super) async fn endpoints(&self, limit: Duration) -> Result<Option<Endpoints>, Trouble> {
        self.get(&self.service, "endpoints", limit).await
    }

    async fn get<K>(&self, name: &str, resource: &str, limit: Duration) -> Result<Option<K>, Trouble>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()> + Clone + Debug + DeserializeOwned,
    {
        let of = self.of::<K>();
        self.within(limit, self.question("get", resource), of.get_opt(name)).await
    }

    async fn within<T>(
        &self,
        limit: Duration,
        asked: String,
        answer: impl Future<Output = Result<T, kube::Error>>,
    ) -> Result<T, Trouble> {
        match timeout(limit, answer).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(self.trouble(&error, &asked)),
            Err(_) => Err(Trouble::NoAnswer { asked, limit }),
        }
    }

    fn trouble(&self, error: &kube::Error, asked: &str) -> Trouble {
        Trouble::of(error, asked, &self.access.credentials)
    }

    /// What the server says within a watch instead of a change.
    pub(super) fn refusal(&self, status: &Status) -> Trouble {
        Trouble::of_status(status, &self.question("watch", SLICES), &self.access.credentials)
    }

    /// What ended or spoiled a watch.
    pub(super) fn watch_trouble(&self, error: &kube::Error) -> Trouble {
        self.trouble(error, &self.question("watch", SLICES)).under_a_watch()
    }
}
