//! DNS answers that can be trusted and those that cannot: GD124 to GD130, and the two address families of this
//! machine.

use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::RecordType::{A, AAAA, SRV, TXT};

use super::scenario::{Run, command, probe};
use super::setup::{Answer, Setup};
use crate::support::dns_server::{Behavior, DnsServer, address, addresses, cname, srv, txt};
use crate::support::namespace::Namespace;

/// A DNS server with answers set by `script`.
fn dns(setup: &mut Setup, script: impl FnOnce(&DnsServer) + Send + 'static) -> String {
    let server = setup.wait(async move {
        let server = DnsServer::start().await;
        script(&server);
        server
    });
    let address = server.address().to_string();
    setup.keep(server);
    address
}

fn port(address: &str) -> &str {
    address.rsplit_once(':').unwrap().1
}

/// `probe` of `pay.test` at that server, with the port of `well`.
fn probes(server: &str, well: &str) -> Run {
    probe(&[&format!("dns://{server}/pay.test:{}", port(well))])
}

pub fn answer_cut_without_saying_so(setup: &mut Setup) -> Option<Run> {
    let server = dns(setup, |server| {
        let records = (1..=40).map(|n| srv("many.test", 30, (1, 1, 50051, &format!("i{n}.test")))).collect();
        server.answer_with("many.test", SRV, Behavior::Part(19, records));
        for n in 1..=40 {
            let name = format!("i{n}.test");
            server.answer_with(&name, A, addresses(&name, 30, &[&format!("127.0.0.{n}")]));
        }
    });
    let run = command("resolve", &[&format!("srv://{server}/many.test")]);
    Some(run.answer_with(&["19 of 40 records over UDP, without the TC bit; all 40 over TCP"]))
}

pub fn srv_record_without_port(setup: &mut Setup) -> Option<Run> {
    let well = setup.healthy();
    let good = port(&well).parse().unwrap();
    let server = dns(setup, move |server| {
        let records = vec![srv("x.test", 30, (0, 0, good, "a.test")), srv("x.test", 30, (0, 0, 0, "a.test"))];
        server.answer_with("x.test", SRV, Behavior::Records(records, vec![address("a.test", 30, "127.0.0.1")]));
    });
    Some(probe(&[&format!("srv://{server}/x.test")]).answer_with(&["SRV x.test (0 0 0 a.test) cannot be used: port 0"]))
}

pub fn srv_records_of_which_none_can_be_used(setup: &mut Setup) -> Option<Run> {
    let server = dns(setup, |server| {
        server.answer_with("x.test", SRV, Behavior::Records(vec![srv("x.test", 30, (0, 0, 7, "gone.test"))], vec![]));
    });
    let run = probe(&[&format!("srv://{server}/x.test")]);
    Some(run.answer_with(&["1 record, none usable", "its target has no address", "NXDOMAIN for A gone.test"]))
}

pub fn aaaa_is_nxdomain(setup: &mut Setup) -> Option<Run> {
    let well = setup.healthy();
    let server = dns(setup, |server| {
        server.answer_with("pay.test", A, addresses("pay.test", 30, &["127.0.0.1"]));
        server.answer_with("pay.test", AAAA, Behavior::Code(ResponseCode::NXDomain));
    });
    Some(
        probes(&server, &well)
            .answer_with(&["answers NXDOMAIN for AAAA pay.test, although A pay.test is answered", "musl"]),
    )
}

pub fn aaaa_is_never_answered(setup: &mut Setup) -> Option<Run> {
    let well = setup.healthy();
    let server = dns(setup, |server| {
        server.answer_with("pay.test", A, addresses("pay.test", 30, &["127.0.0.1"]));
        server.answer_with("pay.test", AAAA, Behavior::NoResponse);
    });
    Some(
        probes(&server, &well)
            .answer_with(&["no answer for AAAA pay.test within 1.5s, although A pay.test is answered"]),
    )
}

/// A wildcard in the search domain matches a name that exists as given.
pub fn search_list_before_the_name(setup: &mut Setup) -> Option<Run> {
    let namespace = Namespace::new();
    let conf = Conf::of(&namespace, "nameserver 127.0.0.1\nsearch prod.test corp.test\noptions ndots:5\n");
    let sockets = namespace.within(|| {
        (std::net::UdpSocket::bind("127.0.0.1:53").unwrap(), std::net::TcpListener::bind("127.0.0.1:53").unwrap())
    });
    let server = setup.wait(async move {
        let server = DnsServer::on(sockets.0, sockets.1);
        server.answer_with("pay.other.corp.test", A, addresses("pay.other.corp.test", 30, &["127.0.0.1"]));
        server.answer_with("pay.other", A, addresses("pay.other", 30, &["127.0.0.9"]));
        server
    });
    setup.keep(server);
    setup.keep(conf);
    let well = setup.listen_in(&namespace, |stream| super::setup::serve_health(stream, Answer::Status(1)));
    let run = probe(&[&format!("pay.other:{}", port(&well))]).inside(namespace);
    Some(run.answer_with(&[
        "the search list expanded pay.other to pay.other.corp.test",
        "the name as given resolves to 127.0.0.9",
    ]))
}

/// The resolv.conf of a namespace, as `ip netns exec` mounts it.
struct Conf(std::path::PathBuf);

impl Conf {
    fn of(namespace: &Namespace, text: &str) -> Conf {
        let directory = std::path::Path::new("/etc/netns").join(namespace.name());
        std::fs::create_dir_all(&directory).unwrap();
        std::fs::write(directory.join("resolv.conf"), text).unwrap();
        Conf(directory)
    }
}

impl Drop for Conf {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub fn service_config_that_does_not_parse(setup: &mut Setup) -> Option<Run> {
    let well = setup.healthy();
    let server = dns(setup, |server| {
        server.answer_with("pay.test", A, addresses("pay.test", 30, &["127.0.0.1"]));
        let config = r#"grpc_config=[{"serviceConfig":{"loadBalancingPolicy":"round_robin"}"#;
        let record = txt("_grpc_config.pay.test", &[config]);
        server.answer_with("_grpc_config.pay.test", TXT, Behavior::Records(vec![record], vec![]));
    });
    let answer_with = ["the gRPC service config in TXT _grpc_config.pay.test is invalid: malformed JSON", "grpc-go"];
    Some(probes(&server, &well).answer_with(&answer_with))
}

pub fn localhost_over_ipv4_only(setup: &mut Setup) -> Option<Run> {
    let well = setup.healthy();
    let target = format!("localhost:{}", port(&well));
    let six = format!("[::1]:{} does not accept connections", port(&well));
    Some(probe(&[&target]).answer_with(&[&six, &format!("{well} does")]))
}

pub fn dns_server_without_edns(setup: &mut Setup) -> Option<Run> {
    let well = setup.healthy();
    let server = dns(setup, |server| {
        let code = Some(ResponseCode::FormErr);
        server.answer_with("pay.test", A, Behavior::WithoutEdns(code, vec![address("pay.test", 30, "127.0.0.1")]));
    });
    Some(probes(&server, &well).answer_with(&["does not support EDNS: it answered FORMERR"]))
}

pub fn part_of_the_addresses_in_each_answer(setup: &mut Setup) -> Option<Run> {
    let well = setup.healthy();
    let others: Vec<String> = (2..=6).map(|host| format!("127.0.0.{host}:{}", port(&well))).collect();
    for address in &others {
        setup.serves_on(address, Answer::Status(1));
    }
    let server = dns(setup, |server| {
        let records = (1..=6).map(|host| address("pay.test", 0, &format!("127.0.0.{host}"))).collect();
        server.answer_with("pay.test", A, Behavior::Rotating(2, records));
    });
    let run = command("watch", &["--for", "6s", &format!("dns://{server}/pay.test:{}", port(&well))]);
    Some(run.answer_with(&[
        "a different subset of its addresses each time: 2 addresses per answer, 6 different ones",
        "was not removed",
    ]))
}

pub fn cut_answer_without_tcp(setup: &mut Setup) -> Option<Run> {
    let server = setup.wait(async {
        let server = DnsServer::start_without_tcp().await;
        server.answer_with("pay.test", A, Behavior::CutOverUdp(vec![]));
        server
    });
    let at = server.address();
    setup.keep(server);
    let run = probe(&[&format!("dns://{at}/pay.test:50051")]);
    Some(run.answer_with(&[&format!(
        "short over UDP (TC bit), and the query over TCP port {} failed: connection refused",
        at.port()
    )]))
}

pub fn alias_of_a_name_that_is_gone(setup: &mut Setup) -> Option<Run> {
    let server = dns(setup, |server| {
        for kind in [A, AAAA] {
            server.answer_with("pay.test", kind, Behavior::Records(vec![cname("pay.test", 30, "lb-old.test")], vec![]));
        }
    });
    let run = probe(&[&format!("dns://{server}/pay.test:50051")]);
    Some(run.answer_with(&["pay.test is an alias of lb-old.test, which does not exist"]))
}
