//! Running clients against the registries: GD701 to GD717, with a scripted channelz.

use std::sync::Arc;

use super::scenario::{Run, command};
use super::setup::{Leaf, Setup};
use crate::support::channelz::{self, Channel, IDLE, Process, READY, TRANSIENT_FAILURE, client_socket, socket, update};

/// A process that shows these channels.
fn process(setup: &Setup, channels: Vec<Channel>) -> String {
    serves(setup, Process { channels, ..Process::default() })
}

fn serves(setup: &Setup, process: Process) -> String {
    let process = Arc::new(process);
    setup.listen(move |stream| channelz::serve(stream, process.clone()))
}

fn client(place: &str, of: &str) -> Run {
    command("client", &["--plaintext", place, "--of", of])
}

pub fn frozen_after_a_move(setup: &mut Setup) -> Option<Run> {
    let (old, new) = (setup.unused_port(), setup.healthy());
    let place = process(setup, vec![Channel::kratos(TRANSIENT_FAILURE, &[&old])]);
    let registry = setup.registry("pay.json", &[&new]);
    Some(client(&place, &registry).answer_with(&[
        &format!("{place} channel 1 (discovery:///pay): still holds {old} in TRANSIENT_FAILURE"),
        "has not listed for at least",
        &format!("and does not know {new}"),
        "its last attempt: connection refused",
        "nothing listens at the old address",
    ]))
}

pub fn frozen_without_the_new_instance(setup: &mut Setup) -> Option<Run> {
    let (old, new) = (setup.healthy(), setup.healthy());
    let place = process(setup, vec![Channel::kratos(READY, &[&old])]);
    let registry = setup.registry("pay.json", &[&old, &new]);
    Some(client(&place, &registry).answer_with(&[&format!("works with {old}, and has not received {new}")]))
}

pub fn wedged_after_idle(setup: &mut Setup) -> Option<Run> {
    let well = setup.healthy();
    let mut channel = Channel::kratos(IDLE, &[]);
    channel.calls = (5, 2, 2);
    channel.events = vec![
        (90, update(&[&well], true)),
        (70, "Channel entering idle mode".to_string()),
        (60, "Channel exiting idle mode".to_string()),
    ];
    let place = process(setup, vec![channel]);
    let registry = setup.registry("pay.json", &[&well]);
    Some(client(&place, &registry).answer_with(&[
        "left IDLE",
        "2 of 5 calls failed, 1 call pending",
        "lists 1 endpoint usable",
    ]))
}

pub fn list_kept_when_the_registry_is_empty(setup: &mut Setup) -> Option<Run> {
    let old = setup.healthy();
    let place = process(setup, vec![Channel::kratos(READY, &[&old])]);
    let registry = setup.registry("pay.json", &[]);
    Some(client(&place, &registry).answer_with(&[&format!("lists no endpoint, and the client keeps {old}")]))
}

pub fn removed_moments_ago(setup: &mut Setup) -> Option<Run> {
    let (old, new) = (setup.unused_port(), setup.healthy());
    let place = process(setup, vec![Channel::go("dns:///pay.test:50051", TRANSIENT_FAILURE, &[&old])]);
    let registry = setup.registry("pay.json", &[&new]);
    Some(
        client(&place, &registry)
            .answer_with(&[&format!("still holds {old}"), "its connections to it have failed for"]),
    )
}

pub fn scale_up_over_dns(setup: &mut Setup) -> Option<Run> {
    let (old, new) = (setup.healthy(), setup.healthy());
    let place = process(setup, vec![Channel::go("dns:///pay.test:50051", READY, &[&old])]);
    let registry = setup.registry("pay.json", &[&old, &new]);
    Some(client(&place, &registry).answer_with(&[&format!("works with 1 of 2 endpoints and does not know {new}")]))
}

pub fn subset_by_design(setup: &mut Setup) -> Option<Run> {
    let all: Vec<String> = (1..=40).map(|number| format!("10.1.0.{number}:50051")).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let place = process(setup, vec![Channel::kratos(READY, &all[..25])]);
    let registry = setup.registry("pay.json", &all);
    Some(client(&place, &registry).answer_with(&["holds 25 of 40 endpoints", "Kratos"]))
}

pub fn addresses_of_another_service(setup: &mut Setup) -> Option<Run> {
    let (pay, stock) = (setup.healthy(), setup.healthy());
    let (of_pay, of_stock) = (setup.registry("pay.json", &[&pay]), setup.registry("stock.json", &[&stock]));
    let channels = vec![Channel::go(&of_pay, READY, &[&stock]), Channel::go(&of_stock, READY, &[&stock])];
    let place = process(setup, channels);
    Some(
        client(&place, &of_pay)
            .answer_with(&[&format!("holds {stock}, which {of_stock} lists, and {of_pay} does not")]),
    )
}

pub fn idle_client(setup: &mut Setup) -> Option<Run> {
    let place = process(setup, vec![Channel::kratos(IDLE, &[])]);
    let well = setup.healthy();
    let registry = setup.registry("pay.json", &[&well]);
    Some(client(&place, &registry).answer_with(&["IDLE, last call", "resolves again with its next call"]))
}

pub fn client_in_backoff(setup: &mut Setup) -> Option<Run> {
    let well = setup.healthy();
    let place = process(setup, vec![Channel::kratos(TRANSIENT_FAILURE, &[&well])]);
    let registry = setup.registry("pay.json", &[&well]);
    Some(
        client(&place, &registry)
            .answer_with(&[&format!("TRANSIENT_FAILURE for {well}, which serves again"), "within 2m"]),
    )
}

pub fn connection_to_a_peer_that_is_gone(setup: &mut Setup) -> Option<Run> {
    let gone = setup.full();
    let mut channel = Channel::kratos(READY, &[&gone]);
    channel.subchannels[0].sockets = vec![socket(9, 7, 60, 61, &[])];
    let place = process(setup, vec![channel]);
    let registry = setup.registry("pay.json", &[&gone]);
    Some(client(&place, &registry).answer_with(&["READY and dead: 2 calls pending", "no keepalive was sent"]))
}

pub fn certificate_in_use_expires(setup: &mut Setup) -> Option<Run> {
    let well = setup.healthy();
    let leaf = setup.authority().server(Leaf { valid: -90..3, ..Leaf::default() });
    let mut channel = Channel::kratos(READY, &[&well]);
    channel.subchannels[0].sockets = vec![socket(9, 9, 1, 1, leaf.chain[0].as_ref())];
    let place = process(setup, vec![channel]);
    let registry = setup.registry("pay.json", &[&well]);
    Some(
        client(&place, &registry)
            .answer_with(&[&format!("the certificate on its open connection to {well} expires in 3 days")]),
    )
}

/// A server with these clients.
fn server(setup: &Setup, running_for: u64, clients: &[([u8; 4], u64)]) -> String {
    let clients = clients.iter().map(|(ip, port)| client_socket(*ip, *port)).collect();
    serves(setup, Process { clients, running_for, ..Process::default() })
}

pub fn endpoint_without_clients(setup: &mut Setup) -> Option<Run> {
    let old = server(setup, 900, &[([10, 0, 1, 1], 40001), ([10, 0, 1, 2], 40002)]);
    let fresh = server(setup, 60, &[]);
    let registry = setup.registry("pay.json", &[&old, &fresh]);
    let words = format!("{fresh}, running for 1m");
    Some(command("who", &["--plaintext", &registry]).answer_with(&[
        &words,
        "has no client",
        "2 clients",
        "10.0.1.1, 10.0.1.2",
    ]))
}

pub fn clients_on_a_draining_endpoint(setup: &mut Setup) -> Option<Run> {
    let old = server(setup, 900, &[([10, 0, 1, 1], 40001)]);
    let new = server(setup, 900, &[([10, 0, 1, 1], 40002), ([10, 0, 1, 2], 40003)]);
    let registry = setup.judged(&[(&old, "draining"), (&new, "healthy")]);
    let words = format!("{old} is draining and 1 client is still connected, with 1 open call: 10.0.1.1");
    Some(command("who", &["--plaintext", &registry]).answer_with(&[&words]))
}

pub fn process_without_channelz(setup: &mut Setup) -> Option<Run> {
    let place = setup.serves(super::setup::Answer::Grpc("12", "unknown service grpc.channelz.v1.Channelz"));
    let well = setup.healthy();
    let registry = setup.registry("pay.json", &[&well]);
    Some(
        client(&place, &registry)
            .answer_with(&["the server has no channelz service"])
            .does(&["RegisterChannelzServiceToServer"]),
    )
}

pub fn pages_without_end(setup: &mut Setup) -> Option<Run> {
    let well = setup.healthy();
    let channels = vec![Channel::kratos(READY, &[&well])];
    let place = serves(setup, Process { channels, endless: true, padding: 2_000, cyclic: true, ..Process::default() });
    let registry = setup.registry("pay.json", &[&well]);
    Some(client(&place, &registry).answer_with(&[&format!("{place}: channelz: ")]))
}

#[cfg(all(feature = "consul", feature = "etcd", feature = "kubernetes"))]
pub fn one_slice_of_three(setup: &mut Setup) -> Option<Run> {
    use crate::support::kubernetes::{ADMIN, Cluster, ready};
    let cluster = Cluster::start()?;
    cluster.namespace("pay");
    cluster.service("pay", Some("None"));
    for number in 0..3 {
        let pods: Vec<_> =
            (1..=3).map(|pod| ready(&format!("10.1.{number}.{pod}"), &format!("pay-{number}-{pod}"))).collect();
        cluster.slice(&format!("pay-{number}"), "pay", &pods);
    }
    let held = ["10.1.1.1:50051", "10.1.1.2:50051", "10.1.1.3:50051"];
    let place = process(setup, vec![Channel::go("kubernetes:///pay.pay", READY, &held)]);
    let kubeconfig = cluster.kubeconfig(ADMIN).display().to_string();
    setup.keep(cluster);
    let run = client(&place, "kubernetes:///pay").env("KUBECONFIG", &kubeconfig);
    Some(run.answer_with(&["holds 3 of 9 endpoints: exactly those of the slice \"pay-1\", one of 3"]))
}

/// The scenario of a backend that is not in the build.
#[cfg(not(all(feature = "consul", feature = "etcd", feature = "kubernetes")))]
pub fn one_slice_of_three(_: &mut Setup) -> Option<Run> {
    None
}
