//! Kubernetes' properties as a registry, and remedies with its own tools.

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
            let advice = "403: allow list and watch of endpointslices.discovery.k8s.io in this namespace with a Role and a RoleBinding (to check: `kubectl auth can-i list endpointslices.discovery.k8s.io -n NAMESPACE`). 401: renew the credentials named in the message.";
            Some(advice.to_string())
        }
        Situation::NoneUsable(endpoint) => {
            let pod = shell_word(endpoint.id.as_deref()?);
            Some(format!("`kubectl describe pod {pod}` in its namespace shows which probe or container fails."))
        }
        Situation::Leftover(endpoint) => {
            let pod = shell_word(endpoint.id.as_deref()?);
            Some(format!(
                "`kubectl describe pod {pod}` in its namespace shows why it is not ready; clients do not use it until it is ready"
            ))
        }
        Situation::Dead(endpoint) => {
            let pod = shell_word(endpoint.id.as_deref()?);
            Some(format!(
                "`kubectl describe pod {pod}` in its namespace: the pod is reported as ready, so it has no readiness probe or one that does not test this port (add a `grpc` probe); if the pod works, check what blocks connections from here, for example a NetworkPolicy"
            ))
        }
        Situation::Failed(_) | Situation::NoEndpoint | Situation::DnsAnswerCut | Situation::NotPassing(_) => None,
    }
}
