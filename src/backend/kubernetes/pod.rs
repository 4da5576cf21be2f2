//! [`Pod`]: the fields of a pod that are used here. The whole type includes every kind of volume, and reading it
//! would be more than a tenth of the program.

use std::borrow::Cow;

use k8s_openapi::api::core::v1;
use kube::core::{NamespaceResourceScope, ObjectMeta, Resource};
use serde::Deserialize;

/// A part of `v1.Pod`, with the same field names. As there, null means absent.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Pod {
    pub metadata: ObjectMeta,
    pub spec: Option<Spec>,
    pub status: Option<Status>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Spec {
    pub containers: Option<Vec<Container>>,
    pub node_name: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Container {
    pub ports: Option<Vec<Port>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Port {
    pub container_port: i32,
    pub name: Option<String>,
    pub protocol: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Status {
    pub phase: Option<String>,
    #[serde(rename = "podIP")]
    pub pod_ip: Option<String>,
    pub conditions: Option<Vec<Condition>>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Condition {
    #[serde(rename = "type")]
    pub kind: String,
    pub status: String,
}

impl Resource for Pod {
    type DynamicType = ();
    type Scope = NamespaceResourceScope;

    fn kind(whole: &()) -> Cow<'_, str> {
        v1::Pod::kind(whole)
    }

    fn group(whole: &()) -> Cow<'_, str> {
        v1::Pod::group(whole)
    }

    fn version(whole: &()) -> Cow<'_, str> {
        v1::Pod::version(whole)
    }

    fn plural(whole: &()) -> Cow<'_, str> {
        v1::Pod::plural(whole)
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_null_or_unknown_spoils_no_pod() {
        let read = |text: serde_json::Value| serde_json::from_value::<Pod>(text).unwrap();
        let meta = json!({ "name": "pay-1", "creationTimestamp": null, "labels": null });
        for bare in [
            json!({ "metadata": meta }),
            json!({ "metadata": meta, "spec": null, "status": null }),
            json!({ "metadata": meta, "spec": { "containers": null }, "status": { "conditions": null, "podIP": null } }),
            json!({ "metadata": meta, "spec": { "containers": [{ "ports": null }], "volumes": [{ "csi": {} }] } }),
        ] {
            assert_eq!(read(bare).metadata.name.as_deref(), Some("pay-1"));
        }
        let pod = read(json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": meta,
            "spec": { "nodeName": "n1", "containers": [{ "ports": [{ "containerPort": 9000, "name": "grpc", "protocol": "TCP" }] }] },
            "status": { "phase": "Running", "podIP": "10.1.0.1", "conditions": [{ "type": "Ready", "status": "True", "reason": "x" }] },
        }));
        let (spec, status) = (pod.spec.unwrap(), pod.status.unwrap());
        let containers = spec.containers.unwrap();
        let port = &containers[0].ports.as_ref().unwrap()[0];
        assert_eq!(
            (port.container_port, port.name.as_deref(), spec.node_name.as_deref()),
            (9000, Some("grpc"), Some("n1"))
        );
        assert_eq!((status.pod_ip.as_deref(), status.phase.as_deref()), (Some("10.1.0.1"), Some("Running")));
        assert_eq!(status.conditions.unwrap()[0].kind, "Ready");
    }
}
