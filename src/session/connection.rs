//! The task of one connection of the channel: connects, reports, executes commands.

use std::collections::VecDeque;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt, StreamExt};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::engine::Input;
use super::orders::{Command, News, Orders, Outbox};
use crate::channel::ConnectionId;
use crate::model::endpoint::Address;
use crate::model::proxy::Proxy;
use crate::model::reach::{Failure, FailureCode, Health, Phase, Stage};
use crate::text::duration;
use crate::transport::{Connection, ConnectionEvent, Transport};

/// An attempt passes no more stages than this.
const STAGES: usize = 8;

/// Connects to `address` before `deadline` (without a limit, when `None`) and serves the channel until the connection
/// is lost or closed. Its calls query the health of `service`.
pub(super) async fn run(
    id: ConnectionId,
    transport: Transport,
    address: Address,
    service: Arc<str>,
    deadline: Option<Instant>,
    orders: Orders,
    outbox: Outbox,
) {
    let Some(mut connection) = connect(id, &transport, address, deadline, &orders, &outbox).await else { return };
    if !outbox.send(Input::Connected(id)).await {
        return;
    }
    let mut check: Option<BoxFuture<'static, (Health, Duration)>> = None;
    let mut watch: Option<BoxStream<'static, Health>> = None;
    let mut draining = false;
    let mut proxy = None;
    loop {
        if draining && check.is_none() {
            return connection.close().await;
        }
        let going_on = tokio::select! {
            biased;
            order = orders.next(), if !draining => {
                match order {
                    Command::Close { drain } => {
                        watch = None;
                        draining = true;
                        if !drain {
                            check = None;
                        }
                    }
                    Command::Check => check = Some(connection.check(service.clone()).boxed()),
                    Command::Watch => {
                        if watch.is_none() {
                            watch = Some(connection.watch(service.clone()).boxed());
                        }
                    }
                }
                true
            }
            event = connection.event() => match event {
                ConnectionEvent::Learned(detail) => {
                    let phase = Phase { stage: Stage::Health, took: Duration::ZERO, detail };
                    outbox.send(Input::Passed(id, phase)).await
                }
                ConnectionEvent::GoingAway(disconnect) => outbox.send(Input::GoingAway(id, disconnect)).await,
                ConnectionEvent::Lost(disconnect) => {
                    outbox.send(Input::Lost(id, disconnect)).await;
                    false
                }
            },
            (health, took) = check_result(&mut check) => {
                check = None;
                passed_on(id, connection.proxy(), &mut proxy, &outbox).await;
                outbox.send(Input::Checked(id, health, took)).await
            }
            health = next(&mut watch) => match health {
                Some(health) => {
                    passed_on(id, connection.proxy(), &mut proxy, &outbox).await;
                    if matches!(health, Health::Failed { .. } | Health::Unimplemented) {
                        watch = None;
                    }
                    outbox.send(Input::Watched(id, health)).await
                }
                None => {
                    watch = None;
                    outbox.send(Input::WatchEnded(id)).await
                }
            },
        };
        if !going_on {
            return;
        }
    }
}

/// Before a health response: reports the proxy that its headers name, when that changed.
async fn passed_on(id: ConnectionId, proxy: Option<Arc<Proxy>>, known: &mut Option<Arc<Proxy>>, outbox: &Outbox) {
    if proxy != *known {
        known.clone_from(&proxy);
        outbox.send(Input::PassedOn(id, proxy)).await;
    }
}

/// The connection; `None` when there is none, which was reported to the engine, or when it is no longer needed.
async fn connect(
    id: ConnectionId,
    transport: &Transport,
    address: Address,
    deadline: Option<Instant>,
    orders: &Orders,
    outbox: &Outbox,
) -> Option<Connection> {
    let (phases, mut passed) = mpsc::channel(STAGES);
    let report = move |phase| {
        // There is room for every stage, and the receiver lives as long as the attempt.
        let _ = phases.try_send(News { at: Instant::now(), input: Input::Passed(id, phase) });
    };
    let started_at = Instant::now();
    // On the heap, and dropped when it has ended: an attempt (including TLS) is much larger than the task of an open
    // connection.
    let mut connecting = transport.connect(address, report).boxed();
    // The attempt continues while its stages wait for room: a slow consumer costs it no time.
    let mut waiting = VecDeque::new();
    let outcome = loop {
        tokio::select! {
            biased;
            order = orders.next() => match order {
                Command::Close { .. } => return None,
                Command::Check | Command::Watch => {}
            },
            connected = &mut connecting => break connected,
            Some(phase) = passed.recv() => waiting.push_back(phase),
            room = outbox.room(), if !waiting.is_empty() => {
                let (Some(room), Some(phase)) = (room, waiting.pop_front()) else { return None };
                room.send(phase);
            }
            () = until(deadline) => {
                let text = format!("not connected within {}", duration(started_at.elapsed()));
                break Err(Failure::new(Stage::Tcp, FailureCode::TimedOut, text, started_at.elapsed()));
            }
        }
    };
    while let Ok(phase) = passed.try_recv() {
        waiting.push_back(phase);
    }
    for phase in waiting {
        outbox.room().await?.send(phase);
    }
    match outcome {
        Ok(connection) => Some(connection),
        Err(failure) => {
            outbox.send(Input::ConnectFailed(id, failure)).await;
            None
        }
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => pending().await,
    }
}

async fn check_result(check: &mut Option<BoxFuture<'static, (Health, Duration)>>) -> (Health, Duration) {
    match check {
        Some(check) => check.await,
        None => pending().await,
    }
}

async fn next(watch: &mut Option<BoxStream<'static, Health>>) -> Option<Health> {
    match watch {
        Some(watch) => watch.next().await,
        None => pending().await,
    }
}
