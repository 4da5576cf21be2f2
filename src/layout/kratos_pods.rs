//! Kratos' Kubernetes registry (`contrib/registry/kubernetes/registry.go`): the labels and annotations of the pods
//! themselves. There is no Service, and readiness is ignored.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{AnnotationError, Decoded, LayoutError, endpoint, join, kratos};
use crate::model::endpoint::{Endpoint, LayoutRule};

/// The label that names the service.
pub(crate) const APP: &str = "kratos-service-app";
const ID: &str = "kratos-service-id";
const VERSION: &str = "kratos-service-version";
const METADATA: &str = "kratos-service-metadata";
const PROTOCOLS: &str = "kratos-service-protocols";

/// The part of a pod that the registry reads.
#[derive(Debug, Default)]
pub(crate) struct Pod<'a> {
    /// Its labels.
    pub labels: BTreeMap<&'a str, &'a str>,
    /// Its annotations.
    pub annotations: BTreeMap<&'a str, &'a str>,
    /// Its address, if it has one.
    pub ip: Option<&'a str>,
    /// The ports that its containers declare: number, name, and Kubernetes' name of the transport (`TCP`).
    pub ports: Vec<(i64, Option<&'a str>, &'a str)>,
}

/// One endpoint for each port with gRPC.
pub(crate) fn read(pod: &Pod<'_>) -> Decoded {
    match instance(pod) {
        Ok(endpoints) => Decoded::Endpoints(endpoints),
        Err(error) => Decoded::Unusable(error),
    }
}

fn instance(pod: &Pod<'_>) -> Result<Vec<Endpoint>, LayoutError> {
    let protocols = annotation(pod, PROTOCOLS)?;
    let metadata = annotation(pod, METADATA)?;
    let Some(ip) = pod.ip else { return Err(LayoutError::NoPodAddress) };
    let (mut found, mut others) = (Vec::new(), Vec::new());
    for (port, name, transport) in &pod.ports {
        let annotated = protocols.get(&port.to_string()).map(String::as_str).filter(|scheme| !scheme.is_empty());
        let (scheme, rule) = match (annotated, name.filter(|name| !name.is_empty())) {
            (Some(scheme), _) => (scheme, LayoutRule::new(kratos::NAME, format!("{PROTOCOLS} of port {port}"))),
            (None, Some(name)) => (
                name.split('-').next().unwrap_or(name),
                LayoutRule::new(kratos::NAME, format!("name of port {name:?}")),
            ),
            (None, None) => (*transport, LayoutRule::new(kratos::NAME, "")),
        };
        if matches!(scheme, "grpc" | "grpcs") {
            let address =
                join(ip, *port).map_err(|source| LayoutError::Place { layout: kratos::NAME, found: None, source })?;
            let mut endpoint = endpoint(address, rule);
            endpoint.metadata.clone_from(&metadata);
            endpoint.weight = metadata.get("weight").and_then(|weight| weight.parse().ok());
            for (key, label) in [("version", VERSION), ("kratos_id", ID)] {
                if let Some(value) = pod.labels.get(label).filter(|value| !value.is_empty()) {
                    endpoint.metadata.entry(key.to_string()).or_insert_with(|| value.to_string());
                }
            }
            found.push(endpoint);
        } else if !others.contains(&scheme) {
            others.push(scheme);
        }
    }
    if !found.is_empty() {
        return Ok(found);
    }
    let undeclared = protocols.iter().find(|(_, scheme)| matches!(scheme.as_str(), "grpc" | "grpcs"));
    Err(match undeclared {
        Some((port, scheme)) => LayoutError::Undeclared {
            annotation: PROTOCOLS,
            scheme: scheme.clone(),
            port: port.clone(),
            declared: others.into_iter().map(str::to_string).collect(),
        },
        None => kratos::only(&others),
    })
}

/// An annotation with a JSON object of texts. What Kratos reads as an empty object is one here.
fn annotation(pod: &Pod<'_>, name: &'static str) -> Result<BTreeMap<String, String>, LayoutError> {
    let text = pod.annotations.get(name).map(|text| text.trim()).unwrap_or_default();
    if matches!(text, "" | "{}" | "null" | "nil" | "[]") {
        return Ok(BTreeMap::new());
    }
    let invalid = |source| LayoutError::Annotation { annotation: name, source };
    let object: serde_json::Map<String, Value> =
        serde_json::from_str(text).map_err(|error| invalid(AnnotationError::NotAnObject(error.into())))?;
    object
        .into_iter()
        .map(|(key, value)| match value {
            Value::String(text) => Ok((key, text)),
            value => Err(invalid(AnnotationError::NotText { key, value })),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod<'a>(annotations: &[(&'a str, &'a str)], ports: &[(i64, Option<&'a str>)]) -> Pod<'a> {
        Pod {
            labels: [(APP, "pay"), (VERSION, "v1"), (ID, "i-1")].into(),
            annotations: annotations.iter().copied().collect(),
            ip: Some("10.1.0.1"),
            ports: ports.iter().map(|(port, name)| (*port, *name, "TCP")).collect(),
        }
    }

    fn rules(pod: &Pod<'_>) -> Vec<(String, String)> {
        match read(pod) {
            Decoded::Endpoints(found) => found
                .into_iter()
                .map(|one| (one.address.to_string(), one.layout.as_ref().map(ToString::to_string).unwrap_or_default()))
                .collect(),
            other => panic!("{other:?}"),
        }
    }

    fn why(pod: &Pod<'_>) -> String {
        match read(pod) {
            Decoded::Unusable(error) => error.to_string(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn ports_that_serve_grpc_are_endpoints() {
        let protocols = [(PROTOCOLS, r#"{"8000":"http","9000":"grpc"}"#), (METADATA, r#"{"weight":"7","zone":"a"}"#)];
        let both = [(8000, None), (9000, Some("http-main")), (9001, Some("grpc-other")), (9443, Some("grpcs"))];
        let pair = |address: &str, rule: &str| (address.to_string(), rule.to_string());
        let found = [
            pair("10.1.0.1:9000", "kratos: kratos-service-protocols of port 9000"),
            pair("10.1.0.1:9001", "kratos: name of port \"grpc-other\""),
            pair("10.1.0.1:9443", "kratos: name of port \"grpcs\""),
        ];
        assert_eq!(rules(&pod(&protocols, &both)), found);
        let Decoded::Endpoints(found) = read(&pod(&protocols, &both)) else { panic!() };
        assert_eq!(found[0].weight, Some(7));
        let metadata: Vec<(&str, &str)> = found[0].metadata.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(metadata, [("kratos_id", "i-1"), ("version", "v1"), ("weight", "7"), ("zone", "a")]);
        let v6 = Pod { ip: Some("fd00::1"), ..pod(&[], &[(9000, Some("grpc"))]) };
        assert_eq!(rules(&v6)[0].0, "[fd00::1]:9000");
    }

    #[test]
    fn a_pod_that_no_client_can_use_has_a_reason() {
        let http = pod(&[(PROTOCOLS, r#"{"8000":"http"}"#)], &[(8000, None), (8001, Some("http-admin")), (9000, None)]);
        assert_eq!(why(&http), "kratos registered it for http and TCP only, not for grpc");
        assert_eq!(why(&pod(&[], &[])), "kratos registered it without an endpoint");
        let hidden = pod(&[(PROTOCOLS, r#"{"9000":"grpc"}"#)], &[(8000, Some("http"))]);
        let words = "kratos: kratos-service-protocols has grpc for port 9000, which no container declares, so clients do not find it (declared: http)";
        assert_eq!(why(&hidden), words);
        let lost = Pod { ip: None, ..pod(&[], &[(9000, Some("grpc"))]) };
        assert_eq!(why(&lost), "kratos: the pod has no address");
        for (text, words) in
            [("{", "is not a JSON object"), ("[1]", "is not a JSON object"), (r#"{"1":2}"#, "has 2 for \"1\"")]
        {
            let bad = pod(&[(METADATA, text)], &[(9000, Some("grpc"))]);
            let why = why(&bad);
            assert!(
                why.contains(words) && why.ends_with("clients cannot read any pod while one has such an annotation"),
                "{why}"
            );
        }
        for empty in ["", "nil", "null", "[]", " {} "] {
            assert_eq!(rules(&pod(&[(PROTOCOLS, empty)], &[(9000, Some("grpc"))])).len(), 1, "{empty:?}");
        }
    }

    #[test]
    fn every_pod_is_decoded() {
        let pieces = ["{", "}", "\"9000\"", ":", "\"grpc\"", ",", "null", "[", "]", "\\u0000", "-", "é", "1e999", " "];
        let mut random = fastrand::Rng::with_seed(5);
        let mut text = || (0..random.usize(..9)).map(|_| pieces[random.usize(..pieces.len())]).collect::<String>();
        for _ in 0..20_000 {
            let (protocols, metadata, name, ip) = (text(), text(), text(), text());
            for port in [-1, 0, 9000, i64::MAX] {
                let one = pod(&[(PROTOCOLS, &protocols), (METADATA, &metadata)], &[(port, Some(&name)), (9000, None)]);
                read(&Pod { ip: Some(&ip), ..one });
            }
        }
    }
}
