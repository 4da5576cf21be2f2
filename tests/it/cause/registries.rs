//! What registries list compared with the network, and registries compared with each other: GD110 to GD116, GD607,
//! GD608, and the proxy settings of the environment.

use hickory_resolver::proto::rr::RecordType;
use serde_json::{Value, json};

use super::discovery::{agent, agent_with, instance};
use super::scenario::{Run, command, probe};
use super::setup::{Answer, Setup};
use crate::support::dns_server::{DnsServer, addresses};

const HEADERS: &str = "X-Consul-Index: 7\r\nX-Consul-KnownLeader: true\r\nX-Consul-LastContact: 0\r\n";

/// An agent that lists `instances`.
fn lists(setup: &Setup, instances: &[Value]) -> String {
    agent(setup, HEADERS, json!(instances).to_string())
}

/// A DNS server that answers these addresses for `pay.test`.
fn dns(setup: &mut Setup, v4: &'static [&'static str], v6: &'static [&'static str]) -> String {
    let server = setup.wait(async move {
        let server = DnsServer::start().await;
        server.answer_with("pay.test", RecordType::A, addresses("pay.test", 60, v4));
        if !v6.is_empty() {
            server.answer_with("pay.test", RecordType::AAAA, addresses("pay.test", 60, v6));
        }
        server
    });
    let address = server.address().to_string();
    setup.keep(server);
    address
}

fn port(address: &str) -> &str {
    address.rsplit_once(':').unwrap().1
}

pub fn no_instance_has_the_tag(setup: &mut Setup) -> Option<Run> {
    let well = setup.healthy();
    let mut tagged = instance(&well, "passing");
    tagged["Service"]["Tags"] = json!(["v1", "http"]);
    let agent = lists(setup, &[tagged]);
    let run = probe(&[&format!("consul://{agent}/pay?tag=grpc")]);
    Some(run.answer_with(&["1 registered -> 0 tagged \"grpc\"", "their tags are \"http\", \"v1\""]))
}

pub fn registered_for_http_only(setup: &mut Setup) -> Option<Run> {
    let mut http = instance("127.0.0.1:8000", "passing");
    http["Service"]["TaggedAddresses"] = json!({ "http": { "Address": "http://127.0.0.1:8000", "Port": 8000 } });
    let agent = lists(setup, &[http]);
    let run = probe(&[&format!("consul://{agent}/pay")]);
    Some(run.answer_with(&["1 registered -> 0 with a grpc endpoint", "kratos registered it for http only"]))
}

pub fn loopback_of_another_node(setup: &mut Setup) -> Option<Run> {
    let well = setup.healthy();
    let mut far = instance(&well, "passing");
    far["Node"]["Address"] = json!("192.0.2.9");
    let agent = lists(setup, &[far]);
    Some(probe(&[&format!("consul://{agent}/pay")]).answer_with(&[&well, "loopback", "its node is at 192.0.2.9"]))
}

pub fn one_address_under_two_ids(setup: &mut Setup) -> Option<Run> {
    let well = setup.healthy();
    let mut left_over = instance(&well, "passing");
    left_over["Service"]["ID"] = json!("pay-old");
    let agent = lists(setup, &[instance(&well, "passing"), left_over]);
    Some(probe(&[&format!("consul://{agent}/pay")]).answer_with(&[
        &well,
        "registered 2 times in consul",
        "\"pay-old\" on node node-1",
    ]))
}

pub fn virtual_ip_before_several(setup: &mut Setup) -> Option<Run> {
    let (a, b) = (setup.healthy(), setup.healthy());
    let registry = setup.registry("pay.json", &[&a, &b]);
    let virtual_ip = setup.serves_on("127.0.0.3:0", Answer::Status(1));
    let server = dns(setup, &["127.0.0.3"], &[]);
    let name = format!("dns://{server}/pay.test:{}", port(&virtual_ip));
    Some(probe(&[&registry, &name]).answer_with(&[
        &virtual_ip,
        "not one of the 2 endpoints that file:",
        "a virtual IP",
    ]))
}

#[expect(clippy::print_stderr, reason = "what is skipped must be reported")]
pub fn ipv6_that_leads_nowhere(setup: &mut Setup) -> Option<Run> {
    if std::net::TcpListener::bind("[::1]:0").is_err() {
        eprintln!("left out: this machine has no IPv6 loopback");
        return None;
    }
    let swallows = setup.full_on("[::1]:0");
    let well = setup.serves_on(&format!("127.0.0.1:{}", port(&swallows)), Answer::Status(1));
    let server = dns(setup, &["127.0.0.1"], &["::1"]);
    let name = format!("dns://{server}/pay.test:{}", port(&well));
    Some(probe(&["--connect-timeout", "700ms", &name]).answer_with(&[&swallows, "while IPv4 works"]))
}

pub fn agent_that_limits_us(setup: &mut Setup) -> Option<Run> {
    let agent = setup.answers_and_closes(
        b"HTTP/1.1 429 Too Many Requests\r\nContent-Type: text/plain\r\nContent-Length: 81\r\nConnection: close\r\n\r\n\
          Your IP is issuing too many concurrent connections, please rate limit your calls\n",
    );
    Some(probe(&[&format!("consul://{agent}/pay")]).answer_with(&[&agent, "HTTP 429: Your IP is issuing too many"]))
}

pub fn agents_that_disagree(setup: &mut Setup) -> Option<Run> {
    let (a, b) = (setup.healthy(), setup.healthy());
    let one = lists(setup, &[instance(&a, "passing"), instance(&b, "passing")]);
    let two = lists(setup, &[instance(&a, "passing")]);
    let run = probe(&[&format!("consul://{one}/pay"), &format!("consul://{two}/pay")]);
    Some(run.answer_with(&[&format!("consul://{two}/pay does not list {b}"), "index 7"]))
}

pub fn critical_and_dead(setup: &mut Setup) -> Option<Run> {
    let (well, dead) = (setup.healthy(), setup.unused_port());
    let mut leftover = instance(&dead, "critical");
    leftover["Checks"][0]["Output"] = json!("connect: connection refused");
    let agent = lists(setup, &[instance(&well, "passing"), leftover]);
    let run = probe(&[&format!("consul://{agent}/pay")]);
    Some(run.answer_with(&[
        &dead,
        "is still registered in consul as \"pay-",
        "on node node-1, critical",
        "is critical: connect:",
    ]))
}

pub fn critical_and_serving(setup: &mut Setup) -> Option<Run> {
    let (well, blamed) = (setup.healthy(), setup.healthy());
    let registry = setup.judged(&[(&well, "healthy"), (&blamed, "critical")]);
    Some(probe(&[&registry]).answer_with(&[&blamed, "is registered in file, critical, but is serving"]))
}

pub fn proxy_in_the_environment(setup: &mut Setup) -> Option<Run> {
    // The only address that is not called loopback and reaches this machine.
    let well = setup.healthy();
    let target = format!("ipv4:0.0.0.0:{}", port(&well));
    let run = probe(&[&target]).env("HTTPS_PROXY", "http://ann:hunter2@192.0.2.1:3128");
    Some(run.answer_with(&["HTTPS_PROXY is set to http://192.0.2.1:3128", "grpc-go", "this tool connected directly"]))
}

pub fn a_port_that_is_none_among_good_ones(setup: &mut Setup) -> Option<Run> {
    let well = setup.healthy();
    let mut bad = instance(&well, "passing");
    (bad["Service"]["ID"], bad["Service"]["Port"]) = (json!("pay-bad"), json!(0));
    let agent = lists(setup, &[instance(&well, "passing"), bad]);
    let words = ["1 of 2 registered instances cannot be used", "\"pay-bad\" on node \"node-1\"", "invalid port 0"];
    Some(probe(&[&format!("consul://{agent}/pay")]).answer_with(&words))
}

fn warned(address: &str) -> Value {
    let mut warned = instance(address, "warning");
    (warned["Checks"][0]["Name"], warned["Checks"][0]["Output"]) = (json!("disk"), json!("91 % full"));
    warned
}

pub fn filtered_by_passing(setup: &mut Setup) -> Option<Run> {
    let (well, ill) = (setup.healthy(), setup.healthy());
    let agent = lists(setup, &[instance(&well, "passing"), warned(&ill)]);
    let words = ["1 of 2 instances do not pass their checks", &ill, "check \"disk\" is warning: 91 % full"];
    Some(probe(&[&format!("consul://{agent}/pay?healthy=true")]).answer_with(&words))
}

pub fn one_of_two_warns(setup: &mut Setup) -> Option<Run> {
    let (well, ill) = (setup.healthy(), setup.healthy());
    let agent = lists(setup, &[instance(&well, "passing"), warned(&ill)]);
    let words = ["1 of 2 passing", &ill, "its check \"disk\" is warning: 91 % full", "Kratos", "leave them out"];
    Some(probe(&[&format!("consul://{agent}/pay")]).answer_with(&words))
}

pub fn critical_in_a_resolve(setup: &mut Setup) -> Option<Run> {
    let agent = lists(setup, &[instance("10.0.0.1:1", "passing"), instance("10.0.0.2:2", "critical")]);
    let run = command("resolve", &[&format!("consul://{agent}/pay")]);
    Some(run.answer_with(&["1 of 2 passing: 10.0.0.2:2", "its check \"grpc\" is critical"]))
}

pub fn the_only_one_warns(setup: &mut Setup) -> Option<Run> {
    let ill = setup.healthy();
    let agent = lists(setup, &[warned(&ill)]);
    let words = ["0 of 1 passing", &ill, "its check \"disk\" is warning: 91 % full", "find no endpoint"];
    Some(probe(&[&format!("consul://{agent}/pay")]).answer_with(&words))
}

/// In maintenance as Consul 1.22 lists it.
fn maintained(address: &str, check: &str, reason: &str) -> Value {
    let mut maintained = instance(address, "passing");
    let notes =
        json!({ "CheckID": check, "Name": "Maintenance Mode", "Status": "critical", "Notes": reason, "Output": "" });
    maintained["Checks"].as_array_mut().unwrap().push(notes);
    maintained
}

pub fn one_of_two_in_maintenance(setup: &mut Setup) -> Option<Run> {
    let (well, out) = (setup.healthy(), setup.healthy());
    let id = format!("pay-{}", port(&out));
    let agent = lists(
        setup,
        &[instance(&well, "passing"), maintained(&out, &format!("_service_maintenance:{id}"), "disk swap")],
    );
    let run = probe(&[&format!("consul://{agent}/pay")]).answer_with(&[&out, "maintenance mode (reason: disk swap)"]);
    Some(run.does(&[&format!("`consul maint -disable -service={id}` on node node-1")]).never(&["deregister"]))
}

pub fn node_in_maintenance(setup: &mut Setup) -> Option<Run> {
    let out = setup.healthy();
    let agent = lists(setup, &[maintained(&out, "_node_maintenance", "kernel update")]);
    let run =
        probe(&[&format!("consul://{agent}/pay")]).answer_with(&[&out, "reason: kernel update", "is in maintenance"]);
    Some(run.does(&["`consul maint -disable` on node node-1"]).never(&["check is wrong", "deregister"]))
}

/// Its port is closed to all but the proxy beside it.
pub fn behind_a_mesh_proxy(setup: &mut Setup) -> Option<Run> {
    let closed = setup.unused_port();
    let proxy = json!([{
        "Node": { "Node": "node-1", "Address": "127.0.0.1", "Datacenter": "dc1" },
        "Service": {
            "Kind": "connect-proxy", "ID": "pay-sidecar-proxy", "Service": "pay-sidecar-proxy", "Port": 21000,
            "Proxy": { "DestinationServiceName": "pay", "DestinationServiceID": format!("pay-{}", port(&closed)) },
        },
        "Checks": [],
    }]);
    let list = json!([instance(&closed, "passing")]).to_string();
    let agent = agent_with(setup, HEADERS, list, &[("/health/connect/", proxy.to_string())]);
    let run = probe(&[&format!("consul://{agent}/pay")])
        .answer_with(&[&closed, "its proxy is \"pay-sidecar-proxy\" on port 21000"]);
    Some(run.never(&["eregister it", "unreachable"]))
}

pub fn mesh_native_and_closed(setup: &mut Setup) -> Option<Run> {
    let (well, closed) = (setup.healthy(), setup.unused_port());
    let mut native = instance(&closed, "passing");
    native["Service"]["Connect"] = json!({ "Native": true });
    let agent = lists(setup, &[instance(&well, "passing"), native]);
    Some(probe(&[&format!("consul://{agent}/pay")]).answer_with(&[&closed, "Connect native"]).never(&["eregister it"]))
}

/// A bare name that DNS resolves, while the environment names an agent that is unreachable.
pub fn dead_registry_of_the_environment(setup: &mut Setup) -> Option<Run> {
    let (well, dead) = (setup.healthy(), setup.unused_port());
    let server = dns(setup, &["127.0.0.1"], &[]);
    let run = probe(&["--dns-server", &server, "--port", port(&well), "pay.test"]).env("CONSUL_HTTP_ADDR", &dead);
    Some(run.answer_with(&[&dead, "could not be queried"]))
}

/// The same registry, but named explicitly.
pub fn dead_registry_that_was_named(setup: &mut Setup) -> Option<Run> {
    let (well, dead) = (setup.healthy(), setup.unused_port());
    let registry = setup.registry("pay.json", &[&well]);
    Some(probe(&[&registry, "consul:///pay"]).env("CONSUL_HTTP_ADDR", &dead).answer_with(&[&dead]))
}

pub fn no_agent_on_this_machine(setup: &mut Setup) -> Option<Run> {
    let well = setup.healthy();
    let server = dns(setup, &["127.0.0.1"], &[]);
    Some(probe(&["--dns-server", &server, "--port", port(&well), "pay.test"]))
}

pub fn some_without_the_tag(setup: &mut Setup) -> Option<Run> {
    let (tagged, other) = (setup.healthy(), setup.healthy());
    let mut of_tag = instance(&tagged, "passing");
    of_tag["Service"]["Tags"] = json!(["v2"]);
    let agent = lists(setup, &[of_tag, instance(&other, "passing")]);
    Some(
        probe(&[&format!("consul://{agent}/pay?tag=v2")]).answer_with(&["1 of 2 instances do not have the tag \"v2\""]),
    )
}

pub fn nothing_that_can_be_read(setup: &mut Setup) -> Option<Run> {
    let agent = lists(setup, &[json!([[[1]]]), json!("pay")]);
    Some(probe(&[&format!("consul://{agent}/pay")]).answer_with(&["none of 2 entries can be read", "cannot be parsed"]))
}

pub fn other_spelling_and_datacenter(setup: &mut Setup) -> Option<Run> {
    let there = json!([instance("10.0.0.1:1", "passing")]).to_string();
    let others = [
        ("dc=eu", there),
        ("/catalog/services", json!({ "Pay": [], "orders": [] }).to_string()),
        ("/catalog/datacenters", json!(["dc1", "eu"]).to_string()),
    ];
    let agent = agent_with(setup, HEADERS, "[]".to_string(), &others);
    let run = probe(&[&format!("consul://{agent}/pay")]);
    Some(
        run.answer_with(&["similar names: \"Pay\"", "instances of it in datacenter \"eu\": 1"])
            .does(&[&format!("consul://{agent}/Pay")]),
    )
}

/// A Eureka server with one instance of `PAY`.
fn eureka(setup: &Setup, host: &str, address: &str, status: &str) -> String {
    let (ip, port) = address.rsplit_once(':').unwrap();
    let instance = json!({
        "instanceId": "i", "hostName": host, "app": "PAY", "ipAddr": ip, "status": status,
        "overriddenStatus": if status == "OUT_OF_SERVICE" { status } else { "UNKNOWN" },
        "port": { "$": port.parse::<u16>().unwrap(), "@enabled": "true" },
    });
    let application = json!({ "name": "PAY", "instance": [instance] });
    let all = json!({ "applications": { "application": [{ "name": "PAY" }] } }).to_string();
    let one = json!({ "application": application }).to_string();
    setup.listen(move |mut stream| {
        let (all, one) = (all.clone(), one.clone());
        async move {
            let mut head = [0; 4096];
            while let Ok(read @ 1..) = tokio::io::AsyncReadExt::read(&mut stream, &mut head).await {
                let head = String::from_utf8_lossy(&head[..read]).into_owned();
                let (status, body) = match head.split(' ').nth(1).unwrap_or_default() {
                    path if path.ends_with("/apps/PAY") => (200, one.as_str()),
                    path if path.ends_with("/apps") || path.ends_with("/delta") => (200, all.as_str()),
                    _ => (404, ""),
                };
                let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n{body}", body.len());
                if tokio::io::AsyncWriteExt::write_all(&mut stream, answer.as_bytes()).await.is_err() {
                    return;
                }
            }
        }
    })
}

/// A container's own name, which no other host can resolve; its address works.
pub fn host_name_that_leads_nowhere_beside_an_address(setup: &mut Setup) -> Option<Run> {
    let well = setup.healthy();
    // A label that is too long: no DNS query is needed.
    let host = format!("order-413844978-v0nwf{}", "x".repeat(64));
    let server = eureka(setup, &host, &well, "UP");
    let run = probe(&[&format!("eureka://{server}/PAY")]).answer_with(&[&host, &well, "which is reachable and serves"]);
    Some(run.does(&["prefer-ip-address=true"]).never(&["eregister it", "is unreachable"]))
}

pub fn starting_in_eureka(setup: &mut Setup) -> Option<Run> {
    let well = setup.healthy();
    let server = eureka(setup, "127.0.0.1", &well, "STARTING");
    Some(probe(&[&format!("eureka://{server}/PAY")]).answer_with(&[
        "0 of 1 UP",
        "its check \"status\" is STARTING",
        "only instances that are UP",
    ]))
}

pub fn out_of_service_in_eureka(setup: &mut Setup) -> Option<Run> {
    let well = setup.healthy();
    let server = eureka(setup, "127.0.0.1", &well, "OUT_OF_SERVICE");
    let run =
        probe(&[&format!("eureka://{server}/PAY")]).answer_with(&["its status is overridden with OUT_OF_SERVICE"]);
    Some(run.does(&["EUREKA/apps/PAY/i/status?value=UP"]).never(&["check is wrong"]))
}

pub fn other_application_in_eureka(setup: &mut Setup) -> Option<Run> {
    let well = setup.healthy();
    let server = eureka(setup, "127.0.0.1", &well, "UP");
    let run = probe(&[&format!("eureka://{server}/pay-")]).answer_with(&["similar names: \"PAY\""]);
    Some(run.does(&[&format!("eureka://{server}/PAY")]))
}
