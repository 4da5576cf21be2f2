//! `dns` against a server that the test scripts, and the same server in the battery.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use grpc_discover::backend::dns::{Dns, Family};
use grpc_discover::backend::{Backend, Context, Origin, Resolution, Settings, Sourced, dns};
use grpc_discover::model::endpoint::Address;
use grpc_discover::model::resolution::{Absence, AbsenceCode, Answer, NoteKind, ResolveCode, ResolveError, Update};
use grpc_discover::model::target::Target;
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::RecordType::{A, AAAA, SRV, TXT};

use super::battery::{Fixture, battery};
use crate::support::dns_server::{Behavior, DnsServer, address, addresses, cname, srv, txt};

battery!(battery, Scripted);

/// One SRV name whose records the battery changes.
pub struct Scripted {
    server: DnsServer,
    context: Context,
}

const NAME: &str = "_grpc._tcp.pay.test";

impl Fixture for Scripted {
    async fn start() -> Option<Self> {
        let server = DnsServer::start().await;
        let context = context(&server, |_| {});
        Some(Scripted { server, context })
    }

    fn backend(&self) -> &'static dyn Backend {
        &Dns
    }

    fn target(&self) -> Target {
        format!("srv:///{NAME}").parse().unwrap()
    }

    fn context(&self) -> Context {
        // No other resolve shares the hints of this one.
        let mut context = self.context.clone();
        context.resolve_now = Arc::default();
        context
    }

    async fn set(&mut self, endpoints: &[Address]) {
        let mut answers = vec![];
        for (index, endpoint) in endpoints.iter().enumerate() {
            let Address::Ip(socket) = endpoint else { panic!("{endpoint:?} has no address record") };
            let target = format!("i{index}.pay.test");
            self.server.answer_with(&target, A, addresses(&target, 1, &[&socket.ip().to_string()]));
            answers.push(srv(NAME, 1, (1, 1, socket.port(), &target)));
        }
        self.server.answer_with(
            NAME,
            SRV,
            if answers.is_empty() { Behavior::NoData } else { Behavior::Records(answers, vec![]) },
        );
    }

    async fn stop(&mut self) {
        self.server.stop().await;
    }

    async fn start_again(&mut self) {
        self.server.start_again().await;
    }
}

fn dns_context(server: &DnsServer, change: impl FnOnce(&mut dns::DnsSettings)) -> Context {
    let server = Some(Sourced::new(server.address(), Origin::Flag("--dns-server")));
    let mut dns = dns::DnsSettings { server, ..dns::DnsSettings::default() };
    change(&mut dns);
    let mut settings = Settings::default().with(dns);
    settings.resolve_timeout = Duration::from_millis(1_500);
    Context::new(settings)
}

fn context(server: &DnsServer, change: impl FnOnce(&mut Settings)) -> Context {
    let server = Some(Sourced::new(server.address(), Origin::Flag("--dns-server")));
    let mut settings = Settings::default().with(dns::DnsSettings { server, ..dns::DnsSettings::default() });
    settings.resolve_timeout = Duration::from_millis(1_500);
    change(&mut settings);
    Context::new(settings)
}

fn resolve(target: &str, context: &Context) -> Resolution {
    Dns.resolve(&target.parse().unwrap(), context)
}

async fn first(target: &str, context: &Context) -> Result<Update, ResolveError> {
    resolve(target, context).next().await.unwrap()
}

async fn answer(target: &str, context: &Context) -> Answer {
    match first(target, context).await {
        Ok(Update::Reset(answer)) => answer,
        other => panic!("{target}: {other:?}"),
    }
}

async fn absence(target: &str, context: &Context) -> Absence {
    match first(target, context).await {
        Ok(Update::NotFound(absence)) => absence,
        other => panic!("{target}: {other:?}"),
    }
}

async fn failure(target: &str, context: &Context) -> (ResolveCode, String) {
    let mut resolution = resolve(target, context);
    match resolution.next().await {
        Some(Err(ResolveError::Ambient(failure))) => {
            assert!(resolution.next().await.is_none(), "after an error the engine queries again, not the backend");
            (failure.code, failure.text)
        }
        other => panic!("{target}: {other:?}"),
    }
}

fn listed(answer: &Answer) -> Vec<String> {
    answer.endpoints.iter().map(|endpoint| endpoint.address.to_string()).collect()
}

fn notes(answer: &Answer, kind: NoteKind) -> Vec<&str> {
    answer.notes.iter().filter(|note| note.kind == kind).map(|note| note.text.as_str()).collect()
}

#[tokio::test]
async fn both_families_are_queried_with_ttl_and_service_config() {
    let server = DnsServer::start().await;
    server.answer_with("pay.test", A, addresses("pay.test", 30, &["10.0.0.1", "10.0.0.2"]));
    server.answer_with("pay.test", AAAA, addresses("pay.test", 7, &["2001:db8::1"]));
    let config = txt("_grpc_config.pay.test", &["grpc_config=[{\"serviceConfig\":", "{}}]"]);
    server.answer_with("_grpc_config.pay.test", TXT, Behavior::Records(vec![config], vec![]));
    let answer = answer("dns:///pay.test:50051", &context(&server, |_| {})).await;
    assert_eq!(listed(&answer), ["10.0.0.1:50051", "10.0.0.2:50051", "[2001:db8::1]:50051"]);
    let ttls: Vec<_> = answer.endpoints.iter().filter_map(|endpoint| endpoint.ttl).collect();
    assert_eq!(ttls, [30, 30, 7].map(Duration::from_secs));
    assert_eq!(notes(&answer, NoteKind::ServiceConfig), ["[{\"serviceConfig\":{}}]"]);
    let [queried] = notes(&answer, NoteKind::Queried)[..] else { panic!("{:?}", answer.notes) };
    assert!(queried.starts_with(&format!("dns server {}: A pay.test (2 records, ", server.address())), "{queried}");
    assert!(
        queried.contains("AAAA pay.test (1 record, ") && queried.contains("TXT _grpc_config.pay.test (1 record"),
        "{queried}"
    );
    assert_eq!(answer.endpoints[0].layout.as_ref().map(ToString::to_string).as_deref(), Some("port from the target"));
    assert!(
        !server.queried().iter().any(|queried| queried.contains("SRV")),
        "a port was given: {:?}",
        server.queried()
    );
}

#[tokio::test]
async fn one_family_is_queried_alone() {
    let server = DnsServer::start().await;
    server.answer_with("pay.test", A, addresses("pay.test", 30, &["10.0.0.1"]));
    server.answer_with("pay.test", AAAA, addresses("pay.test", 30, &["2001:db8::1"]));
    for (family, expected) in [(Family::V4, "10.0.0.1:1"), (Family::V6, "[2001:db8::1]:1")] {
        let context = dns_context(&server, |dns| dns.family = family);
        assert_eq!(listed(&answer("pay.test:1", &context).await), [expected]);
    }
}

#[tokio::test]
async fn a_name_without_port_means_srv_records_first() {
    let server = DnsServer::start().await;
    server.answer_with("pay.test", A, addresses("pay.test", 30, &["10.0.0.1"]));
    let ours = context(&server, |_| {});
    let with_port = context(&server, |settings| settings.port = Some(8443));
    let default = answer("dns:pay.test", &ours).await;
    assert_eq!(
        (listed(&default), default.endpoints[0].layout.as_ref().map(ToString::to_string).as_deref()),
        (vec!["10.0.0.1:443".into()], Some("no port given, gRPC's default"))
    );
    let flag = answer("dns:pay.test", &with_port).await;
    assert_eq!(
        (listed(&flag), flag.endpoints[0].layout.as_ref().map(ToString::to_string).as_deref()),
        (vec!["10.0.0.1:8443".into()], Some("port from --port"))
    );
    let record = srv("_grpc._tcp.pay.test", 30, (0, 0, 50051, "pay.test"));
    server.answer_with("_grpc._tcp.pay.test", SRV, Behavior::Records(vec![record], vec![]));
    let target = Dns.target_for("pay.test", &ours.settings).unwrap().to_string();
    for context in [&ours, &with_port] {
        let srv = answer(&target, context).await;
        assert_eq!(listed(&srv), ["10.0.0.1:50051"]);
        assert_eq!(
            srv.endpoints[0].layout.as_ref().map(ToString::to_string).as_deref(),
            Some("port from SRV _grpc._tcp.pay.test")
        );
    }
}

#[tokio::test]
async fn srv_records_bring_priority_weight_port_and_node() {
    let server = DnsServer::start().await;
    let name = "_grpc._tcp.pay.test";
    let records = vec![
        srv(name, 30, (20, 0, 3, "spare.test")),
        srv(name, 30, (10, 5, 1, "a.test")),
        srv(name, 30, (10, 60, 2, "b.test")),
        srv(name, 30, (10, 1, 4, "gone.test")),
    ];
    let additional =
        vec![address("a.test", 9, "10.0.0.1"), address("a.test", 9, "2001:db8::1"), address("x.test", 9, "10.9.9.9")];
    server.answer_with(name, SRV, Behavior::Records(records, additional));
    server.answer_with("b.test", A, addresses("b.test", 60, &["10.0.0.2"]));
    server.answer_with("spare.test", A, addresses("spare.test", 60, &["10.0.0.3"]));
    let answer = answer("srv:_grpc._tcp.pay.test", &context(&server, |_| {})).await;
    assert_eq!(listed(&answer), ["10.0.0.2:2", "10.0.0.1:1", "[2001:db8::1]:1", "10.0.0.3:3"]);
    let endpoint = &answer.endpoints[1];
    assert_eq!(
        (endpoint.priority, endpoint.weight, endpoint.node.as_deref(), endpoint.ttl),
        (Some(10), Some(5), Some("a.test"), Some(Duration::from_secs(9)))
    );
    let [unusable] = notes(&answer, NoteKind::Unusable)[..] else { panic!("{:?}", answer.notes) };
    let gone = "SRV _grpc._tcp.pay.test (10 1 4 gone.test) cannot be used: its target has no address: NXDOMAIN for A gone.test";
    assert!(unusable.starts_with(gone), "{unusable}");
    let named = ["SRV _grpc._tcp.pay.test lists b.test:2, a.test:1, gone.test:4, spare.test:3"];
    assert_eq!(notes(&answer, NoteKind::AnsweredName), named);
    assert!(!server.queried().iter().any(|queried| queried.contains("A a.test")), "it was in the additional section");
}

#[tokio::test]
async fn an_srv_record_may_point_to_localhost() {
    let server = DnsServer::start().await;
    server.answer_with("x.test", SRV, Behavior::Records(vec![srv("x.test", 30, (0, 0, 7, "localhost"))], vec![]));
    let here = answer("srv:x.test", &context(&server, |_| {})).await;
    assert_eq!(listed(&here), ["127.0.0.1:7", "[::1]:7"]);
    assert_eq!(here.endpoints[0].ttl, Some(Duration::from_secs(30)));
}

#[tokio::test]
async fn a_service_that_is_not_offered_is_not_found() {
    let server = DnsServer::start().await;
    server.answer_with("x.test", SRV, Behavior::Records(vec![srv("x.test", 30, (0, 0, 0, "."))], vec![]));
    let absence = absence("srv:x.test", &context(&server, |_| {})).await;
    assert!(absence.text.contains("the service is not available (target .)"), "{}", absence.text);
}

#[tokio::test]
async fn an_empty_list_and_no_response_are_different_results() {
    let server = DnsServer::start().await;
    server.answer_with("empty.test", A, Behavior::NoData);
    server.answer_with("empty.test", AAAA, Behavior::NoData);
    for (name, code) in [
        ("servfail.test", ResponseCode::ServFail),
        ("refused.test", ResponseCode::Refused),
        ("odd.test", ResponseCode::NotImp),
    ] {
        server.answer_with(name, A, Behavior::Code(code));
        server.answer_with(name, AAAA, Behavior::Code(code));
    }
    for kind in [A, AAAA] {
        server.answer_with("silent.test", kind, Behavior::NoResponse);
        server.answer_with("elsewhere.test", kind, Behavior::Referral("ns.elsewhere.test"));
    }
    let ours = context(&server, |_| {});
    let at = server.address();
    let nothing = absence("nobody.test:1", &ours).await;
    assert_eq!(nothing.code, AbsenceCode::NxDomain);
    assert_eq!(nothing.text, format!("dns: NXDOMAIN for A nobody.test and AAAA nobody.test from {at}"));
    assert_eq!(absence("empty.test:1", &ours).await.code, AbsenceCode::NoData);
    let (code, text) = failure("servfail.test:1", &ours).await;
    assert_eq!((code, text), (ResolveCode::ServFail, format!("dns server {at} answered SERVFAIL for A servfail.test")));
    assert_eq!(failure("refused.test:1", &ours).await.0, ResolveCode::Refused);
    assert_eq!(failure("odd.test:1", &ours).await.0, ResolveCode::ServerError);
    let (code, text) = failure("elsewhere.test:1", &ours).await;
    assert_eq!(code, ResolveCode::BadAnswer, "{text}");
    server.answer_with("garbage.test", A, Behavior::Garbage);
    server.answer_with("garbage.test", AAAA, Behavior::Garbage);
    let (code, text) = failure("garbage.test:1", &ours).await;
    assert_eq!(code, ResolveCode::BadAnswer, "{text}");
    let (code, text) = failure("silent.test:1", &ours).await;
    assert_eq!(
        (code, text),
        (ResolveCode::Timeout, format!("dns server {at}: no answer for A silent.test within 1.5s (UDP, 3 tries)"))
    );
}

#[tokio::test]
async fn a_port_without_a_listener_is_named_at_once() {
    let mut server = DnsServer::start().await;
    server.stop().await;
    let long = context(&server, |settings| settings.resolve_timeout = Duration::from_secs(60));
    let started = Instant::now();
    let (code, text) = failure("pay.test:1", &long).await;
    assert_eq!(code, ResolveCode::Unreachable);
    assert_eq!(
        text,
        format!(
            "dns server {} could not be queried for A pay.test: connection refused, no process listens on the port",
            server.address()
        )
    );
    assert!(started.elapsed() < Duration::from_secs(30), "it waited for the limit instead");
}

#[tokio::test]
async fn a_truncated_answer_is_queried_again_over_tcp() {
    let server = DnsServer::start().await;
    let records = (0..200).map(|n| address("big.test", 30, &format!("10.0.1.{n}"))).collect();
    server.answer_with("big.test", A, Behavior::CutOverUdp(records));
    assert_eq!(answer("big.test:1", &context(&server, |_| {})).await.endpoints.len(), 200);
    assert!(server.queried().contains(&"A big.test. tcp".to_string()), "{:?}", server.queried());
}

#[tokio::test]
async fn an_alias_is_followed_and_its_ttl_counts() {
    let server = DnsServer::start().await;
    let chain = vec![cname("alias.test", 5, "pay.test"), address("pay.test", 300, "10.0.0.1")];
    server.answer_with("alias.test", A, Behavior::Records(chain, vec![]));
    let within = answer("alias.test:1", &context(&server, |_| {})).await;
    assert_eq!((listed(&within), within.endpoints[0].ttl), (vec!["10.0.0.1:1".into()], Some(Duration::from_secs(5))));
    server.answer_with("far.test", A, Behavior::Records(vec![cname("far.test", 5, "away.test")], vec![]));
    server.answer_with("away.test", A, addresses("away.test", 300, &["10.0.0.2"]));
    assert_eq!(listed(&answer("far.test:1", &context(&server, |_| {})).await), ["10.0.0.2:1"]);
}

#[tokio::test]
async fn half_an_answer_is_an_answer_with_a_note() {
    let server = DnsServer::start().await;
    server.answer_with("pay.test", A, addresses("pay.test", 30, &["10.0.0.1"]));
    server.answer_with("pay.test", AAAA, Behavior::Code(ResponseCode::ServFail));
    let half = answer("pay.test:1", &context(&server, |_| {})).await;
    assert_eq!(listed(&half), ["10.0.0.1:1"]);
    let [missing] = notes(&half, NoteKind::HalfAnswered)[..] else { panic!("{:?}", half.notes) };
    assert!(missing.contains("SERVFAIL for AAAA pay.test, although A pay.test is answered"), "{missing}");
    // Without an address: the half that failed might have had one.
    server.answer_with("pay.test", A, Behavior::NoData);
    assert_eq!(failure("pay.test:1", &context(&server, |_| {})).await.0, ResolveCode::ServFail);
}

#[tokio::test]
async fn addresses_do_not_wait_for_the_service_config() {
    let server = DnsServer::start().await;
    server.answer_with("pay.test", A, addresses("pay.test", 30, &["10.0.0.1"]));
    server.answer_with("_grpc_config.pay.test", TXT, Behavior::NoResponse);
    let long = context(&server, |settings| settings.resolve_timeout = Duration::from_secs(60));
    let started = Instant::now();
    let late = answer("pay.test:1", &long).await;
    assert!(started.elapsed() < Duration::from_secs(30));
    assert_eq!(
        notes(&late, NoteKind::ConfigUnknown),
        ["service config: TXT _grpc_config.pay.test was not answered in time"]
    );
}

#[tokio::test]
async fn an_address_needs_no_query() {
    let server = DnsServer::start().await;
    let ours = context(&server, |settings| settings.port = Some(9));
    for (target, expected) in
        [("10.0.0.7:1", "10.0.0.7:1"), ("dns:///[2001:db8::1]", "[2001:db8::1]:9"), ("dns:///10.0.0.7", "10.0.0.7:9")]
    {
        let local = answer(target, &ours).await;
        assert_eq!(listed(&local), [expected]);
        assert_eq!(notes(&local, NoteKind::Local).len(), 1);
    }
    assert_eq!(notes(&answer("localhost:1", &ours).await, NoteKind::Local).len(), 1);
    assert!(absence("pay.invalid:1", &ours).await.text.contains("are never sent to a DNS server"));
    assert_eq!(server.queried(), [""; 0]);
}

#[tokio::test]
async fn the_targets_own_server_goes_before_the_settings() {
    let (server, other) = (DnsServer::start().await, DnsServer::start().await);
    server.answer_with("pay.test", A, addresses("pay.test", 30, &["10.0.0.1"]));
    let target = format!("dns://{}/pay.test:1", server.address());
    assert_eq!(listed(&answer(&target, &context(&other, |_| {})).await), ["10.0.0.1:1"]);
    assert_eq!(other.queried(), [""; 0]);
}

#[tokio::test]
async fn a_short_ttl_is_queried_again_by_itself() {
    let server = DnsServer::start().await;
    server.answer_with("pay.test", A, addresses("pay.test", 1, &["10.0.0.1"]));
    let mut resolution = resolve("pay.test:1", &context(&server, |_| {}));
    resolution.next().await.unwrap().unwrap();
    server.answer_with("pay.test", A, addresses("pay.test", 1, &["10.0.0.2"]));
    let Some(Ok(Update::Reset(moved))) = resolution.next().await else { panic!("no update") };
    assert_eq!(listed(&moved), ["10.0.0.2:1"]);
    server.answer_with("pay.test", A, Behavior::Code(ResponseCode::NXDomain));
    let gone = resolution.next().await;
    assert!(matches!(gone, Some(Ok(Update::NotFound(_)))), "{gone:?}");
}

#[tokio::test]
async fn a_hint_causes_a_query_before_the_ttl_and_the_same_answer_reports_nothing() {
    let server = DnsServer::start().await;
    server.answer_with("pay.test", A, addresses("pay.test", 3600, &["10.0.0.1"]));
    let ours = dns_context(&server, |dns| dns.interval = Some(Duration::from_secs(3600)));
    let mut resolution = resolve("pay.test:1", &ours);
    resolution.next().await.unwrap().unwrap();
    let queried = || server.queried().iter().filter(|queried| *queried == "A pay.test. udp").count();
    assert_eq!(queried(), 1);
    // The response to the first hint is unchanged; the second hint finds the move.
    ours.resolve_now.notify_one();
    let moved = async {
        while queried() < 2 {
            tokio::task::yield_now().await;
        }
        server.answer_with("pay.test", A, addresses("pay.test", 3600, &["10.0.0.2"]));
        ours.resolve_now.notify_one();
        std::future::pending::<()>().await
    };
    let reported = tokio::select! {
        reported = resolution.next() => reported,
        () = moved => None,
    };
    let Some(Ok(Update::Reset(moved))) = reported else { panic!("{reported:?}") };
    assert_eq!(listed(&moved), ["10.0.0.2:1"]);
    assert_eq!(queried(), 3);
}

#[tokio::test]
async fn a_sign_of_life_names_the_server() {
    let mut server = DnsServer::start().await;
    let ours = context(&server, |_| {});
    let alive = Dns.ping(&ours.settings).await.unwrap();
    assert!(alive.starts_with(&format!("dns server {} answered in ", server.address())), "{alive}");
    server.stop().await;
    assert_eq!(Dns.ping(&ours.settings).await.unwrap_err().failure().code, ResolveCode::Unreachable);
    let described = Dns.describe(&ours.settings);
    assert!(described.settings.contains(&("server", server.address().to_string(), Origin::Flag("--dns-server"))));
}

#[tokio::test]
async fn a_server_without_edns_is_queried_again_without_it() {
    for code in [Some(ResponseCode::FormErr), Some(ResponseCode::NotImp), Some(ResponseCode::BADVERS), None] {
        let server = DnsServer::start().await;
        server.answer_with("pay.test", A, Behavior::WithoutEdns(code, vec![address("pay.test", 30, "10.0.0.1")]));
        let found = answer("pay.test:1", &context(&server, |_| {})).await;
        assert_eq!(listed(&found), ["10.0.0.1:1"], "{code:?}");
        let [note] = notes(&found, NoteKind::NoEdns)[..] else { panic!("{code:?}: {:?}", found.notes) };
        assert!(note.contains("does not support EDNS"), "{note}");
    }
    // A response code that is unrelated to EDNS is kept.
    let server = DnsServer::start().await;
    server.answer_with("pay.test", A, Behavior::Code(ResponseCode::FormErr));
    let (code, text) = failure("pay.test:1", &context(&server, |_| {})).await;
    assert_eq!(code, ResolveCode::ServerError);
    assert!(text.contains("answered FORMERR for A pay.test"), "{text}");
}

#[tokio::test]
async fn what_fails_after_a_truncated_answer_is_tcp() {
    let server = DnsServer::start_without_tcp().await;
    server.answer_with("pay.test", A, Behavior::CutOverUdp(vec![]));
    let (code, text) = failure("pay.test:1", &context(&server, |_| {})).await;
    assert_eq!(code, ResolveCode::Truncated);
    let port = server.address().port();
    let expected = format!("short over UDP (TC bit), and the query over TCP port {port} failed: connection refused");
    assert!(text.contains(&expected), "{text}");
}

#[tokio::test]
async fn an_answer_that_is_truncated_silently_is_completed_over_tcp() {
    let server = DnsServer::start().await;
    let records = (0..40).map(|n| address("big.test", 30, &format!("10.0.1.{n}"))).collect();
    server.answer_with("big.test", A, Behavior::Part(19, records));
    let whole = answer("big.test:1", &context(&server, |_| {})).await;
    assert_eq!(whole.endpoints.len(), 40);
    let [cut] = notes(&whole, NoteKind::Cut)[..] else { panic!("{:?}", whole.notes) };
    assert!(cut.contains("19 of 40 records over UDP, without the TC bit; all 40 over TCP"), "{cut}");
    // One record of two is also truncated; the response of a server without TCP is used as it is.
    server.answer_with(
        "two.test",
        A,
        Behavior::Part(1, vec![address("two.test", 30, "10.0.0.1"), address("two.test", 30, "10.0.0.2")]),
    );
    assert_eq!(answer("two.test:1", &context(&server, |_| {})).await.endpoints.len(), 2);
    let udp = DnsServer::start_without_tcp().await;
    udp.answer_with("pay.test", A, addresses("pay.test", 30, &["10.0.0.1", "10.0.0.2"]));
    let believed = answer("pay.test:1", &context(&udp, |_| {})).await;
    assert_eq!((believed.endpoints.len(), notes(&believed, NoteKind::Cut)), (2, vec![]));
}

#[tokio::test]
async fn an_alias_whose_target_is_gone_is_named_with_its_target() {
    let server = DnsServer::start().await;
    server.answer_with("pay.test", A, Behavior::Records(vec![cname("pay.test", 30, "lb-old.test")], vec![]));
    server.answer_with("pay.test", AAAA, Behavior::Records(vec![cname("pay.test", 30, "lb-old.test")], vec![]));
    let gone = absence("pay.test:1", &context(&server, |_| {})).await;
    assert!(gone.text.contains("pay.test is an alias of lb-old.test, which does not exist"), "{}", gone.text);
    assert!(gone.text.contains("NXDOMAIN for A lb-old.test"), "{}", gone.text);
    let circle = vec![cname("a.test", 30, "b.test"), cname("b.test", 30, "a.test")];
    for kind in [A, AAAA] {
        server.answer_with("a.test", kind, Behavior::Records(circle.clone(), vec![]));
    }
    let circle = absence("a.test:1", &context(&server, |_| {})).await;
    assert!(circle.text.contains("a.test is an alias loop (a.test -> b.test -> a.test)"), "{}", circle.text);
    server.answer_with("c.test", A, Behavior::Records(vec![cname("c.test", 5, "d.test")], vec![]));
    server.answer_with("d.test", A, addresses("d.test", 300, &["10.0.0.1"]));
    let named = answer("c.test:1", &context(&server, |_| {})).await;
    assert_eq!(notes(&named, NoteKind::AnsweredName), ["c.test is an alias of d.test"]);
}

#[tokio::test]
async fn addresses_of_one_family_do_not_wait_for_the_other_one_for_long() {
    let server = DnsServer::start().await;
    server.answer_with("pay.test", A, addresses("pay.test", 30, &["10.0.0.1"]));
    server.answer_with("pay.test", AAAA, Behavior::NoResponse);
    let long = context(&server, |settings| settings.resolve_timeout = Duration::from_secs(60));
    let started = Instant::now();
    let half = answer("pay.test:1", &long).await;
    assert!(started.elapsed() < Duration::from_secs(30), "it waited for the limit");
    assert_eq!(listed(&half), ["10.0.0.1:1"]);
    let [missing] = notes(&half, NoteKind::HalfAnswered)[..] else { panic!("{:?}", half.notes) };
    assert!(missing.contains("no answer for AAAA pay.test within 1.5s, although A pay.test is answered"), "{missing}");
    server.answer_with("pay.test", AAAA, Behavior::Code(ResponseCode::NXDomain));
    let half = answer("pay.test:1", &long).await;
    let [missing] = notes(&half, NoteKind::HalfAnswered)[..] else { panic!("{:?}", half.notes) };
    assert!(missing.contains("answers NXDOMAIN for AAAA pay.test, although A pay.test is answered"), "{missing}");
}

#[tokio::test]
async fn srv_records_without_port_or_target_are_left_out_and_named() {
    let server = DnsServer::start().await;
    let records = vec![
        srv("x.test", 30, (0, 0, 0, "a.test")),
        srv("x.test", 30, (0, 0, 5, ".")),
        srv("x.test", 30, (0, 0, 7, "a.test")),
    ];
    server.answer_with("x.test", SRV, Behavior::Records(records, vec![address("a.test", 9, "10.0.0.1")]));
    let left = answer("srv:x.test", &context(&server, |_| {})).await;
    assert_eq!(listed(&left), ["10.0.0.1:7"]);
    let unusable = notes(&left, NoteKind::Unusable);
    assert_eq!(unusable.len(), 2, "{unusable:?}");
    assert!(unusable[0].contains("(0 0 0 a.test) cannot be used: port 0"), "{unusable:?}");
    server.answer_with("y.test", SRV, Behavior::Records(vec![srv("y.test", 30, (0, 0, 0, "a.test"))], vec![]));
    let none = answer("srv:y.test", &context(&server, |_| {})).await;
    assert_eq!((listed(&none).len(), notes(&none, NoteKind::Absent)), (0, vec!["SRV y.test: 1 record, none usable"]));
}

#[tokio::test]
async fn a_service_config_that_no_client_can_read_is_named_with_the_place() {
    let server = DnsServer::start().await;
    server.answer_with("pay.test", A, addresses("pay.test", 30, &["10.0.0.1"]));
    let config = r#"grpc_config=[{"serviceConfig":{"methodConfig":[{"name":[{}],"timeout":"1 second"}]}}]"#;
    server.answer_with(
        "_grpc_config.pay.test",
        TXT,
        Behavior::Records(vec![txt("_grpc_config.pay.test", &[config])], vec![]),
    );
    let found = answer("pay.test:1", &context(&server, |_| {})).await;
    let [invalid] = notes(&found, NoteKind::InvalidServiceConfig)[..] else { panic!("{:?}", found.notes) };
    assert!(invalid.contains("methodConfig[0].timeout: malformed duration \"1 second\""), "{invalid}");
    assert!(invalid.contains("grpc-go and grpc-js clients would fail every call"), "{invalid}");
}

#[tokio::test]
async fn a_name_with_an_underscore_is_resolved() {
    let server = DnsServer::start().await;
    server.answer_with("my_service", A, addresses("my_service", 30, &["10.0.0.1"]));
    assert_eq!(listed(&answer("my_service:50051", &context(&server, |_| {})).await), ["10.0.0.1:50051"]);
}
