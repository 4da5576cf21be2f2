use super::*;
use crate::backend::target::tests::{Row, target_tests};

fn ip(addresses: &[&str]) -> Target {
    IpTarget(addresses.iter().map(|a| a.parse().unwrap()).collect()).into()
}

fn table() -> Vec<Row> {
    vec![
        ("ipv4:10.0.0.1", ip(&["10.0.0.1:443"]), "ipv4:10.0.0.1:443"),
        ("ipv4:10.0.0.1:1,10.0.0.2:2", ip(&["10.0.0.1:1", "10.0.0.2:2"]), "ipv4:10.0.0.1:1,10.0.0.2:2"),
        ("ipv4:///10.0.0.1:1", ip(&["10.0.0.1:1"]), "ipv4:10.0.0.1:1"),
        ("ipv6:[::1]:80,[::2]", ip(&["[::1]:80", "[::2]:443"]), "ipv6:[::1]:80,[::2]:443"),
        ("ipv6:::1", ip(&["[::1]:443"]), "ipv6:[::1]:443"),
        (
            "ipv6:[2001:db8::1]:50051,[fe80::1%25eth0]:1,[::2]:2",
            IpTarget(vec![
                "[2001:db8::1]:50051".parse().unwrap(),
                Address::Name { host: "fe80::1%eth0".to_string(), port: 1 },
                "[::2]:2".parse().unwrap(),
            ])
            .into(),
            "ipv6:[2001:db8::1]:50051,[fe80::1%25eth0]:1,[::2]:2",
        ),
        ("ipv6:[fe80::1%2]:80", ip(&["[fe80::1%2]:80"]), "ipv6:[fe80::1%252]:80"),
        ("unix:run/pay.sock", ip(&["unix:run/pay.sock"]), "unix:run/pay.sock"),
        ("unix:///run/my pay.sock", ip(&["unix:/run/my pay.sock"]), "unix:/run/my pay.sock"),
        ("unix-abstract:pay", ip(&["unix-abstract:pay"]), "unix-abstract:pay"),
        ("passthrough:///10.0.0.1:80", ip(&["10.0.0.1:80"]), "ipv4:10.0.0.1:80"),
        ("passthrough:pay:80", ip(&["pay:80"]), "passthrough:///pay:80"),
    ]
}

/// The input, the position, and a part of the error.
const REFUSED: &[(&str, usize, &str)] = &[
    ("ipv4:", 5, "empty element"),
    ("ipv4:,", 5, "empty element"),
    ("ipv4:10.0.0.1:1,pay:2", 16, "\"pay\" is not an IPv4 address"),
    ("ipv4:10.0.0.1:1,10.0.0.2:x", 25, "\"x\" is not a port number"),
    ("ipv6:[::1", 5, "missing closing bracket"),
    ("ipv6:10.0.0.1:80", 5, "not an IPv6 address"),
    ("unix:", 5, "missing path"),
    ("unix://run/pay.sock", 7, "targets have no server"),
    ("unix-abstract:", 14, "missing path"),
    ("unix-abstract://auth/pay", 16, "targets have no server"),
    ("passthrough:///pay", 18, "no default port"),
];

/// The corrected inputs that the errors suggest.
const MENDED: &[&str] = &[
    "passthrough:///10.0.0.7:50051",
    "ipv4:10.0.0.1:50051,10.0.0.2:50051",
    "ipv6:[2001:db8::1]:50051,[2001:db8::2]:50051",
    "unix:/run/pay.sock",
    "unix-abstract:pay",
];

target_tests!(table(), REFUSED, MENDED, &[]);
