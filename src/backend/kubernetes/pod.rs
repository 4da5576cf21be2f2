//! [`Pod`]: a pod, as far as anything here looks at it. The whole type reaches every kind of volume there is, and reading it
//! would be more than a tenth of the program.

use std::borrow::Cow;

use k8s_openapi::api::core::v1;
use kube::core::{NamespaceResourceScope, ObjectMeta, Resource};
use serde::Deserialize;

/// A part of `v1.Pod`, under the names that it has there.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Pod {
    pub metadata: ObjectMeta,
    #[serde(default)]
    pub spec: Spec,
    #[serde(default)]
    pub status: Status,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Spec {
    pub containers: Vec<Container>,
    pub node_name: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Container {
    pub ports: Vec<Port>,
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
    pub conditions: Vec<Condition>,
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
