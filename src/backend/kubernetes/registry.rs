//! What Kubernetes is like as a registry, and what to do about it with its own tools.

use super::target::NAME;
use crate::model::registry::{Passing, Registry, Situation, WatchApi};
use crate::model::resolution::ResolveCode;
use crate::text::shell_word;

/// Kubernetes.
pub static REGISTRY: Registry = Registry {
    watch: WatchApi::SliceWatch,
    orchestrates: true,
    passing: Passing { word: "ready", clients: "clients that follow the ready condition" },
    advice,
    ..Registry::named(NAME)
};

fn advice(situation: Situation<'_>) -> Option<String> {
    match situation {
        Situation::Failed(ResolveCode::Denied) => {
            let advice = "403: allow list and watch of endpointslices.discovery.k8s.io in this namespace (a Role and a RoleBinding; \
                          `kubectl auth can-i list endpointslices.discovery.k8s.io -n NAMESPACE` tells). 401: renew the \
                          credentials that the message names.";
            Some(advice.to_string())
        }
        Situation::NoneUsable(endpoint) => {
            let pod = shell_word(endpoint.id.as_deref()?);
            Some(format!("`kubectl describe pod {pod}` in its namespace shows which probe or container fails."))
        }
        Situation::Leftover(endpoint) => {
            let pod = shell_word(endpoint.id.as_deref()?);
            Some(format!(
                "`kubectl describe pod {pod}` in its namespace tells why it is not ready; nobody is sent there meanwhile"
            ))
        }
        Situation::Dead(endpoint) => {
            let pod = shell_word(endpoint.id.as_deref()?);
            Some(format!(
                "`kubectl describe pod {pod}` in its namespace: it is called ready, so it has no readiness probe or one that asks \
                 something else than this port (give it a `grpc` one); if the pod is well, look for what refuses us on the way, \
                 a NetworkPolicy among them"
            ))
        }
        Situation::Failed(_) | Situation::NoEndpoint | Situation::DnsAnswerCut | Situation::NotPassing(_) => None,
    }
}
