//! Every decoder and parser of foreign bytes: one list for `cargo fuzz` (fuzz/) and for the test that runs it on
//! mutated seeds (tests/it/fuzz.rs). Only with the feature `fuzzing`; not part of the public API.

mod mutate;

use std::collections::BTreeMap;

pub use mutate::Mutator;

use crate::backend::{consul, dns, etcd, eureka, file, kubernetes, zookeeper};
use crate::layout::{self, Entry, LAYOUTS, kitex, kratos_pods};
use crate::model::target::Target;
use crate::{net, transport};

/// The name under which the seeds of a parser are in fuzz/seeds, and the parser. A parser returns for every input.
pub type Parser = (&'static str, fn(&[u8]));

/// Every parser of foreign bytes.
pub const PARSERS: &[Parser] = &[
    ("target", target),
    ("layouts", layouts),
    ("consul_instance", consul_instance),
    ("kratos_pod", kratos_pod),
    ("kitex_eureka", kitex_eureka),
    ("key_value", etcd::fuzzing::key_value),
    ("consul_answer", consul::fuzzing::answer),
    ("eureka_answer", eureka::fuzzing::answer),
    ("etcd_messages", etcd::fuzzing::messages),
    ("zookeeper_frame", zookeeper::fuzzing::frame),
    ("kubernetes_slices", kubernetes::fuzzing::slices),
    ("kubernetes_pods", kubernetes::fuzzing::pods),
    ("dns_message", dns::fuzzing::message),
    ("dns_service_config", dns::fuzzing::service_config),
    ("resolv_conf", dns::fuzzing::resolv_conf),
    ("file_list", file::fuzzing::list),
    ("pem", net::fuzzing::pem),
    ("certificate", net::fuzzing::certificate),
    ("tls_hello", net::fuzzing::hello),
    ("http2", transport::fuzzing::http2),
    ("hpack", transport::fuzzing::hpack),
    ("grpc_messages", transport::fuzzing::grpc_messages),
    ("http_response", transport::fuzzing::http_response),
];

/// A target, as it could be typed on the command line.
fn target(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    match text.parse::<Target>() {
        Ok(target) => drop(target.to_string()),
        Err(error) => drop(error.to_string()),
    }
}

/// A key and a value, separated by a line end, read with the layout of every framework.
fn layouts(bytes: &[u8]) {
    let at = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let rest = String::from_utf8_lossy(&bytes[..at]);
    let entry = Entry { service: "pay", rest: &rest, value: &bytes[at..] };
    for layout in LAYOUTS {
        let _ = layout.read(&entry);
    }
    let _ = (layout::recognize(&entry), layout::unread(entry.value));
}

/// Lines of `key=value`.
fn pairs(text: &str) -> BTreeMap<String, String> {
    let pair = |line: &str| line.split_once('=').map(|(key, value)| (key.to_string(), value.to_string()));
    text.lines().filter_map(pair).collect()
}

/// An instance of Consul: its metadata and its tags, one per line.
fn consul_instance(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let tags: Vec<String> = text.lines().map(str::to_string).collect();
    let meta = pairs(&text);
    let instance = layout::consul::Instance {
        id: tags.first().map_or("", String::as_str),
        name: "pay",
        address: "10.0.0.1",
        port: 50051,
        tags: &tags,
        meta: &meta,
        checks: &["ttl"],
    };
    let _ = layout::in_consul(&instance);
}

/// A pod of Kratos: its labels and annotations, one per line.
fn kratos_pod(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let values = pairs(&text);
    let words: BTreeMap<&str, &str> = values.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let ports = vec![(50051, values.keys().next().map(String::as_str), "TCP"), (-1, None, "grpc")];
    let pod = kratos_pods::Pod { labels: words.clone(), annotations: words, ip: Some("10.0.0.1"), ports };
    let _ = kratos_pods::read(&pod);
}

/// The metadata that kitex writes into Eureka.
fn kitex_eureka(bytes: &[u8]) {
    let _ = kitex::in_eureka(&String::from_utf8_lossy(bytes), Some("10.0.0.1"), Some(50051));
}
