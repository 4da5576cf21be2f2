use super::*;
use crate::backend::target::tests::{Row, target_tests};

fn kubernetes(service: &str, namespace: Option<&str>, port: Option<&str>) -> Target {
    let port = port.map(|text| match text.parse() {
        Ok(number) => ServicePort::Number(number),
        Err(_) => ServicePort::Name(text.to_string()),
    });
    let namespace = namespace.map(str::to_string);
    KubernetesTarget { service: service.to_string(), namespace, port, layout: None }.into()
}

fn pods(app: &str, namespace: Option<&str>) -> Target {
    let namespace = namespace.map(str::to_string);
    KubernetesTarget { service: app.to_string(), namespace, port: None, layout: Some("kratos") }.into()
}

fn table() -> Vec<Row> {
    vec![
        ("kubernetes:///pay", kubernetes("pay", None, None), "kubernetes:///pay"),
        ("kubernetes:pay.prod:http", kubernetes("pay", Some("prod"), Some("http")), "kubernetes:///pay.prod:http"),
        ("kubernetes:///pay.prod:8080", kubernetes("pay", Some("prod"), Some("8080")), "kubernetes:///pay.prod:8080"),
        ("kubernetes:///pay:grpc/", kubernetes("pay", None, Some("grpc")), "kubernetes:///pay:grpc"),
        (
            "kubernetes:///pay.prod.svc.cluster.local.:grpc",
            kubernetes("pay", Some("prod"), Some("grpc")),
            "kubernetes:///pay.prod:grpc",
        ),
        ("kubernetes://prod/pay:80", kubernetes("pay", Some("prod"), Some("80")), "kubernetes:///pay.prod:80"),
        ("kubernetes://pay.prod:80/", kubernetes("pay", Some("prod"), Some("80")), "kubernetes:///pay.prod:80"),
        ("kubernetes://pay.prod:80", kubernetes("pay", Some("prod"), Some("80")), "kubernetes:///pay.prod:80"),
        ("K8S://prod/pay:80", kubernetes("pay", Some("prod"), Some("80")), "kubernetes:///pay.prod:80"),
        ("k8s:///pay", kubernetes("pay", Some("default"), None), "kubernetes:///pay.default"),
        ("kubernetes:///Pay.v1?layout=kratos", pods("Pay.v1", None), "kubernetes:///Pay.v1?layout=kratos"),
        ("kubernetes://prod/pay?layout=kratos", pods("pay", Some("prod")), "kubernetes://prod/pay?layout=kratos"),
    ]
}

/// The input, the position, and a part of the error.
const REFUSED: &[(&str, usize, &str)] = &[
    ("kubernetes:///", 14, "missing service name; write kubernetes:///pay.prod:grpc"),
    ("kubernetes:///:80", 14, "missing service name"),
    ("kubernetes:///pay.prod.pod", 23, "expected svc"),
    ("kubernetes:///pay..svc", 18, "the namespace is empty"),
    ("kubernetes:///Pay", 14, "invalid character 'P' in the service"),
    ("kubernetes:///pay-", 14, "must not start or end"),
    ("kubernetes:///pay:", 18, "missing port after the colon"),
    ("kubernetes:///pay:0", 18, "port 0 is not a valid port"),
    ("kubernetes:///pay:GRPC", 18, "neither a port number nor a port name"),
    (
        "kubernetes://prod/pay.dev",
        18,
        "the namespace is given twice: after kubernetes:// and after the service name; write kubernetes://prod/pay:grpc",
    ),
    ("kubernetes:///pay?layout=kitex", 25, "unknown layout \"kitex\" (supported: kratos)"),
    ("kubernetes:///pay?layout=kratos&layout=kratos", 32, "layout is given twice"),
    ("kubernetes:///pay:grpc?layout=kratos", 17, "a port is not allowed with layout=: the pods define their ports"),
    ("kubernetes:///?layout=kratos", 14, "missing service name; write kubernetes://prod/pay?layout=kratos"),
    ("kubernetes:///pay/x?layout=kratos", 17, "invalid character '/' in a label"),
    ("kubernetes:///pay.?layout=kratos", 14, "must start and end with a letter or a digit"),
    ("k8s:///pay?x=1", 11, "unknown parameter \"x\" of k8s: (supported: layout)"),
    ("kubernetes8://x", 0, "similar: kubernetes:"),
];

/// The corrected inputs that the errors suggest.
const MENDED: &[&str] =
    &["kubernetes:///pay.prod:grpc", "kubernetes:///pay.prod.svc.cluster.local:grpc", "kubernetes://prod/pay:grpc"];

/// Rejected, and the error does not repeat the secret.
const WITH_SECRET: &[&str] = &["kubernetes:///pay.prod?bearer=hunter2", "k8s://prod/pay?x=hunter2"];

target_tests!(table(), REFUSED, MENDED, WITH_SECRET);

#[test]
fn a_bare_name_is_a_service_where_it_can_be_one() {
    let of = |name| KubernetesTarget::of_bare_name(name).map(|target| target.to_string());
    assert_eq!(of("pay").as_deref(), Some("kubernetes:///pay"));
    assert_eq!(of("pay.prod").as_deref(), Some("kubernetes:///pay.prod"));
    assert_eq!(of("pay.prod.svc.cluster.local").as_deref(), Some("kubernetes:///pay.prod"));
    for name in ["", "pay.prod.example", "pay_1", "Pay", "pay:80"] {
        assert_eq!(of(name), None, "{name}");
    }
}
