//! Registries that contradict themselves or reject queries: how many requests they get.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::cause::setup::Setup;
use crate::support::kubernetes::{ready, slice};
use crate::support::tool::{run_command, tool};

/// A scripted API server: it lists one endpoint, and every watch runs as `watch` scripts it.
fn api_server(setup: &Setup, watch: &'static str) -> (String, Arc<AtomicUsize>) {
    let requests = Arc::new(AtomicUsize::new(0));
    let counted = requests.clone();
    let address = setup.listen(move |mut stream| {
        let requests = requests.clone();
        async move {
            let mut head = [0; 8192];
            while let Ok(read @ 1..) = stream.read(&mut head).await {
                requests.fetch_add(1, Ordering::Relaxed);
                let head = String::from_utf8_lossy(&head[..read]).into_owned();
                let answer = if head.contains("watch=true") || head.contains("watch=1") {
                    watch.to_string()
                } else if head.contains("/endpointslices") {
                    let mut slice = slice("pay-1", "pay", 50051, &[ready("10.1.0.1", "a")]);
                    slice["metadata"]["resourceVersion"] = json!("7");
                    let list = json!({
                        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSliceList",
                        "metadata": { "resourceVersion": "7" }, "items": [slice],
                    });
                    http("200 OK", "", &list)
                } else {
                    http("404 Not Found", "", &json!({ "kind": "Status", "code": 404, "message": "not found" }))
                };
                if stream.write_all(answer.as_bytes()).await.is_err() {
                    return;
                }
                if !answer.contains("Content-Length") {
                    return;
                }
            }
        }
    });
    (address, counted)
}

fn http(status: &str, headers: &str, body: &Value) -> String {
    let body = body.to_string();
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Runs `resolve --watch` for ten seconds; returns the number of requests and the output.
fn requests_in_ten_seconds(watch: &'static str) -> (usize, String) {
    let setup = Setup::new();
    let (address, requests) = api_server(&setup, watch);
    let config = setup.file(
        "kubeconfig",
        &json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "test",
            "contexts": [{ "name": "test", "context": { "cluster": "here", "user": "me", "namespace": "pay" } }],
            "clusters": [{ "name": "here", "cluster": { "server": format!("http://{address}") } }],
            "users": [{ "name": "me", "user": {} }],
        })
        .to_string(),
    );
    let mut command = tool(&["resolve", "--watch", "--max-time", "10s", "-o", "ndjson", "kubernetes:///pay.pay"]);
    command.env("KUBECONFIG", config);
    let finished = run_command(command);
    let all = finished.all();
    assert!(!all.contains("\"removed\":[{"), "nothing is gone: {all}");
    (requests.load(Ordering::Relaxed), all)
}

/// A watch that immediately deletes what was listed.
const DELETES: &str = concat!(
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n",
    r#"{"type":"DELETED","object":{"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","addressType":"IPv4","#,
    r#""metadata":{"name":"pay-1","namespace":"pay","resourceVersion":"8"},"endpoints":[]}}"#,
    "\n"
);

#[test]
fn an_api_server_whose_list_and_watch_disagree_gets_twenty_requests_in_ten_seconds() {
    let (requests, all) = requests_in_ten_seconds(DELETES);
    assert!(requests <= 20, "{requests} requests\n{all}");
    assert!(all.contains("was not confirmed by a second query"), "{all}");
}

#[test]
fn a_watch_that_is_refused_backs_off_although_lists_are_answered() {
    let threads: Vec<_> = [
        ("403", "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", 26),
        ("410", "HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n", 20),
        ("500", "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n", 20),
        ("ends at once", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 20),
        ("429", "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 30\r\nContent-Length: 0\r\n\r\n", 4),
    ]
    .into_iter()
    .map(|(name, watch, most)| {
        std::thread::spawn(move || {
            let (requests, all) = requests_in_ten_seconds(watch);
            assert!((2..=most).contains(&requests), "{name}: {requests} requests\n{all}");
        })
    })
    .collect();
    for thread in threads {
        thread.join().expect("every kind");
    }
}

#[test]
fn retry_after_is_reported_as_the_time_to_the_next_query() {
    let setup = Setup::new();
    let agent = setup.answers_and_closes(
        b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 47\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    );
    for target in [format!("consul://{agent}/pay"), format!("eureka://{agent}/pay")] {
        let run = crate::support::tool::run(&["resolve", "--watch", "--max-time", "2s", "-o", "ndjson", &target]);
        let broken = run.events().into_iter().find(|event| event["status"] == "broken").expect("a broken registry");
        assert_eq!(broken["retry_in_ms"], 47_000, "{broken}");
    }
}
