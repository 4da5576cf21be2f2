//! A second HPACK decoder (RFC 7541) with one purpose: to name the fault of a header block that the HTTP/2 library
//! refused. Pure.

mod huffman;

use std::collections::VecDeque;

use huffman::{HuffmanError, unpack};

/// A name and its value, as sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    pub name: Vec<u8>,
    pub value: Vec<u8>,
}

/// The fault of a header block, with the section of RFC 7541.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum HpackError {
    #[error("HPACK dynamic table size update after the first field (RFC 7541, 4.2)")]
    LateSizeUpdate,
    #[error("HPACK dynamic table size update to {size}, maximum is {TABLE_SIZE} (RFC 7541, 6.3)")]
    SizeUpdate { size: usize },
    #[error("HPACK index {index}, but the tables have {entries} entries (RFC 7541, 2.3.3)")]
    Index { index: usize, entries: usize },
    #[error("HPACK integer is truncated at the end of the block (RFC 7541, 5.1)")]
    IntegerCutOff,
    #[error("HPACK integer is longer than 32 bits (RFC 7541, 5.1)")]
    IntegerTooLong,
    #[error("HPACK string of {length} bytes, but only {left} of them are left in the block (RFC 7541, 5.2)")]
    StringCutOff { length: usize, left: usize },
    #[error("HPACK string is not valid Huffman code: {0} (RFC 7541, 5.2)")]
    Huffman(#[from] HuffmanError),
}

/// Decoder of the header blocks of one connection, in order.
#[derive(Debug)]
pub(super) struct Decoder {
    /// The newest entry first.
    dynamic: VecDeque<Field>,
    size: usize,
    limit: usize,
}

/// Our `SETTINGS_HEADER_TABLE_SIZE`: the default.
const TABLE_SIZE: usize = 4_096;
/// The size of an entry in addition to its bytes (RFC 7541, 4.1).
const ENTRY_COST: usize = 32;

impl Default for Decoder {
    fn default() -> Self {
        Decoder { dynamic: VecDeque::new(), size: 0, limit: TABLE_SIZE }
    }
}

impl Decoder {
    /// The fields of a block.
    ///
    /// # Errors
    ///
    /// The fault of the block. The fields before it are in `fields`.
    pub fn decode(&mut self, mut block: &[u8], fields: &mut Vec<Field>) -> Result<(), HpackError> {
        let mut resizable = true;
        while let Some(first) = block.first().copied() {
            if first & 0xe0 == 0x20 {
                let size = integer(&mut block, 5)?;
                if !resizable {
                    return Err(HpackError::LateSizeUpdate);
                }
                if size > TABLE_SIZE {
                    return Err(HpackError::SizeUpdate { size });
                }
                self.limit = size;
                self.evict(0);
                continue;
            }
            resizable = false;
            let field = if first & 0x80 != 0 {
                self.entry(integer(&mut block, 7)?)?
            } else {
                let indexed = first & 0xc0 == 0x40;
                let name = match integer(&mut block, if indexed { 6 } else { 4 })? {
                    0 => string(&mut block)?,
                    index => self.entry(index)?.name,
                };
                let field = Field { name, value: string(&mut block)? };
                if indexed {
                    self.insert(field.clone());
                }
                field
            };
            fields.push(field);
        }
        Ok(())
    }

    fn entry(&self, index: usize) -> Result<Field, HpackError> {
        let known = index.checked_sub(1).and_then(|at| match STATIC.get(at) {
            Some((name, value)) => Some(Field { name: name.as_bytes().to_vec(), value: value.as_bytes().to_vec() }),
            None => self.dynamic.get(at - STATIC.len()).cloned(),
        });
        known.ok_or(HpackError::Index { index, entries: STATIC.len() + self.dynamic.len() })
    }

    fn insert(&mut self, field: Field) {
        let cost = cost(&field);
        self.evict(cost);
        if cost <= self.limit {
            self.size += cost;
            self.dynamic.push_front(field);
        }
    }

    /// Removes entries until `cost` fits.
    fn evict(&mut self, cost: usize) {
        while self.size + cost > self.limit
            && let Some(oldest) = self.dynamic.pop_back()
        {
            self.size -= self::cost(&oldest);
        }
    }
}

fn cost(field: &Field) -> usize {
    field.name.len() + field.value.len() + ENTRY_COST
}

/// An integer with a prefix of `bits` (RFC 7541, 5.1).
fn integer(block: &mut &[u8], bits: u32) -> Result<usize, HpackError> {
    let (first, mut rest) = block.split_first().ok_or(HpackError::IntegerCutOff)?;
    let mask = (1_usize << bits) - 1;
    let mut value = usize::from(*first) & mask;
    if value == mask {
        for shift in [0, 7, 14, 21, 28] {
            let (next, left) = rest.split_first().ok_or(HpackError::IntegerCutOff)?;
            rest = left;
            value = value.saturating_add((usize::from(*next) & 0x7f) << shift);
            if next & 0x80 == 0 {
                *block = rest;
                return Ok(value);
            }
        }
        return Err(HpackError::IntegerTooLong);
    }
    *block = rest;
    Ok(value)
}

/// A string literal (RFC 7541, 5.2).
fn string(block: &mut &[u8]) -> Result<Vec<u8>, HpackError> {
    let huffman = block.first().is_some_and(|first| first & 0x80 != 0);
    let length = integer(block, 7)?;
    let Some((text, rest)) = block.split_at_checked(length) else {
        return Err(HpackError::StringCutOff { length, left: block.len() });
    };
    *block = rest;
    if huffman { Ok(unpack(text)?) } else { Ok(text.to_vec()) }
}

/// The static table (RFC 7541, appendix A).
const STATIC: [(&str, &str); 61] = [
    (":authority", ""),
    (":method", "GET"),
    (":method", "POST"),
    (":path", "/"),
    (":path", "/index.html"),
    (":scheme", "http"),
    (":scheme", "https"),
    (":status", "200"),
    (":status", "204"),
    (":status", "206"),
    (":status", "304"),
    (":status", "400"),
    (":status", "404"),
    (":status", "500"),
    ("accept-charset", ""),
    ("accept-encoding", "gzip, deflate"),
    ("accept-language", ""),
    ("accept-ranges", ""),
    ("accept", ""),
    ("access-control-allow-origin", ""),
    ("age", ""),
    ("allow", ""),
    ("authorization", ""),
    ("cache-control", ""),
    ("content-disposition", ""),
    ("content-encoding", ""),
    ("content-language", ""),
    ("content-length", ""),
    ("content-location", ""),
    ("content-range", ""),
    ("content-type", ""),
    ("cookie", ""),
    ("date", ""),
    ("etag", ""),
    ("expect", ""),
    ("expires", ""),
    ("from", ""),
    ("host", ""),
    ("if-match", ""),
    ("if-modified-since", ""),
    ("if-none-match", ""),
    ("if-range", ""),
    ("if-unmodified-since", ""),
    ("last-modified", ""),
    ("link", ""),
    ("location", ""),
    ("max-forwards", ""),
    ("proxy-authenticate", ""),
    ("proxy-authorization", ""),
    ("range", ""),
    ("referer", ""),
    ("refresh", ""),
    ("retry-after", ""),
    ("server", ""),
    ("set-cookie", ""),
    ("strict-transport-security", ""),
    ("transfer-encoding", ""),
    ("user-agent", ""),
    ("vary", ""),
    ("via", ""),
    ("www-authenticate", ""),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(decoder: &mut Decoder, block: &[u8]) -> Vec<(String, String)> {
        let mut fields = Vec::new();
        decoder.decode(block, &mut fields).unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        fields.into_iter().map(|field| (text(field.name), text(field.value))).collect()
    }

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
        digits.chunks(2).map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
    }

    /// RFC 7541, C.6: responses with Huffman coding and a table of 256 bytes.
    #[test]
    fn the_examples_of_the_rfc_are_decoded() {
        let mut decoder = Decoder { limit: 256, ..Decoder::default() };
        let first = hex("4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e
            919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3");
        let second = hex("4883 640e ffc1 c0bf");
        let third =
            hex("88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d
            d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07");
        let date = "Mon, 21 Oct 2013 20:13:21 GMT";
        let location = "https://www.example.com";
        let pair = |name: &str, value: &str| (name.to_string(), value.to_string());
        assert_eq!(
            decoded(&mut decoder, &first),
            [pair(":status", "302"), pair("cache-control", "private"), pair("date", date), pair("location", location)]
        );
        assert_eq!(decoded(&mut decoder, &second)[0], pair(":status", "307"));
        let last = decoded(&mut decoder, &third);
        assert_eq!(last[0], pair(":status", "200"));
        assert_eq!(last[4], pair("content-encoding", "gzip"));
        assert_eq!(last[5], pair("set-cookie", "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"));
        assert_eq!((decoder.dynamic.len(), decoder.size), (3, 215));
    }

    #[test]
    fn faults_are_named() {
        let invalid = |block: &str| Decoder::default().decode(&hex(block), &mut Vec::new()).unwrap_err();
        for (block, expected) in [
            ("80", "HPACK index 0, but the tables have 61 entries"),
            ("ff 80 01", "HPACK index 255, but the tables have 61 entries"),
            ("88 20", "HPACK dynamic table size update after the first field"),
            ("3f e2 1f", "HPACK dynamic table size update to 4097, maximum is 4096"),
            ("00 05 61", "HPACK string of 5 bytes, but only 1 of them are left in the block"),
            ("ff ff ff ff ff ff 0f", "HPACK integer is longer than 32 bits"),
            ("ff", "HPACK integer is truncated"),
            ("00 81 00", "HPACK string is not valid Huffman code: the padding is not all ones"),
            ("00 84 ff ff ff ff", "HPACK string is not valid Huffman code: it contains the end-of-string symbol"),
            ("00 82 1f ff", "HPACK string is not valid Huffman code: the padding is a byte or longer"),
        ] {
            let text = invalid(block).to_string();
            assert!(text.starts_with(expected), "{block}: {text}");
        }
    }

    #[test]
    fn hostile_blocks_never_panic() {
        let mut random = fastrand::Rng::with_seed(11);
        for _ in 0..3_000 {
            let mut decoder = Decoder::default();
            for _ in 0..3 {
                let block: Vec<u8> = (0..random.usize(0..60)).map(|_| random.u8(..)).collect();
                let _ = decoder.decode(&block, &mut Vec::new());
                assert!(decoder.size <= TABLE_SIZE);
            }
        }
    }
}
