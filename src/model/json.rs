//! JSON as Go's clients read it (`encoding/json`): the frameworks whose entries are read here are mostly written in Go.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::Value;

/// Why a text is not the expected JSON. Two errors with the same message are equal.
#[derive(Debug, Clone)]
pub struct JsonError(Arc<serde_json::Error>);

impl From<serde_json::Error> for JsonError {
    fn from(error: serde_json::Error) -> Self {
        JsonError(Arc::new(error))
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for JsonError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}

impl PartialEq for JsonError {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

impl Eq for JsonError {}

/// `body` with U+FFFD in place of lone surrogates and of bytes that are not UTF-8, as Go reads them. Nearly always
/// this returns the same bytes without copying.
pub(crate) fn mended(mut body: Vec<u8>) -> Vec<u8> {
    replace_lone_surrogates(&mut body);
    match std::str::from_utf8(&body) {
        Ok(_) => body,
        Err(_) => String::from_utf8_lossy(&body).into_owned().into_bytes(),
    }
}

/// Reads `text`. Of a key that occurs twice, the last value counts.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Result<T, serde_json::Error> {
    serde_json::from_str(text).or_else(|error| {
        // A tree keeps the last of two equal keys; only a text that cannot be read without one pays for it.
        serde_json::from_str::<Value>(text).and_then(T::deserialize).map_err(|_| error)
    })
}

/// An escape is replaced in place: every escape has six bytes.
fn replace_lone_surrogates(body: &mut [u8]) {
    let mut at = 0;
    while let Some(found) = body.get(at..).and_then(|rest| rest.iter().position(|byte| *byte == b'\\')) {
        at += found;
        match unit(body, at) {
            None => at += 2,
            Some(0xd800..0xdc00) if unit(body, at + 6).is_some_and(|low| (0xdc00..0xe000).contains(&low)) => at += 12,
            Some(0xd800..0xe000) => {
                body[at + 2..at + 6].copy_from_slice(b"fffd");
                at += 6;
            }
            Some(_) => at += 6,
        }
    }
}

/// The UTF-16 code unit of the escape at `at`.
fn unit(body: &[u8], at: usize) -> Option<u32> {
    let digits = body.get(at..at + 6)?.strip_prefix(b"\\u")?;
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn what_go_reads_is_read() {
        let mend = |text: &str| String::from_utf8(mended(text.as_bytes().to_vec())).unwrap();
        assert_eq!(
            mend(r#"{"a":"\ud800 \udc00x \ud83d\ude00 \\ud800"}"#),
            r#"{"a":"\ufffd \ufffdx \ud83d\ude00 \\ud800"}"#
        );
        assert_eq!(mend(r#""\ud800"#), r#""\ufffd"#);
        assert_eq!(mend("\"\\"), "\"\\");
        assert_eq!(mended(b"\"a\xffb\"".to_vec()), "\"a\u{fffd}b\"".as_bytes());
        let twice: BTreeMap<String, i64> = read(r#"{"a":1,"a":2}"#).unwrap();
        assert_eq!(twice["a"], 2);
        #[derive(serde::Deserialize)]
        struct One {
            a: i64,
        }
        assert_eq!(read::<One>(r#"{"a":1,"a":2}"#).unwrap().a, 2);
        assert!(read::<One>(r#"{"a":"x"}"#).is_err());
    }
}
