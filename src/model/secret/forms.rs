//! The forms in which a secret may be repeated: base64, percent-encoded, escaped as in JSON, HTML or Rust, in other
//! case, truncated.

use super::SHORT;

/// The mark of a truncated text.
const CUT: &str = "…";
/// The minimum length of a secret's beginning that is recognised before a truncation mark.
const PREFIX: usize = 4;

/// Everything that is searched for in a text to find `secret`: the secret itself and its base64 forms.
pub(super) fn of(secret: &str) -> Vec<String> {
    let mut forms = vec![one_backslash(secret), base64(secret.as_bytes())];
    forms.extend((0..3).map(|before| within(secret.as_bytes(), before)).filter(|form| form.len() >= SHORT));
    forms
}

/// `secret` with each run of backslashes reduced to one: [`encoded`] reads a text in the same way.
fn one_backslash(secret: &str) -> String {
    let mut last = None;
    secret.chars().filter(|character| !(last.replace(*character) == Some('\\') && *character == '\\')).collect()
}

/// The part of the base64 of a text that does not depend on what surrounds `secret`, when `secret` follows `before`
/// bytes (modulo 3).
fn within(secret: &[u8], before: usize) -> String {
    let padded = [&[0; 3][..before], secret].concat();
    let mut form = base64(&padded);
    if !padded.len().is_multiple_of(3) {
        form.pop();
    }
    form.split_off((before * 8).div_ceil(6).min(form.len()))
}

/// Standard base64 without its padding, which carries no information.
pub(super) fn base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 4 / 3 + 3);
    for three in bytes.chunks(3) {
        let at = |index: usize| u32::from(three.get(index).copied().unwrap_or_default());
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        let sextets = [bits >> 18, bits >> 12 & 63, bits >> 6 & 63, bits & 63];
        text.extend(sextets.iter().take(three.len() + 1).map(|sextet| char::from(ALPHABET[*sextet as usize])));
    }
    text
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The bytes of which `text` is the base64; `None` when it is not valid base64.
pub(super) fn from_base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    for four in text.trim_end_matches('=').as_bytes().chunks(4) {
        let mut bits = 0;
        for index in 0..4 {
            let sextet = four.get(index).map_or(Some(0), |letter| ALPHABET.iter().position(|known| known == letter))?;
            bits = bits << 6 | u32::try_from(sextet).ok()?;
        }
        bytes.extend(bits.to_be_bytes().into_iter().skip(1).take(four.len() - 1));
    }
    Some(bytes)
}

/// The bytes with which one of `forms` may start in a text. Most positions of a text are skipped with this table
/// alone.
pub(super) fn prefixes(forms: &[String]) -> [bool; 256] {
    let mut starts = [false; 256];
    for first in forms.iter().filter_map(|form| form.bytes().next()) {
        let other = match first {
            b'+' => b'-',
            b'/' => b'_',
            b' ' => b'+',
            same => same,
        };
        for byte in [first.to_ascii_lowercase(), first.to_ascii_uppercase(), other, b'%', b'&', b'\\'] {
            starts[usize::from(byte)] = true;
        }
    }
    starts
}

/// The end of `secret`, in any encoding, when it starts at byte `at` of `text`.
pub(super) fn end_of(secret: &[u8], text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut end = at;
    for (index, byte) in secret.iter().enumerate() {
        match encoded(*byte, &bytes[end..]) {
            Some(length) => end += length,
            None if index >= PREFIX && is_cut(&text[end..]) => return Some(end),
            None => return None,
        }
    }
    let is_word = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let stands_alone = !is_word(at.checked_sub(1).and_then(|before| bytes.get(before))) && !is_word(bytes.get(end));
    ((secret.len() >= SHORT || stands_alone) && text.is_char_boundary(end)).then_some(end)
}

/// True when `text` is the remainder of a truncation: its mark, with a part of an escape before it.
fn is_cut(text: &str) -> bool {
    let escape = text.trim_start_matches('\\');
    let escape = escape.trim_start_matches(['%', '&', '#', 'u', 'x', '{']);
    let digits = escape.bytes().take_while(u8::is_ascii_alphanumeric).count();
    let is_escape = escape.len() < text.len() && digits <= PREFIX;
    text.starts_with(CUT) || is_escape && escape[digits..].starts_with(CUT)
}

/// The length of what represents `byte` at the beginning of `text`: the byte itself in either case, `%2F`, `+`,
/// `&quot;`, or an escape after any number of backslashes (`\"`, `\u002f`, `\u{2f}`, `\x2f`). `-` and `_` may
/// represent `+` and `/`, as in URLs.
fn encoded(byte: u8, text: &[u8]) -> Option<usize> {
    let slashes = text.iter().take_while(|found| **found == b'\\').count();
    if slashes > 0 {
        return Some(slashes + escaped(byte, &text[slashes..])?);
    }
    match text.first()? {
        found if found.eq_ignore_ascii_case(&byte) => match entity(text) {
            Some((b'&', length)) if byte == b'&' => Some(length),
            _ => Some(1),
        },
        b'%' if is_hex(text.get(1..3), byte) => Some(3),
        b'+' if byte == b' ' => Some(1),
        b'-' if byte == b'+' => Some(1),
        b'_' if byte == b'/' => Some(1),
        b'&' => entity(text).filter(|(found, _)| *found == byte).map(|(_, length)| length),
        _ => None,
    }
}

/// The number of bytes after the backslashes that represent `byte`.
fn escaped(byte: u8, escape: &[u8]) -> Option<usize> {
    match escape.first().unwrap_or(&0) {
        b'u' if is_hex(escape.get(1..5), byte) => Some(5),
        b'u' if escape.get(1) == Some(&b'{') => {
            let close = escape.iter().take(9).position(|found| *found == b'}')?;
            match is_hex(escape.get(2..close), byte) {
                true => Some(close + 1),
                false => (byte == b'\\').then_some(0),
            }
        }
        b'x' if is_hex(escape.get(1..3), byte) => Some(3),
        b't' if byte == b'\t' => Some(1),
        _ if byte == b'\\' => Some(0),
        found => found.eq_ignore_ascii_case(&byte).then_some(1),
    }
}

/// The character that an HTML entity at the beginning of `text` represents, and the length of the entity.
fn entity(text: &[u8]) -> Option<(u8, usize)> {
    let end = text.iter().take(8).position(|found| *found == b';')?;
    let name = str::from_utf8(text.get(1..end)?).ok()?;
    let found = match name.strip_prefix('#') {
        Some(number) => match number.strip_prefix(['x', 'X']) {
            Some(digits) => u8::from_str_radix(digits, 16).ok()?,
            None => number.parse().ok()?,
        },
        None => match name {
            "amp" => b'&',
            "lt" => b'<',
            "gt" => b'>',
            "quot" => b'"',
            "apos" => b'\'',
            _ => return None,
        },
    };
    Some((found, end + 1))
}

fn is_hex(digits: Option<&[u8]>, byte: u8) -> bool {
    let number = digits.and_then(|digits| u32::from_str_radix(str::from_utf8(digits).ok()?, 16).ok());
    number == Some(u32::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_starts_with_every_byte_that_stands_for_its_first() {
        for first in 1..=127 {
            let form = String::from(char::from(first));
            let starts = prefixes(std::slice::from_ref(&form));
            for text in (0..=255_u8).map(|byte| [byte, b'2', b'F', b';']) {
                assert!(encoded(first, &text).is_none() || starts[usize::from(text[0])], "{form:?} as {text:?}");
            }
        }
    }

    #[test]
    fn base64_is_read_as_it_is_written() {
        for text in ["", "a", "ab", "abc", "ann:hunter2", "\u{0}\u{ff}\u{7f}~~~"] {
            assert_eq!(from_base64(&base64(text.as_bytes())).as_deref(), Some(text.as_bytes()), "{text:?}");
        }
        assert_eq!(from_base64("YW5uOmh1bnRlcjI=").as_deref(), Some(&b"ann:hunter2"[..]));
        for none in ["a b", "%", "ü"] {
            assert_eq!(from_base64(none), None, "{none}");
        }
    }
}
