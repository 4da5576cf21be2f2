//! The wire format of our requests: their headers in the order of gRPC's own clients, and their size.

use std::time::Duration;

use http::Request;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue, TE, USER_AGENT};

use crate::model::rpc::RequestHeaders;

/// The overhead of a header (RFC 9113, 6.5.2).
const COST: usize = 32;

/// The headers of a call, in the order in which grpc-go and gRPC C-core send them, each of their names once: a second
/// `te` is an error for Go's net/http, and so for every server built on it. `metadata` may contain a `user-agent`.
pub(crate) fn headers(metadata: &HeaderMap, timeout: Option<Duration>) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(metadata.len() + 3);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    if let Some(agent) = metadata.get(USER_AGENT) {
        headers.insert(USER_AGENT, agent.clone());
    }
    headers.insert(TE, HeaderValue::from_static("trailers"));
    if let Some(timeout) = timeout.and_then(grpc_timeout) {
        headers.insert("grpc-timeout", timeout);
    }
    for (name, value) in metadata.iter().filter(|(name, _)| **name != USER_AGENT) {
        headers.append(name.clone(), value.clone());
    }
    headers
}

/// `grpc-timeout`: at most eight digits, in the smallest unit for which they suffice. `None` when they suffice for
/// none.
fn grpc_timeout(time: Duration) -> Option<HeaderValue> {
    const MOST: u128 = 99_999_999;
    let seconds = u128::from(time.as_secs());
    let units = [
        (time.as_nanos(), 'n'),
        (time.as_micros(), 'u'),
        (time.as_millis(), 'm'),
        (seconds, 'S'),
        (seconds / 60, 'M'),
        (seconds / 3600, 'H'),
    ];
    let (value, unit) = units.into_iter().find(|(value, _)| *value <= MOST)?;
    HeaderValue::try_from(format!("{value}{unit}")).ok()
}

/// The size of a request's headers, and the size without those of `metadata` (except for `user-agent`, which every
/// request has).
pub(crate) fn size(head: &Request<()>, metadata: &HeaderMap) -> RequestHeaders {
    let of = |name: usize, value: usize| name + value + COST;
    let scheme = head.uri().scheme_str().map_or(0, str::len);
    let path = head.uri().path_and_query().map_or(0, |path| path.as_str().len());
    let authority = head.uri().authority().map_or(0, |authority| authority.as_str().len());
    let pseudo = of(":method".len(), head.method().as_str().len())
        + of(":scheme".len(), scheme)
        + of(":path".len(), path)
        + of(":authority".len(), authority);
    let list =
        |headers: &HeaderMap| headers.iter().map(|(name, value)| of(name.as_str().len(), value.len())).sum::<usize>();
    let size = pseudo + list(head.headers());
    let agent = metadata.get(USER_AGENT).map_or(0, |agent| of(USER_AGENT.as_str().len(), agent.len()));
    RequestHeaders { size, bare: size + agent - list(metadata), limit: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(entries: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(USER_AGENT, HeaderValue::from_static("grpc-discover/1"));
        for (name, value) in entries {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn te_and_content_type_are_named_once_in_the_order_of_grpcs_clients() {
        let headers = headers(&metadata(&[("x-a", "1"), ("x-a", "2")]), Some(Duration::from_secs(5)));
        let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["content-type", "user-agent", "te", "grpc-timeout", "x-a", "x-a"]);
        assert_eq!(headers[TE], "trailers");
        assert_eq!(headers["grpc-timeout"], "5000000u");
    }

    #[test]
    fn a_timeout_has_eight_digits_at_most() {
        let of = |time| grpc_timeout(time).map(|value| value.to_str().unwrap().to_string());
        for (time, expected) in [
            (Duration::ZERO, "0n"),
            (Duration::from_millis(99), "99000000n"),
            (Duration::from_millis(100), "100000u"),
            (Duration::from_secs(100), "100000m"),
            (Duration::from_secs(99_999), "99999000m"),
            (Duration::from_secs(100_000), "100000S"),
            (Duration::from_secs(99_999_999 * 60), "99999999M"),
            (Duration::from_secs(99_999_999 * 3600), "99999999H"),
        ] {
            assert_eq!(of(time).as_deref(), Some(expected));
        }
        assert_eq!(of(Duration::from_secs(100_000_000 * 3600)), None, "longer than can be written: no timeout");
        assert_eq!(of(Duration::MAX), None);
    }

    #[test]
    fn headers_are_counted_as_settings_count_them() {
        let metadata = metadata(&[("x-token", &"1".repeat(100))]);
        let mut request = http::Request::post("http://10.0.0.1:80/a/b").body(()).unwrap();
        *request.headers_mut() = headers(&metadata, None);
        let agent = metadata[USER_AGENT].len();
        let sizes = size(&request, &metadata);
        // :method POST, :scheme http, :path /a/b, :authority 10.0.0.1:80, content-type, user-agent, te.
        let bare = 11 + 11 + 9 + 21 + 28 + (10 + agent) + 10 + 7 * COST;
        assert_eq!(sizes, RequestHeaders { size: bare + 7 + 100 + COST, bare, limit: None });
    }
}
