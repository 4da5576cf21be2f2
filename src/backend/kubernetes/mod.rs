//! The `kubernetes` backend: lists and watches the EndpointSlices of a Service and merges them; or the pods that
//! register their services themselves.
//!
//! kube reads kubeconfigs and builds the requests, k8s-openapi has the object types. The transport is the same as for
//! every other registry: kube's client costs every start more than a DNS query does (docs/dependencies.md), and its
//! watcher retries by itself, which is the engine's task here.

#![cfg(feature = "kubernetes")]

mod access;
mod api;
mod credentials;
mod elsewhere;
mod error;
mod exec;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod list_watch;
mod listing;
mod pod;
mod pods;
mod port;
mod read;
mod registry;
mod service;
mod settings;
mod target;
#[cfg(test)]
mod tests;
mod unread;
mod watch;

use futures_util::future::BoxFuture;
use futures_util::stream;
use k8s_openapi::api::core::v1::Service;

pub use registry::REGISTRY;
pub use settings::{KubernetesSettings, Pod};

use super::settings::configure;
use super::socket::shown_address;
use super::{About, Backend, CheckError, Context, Description, Origin, Resolution};
use crate::model::resolution::{ResolveCode, ResolveError};
use crate::model::secret::Secrets;
use crate::model::target::Target;
use api::Api;
pub use target::{KubernetesTarget, ServicePort};

/// The `kubernetes` backend.
pub struct Kubernetes;

static ABOUT: About = About {
    schemes: target::SCHEMES,
    forms: "`kubernetes:///svc[.ns][:port]`, `kubernetes://ns/svc:port`, `k8s:`",
    examples: target::EXAMPLES,
    bare_names: "when `KUBECONFIG` is set, in a pod, or with `--context` or `--namespace`",
    changes: "a watch from the version that was read",
    settings: settings::SETTINGS,
    configure: configure::<KubernetesSettings>,
    ..About::of(&REGISTRY)
};

impl Backend for Kubernetes {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn query(&self, target: &Target, context: &Context) -> Resolution {
        let settings = &context.settings;
        match target.of::<KubernetesTarget>() {
            Some(target) if target.layout.is_some() => {
                pods::resolve(access(settings), target.clone(), settings.response_limit())
            }
            Some(target) => watch::resolve(access(settings), target.clone(), settings.port, settings.response_limit()),
            None => {
                let text = "kubernetes: accepts kubernetes: and k8s: targets only";
                Box::pin(stream::iter([Err(ResolveError::fatal(ResolveCode::BadTarget, text))]))
            }
        }
    }

    /// Active when `KUBECONFIG` is set, in a pod, or when `--context` or `--namespace` is given, for names that are
    /// valid for a Service: `pay`, `pay.prod`.
    fn target_for(&self, service: &str, settings: &super::Settings) -> Option<Target> {
        settings.of::<KubernetesSettings>().active().ok()?;
        KubernetesTarget::of_bare_name(service).map(Target::from)
    }

    /// Reads the kubeconfig, because it contains the current context.
    fn describe(&self, settings: &super::Settings) -> Description {
        let settings = &settings.of::<KubernetesSettings>();
        let mut rows = Vec::new();
        let files: Vec<String> = settings.kubeconfig.value.iter().map(|file| file.display().to_string()).collect();
        if !files.is_empty() {
            rows.push(("KUBECONFIG", files.join(":"), settings.kubeconfig.origin.clone()));
        }
        if let Ok(chosen) = access::choose(settings) {
            let place = match chosen.context {
                Some(_) => files.join(":"),
                None => "KUBERNETES_SERVICE_HOST".to_string(),
            };
            let of = |origin: &Origin| match origin {
                Origin::Default => Origin::System(place.clone()),
                other => other.clone(),
            };
            rows.extend(chosen.context.map(|context| ("context", context, of(&settings.context.origin))));
            rows.push(("server", shown_address(&chosen.server), of(&Origin::Default)));
            rows.push(("namespace", chosen.namespace, of(&settings.namespace.origin)));
            rows.push(("credentials", chosen.shown.row(), of(&Origin::Default)));
        }
        Description { active: settings.active(), settings: rows }
    }

    fn check(&self, target: &Target, settings: &super::Settings) -> Result<(), CheckError> {
        match target.of::<KubernetesTarget>() {
            Some(_) => access::check(&settings.of::<KubernetesSettings>()).map_err(CheckError::new),
            None => Ok(()),
        }
    }

    /// The credential plugin of the kubeconfig, if one is run.
    fn runs(&self, settings: &super::Settings) -> Option<String> {
        let program = access::choose(&settings.of::<KubernetesSettings>()).ok()?.program?;
        Some(format!("credential plugin {program:?}"))
    }

    /// `kubernetes v1.35.4 at https://10.0.0.1:6443`.
    fn query_version(&self, settings: &super::Settings) -> BoxFuture<'static, Result<String, ResolveError>> {
        let limit = settings.response_limit();
        let (settings, secrets) = access(settings);
        Box::pin(async move {
            let access = access::open(settings, secrets, limit).await.map_err(|error| error.at(""))?;
            let api = Api::new(access, String::new());
            let version = api.version(limit).await.map_err(|error| error.at(api.server()))?;
            Ok(format!("kubernetes {version} at {}", api.server()))
        })
    }

    fn query_services(
        &self,
        target: Option<&Target>,
        settings: &super::Settings,
    ) -> Option<BoxFuture<'static, Result<Vec<Target>, ResolveError>>> {
        let limit = settings.response_limit();
        let namespace = target.and_then(Target::of::<KubernetesTarget>).and_then(|target| target.namespace.clone());
        let (settings, secrets) = access(settings);
        Some(Box::pin(async move {
            let access = access::open(settings, secrets, limit).await.map_err(|error| error.at(""))?;
            let namespace = namespace.unwrap_or_else(|| access.namespace.clone());
            let api = Api::new(access, namespace.clone());
            let services = api.list::<Service>("", limit).await.map_err(|error| error.at(api.server()))?;
            let names = services.items.into_iter().filter_map(|service| service.ok()?.metadata.name);
            let namespace = Some(namespace);
            let target = |service| KubernetesTarget { service, namespace: namespace.clone(), port: None, layout: None };
            Ok(names.map(target).map(Target::from).collect())
        }))
    }
}

/// Which cluster is queried, and the secrets to which those that are read are added.
fn access(settings: &super::Settings) -> (KubernetesSettings, Secrets) {
    ((*settings.of::<KubernetesSettings>()).clone(), settings.secrets.clone())
}
