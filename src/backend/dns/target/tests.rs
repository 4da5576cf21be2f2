use super::*;
use crate::backend::target::tests::{Row, target_tests};

fn dns(server: Option<&str>, host: &str, port: Option<u16>) -> Target {
    DnsTarget::Host { server: server.map(str::to_string), host: host.to_string(), port }.into()
}

fn srv(server: Option<&str>, name: &str) -> Target {
    DnsTarget::Srv { server: server.map(str::to_string), name: name.to_string() }.into()
}

fn table() -> Vec<Row> {
    vec![
        ("pay", Target::Bare("pay".into()), "pay"),
        ("pay.prod_2.example", Target::Bare("pay.prod_2.example".into()), "pay.prod_2.example"),
        ("pay:50051", dns(None, "pay", Some(50051)), "dns:///pay:50051"),
        ("consul:8500", dns(None, "consul", Some(8500)), "dns:///consul:8500"),
        ("10.0.0.7", dns(None, "10.0.0.7", None), "dns:///10.0.0.7"),
        ("10.0.0.7:80", dns(None, "10.0.0.7", Some(80)), "dns:///10.0.0.7:80"),
        ("[2001:DB8::1]:80", dns(None, "2001:db8::1", Some(80)), "dns:///[2001:db8::1]:80"),
        ("[::1]", dns(None, "::1", None), "dns:///[::1]"),
        ("[fe80::1%25eth0]:80", dns(None, "fe80::1%eth0", Some(80)), "dns:///[fe80::1%25eth0]:80"),
        ("fe80::1%eth0", dns(None, "fe80::1%eth0", None), "dns:///[fe80::1%25eth0]"),
        ("[fe80::1%252]:80", dns(None, "fe80::1%2", Some(80)), "dns:///[fe80::1%252]:80"),
        ("dns:pay.example", dns(None, "pay.example", None), "dns:///pay.example"),
        ("dns:8080", dns(None, "8080", None), "dns:///8080"),
        ("DNS:/pay.example.:1", dns(None, "pay.example.", Some(1)), "dns:///pay.example.:1"),
        ("dns:///pay.example:443", dns(None, "pay.example", Some(443)), "dns:///pay.example:443"),
        ("dns://10.0.0.2/pay", dns(Some("10.0.0.2"), "pay", None), "dns://10.0.0.2/pay"),
        ("dns://[::1]:5353/pay:1", dns(Some("[::1]:5353"), "pay", Some(1)), "dns://[::1]:5353/pay:1"),
        ("dns://[fe80::1%25252]/pay", dns(Some("[fe80::1%252]"), "pay", None), "dns://[fe80::1%25252]/pay"),
        ("dns://ns.example:5353/pay", dns(Some("ns.example:5353"), "pay", None), "dns://ns.example:5353/pay"),
        ("dns:///bücher.example", dns(None, "bücher.example", None), "dns:///bücher.example"),
        ("srv:_grpc._tcp.pay.example", srv(None, "_grpc._tcp.pay.example"), "srv:///_grpc._tcp.pay.example"),
        ("srv://10.0.0.2:53/x", srv(Some("10.0.0.2:53"), "x"), "srv://10.0.0.2:53/x"),
        ("kubernetes:6443", dns(None, "kubernetes", Some(6443)), "dns:///kubernetes:6443"),
    ]
}

/// The input, the position, and a part of the error.
const REFUSED: &[(&str, usize, &str)] = &[
    ("dns:", 4, "missing host name; write dns:///pay.example:50051"),
    ("dns:///", 7, "missing host name; write dns:///pay.example:50051"),
    ("dns://", 6, "missing name: the part after dns:// is the DNS server"),
    ("dns://pay.example:443", 6, "write dns:///pay.example:443"),
    ("dns:///pay:70000", 11, "port 70000 is out of range (1 to 65535)"),
    ("srv:///", 7, "missing name"),
    ("srv:///_grpc._tcp.pay:80", 21, "SRV records contain the port"),
    ("127.0.0.1:99999", 10, "port 99999 is out of range (1 to 65535); write 127.0.0.1:50051"),
    ("pay:0", 4, "port 0 is not a valid port"),
    ("pay:grpc-x", 4, "neither a port number nor a known service name"),
    (":", 0, "missing host and port"),
    ("a..b", 2, "empty label"),
    (".", 0, "empty label"),
    ("10.0.0.256:80", 0, "not an IPv4 address"),
    ("[fe80::1%eth/0]:80", 8, "name or number of a network interface"),
    ("pay:80:90", 0, "more than one colon"),
    ("[::1", 0, "missing closing bracket"),
    ("[::1]x", 5, "after the bracketed address"),
    ("[pay/x]:80", 4, "invalid character '/' in the host name"),
    ("pay/x", 3, "invalid character '/'"),
];

/// The corrected inputs that the errors suggest.
const MENDED: &[&str] = &["dns:///pay.example:50051", "srv:///_grpc._tcp.pay.example", "dns://10.0.0.2:53/pay.example"];

/// Rejected, and the error does not repeat the secret.
const WITH_SECRET: &[&str] =
    &["dns://joe:hunter2@pay.example", "joe:hunter2@pay.example:80", "joe:hunter2@pay.example"];

target_tests!(table(), REFUSED, MENDED, WITH_SECRET);

#[test]
fn what_a_target_drops_may_be_a_secret() {
    for typed in ["dns://ann:hunter2@10.0.0.2/pay:1", "srv://hunter2@10.0.0.2/pay", "pay:1?token=hunter2"] {
        assert!(Target::may_show_a_secret(typed), "{typed}");
        assert!(!typed.parse::<Target>().expect(typed).to_string().contains("hunter2"), "{typed}");
    }
    for typed in ["pay", "10.0.0.1:1", "dns://10.0.0.2:53/pay:1"] {
        assert!(!Target::may_show_a_secret(typed), "{typed}");
    }
}

#[test]
fn what_is_not_a_secret_stays_readable() {
    for (typed, part) in
        [("pay.example:50051:1", "pay.example:50051:1"), ("auth:port", "auth"), ("auth-service:x", "auth-service")]
    {
        let error = typed.parse::<Target>().expect_err(typed).to_string();
        assert!(error.contains(part), "{typed}: {error}");
    }
    assert!("auth:8080".parse::<Target>().is_ok());
}

#[test]
fn an_error_reads_as_a_sentence() {
    let error = "127.0.0.1:99999".parse::<Target>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "target \"127.0.0.1:99999\": port 99999 is out of range (1 to 65535); write 127.0.0.1:50051"
    );
}
