//! The Huffman code of HPACK (RFC 7541, 5.2).

/// Why bytes are not valid Huffman code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(in crate::transport) enum HuffmanError {
    #[error("it contains the end-of-string symbol")]
    EndOfString,
    #[error("unknown code")]
    NoSuchCode,
    #[error("the padding is not all ones")]
    Padding,
    #[error("the padding is a byte or longer")]
    LongPadding,
}

/// Decodes Huffman coding. The code is canonical: its codes are numbered by length, then by symbol.
pub(super) fn unpack(text: &[u8]) -> Result<Vec<u8>, HuffmanError> {
    let mut unpacked = Vec::with_capacity(text.len() * 2);
    // The bits of the current code, their number, and of the codes of this length: the first one and its position in
    // the order.
    let (mut code, mut length, mut first, mut place) = (0_usize, 0_usize, 0_usize, 0_usize);
    for bit in text.iter().flat_map(|byte| (0..8).rev().map(move |at| usize::from(byte >> at) & 1)) {
        code |= bit;
        length += 1;
        let count = usize::from(CODES.0.get(length).copied().unwrap_or_default());
        match code.checked_sub(first).filter(|nth| *nth < count).and_then(|nth| CODES.1.get(place + nth)) {
            Some(symbol) => {
                unpacked.push(u8::try_from(*symbol).map_err(|_| HuffmanError::EndOfString)?);
                (code, length, first, place) = (0, 0, 0, 0);
            }
            None if length >= LONGEST => return Err(HuffmanError::NoSuchCode),
            None => {
                place += count;
                first = (first + count) << 1;
                code <<= 1;
            }
        }
    }
    match (length, code == (2 << length) - 2) {
        (0, _) | (1..=7, true) => Ok(unpacked),
        (1..=7, false) => Err(HuffmanError::Padding),
        _ => Err(HuffmanError::LongPadding),
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

/// The code length of each symbol (RFC 7541, appendix B).
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
