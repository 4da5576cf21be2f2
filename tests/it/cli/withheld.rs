//! `--tls auto` and metadata: a peer that responds in plaintext first gets no header.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use crate::support::tool::run;

/// HTTP/2's preface, SETTINGS without a setting, and the type of a HEADERS frame.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];
const HEADERS: u8 = 1;

/// A plaintext server that sends SETTINGS; what it received on a connection is sent when that connection has ended.
fn recorder() -> (String, Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (sender, received) = channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let sender = sender.clone();
            std::thread::spawn(move || {
                let _ = stream.write_all(&SETTINGS);
                let _ = stream.set_read_timeout(Some(Duration::from_secs(20)));
                let (mut all, mut bytes) = (Vec::new(), [0; 4096]);
                while let Ok(read @ 1..) = stream.read(&mut bytes) {
                    all.extend_from_slice(&bytes[..read]);
                }
                let _ = sender.send(all);
            });
        }
    });
    (address, received)
}

/// What was received on every connection of a finished run: the first within 5 s, others right after it.
fn all_of(received: &Receiver<Vec<u8>>) -> Vec<Vec<u8>> {
    let mut all = vec![received.recv_timeout(Duration::from_secs(5)).expect("a connection")];
    while let Ok(more) = received.recv_timeout(Duration::from_millis(200)) {
        all.push(more);
    }
    all
}

/// The types of the frames that follow the preface.
fn frames(bytes: &[u8]) -> Vec<u8> {
    let mut rest = bytes.strip_prefix(PREFACE).unwrap_or_default();
    let mut types = Vec::new();
    while let [a, b, c, kind, ..] = *rest {
        types.push(kind);
        let length = 9 + u32::from_be_bytes([0, a, b, c]) as usize;
        rest = rest.get(length..).unwrap_or_default();
    }
    types
}

#[test]
fn metadata_is_sent_in_plaintext_only_where_plaintext_was_requested() {
    let header = ["-H", "authorization: Bearer sesame"];
    for (command, exit) in [(&["probe"][..], 3), (&["probe", "--idle", "300ms"], 3), (&["watch", "--for", "2s"], 3)] {
        let (address, received) = recorder();
        let finished = run(&[command, &header, &["-o", "ndjson", &address]].concat());
        assert_eq!(finished.code, exit, "{command:?}: {}", finished.all());
        assert!(finished.findings().contains(&"GD905".to_string()), "{command:?}: {}", finished.all());
        assert!(finished.out.contains("add --plaintext"), "{command:?}: {}", finished.all());
        let received = all_of(&received);
        for bytes in received.iter() {
            assert!(!frames(bytes).contains(&HEADERS), "{command:?}: a call was made: {bytes:?}");
            assert!(!String::from_utf8_lossy(bytes).contains("sesame"), "{command:?}: {bytes:?}");
        }
    }
    // If it is requested, it is sent: the recorder would have seen it.
    let (address, received) = recorder();
    run(&["probe", "--plaintext", "--rpc-timeout", "500ms", "-H", "authorization: Bearer sesame", &address]);
    assert!(all_of(&received).iter().any(|bytes| frames(bytes).contains(&HEADERS)));
}
