//! HPACK (RFC 7541), decoded a second time for one purpose: to name what is wrong with a header block that the HTTP/2
//! library refused. Pure.

use std::collections::VecDeque;

/// A name and its value, as sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    pub name: Vec<u8>,
    pub value: Vec<u8>,
}

/// Decoder of the header blocks of one connection, in order.
#[derive(Debug)]
pub(super) struct Decoder {
    /// The newest entry first.
    dynamic: VecDeque<Field>,
    size: usize,
    limit: usize,
}

/// `SETTINGS_HEADER_TABLE_SIZE` as we leave it: the default.
const TABLE_SIZE: usize = 4_096;
/// What an entry costs beside its bytes (RFC 7541, 4.1).
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
    /// What is wrong with it, with the section of RFC 7541. The fields before it are in `fields`.
    pub fn decode(&mut self, mut block: &[u8], fields: &mut Vec<Field>) -> Result<(), String> {
        let mut resizable = true;
        while let Some(first) = block.first().copied() {
            if first & 0xe0 == 0x20 {
                let size = integer(&mut block, 5)?;
                if !resizable {
                    return Err("HPACK dynamic table size update after the first field (RFC 7541, 4.2)".to_string());
                }
                if size > TABLE_SIZE {
                    return Err(format!(
                        "HPACK dynamic table size update to {size}, at most {TABLE_SIZE} is allowed (RFC 7541, 6.3)"
                    ));
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

    fn entry(&self, index: usize) -> Result<Field, String> {
        let known = index.checked_sub(1).and_then(|at| match STATIC.get(at) {
            Some((name, value)) => Some(Field { name: name.as_bytes().to_vec(), value: value.as_bytes().to_vec() }),
            None => self.dynamic.get(at - STATIC.len()).cloned(),
        });
        known.ok_or_else(|| {
            let entries = STATIC.len() + self.dynamic.len();
            format!("HPACK index {index}, the tables have {entries} entries (RFC 7541, 2.3.3)")
        })
    }

    fn insert(&mut self, field: Field) {
        let cost = cost(&field);
        self.evict(cost);
        if cost <= self.limit {
            self.size += cost;
            self.dynamic.push_front(field);
        }
    }

    /// Makes room for `cost`.
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
fn integer(block: &mut &[u8], bits: u32) -> Result<usize, String> {
    let cut = || "HPACK integer is cut off at the end of the block (RFC 7541, 5.1)".to_string();
    let (first, mut rest) = block.split_first().ok_or_else(cut)?;
    let mask = (1_usize << bits) - 1;
    let mut value = usize::from(*first) & mask;
    if value == mask {
        for shift in [0, 7, 14, 21, 28] {
            let (next, left) = rest.split_first().ok_or_else(cut)?;
            rest = left;
            value = value.saturating_add((usize::from(*next) & 0x7f) << shift);
            if next & 0x80 == 0 {
                *block = rest;
                return Ok(value);
            }
        }
        return Err("HPACK integer is longer than 32 bits (RFC 7541, 5.1)".to_string());
    }
    *block = rest;
    Ok(value)
}

/// A string literal (RFC 7541, 5.2).
fn string(block: &mut &[u8]) -> Result<Vec<u8>, String> {
    let huffman = block.first().is_some_and(|first| first & 0x80 != 0);
    let length = integer(block, 7)?;
    let Some((text, rest)) = block.split_at_checked(length) else {
        let left = block.len();
        return Err(format!("HPACK string of {length} bytes, the block has {left} left (RFC 7541, 5.2)"));
    };
    *block = rest;
    if huffman { unpack(text) } else { Ok(text.to_vec()) }
}

/// Undoes Huffman coding. The code is canonical: its words are numbered by length, then by symbol.
fn unpack(text: &[u8]) -> Result<Vec<u8>, String> {
    let wrong = |what: &str| format!("HPACK string is not valid Huffman code: {what} (RFC 7541, 5.2)");
    let mut unpacked = Vec::with_capacity(text.len() * 2);
    // The bits of the current code, how many they are, and of the codes of this length: the first one and its place in
    // the order.
    let (mut code, mut length, mut first, mut place) = (0_usize, 0_usize, 0_usize, 0_usize);
    for bit in text.iter().flat_map(|byte| (0..8).rev().map(move |at| usize::from(byte >> at) & 1)) {
        code |= bit;
        length += 1;
        let count = usize::from(CODES.0.get(length).copied().unwrap_or_default());
        match code.checked_sub(first).filter(|nth| *nth < count).and_then(|nth| CODES.1.get(place + nth)) {
            Some(symbol) => {
                unpacked.push(u8::try_from(*symbol).map_err(|_| wrong("it contains the end-of-string symbol"))?);
                (code, length, first, place) = (0, 0, 0, 0);
            }
            None if length >= LONGEST => return Err(wrong("no such code")),
            None => {
                place += count;
                first = (first + count) << 1;
                code <<= 1;
            }
        }
    }
    match (length, code == (2 << length) - 2) {
        (0, _) | (1..=7, true) => Ok(unpacked),
        (1..=7, false) => Err(wrong("its padding is not all ones")),
        _ => Err(wrong("it is padded by a byte or more")),
    }
}

/// Bits of the longest code.
const LONGEST: usize = 30;

/// How many codes there are of each length, and all symbols in the order of their codes.
const CODES: ([u16; LONGEST + 1], [u16; 257]) = {
    let (mut counts, mut order) = ([0; LONGEST + 1], [0; 257]);
    let (mut length, mut place) = (0, 0);
    while length <= LONGEST {
        let mut symbol = 0;
        while symbol < LENGTHS.len() {
            if LENGTHS[symbol] as usize == length {
                counts[length] += 1;
                order[place] = symbol as u16;
                place += 1;
            }
            symbol += 1;
        }
        length += 1;
    }
    (counts, order)
};

/// How long the code of each symbol is (RFC 7541, appendix B).
#[rustfmt::skip]
const LENGTHS: [u8; 257] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
    6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
    13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
    15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
    20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
    20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
    30,
];

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
    fn what_is_wrong_is_named() {
        let wrong = |block: &str| Decoder::default().decode(&hex(block), &mut Vec::new()).unwrap_err();
        for (block, expected) in [
            ("80", "HPACK index 0, the tables have 61 entries"),
            ("ff 80 01", "HPACK index 255, the tables have 61 entries"),
            ("88 20", "HPACK dynamic table size update after the first field"),
            ("3f e2 1f", "HPACK dynamic table size update to 4097, at most 4096"),
            ("00 05 61", "HPACK string of 5 bytes, the block has 1 left"),
            ("ff ff ff ff ff ff 0f", "HPACK integer is longer than 32 bits"),
            ("ff", "HPACK integer is cut off"),
            ("00 81 00", "HPACK string is not valid Huffman code: its padding is not all ones"),
            ("00 84 ff ff ff ff", "HPACK string is not valid Huffman code: it contains the end-of-string symbol"),
            ("00 82 1f ff", "HPACK string is not valid Huffman code: it is padded by a byte or more"),
        ] {
            let said = wrong(block);
            assert!(said.starts_with(expected), "{block}: {said}");
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
