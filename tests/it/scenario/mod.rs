//! Scenarios of gRPC channels over the whole stack (engine, channel, transport, hyper), on a paused clock over
//! in-memory pipes. The ids are those of docs/scenarios.md; the unit tests of the pure channel cover the others.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use grpc_discover::channel::{AcrossIdle, Policy};
use grpc_discover::model::connectivity::Scope;
use grpc_discover::model::event::{BackendStatus, EventKind};
use grpc_discover::session::Goal;
use grpc_discover::transport::Keepalive;
use tokio::io::AsyncWriteExt;

use crate::support::stage::{SETTINGS, Stage, directed, drop_packets, goaway, settings};

const A: &str = "10.0.0.1:50051";
const B: &str = "10.0.0.2:50051";

fn watch(addresses: &[&str]) -> Stage {
    Stage::new(Goal::Watch { until: None }, addresses).channel(|options| {
        options.policy = Policy::PickFirst;
        options.keep_connected = false;
    })
}

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

fn subchannel(address: &str) -> Scope {
    Scope::Subchannel(address.parse().unwrap())
}

#[tokio::test(start_paused = true)]
async fn t01_settings_make_it_ready() {
    let stage = watch(&[A]);
    stage.serve(A, settings);
    let mut play = stage.start();
    play.pass(seconds(60.0)).await;
    assert_eq!(play.channel(), ["CONNECTING", "READY"]);
}

#[tokio::test(start_paused = true)]
async fn t02_closed_before_settings_is_transient_failure() {
    let stage = watch(&[A]);
    stage.serve(A, |pipe| async move { drop(pipe) });
    let mut play = stage.start();
    play.pass(seconds(0.5)).await;
    assert_eq!(play.channel(), ["CONNECTING", "TRANSIENT_FAILURE"]);
}

#[tokio::test(start_paused = true)]
async fn t03_settings_and_gone_before_our_preface_is_never_more_than_a_glimpse_of_ready() {
    let stage = watch(&[A]);
    stage.serve(A, |mut pipe| async move {
        let _ = pipe.write_all(&SETTINGS).await;
    });
    let mut play = stage.start();
    play.pass(seconds(0.5)).await;
    let states = play.channel();
    assert!(states == ["CONNECTING", "TRANSIENT_FAILURE"] || states == ["CONNECTING", "READY", "IDLE"], "{states:?}");
}

#[tokio::test(start_paused = true)]
async fn t04_an_unresponsive_server_fails_at_the_connect_deadline() {
    let stage = watch(&[A]).plan(|plan| plan.transport.connect_timeout = seconds(20.0));
    stage.serve(A, drop_packets);
    let mut play = stage.start();
    play.pass(seconds(19.9)).await;
    assert_eq!(play.channel(), ["CONNECTING"]);
    play.pass(seconds(0.2)).await;
    assert_eq!(play.transitions(&Scope::Channel), [("CONNECTING", 0), ("TRANSIENT_FAILURE", 20_000)]);
}

#[tokio::test(start_paused = true)]
async fn t05_a_lost_connection_is_idle_and_then_connecting_when_kept() {
    let stage = watch(&[A]).channel(|options| options.keep_connected = true);
    let (server, serve) = directed();
    stage.serve(A, serve);
    let mut play = stage.start();
    play.pass(seconds(5.0)).await;
    assert_eq!(play.channel(), ["CONNECTING", "READY"]);
    play.net.refuse(A.parse().unwrap());
    drop(server);
    play.pass(seconds(0.5)).await;
    assert_eq!(play.channel(), ["CONNECTING", "READY", "IDLE", "CONNECTING", "TRANSIENT_FAILURE"]);
    let ends = play.events.iter().filter(|event| matches!(event.kind, EventKind::Disconnect { .. })).count();
    assert_eq!(ends, 1);
}

#[tokio::test(start_paused = true)]
async fn t05_without_keep_connected_a_lost_connection_stays_idle() {
    let stage = watch(&[A]);
    let (server, serve) = directed();
    stage.serve(A, serve);
    let mut play = stage.start();
    play.pass(seconds(5.0)).await;
    drop(server);
    play.pass(seconds(600.0)).await;
    assert_eq!(play.channel(), ["CONNECTING", "READY", "IDLE"]);
    assert_eq!(play.net.dials(&A.parse().unwrap()), 1);
}

#[tokio::test(start_paused = true)]
async fn t06_tries_all_addresses_before_transient_failure() {
    let stage = watch(&[A, B]);
    for address in [A, B] {
        stage.serve(address, |pipe| async move { drop(pipe) });
    }
    let mut play = stage.start();
    play.pass(seconds(0.5)).await;
    assert_eq!(play.channel(), ["CONNECTING", "TRANSIENT_FAILURE"]);
    assert!([A, B].iter().all(|address| play.net.dials(&address.parse().unwrap()) == 1));
}

#[tokio::test(start_paused = true)]
async fn t07_the_second_address_is_not_contacted_while_the_first_answers() {
    let stage = watch(&[A, B]);
    stage.serve(A, settings);
    stage.serve(B, settings);
    let mut play = stage.start();
    play.pass(seconds(60.0)).await;
    assert_eq!(play.channel(), ["CONNECTING", "READY"]);
    assert_eq!(play.net.dials(&B.parse().unwrap()), 0);
}

#[tokio::test(start_paused = true)]
async fn i01_without_an_idle_timeout_it_stays_ready() {
    let stage = watch(&[A]).channel(|options| options.idle_timeout = None);
    stage.serve(A, settings);
    let mut play = stage.start();
    play.pass(seconds(7200.0)).await;
    assert_eq!(play.channel(), ["CONNECTING", "READY"]);
}

#[tokio::test(start_paused = true)]
async fn i02_a_quiet_channel_goes_idle_and_the_server_sees_the_connection_close() {
    let open = Arc::new(AtomicUsize::new(0));
    let stage = watch(&[A]).channel(|options| options.idle_timeout = Some(seconds(2.0)));
    let counted = open.clone();
    stage.serve(A, move |pipe| {
        let open = counted.clone();
        async move {
            open.fetch_add(1, Ordering::SeqCst);
            settings(pipe).await;
            open.fetch_sub(1, Ordering::SeqCst);
        }
    });
    let mut play = stage.start();
    play.pass(seconds(1.9)).await;
    assert_eq!((play.channel(), open.load(Ordering::SeqCst)), (vec!["CONNECTING", "READY"], 1));
    play.pass(seconds(1.2)).await;
    assert_eq!(play.transitions(&Scope::Channel).last(), Some(&("IDLE", 2_000)));
    assert_eq!(open.load(Ordering::SeqCst), 0, "closed within a second");
    let reported_end = play.events.iter().any(|event| matches!(event.kind, EventKind::Disconnect { .. }));
    assert!(!reported_end, "our own closing is not a loss");
}

#[tokio::test(start_paused = true)]
async fn i16_mirrored_discovery_stays_alive_while_idle_and_the_exit_uses_the_newest_list() {
    let stage = Stage::new(Goal::ProbeIdle(seconds(10.0)), &[A]);
    stage.serve(A, settings);
    let mut play = stage.plan(|plan| plan.transport.rpc_timeout = seconds(1.0)).start();
    // The servers of this test respond to no RPC: the baseline call fails, which does not affect what follows.
    play.pass(seconds(30.0)).await;
    assert_eq!(play.findings(), ["GD503", "GD605"]);

    let stage = watch(&[A]).channel(|options| options.idle_timeout = Some(seconds(2.0)));
    stage.serve(A, settings);
    let mut play = stage.start();
    play.pass(seconds(3.0)).await;
    assert_eq!(play.channel(), ["CONNECTING", "READY", "IDLE"]);
    play.registry.lists(&[A, B]);
    play.pass(seconds(1.0)).await;
    let changes = play.events.iter().filter(|event| matches!(event.kind, EventKind::Endpoints(_))).count();
    assert_eq!(changes, 2);
}

#[tokio::test(start_paused = true)]
async fn i16_stop_and_rebuild_receives_nothing_while_idle() {
    let stage = watch(&[A]).channel(|options| {
        options.idle_timeout = Some(seconds(2.0));
        options.across_idle = AcrossIdle::StopAndRebuild;
    });
    stage.serve(A, settings);
    let mut play = stage.start();
    play.pass(seconds(3.0)).await;
    play.registry.lists(&[B]);
    play.pass(seconds(60.0)).await;
    let changes = play.events.iter().filter(|event| matches!(event.kind, EventKind::Endpoints(_))).count();
    assert_eq!(changes, 1, "no client reads the registry");
}

#[tokio::test(start_paused = true)]
async fn a_lost_watch_recovers_by_itself_and_nothing_is_called_gone() {
    let stage = watch(&[A]).channel(|options| options.idle_timeout = None);
    stage.serve(A, settings);
    let mut play = stage.start();
    play.pass(seconds(1.0)).await;
    play.registry.is_away();
    play.pass(seconds(30.0)).await;
    play.registry.lists(&[A]);
    play.pass(seconds(7.0)).await;
    let reported: Vec<BackendStatus> = play
        .events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Backend(report) => Some(report.status),
            _ => None,
        })
        .collect();
    assert_eq!((reported.first(), reported.last()), (Some(&BackendStatus::Watching), Some(&BackendStatus::Recovered)));
    assert!(reported[1..reported.len() - 1].iter().all(|status| *status == BackendStatus::Broken));
    assert_eq!(play.channel(), ["CONNECTING", "READY"]);
}

#[tokio::test(start_paused = true)]
async fn p18_happy_eyeballs_starts_the_second_address_after_250_ms() {
    let stage = watch(&[A, B]);
    stage.net.hang(A.parse().unwrap());
    stage.serve(B, settings);
    let mut play = stage.start();
    play.pass(seconds(1.0)).await;
    assert_eq!(play.transitions(&Scope::Channel), [("CONNECTING", 0), ("READY", 250)]);
}

#[tokio::test(start_paused = true)]
async fn p06_transient_failure_is_sticky_and_attempts_follow_the_backoff() {
    let stage = watch(&[A]).channel(|options| {
        options.idle_timeout = None;
        options.backoff.jitter = 0.0;
    });
    stage.serve(A, |pipe| async move { drop(pipe) });
    let mut play = stage.start();
    play.pass(seconds(9.3)).await;
    assert_eq!(play.channel(), ["CONNECTING", "TRANSIENT_FAILURE"], "nothing else is published");
    let attempts: Vec<u64> = play
        .transitions(&subchannel(A))
        .into_iter()
        .filter(|(state, _)| *state == "CONNECTING")
        .map(|(_, at)| at)
        .collect();
    assert_eq!(attempts, [0, 1_000, 2_600, 5_160, 9_256]);
}

#[tokio::test(start_paused = true)]
async fn g02_goaway_is_idle_at_once_and_the_later_close_changes_nothing() {
    let stage = watch(&[A]);
    let (server, serve) = directed();
    stage.serve(A, serve);
    let mut play = stage.start();
    play.pass(seconds(5.0)).await;
    server.send(goaway("max_age")).unwrap();
    play.pass(seconds(1.0)).await;
    assert_eq!(play.channel(), ["CONNECTING", "READY", "IDLE"]);
    drop(server);
    play.pass(seconds(5.0)).await;
    assert_eq!(play.channel(), ["CONNECTING", "READY", "IDLE"]);
    let ends: Vec<String> = play
        .events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Disconnect { disconnect, .. } => Some(format!("{}", disconnect.reason)),
            _ => None,
        })
        .collect();
    assert_eq!(ends, ["GOAWAY NO_ERROR"]);
}

#[tokio::test(start_paused = true)]
async fn k01_keepalive_gives_a_frozen_peer_up() {
    let stage = watch(&[A]).plan(|plan| {
        let mut keepalive = Keepalive::every(seconds(10.0));
        (keepalive.timeout, keepalive.without_calls) = (seconds(2.0), true);
        plan.transport.keepalive = Some(keepalive);
    });
    stage.serve(A, settings);
    let mut play = stage.start();
    play.pass(seconds(30.0)).await;
    let states = play.transitions(&Scope::Channel);
    assert_eq!(states.last().map(|(state, _)| *state), Some("IDLE"), "{states:?}");
    let at = states.last().unwrap().1;
    assert!((12_000..12_100).contains(&at), "{at}");
}
