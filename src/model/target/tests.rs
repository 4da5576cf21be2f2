use super::*;

mod peers;

fn parse(text: &str) -> Result<Target, TargetError> {
    text.parse()
}

fn dns(server: Option<&str>, host: &str, port: Option<u16>) -> Target {
    Target::Dns { server: server.map(str::to_string), host: host.to_string(), port }
}

fn ip(addresses: &[&str]) -> Target {
    Target::Ip(addresses.iter().map(|a| a.parse().unwrap()).collect())
}

fn consul(service: &str) -> ConsulTarget {
    ConsulTarget { service: service.to_string(), ..ConsulTarget::default() }
}

fn etcd(members: &[&str], service: &str) -> EtcdTarget {
    let members = members.iter().map(ToString::to_string).collect();
    EtcdTarget { members, service: service.to_string(), ..EtcdTarget::default() }
}

fn go_zero(members: &[&str], key: &str) -> Target {
    Target::Etcd(EtcdTarget { layout: Some("go-zero"), ..etcd(members, key) })
}

fn kubernetes(service: &str, namespace: Option<&str>, port: Option<&str>) -> Target {
    let port = port.map(|text| match text.parse() {
        Ok(number) => ServicePort::Number(number),
        Err(_) => ServicePort::Name(text.to_string()),
    });
    let namespace = namespace.map(str::to_string);
    Target::Kubernetes(KubernetesTarget { service: service.to_string(), namespace, port, layout: None })
}

fn pods(app: &str, namespace: Option<&str>) -> Target {
    let namespace = namespace.map(str::to_string);
    Target::Kubernetes(KubernetesTarget { service: app.to_string(), namespace, port: None, layout: Some("kratos") })
}

fn zookeeper(servers: &[&str], service: &str) -> ZookeeperTarget {
    let servers = servers.iter().map(ToString::to_string).collect();
    ZookeeperTarget { servers, service: service.to_string(), ..ZookeeperTarget::default() }
}

fn unsupported(scheme: &str, rest: &str) -> Target {
    Target::Foreign { scheme: scheme.to_string(), rest: rest.to_string() }
}

/// What is typed, what it means, how it is printed.
fn table() -> Vec<(&'static str, Target, &'static str)> {
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
        (
            "srv:_grpc._tcp.pay.example",
            Target::Srv { server: None, name: "_grpc._tcp.pay.example".into() },
            "srv:///_grpc._tcp.pay.example",
        ),
        (
            "srv://10.0.0.2:53/x",
            Target::Srv { server: Some("10.0.0.2:53".into()), name: "x".into() },
            "srv://10.0.0.2:53/x",
        ),
        ("ipv4:10.0.0.1", ip(&["10.0.0.1:443"]), "ipv4:10.0.0.1:443"),
        ("ipv4:10.0.0.1:1,10.0.0.2:2", ip(&["10.0.0.1:1", "10.0.0.2:2"]), "ipv4:10.0.0.1:1,10.0.0.2:2"),
        ("ipv4:///10.0.0.1:1", ip(&["10.0.0.1:1"]), "ipv4:10.0.0.1:1"),
        ("ipv6:[::1]:80,[::2]", ip(&["[::1]:80", "[::2]:443"]), "ipv6:[::1]:80,[::2]:443"),
        ("ipv6:::1", ip(&["[::1]:443"]), "ipv6:[::1]:443"),
        (
            "ipv6:[2001:db8::1]:50051,[fe80::1%25eth0]:1,[::2]:2",
            Target::Ip(vec![
                "[2001:db8::1]:50051".parse().unwrap(),
                Address::Name { host: "fe80::1%eth0".to_string(), port: 1 },
                "[::2]:2".parse().unwrap(),
            ]),
            "ipv6:[2001:db8::1]:50051,[fe80::1%25eth0]:1,[::2]:2",
        ),
        ("ipv6:[fe80::1%2]:80", ip(&["[fe80::1%2]:80"]), "ipv6:[fe80::1%252]:80"),
        ("unix:run/pay.sock", ip(&["unix:run/pay.sock"]), "unix:run/pay.sock"),
        ("unix:///run/my pay.sock", ip(&["unix:/run/my pay.sock"]), "unix:/run/my pay.sock"),
        ("unix-abstract:pay", ip(&["unix-abstract:pay"]), "unix-abstract:pay"),
        ("passthrough:///10.0.0.1:80", ip(&["10.0.0.1:80"]), "ipv4:10.0.0.1:80"),
        ("passthrough:pay:80", ip(&["pay:80"]), "passthrough:///pay:80"),
        ("file:endpoints.yaml", Target::File("endpoints.yaml".into()), "file:endpoints.yaml"),
        ("file:///etc/my endpoints.json", Target::File("/etc/my endpoints.json".into()), "file:/etc/my endpoints.json"),
        ("file:////x", Target::File("//x".into()), "file:////x"),
        ("consul:///pay", Target::Consul(consul("pay")), "consul:///pay"),
        ("consul:pay", Target::Consul(consul("pay")), "consul:///pay"),
        (
            "consul://127.0.0.1:8500/my%20pay/?healthy=true&tag=a%2Bb&tag=c+d&dc=eu&near=_agent&ns=team&partition=p&wait=5s",
            Target::Consul(ConsulTarget {
                agent: Some("127.0.0.1:8500".into()),
                tags: vec!["a+b".into(), "c d".into()],
                dc: Some("eu".into()),
                near: Some("_agent".into()),
                passing_only: true,
                namespace: Some("team".into()),
                partition: Some("p".into()),
                ..consul("my pay")
            }),
            "consul://127.0.0.1:8500/my%20pay?tag=a%2Bb&tag=c%20d&dc=eu&near=_agent&healthy=true&ns=team&partition=p",
        ),
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
        ("kubernetes:6443", dns(None, "kubernetes", Some(6443)), "dns:///kubernetes:6443"),
        ("etcd:///pay", Target::Etcd(etcd(&[], "pay")), "etcd:///pay"),
        ("etcd:pay/", Target::Etcd(etcd(&[], "pay")), "etcd:///pay"),
        ("etcd:///team/my%20pay/", Target::Etcd(etcd(&[], "team/my pay")), "etcd:///team/my%20pay"),
        ("etcd://h1:2379/K", Target::Etcd(etcd(&["h1:2379"], "K")), "etcd://h1:2379/K"),
        (
            "eureka:///PAY/",
            Target::Eureka(EurekaTarget { app: "PAY".to_string(), ..EurekaTarget::default() }),
            "eureka:///PAY",
        ),
        (
            "eureka://PAY",
            Target::Eureka(EurekaTarget { app: "PAY".to_string(), ..EurekaTarget::default() }),
            "eureka:///PAY",
        ),
        (
            "eureka://h1:8761/eureka/v2/PAY/",
            Target::Eureka(EurekaTarget {
                server: Some("h1:8761".to_string()),
                path: Some("/eureka/v2".to_string()),
                user: None,
                app: "PAY".to_string(),
            }),
            "eureka://h1:8761/eureka/v2/PAY",
        ),
        ("zookeeper:///pay", Target::Zookeeper(zookeeper(&[], "pay")), "zookeeper:///pay"),
        (
            "zk://h1:2181,[::1]/com.x.Pay",
            Target::Zookeeper(zookeeper(&["h1:2181", "[::1]"], "com.x.Pay")),
            "zookeeper://h1:2181,[::1]/com.x.Pay",
        ),
        (
            "zk:pay?prefix=/eu&layout=dubbo-app",
            Target::Zookeeper(ZookeeperTarget {
                prefix: Some("/eu".to_string()),
                layout: Some("dubbo-app"),
                ..zookeeper(&[], "pay")
            }),
            "zookeeper:///pay?prefix=/eu&layout=dubbo-app",
        ),
        (
            "etcd:///h1:2379,h2:2379?key=K",
            go_zero(&["h1:2379", "h2:2379"], "K"),
            "etcd://h1:2379,h2:2379/K?layout=go-zero",
        ),
        ("etcd://h1?key=/K", go_zero(&["h1"], "/K"), "etcd://h1/%2FK?layout=go-zero"),
        ("discov://h1,[::1]:2379/K", go_zero(&["h1", "[::1]:2379"], "K"), "etcd://h1,[::1]:2379/K?layout=go-zero"),
        (
            "etcd://[2001:db8::1]:2379,h2/pay?prefix=/my%2Dspace&layout=kratos",
            Target::Etcd(EtcdTarget {
                prefix: Some("/my-space".into()),
                layout: Some("kratos"),
                ..etcd(&["[2001:db8::1]:2379", "h2"], "pay")
            }),
            "etcd://[2001:db8::1]:2379,h2/pay?prefix=/my-space&layout=kratos",
        ),
        ("xds:///pay", unsupported("xds", "///pay"), "xds:///pay"),
        ("discovery:///pay", unsupported("discovery", "///pay"), "discovery:///pay"),
        ("vsock:3:50051", unsupported("vsock", "3:50051"), "vsock:3:50051"),
    ]
}

#[test]
fn every_form_means_what_it_says() {
    for (text, target, _) in table() {
        assert_eq!(parse(text).as_ref(), Ok(&target), "{text}");
    }
}

#[test]
fn the_canonical_form_means_the_same_target() {
    for (text, target, canonical) in table() {
        assert_eq!(target.to_string(), canonical, "{text}");
        assert_eq!(parse(canonical).as_ref(), Ok(&target), "{canonical}");
    }
}

/// What is typed, the position, and a part of the sentence.
const REFUSED: &[(&str, usize, &str)] = &[
    ("", 0, "is empty"),
    (" ", 0, "white space"),
    ("pay ", 3, "white space"),
    ("dns:///pay example", 10, "white space"),
    ("127.0.0.1:99999", 10, "port 99999 is above 65535; write 127.0.0.1:50051"),
    ("pay:0", 4, "nothing can listen on port 0"),
    ("pay:grpc-x", 4, "neither a port number nor the name of a well-known service"),
    (":", 0, "no host and no port"),
    ("a..b", 2, "empty label"),
    (".", 0, "empty label"),
    ("10.0.0.256:80", 0, "no IPv4 address"),
    ("[fe80::1%eth/0]:80", 8, "name or number of an interface"),
    ("pay:80:90", 0, "more than one colon"),
    ("[::1", 0, "never closed"),
    ("[::1]x", 5, "cannot follow"),
    ("[pay/x]:80", 4, "cannot be part of a host name"),
    ("pay/x", 3, "'/' cannot be part"),
    ("pay\u{0}:80", 3, "U+0000 is a control character"),
    ("pay\u{1b}[31m", 3, "U+001B"),
    ("dns:", 4, "no host is named; write dns:///pay.example:50051"),
    ("dns:///", 7, "no host is named; write dns:///pay.example:50051"),
    ("dns://", 6, "no name follows"),
    ("dns://pay.example:443", 6, "write dns:///pay.example:443"),
    ("dns:///pay:70000", 11, "above 65535"),
    ("srv:///", 7, "no name"),
    ("srv:///_grpc._tcp.pay:80", 21, "bring their own ports"),
    ("ipv4:", 5, "empty element"),
    ("ipv4:,", 5, "empty element"),
    ("ipv4:10.0.0.1:1,pay:2", 16, "\"pay\" is not an IPv4 address"),
    ("ipv4:10.0.0.1:1,10.0.0.2:x", 25, "\"x\" is no port number"),
    ("ipv6:[::1", 5, "never closed"),
    ("ipv6:10.0.0.1:80", 5, "not an IPv6 address"),
    ("unix:", 5, "no path"),
    ("unix://run/pay.sock", 7, "takes no server"),
    ("unix-abstract:", 14, "no path"),
    ("unix-abstract://auth/pay", 16, "takes no server"),
    ("file:", 5, "no path"),
    ("file://host/x", 7, "takes no server"),
    ("passthrough:///pay", 18, "no default port"),
    ("consul://:8500/", 9, "no host"),
    ("consul://127.0.0.1:8500/", 24, "no service is named; write consul:///pay"),
    ("consul:///", 10, "no service"),
    ("consul://pay", 9, "write consul:///pay"),
    ("consul:///pay?colour=red", 14, "\"colour\" is no parameter of consul: (known: tag, dc"),
    ("consul:///pay?dc=a&dc=b", 19, "dc is given twice"),
    ("consul:///pay?healthy=maybe", 22, "true or false"),
    ("consul:///p%zz", 11, "two hexadecimal digits"),
    ("consul:///p%ff", 10, "no UTF-8"),
    ("consul:///p%0ay", 10, "control character"),
    ("etcd:///", 8, "no service is named; write etcd:///pay"),
    ("etcd://pay", 7, "write etcd:///pay"),
    ("etcd://h1:2379", 7, "no service follows"),
    ("etcd://h1:x/pay", 10, "\"x\" is no port number"),
    ("etcd://h1,,h2/pay", 10, "empty element"),
    ("etcd://joe:hunter2@h1/pay", 7, "ETCDCTL_USER"),
    ("etcd:///h1:2379,h2:2379", 15, "needs a key; write etcd:///10.0.0.1:2379"),
    ("etcd:///h1:2379?key=", 20, "no key"),
    ("etcd:///h1:2379?key=a&key=b", 22, "key is given twice"),
    ("etcd:///h1:2379?key=a&layout=kratos", 5, "layout= names another"),
    ("etcd:///pay?layout=spring", 19, "\"spring\" is no layout (known: etcd-naming, go-zero"),
    ("etcd:///pay?colour=red", 12, "no parameter of etcd: (known: prefix, layout, key)"),
    ("etcd:///p%zz", 9, "two hexadecimal digits"),
    ("eureka:///", 9, "no application is named; write eureka://10.0.0.1:8761/PAY"),
    ("eureka://h1:8761", 9, "a server, and no application follows"),
    ("eureka://h1:x/PAY", 12, "\"x\" is no port number"),
    ("eureka://h1/PAY?x=1", 15, "takes no parameters"),
    ("zookeeper:///", 13, "no service is named; write zookeeper:///pay"),
    ("zk://h1:2181", 5, "ZooKeeper's servers, and no service follows"),
    ("zk://joe:hunter2@h1/pay", 5, "ZOOKEEPER_AUTH"),
    ("zk:///pay?layout=go-zero", 17, "\"go-zero\" is no layout (known: kratos, kitex"),
    ("zk:///pay?key=a", 10, "no parameter of zookeeper: (known: prefix, layout)"),
    ("discov://h1/K?x=1", 13, "takes no parameters"),
    ("discov://h1", 9, "write discov:///h1"),
    ("kubernetes:///", 14, "no service is named; write kubernetes:///pay.prod:grpc"),
    ("kubernetes:///:80", 14, "no service"),
    ("kubernetes:///pay.prod.pod", 23, "comes svc"),
    ("kubernetes:///pay..svc", 18, "the namespace is empty"),
    ("kubernetes:///Pay", 14, "'P' cannot be part of a service"),
    ("kubernetes:///pay-", 14, "neither begins nor ends"),
    ("kubernetes:///pay:", 18, "no port follows"),
    ("kubernetes:///pay:0", 18, "nothing can listen on port 0"),
    ("kubernetes:///pay:GRPC", 18, "neither a port number nor a port's name"),
    ("kubernetes://prod/pay.dev", 18, "and another follows; write kubernetes://prod/pay:grpc"),
    ("kubernetes:///pay?layout=kitex", 25, "\"kitex\" is no layout (known: kratos)"),
    ("kubernetes:///pay?layout=kratos&layout=kratos", 32, "layout is given twice"),
    ("kubernetes:///pay:grpc?layout=kratos", 17, "no port can be named: the pods say theirs"),
    ("kubernetes:///?layout=kratos", 14, "no service is named; write kubernetes://prod/pay?layout=kratos"),
    ("kubernetes:///pay/x?layout=kratos", 17, "'/' cannot be part of a label"),
    ("kubernetes:///pay.?layout=kratos", 14, "begins and ends with a letter or a digit"),
    ("k8s:///pay?x=1", 11, "\"x\" is no parameter of k8s: (known: layout)"),
    ("consol:///pay", 0, "consol: is no known scheme (near: consul:)"),
    ("kubernetes8://x", 0, "near: kubernetes:"),
    ("gopher://x", 0, "known: dns, srv"),
    ("http://10.0.0.7:50051", 0, "is the scheme of a URL, not of a gRPC target; write 10.0.0.7:50051 --plaintext"),
    ("http://10.0.0.7/x", 0, "write 10.0.0.7:80 --plaintext"),
    ("https://joe@pay.example/v1", 0, "write pay.example"),
    ("grpc://pay.example:50051", 0, "write pay.example:50051"),
];

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

#[test]
fn what_is_no_target_is_refused_with_position_and_example() {
    for (text, position, part) in REFUSED {
        let error = parse(text).expect_err(text);
        assert_eq!(error.position, *position, "{text:?}: {error}");
        assert!(error.to_string().contains(part), "{text:?}: {error}");
        assert!(!error.example.is_empty(), "{text:?}");
    }
}

#[test]
fn an_error_reads_as_a_sentence() {
    let error = parse("127.0.0.1:99999").unwrap_err();
    assert_eq!(
        error.to_string(),
        "target \"127.0.0.1:99999\": position 10: port 99999 is above 65535; write 127.0.0.1:50051"
    );
}

#[test]
fn examples_of_errors_are_targets() {
    for example in [
        "dns:///pay.example:50051",
        "srv:///_grpc._tcp.pay.example",
        "passthrough:///10.0.0.7:50051",
        "ipv4:10.0.0.1:50051,10.0.0.2:50051",
        "ipv6:[2001:db8::1]:50051,[2001:db8::2]:50051",
        "unix:/run/pay.sock",
        "unix-abstract:pay",
        "file:endpoints.yaml",
        "consul:///pay?tag=v1",
        "etcd:///pay",
        "etcd://10.0.0.1:2379,10.0.0.2:2379/pay",
        "etcd:///10.0.0.1:2379,10.0.0.2:2379?key=pay.rpc",
        "etcd:///pay?layout=kratos",
        "etcd:///pay?prefix=/microservices",
        "discov://10.0.0.1:2379,10.0.0.2:2379/pay.rpc",
        "kubernetes:///pay.prod:grpc",
        "kubernetes:///pay.prod.svc.cluster.local:grpc",
        "kubernetes://prod/pay:grpc",
        "eureka://10.0.0.1:8761/PAY",
        "zookeeper:///pay",
        "zookeeper://10.0.0.1:2181,10.0.0.2:2181/pay",
        "zookeeper:///pay?layout=kratos",
        "zookeeper:///pay?prefix=/microservices",
        "dns://10.0.0.2:53/pay.example",
    ] {
        assert!(parse(example).is_ok(), "{example}");
    }
}

#[test]
fn noise_is_refused_with_a_short_message() {
    for noise in [
        "x".repeat(10_000),
        "a.".repeat(5_000),
        "[".repeat(10_000),
        ",".repeat(10_000),
        "dns:///".repeat(2_000),
        "ü".repeat(100_000),
    ] {
        let error = parse(&noise).unwrap_err();
        assert!(error.to_string().len() < 700, "{error}");
        assert!(error.position <= noise.len());
    }
}

#[test]
fn secrets_are_never_shown() {
    let target = parse("consul://joe:hunter2@10.0.0.1:8500/pay?token=s3cr3t&dc=eu").unwrap();
    let Target::Consul(consul) = &target else { panic!("{target:?}") };
    assert_eq!(consul.token.as_ref().unwrap().reveal(), "s3cr3t");
    assert_eq!(consul.user.as_ref().unwrap().1.reveal(), "hunter2");
    assert_eq!(target.to_string(), "consul://joe:***@10.0.0.1:8500/pay?dc=eu&token=***");
    let target = parse("eureka://joe:hunt%65r2@10.0.0.1:8761/PAY").unwrap();
    let Target::Eureka(eureka) = &target else { panic!("{target:?}") };
    assert_eq!(eureka.user.as_ref().map(|(_, password)| password.reveal()), Some("hunter2"));
    assert_eq!(target.to_string(), "eureka://joe:***@10.0.0.1:8761/PAY");
    for text in [
        "consul://joe:hunter2@10.0.0.1:8500/pay?token=s3cr3t&healthy=no",
        "consul://joe:hunter2@10.0.0.1:99999/pay?token=s3cr3t",
        "consul:///pay?token=hunter2%zz&x=1",
        "consul:///pay?Token=hunter2",
        "nacos://joe:hunter2@10.0.0.1:8848/pay?password=s3cr3t",
        "mysql://joe:hunter2@10.0.0.1/pay",
        "joe:hunter2@pay.example:80",
        "consul://joe:hunter2@pay",
        "joe:hunter2@pay.example",
        "dns://joe:hunter2@pay.example",
        "dns://joe:hunter2@10.0.0.1/pay.example",
        "consul://[::1]:hunter2@x/pay",
        "etcd://joe:hunter2@h1/pay",
        "etcd://joe:hunter2@h1",
        "eureka://joe:hunter2@h1/pay",
        "eureka://joe:hunter2@h1",
        "zookeeper://joe:hunter2@h1/pay",
        "etcd:///joe:hunter2@h1?key=K",
    ] {
        let said = match parse(text) {
            Ok(target) => format!("{target} {target:?}"),
            Err(error) => format!("{error} {error:?}"),
        };
        assert!(!said.contains("hunter2") && !said.contains("s3cr3t"), "{said}");
    }
}

#[test]
fn a_scheme_without_backend_says_what_there_is() {
    let have = ["ip", "file", "dns", "consul"];
    let reason = |text: &str| parse(text).unwrap().unsupported_reason(&have);
    assert_eq!(
        reason("kubernetes:///pay").as_deref(),
        Some(
            "kubernetes: is understood, but this version has no kubernetes backend (it is built with `--features \
             kubernetes`); it has: consul, dns, file, ip"
        )
    );
    assert!(reason("nacos:///pay").unwrap().contains("nacos: is understood, but this version has no nacos backend"));
    assert!(reason("discovery:///pay").unwrap().contains("does not say which registry"));
    assert_eq!(reason("dns:///pay"), None);
    assert_eq!(reason("pay"), None);
}

#[test]
fn a_backend_that_was_left_out_of_the_build_is_named_with_its_feature() {
    let manifest: toml::Value = toml::from_str(include_str!("../../../Cargo.toml")).unwrap();
    let features = manifest["features"]["default"].as_array().unwrap().iter().filter_map(toml::Value::as_str);
    for backend in features.filter(|feature| *feature != "dns") {
        let reason = parse(&format!("{backend}:///pay")).unwrap().unsupported_reason(&["dns"]).unwrap();
        let says = format!("no {backend} backend (it is built with `--features {backend}`)");
        assert!(reason.contains(&says), "{reason}");
    }
}

/// Deterministic noise: xorshift64*.
struct Noise(u64);

impl Noise {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % limit
    }
}

#[test]
fn no_input_panics_and_what_parses_prints_itself() {
    const BITS: [&str; 41] = [
        ":",
        "/",
        "//",
        "///",
        "[",
        "]",
        "%",
        "%25",
        "%00",
        "%ff",
        "?",
        "&",
        "=",
        "@",
        ",",
        ".",
        "..",
        "-",
        "0",
        "443",
        "99999",
        "::1",
        "ü",
        "\u{202e}",
        "\u{0}",
        " ",
        "\n",
        "token=x",
        "tag=",
        "dns:",
        "consul:",
        "unix:",
        "+",
        "#",
        "etcd:",
        "zk:",
        "key=",
        "prefix=",
        "layout=kratos",
        "kubernetes:",
        ".svc",
    ];
    let seeds: Vec<&str> = table().iter().map(|row| row.0).chain(REFUSED.iter().map(|row| row.0)).collect();
    let mut noise = Noise(0x9E37_79B9_7F4A_7C15);
    for round in 0..300_000 {
        let mut text: Vec<char> = seeds[round % seeds.len()].chars().collect();
        for _ in 0..=noise.below(4) {
            let at = noise.below(text.len() + 1);
            match noise.below(4) {
                0 => drop(text.splice(at..at, BITS[noise.below(BITS.len())].chars())),
                1 => drop(text.splice(at..text.len().min(at + 1 + noise.below(3)), None)),
                2 => text.truncate(at),
                _ => drop(text.splice(at..at, seeds[noise.below(seeds.len())].chars().take(8))),
            }
        }
        let text: String = text.into_iter().collect();
        match parse(&text) {
            Err(error) => {
                assert!(error.position <= text.len() && text.is_char_boundary(error.position), "{text:?}: {error}");
                assert!(error.to_string().lines().count() == 1, "{error}");
            }
            Ok(Target::Eureka(eureka)) if eureka.user.is_some() => {}
            Ok(Target::Consul(consul)) if consul.token.is_some() || consul.user.is_some() => {}
            Ok(target) => assert_eq!(parse(&target.to_string()).as_ref(), Ok(&target), "{text:?}"),
        }
    }
}
