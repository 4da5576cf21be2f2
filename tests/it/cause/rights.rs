//! Registries that lose their list, withdraw permissions, or contradict themselves: GD131, GD140, GD141. No endpoint
//! is reported as removed in any of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::discovery::instance;
use super::scenario::{Run, command};
use super::setup::{Setup, until_gone};
use crate::support::tool::Running;

const LONG: Duration = Duration::from_secs(30);

/// What an agent does with a query for the service.
enum Reply {
    /// Status, headers, list.
    Now(u16, &'static str, Value),
    /// A blocking query without a response.
    Never,
}

/// An agent that replies to the consistent queries (true) and the blocking ones, each counted from 0, as scripted by
/// `script`.
fn scripted(setup: &Setup, script: impl Fn(bool, usize) -> Reply + Send + Sync + 'static) -> String {
    let script = Arc::new(script);
    let counts = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
    setup.listen(move |mut stream| {
        let (script, counts) = (script.clone(), counts.clone());
        async move {
            let mut head = [0; 4096];
            while let Ok(read @ 1..) = stream.read(&mut head).await {
                let head = String::from_utf8_lossy(&head[..read]).into_owned();
                let reply = if head.contains("/status/leader") {
                    Reply::Now(200, "", json!("127.0.0.1:8300"))
                } else if head.contains("/v1/health/service/") {
                    let is_consistent = head.contains("consistent");
                    let number = counts[usize::from(is_consistent)].fetch_add(1, Ordering::Relaxed);
                    script(is_consistent, number)
                } else {
                    Reply::Now(404, "", json!(null))
                };
                let Reply::Now(status, headers, body) = reply else { return until_gone(&mut stream).await };
                let body = body.to_string();
                let length = body.len();
                let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\n{headers}\r\n{body}");
                if stream.write_all(answer.as_bytes()).await.is_err() {
                    return;
                }
            }
        }
    })
}

const SEVEN: &str = "X-Consul-Index: 7\r\n";
const EIGHT: &str = "X-Consul-Index: 8\r\n";
const FILTERED: &str = "X-Consul-Index: 7\r\nX-Consul-Results-Filtered-By-ACLs: true\r\n";

fn nothing_is_gone(watch: &Running) {
    for (_, event) in &watch.seen {
        assert!(event["removed"].as_array().is_none_or(Vec::is_empty), "{event}");
    }
}

fn ready(watch: &mut Running) {
    watch.wait_for("READY", LONG, |event| event["to"] == "READY");
}

fn denied(watch: &mut Running) {
    watch.wait_for("denied", LONG, |event| event["status"] == "broken" && event["error"]["code"] == "denied");
    nothing_is_gone(watch);
}

pub fn registry_comes_back_empty(setup: &mut Setup) -> Option<Run> {
    let well = setup.healthy();
    let registry = setup.registry("pay.json", &[&well]);
    let run = command("watch", &["--plaintext", "--for", "6s", &registry]);
    let run =
        run.answer_with(&["was lost for", "recovered after a gap without 1 of the 1 endpoints", "for at most 10s"]);
    Some(run.meanwhile(move |setup, watch| {
        ready(watch);
        setup.file("pay.json", "{ this is half of a");
        watch.wait_for("broken", LONG, |event| event["kind"] == "backend" && event["status"] == "broken");
        setup.registry("pay.json", &[]);
        watch.wait_for("recovered", LONG, |event| event["kind"] == "backend" && event["status"] == "recovered");
        setup.registry("pay.json", &[&well]);
        watch.wait_for("the end", LONG, |event| event["kind"] == "summary");
        nothing_is_gone(watch);
    }))
}

pub fn access_is_lost(setup: &mut Setup) -> Option<Run> {
    let well = setup.healthy();
    let list = json!([instance(&well, "passing")]);
    let agent = scripted(setup, move |is_consistent, number| match (is_consistent, number) {
        (true, 0) => Reply::Now(200, SEVEN, list.clone()),
        _ => Reply::Now(403, "", json!("token does not exist: ACL not found")),
    });
    let run = command("watch", &["--plaintext", "--for", "3s", &format!("consul://{agent}/pay")]);
    let run = run
        .answer_with(&["has denied access since", "its last list is kept", "ACL not found"])
        .does(&["consul acl token"]);
    Some(run.meanwhile(|_, watch| denied(watch)))
}

pub fn results_are_hidden_from_a_watch(setup: &mut Setup) -> Option<Run> {
    let well = setup.healthy();
    let list = json!([instance(&well, "passing")]);
    let agent = scripted(setup, move |is_consistent, number| match (is_consistent, number) {
        (true, 0) => Reply::Now(200, SEVEN, list.clone()),
        _ => Reply::Now(200, FILTERED, json!([])),
    });
    let run = command("watch", &["--plaintext", "--for", "3s", &format!("consul://{agent}/pay")]);
    let run = run
        .env("CONSUL_HTTP_TOKEN", "some")
        .answer_with(&["has denied access since", "consul hid results from this token"]);
    Some(run.meanwhile(|_, watch| denied(watch)))
}

pub fn agent_that_contradicts_itself(setup: &mut Setup) -> Option<Run> {
    let well = setup.healthy();
    let list = json!([instance(&well, "passing")]);
    let agent = scripted(setup, move |is_consistent, number| match (is_consistent, number) {
        (true, number) if number % 2 == 0 => Reply::Now(200, SEVEN, list.clone()),
        (true, _) | (false, 0 | 1) => Reply::Now(200, EIGHT, json!([])),
        (false, _) => Reply::Never,
    });
    let run = command("watch", &["--plaintext", "--for", "7s", &format!("consul://{agent}/pay")]);
    let run = run.answer_with(&["returned an empty list 2 times"]);
    Some(run.meanwhile(|_, watch| {
        watch.wait_for("the end", LONG, |event| event["kind"] == "summary");
        nothing_is_gone(watch);
    }))
}
