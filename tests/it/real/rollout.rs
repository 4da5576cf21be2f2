//! A rollout under `watch`: running pods that are added, serve, terminate and are removed, as the real Kubernetes API
//! server lists them.

use std::process::{Command, Stdio};
use std::time::Duration;

use hickory_resolver::proto::rr::RecordType;
use serde_json::{Value, json};

use crate::support::dns_server::{DnsServer, addresses};
use crate::support::kratos::KratosClient;
use crate::support::kubernetes::{ADMIN, SLICES, WITHOUT_HISTORY, endpoint, key_of, ready};
use crate::support::pods::{PORT, Pods};
use crate::support::tool::{Running, run_command};

const LONG: Duration = Duration::from_secs(60);

const OLD: [&str; 2] = ["10.77.0.1", "10.77.0.2"];
const NEW: [&str; 2] = ["10.77.1.1", "10.77.1.2"];

/// Two pods that serve.
fn two(flags: &[&str]) -> Option<Pods> {
    let mut pods = Pods::start(flags)?;
    pods.cluster.service("pay", None);
    for ip in OLD {
        pods.start_pod(ip)?;
    }
    Some(pods)
}

/// `watch` of the Service with output lines for people: what it had printed when it was stopped.
struct Lines(std::process::Child);

impl Lines {
    fn of(pods: &Pods) -> Lines {
        let mut command = pods.tool(ADMIN, &["watch", "kubernetes:///pay", "--plaintext"]);
        Lines(command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap())
    }

    fn until_stopped(self) -> String {
        interrupt(self.0.id());
        String::from_utf8(self.0.wait_with_output().unwrap().stdout).unwrap()
    }
}

fn watch(pods: &Pods, args: &[&str]) -> Running {
    let args = [&["watch", "kubernetes:///pay", "--plaintext", "-o", "ndjson"], args].concat();
    Running::start_command(pods.tool(ADMIN, &args))
}

fn interrupt(pid: u32) {
    assert!(Command::new("kill").args(["-INT", &pid.to_string()]).status().unwrap().success());
}

fn at(ip: &str) -> String {
    format!("{ip}:{PORT}")
}

/// Waits until the list reports this of the pod at `ip`.
fn listed(watch: &mut Running, what: &str, ip: &str, status: &str) {
    watch.wait_for(&format!("{ip} {what} {status}"), LONG, |event| {
        let those = event[what].as_array().filter(|_| event["kind"] == "endpoints");
        those.is_some_and(|those| those.iter().any(|one| one["address"] == at(ip) && one["status"] == status))
    });
}

/// Waits until the subchannel of the pod at `ip` is in `state`.
fn reaches(watch: &mut Running, ip: &str, state: &str) {
    watch.wait_for(&format!("{ip} {state}"), LONG, |event| {
        event["kind"] == "transition" && event["address"] == at(ip) && event["to"] == state
    });
}

/// Where the channel went.
fn channel(events: &[(std::time::Instant, Value)]) -> Vec<&str> {
    let transitions = events.iter().filter(|(_, event)| event["kind"] == "transition" && event["scope"] == "channel");
    transitions.filter_map(|(_, event)| event["to"].as_str()).collect()
}

#[test]
fn every_pod_of_a_rollout_is_listed_draining_and_removed_and_none_is_reported_as_stale() {
    let Some(mut pods) = two(&[]) else { return };
    let mut list: Vec<(&str, Value)> = OLD.into_iter().map(|ip| (ip, ready(ip, ip))).collect();
    let write = |pods: &Pods, list: &[(&str, Value)]| {
        let endpoints: Vec<Value> = list.iter().map(|(_, endpoint)| endpoint.clone()).collect();
        pods.cluster.slice("pay-1", "pay", &endpoints);
    };
    write(&pods, &list);
    let (mut watch, lines) = (watch(&pods, &[]), Lines::of(&pods));
    for _ in OLD {
        watch.wait_for("a subchannel", LONG, |event| event["scope"] == "subchannel" && event["to"] == "READY");
    }
    for (old, new) in OLD.into_iter().zip(NEW) {
        // It is listed before it serves; no client uses it.
        list.push((new, endpoint(new, new, false, false, false)));
        write(&pods, &list);
        listed(&mut watch, "added", new, "critical");
        pods.start_pod(new).unwrap();
        list.last_mut().unwrap().1 = ready(new, new);
        write(&pods, &list);
        reaches(&mut watch, new, "READY");
        // It is stopped, and serves its running calls until they are done.
        let place = list.iter().position(|(ip, _)| *ip == old).unwrap();
        list[place].1 = endpoint(old, old, false, true, true);
        write(&pods, &list);
        listed(&mut watch, "changed", old, "draining");
        reaches(&mut watch, old, "SHUTDOWN");
        let closed = pods.server(old).event("closed", LONG).expect("it sees its clients go");
        assert_eq!(closed["by"], "client", "{closed}");
        list[place].1 = endpoint(old, old, false, false, true);
        write(&pods, &list);
        pods.end(old);
        list.remove(place);
        write(&pods, &list);
        listed(&mut watch, "removed", old, "draining");
    }
    interrupt(watch.pid());
    let (status, events) = watch.finish(LONG);
    let all: Vec<String> = events.iter().map(|(_, event)| event.to_string()).collect();
    let all = all.join("\n");
    assert_eq!(status.code(), Some(130), "{all}");
    let (_, summary) = events.last().unwrap();
    assert_eq!((&summary["verdict"], &summary["exit"]), (&json!("healthy"), &json!(0)), "{all}");
    assert_eq!(channel(&events), ["CONNECTING", "READY"], "callers do not notice\n{all}");
    for (_, event) in &events {
        assert!(event["kind"] != "finding" && event["to"] != "TRANSIENT_FAILURE", "{event}\n{all}");
    }
    let verdicts: Vec<&Value> = events.iter().map(|(_, e)| e).filter(|event| event["kind"] == "verdict").collect();
    assert_eq!(verdicts.len(), 2, "{all}");
    assert!(verdicts.iter().all(|verdict| verdict["verdict"] == "healthy"), "{all}");

    let read = lines.until_stopped();
    for printed in [
        format!("+{} (critical: the pod does not pass its readiness probe)", at(NEW[0])),
        format!("~{} (passing)", at(NEW[0])),
        format!("~{} (draining: the pod is being deleted and still passes its readiness probe)", at(OLD[0])),
        "READY -> SHUTDOWN  no longer listed as usable".to_string(),
        format!("2 endpoints  -{} (draining)", at(OLD[1])),
        "HEALTHY  kubernetes:///pay: both endpoints are healthy".to_string(),
    ] {
        assert!(read.contains(&printed), "{printed:?} is missing in\n{read}");
    }
}

#[test]
fn a_history_that_the_api_server_lost_costs_one_question_and_hides_no_delete() {
    let Some(pods) = two(WITHOUT_HISTORY) else { return };
    for (slice, ip) in ["pay-1", "pay-2"].into_iter().zip(OLD) {
        pods.cluster.slice(slice, "pay", &[ready(ip, ip)]);
    }
    let mut watch = watch(&pods, &["--until", "drained", "--for", "120s"]);
    for _ in OLD {
        watch.wait_for("a subchannel", LONG, |event| event["scope"] == "subchannel" && event["to"] == "READY");
    }
    pods.cluster.loses_history(&key_of("pay-1"));
    let status = |event: &Value, status: &str| event["kind"] == "backend" && event["status"] == status;
    let (_, broken) = watch.wait_for("the end of the watch", LONG, |event| status(event, "broken"));
    assert!(broken["error"]["text"].as_str().unwrap().contains("the watch cannot continue (410 Gone)"), "{broken}");
    watch.wait_for("the answer to the next question", LONG, |event| status(event, "recovered"));
    listed(&mut watch, "removed", OLD[0], "healthy");
    reaches(&mut watch, OLD[0], "SHUTDOWN");
    let untouched = |event: &Value| event["address"] != at(OLD[1]) || event["to"] != "SHUTDOWN";
    assert!(watch.seen.iter().all(|(_, event)| untouched(event)), "{:#?}", watch.seen);
    // `kubectl delete` of the last slice.
    pods.cluster.delete(SLICES, "pay-2");
    listed(&mut watch, "removed", OLD[1], "healthy");
    let (status, events) = watch.finish(LONG);
    let findings: Vec<&Value> = events.iter().map(|(_, e)| e).filter(|event| event["kind"] == "finding").collect();
    assert!(findings.len() == 1 && findings[0]["code"] == "GD106", "the gap, and that it is over: {findings:?}");
    let (_, summary) = events.last().unwrap();
    assert_eq!((status.code(), &summary["text"]), (Some(0), &json!("drained: no endpoint is listed")));
}

#[test]
fn a_pod_that_is_being_deleted_and_still_called_is_named_with_what_becomes_of_the_calls() {
    let Some(mut pods) = two(&[]) else { return };
    let leaving = OLD[1];
    // A copy from the time when there was no other pod.
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let dns = pods.namespace().within(|| runtime.block_on(DnsServer::start()));
    dns.answer_with("pay.test", RecordType::A, addresses("pay.test", 60, &[leaving]));
    let target = format!("dns://{}/pay.test:{PORT}", dns.address());
    let Some(mut client) = pods.client(&["--target", &target]) else { return };
    assert_eq!(client.call(1).peer, Some(at(leaving)));
    let pod = endpoint(leaving, "pay-2", false, true, true);
    pods.cluster.slice("pay-1", "pay", &[ready(OLD[0], "pay-1"), pod]);

    let reported = |pods: &Pods| {
        let args = ["probe", "kubernetes:///pay", &target, "--plaintext", "-o", "ndjson"];
        let probed = run_command(pods.tool(ADMIN, &args));
        let finding = probed.events().into_iter().find(|event| event["code"] == "GD120").expect("GD120");
        assert_eq!(finding["address"], at(leaving), "{finding}");
        (finding["text"].as_str().unwrap().to_string(), probed)
    };
    let still = format!("{} (pod \"pay-2\") is being deleted, {target} still lists it for clients", at(leaving));
    let (text, probed) = reported(&pods);
    assert_eq!(text, format!("{still}, and it still responds until its grace period ends"));
    assert_eq!(
        (probed.code, probed.findings()),
        (1, vec!["GD103".to_string(), "GD120".to_string()]),
        "{}",
        probed.all()
    );
    let differ = format!("{target} does not list {}; kubernetes:///pay lists {} as draining", at(OLD[0]), at(leaving));
    assert!(probed.out.contains(&differ), "{}", probed.all());
    assert_eq!(client.call(1).code, "OK", "it does answer");
    pods.end(leaving);
    let (text, probed) = reported(&pods);
    assert_eq!(text, format!("{still}, and it is unreachable: calls to it fail until clients notice the change"));
    assert_eq!(probed.code, 1, "{}", probed.all());
    let failed = client.call(1);
    assert!(failed.code == "Unavailable" && failed.text.contains(&at(leaving)), "they do fail: {failed:?}");
}

#[test]
fn the_lens_of_kuberesolver_predicts_the_real_client_with_two_slices() {
    let Some(mut pods) = two(&[]) else { return };
    for (slice, ip) in ["pay-1", "pay-2"].into_iter().zip(OLD) {
        pods.cluster.slice(slice, "pay", &[ready(ip, ip)]);
    }
    let mut args = pods.cluster.for_kuberesolver();
    args.extend(["--target", "kubernetes:///pay.pay", "--idle", "0"].map(str::to_string));
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let Some(mut client) = pods.client(&args) else { return };
    let mut watch = watch(&pods, &["--as", "kuberesolver", "--idle", "0"]);
    let mut answer_with = |holds: &[&str], stale: &[&str], missing: &[&str]| {
        let addresses = |ips: &[&str]| json!(ips.iter().map(|ip| at(ip)).collect::<Vec<_>>());
        let (holds, stale, missing) = (addresses(holds), addresses(stale), addresses(missing));
        watch.wait_for(&format!("holds {holds}, stale {stale}"), LONG, |event| {
            event["kind"] == "lens"
                && (&event["holds"], &event["stale"], &event["missing"]) == (&holds, &stale, &missing)
        });
    };
    answer_with(&[OLD[1]], &[], &[OLD[0]]);
    // It gets both slices one after the other, and ends with the second.
    client.call(1);
    let given = |client: &KratosClient, from: usize, ip: &str| {
        let is_given = |line: &Value| line["event"] == "update" && line["holds"] == json!([at(ip)]);
        assert!(client.wait_for(from, LONG, is_given).is_some(), "{ip} is not given to the load balancer");
    };
    given(&client, 0, OLD[1]);
    assert_eq!(client.call(1).peer, Some(at(OLD[1])));
    // The slice that it uses is deleted, as its pod is: a deleted slice is an update, and the other one is not.
    pods.cluster.delete(SLICES, "pay-2");
    pods.end(OLD[1]);
    answer_with(&[OLD[1]], &[OLD[1]], &[OLD[0]]);
    let failed = client.call(1);
    assert!(failed.code == "Unavailable" && failed.text.contains(&at(OLD[1])), "{failed:?}");
    // Any change of the other slice repairs it.
    let touched = client.mark();
    pods.cluster.slice("pay-1", "pay", &[ready(OLD[0], OLD[0]), endpoint(NEW[0], NEW[0], false, false, false)]);
    answer_with(&[OLD[0]], &[], &[]);
    given(&client, touched, OLD[0]);
    assert_eq!(client.call(1).peer, Some(at(OLD[0])));
}
