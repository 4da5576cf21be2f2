//! Makes text from peers (registries, servers) safe to print.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Escapes everything that a terminal could interpret or that breaks a line: control characters (C0, DEL, C1),
/// bidirectional overrides and other format characters become `\n`, `\t`, `\u{1b}` … Printable text is returned
/// unchanged.
pub fn escape(text: &str) -> Cow<'_, str> {
    // Nearly all text is printable ASCII; without an early exit the loop checks many bytes at once.
    let plain = text.bytes().fold(true, |plain, byte| plain & matches!(byte, b' '..=b'~'));
    if plain || !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '\n' => safe.push_str("\\n"),
            '\r' => safe.push_str("\\r"),
            '\t' => safe.push_str("\\t"),
            unsafe_one if is_unsafe(unsafe_one) => {
                let _ = write!(safe, "\\u{{{:x}}}", unsafe_one as u32);
            }
            plain => safe.push(plain),
        }
    }
    Cow::Owned(safe)
}

/// `word` quoted so that a shell reads it as one argument, whatever it contains.
pub fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._:/@%+=,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_string();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// [`escape`]s the bytes as UTF-8 (others as `\xNN`) and truncates after `limit` characters with `…`.
pub fn quote_bytes(bytes: &[u8], limit: usize) -> String {
    let mut quoted = String::new();
    for chunk in bytes.utf8_chunks() {
        quoted.push_str(&escape(chunk.valid()));
        for byte in chunk.invalid() {
            let _ = write!(quoted, "\\x{byte:02x}");
        }
    }
    shorten(&quoted, limit).into_owned()
}

/// The first `limit` characters of `text`, with `…` if it was truncated.
pub fn shorten(text: &str, limit: usize) -> Cow<'_, str> {
    match text.char_indices().nth(limit) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
    }
}

fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_what_a_terminal_would_obey() {
        assert_eq!(escape("plain ünïcode"), "plain ünïcode");
        assert_eq!(escape("\u{1b}[31mred\u{7}\n\u{9b}2J"), "\\u{1b}[31mred\\u{7}\\n\\u{9b}2J");
        assert_eq!(escape("pay\u{202e}exe"), "pay\\u{202e}exe");
    }

    #[test]
    fn quotes_bytes_that_are_no_text() {
        assert_eq!(quote_bytes(b"SSH-2.0\r\n\xff", 40), "SSH-2.0\\r\\n\\xff");
        assert_eq!(quote_bytes(b"abcdef", 3), "abc…");
    }
}
