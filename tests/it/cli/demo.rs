//! The demo: the tool's own promise, kept without any infrastructure.

use std::path::Path;

use crate::support::tool::run;

#[test]
fn the_demo_names_the_old_and_the_new_address_and_leaves_nothing_behind() {
    let finished = run(&["demo", "--idle", "1s", "-o", "json"]);
    assert_eq!(finished.code, 1, "{}", finished.all());
    let document: serde_json::Value = serde_json::from_str(&finished.out).unwrap();
    assert_eq!(document["verdict"], "degraded");
    let findings = document["findings"].as_array().unwrap();
    let moved = findings.iter().find(|finding| finding["name"] == "MOVED_WHILE_IDLE").expect("the moved pod is found");
    let old = moved["address"].as_str().unwrap();
    let new = moved["text"].as_str().unwrap().rsplit(' ').next().unwrap();
    let verdict_of = |address: &str| {
        let endpoints = document["endpoints"].as_array().unwrap();
        let endpoint = endpoints.iter().find(|endpoint| endpoint["address"] == address).expect(address);
        endpoint["verdict"].as_str().unwrap().to_string()
    };
    assert_eq!((verdict_of(old).as_str(), verdict_of(new).as_str()), ("stale", "healthy"));
    assert!(finished.err.contains(&format!("the pod at {old} dies and comes back at {new}")), "{}", finished.err);

    let registry = document["backends"][0]["source"].as_str().unwrap().trim_start_matches("file:").to_string();
    assert!(!Path::new(&registry).parent().unwrap().exists(), "{registry} is left behind");
    assert!(std::net::TcpStream::connect(new).is_err(), "a pod is left running on {new}");
}
