//! The fuzzed parts of the transport: frames and the rules for them, header blocks, messages, and plain HTTP
//! responses.

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use tokio::time::Instant;
use tonic_health::pb::HealthCheckResponse;

use super::flood::Meter;
use super::frames::{self, Frames};
use super::hpack::Decoder;
use super::rules::Rules;
use super::{answer, page};
use crate::net::http2::{Framing, LONGEST, status};

/// Reads the bytes as what a server sends on a connection.
pub(crate) fn http2(bytes: &[u8]) {
    let (mut found, mut rules, mut meter) = (Frames::default(), Rules::default(), Meter::default());
    let now = Instant::now();
    let _ = (frames::judge(bytes), frames::first_bytes(bytes));
    // A request of ours, so that a response is allowed.
    Frames::default().feed(&[0, 0, 1, frames::HEADERS, 5, 0, 0, 0, 1, 0x82], |frame| rules.sent(frame));
    for part in bytes.chunks(1_024) {
        found.feed(part, |frame| {
            rules.received(frame);
            let _ = (frames::settings(frame.payload), frames::goaway(frame.payload), meter.count(frame, now));
        });
        if let Some(frame) = found.started() {
            rules.too_long(frame);
        }
    }
    let _ = (rules.broken(Some(1)), rules.our_limit(), rules.large_headers(Some(1)), rules.progress(1));
}

/// Reads the bytes as two header blocks of one connection.
pub(crate) fn hpack(bytes: &[u8]) {
    let (mut decoder, mut fields) = (Decoder::default(), Vec::new());
    let (first, second) = bytes.split_at(bytes.len() / 2);
    let _ = decoder.decode(first, &mut fields);
    let _ = decoder.decode(second, &mut fields);
}

/// Reads the bytes as the messages of a response.
pub(crate) fn grpc_messages(bytes: &[u8]) {
    for encoding in [None, Some(&b"gzip"[..])] {
        let mut framing = Framing::new(encoding, LONGEST);
        for part in bytes.chunks(7) {
            if framing.take(part).is_err() {
                break;
            }
            while let Ok(Some(_)) = framing.next::<HealthCheckResponse>() {}
        }
        let _ = framing.cut_off();
    }
}

/// Reads the bytes as an HTTP response: a number, fields one per line, an empty line, a body.
pub(crate) fn http_response(bytes: &[u8]) {
    let (head, body) = match bytes.windows(2).position(|pair| pair == b"\n\n") {
        Some(end) => (&bytes[..end], &bytes[end + 2..]),
        None => (bytes, &b""[..]),
    };
    let mut lines = head.split(|byte| *byte == b'\n');
    let number = lines.next().and_then(|line| str::from_utf8(line).ok()?.parse().ok());
    let http = number.and_then(|number| StatusCode::from_u16(number).ok()).unwrap_or(StatusCode::OK);
    let mut headers = HeaderMap::new();
    for line in lines {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let (name, value) = (HeaderName::from_bytes(&line[..colon]), HeaderValue::from_bytes(&line[colon + 1..]));
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    let _ = (answer::proxy(&headers), answer::by_proxy(http, &headers), answer::plain(http, &headers, body));
    let _ = (status::of(&headers), page::text(body), page::title(body, 100));
}
