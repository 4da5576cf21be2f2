//! Health as `watch` follows it: Watches that end on a connection that stays open, servers that implement only Check,
//! and servers that stop responding.

use std::process::Command;
use std::time::Duration;

use super::scenario::{Run, command};
use super::setup::{Answer, Setup, serve_health};
use crate::support::namespace::Namespace;

pub fn watch_cut_on_the_path(setup: &mut Setup) -> Option<Run> {
    let address = setup.serves(Answer::Cut);
    let run = command("watch", &["--for", "3s", &address]);
    Some(run.answer_with(&[
        &address,
        "reset with INTERNAL_ERROR",
        "ended 2",
        "ms after its last message",
        "SERVING, stays valid",
    ]))
}

pub fn check_without_watch(setup: &mut Setup) -> Option<Run> {
    let address = setup.serves(Answer::CheckOnly(2));
    let run = command("watch", &["--for", "1s", "--client-health", "--lb", "round_robin", &address]);
    Some(run.answer_with(&[&address, "reports NOT_SERVING", "health Watch is not implemented"]))
}

pub fn health_behind_authentication(setup: &mut Setup) -> Option<Run> {
    let address = setup.serves(Answer::Grpc("7", "a role is needed"));
    let run = command("watch", &["--for", "500ms", &address]);
    Some(run.answer_with(&[&address, "PERMISSION_DENIED", "a role is needed", "its health is unknown"]))
}

pub fn frozen_behind_an_open_watch(setup: &mut Setup) -> Option<Run> {
    let address = setup.serves(Answer::Frozen);
    let run = command("watch", &["--for", "1500ms", "--rpc-timeout", "1s", &address]);
    let run = run.answer_with(&[
        &address,
        "stopped responding",
        "no response to grpc.health.v1.Health/Check within 1.0s",
        "its last response was at 0.",
    ]);
    Some(match cfg!(target_os = "linux") {
        true => run.answer_with(&["its host acknowledged the request at TCP level"]).does(&["state T in ps"]),
        false => run,
    })
}

pub fn packets_lost_on_an_open_connection(setup: &mut Setup) -> Option<Run> {
    let namespace = Namespace::new();
    let address = setup.listen_in(&namespace, |stream| serve_health(stream, Answer::Status(1)));
    let name = namespace.name().to_string();
    let run = command("watch", &["--for", "2s", "--rpc-timeout", "1s", &address]).inside(namespace);
    let run = run
        .answer_with(&[&address, "stopped responding", "did not acknowledge the request"])
        .does(&["host is up", "keepalive"]);
    Some(run.meanwhile(move |_, tool| {
        tool.wait_for("SERVING", Duration::from_secs(10), |event| event["kind"] == "health");
        let drop_all = ["netns", "exec", &name, "iptables", "-w", "-A", "INPUT", "-p", "tcp", "-j", "DROP"];
        assert!(Command::new("ip").args(drop_all).status().unwrap().success());
    }))
}

pub fn one_that_owes_its_settings(setup: &mut Setup) -> Option<Run> {
    let (healthy, silent) = (setup.healthy(), setup.silent());
    let registry = setup.registry("two.json", &[&healthy, &silent]);
    let run = command("watch", &["--for", "1500ms", "--plaintext", &registry]);
    Some(run.answer_with(&[&silent, "had not responded when the watch ended", "SETTINGS"]).never(&[&healthy]))
}
