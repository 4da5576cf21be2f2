//! The messages of a response in HTTP/2 framing ("Length-Prefixed-Message" of gRPC over HTTP/2). Pure.

use bytes::{Buf as _, Bytes, BytesMut};
use tonic::Code;

use super::error::NotGrpc;
use crate::model::violation::ResponseFault;
use crate::text::quote_bytes;

/// Flag, and four bytes of length.
const PREFIX: usize = 5;
/// The default maximum message size of gRPC's clients.
pub(crate) const LONGEST: usize = 4 * 1024 * 1024;

/// `messages` in the form of a request: not compressed, each with its prefix.
pub(crate) fn prefixed<M: prost::Message>(messages: &[M]) -> Bytes {
    let length = messages.iter().map(|message| PREFIX + message.encoded_len()).sum();
    let mut bytes = Vec::with_capacity(length);
    for message in messages {
        bytes.push(0);
        // A message of 4 GiB cannot be sent; the server reports the prefix that does not fit.
        bytes.extend(u32::try_from(message.encoded_len()).unwrap_or(u32::MAX).to_be_bytes());
        message.encode_raw(&mut bytes);
    }
    bytes.into()
}

/// True when `data` can be the start of a message.
pub(crate) fn may_start(data: &[u8]) -> bool {
    match data {
        [0 | 1, a, b, c, d, ..] => u32::from_be_bytes([*a, *b, *c, *d]) as usize <= LONGEST,
        [0 | 1, ..] => true,
        _ => false,
    }
}

/// Finds the messages in the DATA of a response.
#[derive(Debug, Default)]
pub(crate) struct Framing {
    /// The prefix of the message that is being received, and how much of it arrived.
    prefix: [u8; PREFIX],
    have: usize,
    length: usize,
    rest: usize,
    /// `grpc-encoding`, if it is a compression.
    encoding: Option<String>,
    /// A longer message is rejected.
    most: usize,
    /// Received, and not read yet.
    unread: BytesMut,
}

impl Framing {
    /// For a response with this `grpc-encoding`, whose messages have at most `most` bytes.
    pub fn new(encoding: Option<&[u8]>, most: usize) -> Self {
        let encoding = encoding.filter(|encoding| *encoding != b"identity").map(|encoding| quote_bytes(encoding, 40));
        Framing { encoding, most, ..Framing::default() }
    }

    /// Processes the next bytes.
    ///
    /// # Errors
    ///
    /// Returns an error when the prefix of a message is not valid.
    pub fn take(&mut self, data: &[u8]) -> Result<(), NotGrpc> {
        self.follow(data)?;
        self.unread.extend_from_slice(data);
        Ok(())
    }

    /// The next message that was received completely.
    ///
    /// # Errors
    ///
    /// Returns an error when it is longer than accepted, or not a message of this type.
    pub fn next<M: prost::Message + Default>(&mut self) -> Result<Option<M>, NotGrpc> {
        let [_, a, b, c, d, ..] = self.unread[..] else { return Ok(None) };
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        if length > self.most {
            let what = format!(
                "Error, decoded message length too large: found {length} bytes, the limit is: {} bytes",
                self.most
            );
            return Err(NotGrpc { code: Code::OutOfRange, ..NotGrpc::internal(ResponseFault::Message, what) });
        }
        let Some(message) = self.unread.get(PREFIX..PREFIX + length) else {
            // Allocated at once: a long message arrives in many pieces.
            self.unread.reserve(PREFIX + length - self.unread.len());
            return Ok(None);
        };
        let message =
            M::decode(message).map_err(|error| NotGrpc::internal(ResponseFault::Message, error.to_string()))?;
        self.unread.advance(PREFIX + length);
        if self.unread.is_empty() {
            // No memory is kept while a stream waits for its next message.
            self.unread = BytesMut::new();
        }
        Ok(Some(message))
    }

    /// Follows the prefixes in `data`; returns an error when one is not valid.
    fn follow(&mut self, mut data: &[u8]) -> Result<(), NotGrpc> {
        while !data.is_empty() {
            if self.have < PREFIX {
                if self.have == 0
                    && let Some(invalid) = self.invalid_flag(data)
                {
                    return Err(invalid);
                }
                let (taken, left) = data.split_at(data.len().min(PREFIX - self.have));
                self.prefix[self.have..self.have + taken.len()].copy_from_slice(taken);
                self.have += taken.len();
                data = left;
                if self.have < PREFIX {
                    return Ok(());
                }
                let [_, a, b, c, d] = self.prefix;
                self.length = u32::from_be_bytes([a, b, c, d]) as usize;
                self.rest = self.length;
            }
            let (taken, left) = data.split_at(data.len().min(self.rest));
            self.rest -= taken.len();
            data = left;
            if self.rest == 0 {
                self.have = 0;
            }
        }
        // An empty message is complete with its prefix.
        if self.have == PREFIX && self.rest == 0 {
            self.have = 0;
        }
        Ok(())
    }

    fn invalid_flag(&self, data: &[u8]) -> Option<NotGrpc> {
        let (fault, text) = match (data.first()?, &self.encoding) {
            (0, _) => return None,
            (1, None) => {
                (ResponseFault::Compressed, "message with the compressed flag and without grpc-encoding".to_string())
            }
            (1, Some(encoding)) => (
                ResponseFault::Compressed,
                format!(
                    "message compressed with {encoding}, and the request has no grpc-accept-encoding, so the server must not compress"
                ),
            ),
            (0x80 | 0x81, _) => (ResponseFault::GrpcWeb, "gRPC-Web: its trailers are in the body".to_string()),
            _ => (
                ResponseFault::Message,
                format!(
                    "message that starts with \"{}\" instead of a compressed flag (0 or 1) and a length",
                    quote_bytes(&data[..data.len().min(100)], 24)
                ),
            ),
        };
        Some(NotGrpc::internal(fault, text))
    }

    /// What is missing at the end of the response.
    pub fn cut_off(&self) -> Option<String> {
        match self.have {
            0 => None,
            PREFIX => {
                let sent = self.length - self.rest;
                Some(format!(
                    "message truncated: its prefix announces {} bytes, but only {sent} were received",
                    self.length
                ))
            }
            have => Some(format!("message truncated: {have} of the {PREFIX} bytes of its prefix were sent")),
        }
    }
}

#[cfg(test)]
mod tests {
    use tonic_health::pb::HealthCheckResponse;

    use super::*;

    fn framing() -> Framing {
        Framing::new(None, LONGEST)
    }

    #[test]
    fn messages_are_followed_however_the_data_is_split() {
        let body = [&[0, 0, 0, 0, 2, 8, 1][..], &[0, 0, 0, 0, 0], &[0, 0, 0, 0, 2, 8, 2]].concat();
        for size in 1..body.len() {
            let (mut framing, mut read) = (framing(), Vec::new());
            for part in body.chunks(size) {
                framing.take(part).unwrap();
                while let Some(message) = framing.next::<HealthCheckResponse>().unwrap() {
                    read.push(message.status);
                }
            }
            assert_eq!(framing.cut_off(), None, "cut into pieces of {size}");
            assert_eq!((read, framing.unread.capacity()), (vec![1, 0, 2], 0), "cut into pieces of {size}");
            let mut framing = self::framing();
            framing.take(&body[..size]).unwrap();
            assert_eq!(framing.cut_off().is_some(), ![7, 12].contains(&size), "{size} bytes");
        }
    }

    #[test]
    fn faults_of_a_message_are_named() {
        let invalid =
            |encoding: Option<&[u8]>, body: &[u8]| Framing::new(encoding, LONGEST).take(body).unwrap_err().what.text;
        assert_eq!(invalid(None, &[1, 0, 0, 0, 2]), "message with the compressed flag and without grpc-encoding");
        assert_eq!(invalid(Some(b"identity"), &[1]), "message with the compressed flag and without grpc-encoding");
        assert!(invalid(Some(b"gzip"), &[1]).starts_with("message compressed with gzip, and the request has no"));
        assert!(invalid(None, b"<html>").starts_with("message that starts with \"<html>\" instead of"));
        assert!(invalid(None, &[0, 0, 0, 0, 0, 0x80, 0, 0, 0, 15]).starts_with("gRPC-Web"));
        let mut misstated = framing();
        misstated.take(&[0, 0, 0, 1, 0, 8, 1]).unwrap();
        assert_eq!(
            misstated.cut_off().unwrap(),
            "message truncated: its prefix announces 256 bytes, but only 2 were received"
        );
        let mut cut = framing();
        cut.take(&[0, 0, 0]).unwrap();
        assert_eq!(cut.cut_off().unwrap(), "message truncated: 3 of the 5 bytes of its prefix were sent");
    }

    #[test]
    fn text_is_no_message() {
        for text in [&b"{\"status\":1}"[..], b"<html>", b"", &[0, 0xff, 0, 0, 0]] {
            assert!(!may_start(text), "{text:?}");
        }
        assert!(may_start(&[0, 0, 0, 0, 2, 8, 1]));
    }
}
