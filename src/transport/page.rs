//! The pages of proxies and web servers: which program wrote one, and what it means. A page is recognised by text
//! that its program always writes. The table is based on the documentation and the sources of the programs.

use http::StatusCode;
use http::header::{HeaderMap, LOCATION, WWW_AUTHENTICATE};

use crate::model::proxy::ProxyName;
use crate::model::rpc::HttpHint;
use crate::text::shorten;

/// The text of a page, in lower case; the program that writes it, where only one does; its meaning.
type Known = (&'static str, Option<ProxyName>, HttpHint);

static PAGES: [Known; 33] = [
    ("no required ssl certificate was sent", Some(ProxyName::Nginx), HttpHint::CertificateMissing),
    ("the ssl certificate error", Some(ProxyName::Nginx), HttpHint::CertificateRefused),
    ("the plain http request was sent to https port", Some(ProxyName::Nginx), HttpHint::TlsExpected),
    ("client sent an http request to an https server", None, HttpHint::TlsExpected),
    ("request header or cookie too large", Some(ProxyName::Nginx), HttpHint::HeadersTooLarge),
    ("client intended to send too large", Some(ProxyName::Nginx), HttpHint::BodyTooLarge),
    ("request entity too large", None, HttpHint::BodyTooLarge),
    // Envoy; the more specific texts first.
    (
        "upstream connect error or disconnect/reset before headers. reset reason: connection failure",
        Some(ProxyName::Envoy),
        HttpHint::BackendUnreachable,
    ),
    (
        "upstream connect error or disconnect/reset before headers. reset reason: remote connection failure",
        Some(ProxyName::Envoy),
        HttpHint::BackendUnreachable,
    ),
    (
        "upstream connect error or disconnect/reset before headers. reset reason: local connection failure",
        Some(ProxyName::Envoy),
        HttpHint::BackendUnreachable,
    ),
    (
        "upstream connect error or disconnect/reset before headers. reset reason: connection timeout",
        Some(ProxyName::Envoy),
        HttpHint::BackendUnreachable,
    ),
    ("upstream connect error or disconnect/reset", Some(ProxyName::Envoy), HttpHint::BackendBroken),
    ("no healthy upstream", Some(ProxyName::Envoy), HttpHint::NoBackend),
    ("upstream request timeout", Some(ProxyName::Envoy), HttpHint::BackendTimeout),
    ("rbac: access denied", Some(ProxyName::Envoy), HttpHint::AccessRule),
    // HAProxy, and OpenShift's router on it.
    ("no server is available to handle this request", Some(ProxyName::Haproxy), HttpHint::NoBackend),
    ("the server returned an invalid or incomplete response", Some(ProxyName::Haproxy), HttpHint::BackendBroken),
    ("the server didn't respond in time", Some(ProxyName::Haproxy), HttpHint::BackendTimeout),
    ("request forbidden by administrative rules", Some(ProxyName::Haproxy), HttpHint::AccessRule),
    ("application is not available", None, HttpHint::NoBackend),
    // Traefik, and Go's net/http, which it uses.
    ("no available server", Some(ProxyName::other("traefik")), HttpHint::NoBackend),
    ("404 page not found", None, HttpHint::GoNotFound),
    // Ingress controllers, API gateways and load balancers.
    (
        "default backend - 404",
        Some(ProxyName::other("the default backend of an ingress controller")),
        HttpHint::NoRoute,
    ),
    (
        "response 404 (backend notfound), service rules for the path non-existent",
        Some(ProxyName::other("a Google Cloud load balancer")),
        HttpHint::NoRoute,
    ),
    (
        "the server encountered a temporary error and could not complete your request",
        Some(ProxyName::other("a Google Cloud load balancer")),
        HttpHint::BackendUnreachable,
    ),
    ("no route matched with those values", Some(ProxyName::other("kong")), HttpHint::NoRoute),
    ("failure to get a peer from the ring-balancer", Some(ProxyName::other("kong")), HttpHint::NoBackend),
    (
        "an invalid response was received from the upstream server",
        Some(ProxyName::other("kong")),
        HttpHint::BackendBroken,
    ),
    ("404 route not found", Some(ProxyName::other("apisix")), HttpHint::NoRoute),
    ("missing authentication token", Some(ProxyName::other("an AWS API gateway")), HttpHint::NoRoute),
    (
        "the proxy server received an invalid response from an upstream server",
        Some(ProxyName::other("apache")),
        HttpHint::BackendBroken,
    ),
    (
        "the server is temporarily unable to service your request due to maintenance downtime or capacity problems",
        Some(ProxyName::other("apache")),
        HttpHint::NoBackend,
    ),
    ("error 503 backend fetch failed", Some(ProxyName::other("varnish")), HttpHint::BackendUnreachable),
];

/// True when a gRPC message is Envoy's own (response flags UF, UC, UH, UT).
pub(super) fn is_envoys(message: &str) -> bool {
    let message = message.to_lowercase();
    PAGES.iter().any(|(words, author, _)| *author == Some(ProxyName::Envoy) && message.starts_with(words))
}

fn known(page: &str) -> Option<&'static Known> {
    let page = page.to_lowercase();
    PAGES.iter().find(|(words, ..)| page.contains(words))
}

/// The program that wrote this page, where its text is that of one program only.
pub(super) fn author(page: &str) -> Option<ProxyName> {
    known(page).and_then(|(_, author, _)| author.clone())
}

/// What a response shows beyond its status: by its headers, then by the text of its page.
pub(super) fn hint(status: StatusCode, headers: &HeaderMap, page: &str) -> Option<HttpHint> {
    let value = |name| headers.get(name).and_then(|value: &http::HeaderValue| value.to_str().ok());
    if status.is_redirection()
        && let Some(location) = value(LOCATION)
    {
        // The query is left out: it may contain secrets.
        let plain = location.split(['?', '#']).next().unwrap_or_default();
        return Some(HttpHint::Redirect(shorten(plain, LONGEST).into_owned()));
    }
    if let Some((_, _, hint)) = known(page) {
        return Some(hint.clone());
    }
    if status == StatusCode::UNAUTHORIZED
        && let Some(scheme) = value(WWW_AUTHENTICATE).and_then(|value| value.split([' ', ',']).next())
    {
        return Some(HttpHint::Authenticate(shorten(scheme, LONGEST).into_owned()));
    }
    None
}

/// The maximum length that is kept of a header.
const LONGEST: usize = 120;

/// The readable text of a body: without tags, with single spaces.
pub(super) fn text(body: &[u8]) -> String {
    let mut text = String::new();
    let mut inside = false;
    for letter in String::from_utf8_lossy(body).chars() {
        match letter {
            '<' => inside = true,
            '>' if inside => {
                inside = false;
                text.push(' ');
            }
            _ if inside => {}
            other => text.push(other),
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A short description of a body: the title of a page, else its first line without tags; at most `most` characters.
pub(super) fn title(body: &[u8], most: usize) -> String {
    let text = String::from_utf8_lossy(body);
    let lower = text.to_ascii_lowercase();
    let title = lower.find("<title>").and_then(|at| {
        let start = at + "<title>".len();
        Some(text[start..start + lower[start..].find("</title>")?].trim().to_string())
    });
    let plain = |line: &str| self::text(line.as_bytes());
    let line = title.unwrap_or_else(|| text.lines().map(plain).find(|line| !line.is_empty()).unwrap_or_default());
    match line.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, headers: &[(&'static str, &str)], body: &str) -> Option<HttpHint> {
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        hint(StatusCode::from_u16(status).unwrap(), &headers, &text(body.as_bytes()))
    }

    #[test]
    fn pages_are_known_by_their_programs_own_text() {
        use HttpHint::*;
        let haproxy = "<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n\
                       </body></html>\n";
        let nginx = "<html>\r\n<head><title>400 No required SSL certificate was sent</title></head>\r\n<body>\r\n\
                     <center><h1>400 Bad Request</h1></center>\r\n<center>No required SSL certificate was sent</center>";
        let google = "<html><head><title>502 Server Error</title></head><body><h1>Error: Server Error</h1>\n<h2>The server \
                      encountered a temporary error and could not complete your request.<p>Please try again";
        for (status, body, hint, by) in [
            (503, haproxy, Some(NoBackend), Some("haproxy")),
            (400, nginx, Some(CertificateMissing), Some("nginx")),
            (502, google, Some(BackendUnreachable), Some("a Google Cloud load balancer")),
            (503, "no healthy upstream", Some(NoBackend), Some("envoy")),
            (
                503,
                "upstream connect error or disconnect/reset before headers. reset reason: connection termination",
                Some(BackendBroken),
                Some("envoy"),
            ),
            (404, "404 page not found\n", Some(GoNotFound), None),
            (404, "default backend - 404", Some(NoRoute), Some("the default backend of an ingress controller")),
            (404, "{\"message\":\"no Route matched with those values\"}", Some(NoRoute), Some("kong")),
            (502, "Bad Gateway", None, None),
            (200, "<title>Shop</title>", None, None),
        ] {
            assert_eq!(of(status, &[], body), hint, "{body}");
            let page = text(body.as_bytes());
            assert_eq!(author(&page).as_ref().map(ProxyName::as_str), by, "{body}");
        }
    }

    #[test]
    fn headers_have_the_redirect_target_and_the_required_credentials() {
        let to = [("location", "https://login.example/auth?state=hunter2")];
        assert_eq!(of(302, &to, ""), Some(HttpHint::Redirect("https://login.example/auth".to_string())));
        assert_eq!(of(200, &to, ""), None);
        let wants = [("www-authenticate", "Bearer realm=\"pay\"")];
        assert_eq!(of(401, &wants, ""), Some(HttpHint::Authenticate("Bearer".to_string())));
    }

    #[test]
    fn hostile_bodies_do_no_harm() {
        let title = |body: &[u8]| title(body, 10);
        assert_eq!(title(b"<title>"), "");
        assert_eq!(title(b"</title><title>a</title>"), "a");
        assert_eq!(title(&[0xff, 0xfe, b'\n']), "\u{fffd}\u{fffd}");
        assert_eq!(title("ſ<title>K</title>".as_bytes()), "K");
        assert_eq!(title("ſ".repeat(30).as_bytes()).chars().count(), 11);
        assert_eq!(title(b"<html><body><h1>503 Bad</h1>\nmore"), "503 Bad");
        assert_eq!(text(b"a < b <i>c</i> <<>d>"), "a c d>");
    }
}
