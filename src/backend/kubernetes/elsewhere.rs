//! Why a Service has no endpoints: what its selector matches, where else a Service of that name exists, what its
//! alias is. Bounded: at most two more queries; what may not be read is left out.

use std::time::Duration;

use k8s_openapi::api::core::v1::{Service, ServiceSpec};
use tokio::time::timeout;

use super::api::Api;
use super::pod::Pod;
use super::service::{is_without_selector, selector};
use crate::model::resolution::{Note, NoteKind};
use crate::text;

/// Time limit for the search.
const LIMIT: Duration = Duration::from_secs(1);
/// At most this many namespaces are named.
const NAMED: usize = 5;

/// Notes on a Service without endpoints, and what to do.
pub(super) async fn search(api: &Api, name: &str, service: Option<&Service>) -> Vec<Note> {
    let (namespace, spec) = (api.namespace(), service.and_then(|service| service.spec.as_ref()));
    match (service, spec) {
        (None, _) => missing(api, name).await,
        (Some(_), Some(spec)) if spec.type_.as_deref() == Some("ExternalName") => alias(spec),
        (Some(_), Some(spec)) if !is_without_selector(spec) => selects(api, name, &selector(spec)).await,
        (Some(_), _) => {
            let text = format!(
                "The Service has no selector, so no controller lists pods for it: add a selector (`kubectl edit service {name} -n {namespace}`), or create its EndpointSlices."
            );
            let found = "it has no selector, and no EndpointSlices were created for it";
            vec![Note::new(NoteKind::Elsewhere, found), Note::new(NoteKind::Remedy, text)]
        }
    }
}

fn alias(spec: &ServiceSpec) -> Vec<Note> {
    let name = spec.external_name.as_deref().unwrap_or_default();
    let port = spec.ports.iter().flatten().next().map(|port| format!(":{}", port.port)).unwrap_or_default();
    let text = format!("Query the target of the alias: `grpc-discover probe 'dns:///{name}{port}'`.");
    vec![
        Note::new(NoteKind::Elsewhere, format!("it is an alias of {name:?} (ExternalName)")),
        Note::new(NoteKind::Remedy, text),
    ]
}

/// What the selector of a Service without endpoints matches.
async fn selects(api: &Api, name: &str, selector: &str) -> Vec<Note> {
    let namespace = api.namespace();
    let command = format!("`kubectl get pods -n {namespace} -l {selector}`");
    let (found, remedy) = match timeout(LIMIT, api.list::<Pod>(selector, LIMIT)).await {
        Ok(Ok(pods)) if pods.items.is_empty() => (
            format!("its selector {selector} matches no pod in namespace {namespace}"),
            format!(
                "Compare the selector with the labels of the pods: {command}, `kubectl get pods -n {namespace} --show-labels`; \
                 correct it with `kubectl edit service {name} -n {namespace}`, or start the pods."
            ),
        ),
        Ok(Ok(pods)) => (
            format!(
                "its selector {selector} matches {} pod{}, none of which is listed",
                pods.items.len(),
                text::plural_s(pods.items.len())
            ),
            format!(
                "{command} shows why they are not ready; `kubectl describe pod` shows the probe or the image that fails."
            ),
        ),
        Ok(Err(_)) | Err(_) => (
            format!("its selector is {selector}"),
            format!("{command} shows whether the selector matches any pod, and whether it is ready."),
        ),
    };
    vec![Note::new(NoteKind::Elsewhere, found), Note::new(NoteKind::Remedy, remedy)]
}

/// Where a Service of that name exists, when the namespace has none.
async fn missing(api: &Api, name: &str) -> Vec<Note> {
    let mut notes = Vec::new();
    if let Ok(Ok(found)) = timeout(LIMIT, api.services_named(name, LIMIT)).await {
        let namespaces: Vec<String> = found.into_iter().filter_map(|service| service.metadata.namespace).collect();
        if let Some(first) = namespaces.first() {
            let named = text::few(&namespaces, ", ", NAMED);
            let text =
                format!("a Service with this name exists in namespace{} {named}", text::plural_s(namespaces.len()));
            notes.push(Note::new(NoteKind::Elsewhere, text));
            let text = format!("Query it there: `grpc-discover resolve 'kubernetes:///{name}.{first}'`.");
            notes.push(Note::new(NoteKind::Remedy, text));
            return notes;
        }
    }
    if let Ok(Ok(services)) = timeout(LIMIT, api.list::<Service>("", LIMIT)).await {
        let names: Vec<String> = services.items.into_iter().filter_map(|service| service.ok()?.metadata.name).collect();
        let near = text::near(name, names.iter().map(String::as_str));
        if let Some(first) = near.first() {
            let text = format!("similar names in namespace {}: {}", api.namespace(), near.join(", "));
            notes.push(Note::new(NoteKind::Elsewhere, text));
            let text = format!(
                "If you mean {first}, query it: `grpc-discover resolve 'kubernetes:///{first}.{}'`.",
                api.namespace()
            );
            notes.push(Note::new(NoteKind::Remedy, text));
            return notes;
        }
    }
    let text = format!(
        "`kubectl get services -A | grep -F {name}` shows its namespace; set the namespace in the target (kubernetes:///{name}.NAMESPACE) or with -n."
    );
    notes.push(Note::new(NoteKind::Remedy, text));
    notes
}
