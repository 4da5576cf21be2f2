//! The words for a date, relative to another date.

use time::OffsetDateTime;

use crate::text::count;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// `3 days ago (2026-11-19)`. Both in seconds since 1970.
pub fn ago(then: i64, now: i64) -> String {
    format!("{} ago ({})", span(now.saturating_sub(then)), date(then))
}

/// `in 9 days (2026-12-01)`. Both in seconds since 1970.
pub fn ahead(then: i64, now: i64) -> String {
    format!("in {} ({})", span(then.saturating_sub(now)), date(then))
}

fn span(seconds: i64) -> String {
    let of = |number: i64, unit| count(usize::try_from(number).unwrap_or(0), unit);
    match seconds {
        DAY.. => of(seconds / DAY, "day"),
        HOUR.. => of(seconds / HOUR, "hour"),
        MINUTE.. => of(seconds / MINUTE, "minute"),
        _ => of(seconds, "second"),
    }
}

fn date(at: i64) -> String {
    match OffsetDateTime::from_unix_timestamp(at) {
        Ok(moment) => moment.date().to_string(),
        Err(_) => format!("{at} seconds since 1970"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_in_usual_words() {
        let now = 1_795_345_200; // 2026-11-22 11:00:00 UTC
        assert_eq!(ago(now - 3 * DAY - HOUR, now), "3 days ago (2026-11-19)");
        assert_eq!(ago(now - DAY, now), "1 day ago (2026-11-21)");
        assert_eq!(ago(now - 90, now), "1 minute ago (2026-11-22)");
        assert_eq!(ago(now + 5, now), "0 seconds ago (2026-11-22)");
        assert_eq!(ahead(now + 9 * DAY, now), "in 9 days (2026-12-01)");
        assert_eq!(ago(i64::MIN, now), format!("{} days ago ({} seconds since 1970)", i64::MAX / DAY, i64::MIN));
    }
}
