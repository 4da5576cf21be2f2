//! What the transport reports of peers of every kind. Real sockets on port 0 for reality, pipes on a paused clock for
//! time.

mod clock;
mod floods;
mod idle_check;
mod link;
mod malformed;
mod peers;
mod sockets;

mod tls;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::model::endpoint::Address;
use crate::model::reach::{Disconnect, Failure, Health, Phase};
use crate::model::rpc::{RpcCause, Unanswered};

/// Plaintext, 5 s, defaults otherwise.
fn options() -> Options {
    Options { tls: TlsMode::Off, connect_timeout: Duration::from_secs(5), ..Options::default() }
}

fn sockets(options: Options) -> Transport {
    Transport::new(options, Arc::new(Sockets))
}

/// Connects; returns the phases that were reported.
async fn connect(transport: &Transport, address: Address) -> (Result<Connection, Failure>, Vec<Phase>) {
    let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
    let connection = transport.connect(address, move |phase| drop(sender.send(phase))).await;
    let mut phases = Vec::new();
    while let Some(phase) = receiver.recv().await {
        phases.push(phase);
    }
    (connection, phases)
}

async fn failure(transport: &Transport, address: Address) -> Failure {
    match connect(transport, address).await {
        (Err(failure), _) => failure,
        (Ok(_), _) => panic!("connected"),
    }
}

async fn connected(transport: &Transport, address: Address) -> Connection {
    match connect(transport, address).await {
        (Ok(connection), _) => connection,
        (Err(failure), _) => panic!("{failure}"),
    }
}
