//! Health as `watch` follows it: Watches that end on a connection that stays open, servers that implement only Check,
//! and servers that stop responding.

use std::process::Command;
use std::time::Duration;

use super::scenario::{Run, command};
use super::world::{Answer, World, serve_health};
use crate::support::namespace::Namespace;

pub fn watch_cut_on_the_path(world: &mut World) -> Option<Run> {
    let address = world.serves(Answer::Cut);
    let run = command("watch", &["--for", "3s", &address]);
    Some(run.says(&[
        &address,
        "reset with INTERNAL_ERROR",
        "ended 2",
        "ms after its last message",
        "SERVING, stays valid",
    ]))
}

pub fn check_without_watch(world: &mut World) -> Option<Run> {
    let address = world.serves(Answer::CheckOnly(2));
    let run = command("watch", &["--for", "1s", "--client-health", "--lb", "round_robin", &address]);
    Some(run.says(&[&address, "reports NOT_SERVING", "health Watch is not implemented"]))
}

pub fn health_behind_authentication(world: &mut World) -> Option<Run> {
    let address = world.serves(Answer::Grpc("7", "a role is needed"));
    let run = command("watch", &["--for", "500ms", &address]);
    Some(run.says(&[&address, "PERMISSION_DENIED", "a role is needed", "its health is unknown"]))
}

pub fn frozen_behind_an_open_watch(world: &mut World) -> Option<Run> {
    let address = world.serves(Answer::Frozen);
    let run = command("watch", &["--for", "1500ms", "--rpc-timeout", "1s", &address]);
    let run = run.says(&[
        &address,
        "stopped responding",
        "no response to grpc.health.v1.Health/Check within 1.0s",
        "its last response was at 0.",
    ]);
    Some(match cfg!(target_os = "linux") {
        true => run.says(&["its host acknowledged the request at TCP level"]).does(&["state T in ps"]),
        false => run,
    })
}

pub fn packets_lost_on_an_open_connection(world: &mut World) -> Option<Run> {
    let namespace = Namespace::new();
    let address = world.listen_in(&namespace, |stream| serve_health(stream, Answer::Status(1)));
    let name = namespace.name().to_string();
    let run = command("watch", &["--for", "2s", "--rpc-timeout", "1s", &address]).inside(namespace);
    let run = run
        .says(&[&address, "stopped responding", "did not acknowledge the request"])
        .does(&["host is up", "keepalive"]);
    Some(run.meanwhile(move |_, tool| {
        tool.wait_for("SERVING", Duration::from_secs(10), |event| event["kind"] == "health");
        let drop_all = ["netns", "exec", &name, "iptables", "-w", "-A", "INPUT", "-p", "tcp", "-j", "DROP"];
        assert!(Command::new("ip").args(drop_all).status().unwrap().success());
    }))
}

pub fn one_that_owes_its_settings(world: &mut World) -> Option<Run> {
    let (healthy, silent) = (world.healthy(), world.silent());
    let registry = world.registry("two.json", &[&healthy, &silent]);
    let run = command("watch", &["--for", "1500ms", "--plaintext", &registry]);
    Some(run.says(&[&silent, "had not responded when the watch ended", "SETTINGS"]).never(&[&healthy]))
}
