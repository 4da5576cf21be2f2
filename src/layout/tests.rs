use super::*;
use crate::model::endpoint::EndpointStatus;

/// Those that are written to etcd, in their order.
const ETCD_LAYOUTS: [&str; 9] =
    ["etcd-naming", "go-zero", "kratos", "kitex", "go-micro", "dubbo", "dubbo-app", "goframe", "plain"];
/// Those that are written to ZooKeeper, in their order.
const ZOOKEEPER_LAYOUTS: [&str; 6] = ["kratos", "kitex", "dubbo", "dubbo-app", "spring", "plain"];

fn layout(name: &str) -> &'static dyn Layout {
    *LAYOUTS.iter().find(|layout| layout.name() == name).unwrap_or_else(|| panic!("{name}"))
}

fn reading(name: &str, rest: &str, value: &str) -> Decoded {
    layout(name).read(&Entry { service: "pay", rest, value: value.as_bytes() })
}

fn endpoints(name: &str, rest: &str, value: &str) -> Vec<Endpoint> {
    match reading(name, rest, value) {
        Decoded::Endpoints(endpoints) => endpoints,
        other => panic!("{name}: {value}: {other:?}"),
    }
}

fn unusable(name: &str, rest: &str, value: &str) -> String {
    match reading(name, rest, value) {
        Decoded::Unusable(error) => error.to_string(),
        other => panic!("{name}: {value}: {other:?}"),
    }
}

const KRATOS: &str = r#"{"id":"1","name":"pay","version":"v1","metadata":{"weight":"20"},"endpoints":["http://10.0.0.1:8000","grpc://10.0.0.1:9000"]}"#;
const KITEX: &str = r#"{"network":"tcp","address":"10.0.0.1:9000","weight":20,"tags":{"idc":"eu"}}"#;
const MICRO: &str = r#"{"name":"pay","version":"latest","metadata":null,"endpoints":[],"nodes":[{"id":"pay-1","address":"10.0.0.1:9000","metadata":{"protocol":"grpc","transport":"grpc"}}]}"#;
const NAMING: &str = r#"{"Op":0,"Addr":"10.0.0.1:9000","Metadata":null}"#;
const DUBBO: &str = "tri%3A%2F%2F10.0.0.1%3A9000%2Fcom.x.Pay%3Fapplication%3Dpay%26weight%3D200%26methods%3DPay";
const DUBBO_APP: &str = r#"{"ID":"10.0.0.1:20000","ServiceName":"pay","Host":"10.0.0.1","Port":20000,"Weight":100,"Enable":true,"Healthy":true,"Metadata":{"dubbo.endpoints":"[{\"port\":9000,\"protocol\":\"tri\"}]"},"ServiceMetadata":null,"Address":"","GroupName":"","Tag":"blue"}"#;
const SPRING: &str = r#"{"name":"pay","id":"6f1c","address":"10.0.0.1","port":8080,"sslPort":null,"payload":{"@class":"org.springframework.cloud.zookeeper.discovery.ZookeeperInstance","id":"application-1","name":"pay","metadata":{"gRPC_port":"9000"}},"registrationTimeUTC":1,"serviceType":"DYNAMIC","uriSpec":null}"#;
/// [`DUBBO_APP`] in Curator's format.
const CURATOR: &str = r#"{"name":"pay","id":"10.0.0.1:20000","address":"10.0.0.1","port":20000,"payload":{"@class":"org.apache.dubbo.registry.zookeeper.ZookeeperInstance","id":"10.0.0.1:20000","name":"pay","metadata":{"dubbo.endpoints":"[{\"port\":9000,\"protocol\":\"tri\"}]"}}}"#;
/// [`KITEX`] in ZooKeeper, where the node's name is the address.
const WEIGHED: &str = r#"{"Weight":20,"Tags":{"idc":"eu"}}"#;
const GOFRAME: &str = r#"{"insecure":true,"protocol":"grpc"}"#;

/// Layout, rest of the key and value of an instance at 10.0.0.1:9000, and the rule that determines the address.
const EACH: [(&str, &str, &str, &str); 10] = [
    ("etcd-naming", "1", NAMING, "etcd-naming: Addr"),
    ("go-zero", "7587862094925234", "10.0.0.1:9000", "go-zero: value"),
    ("kratos", "1", KRATOS, "kratos: endpoint grpc"),
    ("kitex", "10.0.0.1:9000", KITEX, "kitex: address"),
    ("go-micro", "pay-1", MICRO, "go-micro: node address"),
    ("dubbo", DUBBO, "", "dubbo: provider URL tri"),
    ("dubbo-app", "10.0.0.1:20000", DUBBO_APP, "dubbo-app: dubbo.endpoints tri"),
    ("goframe", "latest/10.0.0.1:9000", GOFRAME, "goframe: key"),
    ("spring", "6f1c", SPRING, "grpc-spring: metadata gRPC_port"),
    ("plain", "a", "10.0.0.1:9000\n", "plain: value"),
];

#[test]
fn every_layout_is_in_the_slice_and_can_be_named_in_a_target() {
    let names = |written: fn(&dyn Layout) -> bool| -> Vec<&str> {
        LAYOUTS.iter().filter(|layout| written(**layout)).map(|layout| layout.name()).collect()
    };
    assert_eq!(names(|_| true), EACH.map(|(name, ..)| name));
    assert_eq!(names(|layout| !layout.prefixes("pay").is_empty()), ETCD_LAYOUTS);
    assert_eq!(names(|layout| !layout.nodes("pay").is_empty()), ZOOKEEPER_LAYOUTS);
    for layout in LAYOUTS {
        for prefix in layout.prefixes("pay") {
            assert!(prefix.ends_with('/') && prefix.contains("pay"), "{prefix}");
        }
        for node in layout.nodes("pay") {
            assert!(node.starts_with('/') && !node.ends_with('/') && node.contains("pay"), "{node}");
        }
    }
}

#[test]
fn every_layout_finds_the_address_and_names_the_rule() {
    for (name, rest, value, rule) in EACH {
        let [endpoint] = &endpoints(name, rest, value)[..] else { panic!("{name}") };
        assert_eq!(endpoint.address.to_string(), "10.0.0.1:9000", "{name}");
        assert_eq!(endpoint.layout.as_ref().map(ToString::to_string).as_deref(), Some(rule));
    }
}

#[test]
fn what_stands_in_zookeeper_is_read_by_the_layout_that_wrote_it() {
    for (name, rest, value, rule) in [
        ("kratos", "1", KRATOS, "kratos: endpoint grpc"),
        ("kitex", "10.0.0.1:9000", WEIGHED, "kitex: node name"),
        ("dubbo", DUBBO, "", "dubbo: provider URL tri"),
        ("dubbo-app", "10.0.0.1:20000", CURATOR, "dubbo-app: dubbo.endpoints tri"),
        ("spring", "6f1c", SPRING, "grpc-spring: metadata gRPC_port"),
        ("plain", "a", "10.0.0.1:9000", "plain: value"),
    ] {
        let nodes = layout(name).nodes("pay");
        let beside: Vec<&dyn Layout> = LAYOUTS
            .iter()
            .copied()
            .filter(|other| other.nodes("pay").iter().any(|node| nodes.contains(node)))
            .collect();
        let Decoded::Endpoints(found) = read(&beside, &Entry { service: "pay", rest, value: value.as_bytes() }) else {
            panic!("{name}");
        };
        assert_eq!(found[0].layout.as_ref().map(ToString::to_string).as_deref(), Some(rule));
        assert_eq!(found[0].address.to_string(), "10.0.0.1:9000");
    }
    let kitex = &endpoints("kitex", "10.0.0.1:9000", WEIGHED)[0];
    assert_eq!((kitex.weight, kitex.metadata["idc"].as_str()), (Some(20), "eu"));
}

#[test]
fn layouts_that_share_a_prefix_do_not_take_each_others_entries() {
    let shared = |name: &str| layout(name).prefixes("pay");
    for (name, rest, value, rule) in EACH.into_iter().filter(|(name, ..)| ETCD_LAYOUTS.contains(name)) {
        let beside: Vec<&dyn Layout> = LAYOUTS
            .iter()
            .copied()
            .filter(|other| other.prefixes("pay").iter().any(|p| shared(name).contains(p)))
            .collect();
        let Decoded::Endpoints(found) = read(&beside, &Entry { service: "pay", rest, value: value.as_bytes() }) else {
            panic!("{name}");
        };
        assert_eq!(found[0].layout.as_ref().map(ToString::to_string).as_deref(), Some(rule));
    }
    // Under a custom prefix every layout is tried, and each entry is still recognised.
    for (name, rest, value, rule) in EACH {
        let Decoded::Endpoints(found) = read(LAYOUTS, &Entry { service: "pay", rest, value: value.as_bytes() }) else {
            panic!("{name}");
        };
        assert_eq!(found[0].layout.as_ref().map(ToString::to_string).as_deref(), Some(rule));
    }
}

#[test]
fn what_a_framework_registers_about_an_instance_is_kept() {
    let kratos = &endpoints("kratos", "1", KRATOS)[0];
    assert_eq!((kratos.weight, kratos.metadata["version"].as_str()), (Some(20), "v1"));
    let kitex = &endpoints("kitex", "x", KITEX)[0];
    assert_eq!((kitex.weight, kitex.metadata["idc"].as_str()), (Some(20), "eu"));
    let weightless = KITEX.replace("20", "0");
    assert_eq!(endpoints("kitex", "x", &weightless)[0].weight, Some(10), "as its reader takes it");
    assert_eq!(endpoints("go-micro", "x", MICRO)[0].metadata["version"], "latest");
    let dubbo = &endpoints("dubbo", DUBBO, "")[0];
    assert_eq!((dubbo.weight, dubbo.metadata["application"].as_str()), (Some(200), "pay"));
    let disabled = format!("{DUBBO}%26disabled%3Dtrue");
    assert_eq!(endpoints("dubbo", &disabled, "")[0].status, EndpointStatus::Draining);
    let app = &endpoints("dubbo-app", "x", DUBBO_APP)[0];
    assert_eq!((app.weight, app.tags.as_slice()), (Some(100), ["blue".to_string()].as_slice()));
    let off = DUBBO_APP.replace(r#""Enable":true"#, r#""Enable":false"#);
    assert_eq!(endpoints("dubbo-app", "x", &off)[0].status, EndpointStatus::Draining);
    let two = endpoints("goframe", "v2/10.0.0.1:9000,[2001:db8::1]:9000", GOFRAME);
    assert_eq!((two.len(), two[1].address.to_string().as_str()), (2, "[2001:db8::1]:9000"));
    let secure = KRATOS.replace("grpc://10.0.0.1:9000", "grpcs://[2001:db8::1]:9000?isSecure=true");
    assert_eq!(endpoints("kratos", "1", &secure)[0].address.to_string(), "[2001:db8::1]:9000");
}

#[test]
fn what_is_of_no_use_for_grpc_is_reported_with_the_reason() {
    let http = KRATOS.replace("grpc://", "tcp://");
    for (name, rest, value, why) in [
        ("kratos", "1", http.as_str(), "kratos registered it for http and tcp only, not for grpc"),
        ("kratos", "1", r#"{"name":"pay","endpoints":null}"#, "kratos registered it without an endpoint"),
        ("kratos", "1", r#"{"name":"payroll","endpoints":[]}"#, "belongs to service \"payroll\""),
        ("kratos", "1", r#"{"name":"pay","endpoints":["grpc://10.0.0.1"]}"#, "it has no port"),
        ("etcd-naming", "1", r#"{"Addr":"10.0.0.1"}"#, "invalid Addr: \"10.0.0.1\" has no port"),
        ("kitex", "1", r#"{"network":"udp","address":"10.0.0.1:1"}"#, "network \"udp\""),
        ("go-micro", "1", &MICRO.replacen("grpc", "mucp", 1), "go-micro registered it for mucp only, not for grpc"),
        ("go-micro", "1", r#"{"nodes":[]}"#, "go-micro registered it without a node"),
        ("dubbo", "dubbo%3A%2F%2F10.0.0.1%3A20880%2Fx", "", "dubbo registered it for dubbo only, not for tri or grpc"),
        ("dubbo-app", "1", &DUBBO_APP.replace("tri", "dubbo"), "dubbo-app registered it for dubbo only"),
        ("dubbo-app", "1", r#"{"Host":"10.0.0.1","Port":0}"#, "invalid port 0"),
        ("goframe", "v/10.0.0.1:1", r#"{"protocol":"http"}"#, "goframe registered it for http only, not for grpc"),
        ("spring", "1", &SPRING.replace("9000", "many"), "gRPC_port is \"many\", which is not a valid port"),
        ("spring", "1", &SPRING.replace("gRPC_port", "x").replace("8080", "0"), "registered it without a port"),
        ("plain", "1", "http://10.0.0.1:80", "registered for http only, not for grpc"),
    ] {
        let text = unusable(name, rest, value);
        assert!(text.contains(why), "{name}: {text}");
    }
    assert_eq!(reading("dubbo", "", ""), Decoded::Nothing);
}

#[cfg(any(feature = "consul", feature = "etcd", feature = "eureka", feature = "zookeeper"))]
#[test]
fn the_port_that_spring_gives_to_its_web_server_is_doubted() {
    let web = SPRING.replace(r#""gRPC_port":"9000""#, r#""instance_status":"UP""#);
    let of_spring = &endpoints("spring", "1", &web)[0];
    assert_eq!(of_spring.address.to_string(), "10.0.0.1:8080");
    assert_eq!(
        of_spring.layout.as_ref().map(ToString::to_string).as_deref(),
        Some("spring: address and port, no gRPC_port in its metadata")
    );
    let of_another = &endpoints("spring", "1", &web.replace("org.springframework.cloud", "com.example"))[0];
    assert_eq!(of_another.layout.as_ref().map(ToString::to_string).as_deref(), Some("spring: address and port"));
    let named = &endpoints("spring", "1", SPRING)[0];
    assert_eq!(spring::doubts(&[named.clone(), of_another.clone()]), None);
    let doubt = spring::doubts(&[named.clone(), of_spring.clone()]).unwrap();
    assert!(doubt.text.starts_with("1 of 2 endpoints have no gRPC_port"), "{doubt:?}");
    assert!(doubt.text.ends_with(": 10.0.0.1:8080"), "{doubt:?}");
}

/// Deterministic random numbers: xorshift64*.
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
fn no_input_panics() {
    let mut noise = Noise(0x9E37_79B9_7F4A_7C15);
    for round in 0..60_000 {
        let (_, rest, value, _) = EACH[round % EACH.len()];
        let mut parts = [rest.as_bytes().to_vec(), value.as_bytes().to_vec()];
        for part in &mut parts {
            for _ in 0..=noise.below(4) {
                let at = noise.below(part.len() + 1);
                let other = EACH[noise.below(EACH.len())].2.as_bytes();
                match noise.below(5) {
                    0 => part.insert(at, noise.below(256) as u8),
                    1 => drop(part.splice(at..part.len().min(at + 1 + noise.below(4)), None)),
                    2 => part.truncate(at),
                    3 => drop(part.splice(at..at, other.iter().copied().skip(noise.below(other.len() + 1)).take(8))),
                    _ => *part = (0..noise.below(64)).map(|_| noise.below(256) as u8).collect(),
                }
            }
        }
        let rest = String::from_utf8_lossy(&parts[0]);
        #[cfg(feature = "consul")]
        in_consul(&mut noise, &rest, &String::from_utf8_lossy(&parts[1]));
        for layout in LAYOUTS {
            let entry = Entry { service: "pay", rest: &rest, value: &parts[1] };
            if let Decoded::Endpoints(found) = layout.read(&entry) {
                assert!(!found.is_empty() && found.iter().all(|endpoint| endpoint.layout.is_some()), "{entry:?}");
            }
        }
    }
}

/// An instance in Consul whose tags and metadata are what frameworks write, with random changes.
#[cfg(feature = "consul")]
fn in_consul(noise: &mut Noise, rest: &str, value: &str) {
    const PACKED: &str = "t-789caa562a28ca2fc94fcecf51b2524a2f2a4856aa05040000ffff468306d9";
    let mut tag = PACKED.as_bytes().to_vec();
    for _ in 0..noise.below(3) {
        let at = noise.below(tag.len());
        tag[at] = [b'0', b'f', b'z', 0xc3][noise.below(4)];
    }
    tag.truncate(tag.len() - noise.below(2) * noise.below(tag.len()));
    let tags =
        [String::from_utf8_lossy(&tag).into_owned(), format!("t={value}"), format!("v={rest}"), value.to_string()];
    let meta = [("metadata".to_string(), value.to_string()), ("version".to_string(), rest.to_string())].into();
    let id = format!("pay-{rest}-10.0.0.1:9000");
    let instance = consul::Instance {
        id: &id,
        name: "pay",
        address: "10.0.0.1",
        port: 9000,
        tags: &tags[..noise.below(5)],
        meta: &meta,
        checks: &["grpc"],
    };
    match super::in_consul(&instance) {
        None => {}
        Some(Ok(text)) => assert!(["go-micro", "goframe"].contains(&text.layout), "{text:?}"),
        Some(Err(error)) => assert!(error.to_string().ends_with(" only, not for grpc"), "{error}"),
    }
}

#[test]
fn ports_of_dubbo_that_cannot_be_read_give_way_to_the_instances_own() {
    for garbled in ["not json", "{}", "[{\\\"port\\\":\\\"x\\\"}]"] {
        let damaged = |text: &str| {
            let from = text.find("\"dubbo.endpoints\":\"").unwrap() + "\"dubbo.endpoints\":\"".len();
            let to = from + text[from..].find("]\"").unwrap() + 1;
            format!("{}{garbled}{}", &text[..from], &text[to..])
        };
        let own = &endpoints("dubbo-app", "10.0.0.1:20000", &damaged(DUBBO_APP))[0];
        assert_eq!(own.address.to_string(), "10.0.0.1:20000", "{garbled}");
        assert_eq!(
            own.layout.as_ref().map(ToString::to_string).as_deref(),
            Some("dubbo-app: Host and Port, dubbo.endpoints cannot be read")
        );
        let curators = &endpoints("dubbo-app", "10.0.0.1:20000", &damaged(CURATOR))[0];
        assert_eq!(curators.address.to_string(), "10.0.0.1:20000", "{garbled}");
    }
}

#[test]
fn what_cannot_be_read_is_described_without_being_repeated() {
    for (value, why) in [
        (&b"\xff\xfe"[..], "it is not valid UTF-8 text"),
        (b" ", "it is empty"),
        (b"{\"id\":\"2\",\"endpoints\":[", "it is not valid JSON (line 1, column 23)"),
        (b"{\"a\":1}", "it is JSON in a form that no known framework writes"),
        (b"10.0.0.1:0", "it is not an address: it has port 0, which is not a valid port"),
        (b"10.0.0.1:65536", "it is not an address: it has an invalid port: must be from 1 to 65535"),
        (b"grpc://10.0.0.1:abc", "it is not an address: it has an invalid port: must be from 1 to 65535"),
        (b"to be done", "it is neither JSON nor an address"),
    ] {
        assert_eq!(unread(value), why);
    }
}
