//! Values as text: JSON without terminal escapes, RFC 3339, milliseconds.

use std::borrow::Cow;
use std::io::{self, Write};
use std::time::{Duration, SystemTime};

use grpc_discover::text::escape;
use serde::Serialize;

/// `value` as JSON on one line, with all characters escaped that could control a terminal. The escapes are JSON's
/// own, so readers get the same value.
pub fn write_json(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let json = serde_json::to_string(value).map_err(io::Error::other)?;
    out.write_all(harmless(&json).as_bytes())?;
    out.write_all(b"\n")
}

/// As [`write_json`], indented for people.
pub fn write_pretty(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let json = serde_json::to_string_pretty(value).map_err(io::Error::other)?;
    // Line breaks outside of strings are part of the indentation.
    for line in json.lines() {
        out.write_all(harmless(line).as_bytes())?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// In JSON the characters that [`escape`] finds unsafe occur in strings only, where a `\u` escape means the same.
fn harmless(json: &str) -> Cow<'_, str> {
    use std::fmt::Write as _;
    if matches!(escape(json), Cow::Borrowed(_)) {
        return json.into();
    }
    let mut safe = String::with_capacity(json.len() + 32);
    let mut buffer = [0; 4];
    for character in json.chars() {
        match escape(character.encode_utf8(&mut buffer)) {
            Cow::Borrowed(plain) => safe.push_str(plain),
            Cow::Owned(_) => {
                let mut units = [0; 2];
                for unit in character.encode_utf16(&mut units) {
                    let _ = write!(safe, "\\u{unit:04x}");
                }
            }
        }
    }
    safe.into()
}

/// RFC 3339, UTC, milliseconds.
pub fn rfc3339(time: SystemTime) -> String {
    let moment = time::OffsetDateTime::from(time);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        moment.year(),
        u8::from(moment.month()),
        moment.day(),
        moment.hour(),
        moment.minute(),
        moment.second(),
        moment.millisecond()
    )
}

/// RFC 3339, UTC, of seconds since 1970; the number itself if it is outside of the calendar's range.
pub fn rfc3339_seconds(seconds: i64) -> String {
    match time::OffsetDateTime::from_unix_timestamp(seconds) {
        Ok(moment) => format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
            moment.year(),
            u8::from(moment.month()),
            moment.day(),
            moment.hour(),
            moment.minute(),
            moment.second()
        ),
        Err(_) => seconds.to_string(),
    }
}

/// Milliseconds with three decimals.
pub fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1_000_000.0).round() / 1000.0
}

/// Whole milliseconds.
pub fn whole_milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
