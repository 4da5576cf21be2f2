//! The messages of a gRPC response ("Length-Prefixed-Message" of gRPC over HTTP/2): their framing only. Pure.

use crate::text::quote_bytes;

/// Flag, and four bytes of length.
const PREFIX: usize = 5;
/// No client accepts a message that is longer without being told to.
const LONGEST: usize = 4 * 1024 * 1024;

/// Follows the messages in a response's DATA.
#[derive(Debug, Default)]
pub(super) struct Messages {
    prefix: [u8; PREFIX],
    have: usize,
    length: usize,
    rest: usize,
    /// `grpc-encoding`, when it is a compression.
    encoding: Option<String>,
}

impl Messages {
    /// For a response with this `grpc-encoding`.
    pub fn new(encoding: Option<&[u8]>) -> Self {
        let encoding = encoding.filter(|encoding| *encoding != b"identity").map(|encoding| quote_bytes(encoding, 40));
        Messages { encoding, ..Messages::default() }
    }

    /// True when `data` can be the beginning of a message.
    pub fn may_begin(data: &[u8]) -> bool {
        match data {
            [0 | 1, a, b, c, d, ..] => u32::from_be_bytes([*a, *b, *c, *d]) as usize <= LONGEST,
            [0 | 1, ..] => true,
            _ => false,
        }
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    ///
    /// What is wrong with the prefix of a message.
    pub fn take(&mut self, mut data: &[u8]) -> Result<(), String> {
        while !data.is_empty() {
            if self.have < PREFIX {
                if self.have == 0
                    && let Some(wrong) = self.wrong_flag(data)
                {
                    return Err(wrong);
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
        // A message without a single byte is complete with its prefix.
        if self.have == PREFIX && self.rest == 0 {
            self.have = 0;
        }
        Ok(())
    }

    fn wrong_flag(&self, data: &[u8]) -> Option<String> {
        match (data.first()?, &self.encoding) {
            (0, _) => None,
            (1, None) => Some("message with the compressed flag and without grpc-encoding".to_string()),
            (1, Some(encoding)) => Some(format!(
                "message compressed with {encoding}, and the request has no grpc-accept-encoding: servers must not compress then"
            )),
            (0x80 | 0x81, _) => Some("gRPC-Web: its trailers are in the body".to_string()),
            _ => Some(format!(
                "message that begins with \"{}\" instead of a compressed flag (0 or 1) and a length",
                quote_bytes(&data[..data.len().min(100)], 24)
            )),
        }
    }

    /// What is missing at the end of the response.
    pub fn cut_off(&self) -> Option<String> {
        match self.have {
            0 => None,
            PREFIX => {
                let sent = self.length - self.rest;
                Some(format!("message cut off: its prefix gives {} bytes, {sent} were sent", self.length))
            }
            have => Some(format!("message cut off: {have} of the {PREFIX} bytes of its prefix were sent")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_followed_however_the_data_is_cut() {
        let body = [&[0, 0, 0, 0, 2, 8, 1][..], &[0, 0, 0, 0, 0], &[0, 0, 0, 0, 1, 7]].concat();
        for size in 1..body.len() {
            let mut messages = Messages::default();
            for part in body.chunks(size) {
                messages.take(part).unwrap();
            }
            assert_eq!(messages.cut_off(), None, "cut into pieces of {size}");
            let mut messages = Messages::default();
            messages.take(&body[..size]).unwrap();
            assert_eq!(messages.cut_off().is_some(), ![7, 12].contains(&size), "{size} bytes");
        }
    }

    #[test]
    fn what_is_wrong_with_a_message_is_named() {
        let wrong = |encoding: Option<&[u8]>, body: &[u8]| Messages::new(encoding).take(body).unwrap_err();
        assert_eq!(wrong(None, &[1, 0, 0, 0, 2]), "message with the compressed flag and without grpc-encoding");
        assert_eq!(wrong(Some(b"identity"), &[1]), "message with the compressed flag and without grpc-encoding");
        assert!(wrong(Some(b"gzip"), &[1]).starts_with("message compressed with gzip, and the request has no"));
        assert!(wrong(None, b"<html>").starts_with("message that begins with \"<html>\" instead of"));
        assert!(wrong(None, &[0, 0, 0, 0, 0, 0x80, 0, 0, 0, 15]).starts_with("gRPC-Web"));
        let mut lies = Messages::default();
        lies.take(&[0, 0, 0, 1, 0, 8, 1]).unwrap();
        assert_eq!(lies.cut_off().unwrap(), "message cut off: its prefix gives 256 bytes, 2 were sent");
        let mut cut = Messages::default();
        cut.take(&[0, 0, 0]).unwrap();
        assert_eq!(cut.cut_off().unwrap(), "message cut off: 3 of the 5 bytes of its prefix were sent");
    }

    #[test]
    fn text_is_no_message() {
        for text in [&b"{\"status\":1}"[..], b"<html>", b"", &[0, 0xff, 0, 0, 0]] {
            assert!(!Messages::may_begin(text), "{text:?}");
        }
        assert!(Messages::may_begin(&[0, 0, 0, 0, 2, 8, 1]));
    }
}
