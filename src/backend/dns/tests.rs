//! Tests that need more than one server: the only public way to configure several is the system's resolv.conf, which
//! has no ports.

use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::RecordType::{A, AAAA};

use super::*;
use crate::model::resolution::AbsenceCode;

#[path = "../../../tests/it/support/dns_server.rs"]
#[expect(dead_code, reason = "the integration tests use the rest of it")]
mod dns_server;
use dns_server::{Behavior, DnsServer, addresses, full};

async fn query(servers: &Servers) -> Result<Update, ResolveError> {
    let client = DnsClient::new(servers);
    let wanted = Lookup::Host { host: "pay".to_string(), port: Some(1), otherwise: PortRule::target(1) };
    let deadline = Instant::now() + Duration::from_secs(2);
    answer::outcome(&wanted, servers, &client, Family::Both, deadline).await.map(|outcome| outcome.update)
}

fn system(servers: &[&DnsServer], search: &[&str]) -> Servers {
    Servers {
        addresses: servers.iter().map(|server| server.address()).collect(),
        search: search.iter().map(|domain| full(domain)).collect(),
        ndots: 1,
        ..Servers::default()
    }
}

#[tokio::test]
async fn the_next_server_is_queried_and_both_are_named() {
    let (first, second) = (DnsServer::start().await, DnsServer::start().await);
    for (name, script) in [("pay", Behavior::Code(ResponseCode::ServFail)), ("_grpc_config.pay", Behavior::NoData)] {
        first.answer_with(name, A, script.clone());
        first.answer_with(name, AAAA, script);
    }
    second.answer_with("pay", A, addresses("pay", 1, &["10.0.0.1"]));
    let Update::Reset(answer) = query(&system(&[&first, &second], &[])).await.unwrap() else { panic!("no endpoint") };
    assert_eq!(answer.endpoints[0].address.to_string(), "10.0.0.1:1");
    let texts: Vec<_> = answer.notes.iter().map(|note| note.text.as_str()).collect();
    let expected = format!("dns server {} answered SERVFAIL for A pay", first.address());
    assert!(texts.contains(&expected.as_str()), "{texts:?}");
    assert!(texts.iter().any(|text| text.starts_with(&format!("dns server {}: A pay (1 record, ", second.address()))));
}

#[tokio::test]
async fn when_no_server_answers_each_is_named_with_its_reason() {
    let (refusing, mut gone) = (DnsServer::start().await, DnsServer::start().await);
    for kind in [A, AAAA] {
        refusing.answer_with("pay", kind, Behavior::Code(ResponseCode::Refused));
    }
    gone.stop().await;
    let error = query(&system(&[&gone, &refusing], &[])).await.unwrap_err();
    assert_eq!(error.failure().code, ResolveCode::Refused);
    let text = error.to_string();
    assert!(
        text.contains(&format!("dns server {} could not be queried for A pay: connection refused", gone.address())),
        "{text}"
    );
    assert!(text.contains(&format!("; dns server {} answered REFUSED for A pay", refusing.address())), "{text}");
}

#[tokio::test]
async fn an_unresponsive_server_leaves_time_for_the_next_one() {
    let (unresponsive, second) = (DnsServer::start().await, DnsServer::start().await);
    for kind in [A, AAAA] {
        unresponsive.answer_with("pay", kind, Behavior::NoResponse);
    }
    second.answer_with("pay", A, addresses("pay", 1, &["10.0.0.1"]));
    assert!(matches!(query(&system(&[&unresponsive, &second], &[])).await, Ok(Update::Reset(_))));
}

#[tokio::test]
async fn every_name_of_the_search_list_is_tried_before_the_name_is_reported_missing() {
    let server = DnsServer::start().await;
    server.answer_with("pay.b.test", A, addresses("pay.b.test", 1, &["10.0.0.1"]));
    let found = query(&system(&[&server], &["a.test", "b.test"])).await;
    assert!(matches!(found, Ok(Update::Reset(_))), "{found:?}");
    assert!(server.queried().contains(&"A pay.a.test. udp".to_string()));
    let Ok(Update::NotFound(absence)) = query(&system(&[&server], &["a.test", "c.test"])).await else {
        panic!("found")
    };
    assert_eq!(absence.code, AbsenceCode::NxDomain);
    for name in ["A pay.a.test", "A pay.c.test", "A pay from"] {
        assert!(absence.text.contains(name), "{}", absence.text);
    }
}

fn named(servers: &Servers, answer: &Answer) -> Vec<bool> {
    let queried: Vec<&str> =
        answer.notes.iter().filter(|note| note.kind == NoteKind::Queried).map(|note| note.text.as_str()).collect();
    servers.addresses.iter().map(|server| queried.iter().any(|text| text.contains(&server.to_string()))).collect()
}

#[tokio::test]
async fn timeout_and_attempts_of_resolv_conf_count() {
    let (unresponsive, second) = (DnsServer::start().await, DnsServer::start().await);
    for kind in [A, AAAA] {
        unresponsive.answer_with("pay", kind, Behavior::NoResponse);
    }
    second.answer_with("pay", A, addresses("pay", 1, &["10.0.0.1"]));
    let retry = Some(resolv_conf::Retry { timeout: Duration::from_millis(200), attempts: 2 });
    let started = Instant::now();
    let both = Servers { retry, ..system(&[&unresponsive, &second], &[]) };
    let Ok(Update::Reset(answer)) = query(&both).await else { panic!("no endpoint") };
    assert_eq!(answer.endpoints[0].address.to_string(), "10.0.0.1:1");
    assert!(started.elapsed() >= Duration::from_millis(200));
    // A single server is queried twice, with the timeout for each.
    let text = query(&Servers { retry, ..system(&[&unresponsive], &[]) }).await.unwrap_err().to_string();
    assert!(text.contains("no answer for A pay within 400ms (UDP, 2 tries)"), "{text}");
    assert_eq!(Servers { retry, ..system(&[&unresponsive, &second], &[]) }.limit(), Some(Duration::from_millis(800)));
}

#[tokio::test]
async fn rotate_spreads_the_queries() {
    let (one, two) = (DnsServer::start().await, DnsServer::start().await);
    for server in [&one, &two] {
        server.answer_with("pay", A, addresses("pay", 1, &["10.0.0.1"]));
    }
    let servers = Servers { rotate: true, ..system(&[&one, &two], &[]) };
    let Ok(Update::Reset(answer)) = query(&servers).await else { panic!("no endpoint") };
    assert_eq!(named(&servers, &answer), [true, true]);
    let servers = system(&[&one, &two], &[]);
    let Ok(Update::Reset(answer)) = query(&servers).await else { panic!("no endpoint") };
    assert_eq!(named(&servers, &answer), [true, false]);
}

#[tokio::test]
async fn use_vc_and_no_aaaa_of_resolv_conf_count() {
    let server = DnsServer::start().await;
    server.answer_with("pay", A, addresses("pay", 1, &["10.0.0.1"]));
    let servers = Servers { tcp_only: true, no_aaaa: true, ..system(&[&server], &[]) };
    assert!(matches!(query(&servers).await, Ok(Update::Reset(_))));
    let queried = server.queried();
    assert!(queried.iter().all(|queried| queried.ends_with(" tcp") && !queried.starts_with("AAAA")), "{queried:?}");
}

#[tokio::test]
async fn a_search_domain_that_hides_the_name_as_given_is_reported() {
    let server = DnsServer::start().await;
    server.answer_with("pay.other.corp.test", A, addresses("pay.other.corp.test", 1, &["10.0.0.9"]));
    server.answer_with("pay.other", A, addresses("pay.other", 1, &["10.0.0.1"]));
    let servers = Servers { ndots: 5, ..system(&[&server], &["corp.test"]) };
    let wanted = Lookup::Host { host: "pay.other".to_string(), port: Some(1), otherwise: PortRule::target(1) };
    let client = DnsClient::new(&servers);
    let deadline = Instant::now() + Duration::from_secs(2);
    let outcome = answer::outcome(&wanted, &servers, &client, Family::Both, deadline).await.unwrap();
    let Update::Reset(answer) = outcome.update else { panic!("no endpoint") };
    let text = |kind| answer.notes.iter().find(|note| note.kind == kind).map(|note| note.text.as_str());
    assert_eq!(
        text(NoteKind::Shadowed),
        Some(
            "the search list expanded pay.other to pay.other.corp.test, which resolves to 10.0.0.9; the name as given resolves to 10.0.0.1"
        )
    );
    assert_eq!(
        text(NoteKind::AnsweredName),
        Some("resolved as pay.other.corp.test (other names from the search list: pay.other)")
    );
}

#[tokio::test]
async fn a_closed_port_stays_refused_however_seldom_the_kernel_reports_it() {
    // UDP does not respond and TCP refuses: like a closed port after the kernel has stopped sending ICMP.
    let udp = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let servers = Servers { addresses: vec![udp.local_addr().unwrap()], ..Servers::default() };
    let error = query(&servers).await.unwrap_err();
    assert_eq!(error.failure().code, ResolveCode::Unreachable);
    assert!(error.to_string().contains("connection refused over TCP, and no answer over UDP within 2.0s"), "{error}");
}
