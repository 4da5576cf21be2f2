//! Servers that break a rule of HTTP/2 or of gRPC, as raw bytes: each is named with the frame, the stream, the length
//! and the rule, and never as a server that closed the connection or did not respond.

use std::time::Duration;

use tokio::io::AsyncWriteExt;

use super::peers::{self, SETTINGS};
use super::*;
use crate::model::reach::FailureCode;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const PRIORITY: u8 = 2;
const RST_STREAM: u8 = 3;
const SET: u8 = 4;
const PUSH_PROMISE: u8 = 5;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;
const WITH_PRIORITY: u8 = 32;

/// `:status 200`, `content-type: application/grpc`.
const HEAD: &[u8] = b"\x88\x5f\x10application/grpc";
/// SERVING.
const MESSAGE: &[u8] = &[0, 0, 0, 0, 2, 8, 1];
/// `grpc-status: 0`.
const OK: &[u8] = b"\x00\x0bgrpc-status\x010";

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut bytes = vec![length[1], length[2], length[3], kind, flags];
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// A literal field without indexing.
fn field(name: &str, value: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, u8::try_from(name.len()).unwrap()];
    bytes.extend(name.as_bytes());
    bytes.push(u8::try_from(value.len()).unwrap());
    bytes.extend(value);
    bytes
}

fn head(fields: &[u8]) -> Vec<u8> {
    frame(HEADERS, END_HEADERS, 1, fields)
}

fn serving() -> Vec<u8> {
    [head(HEAD), frame(DATA, 0, 1, MESSAGE), frame(HEADERS, END_HEADERS | END_STREAM, 1, OK)].concat()
}

/// The response with these header fields instead of valid ones.
fn with_head(fields: &[&[u8]]) -> Vec<u8> {
    [head(&fields.concat()), frame(DATA, 0, 1, MESSAGE), frame(HEADERS, END_HEADERS | END_STREAM, 1, OK)].concat()
}

/// The response with these trailers.
fn with_trailers(flags: u8, fields: &[&[u8]]) -> Vec<u8> {
    [head(HEAD), frame(DATA, 0, 1, MESSAGE), frame(HEADERS, END_HEADERS | flags, 1, &fields.concat())].concat()
}

/// The response with this body.
fn with_body(body: &[u8]) -> Vec<u8> {
    [head(HEAD), frame(DATA, 0, 1, body), frame(HEADERS, END_HEADERS | END_STREAM, 1, OK)].concat()
}

/// A SETTINGS frame with one value.
fn set(id: u8, value: u32) -> Vec<u8> {
    frame(SET, 0, 0, &[&[0, id][..], &value.to_be_bytes()].concat())
}

/// The classification of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    /// It broke a rule of HTTP/2.
    Http2,
    /// Its response is not valid gRPC.
    Grpc,
    /// It sent more than our limits allow.
    Ours,
    /// Nothing is wrong.
    Fine,
    /// Anything else: never expected.
    Else,
}

/// Sends `bytes` after the request has arrived, and keeps the connection open: if it is closed, we closed it.
async fn server(bytes: Vec<u8>) -> Address {
    peers::listen(move |mut stream| {
        let bytes = bytes.clone();
        async move {
            stream.write_all(SETTINGS).await.unwrap();
            // The preface and the request are sent in one piece where plaintext was requested.
            peers::first_data(&mut stream).await;
            let _ = stream.write_all(&bytes).await;
            peers::until_gone(&mut stream).await;
        }
    })
    .await
}

/// The result of one probe of a server: its classification, and the text.
async fn probe(bytes: Vec<u8>) -> (Found, String) {
    let transport = sockets(Options { rpc_timeout: Duration::from_secs(4), ..options() });
    let address = server(bytes).await;
    match transport.reach(address, Arc::from("")).await.outcome {
        Ok((Health::Serving, _)) => (Found::Fine, String::new()),
        Ok((Health::Failed { cause: RpcCause::Violation(what), .. }, _)) => (Found::Http2, what.text),
        Ok((Health::Failed { cause: RpcCause::NotGrpc(_), text, .. }, _)) => (Found::Grpc, text),
        Ok((Health::Failed { cause: RpcCause::OurLimit(what), .. }, _)) => (Found::Ours, what),
        Err(failure) if failure.code == FailureCode::ProtocolError => (Found::Http2, failure.text),
        Err(failure) if failure.code == FailureCode::OurLimit => (Found::Ours, failure.text),
        other => (Found::Else, format!("{other:?}")),
    }
}

/// Every malformed server: its name, its bytes, its classification, and a part of the text.
fn servers() -> Vec<(&'static str, Vec<u8>, Found, &'static str)> {
    use Found::{Fine, Grpc, Http2, Ours};
    let many = |kind: u8, count: usize, flags: u8| -> Vec<u8> {
        std::iter::repeat_n(frame(kind, flags, 1, b""), count).flatten().collect()
    };
    vec![
        // Lengths.
        (
            "ping of 7",
            frame(PING, 0, 0, &[0; 7]),
            Http2,
            "PING frame of 7 bytes on stream 0: the payload must have 8 bytes (RFC 9113, 6.7)",
        ),
        ("ping of 9", frame(PING, 0, 0, &[0; 9]), Http2, "PING frame of 9 bytes"),
        ("ping acknowledgement of 4", frame(PING, 1, 0, &[0; 4]), Http2, "PING frame of 4 bytes"),
        (
            "settings of 5",
            frame(SET, 0, 0, &[0; 5]),
            Http2,
            "SETTINGS frame of 5 bytes on stream 0: the payload must be a multiple of 6 bytes (RFC 9113, 6.5)",
        ),
        (
            "rst_stream of 3",
            frame(RST_STREAM, 0, 1, &[0; 3]),
            Http2,
            "RST_STREAM frame of 3 bytes on stream 1: the payload must have 4 bytes (RFC 9113, 6.4)",
        ),
        ("rst_stream of 5", frame(RST_STREAM, 0, 1, &[0; 5]), Http2, "RST_STREAM frame of 5 bytes"),
        (
            "window_update of 3",
            frame(WINDOW_UPDATE, 0, 0, &[0, 0, 1]),
            Http2,
            "WINDOW_UPDATE frame of 3 bytes on stream 0: the payload must have 4 bytes (RFC 9113, 6.9)",
        ),
        (
            "window_update of 5",
            frame(WINDOW_UPDATE, 0, 1, &[0, 0, 0, 1, 0]),
            Http2,
            "WINDOW_UPDATE frame of 5 bytes on stream 1",
        ),
        (
            "goaway of 7",
            frame(GOAWAY, 0, 0, &[0; 7]),
            Http2,
            "GOAWAY frame of 7 bytes on stream 0: the payload must have at least 8 bytes (RFC 9113, 6.8)",
        ),
        (
            "priority of 4",
            frame(PRIORITY, 0, 1, &[0; 4]),
            Http2,
            "PRIORITY frame of 4 bytes on stream 1: the payload must have 5 bytes (RFC 9113, 6.3)",
        ),
        ("priority of 6", frame(PRIORITY, 0, 1, &[0; 6]), Http2, "PRIORITY frame of 6 bytes"),
        (
            "frame longer than the limit",
            frame(DATA, 0, 1, &[0; 16_385]),
            Http2,
            "DATA frame of 16385 bytes on stream 1: longer than our SETTINGS_MAX_FRAME_SIZE of 16384 (RFC 9113, 4.2)",
        ),
        (
            "frame that announces 16 MiB",
            [&[0xff, 0xff, 0xff, HEADERS, 4, 0, 0, 0, 1][..], HEAD].concat(),
            Http2,
            "HEADERS frame of 16777215 bytes on stream 1: longer",
        ),
        // SETTINGS.
        (
            "acknowledgement with a payload",
            frame(SET, 1, 0, &[0; 6]),
            Http2,
            "SETTINGS frame of 6 bytes on stream 0: an acknowledgement must have no payload (RFC 9113, 6.5)",
        ),
        (
            "acknowledgement of nothing",
            [frame(SET, 1, 0, b""), frame(SET, 1, 0, b"")].concat(),
            Http2,
            "it acknowledges SETTINGS that we did not send (RFC 9113, 6.5.3)",
        ),
        (
            "settings on a stream",
            frame(SET, 0, 1, &[0, 3, 0, 0, 0, 1]),
            Http2,
            "SETTINGS frame of 6 bytes on stream 1: it must be on stream 0 (RFC 9113, 6.5)",
        ),
        ("enable_push 2", set(2, 2), Http2, "ENABLE_PUSH is 2, must be 0 or 1 (RFC 9113, 6.5.2)"),
        (
            "initial window too large",
            set(4, 0x8000_0000),
            Http2,
            "INITIAL_WINDOW_SIZE is 2147483648, must be at most 2147483647",
        ),
        ("max_frame_size too small", set(5, 16_383), Http2, "MAX_FRAME_SIZE is 16383, must be 16384 to 16777215"),
        ("max_frame_size too large", set(5, 16_777_216), Http2, "MAX_FRAME_SIZE is 16777216"),
        ("enable_connect_protocol 2", set(8, 2), Http2, "ENABLE_CONNECT_PROTOCOL is 2, must be 0 or 1 (RFC 8441, 3)"),
        // Streams.
        (
            "data on stream 0",
            frame(DATA, 0, 0, MESSAGE),
            Http2,
            "DATA frame of 7 bytes on stream 0: it must be on a stream (RFC 9113, 6.1)",
        ),
        (
            "data on an idle stream",
            frame(DATA, 0, 5, MESSAGE),
            Http2,
            "DATA frame of 7 bytes on stream 5: this stream was never opened (last opened: stream 1; RFC 9113, 5.1)",
        ),
        (
            "data on a server's stream",
            frame(DATA, 0, 2, MESSAGE),
            Http2,
            "DATA frame of 7 bytes on stream 2: this stream was never opened",
        ),
        (
            "headers on stream 0",
            frame(HEADERS, END_HEADERS, 0, HEAD),
            Http2,
            "HEADERS frame of 19 bytes on stream 0: it must be on a stream (RFC 9113, 6.2)",
        ),
        (
            "headers on an idle stream",
            frame(HEADERS, END_HEADERS, 3, HEAD),
            Http2,
            "HEADERS frame of 19 bytes on stream 3: this stream was never opened",
        ),
        (
            "headers on a server's stream",
            frame(HEADERS, END_HEADERS, 2, HEAD),
            Http2,
            "HEADERS frame of 19 bytes on stream 2: this stream was never opened",
        ),
        (
            "rst_stream on stream 0",
            frame(RST_STREAM, 0, 0, &[0; 4]),
            Http2,
            "RST_STREAM frame of 4 bytes on stream 0: it must be on a stream (RFC 9113, 6.4)",
        ),
        (
            "rst_stream on an idle stream",
            frame(RST_STREAM, 0, 7, &[0; 4]),
            Http2,
            "RST_STREAM frame of 4 bytes on stream 7: this stream was never opened",
        ),
        (
            "window_update on an idle stream",
            frame(WINDOW_UPDATE, 0, 9, &[0, 0, 0, 1]),
            Http2,
            "WINDOW_UPDATE frame of 4 bytes on stream 9: this stream was never opened",
        ),
        (
            "priority on stream 0",
            frame(PRIORITY, 0, 0, &[0; 5]),
            Http2,
            "PRIORITY frame of 5 bytes on stream 0: it must be on a stream (RFC 9113, 6.3)",
        ),
        (
            "ping on a stream",
            frame(PING, 0, 1, &[0; 8]),
            Http2,
            "PING frame of 8 bytes on stream 1: it must be on stream 0 (RFC 9113, 6.7)",
        ),
        (
            "goaway on a stream",
            frame(GOAWAY, 0, 1, &[0; 8]),
            Http2,
            "GOAWAY frame of 8 bytes on stream 1: it must be on stream 0 (RFC 9113, 6.8)",
        ),
        (
            "push though we disabled it",
            frame(PUSH_PROMISE, END_HEADERS, 1, &[0, 0, 0, 2, 0x82]),
            Http2,
            "PUSH_PROMISE frame of 5 bytes on stream 1: we disabled push",
        ),
        (
            "headers that depend on themselves",
            frame(HEADERS, END_HEADERS | WITH_PRIORITY, 1, &[&[0, 0, 0, 1, 16][..], HEAD].concat()),
            Http2,
            "the stream depends on itself",
        ),
        (
            "data before headers",
            frame(DATA, 0, 1, MESSAGE),
            Http2,
            "DATA frame of 7 bytes on stream 1: the response must start with HEADERS (RFC 9113, 8.1)",
        ),
        // Windows.
        (
            "window_update 0",
            frame(WINDOW_UPDATE, 0, 0, &[0; 4]),
            Http2,
            "WINDOW_UPDATE frame of 4 bytes on stream 0: the increment is 0 (RFC 9113, 6.9)",
        ),
        (
            "window_update 0 of a stream",
            frame(WINDOW_UPDATE, 0, 1, &[0; 4]),
            Http2,
            "WINDOW_UPDATE frame of 4 bytes on stream 1: the increment is 0",
        ),
        (
            "window of the connection overflows",
            frame(WINDOW_UPDATE, 0, 0, &[0x7f, 0xff, 0xff, 0xff]),
            Http2,
            "larger than 2147483647 (RFC 9113, 6.9.1)",
        ),
        (
            "window of the stream overflows",
            frame(WINDOW_UPDATE, 0, 1, &[0x7f, 0xff, 0xff, 0xff]),
            Http2,
            "WINDOW_UPDATE frame of 4 bytes on stream 1: the increment 2147483647",
        ),
        (
            "more data than the window",
            [head(HEAD), std::iter::repeat_n(frame(DATA, 0, 1, &[0; 16_384]), 4).flatten().collect::<Vec<u8>>()]
                .concat(),
            Http2,
            "our flow-control window of the",
        ),
        // Padding.
        (
            "padding of all data",
            frame(DATA, PADDED, 1, &[7, 0, 0, 0, 0, 0, 0]),
            Http2,
            "DATA frame of 7 bytes on stream 1: padding of 7 bytes, but only 6 available (RFC 9113, 6.1)",
        ),
        (
            "padding longer than headers",
            frame(HEADERS, END_HEADERS | PADDED, 1, &[9, 0x88]),
            Http2,
            "HEADERS frame of 2 bytes on stream 1: padding of 9 bytes, but only 1 available (RFC 9113, 6.2)",
        ),
        ("padded data without a length", frame(DATA, PADDED, 1, b""), Http2, "the padding length is missing"),
        // Header blocks.
        (
            "continuation without headers",
            frame(CONTINUATION, END_HEADERS, 1, HEAD),
            Http2,
            "CONTINUATION frame of 19 bytes on stream 1: no header block is open (RFC 9113, 6.10)",
        ),
        (
            "continuation on another stream",
            [frame(HEADERS, 0, 1, HEAD), frame(CONTINUATION, END_HEADERS, 3, b"")].concat(),
            Http2,
            "CONTINUATION frame of 0 bytes on stream 3: the header block of stream 1 is not complete",
        ),
        (
            "ping inside a header block",
            [frame(HEADERS, 0, 1, HEAD), frame(PING, 0, 0, &[0; 8])].concat(),
            Http2,
            "PING frame of 8 bytes on stream 0: the header block of stream 1 is not complete",
        ),
        (
            "flood of continuations",
            [frame(HEADERS, 0, 1, HEAD), many(CONTINUATION, 40, 0)].concat(),
            Ours,
            "CONTINUATION frames in one header block",
        ),
        (
            "hpack index out of range",
            head(&[0xff, 0x80, 0x01]),
            Http2,
            "HEADERS on stream 1: HPACK index 255, but the tables have 61 entries (RFC 7541, 2.3.3)",
        ),
        ("hpack index 0", head(&[0x80]), Http2, "HPACK index 0"),
        (
            "hpack string truncated",
            head(&[0x88, 0x00, 0x20, b'a']),
            Http2,
            "HPACK string of 32 bytes, but only 1 of them are left in the block (RFC 7541, 5.2)",
        ),
        (
            "hpack huffman",
            head(&[0x88, 0x00, 0x84, 0xff, 0xff, 0xff, 0xff, 0x01, b'a']),
            Http2,
            "HPACK string is not valid Huffman code",
        ),
        (
            "hpack table larger than allowed",
            head(&[&[0x3f, 0xe2, 0x1f][..], HEAD].concat()),
            Http2,
            "HPACK dynamic table size update to 4097, maximum is 4096 (RFC 7541, 6.3)",
        ),
        (
            "hpack table resized late",
            head(&[HEAD, &[0x20]].concat()),
            Http2,
            "HPACK dynamic table size update after the first field (RFC 7541, 4.2)",
        ),
        (
            "hpack integer without end",
            head(&[0x88, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]),
            Http2,
            "HPACK integer is longer than 32 bits",
        ),
        // Heads of responses.
        (
            "status 0",
            with_head(&[&field(":status", b"0"), &HEAD[1..]]),
            Http2,
            "HEADERS on stream 1: :status is \"0\", expected a number from 100 to 999 (RFC 9113, 8.3.2)",
        ),
        (
            "status of nginx' proxy_pass",
            with_head(&[&field(":status", b"000"), &field("server", b"nginx/1.27")]),
            Http2,
            ":status is \"000\", expected a number from 100 to 999 (RFC 9113, 8.3.2) [server: nginx/1.27]",
        ),
        ("status abc", with_head(&[&field(":status", b"abc")]), Http2, ":status is \"abc\""),
        ("status of four digits", with_head(&[&field(":status", b"2000")]), Http2, ":status is \"2000\""),
        ("empty status", with_head(&[&field(":status", b"")]), Http2, ":status is \"\""),
        ("no status", with_head(&[&HEAD[1..]]), Http2, "HEADERS on stream 1: missing :status (RFC 9113, 8.3.2)"),
        ("status twice", with_head(&[&[0x88], HEAD]), Http2, "\":status\" more than once (RFC 9113, 8.3)"),
        (
            "status after a field",
            with_head(&[&HEAD[1..], &[0x88]]),
            Http2,
            "\":status\" after \"content-type\" (RFC 9113, 8.3)",
        ),
        ("unknown pseudo-header", with_head(&[HEAD, &field(":version", b"2")]), Http2, "\":version\""),
        (
            "upper case",
            with_head(&[HEAD, &field("X-Request-Id", b"1")]),
            Http2,
            "field name \"X-Request-Id\" has uppercase letters (RFC 9113, 8.2.1)",
        ),
        (
            "field name with a space",
            with_head(&[HEAD, &field("x y", b"1")]),
            Http2,
            "field name \"x y\" is not valid (RFC 9113, 8.2.1)",
        ),
        (
            "field value with a line end",
            with_head(&[HEAD, &field("x-y", b"1\r\nz: 2")]),
            Http2,
            "with control characters (RFC 9113, 8.2.1)",
        ),
        (
            "connection",
            with_head(&[HEAD, &field("connection", b"close")]),
            Http2,
            "field \"connection\" is for HTTP/1 connections only (RFC 9113, 8.2.2)",
        ),
        (
            "transfer-encoding",
            with_head(&[HEAD, &field("transfer-encoding", b"chunked")]),
            Http2,
            "field \"transfer-encoding\" is for HTTP/1",
        ),
        (
            "keep-alive",
            with_head(&[HEAD, &field("keep-alive", b"timeout=5")]),
            Http2,
            "field \"keep-alive\" is for HTTP/1",
        ),
        ("upgrade", with_head(&[HEAD, &field("upgrade", b"h2c")]), Http2, "field \"upgrade\" is for HTTP/1"),
        ("te", with_head(&[HEAD, &field("te", b"gzip")]), Http2, "field \"te\" is \"gzip\", expected \"trailers\""),
        (
            "content-length too small",
            with_head(&[HEAD, &field("content-length", b"3")]),
            Http2,
            "content-length is 3, but DATA has 7 bytes (RFC 9113, 8.1.1)",
        ),
        (
            "content-length too large",
            with_head(&[HEAD, &field("content-length", b"30")]),
            Http2,
            "content-length is 30, but DATA has 7 bytes (RFC 9113, 8.1.1)",
        ),
        (
            "content-length of words",
            with_head(&[HEAD, &field("content-length", b"seven")]),
            Http2,
            "content-length \"seven\" is not a number",
        ),
        (
            "two content-lengths",
            with_head(&[HEAD, &field("content-length", b"7"), &field("content-length", b"8")]),
            Http2,
            "content-length is \"7\" and \"8\"",
        ),
        // Trailers.
        (
            "trailers without end",
            with_trailers(0, &[OK]),
            Http2,
            "HEADERS on stream 1: trailers without END_STREAM (RFC 9113, 8.1)",
        ),
        (
            "trailers in upper case",
            with_trailers(END_STREAM, &[&field("Grpc-Status", b"0")]),
            Http2,
            "field name \"Grpc-Status\" has uppercase letters",
        ),
        // gRPC.
        (
            "no trailers",
            [head(HEAD), frame(DATA, END_STREAM, 1, MESSAGE)].concat(),
            Grpc,
            "response without trailers, so there is no grpc-status",
        ),
        (
            "no status in the trailers",
            with_trailers(END_STREAM, &[&field("x-y", b"1")]),
            Grpc,
            "response whose trailers have no grpc-status",
        ),
        ("no message", [head(HEAD), frame(HEADERS, END_HEADERS | END_STREAM, 1, OK)].concat(), Grpc, "essage"),
        (
            "message truncated",
            with_body(&MESSAGE[..6]),
            Grpc,
            "message truncated: its prefix announces 2 bytes, but only 1 were received",
        ),
        (
            "prefix truncated",
            with_body(&MESSAGE[..3]),
            Grpc,
            "message truncated: 3 of the 5 bytes of its prefix were sent",
        ),
        (
            "prefix that lies",
            with_body(&[0, 0, 0, 1, 0, 8, 1]),
            Grpc,
            "message truncated: its prefix announces 256 bytes, but only 2 were received",
        ),
        (
            "compressed without encoding",
            with_body(&[1, 0, 0, 0, 2, 8, 1]),
            Grpc,
            "message with the compressed flag and without grpc-encoding",
        ),
        (
            "compressed unasked",
            [head(&[HEAD, &field("grpc-encoding", b"gzip")].concat()), frame(DATA, 0, 1, &[1, 0, 0, 0, 2, 8, 1])]
                .concat(),
            Grpc,
            "message compressed with gzip",
        ),
        ("text for a message", with_body(b"<html>"), Grpc, "message that starts with \"<html>\""),
        ("not protobuf", with_body(&[0, 0, 0, 0, 2, 0xff, 0xff]), Grpc, "failed to decode"),
        (
            "status 17",
            with_trailers(END_STREAM, &[&field("grpc-status", b"17")]),
            Grpc,
            "grpc-status \"17\" is not a gRPC status code",
        ),
        (
            "status -1",
            with_trailers(END_STREAM, &[&field("grpc-status", b"-1")]),
            Grpc,
            "grpc-status \"-1\" is not a gRPC status code",
        ),
        (
            "status in words",
            with_trailers(END_STREAM, &[&field("grpc-status", b"OK"), &field("grpc-message", b"fine")]),
            Grpc,
            "grpc-status \"OK\" is not a gRPC status code (0 to 16); grpc-message: fine",
        ),
        // Valid responses.
        ("an encoding that no message uses", with_head(&[HEAD, &field("grpc-encoding", b"gzip")]), Fine, ""),
        ("nothing wrong", serving(), Fine, ""),
        (
            "reserved bit set",
            [
                frame(HEADERS, END_HEADERS, 0x8000_0001, HEAD),
                frame(DATA, 0, 0x8000_0001, MESSAGE),
                frame(HEADERS, 5, 1, OK),
            ]
            .concat(),
            Fine,
            "",
        ),
        ("unknown frame", [frame(0x77, 0xff, 0x7fff_ffff, b"what"), serving()].concat(), Fine, ""),
        ("unknown setting", [set(0x99, 1), serving()].concat(), Fine, ""),
        ("window_update of an ended stream", [serving(), frame(WINDOW_UPDATE, 0, 1, &[0, 0, 0, 1])].concat(), Fine, ""),
        ("interim response", [head(&field(":status", b"103")), serving()].concat(), Fine, ""),
        (
            "padded response",
            [head(HEAD), frame(DATA, PADDED, 1, &[&[3][..], MESSAGE, &[0; 3]].concat()), frame(HEADERS, 5, 1, OK)]
                .concat(),
            Fine,
            "",
        ),
        (
            "header block in pieces",
            [
                frame(HEADERS, 0, 1, &HEAD[..4]),
                frame(CONTINUATION, 0, 1, &HEAD[4..9]),
                frame(CONTINUATION, END_HEADERS, 1, &HEAD[9..]),
                frame(DATA, 0, 1, MESSAGE),
                frame(HEADERS, 5, 1, OK),
            ]
            .concat(),
            Fine,
            "",
        ),
    ]
}

#[tokio::test]
async fn a_server_that_breaks_a_rule_is_named_with_the_rule() {
    let servers = servers();
    assert!(servers.iter().filter(|(_, _, found, _)| *found != Found::Fine).count() >= 60);
    let probes = servers.iter().map(|(_, bytes, ..)| probe(bytes.clone()));
    let probes = futures_util::future::join_all(probes).await;
    let mut failures = Vec::new();
    for ((name, _, expected, words), (found, text)) in servers.iter().zip(probes) {
        if found != *expected || !text.contains(words) {
            failures.push(format!("{name}: {found:?} {text:?}, expected {expected:?} {words:?}"));
        }
    }
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), servers.len(), failures.join("\n"));
}
