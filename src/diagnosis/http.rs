//! What a plain HTTP response to a health call means, and what to do about it: by its status, its sender, and its
//! text.

use super::catalog::{
    CLIENT_CERTIFICATE_REQUIRED, NOT_A_GRPC_SERVER, PLAINTEXT_ON_TLS_PORT, PROXY_ANSWERED, TLS_FAILED,
};
use super::report::Unaddressed;
use crate::model::finding::FindingKind;
use crate::model::proxy::ProxyName;
use crate::model::rpc::HttpHint;

/// The finding for a plain HTTP response. `text`: status, sender and text in one line.
pub(super) fn on_http(status: u16, by: Option<&ProxyName>, hint: Option<&HttpHint>, text: &str) -> Unaddressed {
    let gateway = is_a_gateway(status, by, hint);
    let (kind, text): (&'static FindingKind, String) = match hint {
        Some(HttpHint::CertificateMissing) => {
            (&CLIENT_CERTIFICATE_REQUIRED, format!("requires a client certificate, but none was sent: {text}"))
        }
        Some(HttpHint::CertificateRefused) => {
            (&CLIENT_CERTIFICATE_REQUIRED, format!("does not accept this client certificate: {text}"))
        }
        Some(HttpHint::TlsExpected) => (&PLAINTEXT_ON_TLS_PORT, format!("requires TLS: {text}")),
        _ if matches!(status, 525 | 526) => {
            (&TLS_FAILED, format!("is a proxy whose TLS connection to its server failed: {text}"))
        }
        _ if gateway && by.is_some() => {
            (&PROXY_ANSWERED, format!("is behind a proxy, which responded instead of the gRPC server: {text}"))
        }
        _ if gateway => (
            &PROXY_ANSWERED,
            format!("leads to a gateway or load balancer, which responded instead of the gRPC server: {text}"),
        ),
        _ => (&NOT_A_GRPC_SERVER, format!("supports HTTP/2, but its response to the health call is not gRPC: {text}")),
    };
    Unaddressed { kind, text, remedy: remedy(status, by, hint), others: Vec::new() }
}

/// What to do about a plain HTTP response, where that is more than the catalog contains.
pub(super) fn remedy(status: u16, by: Option<&ProxyName>, hint: Option<&HttpHint>) -> Option<String> {
    let unnamed = if is_a_gateway(status, by, hint) { "a gateway or load balancer" } else { "an HTTP server" };
    let who = by.map_or(unnamed, ProxyName::as_str);
    hint.and_then(|hint| by_hint(hint, who, by)).or_else(|| by_status(status, who))
}

/// True when something in front of the server sent this.
fn is_a_gateway(status: u16, by: Option<&ProxyName>, hint: Option<&HttpHint>) -> bool {
    by.is_some() || is_a_gateways(status) || hint.is_some_and(is_about_a_backend)
}

/// What to do when a proxy wrote the gRPC status itself.
pub(super) fn on_proxys_status(hint: Option<&HttpHint>, name: &ProxyName) -> Option<String> {
    hint.and_then(|hint| by_hint(hint, name.as_str(), Some(name)))
}

/// True for statuses that only something in front of a server sends: 464 is AWS' ALB, 520 to 527 and 530 are
/// Cloudflare.
fn is_a_gateways(status: u16) -> bool {
    matches!(status, 464 | 502..=504 | 520..=527 | 530)
}

fn is_about_a_backend(hint: &HttpHint) -> bool {
    match hint {
        HttpHint::NoBackend
        | HttpHint::BackendUnreachable
        | HttpHint::BackendBroken
        | HttpHint::BackendTimeout
        | HttpHint::NoRoute
        | HttpHint::AccessRule => true,
        HttpHint::CertificateMissing
        | HttpHint::CertificateRefused
        | HttpHint::TlsExpected
        | HttpHint::GoNotFound
        | HttpHint::HeadersTooLarge
        | HttpHint::BodyTooLarge
        | HttpHint::Redirect(_)
        | HttpHint::Authenticate(_) => false,
    }
}

fn by_hint(hint: &HttpHint, who: &str, by: Option<&ProxyName>) -> Option<String> {
    Some(match hint {
        HttpHint::CertificateMissing => "Use a client certificate that it trusts: --cert FILE --key FILE.".to_string(),
        HttpHint::CertificateRefused => format!(
            "Use a client certificate (--cert, --key) from an authority that {who} trusts, and check its dates; nginx lists its authorities in ssl_client_certificate."
        ),
        HttpHint::TlsExpected => "Use --tls on, and TLS credentials in the client.".to_string(),
        HttpHint::NoBackend => no_backend(who, by),
        HttpHint::BackendUnreachable => format!(
            "Check the server behind {who}: connections to it fail. Check that it runs, and the address and port that {who} has for it."
        ),
        HttpHint::BackendBroken => format!(
            "Check the server behind {who}: it closed the connection or sent a response that {who} could not read. Check its log, and that {who} uses HTTP/2 (and TLS, if the server requires it) to connect to it."
        ),
        HttpHint::BackendTimeout => backend_timeout(who),
        HttpHint::NoRoute => no_route(who),
        HttpHint::GoNotFound => {
            "Traefik sends this page when no router matches: check host (--authority) and path. A Go server such as connect-go sends it when it does not implement grpc.health.v1: add grpchealth to its handlers."
                .to_string()
        }
        HttpHint::AccessRule => {
            format!("Allow this client to call grpc.health.v1.Health: an access rule of {who} denies the call.")
        }
        HttpHint::HeadersTooLarge => headers_too_large(who),
        HttpHint::BodyTooLarge => body_too_large(who),
        HttpHint::Redirect(to) => redirect(to),
        HttpHint::Authenticate(scheme) => {
            format!("Add credentials with -H 'authorization: {scheme} …' (or -H @FILE); {who} requires them.")
        }
    })
}

fn by_status(status: u16, who: &str) -> Option<String> {
    Some(match status {
        200 => format!(
            "Find the port or the host (--authority) of the gRPC server: {who} responds with a page and has no route for /grpc.health.v1.Health/Check."
        ),
        300..=399 => format!("Use the address to which {who} redirects: gRPC clients do not follow redirects."),
        400 => format!(
            "Check the log of {who}: it rejected the request as malformed. Compare host (--authority) and metadata (-H) with what a client of this service sends."
        ),
        401 | 403 => {
            format!("Add credentials with -H 'authorization: …' (or -H @FILE); {who} requires them for this call.")
        }
        404 => no_route(who),
        405 => format!(
            "Find the port or the host (--authority) of the gRPC server: {who} does not accept POST on this path, so it has no gRPC route there."
        ),
        408 => format!("Check the request timeout of {who}: the call took longer than that."),
        411 => format!("Enable HTTP/2 and gRPC at {who}: it requires a content-length, which gRPC calls do not have."),
        413 => body_too_large(who),
        414 => format!("Check the limits of {who}: the path of the call is too long for it."),
        415 => format!(
            "Find the port or the route of the gRPC server: {who} does not accept the content type application/grpc (a REST or \
             gRPC-Web endpoint)."
        ),
        421 => format!(
            "Set the host of this connection with --servername and --authority: {who} serves another host here."
        ),
        426 | 505 => format!("Enable HTTP/2 at {who} for this host: it requires another protocol version."),
        429 => format!("Probe less often (--rate, -c): {who} limits the rate of requests."),
        431 => headers_too_large(who),
        464 => "Set the protocol version of the ALB's target group to gRPC: the call does not match the current one.".to_string(),
        500 => format!("Check the log of {who}: it failed while it handled the call."),
        501 => format!("Enable gRPC at {who}: it does not support this request."),
        502 => format!(
            "Check the server behind {who}: it sent no valid response. Check that it runs, and that {who} uses gRPC (HTTP/2) to connect to it, with TLS if the server requires it."
        ),
        503 => no_backend(who, None),
        504 | 524 => backend_timeout(who),
        520 => "Check the origin server behind Cloudflare: it sent an empty or unexpected response. gRPC must be enabled for the zone."
            .to_string(),
        521 | 523 => "Check the origin server behind Cloudflare: it refuses connections, or there is no route to it.".to_string(),
        522 => "Check the origin server behind Cloudflare: it does not accept connections in time; check its firewall."
            .to_string(),
        525 => "Check TLS of the origin server behind Cloudflare: the handshake failed.".to_string(),
        526 => "Renew the certificate of the origin server behind Cloudflare: Cloudflare rejects it.".to_string(),
        527 | 530 => "Check the origin server behind Cloudflare: its name or its tunnel is unreachable.".to_string(),
        _ => return None,
    })
}

fn no_backend(who: &str, by: Option<&ProxyName>) -> String {
    let list = match by {
        Some(ProxyName::Envoy | ProxyName::IstioEnvoy) => ": `curl http://ADMIN/clusters` on its admin port lists them",
        Some(ProxyName::Haproxy) => ": `show servers state` on its admin socket lists them",
        _ => "",
    };
    format!(
        "Check the servers behind {who}: none of them is healthy for this call. Check that they run and pass its health checks{list}."
    )
}

fn backend_timeout(who: &str) -> String {
    format!("Check the server behind {who}: it did not respond in time. Then check the timeout of {who}.")
}

fn no_route(who: &str) -> String {
    format!(
        "Check the routes of {who}: none matches this host and /grpc.health.v1.Health/Check. Set the host that clients use with --authority."
    )
}

fn headers_too_large(who: &str) -> String {
    format!("Send fewer or shorter headers (-H), or raise the limit of {who}: the headers are larger than it accepts.")
}

fn body_too_large(who: &str) -> String {
    format!("Raise the body limit of {who} (nginx: client_max_body_size): the call is larger than it accepts.")
}

/// Substrings of the URLs of login pages: the paths of oauth2-proxy (`/oauth2/`), Keycloak (`/auth/`,
/// `/protocol/saml`), Okta, Microsoft and Google (`login.`, `/signin`), AWS Cognito (`/login`, `/oauth2/`).
const LOGIN: [&str; 7] = ["login", "signin", "sign-in", "oauth", "/auth", "sso", "saml"];

fn redirect(to: &str) -> String {
    let lower = to.to_lowercase();
    if LOGIN.iter().any(|word| lower.contains(word)) {
        return format!(
            "Exempt gRPC from the proxy's login, or add credentials with -H: the proxy redirects to {to}, and gRPC clients do not follow redirects."
        );
    }
    match to.strip_prefix("https://") {
        Some(host) => {
            let host = host.split('/').next().unwrap_or_default();
            format!(
                "Use {host} with TLS (--tls on): the call is redirected there, and gRPC clients do not follow redirects."
            )
        }
        None => format!("Use {to} instead: the call is redirected there, and gRPC clients do not follow redirects."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diagnosed(status: u16, by: Option<ProxyName>, hint: Option<HttpHint>) -> (&'static str, String) {
        let diagnosed = on_http(status, by.as_ref(), hint.as_ref(), "words");
        (diagnosed.kind.code, diagnosed.remedy.unwrap_or_default())
    }

    #[test]
    fn a_gateway_without_a_server_behind_it_is_not_a_wrong_port() {
        for status in [502, 503, 504, 464, 520, 521, 522, 523, 524, 530] {
            for by in [None, Some(ProxyName::Nginx)] {
                let (code, remedy) = diagnosed(status, by, None);
                assert_eq!(code, "GD407", "{status}");
                assert!(!remedy.is_empty() && !remedy.contains("port and path"), "{status}: {remedy}");
            }
        }
        assert!(diagnosed(503, Some(ProxyName::Haproxy), Some(HttpHint::NoBackend)).1.contains("show servers state"));
        assert!(diagnosed(503, None, None).1.starts_with("Check the servers behind a gateway or load balancer"));
    }

    #[test]
    fn every_status_has_a_remedy_of_its_own() {
        let statuses = [
            200, 301, 400, 401, 404, 405, 408, 411, 413, 414, 415, 421, 426, 429, 431, 464, 500, 501, 502, 503, 504,
            520, 521, 522, 525, 526, 530,
        ];
        let remedies: std::collections::BTreeSet<String> =
            statuses.iter().map(|status| diagnosed(*status, None, None).1).collect();
        assert_eq!(remedies.len(), statuses.len());
        assert!(!remedies.contains(""));
        assert_eq!(diagnosed(418, None, None), ("GD408", String::new()), "the catalog's remedy");
    }

    #[test]
    fn a_certificate_that_is_missing_is_ours_to_give() {
        let (code, remedy) = diagnosed(400, Some(ProxyName::Nginx), Some(HttpHint::CertificateMissing));
        assert_eq!(
            (code, remedy.as_str()),
            ("GD305", "Use a client certificate that it trusts: --cert FILE --key FILE.")
        );
        assert_eq!(diagnosed(400, Some(ProxyName::Nginx), Some(HttpHint::CertificateRefused)).0, "GD305");
        assert_eq!(diagnosed(400, Some(ProxyName::Nginx), Some(HttpHint::TlsExpected)).0, "GD402");
    }

    #[test]
    fn a_redirect_names_what_to_dial() {
        let to = |to: &str| diagnosed(302, None, Some(HttpHint::Redirect(to.to_string()))).1;
        assert!(
            to("https://pay.example/grpc.health.v1.Health/Check").starts_with("Use pay.example with TLS (--tls on)")
        );
        assert!(to("http://pay.example:81/x").starts_with("Use http://pay.example:81/x instead"));
        assert!(to("https://login.example/auth").starts_with("Exempt gRPC from the proxy's login"));
    }
}
