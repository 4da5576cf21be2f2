use super::*;

/// An instance as Spring's server returns it.
fn instance(id: &str, more: &str) -> String {
    format!(
        r#"{{"instanceId":"{id}","hostName":"10.0.0.1","app":"PAY","ipAddr":"10.0.0.1","status":"UP","overriddenStatus":"UNKNOWN",
        "port":{{"$":8080,"@enabled":"true"}},"securePort":{{"$":443,"@enabled":"false"}},"countryId":1,
        "leaseInfo":{{"renewalIntervalInSecs":30,"durationInSecs":90,"registrationTimestamp":1000,"lastRenewalTimestamp":1000}}{more}}}"#
    )
}

fn read(instances: &[String], now: i64) -> (Vec<Endpoint>, Vec<Note>) {
    let body = format!(r#"{{"application":{{"name":"PAY","instance":[{}]}}}}"#, instances.join(","));
    decode(body.as_bytes(), now).unwrap()
}

#[test]
fn the_grpc_port_comes_from_the_metadata_else_from_the_enabled_port() {
    for (metadata, place, rule) in [
        (r#"{"gRPC_port":"9000","zone":"eu"}"#, "10.0.0.1:9000", "grpc-spring: metadata gRPC_port"),
        (r#"{"gRPC.port":"9001"}"#, "10.0.0.1:9001", "grpc-spring: metadata gRPC.port"),
        (r#"{"grpc.port":"9002"}"#, "10.0.0.1:9002", "eureka: metadata grpc.port"),
        (r#"{"Endpoints":"grpc://10.0.0.2:9003"}"#, "10.0.0.2:9003", "kratos: metadata Endpoints grpc"),
        ("{}", "10.0.0.1:8080", "eureka: hostName and port"),
        (r#"{"management.port":"9090"}"#, "10.0.0.1:8080", "eureka: hostName and port"),
        (r#"{"management.port":"8080"}"#, "10.0.0.1:8080", "spring: hostName and port, no gRPC_port in its metadata"),
        (r#"{"meta":"{\"Weight\":20,\"Tags\":{\"idc\":\"eu\"}}"}"#, "10.0.0.1:8080", "kitex: ipAddr and port"),
        (r#"{"meta":"of somebody else"}"#, "10.0.0.1:8080", "eureka: hostName and port"),
    ] {
        let (endpoints, _) = read(&[instance("1", &format!(r#","metadata":{metadata}"#))], 0);
        assert_eq!(endpoints[0].address.to_string(), place);
        assert_eq!(endpoints[0].layout.as_ref().map(ToString::to_string).as_deref(), Some(rule));
    }
    let http = instance("1", r#","metadata":{"Endpoints":"http://10.0.0.2:8000"}"#);
    let (none, notes) = read(&[http], 0);
    assert!(none.is_empty());
    assert!(notes.iter().any(|note| note.text.contains("kratos registered it for http only")), "{notes:?}");
}

#[test]
fn a_host_name_keeps_the_ip_address_beside_it_and_one_that_is_none_gives_way_to_it() {
    let of = |host: &str| {
        read(&[instance("1", "").replace(r#""hostName":"10.0.0.1""#, &format!("\"hostName\":{host:?}"))], 0)
    };
    let (endpoints, _) = of("pay-v0nwf");
    assert_eq!(endpoints[0].address.to_string(), "pay-v0nwf:8080");
    assert_eq!(endpoints[0].also().map(ToString::to_string).as_deref(), Some("10.0.0.1:8080"));
    for host in ["pay:8080", "10.0.0.9:80", "pay service"] {
        let (endpoints, _) = of(host);
        assert_eq!((endpoints[0].address.to_string().as_str(), endpoints[0].also()), ("10.0.0.1:8080", None), "{host}");
        let rule = format!("eureka: ipAddr (hostName {host:?} is not a valid host name) and port");
        assert_eq!(endpoints[0].layout.as_ref().map(ToString::to_string).as_deref(), Some(rule.as_str()));
    }
    assert_eq!(of("10.0.0.7").0[0].also(), None, "an address needs no other");
}

#[test]
fn ports_that_are_none_are_named_and_one_of_several_spoils_no_other() {
    for (port, words) in
        [("0", "invalid port 0: must be"), ("65536", "invalid port 65536: must be"), ("\"abc\"", "its port is \"abc\"")]
    {
        let bad = instance("bad", "").replace(r#""$":8080"#, &format!("\"$\":{port}"));
        let (endpoints, notes) = read(&[bad.clone(), instance("good", "")], 0);
        assert_eq!(endpoints.len(), 1, "{port}");
        let left_out = notes.iter().find(|note| note.kind == NoteKind::LeftOut).unwrap();
        assert!(left_out.text.starts_with("1 of 2 instances cannot be used: instance \"bad\""), "{left_out:?}");
        assert!(left_out.text.contains(words), "{left_out:?}");
    }
}

#[test]
fn instances_that_are_not_understood_are_named_and_alone_they_are_no_empty_list() {
    let bad = instance("bad", "");
    let table = [
        ("5".to_string(), "an instance is not a JSON object"),
        ("null".to_string(), "an instance is not a JSON object"),
        ("[[[[]]]]".to_string(), "an instance is not a JSON object"),
        (bad.replace(r#""$":8080"#, r#""$":0"#), "invalid port 0: must be"),
        (bad.replace(r#""$":8080"#, r#""$":65536"#), "invalid port 65536: must be"),
        (bad.replace(r#""$":8080"#, r#""$":"abc""#), "its port is \"abc\""),
        (bad.replace(r#""$":8080"#, r#""$":null"#), "its port is null"),
        (bad.replace(r#""hostName":"10.0.0.1","#, "").replace(r#""ipAddr":"10.0.0.1","#, ""), "it has no host"),
    ];
    let of = |notes: &[Note], kind| notes.iter().find(|note| note.kind == kind).map(|note| note.text.clone());
    for (bad, words) in table {
        let (endpoints, notes) = read(&[bad.clone(), instance("good", "")], 0);
        assert_eq!(endpoints.len(), 1, "{bad}");
        assert!(of(&notes, NoteKind::LeftOut).is_some_and(|text| text.contains(words)), "{bad}: {notes:?}");
        assert_eq!(of(&notes, NoteKind::Unreadable), None, "{bad}");
        let (none, notes) = read(std::slice::from_ref(&bad), 0);
        assert!(none.is_empty(), "{bad}");
        assert!(of(&notes, NoteKind::Unreadable).is_some_and(|text| text.contains(words)), "{bad}: {notes:?}");
        let down = instance("down", "").replace(r#""UP""#, r#""DOWN""#);
        let (_, notes) = read(&[bad.clone(), down.clone()], 0);
        let text = of(&notes, NoteKind::Unreadable).unwrap_or_else(|| panic!("{bad}: {notes:?}"));
        assert!(text.starts_with("1 of 2 instances cannot be read, and no other can be used"), "{text}");
        // The registry is authoritative about its being down.
        assert_eq!(of(&read(&[down], 0).1, NoteKind::Unreadable), None);
    }
    // A duplicate key, a lone surrogate, a byte that is not UTF-8: as Go reads them.
    let twice = instance("i", "").replace(r#""app":"PAY""#, r#""app":"\ud800","app":"PAY#""#);
    let body = format!(r#"{{"application":{{"instance":[{twice}]}}}}"#).replace('#', "\u{1}");
    let body = body.bytes().map(|byte| if byte == 1 { 0xff } else { byte }).collect();
    assert_eq!(decode(&crate::model::json::mended(body), 0).unwrap().0.len(), 1);
}

#[test]
fn what_an_operator_took_out_of_service_names_the_call_that_ends_it() {
    let out = instance("i", "").replace("\"UP\"", "\"OUT_OF_SERVICE\"").replace("\"UNKNOWN\"", "\"OUT_OF_SERVICE\"");
    let (endpoints, _) = read(&[out], 0);
    let maintenance = endpoints[0].maintenance().unwrap();
    assert!(maintenance.end.contains("curl -X DELETE 'EUREKA/apps/PAY/i/status?value=UP'"), "{maintenance:?}");
}

#[test]
fn what_kitex_writes_is_read_as_its_own_reader_does() {
    // An invalid host name, and a port that is not enabled.
    let written = instance("1", r#","metadata":{"meta":"{\"Weight\":20,\"Tags\":{\"idc\":\"eu\"}}"}"#)
        .replace(r#""hostName":"10.0.0.1""#, r#""hostName":"pay:10.0.0.1:8080""#)
        .replace("\"true\"", "\"false\"");
    let (endpoints, _) = read(std::slice::from_ref(&written), 0);
    assert_eq!(endpoints[0].address.to_string(), "10.0.0.1:8080");
    assert_eq!((endpoints[0].weight, endpoints[0].metadata["idc"].as_str()), (Some(20), "eu"));
    let (none, notes) = read(&[written.replace("8080,", "0,")], 0);
    assert_eq!(none, []);
    assert!(notes.iter().any(|note| note.text.contains("kitex: invalid port 0: must be")), "{notes:?}");
}

#[test]
fn what_is_left_of_a_lease_is_reckoned_as_the_server_writes_it() {
    let left = |renewed: i64, now: i64| {
        let text = instance("1", "")
            .replace(r#""lastRenewalTimestamp":1000"#, &format!(r#""lastRenewalTimestamp":{renewed}"#));
        read(&[text], now).0[0].ttl.unwrap().as_secs()
    };
    assert_eq!(left(1000, 1000), 90, "registered now");
    assert_eq!(left(1000, 31_000), 60, "never renewed");
    assert_eq!(left(121_000, 31_000), 90, "renewed now, with the lease added");
    assert_eq!(left(121_000, 500_000), 0);
    let (_, notes) = read(&[instance("b", ""), instance("a", "")], 191_000);
    let overdue = notes.iter().find(|note| note.kind == NoteKind::Permanent).unwrap();
    let text =
        "the lease of 2 of 2 instances has expired, and eureka still lists them: \"b\" (100 s ago), \"a\" (100 s ago)";
    assert_eq!(overdue.text, text);
}

#[test]
fn a_status_is_reported_in_eurekas_term_and_ours() {
    for (word, status) in [
        ("UP", EndpointStatus::Healthy),
        ("DOWN", EndpointStatus::Critical),
        ("OUT_OF_SERVICE", EndpointStatus::Draining),
        ("STARTING", EndpointStatus::Warning),
    ] {
        let (endpoints, _) = read(&[instance("1", "").replace("\"UP\"", &format!("{word:?}"))], 0);
        assert_eq!((endpoints[0].status, endpoints[0].checks[0].status.as_str()), (status, word));
    }
    assert!(decode(b"{}", 0).is_err());
    assert!(decode(b"<html>", 0).is_err());
    let one = format!(r#"{{"application":{{"instance":{}}}}}"#, instance("1", ""));
    assert_eq!(decode(one.as_bytes(), 0).unwrap().0.len(), 1);
}
