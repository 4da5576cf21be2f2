//! `grpc-status` and `grpc-message` of a response, parsed so that the server's message is kept in any encoding.

use std::borrow::Cow;

use http::HeaderMap;
use tonic::{Code, Status};

use super::error::{CallError, NotGrpc};
use crate::model::violation::{InvalidResponse, ResponseFault};
use crate::text::quote_bytes;

/// How much of a message that is not valid UTF-8 is kept.
const QUOTED: usize = 1_000;

/// The status in the headers of a response that ends there, or in its trailers; `None` when there is none.
///
/// # Errors
///
/// Returns an error when the status is not OK, or not one of gRPC's.
pub(crate) fn of(headers: &HeaderMap) -> Result<Option<()>, CallError> {
    let Some(value) = headers.get("grpc-status").map(|value| value.as_bytes()) else { return Ok(None) };
    let number = str::from_utf8(value).ok().and_then(|text| text.parse::<i32>().ok());
    if number == Some(0) {
        return Ok(Some(()));
    }
    let words = headers.get("grpc-message").map(|message| unescaped(message.as_bytes())).unwrap_or_default();
    match number {
        Some(number @ 1..=16) => Err(CallError::Status(Status::new(Code::from_i32(number), words))),
        _ => {
            let text = format!("grpc-status \"{}\" is not a gRPC status code (0 to 16)", quote_bytes(value, 40));
            let what = InvalidResponse { fault: ResponseFault::UnknownStatus, text };
            let more = if words.is_empty() { words.into_owned() } else { format!("; grpc-message: {words}") };
            Err(NotGrpc { code: Code::Unknown, what, more }.into())
        }
    }
}

/// A `grpc-message` with its percent-encoding decoded. Invalid escapes stay unchanged, and bytes that are not UTF-8
/// are quoted.
fn unescaped(message: &[u8]) -> Cow<'_, str> {
    let mut bytes = Vec::with_capacity(message.len());
    let mut rest = message;
    while let Some((first, after)) = rest.split_first() {
        let decoded = match (first, after) {
            (b'%', [high, low, ..]) => hex(*high).zip(hex(*low)).map(|(high, low)| high << 4 | low),
            _ => None,
        };
        bytes.push(decoded.unwrap_or(*first));
        rest = if decoded.is_some() { &after[2..] } else { after };
    }
    match String::from_utf8(bytes) {
        Ok(text) => Cow::Owned(text),
        Err(error) => Cow::Owned(quote_bytes(error.as_bytes(), QUOTED)),
    }
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: &[u8], message: &[u8]) -> Result<Option<()>, CallError> {
        let mut headers = HeaderMap::new();
        headers.insert("grpc-status", http::HeaderValue::from_bytes(status).unwrap());
        headers.insert("grpc-message", http::HeaderValue::from_bytes(message).unwrap());
        of(&headers)
    }

    #[test]
    fn a_message_keeps_its_text_however_it_is_encoded() {
        for (message, expected) in [
            (&b"plain"[..], "plain"),
            (b"no %41%3a caf%C3%A9", "no A: caf\u{e9}"),
            (b"100% of %zz and %4", "100% of %zz and %4"),
            (b"caf\xe9 is closed", "caf\\xe9 is closed"),
            (b"%ff%fe raw", "\\xff\\xfe raw"),
            ("caf\u{e9} unencoded".as_bytes(), "caf\u{e9} unencoded"),
            (b"", ""),
        ] {
            let Err(CallError::Status(status)) = read(b"14", message) else { panic!("a status of the server's own") };
            assert_eq!((status.code(), status.message()), (Code::Unavailable, expected));
        }
    }

    #[test]
    fn a_status_that_does_not_exist_is_named() {
        for status in [&b"17"[..], b"-1", b"abc", b"", b"99999999999", b"1.0"] {
            let error = read(status, b"too late").unwrap_err();
            assert_eq!(error.code(), Code::Unknown);
            assert!(
                error.to_string().contains("is not a gRPC status code (0 to 16); grpc-message: too late"),
                "{error:?}"
            );
            assert!(matches!(error, CallError::NotGrpc(_)));
        }
        assert!(read(b"0", b"").unwrap().is_some());
        assert!(of(&HeaderMap::new()).unwrap().is_none());
    }
}
