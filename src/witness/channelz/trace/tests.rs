//! Events as the real implementations word them.

use super::*;
use crate::witness::channelz::messages::Timestamp;

fn trace(events: &[(i64, &str)]) -> ChannelTrace {
    let events: Vec<TraceEvent> = events
        .iter()
        .map(|(seconds, description)| TraceEvent {
            description: (*description).to_string(),
            timestamp: Some(Timestamp { seconds: *seconds, nanos: 0 }),
        })
        .collect();
    ChannelTrace { num_events_logged: events.len() as i64, created: None, events }
}

fn at(seconds: u64) -> Option<SystemTime> {
    SystemTime::UNIX_EPOCH.checked_add(std::time::Duration::from_secs(seconds))
}

#[test]
fn grpc_go_names_the_addresses_of_the_last_list() {
    let update = "Resolver state updated: {\n  \"Addresses\": [\n    {\n      \"Addr\": \"10.0.0.1:9000\",\n      \"Attributes\": {\n        \
                  \"rawServiceInstance\": \"pay-\\\"Addr\\\": \\\"10.9.9.9:1\\\"\"\n      }\n    },\n    {\n      \"Addr\": \"10.0.0.2:9000\"\n    }\n  ],\n  \
                  \"Endpoints\": [\n    {\n      \"Addresses\": [\n        {\n          \"Addr\": \"10.0.0.1:9000\"\n        }\n      ]\n    }\n  ]\n}";
    let seen = channel(&trace(&[
        (10, "Channel entering idle mode"),
        (5, "Resolver state updated: {\"Addresses\": [{\"Addr\": \"10.0.0.9:9000\"}]}"),
        (20, "Channel exiting idle mode"),
        (21, update),
        (22, "ccResolverWrapper: reporting error to cc: lookup pay: no such host"),
    ]));
    assert_eq!((seen.runtime, seen.is_kratos, seen.is_complete), (Some(Runtime::Go), true, true));
    assert_eq!((seen.entered_idle, seen.left_idle, seen.updated), (at(10), at(20), at(21)));
    let addresses: Vec<String> = seen.addresses.unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(addresses, ["10.0.0.1:9000", "10.0.0.2:9000"]);
    assert_eq!(seen.error.unwrap().1, "lookup pay: no such host");
}

#[test]
fn a_list_without_addresses_is_told_from_one_that_names_none() {
    let of = |text: &str| channel(&trace(&[(1, text)])).addresses.map(|list| list.len());
    assert_eq!(of("Resolver state updated: {}"), None);
    assert_eq!(of("Resolver state updated: {\n  \"Addresses\": [],\n  \"Endpoints\": []\n}"), Some(0));
}

#[test]
fn subchannels_name_their_last_failure_and_the_address_that_they_picked() {
    let seen = subchannel(&trace(&[
        (1, "Subchannel picks a new address \"10.0.0.7:9000\" to connect"),
        (2, "Subchannel Connectivity change to CONNECTING"),
        (3, "grpc: addrConn.createTransport failed to connect to {Addr: \"10.0.0.7:9000\"}. Err: connection refused"),
        (4, "Subchannel Connectivity change to TRANSIENT_FAILURE, last error: connection error: desc = \"refused\""),
    ]));
    assert_eq!((seen.runtime, seen.changed), (Some(Runtime::Go), at(4)));
    assert_eq!(seen.picked.unwrap().to_string(), "10.0.0.7:9000");
    assert_eq!(seen.failure.unwrap().text, "connection error: desc = \"refused\"");
}

#[test]
fn the_wording_shows_the_implementation() {
    for (text, runtime) in [
        ("Channel state change to CONNECTING", Runtime::Core),
        ("Connectivity state change to READY", Runtime::Node),
        ("Entering IDLE state", Runtime::Java),
        ("Channel Connectivity change to READY", Runtime::Go),
    ] {
        assert_eq!(channel(&trace(&[(1, text)])).runtime, Some(runtime), "{text}");
    }
    assert_eq!(channel(&trace(&[(1, "something else")])).runtime, None);
}
