//! Pods that register their services themselves (`layout=kratos`): found by a label, watched like slices. Kratos' own
//! registry uses the running ones, whether they are ready or not.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::list_watch::{Change, ListWatch};
use super::pod::Pod;
use super::read::Read;
use super::settings::KubernetesSettings;
use super::target::KubernetesTarget;
use super::unread::Unread;
use super::watch::open;
use crate::backend::Resolution;
use crate::backend::unusable::none_left;
use crate::backend::watch::{Watch, after};
use crate::layout::{Decoded, LayoutError, kratos_pods};
use crate::model::endpoint::{Check, CheckState, Endpoint, EndpointStatus};
use crate::model::resolution::{Absence, AbsenceCode, Answer, Note, NoteKind, ResolveError, Update};
use crate::model::secret::Secrets;
use crate::text::{count, duration, few};

/// At most this many items are named in a sentence.
const NAMED: usize = 5;

/// What to do about pods that Kratos' registry cannot use.
const NOT_KRATOS: &str = "`kubectl get pods --show-labels` and `kubectl describe pod NAME` show what Kratos wrote: the annotation kratos-service-protocols and a container port listed in it are required.";

/// All updates for `target` until an error, which ends the stream.
pub(super) fn resolve(
    settings: (KubernetesSettings, Secrets),
    target: KubernetesTarget,
    limit: Duration,
) -> Resolution {
    after(start(settings, target, limit))
}

async fn start(
    settings: (KubernetesSettings, Secrets),
    target: KubernetesTarget,
    limit: Duration,
) -> Result<(Update, PodWatch), ResolveError> {
    let started = Instant::now();
    let api = open(settings, target.namespace, limit).await?;
    let selector = format!("{}={}", kratos_pods::APP, target.service);
    let left = limit.saturating_sub(started.elapsed());
    let mut list_watch = ListWatch::new(api, selector);
    let pods = list_watch.list(left).await.map_err(|error| error.at(list_watch.api.server()))?;
    let watch = PodWatch { list_watch, service: target.service, pods: Pods::new(pods) };
    let took = duration(started.elapsed());
    let first = watch.update(&format!("responded in {took}, resource version {}", watch.list_watch.version()));
    Ok((first, watch))
}

struct PodWatch {
    list_watch: ListWatch<Pod>,
    service: String,
    pods: Pods,
}

/// The pods, by name.
#[derive(Default)]
pub(super) struct Pods {
    read: BTreeMap<String, Pod>,
    /// Those that cannot be read. The last readable version of each, if there was one, is in `read`.
    unread: Unread,
}

impl Pods {
    pub(super) fn new(listed: Vec<Read<Pod>>) -> Self {
        let mut pods = Pods::default();
        for pod in listed {
            match pod {
                Ok(pod) => pods.put(pod),
                Err(garbled) => pods.unread.listed(garbled),
            }
        }
        pods
    }

    fn put(&mut self, pod: Pod) {
        let name = pod.metadata.name.clone().unwrap_or_default();
        self.unread.forget(&name);
        self.read.insert(name, pod);
    }

    fn delete(&mut self, name: &str) {
        self.unread.forget(name);
        self.read.remove(name);
    }

    fn count(&self) -> usize {
        self.read.len() + self.unread.len_without(|name| self.read.contains_key(name))
    }
}

impl Watch for PodWatch {
    async fn next(&mut self) -> Result<Update, ResolveError> {
        match self.list_watch.change().await {
            Ok(Change::Put(pod)) => self.pods.put(pod),
            Ok(Change::Gone(name)) => self.pods.delete(&name),
            Ok(Change::Garbled(garbled)) => self.pods.unread.changed(garbled),
            Err(error) => return Err(error.at(self.list_watch.api.server())),
        };
        Ok(self.update(&format!("reported a change at resource version {}", self.list_watch.version())))
    }
}

impl PodWatch {
    /// The current state.
    fn update(&self, summary: &str) -> Update {
        let (server, namespace) = (self.list_watch.api.server(), self.list_watch.api.namespace());
        if self.pods.count() == 0 {
            let label = format!("{}={}", kratos_pods::APP, self.service);
            let text = format!("kubernetes {server} has no pod with the label {label} in namespace {namespace}");
            let remedy = format!(
                "`kubectl get pods -n {namespace} -l {label}` lists the pods with this label; Kratos sets the label."
            );
            let remedy = Note::new(NoteKind::Remedy, remedy);
            let notes = std::iter::once(remedy).chain(self.list_watch.api.withheld()).collect();
            return Update::NotFound(Absence { code: AbsenceCode::NoSuchService, text, notes });
        }
        let (endpoints, listed_notes) = answer(&self.pods);
        let mut notes =
            vec![Note::new(NoteKind::Queried, format!("kubernetes {server} {summary}, pods of namespace {namespace}"))];
        notes.extend(self.list_watch.api.withheld());
        notes.extend(listed_notes);
        Update::Reset(Answer { endpoints, notes })
    }
}

/// The endpoints of all pods, and why some have none. Pure.
pub(super) fn answer(pods: &Pods) -> (Vec<Endpoint>, Vec<Note>) {
    let unread = pods.unread.reasons("pod");
    let (mut endpoints, mut skipped, mut unusable) = (Vec::new(), unread.clone(), unread);
    let mut usable = 0;
    for (name, pod) in &pods.read {
        match endpoints_of(name, pod) {
            Ok(found) => {
                usable += 1;
                endpoints.extend(found);
            }
            Err(error) => {
                let why = format!("{name}: {error}");
                // A pod that does not run yet, or no longer runs, is not an instance.
                if is_running(pod) {
                    unusable.push(why.clone());
                }
                skipped.push(why);
            }
        }
    }
    let mut funnel = count(pods.count(), "pod");
    if usable < pods.count() {
        funnel += &format!(" -> {usable} for gRPC");
    }
    let ready = endpoints.iter().filter(|endpoint| endpoint.status.is_usable()).count();
    if ready < endpoints.len() {
        funnel += &format!(" -> {ready} ready");
    }
    let mut notes = vec![Note::new(NoteKind::Funnel, funnel)];
    if let (true, Some(why)) = (endpoints.is_empty(), skipped.first()) {
        notes.push(match pods.unread.len() {
            0 => Note::new(NoteKind::FilteredOut, why.clone()),
            unread => none_left(pods.count(), unread, "pods", why),
        });
        notes.push(Note::new(NoteKind::Remedy, NOT_KRATOS));
    }
    if !unusable.is_empty() {
        let shown = few(&unusable, "; ", NAMED);
        let text = format!("{} of {} pods cannot be used: {shown}", unusable.len(), pods.count());
        notes.push(Note::new(NoteKind::LeftOut, text));
    }
    notes.extend(skipped.into_iter().take(NAMED).map(|why| Note::new(NoteKind::Skipped, why)));
    (endpoints, notes)
}

fn phase(pod: &Pod) -> &str {
    pod.status.as_ref().and_then(|status| status.phase.as_deref()).unwrap_or("Unknown")
}

fn is_running(pod: &Pod) -> bool {
    phase(pod) == "Running"
}

/// Why a pod is not an instance.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum PodError {
    /// It is not running.
    #[error("the pod is {0}; Kratos uses running pods only")]
    NotRunning(String),
    /// Kratos' registration in it is unusable.
    #[error(transparent)]
    Layout(#[from] LayoutError),
}

fn endpoints_of(name: &str, pod: &Pod) -> Result<Vec<Endpoint>, PodError> {
    let (spec, status) = (pod.spec.as_ref(), pod.status.as_ref());
    if !is_running(pod) {
        return Err(PodError::NotRunning(phase(pod).to_string()));
    }
    let containers = spec.and_then(|spec| spec.containers.as_ref()).into_iter().flatten();
    let ports = containers.filter_map(|container| container.ports.as_ref()).flatten();
    let texts =
        |texts: &'_ Option<BTreeMap<String, String>>| -> BTreeMap<String, String> { texts.clone().unwrap_or_default() };
    let (labels, annotations) = (texts(&pod.metadata.labels), texts(&pod.metadata.annotations));
    let reading = kratos_pods::read(&kratos_pods::Pod {
        labels: labels.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect(),
        annotations: annotations.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect(),
        ip: status.and_then(|status| status.pod_ip.as_deref()).filter(|ip| !ip.is_empty()),
        ports: ports
            .map(|port| {
                (i64::from(port.container_port), port.name.as_deref(), port.protocol.as_deref().unwrap_or("TCP"))
            })
            .collect(),
    });
    let mut found = match reading {
        Decoded::Endpoints(found) => found,
        Decoded::Unusable(error) => return Err(error.into()),
        Decoded::Nothing | Decoded::Foreign => return Ok(Vec::new()),
    };
    let (state, check) = state(pod);
    for endpoint in &mut found {
        endpoint.id = Some(name.to_string());
        endpoint.node = spec.and_then(|spec| spec.node_name.clone());
        endpoint.status = state;
        endpoint.checks = vec![check.clone()];
    }
    Ok(found)
}

/// The pod's own status, which Kratos' clients do not use.
fn state(pod: &Pod) -> (EndpointStatus, Check) {
    let check = |name: &str, state: CheckState, status: &str, output: &str| Check {
        name: name.to_string(),
        state,
        status: status.to_string(),
        output: output.to_string(),
    };
    if pod.metadata.deletion_timestamp.is_some() {
        let words = "the pod is being deleted; Kratos clients would use it until it is gone";
        return (EndpointStatus::Draining, check("terminating", CheckState::Info, "true", words));
    }
    let conditions = pod.status.as_ref().and_then(|status| status.conditions.as_ref()).into_iter().flatten();
    let ready = conditions.into_iter().find(|condition| condition.kind == "Ready");
    match ready.map(|condition| condition.status.as_str()) {
        Some("True") => (EndpointStatus::Healthy, check("ready", CheckState::Passing, "passing", "")),
        _ => {
            let words = "the pod is not ready; Kratos clients would still use it";
            (EndpointStatus::Critical, check("ready", CheckState::Critical, "false", words))
        }
    }
}
