use serde_json::json;

use super::*;
use crate::backend::kubernetes::listing::SliceListing;
use crate::model::resolution::{Note, NoteKind};

/// A slice with one endpoint, as text.
fn slice(name: &str, address: &str) -> String {
    let ports = json!([{ "name": "grpc", "port": 50051, "protocol": "TCP" }]);
    let endpoints = json!([{ "addresses": [address] }]);
    json!({ "metadata": { "name": name, "resourceVersion": "7" }, "addressType": "IPv4", "ports": ports, "endpoints": endpoints })
        .to_string()
}

fn body(items: &[String]) -> Vec<u8> {
    format!(r#"{{"metadata":{{"resourceVersion":"9"}},"items":[{}]}}"#, items.join(",")).into_bytes()
}

fn listing(body: Vec<u8>) -> SliceListing {
    SliceListing::new(None, None, list::<Slice>(body).expect("a list").items)
}

fn text(notes: &[Note], kind: NoteKind) -> Option<&str> {
    notes.iter().find(|note| note.kind == kind).map(|note| note.text.as_str())
}

/// Slices that cannot be read, or whose endpoints cannot, and what is named of each.
fn bad() -> Vec<(String, &'static str)> {
    let bad = slice("bad", "10.0.0.2");
    vec![
        ("5".to_string(), "EndpointSlice without a name: "),
        ("null".to_string(), "EndpointSlice without a name: "),
        ("[[[[]]]]".to_string(), "EndpointSlice without a name: "),
        (
            bad.replace(r#""IPv4""#, r#""IPv9""#),
            r#""bad": unknown addressType "IPv9"; expected one of IPv4, IPv6, FQDN"#,
        ),
        (bad.replace(r#""addressType":"IPv4","#, ""), r#""bad": unknown addressType """#),
        (bad.replace("50051", "\"abc\""), r#""bad": invalid type: string "abc""#),
        (bad.replace(r#"["10.0.0.2"]"#, "7"), r#"EndpointSlice "bad": endpoint 0: invalid type: integer `7`"#),
        (bad.replace(r#"["10.0.0.2"]"#, "[]"), r#"EndpointSlice "bad" has no address"#),
        (bad.replace(r#"["10.0.0.2"]"#, "null"), r#"EndpointSlice "bad" has no address"#),
        (bad.replace("10.0.0.2", "10.0.0.300"), r#""10.0.0.300" in EndpointSlice "bad""#),
        (bad.replace(r#""name":"bad""#, r#""name":7"#), "EndpointSlice without a name: "),
    ]
}

#[test]
fn a_bad_slice_is_named_and_spoils_no_other() {
    for (bad, named) in bad() {
        let (endpoints, notes) = listing(body(&[bad.clone(), slice("good", "10.0.0.1")])).answer(None);
        let addresses: Vec<String> = endpoints.iter().map(|endpoint| endpoint.address.to_string()).collect();
        assert_eq!(addresses, ["10.0.0.1:50051"], "{bad}");
        let left_out = text(&notes, NoteKind::LeftOut).unwrap_or_else(|| panic!("{bad}: {notes:?}"));
        assert!(left_out.contains(named), "{bad}: {left_out}");
        assert_eq!(text(&notes, NoteKind::Unreadable), None, "{bad}");
    }
}

#[test]
fn bad_slices_alone_are_not_an_empty_list() {
    for (bad, _) in bad() {
        let (endpoints, notes) = listing(body(std::slice::from_ref(&bad))).answer(None);
        assert!(endpoints.is_empty(), "{bad}");
        assert!(
            text(&notes, NoteKind::Unreadable).is_some_and(|text| text.starts_with("none of 1 ")),
            "{bad}: {notes:?}"
        );
        assert_eq!(text(&notes, NoteKind::FilteredOut), None, "{bad}");
    }
    // A port that the slices do not have is reported as such.
    let (_, notes) = listing(body(&[slice("good", "10.0.0.1").replace("50051", "65536")])).answer(None);
    assert!(text(&notes, NoteKind::FilteredOut).is_some(), "{notes:?}");
}

#[test]
fn one_bad_endpoint_of_a_slice_spoils_no_other() {
    let two = slice("pay-1", "10.0.0.1").replace(r#"{"addresses""#, r#"{"addresses":5},{"addresses""#);
    let (endpoints, notes) = listing(body(&[two])).answer(None);
    assert_eq!(endpoints.len(), 1);
    assert!(text(&notes, NoteKind::LeftOut).is_some_and(|text| text.starts_with("1 of 2 endpoints cannot be used")));
}

#[test]
fn a_slice_that_is_bad_from_now_on_counts_as_it_was() {
    let mut listing = listing(body(&[slice("pay-1", "10.0.0.1")]));
    let line = format!(r#"{{"type":"MODIFIED","object":{}}}"#, slice("pay-1", "10.0.0.9").replace("50051", "\"abc\""));
    let Ok(Event::Put(Err(garbled))) = event::<Slice>(line.into_bytes()) else { panic!("not understood") };
    assert_eq!(garbled.version.as_deref(), Some("7"), "the watch goes on after it");
    listing.cannot_read(garbled);
    let (endpoints, notes) = listing.answer(None);
    assert_eq!(endpoints[0].address.to_string(), "10.0.0.1:50051");
    assert!(
        text(&notes, NoteKind::LeftOut).is_some_and(|text| text.starts_with("1 of 1 EndpointSlices cannot be read"))
    );
    let Ok(Event::Put(Ok(good))) =
        event::<Slice>(format!(r#"{{"type":"MODIFIED","object":{}}}"#, slice("pay-1", "10.0.0.2")).into_bytes())
    else {
        panic!("understood")
    };
    listing.put(good);
    let (endpoints, notes) = listing.answer(None);
    assert_eq!((endpoints[0].address.to_string().as_str(), text(&notes, NoteKind::LeftOut)), ("10.0.0.2:50051", None));
}

#[test]
fn what_go_reads_is_read() {
    let twice = slice("pay-1", "10.0.0.1").replace(r#""addressType""#, r#""addressType":"IPv6","addressType""#);
    let surrogate = slice("pay-2", "10.0.0.2").replace(r#""resourceVersion""#, r#""x":"\ud800","resourceVersion""#);
    let mut body = body(&[twice, surrogate, slice("pay-3", "10.0.0.3").replace("TCP", "TCP\",\"y\":\"#")]);
    let at = body.iter().position(|byte| *byte == b'#').expect("the byte");
    body[at] = 0xff;
    assert_eq!(listing(body).answer(None).0.len(), 3);
    assert_eq!(
        list::<Slice>(br#"{"metadata":{"resourceVersion":"1"},"items":null}"#.to_vec()).map(|l| l.items.len()).ok(),
        Some(0)
    );
    assert!(list::<Slice>(b"<html>".to_vec()).is_err());
}
