//! Answers to an RPC that no gRPC server gave: plain HTTP responses, and the words of proxies on the way.

use std::time::Duration;

use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderMap, SERVER, VIA};
use tonic::{Code, Status};

use super::grpc::because;
use crate::model::rpc::RpcCause;

/// How long the body of a plain answer is waited for; its status is known already.
pub(super) const PATIENCE: Duration = Duration::from_millis(50);
/// How much of the body is looked at.
const LOOKED_AT: usize = 1024;
/// How much of it is quoted.
const QUOTED: usize = 160;

/// What `server` says, in lower case, and whose word it is. More special ones first.
const SERVERS: [(&str, &str); 20] = [
    ("istio-envoy", "istio-envoy"),
    ("envoy", "envoy"),
    ("openresty", "openresty"),
    ("nginx", "nginx"),
    ("haproxy", "haproxy"),
    ("awselb", "an AWS load balancer"),
    ("cloudfront", "cloudfront"),
    ("cloudflare", "cloudflare"),
    ("google frontend", "google frontend"),
    ("akamaighost", "akamai"),
    ("azure-application-gateway", "azure application gateway"),
    ("apisix", "apisix"),
    ("kong", "kong"),
    ("caddy", "caddy"),
    ("traefik", "traefik"),
    ("varnish", "varnish"),
    ("apache", "apache"),
    ("h2o", "h2o"),
    ("squid", "squid"),
    ("litespeed", "litespeed"),
];

/// Headers that only a certain proxy sets.
const MARKS: [(&str, &str); 7] = [
    ("x-envoy-", "envoy"),
    ("cf-ray", "cloudflare"),
    ("x-amzn-", "an AWS load balancer"),
    ("x-amz-cf-", "cloudfront"),
    ("l5d-", "linkerd"),
    ("x-kong-", "kong"),
    ("x-azure-ref", "azure front door"),
];

/// How Envoy words a gRPC status that it made itself (`StreamInfo` response flags UF, UC, UH, UT).
const ENVOYS_WORDS: [&str; 3] =
    ["upstream connect error or disconnect/reset", "no healthy upstream", "upstream request timeout"];

/// The proxy or web server that the headers of a response name.
pub(super) fn proxy(headers: &HeaderMap) -> Option<String> {
    let server = headers.get(SERVER).and_then(|value| value.to_str().ok()).unwrap_or_default().to_lowercase();
    if let Some((_, name)) = SERVERS.iter().find(|(word, _)| server.contains(word)) {
        return Some((*name).to_string());
    }
    let marked = |mark: &str| headers.keys().any(|key| key.as_str().starts_with(mark));
    if let Some((_, name)) = MARKS.iter().find(|(mark, _)| marked(mark)) {
        return Some((*name).to_string());
    }
    let via = headers.get(VIA).and_then(|value| value.to_str().ok())?;
    Some(format!("a proxy (via {via})"))
}

/// The status of a response whose `grpc-status` a proxy made up, because the call did not get through it.
pub(super) fn by_proxy(headers: &HeaderMap) -> Option<Status> {
    let status = Status::from_header_map(headers).filter(|status| status.code() == Code::Unavailable)?;
    if !ENVOYS_WORDS.iter().any(|words| status.message().starts_with(words)) {
        return None;
    }
    let name = proxy(headers)?;
    let text = format!("{} (said by {name})", status.message());
    Some(because(Status::new(status.code(), text), RpcCause::Proxy(name)))
}

/// True when the response is no gRPC response: it can have no `grpc-status` in its trailers either.
pub(super) fn is_plain(status: StatusCode, headers: &HeaderMap) -> bool {
    let is_grpc = headers.get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"application/grpc"));
    let may_follow = is_grpc && status == StatusCode::OK;
    !may_follow && !headers.contains_key("grpc-status")
}

/// Reads the beginning of a body.
pub(super) async fn excerpt(body: &mut h2::RecvStream, read: &mut Vec<u8>) {
    while read.len() < LOOKED_AT
        && let Some(Ok(data)) = body.data().await
    {
        // Fails only when the stream is gone, which the next read tells.
        let _ = body.flow_control().release_capacity(data.len());
        read.extend_from_slice(&data[..data.len().min(LOOKED_AT - read.len())]);
    }
}

/// What gRPC makes of a plain HTTP response (`doc/http-grpc-status-mapping.md`), in its own words: `HTTP 503 from envoy:
/// no healthy upstream`.
pub(super) fn plain(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Status {
    let code = match status.as_u16() {
        400 => Code::Internal,
        401 => Code::Unauthenticated,
        403 => Code::PermissionDenied,
        404 => Code::Unimplemented,
        429 | 502 | 503 | 504 => Code::Unavailable,
        _ => Code::Unknown,
    };
    let by = proxy(headers);
    let mut text = format!("HTTP {}", status.as_u16());
    if let Some(name) = &by {
        text.push_str(&format!(" from {name}"));
    }
    let said = words(body);
    if !said.is_empty() {
        text.push_str(&format!(": {said}"));
    } else if let Some(reason) = status.canonical_reason() {
        text.push_str(&format!(" ({})", reason.to_lowercase()));
    }
    if let Some(kind) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) {
        text.push_str(&format!(" [{kind}]"));
    }
    because(Status::new(code, text), RpcCause::Http { status: status.as_u16(), by })
}

/// What a body says to a person: the title of a page, or its first line.
fn words(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let lower = text.to_ascii_lowercase();
    let title = lower.find("<title>").and_then(|at| {
        let begin = at + "<title>".len();
        Some(&text[begin..begin + lower[begin..].find("</title>")?])
    });
    let line = title.unwrap_or_else(|| text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default());
    let line = line.trim();
    match line.char_indices().nth(QUOTED) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::grpc::cause;
    use super::*;

    fn headers(entries: &[(&'static str, &str)]) -> HeaderMap {
        entries.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn proxies_are_known_by_their_headers() {
        for (name, value, expected) in [
            ("server", "envoy", "envoy"),
            ("server", "istio-envoy", "istio-envoy"),
            ("server", "nginx/1.25.3", "nginx"),
            ("server", "awselb/2.0", "an AWS load balancer"),
            ("x-envoy-overloaded", "true", "envoy"),
            ("cf-ray", "8a1-FRA", "cloudflare"),
            ("x-amzn-trace-id", "Root=1", "an AWS load balancer"),
            ("l5d-proxy-error", "no route", "linkerd"),
            ("via", "1.1 squid-7", "a proxy (via 1.1 squid-7)"),
        ] {
            assert_eq!(proxy(&headers(&[(name, value)])).as_deref(), Some(expected), "{name}: {value}");
        }
        assert_eq!(proxy(&headers(&[("server", "pay/1.0"), ("date", "today")])), None);
    }

    #[test]
    fn a_plain_answer_keeps_the_proxys_own_words() {
        let of = |code: u16, entries: &[(&'static str, &str)], body: &str| {
            plain(StatusCode::from_u16(code).unwrap(), &headers(entries), body.as_bytes())
        };
        let envoy = of(503, &[("server", "envoy"), ("content-type", "text/plain")], "no healthy upstream");
        assert_eq!(envoy.message(), "HTTP 503 from envoy: no healthy upstream [text/plain]");
        assert_eq!(envoy.code(), Code::Unavailable);
        assert_eq!(cause(&envoy), RpcCause::Http { status: 503, by: Some("envoy".to_string()) });
        let page = "<html>\r\n<head><TITLE>404 Not Found</TITLE></head>";
        let nginx = of(404, &[("server", "nginx"), ("content-type", "text/html")], page);
        assert_eq!(nginx.message(), "HTTP 404 from nginx: 404 Not Found [text/html]");
        assert_eq!(of(401, &[], "").message(), "HTTP 401 (unauthorized)");
        assert_eq!(of(200, &[], &"x".repeat(500)).message().chars().count(), "HTTP 200: ".len() + QUOTED + 1);
        for (status, code) in [(400, Code::Internal), (403, Code::PermissionDenied), (404, Code::Unimplemented)] {
            assert_eq!(of(status, &[], "").code(), code);
        }
    }

    #[test]
    fn hostile_bodies_do_no_harm() {
        assert_eq!(words(b"<title>"), "<title>");
        assert_eq!(words(b"</title><title>a</title>"), "a");
        assert_eq!(words(&[0xff, 0xfe, b'\n']), "\u{fffd}\u{fffd}");
        assert_eq!(words("ſ<title>K</title>".as_bytes()), "K");
    }

    #[test]
    fn a_status_is_a_proxys_only_when_it_says_so() {
        let of = |entries: &[(&'static str, &str)]| by_proxy(&headers(entries));
        let words = "upstream connect error or disconnect/reset before headers. reset reason: connection failure";
        let local = of(&[("grpc-status", "14"), ("grpc-message", words), ("server", "envoy")]).unwrap();
        assert_eq!(cause(&local), RpcCause::Proxy("envoy".to_string()));
        assert_eq!(local.message(), format!("{words} (said by envoy)"));
        assert!(
            of(&[("grpc-status", "14"), ("grpc-message", "database is away"), ("server", "envoy")]).is_none(),
            "a server behind a proxy speaks for itself"
        );
        assert!(of(&[("grpc-status", "0"), ("server", "envoy")]).is_none());
    }

    #[test]
    fn only_a_grpc_response_may_have_its_status_at_the_end() {
        let grpc = headers(&[("content-type", "application/grpc+proto")]);
        assert!(!is_plain(StatusCode::OK, &grpc));
        assert!(is_plain(StatusCode::BAD_GATEWAY, &grpc));
        assert!(is_plain(StatusCode::OK, &headers(&[("content-type", "text/html")])));
        assert!(!is_plain(StatusCode::OK, &headers(&[("grpc-status", "5")])));
    }
}
