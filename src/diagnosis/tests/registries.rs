//! Conclusions about registries: what they list compared with what the network shows, and with each other.

use super::*;
use crate::diagnosis::ProxyEnv;
use crate::model::endpoint::{Check, CheckState};

/// An endpoint with an id and a node, as Consul lists it.
fn instance(address: &str, id: &str, node: &str, status: EndpointStatus) -> Endpoint {
    let mut endpoint = Endpoint::new(address.parse().unwrap());
    (endpoint.id, endpoint.node, endpoint.status) = (Some(id.to_string()), Some(node.to_string()), status);
    endpoint
}

/// `endpoint`, draining.
fn leaving(mut endpoint: Endpoint) -> Endpoint {
    endpoint.status = EndpointStatus::Draining;
    endpoint
}

fn failing(mut endpoint: Endpoint, check: &str, output: &str) -> Endpoint {
    endpoint.status = EndpointStatus::Critical;
    endpoint.checks = vec![Check {
        name: check.to_string(),
        state: CheckState::Critical,
        status: "critical".to_string(),
        output: output.to_string(),
    }];
    endpoint
}

impl EventLog {
    fn answers(&mut self, source: &str, added: Vec<Endpoint>, removed: Vec<Endpoint>, notes: Vec<Note>) -> &mut Self {
        let total = added.len();
        self.add(EventKind::Endpoints(EndpointsChange {
            source: super::source(source),
            added,
            removed,
            changed: Vec::new(),
            total,
            notes,
            lags: Vec::new(),
        }))
    }

    fn consul(&mut self, added: Vec<Endpoint>) -> &mut Self {
        self.answers("consul:///pay", added, Vec::new(), Vec::new())
    }

    fn limited(&mut self) -> &mut Self {
        let failure = ResolveFailure::new(ResolveCode::Limited, "consul agent a: HTTP 429: too many");
        self.add(EventKind::Backend(BackendReport {
            source: source("consul:///pay"),
            status: BackendStatus::Ended,
            error: Some(failure),
            retry_in: None,
            gap: None,
        }))
    }

    fn text_of(&self, code: &str) -> (String, String) {
        let conclusion = self.concludes();
        let finding = conclusion.findings.iter().find(|finding| finding.kind.code == code);
        let finding = finding.unwrap_or_else(|| panic!("no {code}: {:?}", codes(&conclusion)));
        (finding.text.clone(), finding.remedy.clone())
    }
}

#[test]
fn a_leftover_entry_is_reported_with_the_command_that_removes_it_and_changes_no_verdict() {
    let mut log = EventLog::default();
    let dead = failing(instance(B, "pay-2", "web-3", UP), "grpc", "dial tcp 10.0.0.2:50051: connection refused\n");
    log.consul(vec![instance(A, "pay-1", "web-1", UP), dead]);
    log.serves(A).fails(B, Stage::Tcp, FailureCode::Refused);
    let conclusion = log.concludes();
    assert_eq!((codes(&conclusion), conclusion.summary.exit), (vec!["GD607"], 0));
    assert_eq!(conclusion.endpoints[1].verdict, EndpointVerdict::Leftover);
    let (text, remedy) = log.text_of("GD607");
    for part in [
        "10.0.0.2:50051 is still registered in consul as \"pay-2\" on node web-3, critical (for at least ",
        "and is unreachable: tcp: connection_refused",
        "its check \"grpc\" is critical: dial tcp 10.0.0.2:50051: connection refused",
    ] {
        assert!(text.contains(part), "{text}");
    }
    assert!(remedy.contains("on node web-3: `consul services deregister -id=pay-2`"), "{remedy}");
}

#[test]
fn a_leftover_entry_of_a_lost_node_is_removed_without_its_agent_and_names_are_quoted_for_the_shell() {
    let mut log = EventLog::default();
    let lost =
        failing(instance(B, "pay-2", "web 3; reboot", UP), "Serf Health Status", "Agent not live or unreachable");
    let odd = failing(instance(C, "it's", "web-4", UP), "grpc", "");
    log.consul(vec![instance(A, "pay-1", "web-1", UP), lost, odd]).serves(A);
    log.fails(B, Stage::Tcp, FailureCode::TimedOut).fails(C, Stage::Tcp, FailureCode::Refused);
    let remedies: Vec<String> = log.concludes().findings.iter().map(|finding| finding.remedy.clone()).collect();
    assert!(remedies[0].contains("`consul force-leave -prune 'web 3; reboot'`"), "{remedies:?}");
    assert!(remedies[1].contains(r"`consul services deregister -id='it'\''s'`"), "{remedies:?}");
}

#[test]
fn a_pod_is_reported_with_the_command_that_shows_it() {
    let mut log = EventLog::default();
    let unready = failing(instance(C, "pay-c", "node-1", UP), "ready", "the pod does not pass its readiness probe");
    let pods = vec![instance(A, "pay-a", "node-1", UP), instance(B, "pay-b", "node-2", UP), unready];
    log.answers("kubernetes:///pay", pods, Vec::new(), Vec::new()).serves(A);
    log.fails(B, Stage::Tcp, FailureCode::Refused).fails(C, Stage::Tcp, FailureCode::Refused);
    let (_, dead) = log.text_of("GD601");
    assert!(dead.starts_with("`kubectl describe pod pay-b` in its namespace") && dead.contains("probe"), "{dead}");
    let (_, leftover) = log.text_of("GD607");
    assert!(leftover.starts_with("`kubectl describe pod pay-c` in its namespace"), "{leftover}");
}

#[test]
fn a_dead_endpoint_of_consul_is_reported_with_the_command_that_removes_it_and_proved_once() {
    let mut log = EventLog::default();
    let (one, other) = (instance(B, "pay-2", "web-3", UP), instance(B, "pay-3", "web-3", UP));
    log.consul(vec![instance(A, "pay-1", "web-1", UP), one, other]).serves(A);
    log.fails(B, Stage::Tcp, FailureCode::Refused);
    let conclusion = log.concludes();
    let dead = conclusion.findings.iter().find(|finding| finding.kind.code == "GD601").unwrap();
    assert!(dead.remedy.contains("on node web-3: `consul services deregister -id=pay-2`"), "{}", dead.remedy);
    assert!(dead.remedy.contains("it has no check of its own"), "{}", dead.remedy);
    assert_eq!(dead.evidence.len(), 2, "{:?}", dead.evidence);
}

#[test]
fn a_critical_endpoint_that_serves_has_a_wrong_check() {
    let mut log = EventLog::default();
    let wrong = failing(instance(B, "pay-2", "web-2", UP), "grpc", "dial tcp 127.0.0.1:1: connection refused");
    log.consul(vec![instance(A, "pay-1", "web-1", UP), wrong]).serves(A).serves(B);
    let conclusion = log.concludes();
    assert_eq!((codes(&conclusion), conclusion.summary.exit), (vec!["GD608"], 1));
    assert_eq!(conclusion.endpoints[1].verdict, EndpointVerdict::CheckWrong);
    let (text, _) = log.text_of("GD608");
    assert!(
        text.contains("is registered in consul as \"pay-2\" on node web-2, critical") && text.contains("127.0.0.1:1"),
        "{text}"
    );
}

#[test]
fn when_every_check_is_wrong_clients_have_no_endpoint_to_call() {
    let mut log = EventLog::default();
    log.consul(vec![failing(instance(A, "pay-1", "web-1", UP), "grpc", "")]).serves(A);
    let conclusion = log.concludes();
    assert_eq!((codes(&conclusion), conclusion.summary.exit), (vec!["GD108", "GD608"], 2));
}

#[test]
fn a_registry_that_filters_everything_out_names_the_step() {
    let mut log = EventLog::default();
    let notes = vec![
        Note::new(NoteKind::Funnel, "3 registered -> 3 passing -> 0 tagged \"grpc\""),
        Note::new(NoteKind::FilteredOut, "none of them has the tag \"grpc\": their tags are \"v1\""),
    ];
    log.answers("consul:///pay?tag=grpc", Vec::new(), Vec::new(), notes);
    let conclusion = log.concludes();
    assert_eq!((codes(&conclusion), conclusion.summary.exit), (vec!["GD110"], 2));
    let text = &conclusion.findings[0].text;
    assert!(text.contains("3 registered -> 3 passing -> 0 tagged \"grpc\"; none of them has the tag"), "{text}");
}

#[test]
fn addresses_that_mean_something_else_elsewhere_are_reported_only_with_proof() {
    let mut far = instance("127.0.0.1:50051", "pay-1", "web-1", UP);
    far.node_address = "10.0.0.9".parse().ok();
    let mut dev = instance("127.0.0.1:50051", "pay-1", "test", UP);
    dev.node_address = "127.0.0.1".parse().ok();
    let plain = |address: &str| instance(address, "pay-1", "web-1", UP);
    for (endpoint, reached, expected) in [
        (plain("0.0.0.0:50051"), true, "an unspecified address, meant for listening"),
        (plain("[::]:50051"), true, "an unspecified address, meant for listening"),
        (plain("169.254.7.7:50051"), true, "link-local"),
        (plain("[fe80::1]:50051"), true, "link-local"),
        (far, true, "though its node is at 10.0.0.9"),
        (plain("172.17.0.4:50051"), false, "Docker's default bridge"),
        (dev, true, ""),
        (plain("127.0.0.1:50051"), true, ""),
        (plain("172.17.0.4:50051"), true, ""),
        (plain("172.18.0.4:50051"), false, ""),
        (plain("10.0.0.4:50051"), true, ""),
    ] {
        let mut log = EventLog::default();
        let address = endpoint.address.to_string();
        log.consul(vec![endpoint.clone(), plain(A)]).serves(A);
        match reached {
            true => log.serves(&address),
            false => log.fails(&address, Stage::Tcp, FailureCode::TimedOut),
        };
        let conclusion = log.concludes();
        let found = conclusion.findings.iter().find(|finding| finding.kind.code == "GD111");
        match found {
            Some(finding) => {
                assert!(!expected.is_empty() && finding.text.contains(expected), "{address}: {}", finding.text)
            }
            None => assert_eq!(expected, "", "{address}: {:?}", codes(&conclusion)),
        }
    }
}

#[test]
fn an_address_that_was_typed_is_nobodys_mistake() {
    let mut log = EventLog::default();
    log.answers("ip:0.0.0.0:80", vec![Endpoint::new("0.0.0.0:80".parse().unwrap())], Vec::new(), Vec::new());
    log.serves("0.0.0.0:80");
    let local = Note::new(NoteKind::Local, "0.0.0.0 is an IP address; no DNS query was sent");
    let same = Endpoint::new("0.0.0.0:80".parse().unwrap());
    log.answers("dns:///0.0.0.0:80", vec![same], Vec::new(), vec![local]);
    assert_eq!(codes(&log.concludes()), [""; 0]);
}

#[test]
fn one_address_under_two_ids_counts_twice() {
    let mut log = EventLog::default();
    log.consul(vec![instance(A, "pay-1", "web-1", UP), instance(A, "pay-old", "web-1", UP)]).serves(A);
    let (text, _) = log.text_of("GD112");
    assert!(
        text.contains("10.0.0.1:50051 is registered 2 times in consul, as \"pay-1\" on node web-1, \"pay-old\""),
        "{text}"
    );
    assert_eq!(log.concludes().summary.exit, 1);
}

#[test]
fn one_id_at_two_addresses_is_reported_on_one_node_and_ordinary_on_two() {
    let mut log = EventLog::default();
    log.consul(vec![instance(A, "pay", "web-1", UP), instance(B, "pay", "web-1", UP)]).serves(A).serves(B);
    let (text, _) = log.text_of("GD112");
    assert!(text.contains("\"pay\" of node web-1 is registered at 10.0.0.1:50051, 10.0.0.2:50051"), "{text}");
    let mut ordinary = EventLog::default();
    ordinary.consul(vec![instance(A, "pay", "web-1", UP), instance(B, "pay", "web-2", UP)]).serves(A).serves(B);
    assert_eq!(codes(&ordinary.concludes()), [""; 0]);
}

#[test]
fn one_id_that_goes_to_and_fro_alternates_and_one_that_moves_does_not() {
    let mut log = EventLog::default();
    let at = |address| instance(address, "pay", "web-1", UP);
    log.consul(vec![at(A)]);
    let mut go = |from, to| {
        log.answers("consul:///pay", vec![at(to)], vec![at(from)], Vec::new());
        codes(&log.concludes()).contains(&"GD112")
    };
    assert_eq!([go(A, B), go(B, A), go(A, B)], [false, false, true]);
    let (text, _) = log.text_of("GD112");
    assert!(text.contains("alternates between 10.0.0.1:50051 and 10.0.0.2:50051, 3 times"), "{text}");
}

#[test]
fn one_answering_address_before_several_is_a_virtual_ip_and_no_disagreement() {
    let vip = "10.96.0.10:50051";
    let mut log = EventLog::default();
    log.lists("consul", &[(A, UP), (B, UP), (C, UP)]).lists("dns", &[(vip, LISTED)]);
    log.serves(A).serves(B).serves(C).serves(vip);
    let conclusion = log.concludes();
    assert_eq!((codes(&conclusion), conclusion.summary.exit), (vec!["GD113"], 0));
    assert!(conclusion.findings[0].text.contains("not one of the 3 endpoints that consul:///pay lists"));
}

#[test]
fn a_cluster_ip_is_known_without_reaching_it() {
    let vip = "10.96.0.10:80";
    let mut one = instance(A, "pay-1", "node-1", UP);
    one.particulars_mut().virtual_ip = "10.96.0.10".parse().ok();
    let mut log = EventLog::default();
    log.answers("kubernetes:///pay", vec![one], Vec::new(), Vec::new()).lists("dns", &[(vip, LISTED)]);
    let (text, _) = log.text_of("GD113");
    assert!(text.contains("the ClusterIP in front of 1 endpoint that kubernetes:///pay lists"), "{text}");
    assert_eq!(codes(&log.concludes()), ["GD113"]);
}

#[test]
fn a_pod_that_is_being_deleted_and_still_routed_to_is_reported_with_its_network_result() {
    let leaving = || leaving(instance(B, "pay-2", "node-1", UP));
    let mut log = EventLog::default();
    let pods = vec![instance(A, "pay-1", "node-1", UP), leaving()];
    log.answers("kubernetes:///pay", pods, Vec::new(), Vec::new()).serves(A).serves(B);
    assert_eq!(codes(&log.concludes()), [""; 0], "a drained departure is not a finding");
    log.lists("dns", &[(A, LISTED), (B, LISTED)]);
    let (text, _) = log.text_of("GD120");
    assert!(text.contains("(pod \"pay-2\") is being deleted, ") && text.contains("still responds"), "{text}");
    let (text, _) = log.text_of("GD103");
    assert_eq!(text, "kubernetes:///pay lists 10.0.0.2:50051 as draining");
    log.fails(B, Stage::Tcp, FailureCode::Refused);
    let (text, _) = log.text_of("GD120");
    assert!(text.ends_with("and it is unreachable: calls to it fail until clients notice the change"), "{text}");
}

#[test]
fn responses_of_a_pod_before_it_started_to_drain_do_not_count_afterwards() {
    let pod = || instance(B, "pay-2", "node-1", UP);
    let leaving = leaving(pod());
    let mut log = EventLog::default();
    log.answers("kubernetes:///pay", vec![instance(A, "pay-1", "node-1", UP), pod()], Vec::new(), Vec::new());
    log.lists("dns", &[(A, LISTED), (B, LISTED)]).serves(A).serves(B);
    log.answers("kubernetes:///pay", vec![leaving], vec![pod()], Vec::new());
    let (text, _) = log.text_of("GD120");
    assert!(text.ends_with("still lists it for clients"), "{text}");
    log.fails(B, Stage::Tcp, FailureCode::Refused);
    let (text, _) = log.text_of("GD120");
    assert!(text.contains("and it is unreachable"), "{text}");
}

#[test]
fn one_dead_address_before_several_is_a_stale_listing() {
    let gone = "10.0.0.9:50051";
    let mut log = EventLog::default();
    log.lists("consul", &[(A, UP), (B, UP)]).lists("dns", &[(gone, LISTED)]).serves(A).serves(B);
    log.fails(gone, Stage::Tcp, FailureCode::Refused);
    assert_eq!(codes(&log.concludes()), ["GD201", "GD103", "GD602"]);
}

#[test]
fn ipv6_that_leads_nowhere_beside_ipv4_that_works_is_reported() {
    let six = "[2001:db8::1]:50051";
    let mut log = EventLog::default();
    log.lists("dns", &[(A, LISTED), (six, LISTED)]).serves(A).fails(six, Stage::Tcp, FailureCode::Unreachable);
    let (text, _) = log.text_of("GD114");
    assert!(text.contains("[2001:db8::1]:50051: tcp: unreachable"), "{text}");
    let mut refused = EventLog::default();
    refused.lists("dns", &[(A, LISTED), (six, LISTED)]).serves(A).fails(six, Stage::Tcp, FailureCode::Refused);
    assert_eq!(codes(&refused.concludes()), ["GD201"]);
    let mut both = EventLog::default();
    both.lists("dns", &[(A, LISTED), (six, LISTED)]).fails(A, Stage::Tcp, FailureCode::Refused);
    both.fails(six, Stage::Tcp, FailureCode::Unreachable);
    assert!(!codes(&both.concludes()).contains(&"GD114"));
}

#[test]
fn a_registry_that_limits_us_is_unknown_and_named() {
    let mut log = EventLog::default();
    log.limited();
    let conclusion = log.concludes();
    assert_eq!((codes(&conclusion), conclusion.summary.exit), (vec!["GD115"], 3));
}

#[test]
fn a_dns_server_that_fails_has_a_remedy_of_its_own() {
    for (code, part) in
        [(ResolveCode::ServFail, "+cd"), (ResolveCode::Refused, "--dns-server"), (ResolveCode::Timeout, "reachable")]
    {
        let mut log = EventLog::default();
        let failure = ResolveFailure::new(code, "dns server 10.0.0.53:53 answered X for A pay");
        log.add(EventKind::Backend(BackendReport {
            source: source("dns:///pay"),
            status: BackendStatus::Ended,
            error: Some(failure),
            retry_in: None,
            gap: None,
        }));
        let (text, remedy) = log.text_of("GD101");
        assert!(text.contains("10.0.0.53:53") && remedy.contains(part), "{text}: {remedy}");
    }
}

#[test]
fn two_agents_that_disagree_are_one_registry_with_a_stale_part() {
    let queried = |agent: &str| vec![Note::new(NoteKind::Queried, format!("consul agent {agent} answered, index 7"))];
    let two = |other: &str, zone: &str| {
        let mut log = EventLog::default();
        let mut odd = instance(B, "pay-2", "web-2", UP);
        odd.zone = Some(zone.to_string());
        let mut one = instance(A, "pay-1", "web-1", UP);
        one.zone = Some("dc1".to_string());
        log.answers("consul://10.1.0.1:8500/pay", vec![one], Vec::new(), queried("10.1.0.1:8500"));
        log.answers(other, vec![odd], Vec::new(), queried("10.1.0.2:8500")).serves(A).serves(B);
        log
    };
    let (text, _) = two("consul://10.1.0.2:8500/pay", "dc1").text_of("GD116");
    assert!(
        text.contains("does not list 10.0.0.1:50051") && text.contains("10.1.0.2:8500 answered, index 7"),
        "{text}"
    );
    for other in [two("consul://10.1.0.2:8500/pay", "dc2"), two("consul://10.1.0.2:8500/other", "dc1")] {
        assert_eq!(codes(&other.concludes()), ["GD103"]);
    }
}

#[test]
fn a_proxy_in_the_environment_is_reported_when_it_would_be_used() {
    let with = |variable: &'static str, exceptions: &'static str, address: &str| {
        let mut log = EventLog::default();
        log.ledger.proxy = ProxyEnv::from_env(|name| match name {
            "NO_PROXY" => Some(exceptions.to_string()),
            name if name == variable => Some("http://ann:hunter2@proxy.example:3128".to_string()),
            _ => None,
        });
        log.lists("dns", &[(address, LISTED)]).serves(address);
        log
    };
    let expected = with("HTTPS_PROXY", "", A);
    assert_eq!((codes(&expected.concludes()), expected.concludes().summary.exit), (vec!["GD902"], 0));
    let (text, _) = expected.text_of("GD902");
    assert!(text.contains("http://proxy.example:3128") && !text.contains("hunter2"), "{text}");
    assert_eq!(codes(&with("HTTPS_PROXY", "10.0.0.0/8", A).concludes()), [""; 0]);
    assert_eq!(codes(&with("HTTPS_PROXY", "pay", A).concludes()), [""; 0], "the name of dns:///pay is left out");
    assert_eq!(codes(&with("HTTPS_PROXY", "", "127.0.0.1:50051").concludes()), [""; 0]);
    assert_eq!(codes(&with("http_proxy", "", A).concludes()), [""; 0]);
}

#[test]
fn three_healthy_endpoints_in_three_registries_prove_no_fault() {
    for addresses in [[A, B, C], ["127.0.0.1:50051", "127.0.0.1:50052", "127.0.0.1:50053"]] {
        let mut log = EventLog::default();
        log.ledger.proxy = ProxyEnv::from_env(|name| (name == "HTTPS_PROXY").then(|| "http://p:1".to_string()))
            .filter(|_| addresses[0].starts_with("127."));
        let of_consul = addresses.iter().zip(["pay-1", "pay-2", "pay-3"]).map(|(address, id)| {
            let mut endpoint = instance(address, id, "dev", UP);
            (endpoint.node_address, endpoint.zone) = ("127.0.0.1".parse().ok(), Some("dc1".to_string()));
            endpoint
        });
        log.consul(of_consul.collect());
        log.lists("dns", &addresses.map(|address| (address, LISTED)));
        log.lists("file", &addresses.map(|address| (address, UP)));
        for address in addresses {
            log.serves(address);
        }
        let conclusion = log.concludes();
        assert_eq!((codes(&conclusion), conclusion.summary.exit), (vec![], 0));
    }
}

#[test]
fn the_two_families_of_this_machine_are_one_endpoint() {
    let (four, six) = ("127.0.0.1:50051", "[::1]:50051");
    let mut log = EventLog::default();
    log.lists("dns", &[(four, LISTED), (six, LISTED)]).serves(four).fails(six, Stage::Tcp, FailureCode::Refused);
    let conclusion = log.concludes();
    assert_eq!((codes(&conclusion), conclusion.summary.exit), (vec!["GD129"], 0));
    assert!(conclusion.summary.text.contains("the only endpoint is healthy"), "{}", conclusion.summary.text);
    // Two unreachable addresses are a different case, and so is an address that another source lists on purpose.
    let mut both = EventLog::default();
    both.lists("dns", &[(four, LISTED), (six, LISTED)]);
    both.fails(four, Stage::Tcp, FailureCode::Refused).fails(six, Stage::Tcp, FailureCode::Refused);
    assert_eq!(codes(&both.concludes()), ["GD201", "GD201"]);
    let mut meant = EventLog::default();
    meant.lists("dns", &[(four, LISTED), (six, LISTED)]).lists("file", &[(four, LISTED), (six, LISTED)]);
    meant.serves(four).fails(six, Stage::Tcp, FailureCode::Refused);
    assert!(codes(&meant.concludes()).contains(&"GD201"));
    let mut elsewhere = EventLog::default();
    elsewhere.lists("dns", &[("10.0.0.1:1", LISTED), ("[2001:db8::1]:1", LISTED)]).serves("10.0.0.1:1");
    elsewhere.fails("[2001:db8::1]:1", Stage::Tcp, FailureCode::Refused);
    assert!(codes(&elsewhere.concludes()).contains(&"GD201"));
}

#[test]
fn an_answer_that_consul_cuts_has_consuls_remedy() {
    let cut = || vec![Note::new(NoteKind::Cut, "19 of 40")];
    let mut plain = EventLog::default();
    plain.lists_with("dns", &[(A, LISTED)], &[], cut()).serves(A);
    assert!(!plain.text_of("GD124").1.contains("enable_truncate"));
    let mut consul = EventLog::default();
    consul.lists("consul", &[(A, UP)]).lists_with("dns", &[(A, LISTED)], &[], cut()).serves(A);
    let (text, remedy) = consul.text_of("GD124");
    assert!(text == "19 of 40" && remedy.contains("enable_truncate"), "{text}: {remedy}");
}

#[test]
fn every_instance_that_a_registry_lists_at_an_address_is_found_and_no_other() {
    let mut without_id = instance(B, "", "node-1", UP);
    without_id.id = None;
    let listed = vec![instance(A, "pay-1", "node-1", UP), instance(B, "pay-2", "node-2", UP), without_id];
    let mut log = EventLog::default();
    log.answers("consul:///pay", listed, Vec::new(), Vec::new());
    let at = |address: &str| {
        let address = address.parse().unwrap();
        log.ledger.sources[0].at(&address).map(|seen| seen.what.id.clone()).collect::<Vec<_>>()
    };
    assert_eq!(at(B), [None, Some("pay-2".to_string())]);
    assert_eq!(at(A), [Some("pay-1".to_string())]);
    assert!(at(C).is_empty());
}
