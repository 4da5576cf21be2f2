//! A `google.protobuf.Duration` in JSON, as grpc-go reads it.

use serde_json::Value;

use super::error::{DurationError, DurationFault};

/// The maximum number of seconds in a Duration.
const MOST_SECONDS: i128 = 315_576_000_000;
const NANOS: i128 = 1_000_000_000;

/// Nanoseconds of `"1.5s"`, or what is wrong with it.
pub(super) fn duration(value: &Value) -> Result<i128, DurationError> {
    let Value::String(text) = value else {
        return Err(DurationError::NotAString(value.clone()));
    };
    let malformed = |source| DurationError::Malformed { text: text.clone(), source };
    let Some(number) = text.strip_suffix('s') else { return Err(malformed(DurationFault::NoUnit)) };
    let (negative, number) = match number.strip_prefix('-') {
        Some(number) => (true, number),
        None => (false, number),
    };
    let (whole, fraction) = match number.split_once('.') {
        Some((_, fraction)) if fraction.contains('.') => return Err(malformed(DurationFault::TwoPoints)),
        Some((whole, fraction)) => (whole, fraction),
        None => (number, ""),
    };
    if whole.is_empty() && fraction.is_empty() {
        return Err(malformed(DurationFault::NoNumber));
    }
    if fraction.len() > 9 {
        return Err(malformed(DurationFault::TooPrecise));
    }
    let seconds = integer(whole).ok_or_else(|| malformed(DurationFault::NotANumber))?;
    let fraction_value = integer(fraction).ok_or_else(|| malformed(DurationFault::NotANumber))?;
    if seconds > MOST_SECONDS {
        return Err(malformed(DurationFault::OutOfRange));
    }
    let scale = 10_i128.pow(9 - u32::try_from(fraction.len()).unwrap_or(9));
    let nanos = seconds * NANOS + fraction_value * scale;
    Ok(if negative { -nanos } else { nanos })
}

/// As in Go's ParseInt: a sign is allowed; the caller handles an empty text.
fn integer(text: &str) -> Option<i128> {
    if text.is_empty() { Some(0) } else { text.parse::<i64>().ok().map(i128::from) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn durations_are_read_as_grpc_go_reads_them() {
        for (text, nanos) in [
            ("1s", 1_000_000_000),
            ("1.5s", 1_500_000_000),
            (".5s", 500_000_000),
            ("3.s", 3_000_000_000),
            ("0s", 0),
            ("-2s", -2_000_000_000),
            ("0.000000001s", 1),
        ] {
            assert_eq!(duration(&json!(text)), Ok(nanos), "{text}");
        }
        for (value, why) in [
            (json!("1 second"), "missing seconds unit"),
            (json!("1 s"), "not a number"),
            (json!("500ms"), "not a number"),
            (json!("1m"), "missing seconds unit"),
            (json!("s"), "contains no numbers"),
            (json!(".s"), "contains no numbers"),
            (json!(""), "missing seconds unit"),
            (json!("1.2.3s"), "too many decimals"),
            (json!("1.0000000001s"), "too many digits"),
            (json!("400000000000s"), "out of range"),
            (json!(10), "a string such as"),
        ] {
            let error = duration(&value).unwrap_err().to_string();
            assert!(error.contains(why) && error.contains("malformed duration"), "{value}: {error}");
        }
    }
}
