//! Limits of this machine and a stalled reader must not be reported as facts about endpoints.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;

use crate::cause::setup::{Answer, Leaf, Setup};
use crate::support::tool::{Running, after, run_command, tool};

/// This many addresses of one server: every address of 127.0.0.0/8 belongs to this machine.
fn addresses(server: &str, count: usize) -> Vec<String> {
    let port = server.rsplit(':').next().unwrap();
    (0..count).map(|i| format!("127.1.{}.{}:{port}", i / 250, i % 250 + 1)).collect()
}

fn registry(setup: &Setup, server: &str, count: usize) -> String {
    let addresses = addresses(server, count);
    setup.registry("pay.json", &addresses.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn a_low_limit_of_open_files_is_no_finding_about_endpoints() {
    let setup = Setup::new();
    let server = setup.serves_on("0.0.0.0:0", Answer::Status(1));
    // The soft limit is raised; under a hard one fewer probes run concurrently.
    for (limit, count) in [("ulimit -Sn 256", 3_000), ("ulimit -n 64", 400), ("ulimit -n 40", 100)] {
        let registry = registry(&setup, &server, count);
        let finished = run_command(after(limit, &tool(&["probe", "--plaintext", "-o", "json", "-q", &registry])));
        assert_eq!(finished.code, 0, "{limit}: {}", finished.err);
        let document: Value = serde_json::from_str(&finished.out).unwrap();
        assert_eq!(document["findings"], serde_json::json!([]), "{limit}");
        assert_eq!(document["counts"]["verdicts"]["healthy"], count, "{limit}");
    }
}

#[test]
fn a_soft_limit_does_not_limit_a_watch() {
    let setup = Setup::new();
    let server = setup.serves_on("0.0.0.0:0", Answer::Status(1));
    let registry = registry(&setup, &server, 300);
    let watch = tool(&["watch", "--plaintext", "--for", "4s", "-o", "ndjson", &registry]);
    let finished = run_command(after("ulimit -Sn 64", &watch));
    assert_eq!((finished.code, finished.findings()), (0, Vec::new()), "{}", finished.err);
}

/// More endpoints than descriptors: those without a descriptor are one notice, and the registry is still followed.
#[test]
fn registries_keep_their_descriptors_when_endpoints_take_all_others() {
    let setup = Setup::new();
    let server = setup.serves_on("0.0.0.0:0", Answer::Status(1));
    let mut listed = addresses(&server, 300);
    let write = |listed: &[String]| setup.registry("pay.json", &listed.iter().map(String::as_str).collect::<Vec<_>>());
    let registry = write(&listed);
    let watch = tool(&["watch", "--plaintext", "-o", "ndjson", &registry]);
    let mut watch = Running::start_command(after("ulimit -n 128", &watch));
    watch.wait_for("all that fits", Duration::from_secs(20), |event| event["error"]["code"] == "out_of_files");
    for gone in 0..10 {
        let gone = listed.remove(gone);
        write(&listed);
        watch.wait_for("the change", Duration::from_secs(5), |event| {
            event["kind"] == "endpoints" && event["removed"].to_string().contains(&gone)
        });
    }
    watch.signal("-TERM");
    let (status, events) = watch.finish(Duration::from_secs(20));
    assert_eq!(status.code(), Some(143));
    let of_kind =
        |kind: &str| events.iter().map(|(_, event)| event).filter(|event| event["kind"] == kind).collect::<Vec<_>>();
    let broken: Vec<_> = of_kind("backend").into_iter().filter(|event| event["status"] == "broken").collect();
    assert!(broken.is_empty(), "{broken:?}");
    let findings: Vec<_> = of_kind("finding").iter().map(|finding| finding["code"].clone()).collect();
    assert_eq!(findings, ["GD904"]);
    let healthy = events.last().unwrap().1["counts"]["verdicts"]["healthy"].as_u64().unwrap();
    assert!((60..128).contains(&healthy), "{healthy}");
}

#[test]
fn a_reader_that_pauses_changes_no_verdict() {
    let setup = Setup::new();
    let server = setup.authority().server(Leaf::default()).acceptor();
    let server = setup.listen_on("0.0.0.0:0", move |stream| {
        let server = server.clone();
        async move {
            if let Ok(stream) = server.accept(stream).await {
                crate::cause::setup::serve_health(stream, Answer::Status(1)).await;
            }
        }
    });
    let registry = registry(&setup, &server, 1_500);
    // As many at a time as this test's own server, unoptimized and on one thread, can serve in time.
    let mut child = tool(&["probe", "--insecure", "-c", "32", "-o", "ndjson", &registry])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut out = BufReader::with_capacity(64, child.stdout.take().unwrap());
    let mut text = String::new();
    out.read_line(&mut text).unwrap();
    std::thread::sleep(Duration::from_secs(7));
    out.read_to_string(&mut text).unwrap();
    let code = child.wait().unwrap().code();
    let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of_endpoints: Vec<&Value> =
        events.iter().filter(|event| event["kind"] == "finding" && event["address"].is_string()).collect();
    assert!(of_endpoints.is_empty(), "{of_endpoints:?}");
    assert_eq!(code, Some(0), "{:?}", events.last());
    // Nothing was left out.
    assert!(events.iter().zip(1_u64..).all(|(event, seq)| event["seq"] == seq));
    assert_eq!(events.last().unwrap()["counts"]["verdicts"]["healthy"], 1_500);
}
