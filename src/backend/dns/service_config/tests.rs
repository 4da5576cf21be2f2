//! Facts: the results of grpc-go 1.85 (`ParseServiceConfig` after its choice) and grpc-js 1.14
//! (`extractAndSelectServiceConfig`, a client of the 50th percent) for these texts.

use super::*;

fn published(records: &[&[&str]]) -> Published {
    let bytes = |parts: &[&str]| parts.iter().map(|part| part.as_bytes().to_vec()).collect::<Vec<_>>();
    check(&records.iter().map(|parts| bytes(parts)).collect::<Vec<_>>())
}

fn problem(config: &str) -> Option<Problem> {
    published(&[&[&format!("{PREFIX}{config}")]]).problem
}

/// The text, whether grpc-go accepts it, whether grpc-js does.
#[rustfmt::skip]
const FACTS: &[(&str, bool, bool)] = &[
    (r#"[{"serviceConfig":{}}]"#, true, true),
    (r#"[{"serviceConfig":{"loadBalancingPolicy":"round_robin"}}]"#, true, true),
    (r#"[{"serviceConfig":{"loadBalancingPolicy":"nonsense"}}]"#, true, true),
    (r#"[{"serviceConfig":{"loadBalancingPolicy":3}}]"#, false, false),
    (r#"[{"serviceConfig":{"loadBalancingConfig":[{"round_robin":{}}]}}]"#, true, true),
    (r#"[{"serviceConfig":{"loadBalancingConfig":[]}}]"#, false, true),
    (r#"[{"serviceConfig":{"loadBalancingConfig":{}}}]"#, false, false),
    (r#"[{"serviceConfig":{"loadBalancingConfig":[{"a":{},"b":{}}]}}]"#, false, false),
    (r#"[{"serviceConfig":{"loadBalancingConfig":[{"nonsense":{}}]}}]"#, false, true),
    (r#"[{"serviceConfig":{"loadBalancingConfig":[{"nonsense":{}},{"pick_first":{"shuffleAddressList":true}}]}}]"#, true, true),
    (r#"[{"serviceConfig":{"loadBalancingConfig":[{"pick_first":{"shuffleAddressList":3}}]}}]"#, false, true),
    (r#"[{"serviceConfig":{"loadBalancingConfig":[{}]}}]"#, false, false),
    (r#"[{"serviceConfig":{"loadBalancingConfig":null}}]"#, true, false),
    (r#"[{"serviceConfig":{"loadBalancingConfig":[{"round_robin":null}]}}]"#, true, true),
    (r#"[{"serviceConfig":{"loadBalancingConfig":[{"round_robin":3}]}}]"#, true, true),
    (r#"[{"serviceConfig":{"loadBalancingConfig":[{"grpclb":{}}]}}]"#, false, true),
    (r#"[{"serviceConfig":{"loadBalancingConfig":[{"pick_first":3}]}}]"#, false, true),
    (r#"[{"serviceConfig":{"loadBalancingConfig":[{"pick_first":[]}]}}]"#, false, true),
    (r#"[{"serviceConfig":{"methodConfig":[{"name":[{"service":"a.B"}],"timeout":"1s"}]}}]"#, true, true),
    (r#"[{"serviceConfig":{"methodConfig":[{"name":[{"service":"a.B"}],"timeout":"1 second"}]}}]"#, false, false),
    (r#"[{"serviceConfig":{"methodConfig":[{"name":[{"service":"a.B"}],"timeout":"500ms"}]}}]"#, false, false),
    (r#"[{"serviceConfig":{"methodConfig":[{"name":[{"service":"a.B"}],"timeout":"1m"}]}}]"#, false, false),
    (r#"[{"serviceConfig":{"methodConfig":[{"name":[{"service":"a.B"}],"timeout":"1.5s"}]}}]"#, true, true),
    (r#"[{"serviceConfig":{"methodConfig":[{"name":[{"service":"a.B"}],"timeout":"-1s"}]}}]"#, true, false),
    (r#"[{"serviceConfig":{"methodConfig":[{"name":[{"service":"a.B"}],"timeout":".5s"}]}}]"#, true, false),
    (r#"[{"serviceConfig":{"methodConfig":[{"name":[{"service":"a.B"}],"timeout":"s"}]}}]"#, false, false),
    (r#"[{"serviceConfig":{"methodConfig":[{"name":[{"service":"a.B"}],"timeout":""}]}}]"#, false, false),
    (r#"[{"serviceConfig":{"methodConfig":[{"name":[{"service":"a.B"}],"timeout":"0s"}]}}]"#, true, true),
    (r#"[{"serviceConfig":{"methodConfig":[{"name":[{"service":"a.B"}],"timeout":"1.0000000001s"}]}}]"#, false, false),
    (r#"[{"serviceConfig":{"methodConfig":[{"name":[{"service":"a.B"}],"timeout":5}]}}]"#, false, false),
    (r#"[{"serviceConfig":{"methodConfig":[{"name":[{"service":"a.B"}],"timeout":null}]}}]"#, true, false),
    (r#"[{"serviceConfig":{"methodConfig":[{"name":[{"service":"a.B"}],"waitForReady":"yes"}]}}]"#, false, false),
    (r#"[{"serviceConfig":{"methodConfig":[{"name":[{"service":"a.B"}],"waitForReady":true}]}}]"#, true, true),
    (r#"[{"serviceConfig":{"methodConfig":[{"name":[{"service":"a.B"}],"maxRequestMessageBytes":"1024"}]}}]"#, false, true),
    (r#"[{"serviceConfig":{"methodConfig":[{"name":[{"service":"a.B"}],"maxRequestMessageBytes":1024}]}}]"#, true, true),
    (r#"[{"serviceConfig":{"methodConfig":[{"name":[{"service":"a.B"}],"maxResponseMessageBytes":-1}]}}]"#, true, true),
    (r#"[{"serviceConfig":{"methodConfig":[{"name":[{"service":"a.B"}],"maxResponseMessageBytes":1.5}]}}]"#, false, true),
    (r#"[{"serviceConfig":{"methodConfig":[{"name":[{"service":"a.B"}],"retryPolicy":{"maxAttempts":3,"initialBackoff":"0.1s","maxBackoff":"1s","backoffMultiplier":2,"retryableStatusCodes":["UNAVAILABLE"]}}]}}]"#, true, true),
    (r#"[{"serviceConfig":{"methodConfig":[{"name":[{"service":"a.B"}],"retryPolicy":{"maxAttempts":1,"initialBackoff":"0.1s","maxBackoff":"1s","backoffMultiplier":2,"retryableStatusCodes":["UNAVAILABLE"]}}]}}]"#, false, false),
    (r#"[{"serviceConfig":{"methodConfig":[{"name":[{"service":"a.B"}],"retryPolicy":{"maxAttempts":99,"initialBackoff":"0.1s","maxBackoff":"1s","backoffMultiplier":2,"retryableStatusCodes":["UNAVAILABLE"]}}]}}]"#, true, true),
    (r#"[{"serviceConfig":{"methodConfig":[{"name":[{"service":"a.B"}],"retryPolicy":{"maxAttempts":3,"initialBackoff":"0s","maxBackoff":"1s","backoffMultiplier":2,"retryableStatusCodes":["UNAVAILABLE"]}}]}}]"#, false, true),
    (r#"[{"serviceConfig":{"methodConfig":[{"name":[{"service":"a.B"}],"retryPolicy":{"maxAttempts":3,"initialBackoff":"0.1s","maxBackoff":"1","backoffMultiplier":2,"retryableStatusCodes":["UNAVAILABLE"]}}]}}]"#, false, false),
    (r#"[{"serviceConfig":{"methodConfig":[{"name":[{"service":"a.B"}],"retryPolicy":{"maxAttempts":3,"initialBackoff":"0.1s","maxBackoff":"1s","backoffMultiplier":0,"retryableStatusCodes":["UNAVAILABLE"]}}]}}]"#, false, false),
    (r#"[{"serviceConfig":{"methodConfig":[{"name":[{"service":"a.B"}],"retryPolicy":{"maxAttempts":3,"initialBackoff":"0.1s","maxBackoff":"1s","backoffMultiplier":"2","retryableStatusCodes":["UNAVAILABLE"]}}]}}]"#, false, false),
    (r#"[{"serviceConfig":{"methodConfig":[{"name":[{"service":"a.B"}],"retryPolicy":{"maxAttempts":3,"initialBackoff":"0.1s","maxBackoff":"1s","backoffMultiplier":2,"retryableStatusCodes":[]}}]}}]"#, false, false),
    (r#"[{"serviceConfig":{"methodConfig":[{"name":[{"service":"a.B"}],"retryPolicy":{"maxAttempts":3,"initialBackoff":"0.1s","maxBackoff":"1s","backoffMultiplier":2,"retryableStatusCodes":["NONSENSE"]}}]}}]"#, false, false),
    (r#"[{"serviceConfig":{"methodConfig":[{"name":[{"service":"a.B"}],"retryPolicy":{"maxAttempts":3,"initialBackoff":"0.1s","maxBackoff":"1s","backoffMultiplier":2,"retryableStatusCodes":[14]}}]}}]"#, true, true),
    (r#"[{"serviceConfig":{"methodConfig":[{"name":[{"service":"a.B"}],"retryPolicy":{"maxAttempts":3,"initialBackoff":"0.1s","maxBackoff":"1s","backoffMultiplier":2,"retryableStatusCodes":[17]}}]}}]"#, false, false),
    (r#"[{"serviceConfig":{"methodConfig":[{"name":[{"service":"a.B"}],"retryPolicy":{"maxAttempts":3,"initialBackoff":"0.1s","maxBackoff":"1s","backoffMultiplier":2,"retryableStatusCodes":["unavailable"]}}]}}]"#, false, true),
    (r#"[{"serviceConfig":{"methodConfig":[{"name":[{"service":"a.B"}],"retryPolicy":{"maxAttempts":2.5,"initialBackoff":"0.1s","maxBackoff":"1s","backoffMultiplier":2,"retryableStatusCodes":["UNAVAILABLE"]}}]}}]"#, false, false),
    (r#"[{"serviceConfig":{"methodConfig":[{"name":[{"service":"a.B"}],"retryPolicy":{"maxAttempts":"3","initialBackoff":"0.1s","maxBackoff":"1s","backoffMultiplier":2,"retryableStatusCodes":["UNAVAILABLE"]}}]}}]"#, false, false),
    (r#"[{"serviceConfig":{"methodConfig":[{"retryPolicy":{"maxAttempts":1}}]}}]"#, true, false),
    (r#"[{"serviceConfig":{"methodConfig":[{"name":[{"method":"x"}]}]}}]"#, false, false),
    (r#"[{"serviceConfig":{"methodConfig":[{"name":[{}]}]}}]"#, true, true),
    (r#"[{"serviceConfig":{"methodConfig":[{"name":[{}]},{"name":[{}]}]}}]"#, false, false),
    (r#"[{"serviceConfig":{"methodConfig":[{"name":[{"service":"a"},{"service":"a"}]}]}}]"#, false, false),
    (r#"[{"serviceConfig":{"methodConfig":[{"name":[{"service":"a","method":"b"},{"service":"a"}]}]}}]"#, true, true),
    (r#"[{"serviceConfig":{"methodConfig":{}}}]"#, false, true),
    (r#"[{"serviceConfig":{"methodConfig":[{"name":"a"}]}}]"#, false, false),
    (r#"[{"serviceConfig":{"methodConfig":[{"name":[{"service":3}]}]}}]"#, false, false),
    (r#"[{"serviceConfig":{"methodConfig":[3]}}]"#, false, false),
    (r#"[{"serviceConfig":{"methodConfig":[null]}}]"#, true, false),
    (r#"[{"serviceConfig":{"methodConfig":[{"name":[null]}]}}]"#, true, false),
    (r#"[{"serviceConfig":{"retryThrottling":{"maxTokens":0,"tokenRatio":0.1}}}]"#, true, false),
    (r#"[{"serviceConfig":{"retryThrottling":{"maxTokens":0,"tokenRatio":0.1},"methodConfig":[]}}]"#, false, false),
    (r#"[{"serviceConfig":{"retryThrottling":{"maxTokens":1001,"tokenRatio":0.1},"methodConfig":[]}}]"#, false, false),
    (r#"[{"serviceConfig":{"retryThrottling":{"maxTokens":10,"tokenRatio":0},"methodConfig":[]}}]"#, false, false),
    (r#"[{"serviceConfig":{"retryThrottling":{"maxTokens":10,"tokenRatio":0.1},"methodConfig":[]}}]"#, true, true),
    (r#"[{"serviceConfig":{"retryThrottling":{"maxTokens":"10","tokenRatio":0.1},"methodConfig":[]}}]"#, false, false),
    (r#"[{"serviceConfig":{"healthCheckConfig":{"serviceName":"a"}}}]"#, true, true),
    (r#"[{"serviceConfig":{"healthCheckConfig":{"serviceName":3}}}]"#, false, true),
    (r#"[{"serviceConfig":{"LOADBALANCINGPOLICY":3}}]"#, false, true),
    (r#"[{"serviceConfig":{"unknown":3}}]"#, true, true),
    (r#"[{"serviceConfig":3}]"#, false, false),
    (r#"[{"serviceConfig":null}]"#, false, false),
    (r#"[{"serviceConfig":"x"}]"#, false, false),
    (r#"[{"serviceConfig":[]}]"#, false, true),
    (r#"["#, false, false),
    (r#""#, false, false),
    (r#"{}"#, false, false),
    (r#"[{"serviceConfig":{"loadBalancingPolicy":"round_robin"}"#, false, false),
    (r#"[]"#, false, false),
    (r#"[null]"#, false, false),
    (r#"[3]"#, false, false),
    (r#"[{"clientLanguage":["JAVA"],"serviceConfig":{}}]"#, false, false),
    (r#"[{"clientLanguage":["GO"],"serviceConfig":{}}]"#, true, false),
    (r#"[{"clientLanguage":["go"],"serviceConfig":{}}]"#, false, false),
    (r#"[{"clientLanguage":"GO","serviceConfig":{}}]"#, false, false),
    (r#"[{"percentage":0,"serviceConfig":{}}]"#, false, false),
    (r#"[{"percentage":100,"serviceConfig":{}}]"#, true, true),
    (r#"[{"percentage":"50","serviceConfig":{}}]"#, false, false),
    (r#"[{"percentage":50.5,"serviceConfig":{}}]"#, false, true),
    (r#"[{"percentage":150,"serviceConfig":{}}]"#, true, false),
    (r#"[{"clientHostName":[],"serviceConfig":{}}]"#, false, false),
    (r#"[{"clientHostname":["nope"],"serviceConfig":{}}]"#, false, false),
    (r#"[{"unknown":1,"serviceConfig":{}}]"#, true, false),
    (r#"[{"percentage":0,"serviceConfig":{"methodConfig":3}},{"serviceConfig":{}}]"#, true, true),
    (r#"[{"serviceConfig":{}},{"serviceConfig":{"methodConfig":3}}]"#, true, true),
    (r#"[{}]"#, false, false),
    (r#"[{"serviceConfig":{}}] x"#, false, false),
    (r#"[{'serviceConfig':{}}]"#, false, false),
    (r#"[{"serviceConfig":{},}]"#, false, false),
    (r#"null"#, false, false),
];

#[test]
fn what_grpc_go_refuses_is_a_problem_and_nothing_else_is_one_for_it() {
    for (config, go, _) in FACTS {
        let found = problem(config);
        let for_go = found.as_ref().filter(|problem| problem.readers != Readers::NotGo);
        assert_eq!(for_go.is_none(), *go, "{config}: {found:?}");
    }
}

#[test]
fn what_only_grpc_js_refuses_is_never_reported_for_grpc_go() {
    for (config, _, node) in FACTS {
        if let Some(found) = problem(config).filter(|found| found.readers == Readers::NotGo) {
            assert!(!node, "{config}: {found:?}");
        }
    }
}

#[test]
fn a_problem_names_the_place_and_the_value() {
    let text = |config: &str| problem(config).unwrap().error.to_string();
    let method =
        |rest: &str| format!(r#"[{{"serviceConfig":{{"methodConfig":[{{"name":[{{"service":"a"}}],{rest}}}]}}}}]"#);
    assert_eq!(
        text(&method(r#""timeout":"1 second""#)),
        "choice 1: methodConfig[0].timeout: malformed duration \"1 second\": missing seconds unit (\"1.5s\")"
    );
    assert!(
        text(&method(r#""retryPolicy":{"maxAttempts":1}"#)).contains("retryPolicy.maxAttempts: must be greater than 1")
    );
    assert!(text("[").starts_with("malformed JSON: EOF"), "{}", text("["));
}

#[test]
fn a_record_may_come_in_parts_and_other_records_spoil_it_for_grpc_go() {
    let parts: &[&str] = &["grpc_config=[{\"service", "Config\":{}}]"];
    let one = published(&[parts]);
    assert_eq!((one.configs.len(), one.problem), (1, None));
    assert_eq!(published(&[&["v=spf1 -all"]]), Published::default());
    let two = published(&[&["v=spf1 -all"], parts]);
    assert_eq!(two.problem.map(|problem| problem.readers), Some(Readers::Go));
}
