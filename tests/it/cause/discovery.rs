//! Registries that cannot be queried, list nothing, or list different endpoints: GD1xx, GD601, GD602 and the idle
//! cycle.

use std::time::Duration;

use hickory_resolver::proto::rr::RecordType;
use tokio::io::AsyncWriteExt;

use super::scenario::{Run, command, probe};
use super::setup::{Answer, Setup, serve_health, until_gone};
use crate::support::dns_server::{Behavior, DnsServer, addresses};

const LONG: Duration = Duration::from_secs(30);

/// A DNS server that answers `ips` for `pay.test`.
pub(super) fn dns(setup: &mut Setup, ips: &'static [&'static str]) -> String {
    let server = setup.wait(async move {
        let server = DnsServer::start().await;
        server.answer_with("pay.test", RecordType::A, addresses("pay.test", 60, ips));
        server
    });
    let address = server.address().to_string();
    setup.keep(server);
    address
}

pub fn dns_server_unresponsive(setup: &mut Setup) -> Option<Run> {
    let server = setup.unresponsive_udp();
    Some(probe(&[&format!("dns://{server}/pay.test:50051")]).answer_with(&[&server, "could not be queried"]))
}

pub fn dns_server_fails(setup: &mut Setup) -> Option<Run> {
    let server = setup.wait(async {
        let server = DnsServer::start().await;
        let code = hickory_resolver::proto::op::ResponseCode::ServFail;
        server.answer_with("pay.test", RecordType::A, Behavior::Code(code));
        server.answer_with("pay.test", RecordType::AAAA, Behavior::Code(code));
        server
    });
    let address = server.address().to_string();
    setup.keep(server);
    Some(probe(&[&format!("dns://{address}/pay.test:50051")]).answer_with(&[&address, "SERVFAIL"]))
}

pub fn agent_down(setup: &mut Setup) -> Option<Run> {
    let agent = setup.unused_port();
    let run = probe(&["consul:///pay"]).env("CONSUL_HTTP_ADDR", &agent);
    Some(run.answer_with(&[&agent, "could not be queried", "refused"]))
}

pub fn no_instance_registered(setup: &mut Setup) -> Option<Run> {
    let server = setup.wait(DnsServer::start());
    let address = server.address().to_string();
    setup.keep(server);
    Some(probe(&[&format!("dns://{address}/pay.test:50051")]).answer_with(&["pay.test", "NXDOMAIN"]))
}

pub fn empty_file(setup: &mut Setup) -> Option<Run> {
    let registry = setup.registry("pay.json", &[]);
    Some(probe(&[&registry]).answer_with(&["pay.json"]))
}

pub fn registries_disagree(setup: &mut Setup) -> Option<Run> {
    let (a, b) = (setup.healthy(), setup.healthy());
    let one = setup.registry("one.json", &[&a, &b]);
    let two = setup.registry("two.json", &[&a]);
    Some(probe(&[&one, &two]).answer_with(&["two.json", "does not list", &b]))
}

pub fn stale_copy(setup: &mut Setup) -> Option<Run> {
    let well = setup.serves_on("127.0.0.1:0", Answer::Status(1));
    let port = well.rsplit_once(':')?.1.to_string();
    let old = setup.serves_on(&format!("127.0.0.2:{port}"), Answer::Status(1));
    let server = dns(setup, &["127.0.0.1", "127.0.0.2"]);
    let registry = setup.registry("pay.json", &[&well]);
    Some(probe(&[&registry, &format!("dns://{server}/pay.test:{port}")]).answer_with(&[&old, "pay.test", "but not by"]))
}

pub fn expected_and_missing(setup: &mut Setup) -> Option<Run> {
    let well = setup.healthy();
    let registry = setup.registry("pay.json", &[&well]);
    Some(probe(&["--expect", "127.0.0.1:9", &registry]).answer_with(&["127.0.0.1:9 was expected"]))
}

pub fn watch_was_lost_for_a_while(setup: &mut Setup) -> Option<Run> {
    let well = setup.healthy();
    let registry = setup.registry("pay.json", &[&well]);
    let run = command("watch", &["--plaintext", "--for", "6s", &registry]).answer_with(&["was lost for"]);
    Some(run.meanwhile(move |setup, watch| {
        watch.wait_for("READY", LONG, |event| event["to"] == "READY");
        setup.file("pay.json", "{ this is half of a");
        watch.wait_for("broken", LONG, |event| event["kind"] == "backend" && event["status"] == "broken");
        setup.registry("pay.json", &[&well]);
    }))
}

pub fn none_usable(setup: &mut Setup) -> Option<Run> {
    let (a, b) = (setup.unused_port(), setup.unused_port());
    let registry = setup.judged(&[(&a, "critical"), (&b, "critical")]);
    Some(probe(&[&registry]).answer_with(&[&a, &b, "critical"]))
}

pub fn more_than_allowed(setup: &mut Setup) -> Option<Run> {
    let (a, b, c) = (setup.healthy(), setup.healthy(), setup.healthy());
    let registry = setup.registry("pay.json", &[&a, &b, &c]);
    Some(probe(&["--max-endpoints", "2", &registry]).answer_with(&["3 endpoints are listed, but only 2 were probed"]))
}

/// An agent that responds to the query for a service with these headers and this list.
pub fn agent(setup: &Setup, headers: &'static str, list: String) -> String {
    agent_with(setup, headers, list, &[])
}

/// [`agent`] with other responses for paths that contain one of these words.
pub fn agent_with(setup: &Setup, headers: &'static str, list: String, others: &[(&'static str, String)]) -> String {
    let others = others.to_vec();
    setup.listen(move |mut stream| {
        let (list, others) = (list.clone(), others.clone());
        async move {
            loop {
                let mut head = [0; 4096];
                let read = tokio::io::AsyncReadExt::read(&mut stream, &mut head).await.unwrap_or(0);
                if read == 0 {
                    return;
                }
                let head = String::from_utf8_lossy(&head[..read]).into_owned();
                if head.contains("index=") && !head.contains("/status/") {
                    // A blocking query: nothing changes any more.
                    return until_gone(&mut stream).await;
                }
                let path = head.split(' ').nth(1).unwrap_or_default();
                let other = others.iter().find(|(word, _)| path.contains(word)).map(|(_, body)| body.as_str());
                let leader = head.contains("/status/leader").then_some("\"127.0.0.1:8300\"");
                let body = leader.or(other).unwrap_or(&list);
                let length = body.len();
                let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n{headers}\r\n{body}");
                if stream.write_all(answer.as_bytes()).await.is_err() {
                    return;
                }
            }
        }
    })
}

/// One instance as Consul's `/v1/health/service` lists it.
pub fn instance(address: &str, status: &str) -> serde_json::Value {
    let (host, port) = address.rsplit_once(':').unwrap();
    let port: u16 = port.parse().unwrap();
    serde_json::json!({
        "Node": { "Node": "node-1", "Address": host, "Datacenter": "dc1" },
        "Service": { "ID": format!("pay-{port}"), "Service": "pay", "Address": host, "Port": port, "Tags": [] },
        "Checks": [{ "CheckID": "grpc", "Name": "grpc", "Status": status, "Output": "" }],
    })
}

pub fn agent_without_leader(setup: &mut Setup) -> Option<Run> {
    let well = setup.healthy();
    let headers = "X-Consul-Index: 7\r\nX-Consul-KnownLeader: false\r\nX-Consul-LastContact: 0\r\n";
    let agent = agent(setup, headers, serde_json::json!([instance(&well, "passing")]).to_string());
    Some(probe(&[&format!("consul://{agent}/pay")]).answer_with(&["leader"]))
}

pub fn passing_and_dead(setup: &mut Setup) -> Option<Run> {
    let (well, dead) = (setup.healthy(), setup.unused_port());
    let registry = setup.judged(&[(&well, "healthy"), (&dead, "healthy")]);
    Some(probe(&[&registry]).answer_with(&[&dead, "is reported as healthy by file", "connection refused"]))
}

/// An endpoint that is being removed may be in any state.
pub fn draining(setup: &mut Setup) -> Option<Run> {
    let (well, leaving, gone) = (setup.healthy(), setup.healthy(), setup.unused_port());
    Some(probe(&[&setup.judged(&[(&well, "healthy"), (&leaving, "draining"), (&gone, "draining")])]))
}

#[cfg(feature = "consul")]
pub fn blind_token(setup: &mut Setup) -> Option<Run> {
    use crate::support::consul::{ConsulAgent, Mode};
    let agent = ConsulAgent::start(Mode::Acl)?;
    agent.register_simple("pay", "pay-1", 9001);
    let token = agent.token("nothing", None);
    let run = probe(&["consul:///pay"]).env("CONSUL_HTTP_ADDR", &agent.address()).env("CONSUL_HTTP_TOKEN", &token);
    setup.keep(agent);
    Some(run.answer_with(&["consul hid results from this token"]))
}

#[cfg(not(feature = "consul"))]
pub fn blind_token(_: &mut Setup) -> Option<Run> {
    None
}

/// An idle cycle in which the list is rewritten when the idle period starts.
fn idle(registry: &str, then: impl FnOnce(&Setup) + 'static) -> Run {
    probe(&["--idle", "2s", "--plaintext", registry]).meanwhile(move |setup, running| {
        running.wait_for("the idle time", LONG, |event| event["kind"] == "idle" && event["phase"] == "waiting");
        then(setup);
    })
}

pub fn moved_while_idle(setup: &mut Setup) -> Option<Run> {
    let (old, new) = (setup.healthy(), setup.healthy());
    let registry = setup.registry("pay.json", &[&old]);
    let answer_with = [old.clone(), new.clone()];
    let run = idle(&registry, move |setup| drop(setup.registry("pay.json", &[&new])));
    Some(run.answer_with(&[
        &answer_with[0],
        &answer_with[1],
        "was removed from file",
        "still responds",
        "kratos 2.5.4 to 2.7.2",
        "a restart",
    ]))
}

pub fn call_after_idle_fails(setup: &mut Setup) -> Option<Run> {
    let (old, new) = (setup.healthy(), setup.unused_port());
    let registry = setup.registry("pay.json", &[&old]);
    let answer_with = new.clone();
    let run = idle(&registry, move |setup| drop(setup.registry("pay.json", &[&new])));
    Some(run.answer_with(&[&answer_with, "the call after the idle period failed", "connection refused"]))
}

/// A server that delays its SETTINGS, with a deadline that a warm connection meets easily.
pub fn idle_exit_too_slow(setup: &mut Setup) -> Option<Run> {
    let slow = setup.listen(|stream| async {
        tokio::time::sleep(Duration::from_millis(400)).await;
        serve_health(stream, Answer::Status(1)).await;
    });
    let registry = setup.registry("pay.json", &[&slow]);
    let arguments = ["--idle", "1s", "--plaintext", "--rpc-timeout", "250ms", registry.as_str()];
    Some(probe(&arguments).answer_with(&[&slow, "its deadline is 250ms", "http2 4"]))
}

pub fn no_call_before_the_silence(setup: &mut Setup) -> Option<Run> {
    let dead = setup.unused_port();
    let registry = setup.registry("pay.json", &[&dead]);
    let arguments = ["--idle", "2s", "--plaintext", registry.as_str()];
    Some(probe(&arguments).answer_with(&[&dead, "the call before the idle period failed", "connection refused"]))
}
