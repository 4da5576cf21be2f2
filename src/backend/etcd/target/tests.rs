use super::*;
use crate::backend::target::tests::{Row, target_tests};

fn etcd(members: &[&str], service: &str) -> EtcdTarget {
    let members = members.iter().map(ToString::to_string).collect();
    EtcdTarget { members, service: service.to_string(), ..EtcdTarget::default() }
}

fn go_zero(members: &[&str], key: &str) -> Target {
    EtcdTarget { layout: Some("go-zero"), ..etcd(members, key) }.into()
}

fn table() -> Vec<Row> {
    vec![
        ("etcd:///pay", etcd(&[], "pay").into(), "etcd:///pay"),
        ("etcd:pay/", etcd(&[], "pay").into(), "etcd:///pay"),
        ("etcd:///team/my%20pay/", etcd(&[], "team/my pay").into(), "etcd:///team/my%20pay"),
        ("etcd://h1:2379/K", etcd(&["h1:2379"], "K").into(), "etcd://h1:2379/K"),
        (
            "etcd:///h1:2379,h2:2379?key=K",
            go_zero(&["h1:2379", "h2:2379"], "K"),
            "etcd://h1:2379,h2:2379/K?layout=go-zero",
        ),
        ("etcd://h1?key=/K", go_zero(&["h1"], "/K"), "etcd://h1/%2FK?layout=go-zero"),
        ("discov://h1,[::1]:2379/K", go_zero(&["h1", "[::1]:2379"], "K"), "etcd://h1,[::1]:2379/K?layout=go-zero"),
        (
            "etcd://[2001:db8::1]:2379,h2/pay?prefix=/my%2Dspace&layout=kratos",
            EtcdTarget {
                prefix: Some("/my-space".into()),
                layout: Some("kratos"),
                ..etcd(&["[2001:db8::1]:2379", "h2"], "pay")
            }
            .into(),
            "etcd://[2001:db8::1]:2379,h2/pay?prefix=/my-space&layout=kratos",
        ),
    ]
}

/// The input, the position, and a part of the error.
const REFUSED: &[(&str, usize, &str)] = &[
    ("etcd:///", 8, "missing service name; write etcd:///pay"),
    ("etcd://pay", 7, "write etcd:///pay"),
    ("etcd://h1:2379", 7, "missing service name: the part after etcd:// is the list"),
    ("etcd://h1:x/pay", 10, "\"x\" is not a port number"),
    ("etcd://h1,,h2/pay", 10, "empty element"),
    ("etcd://joe:hunter2@h1/pay", 7, "ETCDCTL_USER"),
    ("etcd:///h1:2379,h2:2379", 15, "requires key=; write etcd:///10.0.0.1:2379"),
    ("etcd:///h1:2379?key=", 20, "missing key"),
    ("etcd:///h1:2379?key=a&key=b", 22, "key is given twice"),
    ("etcd:///h1:2379?key=a&layout=kratos", 5, "layout= is set to another"),
    ("etcd:///pay?layout=spring", 19, "unknown layout \"spring\" (supported: etcd-naming, go-zero"),
    ("etcd:///pay?colour=red", 12, "unknown parameter \"colour\" of etcd: (supported: prefix, layout, key)"),
    ("etcd:///p%zz", 9, "two hex digits"),
    ("discov://h1/K?x=1", 13, "takes no parameters"),
    ("discov://h1", 9, "write discov:///h1"),
];

/// The corrected inputs that the errors suggest.
const MENDED: &[&str] = &[
    "etcd:///pay",
    "etcd://10.0.0.1:2379,10.0.0.2:2379/pay",
    "etcd:///10.0.0.1:2379,10.0.0.2:2379?key=pay.rpc",
    "etcd:///pay?layout=kratos",
    "etcd:///pay?prefix=/microservices",
    "discov://10.0.0.1:2379,10.0.0.2:2379/pay.rpc",
];

/// Rejected, and the error does not repeat the secret.
const WITH_SECRET: &[&str] = &[
    "etcd:///pay?pasword=hunter2",
    "etcd:///pay?key=a&key=b&auth=hunter2",
    "etcd://joe:hunter2@h1/pay",
    "etcd://joe:hunter2@h1",
    "etcd:///joe:hunter2@h1?key=K",
];

target_tests!(table(), REFUSED, MENDED, WITH_SECRET);
