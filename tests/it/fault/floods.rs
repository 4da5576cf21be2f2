//! Endpoints that flood the connection with small frames: each is named, costs a watch no more than a reconnect with
//! backoff, and delays no other endpoint.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::cause::setup::{Answer, SETTINGS, Setup, until_gone};
use crate::support::tool::run;

fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, payload.len() as u8, kind, flags, 0, 0, 0, stream];
    bytes.extend(payload);
    bytes
}

/// A kind of flood: its name, what is sent once, what is sent without end, and the findings that are correct for it.
type Kind = (&'static str, Vec<u8>, Vec<u8>, &'static [&'static str]);

/// Every kind of flood.
fn kinds() -> Vec<Kind> {
    // `:status 200`, `content-type: application/grpc` on stream 1, the first of the client's.
    let head = frame(1, 4, 1, b"\x88\x5f\x10application/grpc");
    let flood: &[&str] = &["GD421"];
    vec![
        ("PING", vec![], frame(6, 0, 0, &[1; 8]), flood),
        ("PING acknowledgements", vec![], frame(6, 1, 0, &[1; 8]), flood),
        ("WINDOW_UPDATE", vec![], frame(8, 0, 0, &[0, 0, 0, 1]), flood),
        ("PRIORITY", vec![], frame(2, 0, 1, &[0, 0, 0, 0, 9]), flood),
        ("SETTINGS", vec![], frame(4, 0, 0, &[0, 3, 0, 0, 0, 100]), flood),
        ("unknown types", vec![], frame(0x2a, 0, 0, b"grease"), flood),
        // The first of them ends the call, the others are for a stream that has ended.
        ("RST_STREAM", vec![], frame(3, 0, 1, &[0, 0, 0, 8]), &["GD409", "GD421"]),
        ("empty DATA", head.clone(), frame(0, 0, 1, b""), &["GD421", "GD419"]),
        // The HTTP/2 library has a limit of its own, which applies first.
        ("CONTINUATION", frame(1, 0, 1, b"\x88"), frame(9, 0, 1, b""), &["GD419"]),
    ]
}

/// Sends SETTINGS and `once`, then `again` for as long as the client reads.
async fn floods(stream: TcpStream, once: Vec<u8>, again: Vec<u8>) {
    let (mut read, mut write) = stream.into_split();
    let reads = async { until_gone(&mut read).await };
    let writes = async {
        let _ = write.write_all(SETTINGS).await;
        // Frames on a stream are for the call, which follows the preface.
        tokio::time::sleep(Duration::from_millis(50)).await;
        let _ = write.write_all(&once).await;
        let many = again.repeat(500);
        while write.write_all(&many).await.is_ok() {}
    };
    tokio::join!(reads, writes);
}

/// The codes of the findings that name `address`.
fn codes(document: &Value, address: &str) -> Vec<String> {
    let all = document["findings"].as_array().unwrap();
    let own = all.iter().filter(|finding| finding["address"] == address);
    own.map(|finding| finding["code"].as_str().unwrap().to_string()).collect()
}

#[test]
fn every_kind_of_flood_is_a_finding() {
    let setup = Setup::new();
    let mut listed = Vec::new();
    for (name, once, again, expected) in kinds() {
        let address = setup.listen(move |stream| floods(stream, once.clone(), again.clone()));
        listed.push((name, address, expected));
    }
    let addresses: Vec<&str> = listed.iter().map(|(_, address, _)| address.as_str()).collect();
    let registry = setup.registry("floods.json", &addresses);
    let finished = run(&["probe", "-o", "json", "--plaintext", &registry]);
    let document: Value = serde_json::from_str(&finished.out).unwrap();
    for (name, address, expected) in &listed {
        let codes = codes(&document, address);
        assert!(codes.len() == 1 && expected.contains(&codes[0].as_str()), "{name}: {codes:?}\n{}", finished.all());
    }
    assert!(finished.took < Duration::from_secs(5), "no time limit had to end it: {:?}", finished.took);
}

/// `flooding` endpoints among 300 healthy ones, watched for six seconds.
fn watched_among_healthy(flooding: usize) {
    let setup = Setup::new();
    let connections = Arc::new(AtomicUsize::new(0));
    let mut all: Vec<String> = (0..300).map(|_| setup.serves_on("127.0.0.1:0", Answer::Status(1))).collect();
    let healthy = all.clone();
    let ping_ack = frame(6, 1, 0, &[1; 8]);
    for _ in 0..flooding {
        let (connections, again) = (connections.clone(), ping_ack.clone());
        all.push(setup.listen(move |stream| {
            connections.fetch_add(1, Ordering::SeqCst);
            floods(stream, Vec::new(), again.clone())
        }));
    }
    let registry = setup.registry("pay.json", &all.iter().map(String::as_str).collect::<Vec<_>>());
    let finished = run(&["watch", "-o", "json", "--for", "6s", "--plaintext", &registry]);
    let document: Value = serde_json::from_str(&finished.out).unwrap_or_else(|_| panic!("{}", finished.all()));
    let endpoints = document["endpoints"].as_array().unwrap();
    let verdict = |address: &String| {
        let endpoint = endpoints.iter().find(|endpoint| endpoint["address"] == address.as_str()).unwrap();
        endpoint["verdict"].as_str().unwrap()
    };
    assert_eq!(healthy.iter().filter(|address| verdict(address) == "healthy").count(), 300, "{}", finished.err);
    for address in &all[300..] {
        assert_eq!(codes(&document, address), ["GD421"], "{}", finished.err);
        assert_ne!(verdict(address), "healthy");
    }
    // Attempts start at 0, 1.6 and 4.2 s, each with a jitter of 20 %.
    let tried = connections.load(Ordering::SeqCst) / flooding;
    assert!((2..=4).contains(&tried), "{tried} connections each in six seconds");
}

#[test]
fn one_flooding_endpoint_takes_nothing_from_300_healthy_ones() {
    watched_among_healthy(1);
}

#[test]
fn eight_flooding_endpoints_take_nothing_from_300_healthy_ones() {
    watched_among_healthy(8);
}
