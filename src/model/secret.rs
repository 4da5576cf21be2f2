//! [`Secret`]: a value that is used but never shown, and [`Secrets`]: all those of a session, taken out of foreign text.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, RwLock};

/// A token, password or key. `Debug` and `Display` print `***`; the value is had only through [`Secret::reveal`].
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps `value`. Surrounding white space is removed: a token file usually ends in a newline.
    pub fn new(value: impl Into<String>) -> Self {
        Secret(value.into().trim().to_string())
    }

    /// The value itself, for the one place that sends it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// True when there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// A secret shorter than this is masked only where it stands alone: it may be part of an ordinary word.
const SHORT: usize = 6;
/// The mark of a text that was cut.
const CUT: &str = "…";

/// The secrets of a session. Clones share them, so that what one backend learns late (a token file, what a plugin printed) is
/// masked in everything that is printed from then on.
#[derive(Clone, Default)]
pub struct Secrets(Arc<RwLock<Vec<String>>>);

impl Secrets {
    /// From now on `secret` is masked, and its base64 form. Of a secret of several lines (a key) every line counts.
    pub fn learn(&self, secret: &str) {
        let lines = secret.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("-----"));
        let Ok(mut known) = self.0.write() else { return };
        for line in lines {
            for form in [one_backslash(line), base64(line.as_bytes())] {
                if !known.contains(&form) {
                    known.push(form);
                }
            }
        }
        // What contains another secret goes first.
        known.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    }

    /// [`learn`](Self::learn)s `password`, and the pair as HTTP basic authentication sends it.
    pub fn learn_login(&self, user: &str, password: &str) {
        self.learn(password);
        self.learn(&base64(format!("{user}:{password}").as_bytes()));
    }

    /// `text` with `***` in the place of every secret, be it percent-encoded or escaped as JSON or Rust do it, and of the
    /// beginning of one where the text was cut.
    pub fn mask<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let Ok(known) = self.0.read() else { return Cow::Borrowed("***") };
        let (mut masked, mut shown, mut at) = (String::new(), 0, 0);
        while at < text.len() {
            match known.iter().find_map(|secret| end_of(secret.as_bytes(), text, at)) {
                Some(end) => {
                    masked.push_str(&text[shown..at]);
                    masked.push_str("***");
                    (shown, at) = (end, end);
                }
                None => at += text[at..].chars().next().map_or(1, char::len_utf8),
            }
        }
        if shown == 0 && masked.is_empty() {
            return Cow::Borrowed(text);
        }
        masked.push_str(&text[shown..]);
        Cow::Owned(masked)
    }

    /// [`mask`](Self::mask)s `text` in its place.
    pub fn mask_in(&self, text: &mut String) {
        if let Cow::Owned(masked) = self.mask(text) {
            *text = masked;
        }
    }

    /// True when there is nothing to mask.
    pub fn is_empty(&self) -> bool {
        self.0.read().is_ok_and(|known| known.is_empty())
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// `secret` with one backslash for each run of them: that is how [`encoded`] reads a text.
fn one_backslash(secret: &str) -> String {
    let mut last = None;
    secret.chars().filter(|character| !(last.replace(*character) == Some('\\') && *character == '\\')).collect()
}

/// Where `secret` ends that begins at byte `at` of `text`, in whatever encoding.
fn end_of(secret: &[u8], text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut end = at;
    for (index, byte) in secret.iter().enumerate() {
        match encoded(*byte, &bytes[end..]) {
            Some(length) => end += length,
            None if index >= 4 && bytes[end..].starts_with(CUT.as_bytes()) => return Some(end),
            None => return None,
        }
    }
    let is_word = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let stands_alone = !is_word(at.checked_sub(1).and_then(|before| bytes.get(before))) && !is_word(bytes.get(end));
    ((secret.len() >= SHORT || stands_alone) && text.is_char_boundary(end)).then_some(end)
}

/// How many bytes stand for `byte` at the beginning of `text`: itself, `%2F`, `+`, or an escape behind any number of
/// backslashes (`\"`, `\u002f`, `\u{2f}`, `\x2f`).
fn encoded(byte: u8, text: &[u8]) -> Option<usize> {
    let hex = |digits: &[u8]| u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok();
    let is_hex = |digits: Option<&[u8]>| digits.and_then(hex) == Some(u32::from(byte));
    let slashes = text.iter().take_while(|found| **found == b'\\').count();
    if slashes > 0 {
        let escape = &text[slashes..];
        let length = match escape.first().unwrap_or(&0) {
            b'u' if is_hex(escape.get(1..5)) => 5,
            b'u' if escape.get(1) == Some(&b'{') => {
                let close = escape.iter().take(9).position(|found| *found == b'}')?;
                match is_hex(escape.get(2..close)) {
                    true => close + 1,
                    false if byte == b'\\' => 0,
                    false => return None,
                }
            }
            b'x' if is_hex(escape.get(1..3)) => 3,
            b't' if byte == b'\t' => 1,
            _ if byte == b'\\' => 0,
            found if *found == byte => 1,
            _ => return None,
        };
        return Some(slashes + length);
    }
    match text.first()? {
        found if *found == byte => Some(1),
        b'%' if is_hex(text.get(1..3)) => Some(3),
        b'+' if byte == b' ' => Some(1),
        _ => None,
    }
}

/// Standard base64 without its padding, which does not tell anything.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len() * 4 / 3 + 3);
    for three in bytes.chunks(3) {
        let at = |index: usize| u32::from(three.get(index).copied().unwrap_or_default());
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        let sextets = [bits >> 18, bits >> 12 & 63, bits >> 6 & 63, bits & 63];
        text.extend(sextets.iter().take(three.len() + 1).map(|sextet| char::from(ALPHABET[*sextet as usize])));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_shows_itself() {
        let secret = Secret::new("hunter2\n");
        assert_eq!(secret.reveal(), "hunter2");
        assert_eq!(format!("{secret} {secret:?}"), "*** ***");
    }

    #[test]
    fn a_secret_is_found_in_every_form_that_a_peer_may_echo() {
        let secrets = Secrets::default();
        secrets.learn("s3cr\"t/+x y\\z");
        secrets.learn_login("ann", "hunter2");
        for echo in [
            r#"s3cr"t/+x y\z"#,
            "s3cr%22t%2F%2Bx%20y%5Cz",
            "s3cr%22t%2f%2bx+y%5cz",
            r#"s3cr\"t/+x y\\z"#,
            r#"s3cr\\\"t\/+x y\\\\z"#,
            r"s3cr\u0022t\u002f\u002Bx\u0020y\u005cz",
            r"s3cr\u{22}t/+x y\\z",
            "hunter2",
            "hunter%32",
            "aHVudGVyMg==",
            "YW5uOmh1bnRlcjI=",
            "Basic YW5uOmh1bnRlcjI",
        ] {
            let text = format!("<{echo}> and ünï");
            let masked = secrets.mask(&text);
            assert!(masked.contains("***") && masked.ends_with("> and ünï"), "{echo}: {masked}");
            assert!(!masked.contains("s3cr") && !masked.contains("hunter") && !masked.contains("aHVu"), "{masked}");
        }
        assert!(matches!(secrets.mask("nothing of the kind: 100 % of pay-1"), Cow::Borrowed(_)));
        assert_eq!(format!("{secrets:?}"), "***");
    }

    #[test]
    fn backslashes_of_a_secret_are_found_however_many_stand_for_them() {
        let secrets = Secrets::default();
        secrets.learn(r"corp\\ann\pw");
        for echo in [r"corp\\ann\pw", r"corp\\\\ann\\pw", "corp\\ann\\pw"] {
            assert_eq!(secrets.mask(echo), "***", "{echo}");
        }
    }

    #[test]
    fn the_beginning_of_a_secret_before_a_cut_is_masked_too() {
        let secrets = Secrets::default();
        secrets.learn("a-long-token-of-ann");
        assert_eq!(secrets.mask("token: a-long-tok…"), "token: ***…");
        assert_eq!(secrets.mask("a-lo and a-long"), "a-lo and a-long", "not cut");
        assert_eq!(secrets.mask("a-long-token-of-ann a-long-token-of-ann!"), "*** ***!");
    }

    #[test]
    fn a_short_secret_is_no_part_of_a_word_and_a_key_counts_line_by_line() {
        let secrets = Secrets::default();
        secrets.learn("ann");
        assert_eq!(secrets.mask("ann cannot plan \"ann\""), "*** cannot plan \"***\"");
        secrets.learn("-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMG\nByqGSM49AgEG\n-----END PRIVATE KEY-----\n");
        assert_eq!(secrets.mask("got ByqGSM49AgEG"), "got ***");
        secrets.learn("");
        assert_eq!(secrets.mask("-----BEGIN PRIVATE KEY-----"), "-----BEGIN PRIVATE KEY-----");
    }
}
