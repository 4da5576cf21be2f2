//! Servers that flood a connection with small frames, over pipes on a paused clock: whichever kind they send, the
//! connection is closed, the kind is named, and the responses received before count.

use tokio::io::{AsyncWriteExt, DuplexStream};
use tokio::time::Instant;

use super::memory::Memory;
use super::peers::{self, SETTINGS};
use super::*;
use crate::model::idle_check::IdleCheckOutcome;
use crate::model::reach::DisconnectReason;

/// Every kind of frame that may be sent endlessly: its name, and one frame.
fn kinds() -> Vec<(&'static str, Vec<u8>)> {
    let on_stream = |kind: u8, flags: u8, stream: u8, payload: &[u8]| {
        let mut frame = peers::frame(kind, payload);
        (frame[4], frame[8]) = (flags, stream);
        frame
    };
    vec![
        ("PING", peers::frame(6, &[7; 8])),
        ("PING", on_stream(6, 1, 0, &[7; 8])),
        ("WINDOW_UPDATE", peers::frame(8, &[0, 0, 0, 1])),
        ("WINDOW_UPDATE", on_stream(8, 0, 1, &[0, 0, 0, 1])),
        ("PRIORITY", on_stream(2, 0, 1, &[0, 0, 0, 0, 7])),
        ("PRIORITY", on_stream(2, 0, 9, &[0, 0, 0, 0, 7])),
        ("SETTINGS", peers::frame(4, &[])),
        ("SETTINGS", peers::frame(4, &[0, 3, 0, 0, 0, 100])),
        ("of unknown types", peers::frame(0x2a, &[])),
        ("of unknown types", on_stream(0x10, 0, 1, b"u=1")),
    ]
}

/// Sends SETTINGS, then `frame` endlessly, and reads whatever the client sends.
async fn floods(pipe: DuplexStream, frame: Vec<u8>) {
    let (mut read, mut write) = tokio::io::split(pipe);
    let reads = async { peers::until_gone(&mut read).await };
    let writes = async {
        let _ = write.write_all(SETTINGS).await;
        let many = frame.repeat(100);
        while write.write_all(&many).await.is_ok() {}
    };
    tokio::join!(reads, writes);
}

fn server(frame: &[u8]) -> (Address, Transport) {
    let (memory, address) = (Memory::new(), "10.0.0.1:80".parse::<Address>().unwrap());
    let frame = frame.to_vec();
    memory.serve(address.clone(), move |pipe| drop(tokio::spawn(floods(pipe, frame.clone()))));
    (address, Transport::new(options(), Arc::new(memory)))
}

#[tokio::test(start_paused = true)]
async fn a_call_on_a_flooded_connection_fails_with_the_flood() {
    for (name, frame) in kinds() {
        let (address, transport) = server(&frame);
        let started_at = Instant::now();
        let (health, _) = transport.reach(address, Arc::from("")).await.outcome.unwrap();
        let Health::Failed { cause: RpcCause::Flood(what), .. } = health else { panic!("{name}: {health:?}") };
        assert!(what.contains("small frames within 0.0ms") && what.contains(name), "{name}: {what}");
        assert!(started_at.elapsed() < Duration::from_millis(1), "{name}: no time limit had to end it");
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_without_calls_ends_with_the_flood() {
    for (name, frame) in kinds().into_iter().filter(|(_, frame)| frame[8] == 0) {
        let (address, transport) = server(&frame);
        let mut connection = connected(&transport, address).await;
        let disconnect = loop {
            match connection.event().await {
                ConnectionEvent::Lost(disconnect) => break disconnect,
                ConnectionEvent::Learned(_) | ConnectionEvent::GoingAway(_) => {}
            }
        };
        assert_eq!(disconnect.reason, DisconnectReason::Flood, "{name}");
        assert!(
            disconnect.to_string().starts_with("closed by us, because the server sent a flood of frames: 10001"),
            "{disconnect}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_check_ends_with_the_flood() {
    for (name, frame) in kinds() {
        let (address, transport) = server(&frame);
        let result = transport.check_idle(address, Arc::from(""), Duration::from_secs(30)).await;
        let text = match result.outcome {
            IdleCheckOutcome::NotReached(failure) => failure.text,
            IdleCheckOutcome::Closed { disconnect, .. } => disconnect.to_string(),
            other => panic!("{name}: {other:?}"),
        };
        assert!(
            text.contains("closed by us, because the server sent a flood of frames") && text.contains(name),
            "{name}: {text}"
        );
    }
}
