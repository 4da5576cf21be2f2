//! Responses to an RPC that did not come from a gRPC server: plain HTTP responses, and those of proxies on the way.

use std::time::Duration;

use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue, SERVER, VIA};
use tonic::{Code, Status};

use super::page;
use super::rpc_failure::RpcFailure;
use crate::model::proxy::{Proxy, ProxyName};
use crate::model::rpc::{HttpHint, RpcCause};
use crate::net::http2::code_of_http;
use crate::text::{quote_bytes, shorten};

/// How long the body of a plain HTTP response is waited for; its status is known already.
pub(super) const BODY_LIMIT: Duration = Duration::from_millis(50);
/// How much of the body is read.
pub(super) const LOOKED_AT: usize = 1024;
/// How much of it is quoted.
const QUOTED: usize = 160;

/// Values of `server`, in lower case, and the software that sends them. More specific ones first.
static SERVERS: [(&str, ProxyName); 23] = [
    ("istio-envoy", ProxyName::IstioEnvoy),
    ("envoy", ProxyName::Envoy),
    ("openresty", ProxyName::OpenResty),
    ("nginx", ProxyName::Nginx),
    ("haproxy", ProxyName::Haproxy),
    ("awselb", ProxyName::AwsLoadBalancer),
    ("cloudfront", ProxyName::other("cloudfront")),
    ("cloudflare", ProxyName::other("cloudflare")),
    ("google frontend", ProxyName::GoogleFrontend),
    ("akamaighost", ProxyName::other("akamai")),
    ("azure-application-gateway", ProxyName::other("azure application gateway")),
    ("apisix", ProxyName::other("apisix")),
    ("kong", ProxyName::other("kong")),
    ("caddy", ProxyName::other("caddy")),
    ("traefik", ProxyName::other("traefik")),
    ("varnish", ProxyName::other("varnish")),
    ("apache", ProxyName::other("apache")),
    ("h2o", ProxyName::other("h2o")),
    ("squid", ProxyName::other("squid")),
    ("tengine", ProxyName::Tengine),
    ("pingora", ProxyName::other("pingora")),
    ("ats/", ProxyName::other("apache traffic server")),
    ("litespeed", ProxyName::other("litespeed")),
];

/// Headers that only a certain proxy sets.
static MARKS: [(&str, ProxyName); 9] = [
    ("x-envoy-", ProxyName::Envoy),
    ("cf-ray", ProxyName::other("cloudflare")),
    ("x-amzn-", ProxyName::AwsLoadBalancer),
    ("x-amz-cf-", ProxyName::other("cloudfront")),
    ("l5d-", ProxyName::Linkerd),
    ("x-kong-", ProxyName::other("kong")),
    ("x-azure-ref", ProxyName::other("azure front door")),
    ("x-amz-apigw-", ProxyName::other("an AWS API gateway")),
    ("apigw-requestid", ProxyName::other("an AWS API gateway")),
];

/// How much of a header is quoted.
const HEADER_QUOTED: usize = 80;

/// The proxy or web server that the headers of a response name.
pub(super) fn proxy(headers: &HeaderMap) -> Option<Proxy> {
    let named = |name: ProxyName, header: &str, value: &HeaderValue| {
        let value = shorten(value.to_str().unwrap_or_default(), HEADER_QUOTED);
        Some(Proxy { name, header: format!("{header}: {value}") })
    };
    if let Some(value) = headers.get(SERVER) {
        let server = value.to_str().unwrap_or_default().to_lowercase();
        if let Some((_, name)) = SERVERS.iter().find(|(word, _)| server.contains(word)) {
            return named(name.clone(), "server", value);
        }
    }
    for (mark, name) in &MARKS {
        if let Some((key, value)) = headers.iter().find(|(key, _)| key.as_str().starts_with(mark)) {
            return named(name.clone(), key.as_str(), value);
        }
    }
    let value = headers.get(VIA)?;
    // The last one is the nearest to us: `1.1 google`, `HTTP/2 edge-7 (squid)` (RFC 9110, 7.6.3).
    let nearest = value.to_str().ok()?.rsplit(',').next()?;
    let name = nearest.split_whitespace().nth(1)?.to_lowercase();
    named(ProxyName::called(&name), "via", value)
}

/// The status of a response whose `grpc-status` comes from a proxy, because the call did not get through it.
/// Recognised by a text that only a proxy sends, by a header, or by another HTTP status than the 200 of every gRPC
/// server.
pub(super) fn by_proxy(http: StatusCode, headers: &HeaderMap) -> Option<RpcFailure> {
    let status = Status::from_header_map(headers).filter(|status| status.code() != Code::Ok)?;
    let words = page::hint(http, headers, status.message());
    if is_envoys_not_found(&status, headers) {
        let cause = RpcCause::Proxy { name: ProxyName::Envoy, hint: Some(HttpHint::NoRoute) };
        return Some(RpcFailure::new(status.code(), "no route (reported by envoy)", cause));
    }
    let is_by_proxy = headers.contains_key("l5d-proxy-error") || http != StatusCode::OK;
    if !is_by_proxy && (status.code() != Code::Unavailable || !page::is_envoys(status.message())) {
        return None;
    }
    let name = proxy(headers)?.name;
    let text = format!("{} (reported by {name})", status.message());
    Some(RpcFailure::new(status.code(), text, RpcCause::Proxy { name, hint: words }))
}

/// Envoy turns its own 404 into UNIMPLEMENTED, without a message and without the header that it adds to a server's
/// responses. A server without the method sends a message.
fn is_envoys_not_found(status: &Status, headers: &HeaderMap) -> bool {
    status.code() == Code::Unimplemented
        && status.message().is_empty()
        && headers.get(SERVER).is_some_and(|value| value.as_bytes().ends_with(b"envoy"))
        && !headers.contains_key("x-envoy-upstream-service-time")
}

/// True when the response is not a gRPC response: its headers show that it cannot have `grpc-status` in its trailers
/// either. A body that starts like a gRPC message is accepted nonetheless, as clients do that ignore the content
/// type.
pub(super) fn is_plain(status: StatusCode, headers: &HeaderMap) -> bool {
    let may_follow = foreign_content_type(headers).is_none() && status == StatusCode::OK;
    !may_follow && !headers.contains_key("grpc-status")
}

/// The content type, when it is not one of gRPC's: `application/grpc`, alone or before `+` or `;`. Empty when there
/// is none. grpc-go and grpc-java refuse such a response, whatever its content.
pub(super) fn foreign_content_type(headers: &HeaderMap) -> Option<String> {
    let Some(value) = headers.get(CONTENT_TYPE) else { return Some(String::new()) };
    let lower = value.as_bytes().to_ascii_lowercase();
    match lower.strip_prefix(b"application/grpc") {
        Some([] | [b'+' | b';', ..]) => None,
        _ => Some(quote_bytes(value.as_bytes(), 80)),
    }
}

/// How the pages of servers report that the headers are too large, in lower case: nginx
/// (`ngx_http_special_response.c`: "Request Header Or Cookie Too Large"), RFC 6585 ("Request Header Fields Too
/// Large"), and variants of both.
const TOO_LARGE: [&str; 4] =
    ["header or cookie too large", "header fields too large", "headers too large", "header too large"];

/// True when a plain HTTP response refuses the size of our headers, like nginx (494 internally, 400 on the wire) or
/// RFC 6585.
pub(super) fn is_about_headers(status: StatusCode, body: &[u8]) -> bool {
    let page = String::from_utf8_lossy(body).to_ascii_lowercase();
    status.as_u16() == 431 || (status.is_client_error() && TOO_LARGE.iter().any(|words| page.contains(words)))
}

/// The gRPC status of a plain HTTP response (`doc/http-grpc-status-mapping.md`), with its text: `HTTP 503 from envoy:
/// no healthy upstream`.
pub(super) fn plain(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> RpcFailure {
    let page = page::text(body);
    let by = proxy(headers).map(|proxy| proxy.name).or_else(|| page::author(&page));
    let mut text = format!("HTTP {}", status.as_u16());
    if let Some(name) = &by {
        text.push_str(&format!(" from {name}"));
    }
    let title = page::title(body, QUOTED);
    if !title.is_empty() {
        text.push_str(&format!(": {title}"));
    } else if let Some(reason) = status.canonical_reason() {
        text.push_str(&format!(" ({})", reason.to_lowercase()));
    }
    if let Some(kind) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) {
        text.push_str(&format!(" [{kind}]"));
    }
    let cause = RpcCause::Http { status: status.as_u16(), by, hint: page::hint(status, headers, &page) };
    RpcFailure::new(code_of_http(status), text, cause)
}

#[cfg(test)]
mod tests {
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
            ("via", "1.1 squid-7", "squid-7"),
            ("via", "1.0 fred, 1.1 google", "google"),
            ("via", "1.1 Caddy", "caddy"),
        ] {
            let found = proxy(&headers(&[(name, value)])).unwrap();
            assert_eq!((found.name.as_str(), found.header), (expected, format!("{name}: {value}")));
        }
        for (name, value) in [("server", "pay/1.0"), ("x-request-id", "7"), ("date", "today"), ("via", "1.1")] {
            assert_eq!(proxy(&headers(&[(name, value)])), None, "{name}: {value}");
        }
    }

    #[test]
    fn a_plain_answer_keeps_the_proxys_own_text() {
        let of = |code: u16, entries: &[(&'static str, &str)], body: &str| {
            plain(StatusCode::from_u16(code).unwrap(), &headers(entries), body.as_bytes())
        };
        let envoy = of(503, &[("server", "envoy"), ("content-type", "text/plain")], "no healthy upstream");
        assert_eq!(envoy.text, "HTTP 503 from envoy: no healthy upstream [text/plain]");
        assert_eq!(envoy.code, Code::Unavailable);
        assert_eq!(
            envoy.cause,
            RpcCause::Http { status: 503, by: Some(ProxyName::Envoy), hint: Some(HttpHint::NoBackend) }
        );
        let page = "<html>\r\n<head><TITLE>404 Not Found</TITLE></head>";
        let nginx = of(404, &[("server", "nginx"), ("content-type", "text/html")], page);
        assert_eq!(nginx.text, "HTTP 404 from nginx: 404 Not Found [text/html]");
        assert_eq!(of(401, &[], "").text, "HTTP 401 (unauthorized)");
        assert_eq!(of(200, &[], &"x".repeat(500)).text.chars().count(), "HTTP 200: ".len() + QUOTED + 1);
        for (status, code) in [(400, Code::Internal), (403, Code::PermissionDenied), (404, Code::Unimplemented)] {
            assert_eq!(of(status, &[], "").code, code);
        }
    }

    #[test]
    fn a_status_is_a_proxys_only_when_it_is_marked_as_such() {
        let of = |entries: &[(&'static str, &str)]| by_proxy(StatusCode::OK, &headers(entries));
        let words = "upstream connect error or disconnect/reset before headers. reset reason: connection failure";
        let local = of(&[("grpc-status", "14"), ("grpc-message", words), ("server", "envoy")]).unwrap();
        assert_eq!(local.cause, RpcCause::Proxy { name: ProxyName::Envoy, hint: Some(HttpHint::BackendUnreachable) });
        assert_eq!(local.text, format!("{words} (reported by envoy)"));
        assert!(
            of(&[("grpc-status", "14"), ("grpc-message", "database is away"), ("server", "envoy")]).is_none(),
            "a status of the server itself is not the proxy's"
        );
        assert!(of(&[("grpc-status", "0"), ("server", "envoy")]).is_none());
        let linkerd =
            of(&[("grpc-status", "14"), ("grpc-message", "failfast"), ("l5d-proxy-error", "failfast")]).unwrap();
        assert!(matches!(linkerd.cause, RpcCause::Proxy { name, .. } if name == ProxyName::Linkerd));
        let none = [("grpc-status", "12"), ("server", "envoy")];
        assert!(matches!(of(&none).unwrap().cause, RpcCause::Proxy { hint: Some(HttpHint::NoRoute), .. }));
        let served = ("x-envoy-upstream-service-time", "3");
        assert!(of(&[none[0], none[1], served]).is_none(), "a server's own word");
        // According to nginx' documentation: `error_page 502 = /error502grpc` with grpc-status 14 and HTTP status
        // 204.
        let page = headers(&[("server", "nginx"), ("grpc-status", "14"), ("grpc-message", "unavailable")]);
        assert!(by_proxy(StatusCode::NO_CONTENT, &page).is_some());
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
