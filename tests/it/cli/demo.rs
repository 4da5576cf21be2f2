//! The demo: the tool's main use without any infrastructure.

use std::path::Path;
use std::time::Duration;

use crate::support::tool::{Running, run, tool};

#[test]
fn the_demo_explains_the_bug_with_old_and_new_addresses_and_leaves_nothing_behind() {
    let finished = run(&["demo", "--idle", "1s", "-o", "json"]);
    assert_eq!(finished.code, 1, "{}", finished.all());
    let document: serde_json::Value = serde_json::from_str(&finished.out).unwrap();
    assert_eq!(document["verdict"], "degraded");
    let endpoints = document["endpoints"].as_array().unwrap();
    let of_verdict = |verdict: &str| -> Vec<&str> {
        let those = endpoints.iter().filter(|endpoint| endpoint["verdict"] == verdict);
        those.map(|endpoint| endpoint["address"].as_str().unwrap()).collect()
    };
    let (old, new) = (of_verdict("stale"), of_verdict("healthy"));
    assert_eq!((old.len(), new.len(), endpoints.len()), (2, 2, 4), "{}", finished.out);

    let findings = document["findings"].as_array().unwrap();
    let of_name = |name: &str| findings.iter().filter(|finding| finding["name"] == name).collect::<Vec<_>>();
    let (moved, frozen) = (of_name("MOVED_WHILE_IDLE"), of_name("CLIENTS_WOULD_BE_STALE"));
    assert_eq!((moved.len(), frozen.len()), (2, 1), "{}", finished.out);
    let explained = frozen[0]["text"].as_str().unwrap();
    for said in old.iter().chain(&new).chain(&["last connection error"]) {
        assert!(explained.contains(said), "{said}: {explained}");
        assert!(finished.err.contains(said), "{said}: {}", finished.err);
    }
    assert!(explained.contains("kratos 2.5.4 to 2.7.2") && explained.contains("a restart"), "{explained}");
    let lens = |name: &str| document["lenses"].as_array().unwrap().iter().find(|lens| lens["lens"] == name).unwrap();
    assert_eq!(
        (lens("kratos@2.7.2")["hears"].as_str(), lens("kratos@3.0.0")["hears"].as_str()),
        (Some("never"), Some("changes"))
    );

    let registry = document["backends"][0]["source"].as_str().unwrap().trim_start_matches("file:").to_string();
    assert!(!Path::new(&registry).parent().unwrap().exists(), "{registry} is left behind");
    for pod in new {
        assert!(std::net::TcpStream::connect(pod).is_err(), "a pod is left running on {pod}");
    }
}

#[test]
fn a_demo_that_is_ended_by_a_signal_leaves_no_directory() {
    for (signal, code) in [("-HUP", 129), ("-INT", 130), ("-TERM", 143), ("-QUIT", 131)] {
        let temporary = tempfile::tempdir().unwrap();
        let mut command = tool(&["demo", "--idle", "1h", "-o", "ndjson"]);
        command.env("TMPDIR", temporary.path());
        let mut demo = Running::start_command(command);
        demo.wait_for("the registry", Duration::from_secs(10), |event| event["kind"] == "endpoints");
        let mode = |path: &Path| {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::metadata(path).unwrap().permissions().mode() & 0o777
        };
        let directory = std::fs::read_dir(temporary.path()).unwrap().next().unwrap().unwrap().path();
        assert_eq!((mode(&directory), mode(&directory.join("pay.json"))), (0o700, 0o600));
        demo.signal(signal);
        let (status, _) = demo.finish(Duration::from_secs(10));
        assert_eq!(status.code(), Some(code), "{signal}");
        assert_eq!(std::fs::read_dir(temporary.path()).unwrap().count(), 0, "{signal}");
    }
}
