//! `Retry-After` (RFC 9110, 10.2.3): how long clients must wait, in seconds or as a date.

#![cfg_attr(
    not(feature = "all-backends"),
    allow(dead_code, reason = "a build with some of the backends may use a part of it")
)]

use std::time::Duration;

use http::HeaderMap;
use http::header::{DATE, RETRY_AFTER};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

/// The delay in `headers`. A date is compared with the server's own clock if the response has one.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let wish = text(RETRY_AFTER)?;
    if let Ok(seconds) = wish.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let now = text(DATE).and_then(date).unwrap_or_else(OffsetDateTime::now_utc);
    // A time in the past means no delay.
    Some(Duration::try_from(date(wish)? - now).unwrap_or_default())
}

fn date(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(&text.replace("GMT", "+0000"), &Rfc2822).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_understood_and_nonsense_is_nothing() {
        const NOW: &str = "Wed, 21 Oct 2026 07:28:00 GMT";
        let waits = |wish: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(DATE, NOW.parse().unwrap());
            headers.insert(RETRY_AFTER, wish.parse().unwrap());
            retry_after(&headers).map(|wait| wait.as_secs())
        };
        assert_eq!(waits("17"), Some(17));
        assert_eq!(waits(" 0 "), Some(0));
        assert_eq!(waits("Wed, 21 Oct 2026 07:30:05 GMT"), Some(125));
        assert_eq!(waits("Wed, 21 Oct 2026 07:00:00 GMT"), Some(0), "it has passed");
        for nonsense in ["-3", "soon", "1.5", "99999999999999999999999"] {
            assert_eq!(waits(nonsense), None, "{nonsense}");
        }
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }
}
