//! One health call as HTTP/2 frames, for connections that have no HTTP/2 session ([`super::idle_check`]): the same request
//! that [`super::grpc`] sends, and the detection of its complete response.

use std::time::Duration;

use http::header::{HeaderMap, TE};
use tonic_health::pb::HealthCheckRequest;

use super::frames::{self, Frame};
use crate::net::http2::{Origin, prefixed};

/// The largest frame that every server accepts before its SETTINGS (RFC 9113, 4.2).
const LONGEST: usize = 16_384;
/// The first stream of a client.
const STREAM: u32 = 1;
const END_HEADERS: u8 = 0x4;

/// `grpc.health.v1.Health/Check` of `service`.
pub(super) struct Call {
    /// The frames, to be written in one piece.
    pub frames: Vec<u8>,
    /// How many of these bytes are flow-controlled.
    pub window: usize,
}

impl Call {
    /// The call for a connection to `origin`. `metadata`: as for every other call of this transport.
    pub fn check(origin: &Origin, service: &str, metadata: &HeaderMap, limit: Duration) -> Call {
        let body = prefixed(&[HealthCheckRequest { service: service.to_string() }]);
        let block = headers(origin, metadata, limit);
        let mut frames = Vec::with_capacity(block.len() + body.len() + 32);
        let mut pieces = block.chunks(LONGEST).peekable();
        let mut kind = frames::HEADERS;
        while let Some(piece) = pieces.next() {
            frame(&mut frames, kind, if pieces.peek().is_none() { END_HEADERS } else { 0 }, piece);
            kind = frames::CONTINUATION;
        }
        let mut pieces = body.chunks(LONGEST).peekable();
        while let Some(piece) = pieces.next() {
            frame(&mut frames, frames::DATA, if pieces.peek().is_none() { frames::END_STREAM } else { 0 }, piece);
        }
        Call { frames, window: body.len() }
    }
}

/// True when `frame` ends the call: its response is complete, or its stream was reset.
pub(super) fn ends(frame: &Frame<'_>) -> bool {
    frame.stream == STREAM
        && match frame.kind {
            frames::HEADERS | frames::DATA => frame.flags & frames::END_STREAM != 0,
            frames::RST_STREAM => true,
            _ => false,
        }
}

fn frame(frames: &mut Vec<u8>, kind: u8, flags: u8, payload: &[u8]) {
    let [_, length @ ..] = u32::try_from(payload.len()).unwrap_or(0).to_be_bytes();
    frames.extend(length);
    frames.extend([kind, flags]);
    frames.extend(STREAM.to_be_bytes());
    frames.extend(payload);
}

/// The header block (RFC 7541): literals without Huffman codes and without the dynamic table, so that it needs no
/// state.
fn headers(origin: &Origin, metadata: &HeaderMap, limit: Duration) -> Vec<u8> {
    let mut block = Vec::new();
    let timeout = format!("{}m", limit.as_millis().min(99_999_999));
    let fixed: [(&str, &[u8]); 7] = [
        (":method", b"POST"),
        (":scheme", origin.scheme.as_str().as_bytes()),
        (":path", b"/grpc.health.v1.Health/Check"),
        (":authority", origin.authority.as_str().as_bytes()),
        ("content-type", b"application/grpc"),
        ("te", b"trailers"),
        ("grpc-timeout", timeout.as_bytes()),
    ];
    for (name, value) in fixed {
        literal(&mut block, 0x00, name.as_bytes(), value);
    }
    for (name, value) in metadata.iter().filter(|(name, _)| *name != TE) {
        // Never to be indexed, by any intermediary.
        let kind = if value.is_sensitive() { 0x10 } else { 0x00 };
        literal(&mut block, kind, name.as_str().as_bytes(), value.as_bytes());
    }
    block
}

fn literal(block: &mut Vec<u8>, kind: u8, name: &[u8], value: &[u8]) {
    block.push(kind);
    for text in [name, value] {
        integer(block, text.len());
        block.extend(text);
    }
}

/// A length with a prefix of seven bits (RFC 7541, 5.1).
fn integer(block: &mut Vec<u8>, value: usize) {
    if value < 0x7f {
        block.push(value as u8);
        return;
    }
    block.push(0x7f);
    let mut rest = value - 0x7f;
    while rest >= 0x80 {
        block.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    block.push(rest as u8);
}

#[cfg(test)]
mod tests {
    use http::uri::{Authority, Scheme};

    use super::*;

    /// What a real HTTP/2 server reads of the call.
    async fn read(service: &str, metadata: &HeaderMap) -> (http::request::Parts, Vec<u8>) {
        use tokio::io::AsyncWriteExt as _;
        let origin = Origin { scheme: Scheme::HTTPS, authority: Authority::from_static("pay.example:50051") };
        let call = Call::check(&origin, service, metadata, Duration::from_secs(5));
        let (mut client, server) = tokio::io::duplex(1 << 20);
        client.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
        client.write_all(&call.frames).await.unwrap();
        let mut server = h2::server::Builder::new()
            .max_header_list_size(1 << 20)
            .handshake::<_, bytes::Bytes>(server)
            .await
            .unwrap();
        let (request, respond) = server.accept().await.unwrap().unwrap();
        let (head, mut body) = request.into_parts();
        let mut message = Vec::new();
        while let Some(data) = body.data().await {
            message.extend(data.unwrap());
        }
        assert_eq!(message.len(), call.window);
        drop(respond);
        (head, message)
    }

    #[tokio::test]
    async fn a_server_reads_the_call_of_every_other_client() {
        let metadata =
            super::super::metadata::headers(&[("x-token".to_string(), crate::model::secret::Secret::new("hunter2"))])
                .unwrap();
        let (head, message) = read("pay", &metadata).await;
        assert_eq!(
            (head.method.as_str(), head.uri.to_string().as_str()),
            ("POST", "https://pay.example:50051/grpc.health.v1.Health/Check")
        );
        let header = |name: &str| {
            let values: Vec<_> = head.headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect();
            values.join("|")
        };
        assert_eq!((header("te"), header("content-type")), ("trailers".to_string(), "application/grpc".to_string()));
        assert_eq!((header("grpc-timeout"), header("x-token")), ("5000m".to_string(), "hunter2".to_string()));
        assert!(header("user-agent").starts_with("grpc-discover/"));
        assert_eq!(message, b"\0\0\0\0\x05\x0a\x03pay");
        assert_eq!(read("", &HeaderMap::new()).await.1, b"\0\0\0\0\0");
    }

    #[tokio::test]
    async fn a_long_header_block_and_a_long_name_are_split_into_frames() {
        let mut metadata = HeaderMap::new();
        metadata.insert("x-long", http::HeaderValue::try_from("v".repeat(40_000)).unwrap());
        let (head, message) = read(&"s".repeat(20_000), &metadata).await;
        assert_eq!(head.headers["x-long"].len(), 40_000);
        assert_eq!(message.len(), 20_000 + 5 + 4);
    }
}
