use super::*;
use crate::backend::target::tests::{Row, target_tests};

fn zookeeper(servers: &[&str], service: &str) -> ZookeeperTarget {
    let servers = servers.iter().map(ToString::to_string).collect();
    ZookeeperTarget { servers, service: service.to_string(), ..ZookeeperTarget::default() }
}

fn table() -> Vec<Row> {
    vec![
        ("zookeeper:///pay", zookeeper(&[], "pay").into(), "zookeeper:///pay"),
        (
            "zk://h1:2181,[::1]/com.x.Pay",
            zookeeper(&["h1:2181", "[::1]"], "com.x.Pay").into(),
            "zookeeper://h1:2181,[::1]/com.x.Pay",
        ),
        (
            "zk:pay?prefix=/eu&layout=dubbo-app",
            ZookeeperTarget { prefix: Some("/eu".to_string()), layout: Some("dubbo-app"), ..zookeeper(&[], "pay") }
                .into(),
            "zookeeper:///pay?prefix=/eu&layout=dubbo-app",
        ),
    ]
}

/// The input, the position, and a part of the error.
const REFUSED: &[(&str, usize, &str)] = &[
    ("zookeeper:///", 13, "missing service name; write zookeeper:///pay"),
    ("zk://h1:2181", 5, "missing service name: the part after zookeeper:// is the list of ZooKeeper's servers"),
    ("zk://joe:hunter2@h1/pay", 5, "ZOOKEEPER_AUTH"),
    ("zk:///pay?layout=go-zero", 17, "unknown layout \"go-zero\" (supported: kratos, kitex"),
    ("zk:///pay?key=a", 10, "unknown parameter \"key\" of zookeeper: (supported: prefix, layout)"),
];

/// The corrected inputs that the errors suggest.
const MENDED: &[&str] = &[
    "zookeeper:///pay",
    "zookeeper://10.0.0.1:2181,10.0.0.2:2181/pay",
    "zookeeper:///pay?layout=kratos",
    "zookeeper:///pay?prefix=/microservices",
];

/// Rejected, and the error does not repeat the secret.
const WITH_SECRET: &[&str] = &["zookeeper:///pay?auth=hunter2", "zookeeper://joe:hunter2@h1/pay"];

target_tests!(table(), REFUSED, MENDED, WITH_SECRET);
