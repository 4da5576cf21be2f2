//! What registries list against what the network says, and registries against each other: GD110 to GD116, GD607, GD608,
//! and the proxy of the environment.

use hickory_resolver::proto::rr::RecordType;
use serde_json::{Value, json};

use super::discovery::{agent, instance};
use super::scenario::{Run, probe};
use super::world::{Answer, World};
use crate::support::dns_server::{DnsServer, addresses};

const HEADERS: &str = "X-Consul-Index: 7\r\nX-Consul-KnownLeader: true\r\nX-Consul-LastContact: 0\r\n";

/// An agent that lists `instances`.
fn lists(world: &World, instances: &[Value]) -> String {
    agent(world, HEADERS, json!(instances).to_string())
}

/// A DNS server that gives these addresses for `pay.test`.
fn dns(world: &mut World, v4: &'static [&'static str], v6: &'static [&'static str]) -> String {
    let server = world.wait(async move {
        let server = DnsServer::start().await;
        server.says("pay.test", RecordType::A, addresses("pay.test", 60, v4));
        if !v6.is_empty() {
            server.says("pay.test", RecordType::AAAA, addresses("pay.test", 60, v6));
        }
        server
    });
    let address = server.address().to_string();
    world.keep(server);
    address
}

fn port(address: &str) -> &str {
    address.rsplit_once(':').unwrap().1
}

pub fn no_instance_has_the_tag(world: &mut World) -> Option<Run> {
    let well = world.healthy();
    let mut tagged = instance(&well, "passing");
    tagged["Service"]["Tags"] = json!(["v1", "http"]);
    let agent = lists(world, &[tagged]);
    let run = probe(&[&format!("consul://{agent}/pay?tag=grpc")]);
    Some(run.says(&["1 registered -> 0 tagged \"grpc\"", "the tags there are \"http\", \"v1\""]))
}

pub fn registered_for_http_only(world: &mut World) -> Option<Run> {
    let mut http = instance("127.0.0.1:8000", "passing");
    http["Service"]["TaggedAddresses"] = json!({ "http": { "Address": "http://127.0.0.1:8000", "Port": 8000 } });
    let agent = lists(world, &[http]);
    let run = probe(&[&format!("consul://{agent}/pay")]);
    Some(run.says(&["1 registered -> 0 with a grpc endpoint", "kratos registered it for http only"]))
}

pub fn loopback_of_another_node(world: &mut World) -> Option<Run> {
    let well = world.healthy();
    let mut far = instance(&well, "passing");
    far["Node"]["Address"] = json!("192.0.2.9");
    let agent = lists(world, &[far]);
    Some(probe(&[&format!("consul://{agent}/pay")]).says(&[&well, "loopback", "its node is at 192.0.2.9"]))
}

pub fn one_address_under_two_ids(world: &mut World) -> Option<Run> {
    let well = world.healthy();
    let mut left_over = instance(&well, "passing");
    left_over["Service"]["ID"] = json!("pay-old");
    let agent = lists(world, &[instance(&well, "passing"), left_over]);
    Some(probe(&[&format!("consul://{agent}/pay")]).says(&[
        &well,
        "registered 2 times in consul",
        "\"pay-old\" on node node-1",
    ]))
}

pub fn virtual_ip_before_several(world: &mut World) -> Option<Run> {
    let (a, b) = (world.healthy(), world.healthy());
    let registry = world.registry("pay.json", &[&a, &b]);
    let virtual_ip = world.serves_on("127.0.0.3:0", Answer::Status(1));
    let server = dns(world, &["127.0.0.3"], &[]);
    let name = format!("dns://{server}/pay.test:{}", port(&virtual_ip));
    Some(probe(&[&registry, &name]).says(&[&virtual_ip, "none of the 2 endpoints that file:", "a virtual IP"]))
}

#[expect(clippy::print_stderr, reason = "what was left out must be said")]
pub fn ipv6_that_leads_nowhere(world: &mut World) -> Option<Run> {
    if std::net::TcpListener::bind("[::1]:0").is_err() {
        eprintln!("left out: this machine has no IPv6 loopback");
        return None;
    }
    let swallows = world.full_on("[::1]:0");
    let well = world.serves_on(&format!("127.0.0.1:{}", port(&swallows)), Answer::Status(1));
    let server = dns(world, &["127.0.0.1"], &["::1"]);
    let name = format!("dns://{server}/pay.test:{}", port(&well));
    Some(probe(&["--connect-timeout", "700ms", &name]).says(&[&swallows, "while IPv4 works"]))
}

pub fn agent_that_limits_us(world: &mut World) -> Option<Run> {
    let agent = world.answers_and_closes(
        b"HTTP/1.1 429 Too Many Requests\r\nContent-Type: text/plain\r\nContent-Length: 81\r\nConnection: close\r\n\r\n\
          Your IP is issuing too many concurrent connections, please rate limit your calls\n",
    );
    Some(probe(&[&format!("consul://{agent}/pay")]).says(&[&agent, "HTTP 429: Your IP is issuing too many"]))
}

pub fn agents_that_disagree(world: &mut World) -> Option<Run> {
    let (a, b) = (world.healthy(), world.healthy());
    let one = lists(world, &[instance(&a, "passing"), instance(&b, "passing")]);
    let two = lists(world, &[instance(&a, "passing")]);
    let run = probe(&[&format!("consul://{one}/pay"), &format!("consul://{two}/pay")]);
    Some(run.says(&[&format!("consul://{two}/pay does not list {b}"), "index 7"]))
}

pub fn critical_and_dead(world: &mut World) -> Option<Run> {
    let (well, dead) = (world.healthy(), world.nobody());
    let mut ghost = instance(&dead, "critical");
    ghost["Checks"][0]["Output"] = json!("connect: connection refused");
    let agent = lists(world, &[instance(&well, "passing"), ghost]);
    let run = probe(&[&format!("consul://{agent}/pay")]);
    Some(run.says(&[&dead, "is still registered in consul as \"pay-", "on node node-1, critical", "says: connect:"]))
}

pub fn critical_and_serving(world: &mut World) -> Option<Run> {
    let (well, blamed) = (world.healthy(), world.healthy());
    let registry = world.judged(&[(&well, "healthy"), (&blamed, "critical")]);
    Some(probe(&[&registry]).says(&[&blamed, "is registered in file, critical, and serves"]))
}

pub fn proxy_in_the_environment(world: &mut World) -> Option<Run> {
    // The one address that is not called loopback and leads to this machine.
    let well = world.healthy();
    let target = format!("ipv4:0.0.0.0:{}", port(&well));
    let run = probe(&[&target]).env("HTTPS_PROXY", "http://ann:hunter2@192.0.2.1:3128");
    Some(run.says(&["HTTPS_PROXY is http://192.0.2.1:3128", "grpc-go", "this tool connected directly"]))
}
