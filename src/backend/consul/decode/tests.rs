use super::*;
use crate::model::endpoint::Address;

fn decode_for(json: &str, target: &ConsulTarget) -> Decoded {
    decode(&json::mended(json.as_bytes().to_vec()), target).unwrap()
}

fn decode_all(json: &str) -> Decoded {
    decode_for(json, &ConsulTarget::default())
}

#[test]
fn one_entry_that_cannot_be_read_spoils_no_other_and_is_named() {
    let good = entry(r#""Address":"10.0.0.1","Port":9000"#, PASSING);
    for (bad, words) in [
        (
            r#"{"Node":{"Node":"n7"},"Service":{"ID":"pay-7","Port":"abc"}}"#,
            r#"instance "pay-7" on node "n7" cannot be parsed"#,
        ),
        (r#"{"Node":{"Node":"n7"},"Service":7}"#, r#"an entry of node "n7" cannot be parsed"#),
        ("[[[[[[]]]]]]", "an entry cannot be parsed"),
        (
            r#"{"Node":{"Node":"n7","Address":"10.0.0.7"},"Service":{"ID":"pay-7","Port":0}}"#,
            r#"instance "pay-7" on node "n7": invalid port 0"#,
        ),
        (r#"{"Node":{"Node":"n7","Address":"10.0.0.7"},"Service":{"ID":"pay-7","Port":65536}}"#, "port 65536"),
    ] {
        let decoded = decode_all(&format!("[{bad},{good}]"));
        assert_eq!((decoded.registered, decoded.endpoints.len()), (2, 1), "{bad}");
        let left_out = texts(&decoded, NoteKind::LeftOut);
        assert!(left_out[0].contains(words), "{bad}: {left_out:?}");
        assert!(texts(&decoded, NoteKind::Unreadable).is_empty());
    }
    let mixed = decode_all(
        r#"[{"Service":{"ID":"a","Port":"abc"}},{"Node":{"Address":"10.0.0.7"},"Service":{"ID":"b","Port":0}}]"#,
    );
    assert!(
        texts(&mixed, NoteKind::Unreadable)[0].starts_with("1 of 2 entries cannot be read, and no other"),
        "{mixed:?}"
    );
}

#[test]
fn what_gos_clients_read_is_read() {
    let twice = entry(r#""Address":"10.0.0.1","Port":1,"Port":9000"#, PASSING);
    assert_eq!(decode_all(&format!("[{twice}]")).endpoints[0].address.to_string(), "10.0.0.1:9000");
    let lone = entry(r#""Address":"10.0.0.1","Port":9000,"Tags":["\ud800"]"#, PASSING);
    assert_eq!(decode_all(&format!("[{lone}]")).endpoints[0].tags, ["\u{fffd}"]);
    let mut bytes = format!("[{}]", entry(r#""Address":"10.0.0.1","Port":9000,"Tags":["X"]"#, PASSING)).into_bytes();
    let at = bytes.iter().position(|byte| *byte == b'X').unwrap();
    bytes[at] = 0xff;
    let decoded = decode(&json::mended(bytes), &ConsulTarget::default()).unwrap();
    assert_eq!(decoded.endpoints[0].tags, ["\u{fffd}"]);
}

fn texts(decoded: &Decoded, kind: NoteKind) -> Vec<&str> {
    decoded.notes.iter().filter(|note| note.kind == kind).map(|note| note.text.as_str()).collect()
}

/// One entry with `service` (the inside of its object, without an id or name that of `pay-1`) and `checks`.
fn entry(service: &str, checks: &str) -> String {
    let own = |name: &str, usual: &str| match service.contains(&format!("{name:?}:")) {
        true => String::new(),
        false => format!("{name:?}:{usual:?},"),
    };
    let (id, name) = (own("ID", "pay-1"), own("Service", "pay"));
    format!(
        r#"{{"Node":{{"Node":"n1","Address":"10.9.9.9","Datacenter":"eu"}},"Service":{{{id}{name}{service}}},"Checks":[{checks}]}}"#
    )
}

fn one(service: &str, checks: &str) -> Endpoint {
    let decoded = decode_all(&format!("[{}]", entry(service, checks)));
    let [endpoint] = &decoded.endpoints[..] else { panic!("{decoded:?}") };
    endpoint.clone()
}

fn refused(service: &str) -> String {
    let decoded = decode_all(&format!("[{}]", entry(service, "")));
    assert_eq!(decoded.endpoints, [], "{service}");
    texts(&decoded, NoteKind::Skipped)[0].to_string()
}

const PASSING: &str = r#"{"Node":"n1","CheckID":"serfHealth","Name":"Serf Health Status","Status":"passing","Notes":"","Output":"Agent alive and reachable","ServiceID":"","Type":""}"#;
const CRITICAL: &str = r#"{"CheckID":"service:pay-1","Name":"Service 'pay' check","Status":"critical","Output":"dial tcp 10.0.0.1:9000: connect: connection refused","Type":"tcp"}"#;
const WARNING: &str = r#"{"CheckID":"disk","Name":"disk","Status":"warning","Output":"80% full"}"#;
const MAINTENANCE: &str = r#"{"CheckID":"_service_maintenance:pay-1","Name":"Service Maintenance Mode","Status":"critical","Notes":"rolling out 42","Output":"","Type":"maintenance"}"#;

#[test]
fn an_instance_keeps_everything_that_consul_reports_about_it() {
    let endpoint = one(
        r#""Address":"10.0.0.1","Port":9000,"Tags":["grpc","v1"],"Meta":{"team":"pay"},"Weights":{"Passing":3,"Warning":1},"EnableTagOverride":false,"Proxy":{"Config":{"n":1}}"#,
        PASSING,
    );
    assert_eq!(endpoint.address, "10.0.0.1:9000".parse().unwrap());
    assert_eq!(endpoint.id.as_deref(), Some("pay-1"));
    assert_eq!(endpoint.status, EndpointStatus::Healthy);
    assert_eq!(endpoint.weight, Some(3));
    assert_eq!(endpoint.zone.as_deref(), Some("eu"));
    assert_eq!(endpoint.node.as_deref(), Some("n1"));
    assert_eq!(endpoint.tags, ["grpc", "v1"]);
    assert_eq!(endpoint.metadata["team"], "pay");
    assert_eq!(endpoint.layout.as_ref().map(ToString::to_string).as_deref(), Some("consul: service address and port"));
    assert_eq!(endpoint.checks[0].name, "Serf Health Status");
    assert_eq!(endpoint.checks[0].output, "Agent alive and reachable");
}

/// What go-micro's registry for Consul (plugin v4, 1.2.0) registered for a gRPC server of version v1.
const MICRO: &str = r#"["t-789caa564a2acacf4e2d52b252ca28292950aa05040000ffff364d0600","t-789caa562a4a4dcf2c2e29aa54b2524acecf2b2ecd51aa05040000ffff560f07c8","t-789caa562a4e2d2a4b2d52b2524a2f2a4856aa05040000ffff36fa05fe","t-789caa562a294acc2b2ec82f2a51b2524a2f2a4856aa05040000ffff4f4c0754","t-789caa562a28ca2fc94fcecf51b2524a2f2a4856aa05040000ffff468306d9","v-789c2a3304040000ffff011f00a8"]"#;

#[test]
fn what_a_framework_registers_beside_the_address_is_kept() {
    let micro = one(&format!(r#""Address":"10.0.0.1","Port":9000,"Tags":{MICRO},"Meta":{{"server":"mine"}}"#), PASSING);
    let expected = |name: &str| micro.metadata.get(name).map(String::as_str);
    assert_eq!(
        (expected("version"), expected("protocol"), expected("server")),
        (Some("v1"), Some("grpc"), Some("mine"))
    );
    // One malformed tag does not affect the others: truncated, not hexadecimal, not zlib, too large.
    let torn = MICRO.replace(r#""t-789caa564a2a"#, r#""t-789","t-zz","v-00","t-789caa564a2a0000"#);
    let micro = one(&format!(r#""Address":"10.0.0.1","Port":9000,"Tags":{torn}"#), PASSING);
    assert_eq!((&micro.metadata["version"], &micro.metadata["protocol"]), (&"v1".to_string(), &"grpc".to_string()));
    let bytes = miniz_oxide::deflate::compress_to_vec_zlib(&vec![b'1'; 1 << 24], 9);
    let bomb: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let alone = one(&format!(r#""Address":"10.0.0.1","Port":9000,"Tags":["v-{bomb}"]"#), PASSING);
    assert_eq!(alone.layout.as_ref().map(ToString::to_string).as_deref(), Some("consul: service address and port"));

    let kitex = r#""ID":"pay:10.0.0.1:9000","Address":"10.0.0.1","Port":9000,"Tags":["idc:eu:1"]"#;
    assert_eq!(one(kitex, PASSING).metadata["idc"], "eu:1");
    let goframe = r#""ID":"pay-v1-10.0.0.1:9","Address":"10.0.0.1","Port":9,"Meta":{"metadata":"{\"protocol\":\"grpc\"}","version":"v1"}"#;
    assert_eq!(one(goframe, PASSING).metadata["protocol"], "grpc");
}

#[test]
fn a_web_server_of_spring_is_distinguished_from_grpc_by_its_check() {
    const SECURE: &str = r#""Address":"10.0.0.1","Port":9000,"Meta":{"secure":"false"}"#;
    let check = |kind: &str| format!(r#"{{"CheckID":"c","Name":"c","Status":"passing","Output":"","Type":"{kind}"}}"#);
    let rule = |service: &str, kind: &str| one(service, &check(kind)).layout.as_ref().unwrap().to_string();
    let lognets = format!(r#""ID":"grpc-pay-8080","Service":"grpc-pay",{SECURE}"#);
    assert_eq!(rule(&lognets, "grpc"), "lognet: service address and port");
    assert_eq!(rule(&lognets, "http"), "spring: service address and port, no gRPC_port in its metadata");
    assert_eq!(rule(SECURE, "http"), "spring: service address and port, no gRPC_port in its metadata");
    assert_eq!(rule(SECURE, "ttl"), "consul: service address and port");

    let decoded = decode_all(&format!("[{}]", entry(SECURE, &check("http"))));
    let [doubt] = texts(&decoded, NoteKind::Doubtful)[..] else { panic!("{decoded:?}") };
    assert!(doubt.starts_with("1 of 1 endpoints have no gRPC_port in their metadata, "), "{doubt}");
    assert!(doubt.ends_with(r#"10.0.0.1:9000 ("pay-1")"#), "{doubt}");
}

#[test]
fn the_place_is_found_wherever_a_framework_wrote_it() {
    const CONSULS: &str =
        r#""lan_ipv4":{"Address":"10.0.0.1","Port":8000},"wan_ipv4":{"Address":"1.2.3.4","Port":8000}"#;
    let with_tagged = |own: &str| format!(r#""Address":"10.0.0.1","Port":8000,"TaggedAddresses":{{{CONSULS}{own}}}"#);
    for (service, address, layout) in [
        (r#""Address":"10.0.0.1","Port":9000"#.to_string(), "10.0.0.1:9000", "consul: service address and port"),
        (r#""Address":"","Port":9000"#.to_string(), "10.9.9.9:9000", "consul: node address and port"),
        (
            r#""Port":9000,"Tags":null,"Meta":null,"TaggedAddresses":null,"Weights":null"#.to_string(),
            "10.9.9.9:9000",
            "consul: node address and port",
        ),
        (
            r#""Address":"pay.internal","Port":9000"#.to_string(),
            "pay.internal:9000",
            "consul: service address and port",
        ),
        (
            r#""Address":"2001:db8::1","Port":9000"#.to_string(),
            "[2001:db8::1]:9000",
            "consul: service address and port",
        ),
        (
            r#""Address":"[2001:db8::1]","Port":9000"#.to_string(),
            "[2001:db8::1]:9000",
            "consul: service address and port",
        ),
        (with_tagged(""), "10.0.0.1:8000", "consul: service address and port"),
        (
            with_tagged(
                r#","grpc":{"Address":"grpc://10.0.0.1:9000","Port":9000},"http":{"Address":"http://10.0.0.1:8000","Port":8000}"#,
            ),
            "10.0.0.1:9000",
            "kratos: tagged address grpc",
        ),
        (
            with_tagged(r#","grpcs":{"Address":"grpcs://[2001:db8::1]:9443/x?isSecure=true","Port":9443}"#),
            "[2001:db8::1]:9443",
            "kratos: tagged address grpcs",
        ),
        (
            with_tagged(r#","grpc":{"Address":"grpc://pay.internal","Port":9000}"#),
            "pay.internal:9000",
            "kratos: tagged address grpc",
        ),
        (with_tagged(r#","grpc":{"Address":"10.0.0.1","Port":9001}"#), "10.0.0.1:9001", "consul: tagged address grpc"),
        (
            r#""Address":"10.0.0.1","Port":8080,"Meta":{"gRPC_port":"9090"}"#.to_string(),
            "10.0.0.1:9090",
            "grpc-spring: metadata gRPC_port",
        ),
        (
            r#""Address":"10.0.0.1","Port":8080,"Meta":{"gRPC.port":"9090"}"#.to_string(),
            "10.0.0.1:9090",
            "grpc-spring: metadata gRPC.port",
        ),
        (
            r#""Address":"10.0.0.1","Port":8080,"Meta":{"grpc.port":"9090"}"#.to_string(),
            "10.0.0.1:9090",
            "consul: metadata grpc.port",
        ),
        (
            r#""Address":"10.0.0.1","Port":8080,"Meta":{"grpc_port":"9090"}"#.to_string(),
            "10.0.0.1:9090",
            "consul: metadata grpc_port",
        ),
        (
            r#""Address":"10.0.0.1","Ports":[{"Name":"http","Port":80,"Default":true},{"Name":"grpc","Port":9000}]"#
                .to_string(),
            "10.0.0.1:9000",
            r#"consul: service address and port "grpc""#,
        ),
        (
            r#""Address":"10.0.0.1","Ports":[{"Name":"a","Port":1},{"Name":"main","Port":9000,"Default":true}]"#
                .to_string(),
            "10.0.0.1:9000",
            r#"consul: service address and port "main""#,
        ),
        (
            format!(r#""Address":"10.0.0.1","Port":9000,"Tags":{MICRO}"#),
            "10.0.0.1:9000",
            "go-micro: service address and port",
        ),
        (
            r#""Address":"10.0.0.1","Port":9000,"Tags":["t={\"protocol\":\"grpc\"}","v=v1"]"#.to_string(),
            "10.0.0.1:9000",
            "go-micro: service address and port",
        ),
        (
            // Tags of other programs that start like those of go-micro.
            r#""Address":"10.0.0.1","Port":9000,"Tags":["v=v1","v-1","t-blue","e-","t=1"]"#.to_string(),
            "10.0.0.1:9000",
            "consul: service address and port",
        ),
        (
            r#""ID":"pay--10.0.0.1:9000","Address":"10.0.0.1","Port":9000,"Tags":[""],"Meta":{"metadata":"{\"insecure\":true,\"protocol\":\"grpc\"}","version":""}"#.to_string(),
            "10.0.0.1:9000",
            "goframe: service address and port",
        ),
        (
            r#""ID":"pay:10.0.0.1:9000","Address":"10.0.0.1","Port":9000,"Tags":["idc:eu"],"Meta":null"#.to_string(),
            "10.0.0.1:9000",
            "kitex: service address and port",
        ),
        (r#""SocketPath":"/run/pay.sock","Port":0"#.to_string(), "unix:/run/pay.sock", "consul: socket path"),
    ] {
        let endpoint = one(&service, PASSING);
        assert_eq!(
            (endpoint.address.to_string().as_str(), endpoint.layout.as_ref().map(ToString::to_string).as_deref()),
            (address, Some(layout)),
            "{service}"
        );
    }
    assert!(matches!(one(r#""Address":"pay.internal","Port":9000"#, "").address, Address::Name { .. }));
}

#[test]
fn an_entry_that_cannot_be_used_is_named_with_the_reason() {
    const INSTANCE: &str = r#"instance "pay-1" on node "n1": "#;
    for (service, reason) in [
        (r#""Address":"10.0.0.1","Port":0"#, "invalid port 0: must be from 1 to 65535"),
        (r#""Address":"10.0.0.1","Port":70000"#, "invalid port 70000: must be from 1 to 65535"),
        (
            r#""Address":"10.0.0.1:9000","Port":9000"#,
            r#"its address "10.0.0.1:9000" is not a valid IP address or host name"#,
        ),
        (
            r#""Address":"http://10.0.0.1","Port":9000"#,
            r#"its address "http://10.0.0.1" is not a valid IP address or host name"#,
        ),
        (
            r#""Address":"10.0.0.1","Port":1,"Meta":{"gRPC_port":"grpc"}"#,
            r#"its metadata gRPC_port is "grpc", which is not a valid port"#,
        ),
        (
            r#""Address":"10.0.0.1","Port":8000,"TaggedAddresses":{"http":{"Address":"http://10.0.0.1:8000","Port":8000}}"#,
            "kratos registered it for http only, not for grpc",
        ),
        (
            r#""Address":"10.0.0.1","Port":8000,"Tags":["t={\"protocol\":\"mucp\"}"]"#,
            "go-micro registered it for mucp only, not for grpc",
        ),
        (
            r#""Address":"10.0.0.1","Port":8000,"TaggedAddresses":{"grpc":{"Address":"grpc://","Port":0}}"#,
            r#"its tagged address grpc is "grpc://": invalid port 0: must be from 1 to 65535"#,
        ),
        (
            r#""Address":"10.0.0.1","Ports":[{"Name":"a","Port":1}]"#,
            "none of its ports is named grpc or is the default port",
        ),
    ] {
        assert_eq!(refused(service), format!("{INSTANCE}{reason}"));
    }
}

#[test]
fn one_bad_entry_spoils_no_other() {
    let good = entry(r#""Address":"10.0.0.1","Port":9000"#, PASSING);
    let decoded = decode_all(&format!(r#"[7,{{"Service":{{"Port":"x"}}}},{{"Node":{{"Node":"n2"}}}},{good}]"#));
    assert_eq!(decoded.endpoints.len(), 1);
    let skipped = texts(&decoded, NoteKind::Skipped);
    assert_eq!(skipped.len(), 3);
    assert!(skipped[0].starts_with("an entry cannot be parsed: "), "{skipped:?}");
    assert!(skipped[1].contains("invalid type: string"), "{skipped:?}");
    assert_eq!(skipped[2], r#"the entry of node "n2" has no Service"#);
    assert_eq!(texts(&decoded, NoteKind::Funnel), ["4 registered -> 1 with a grpc endpoint, 1 passing"]);
}

#[test]
fn a_flood_of_bad_entries_is_counted_and_not_listed() {
    let decoded = decode_all(&format!("[{}]", vec!["7"; 50].join(",")));
    let skipped = texts(&decoded, NoteKind::Skipped);
    assert_eq!((skipped.len(), skipped[20]), (21, "30 more entries that cannot be used"));
}

#[test]
fn the_worst_check_decides_and_brings_its_reason() {
    let at = |checks: &[&str]| one(r#""Address":"10.0.0.1","Port":9000"#, &checks.join(","));
    assert_eq!(at(&[]).status, EndpointStatus::Unchecked);
    assert_eq!(at(&[PASSING]).status, EndpointStatus::Healthy);
    assert_eq!(at(&[PASSING, WARNING]).status, EndpointStatus::Warning);
    assert_eq!(at(&[WARNING, CRITICAL]).status, EndpointStatus::Critical);
    let maintained = at(&[PASSING, CRITICAL, MAINTENANCE]);
    assert_eq!(maintained.status, EndpointStatus::Draining);
    let reason = &maintained.checks[2];
    assert_eq!((reason.status.as_str(), reason.output.as_str()), ("maintenance", "rolling out 42"));
    let critical = at(&[CRITICAL]);
    assert_eq!(critical.checks[0].output, "dial tcp 10.0.0.1:9000: connect: connection refused");
    assert_eq!(critical.checks[0].status, "critical");
}

#[test]
fn the_weight_is_that_of_the_status_and_zero_means_draining() {
    let at = |weights: &str, checks: &str| {
        let endpoint = one(&format!(r#""Address":"10.0.0.1","Port":9000,"Weights":{weights}"#), checks);
        (endpoint.weight, endpoint.status)
    };
    assert_eq!(at(r#"{"Passing":10,"Warning":2}"#, PASSING), (Some(10), EndpointStatus::Healthy));
    assert_eq!(at(r#"{"Passing":10,"Warning":2}"#, WARNING), (Some(2), EndpointStatus::Warning));
    assert_eq!(at(r#"{"Passing":0,"Warning":0}"#, PASSING), (Some(0), EndpointStatus::Draining));
    assert_eq!(at(r#"{"Passing":0,"Warning":0}"#, CRITICAL), (Some(0), EndpointStatus::Critical));
    assert_eq!(at("null", PASSING), (None, EndpointStatus::Healthy));
}

#[test]
fn the_funnel_shows_what_every_filter_left() {
    let json = format!(
        "[{},{},{}]",
        entry(r#""Address":"10.0.0.1","Port":9000,"Tags":["GRPC","v1"]"#, PASSING),
        entry(r#""Address":"10.0.0.2","Port":9000,"Tags":["http"]"#, PASSING),
        entry(r#""Address":"10.0.0.3","Port":9000,"Tags":["grpc"]"#, CRITICAL),
    );
    let run = |passing_only, tags: &[&str]| {
        let tags = tags.iter().map(|tag| tag.to_string()).collect();
        let decoded = decode_for(&json, &ConsulTarget { passing_only, tags, ..ConsulTarget::default() });
        let addresses: Vec<String> = decoded.endpoints.iter().map(|endpoint| endpoint.address.to_string()).collect();
        (texts(&decoded, NoteKind::Funnel)[0].to_string(), addresses.join(" "))
    };
    let expected = |text: &str, addresses: &str| (text.to_string(), addresses.to_string());
    assert_eq!(run(false, &[]), expected("3 registered, 2 passing", "10.0.0.1:9000 10.0.0.2:9000 10.0.0.3:9000"));
    assert_eq!(run(true, &["grpc"]), expected(r#"3 registered -> 2 passing -> 1 tagged "grpc""#, "10.0.0.1:9000"));
    assert_eq!(
        run(false, &["grpc"]),
        expected(r#"3 registered -> 2 tagged "grpc", 1 passing"#, "10.0.0.1:9000 10.0.0.3:9000")
    );
    assert_eq!(run(false, &["grpc", "v9"]), expected(r#"3 registered -> 2 tagged "grpc" -> 0 tagged "v9""#, ""));
}

#[test]
fn the_step_that_removed_the_last_instance_has_a_reason() {
    let json = format!(
        "[{},{}]",
        entry(r#""Address":"10.0.0.1","Port":9000,"Tags":["v1"]"#, CRITICAL),
        entry(r#""Address":"10.0.0.2","Port":9000,"Tags":["v2","http"]"#, CRITICAL),
    );
    let why = |json: &str, passing_only, tags: &[&str]| {
        let tags = tags.iter().map(|tag| tag.to_string()).collect();
        let decoded = decode_for(json, &ConsulTarget { passing_only, tags, ..ConsulTarget::default() });
        texts(&decoded, NoteKind::FilteredOut).join("; ")
    };
    assert_eq!(why(&json, false, &[]), "");
    let failing = why(&json, true, &["v1"]);
    assert!(failing.starts_with("none of them passes all of its checks: 10.0.0.1:9000 "), "{failing}");
    assert!(failing.contains("check \"Service 'pay' check\" is critical: dial tcp"), "{failing}");
    assert_eq!(why(&json, false, &["grpc"]), r#"none of them has the tag "grpc": their tags are "http", "v1", "v2""#);
    let http = entry(
        r#""Address":"10.0.0.1","Port":8000,"TaggedAddresses":{"http":{"Address":"http://10.0.0.1:8000","Port":8000}}"#,
        PASSING,
    );
    let why = why(&format!("[{http}]"), false, &[]);
    assert!(why.starts_with("none of them has a gRPC endpoint: instance "), "{why}");
    assert!(why.ends_with("kratos registered it for http only, not for grpc"), "{why}");
    assert!(texts(&decode_all("[]"), NoteKind::FilteredOut).is_empty());
}

#[test]
fn every_step_that_removes_some_and_not_all_is_reported_too() {
    let json = format!(
        "[{},{},{},7]",
        entry(r#""Address":"10.0.0.1","Port":9000,"Tags":["v1"]"#, PASSING),
        entry(r#""Address":"10.0.0.2","Port":9000,"Tags":["v2"]"#, PASSING),
        entry(r#""Address":"10.0.0.3","Port":65536"#, PASSING),
    );
    let target = ConsulTarget { tags: vec!["v1".to_string()], ..ConsulTarget::default() };
    let decoded = decode_for(&json, &target);
    let left_out = texts(&decoded, NoteKind::LeftOut);
    assert_eq!(left_out.len(), 1);
    assert!(left_out[0].starts_with("2 of 4 registered instances cannot be used: "), "{left_out:?}");
    assert!(left_out[0].contains("invalid port 65536: must be from 1 to 65535"), "{left_out:?}");
    assert_eq!(texts(&decoded, NoteKind::Filtered), ["1 of 2 instances do not have the tag \"v1\""]);
    assert!(texts(&decoded, NoteKind::FilteredOut).is_empty());
    let garbled = decode_all("[7,[[[1]]]]");
    assert!(texts(&garbled, NoteKind::Unreadable)[0].starts_with("none of 2 entries can be read: "), "{garbled:?}");
    assert!(texts(&garbled, NoteKind::FilteredOut).is_empty(), "what is not understood is not called gone");
}

#[test]
fn maintenance_keeps_its_reason_and_the_command_that_ends_it() {
    let check = |id: &str| format!(r#"{{"CheckID":"{id}","Name":"m","Status":"critical","Notes":"kernel update"}}"#);
    let of = |id: &str| {
        let decoded = decode_all(&format!("[{}]", entry(r#""Address":"10.0.0.1","Port":9000"#, &check(id))));
        decoded.endpoints[0].maintenance().cloned().unwrap()
    };
    let node = of("_node_maintenance");
    assert_eq!(node.reason, "kernel update");
    assert!(node.end.starts_with("run `consul maint -disable` on node "), "{node:?}");
    let service = of("_service_maintenance:pay-1");
    assert!(service.end.starts_with("run `consul maint -disable -service=pay-1` on node "), "{service:?}");
}

#[test]
fn no_instance_registered_is_reported_with_a_number() {
    assert_eq!(texts(&decode_all("[]"), NoteKind::Funnel), ["0 registered"]);
}
