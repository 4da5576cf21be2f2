//! The task of one connection of the channel: connects, reports, obeys.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt, StreamExt};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::time::Instant;

use super::engine::Input;
use crate::channel::ConnectionId;
use crate::model::endpoint::Address;
use crate::model::reach::{Failure, FailureCode, Health, Stage};
use crate::model::rpc::Proxy;
use crate::transport::{Connection, ConnectionEvent, Transport};

/// What a connection is told to do. Small: every connection has a queue with room for 32.
pub(super) enum Command {
    /// One health Check.
    Check,
    /// A health Watch, unless one is open.
    Watch,
    /// Close: now, or when the call in flight is over.
    Close {
        /// Let the call finish.
        drain: bool,
    },
}

/// Connects to `address` before `deadline` and serves the channel until the connection ends or is closed. Its calls ask
/// for the health of `service`.
pub(super) async fn run(
    id: ConnectionId,
    transport: Transport,
    address: Address,
    service: Arc<str>,
    deadline: Instant,
    mut orders: UnboundedReceiver<Command>,
    outbox: UnboundedSender<Input>,
) {
    let tell = |input| outbox.send(input).is_ok();
    let Some(mut connection) = connect(id, &transport, address, deadline, &mut orders, &outbox).await else { return };
    if !tell(Input::Connected(id)) {
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
            order = orders.recv(), if !draining => match order {
                None => return connection.close().await,
                Some(Command::Close { drain }) => {
                    watch = None;
                    draining = true;
                    if !drain {
                        check = None;
                    }
                    true
                }
                Some(Command::Check) => {
                    check = Some(connection.check(service.clone()).boxed());
                    true
                }
                Some(Command::Watch) => {
                    if watch.is_none() {
                        watch = Some(connection.watch(service.clone()).boxed());
                    }
                    true
                }
            },
            event = connection.event() => match event {
                ConnectionEvent::GoingAway(disconnect) => tell(Input::GoingAway(id, disconnect)),
                ConnectionEvent::Lost(disconnect) => {
                    tell(Input::Lost(id, disconnect));
                    false
                }
            },
            (health, took) = over(&mut check) => {
                check = None;
                passed_on(id, &connection, &mut proxy, &outbox);
                tell(Input::Checked(id, health, took))
            }
            health = next(&mut watch) => match health {
                Some(health) => {
                    passed_on(id, &connection, &mut proxy, &outbox);
                    if matches!(health, Health::Failed { .. } | Health::Unimplemented) {
                        watch = None;
                    }
                    tell(Input::Watched(id, health))
                }
                None => {
                    watch = None;
                    tell(Input::WatchEnded(id))
                }
            },
        };
        if !going_on {
            return;
        }
    }
}

/// Before a health answer: reports the proxy that its headers name, when that changed.
fn passed_on(
    id: ConnectionId,
    connection: &Connection,
    known: &mut Option<Arc<Proxy>>,
    outbox: &UnboundedSender<Input>,
) {
    let proxy = connection.proxy();
    if proxy != *known {
        known.clone_from(&proxy);
        // The session may be over before its connections are.
        let _ = outbox.send(Input::PassedOn(id, proxy));
    }
}

/// The connection; `None` when there is none, which the engine was told, or when it is not wanted any more.
async fn connect(
    id: ConnectionId,
    transport: &Transport,
    address: Address,
    deadline: Instant,
    orders: &mut UnboundedReceiver<Command>,
    outbox: &UnboundedSender<Input>,
) -> Option<Connection> {
    let phases = outbox.clone();
    let report = move |phase| {
        // The session may be over before its connections are.
        let _ = phases.send(Input::Passed(id, phase));
    };
    let began = Instant::now();
    // On the heap, and gone when it is over: an attempt (TLS among it) is much larger than an open connection's task.
    let mut connecting = transport.connect(address, report).boxed();
    let failure = loop {
        tokio::select! {
            biased;
            order = orders.recv() => match order {
                Some(Command::Close { .. }) | None => return None,
                Some(Command::Check | Command::Watch) => {}
            },
            connected = &mut connecting => match connected {
                Ok(connection) => return Some(connection),
                Err(failure) => break failure,
            },
            () = tokio::time::sleep_until(deadline) => {
                let text = format!("not connected within {:.1}s", began.elapsed().as_secs_f64());
                break Failure::new(Stage::Tcp, FailureCode::TimedOut, text, began.elapsed());
            }
        }
    };
    // As above.
    let _ = outbox.send(Input::ConnectFailed(id, failure));
    None
}

async fn over(check: &mut Option<BoxFuture<'static, (Health, Duration)>>) -> (Health, Duration) {
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
