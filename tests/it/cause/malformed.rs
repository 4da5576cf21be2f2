//! Servers whose responses violate HTTP/2 or gRPC, or exceed a limit, as raw bytes: GD405, GD406 and GD415 to GD419.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::reaching::{frame, goaway};
use super::scenario::{Run, probe};
use super::setup::{SETTINGS, Setup, until_gone};

/// `:status 200`, then a content type.
const GRPC: &[u8] = b"\x88\x5f\x10application/grpc";
/// SERVING.
const SERVING: &[u8] = &[0, 0, 0, 0, 2, 8, 1];
/// `grpc-status: 0`.
const OK: &[u8] = b"\x00\x0bgrpc-status\x010";
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// A frame on stream 1.
fn on_stream(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = frame(kind, payload);
    bytes[4] = flags;
    bytes[8] = 1;
    bytes
}

/// A response in three frames.
fn response(head: &[u8], body: &[u8], trailers: &[u8]) -> Vec<u8> {
    [on_stream(1, END_HEADERS, head), on_stream(0, 0, body), on_stream(1, END_HEADERS | END_STREAM, trailers)].concat()
}

/// A server that sends these SETTINGS at once and `bytes` after the request, and keeps the connection open.
fn server(setup: &Setup, settings: &[u8], bytes: Vec<u8>) -> String {
    let settings = settings.to_vec();
    setup.listen(move |mut stream| {
        let (settings, bytes) = (settings.clone(), bytes.clone());
        async move {
            let _ = stream.write_all(&settings).await;
            // Until the HEADERS of stream 1 have been received, in any number of pieces.
            let mut printed = Vec::new();
            while !printed.windows(9).any(|head: &[u8]| head[3] == 1 && head[5..] == [0, 0, 0, 1]) {
                match stream.read_buf(&mut printed).await {
                    Ok(0) | Err(_) => return,
                    Ok(_) => {}
                }
            }
            let _ = stream.write_all(&bytes).await;
            until_gone(&mut stream).await;
        }
    })
}

/// SETTINGS with one value.
fn setting(id: u8, value: u32) -> Vec<u8> {
    frame(4, &[&[0, id][..], &value.to_be_bytes()].concat())
}

pub fn ping_of_seven_bytes(setup: &mut Setup) -> Option<Run> {
    let address = server(setup, SETTINGS, frame(6, &[0; 7]));
    Some(probe(&[&address]).answer_with(&[
        &address,
        "PING frame of 7 bytes on stream 0",
        "must have 8 bytes",
        "RFC 9113, 6.7",
    ]))
}

pub fn status_of_proxy_pass(setup: &mut Setup) -> Option<Run> {
    let head = [&[0x08, 3][..], b"000", b"\x0f\x27\x05nginx"].concat();
    let address = server(setup, SETTINGS, response(&head, b"", OK));
    let answer_with = [&address[..], "we ended the call", ":status is \"000\"", "[server: nginx]"];
    Some(probe(&[&address]).answer_with(&answer_with).does(&["grpc_pass"]))
}

pub fn response_without_grpc_status(setup: &mut Setup) -> Option<Run> {
    let address = server(setup, SETTINGS, response(GRPC, SERVING, b"\x00\x01x\x01y"));
    Some(
        probe(&[&address])
            .answer_with(&[&address, "trailers have no grpc-status"])
            .does(&["The trailers, which carry the status, are dropped on the network path"]),
    )
}

pub fn headers_larger_than_settings(setup: &mut Setup) -> Option<Run> {
    let address = server(setup, &setting(6, 900), Vec::new());
    let token = format!("x-token: {}", "t".repeat(2_000));
    let run = probe(&["-H", &token, "--plaintext", &address]);
    Some(run.answer_with(&[&address, "request headers have", "900 (MAX_HEADER_LIST_SIZE)"]).does(&["without -H"]))
}

pub fn content_type_of_json(setup: &mut Setup) -> Option<Run> {
    let head = b"\x88\x5f\x10application/json";
    let address = server(setup, SETTINGS, response(head, SERVING, OK));
    Some(probe(&[&address]).answer_with(&[&address, "application/json", "grpc-go and grpc-java reject them"]))
}

pub fn goaway_beside_the_answer(setup: &mut Setup) -> Option<Run> {
    let bytes = [response(GRPC, SERVING, OK), goaway(0, "enough")].concat();
    let address = server(setup, SETTINGS, bytes);
    Some(probe(&[&address]).answer_with(&[&address, "GOAWAY NO_ERROR (enough)"]))
}

pub fn goaway_while_the_call_is_pending(setup: &mut Setup) -> Option<Run> {
    let address = server(setup, SETTINGS, goaway(2, "disk full"));
    Some(probe(&["--rpc-timeout", "1s", &address]).answer_with(&[&address, "INTERNAL_ERROR", "disk full"]))
}

pub fn flood_of_continuations(setup: &mut Setup) -> Option<Run> {
    let mut bytes = on_stream(1, 0, GRPC);
    (0..40).for_each(|_| bytes.extend(on_stream(9, 0, b"")));
    let address = server(setup, SETTINGS, bytes);
    Some(probe(&[&address]).answer_with(&[&address, "our HTTP/2 library", "CONTINUATION"]))
}

pub fn flood_of_pings(setup: &mut Setup) -> Option<Run> {
    let address = server(setup, SETTINGS, frame(6, &[0; 8]).repeat(10_100));
    Some(probe(&[&address]).answer_with(&[&address, "we closed the connection", "10001 small frames", "PING"]))
}

pub fn streams_forbidden_later(setup: &mut Setup) -> Option<Run> {
    let address = server(setup, SETTINGS, [setting(3, 0), response(GRPC, SERVING, OK)].concat());
    Some(probe(&[&address]).answer_with(&[&address, "MAX_CONCURRENT_STREAMS lowered to 0"]))
}

pub fn window_that_stays_shut(setup: &mut Setup) -> Option<Run> {
    let address = server(setup, &setting(4, 0), Vec::new());
    let run = probe(&["--rpc-timeout", "1s", "--tls", "auto", &address]);
    Some(run.answer_with(&[&address, "was not sent", "flow-control window is full"]).does(&["initial window size"]))
}
