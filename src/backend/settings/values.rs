//! Parses texts into values. The same for flags, variables and the configuration file, so that an error reads the
//! same for all of them.

use std::time::Duration;

/// The longest valid duration: a year.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

/// Why a text is not valid. The sentence follows "is" and does not repeat the text: the caller adds the place and the
/// text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingValueError {
    /// Not a duration.
    #[error("not a duration; use seconds (10, 1.5) or 250ms, 2m, 1h")]
    Duration,
    /// A duration of more than a year.
    #[error("longer than a year; write e.g. 30s, 10m or 24h")]
    TooLong,
    /// Neither true nor false.
    #[error("not a boolean; use true or false")]
    Boolean,
    /// An empty text where a value is required.
    #[error("empty")]
    Empty,
}

/// `10` and `1.5` are seconds; `250ms`, `2m`, `1h`, `1m30s` have a unit.
///
/// # Errors
///
/// [`SettingValueError::Duration`], [`SettingValueError::TooLong`].
pub fn duration(text: &str) -> Result<Duration, SettingValueError> {
    let mut rest = text.trim();
    let mut total = Duration::ZERO;
    if rest.is_empty() {
        return Err(SettingValueError::Duration);
    }
    let whole = rest;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, after) = rest.split_at(digits);
        let letters = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at(letters);
        if !number.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(SettingValueError::Duration);
        }
        let number: f64 = number.parse().map_err(|_| SettingValueError::Duration)?;
        let seconds = match unit {
            "ms" => number / 1000.0,
            "s" => number,
            "m" => number * 60.0,
            "h" => number * 3600.0,
            "d" => number * 24.0 * 3600.0,
            // A number without a unit must be the only one: `1m30` is ambiguous.
            "" if rest.len() == whole.len() && after.is_empty() => number,
            _ => return Err(SettingValueError::Duration),
        };
        let part = Duration::try_from_secs_f64(seconds).map_err(|_| SettingValueError::Duration)?;
        total = total.saturating_add(part);
        rest = after;
    }
    if total > LONGEST {
        return Err(SettingValueError::TooLong);
    }
    Ok(total)
}

/// `true` or `false`, and their usual synonyms.
///
/// # Errors
///
/// [`SettingValueError::Boolean`].
pub fn boolean(text: &str) -> Result<bool, SettingValueError> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err(SettingValueError::Boolean),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_hands_write_them() {
        for (text, millis) in [
            ("10", 10_000),
            ("1.5", 1_500),
            ("250ms", 250),
            ("0.5s", 500),
            ("2m", 120_000),
            ("1h", 3_600_000),
            ("1m30s", 90_000),
            ("0", 0),
            (" 5s ", 5_000),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_duration_is_refused_with_an_example() {
        for text in ["", "abc", "-1", "1x", "1m30", "1..5", ".", "inf", "NaN", "1e9h", "5 s", "s", "１０"] {
            let error = duration(text).unwrap_err().to_string();
            assert!(error.contains("250ms"), "{text}: {error}");
        }
        assert!(duration("9000h").unwrap_err().to_string().contains("a year"));
        assert!(duration("99999999999999999999999h").is_err());
    }
}
