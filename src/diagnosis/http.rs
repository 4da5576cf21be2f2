//! What a plain HTTP response to a health call means, and what to do about it: by its status, who sent it, and its words.

use super::catalog::{
    CLIENT_CERTIFICATE_REQUIRED, NOT_A_GRPC_SERVER, PLAINTEXT_ON_TLS_PORT, PROXY_ANSWERED, TLS_FAILED,
};
use super::report::Unaddressed;
use crate::model::finding::FindingKind;
use crate::model::proxy::ProxyName;
use crate::model::rpc::HttpHint;

/// The finding for a plain HTTP response. `text`: status, sender and words in one line.
pub(super) fn on_http(status: u16, by: Option<&ProxyName>, hint: Option<&HttpHint>, text: &str) -> Unaddressed {
    let gateway = is_a_gateway(status, by, hint);
    let (kind, text): (&'static FindingKind, String) = match hint {
        Some(HttpHint::CertificateMissing) => {
            (&CLIENT_CERTIFICATE_REQUIRED, format!("requires a client certificate, and none was sent: {text}"))
        }
        Some(HttpHint::CertificateRefused) => {
            (&CLIENT_CERTIFICATE_REQUIRED, format!("does not accept this client certificate: {text}"))
        }
        Some(HttpHint::TlsExpected) => (&PLAINTEXT_ON_TLS_PORT, format!("requires TLS: {text}")),
        _ if matches!(status, 525 | 526) => (&TLS_FAILED, format!("is a proxy whose TLS to its server failed: {text}")),
        _ if gateway && by.is_some() => {
            (&PROXY_ANSWERED, format!("leads to a proxy, which answered in the server's place: {text}"))
        }
        _ if gateway => (
            &PROXY_ANSWERED,
            format!("leads to a gateway or load balancer, which answered in the server's place: {text}"),
        ),
        _ => (&NOT_A_GRPC_SERVER, format!("speaks HTTP/2 and answered the health call with no gRPC: {text}")),
    };
    Unaddressed { kind, text, remedy: remedy(status, by, hint), others: Vec::new() }
}

/// What to do about a plain HTTP response, where that is more than the catalog says.
pub(super) fn remedy(status: u16, by: Option<&ProxyName>, hint: Option<&HttpHint>) -> Option<String> {
    let unnamed = if is_a_gateway(status, by, hint) { "a gateway or load balancer" } else { "an HTTP server" };
    let who = by.map_or(unnamed, ProxyName::as_str);
    hint.and_then(|hint| by_hint(hint, who, by)).or_else(|| by_status(status, who))
}

/// Something in front of a server sent this.
fn is_a_gateway(status: u16, by: Option<&ProxyName>, hint: Option<&HttpHint>) -> bool {
    by.is_some() || is_a_gateways(status) || hint.is_some_and(is_about_a_backend)
}

/// What to do when a proxy wrote the gRPC status itself.
pub(super) fn on_proxys_status(hint: Option<&HttpHint>, name: &ProxyName) -> Option<String> {
    hint.and_then(|hint| by_hint(hint, name.as_str(), Some(name)))
}

/// True for statuses that only something in front of a server sends: 464 is AWS' ALB, 520 to 527 and 530 are Cloudflare.
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
        HttpHint::CertificateMissing => "Give a client certificate that it trusts: --cert FILE --key FILE.".to_string(),
        HttpHint::CertificateRefused => format!(
            "Give a client certificate (--cert, --key) of an authority that {who} trusts, and check its dates; nginx names its \
             authorities in ssl_client_certificate."
        ),
        HttpHint::TlsExpected => "Use --tls on, and TLS credentials in the client.".to_string(),
        HttpHint::NoBackend => no_backend(who, by),
        HttpHint::BackendUnreachable => format!(
            "Look behind {who}: it cannot connect to its server. Check that the server runs, and the address and port that {who} \
             has for it."
        ),
        HttpHint::BackendBroken => format!(
            "Look behind {who}: its server ended the connection or sent what {who} could not read. Check the server's log, and \
             that {who} uses HTTP/2 (and TLS, if the server requires it) to it."
        ),
        HttpHint::BackendTimeout => backend_timeout(who),
        HttpHint::NoRoute => no_route(who),
        HttpHint::GoNotFound => {
            "Traefik sends this page when no router fits: check host (--authority) and path. A Go server such as connect-go \
             sends it when it has no grpc.health.v1: add grpchealth to its handlers."
                .to_string()
        }
        HttpHint::AccessRule => {
            format!("Ask for this client and grpc.health.v1.Health to be allowed: an access rule of {who} forbids the call.")
        }
        HttpHint::HeadersTooLarge => headers_too_large(who),
        HttpHint::BodyTooLarge => body_too_large(who),
        HttpHint::Redirect(to) => redirect(to),
        HttpHint::Authenticate(scheme) => {
            format!("Give credentials with -H 'authorization: {scheme} …' (or -H @FILE); {who} requires them.")
        }
    })
}

fn by_status(status: u16, who: &str) -> Option<String> {
    Some(match status {
        200 => format!(
            "Find the port or the host (--authority) of the gRPC server: {who} answers with a page and has no route for \
             /grpc.health.v1.Health/Check."
        ),
        300..=399 => format!("Dial what the redirect of {who} leads to: gRPC clients follow no redirect."),
        400 => format!(
            "Look at the log of {who}: it calls the request malformed. Compare host (--authority) and metadata (-H) with what a \
             client of this service sends."
        ),
        401 | 403 => {
            format!("Give credentials with -H 'authorization: …' (or -H @FILE); {who} requires them for this call.")
        }
        404 => no_route(who),
        405 => format!(
            "Find the port or the host (--authority) of the gRPC server: {who} takes no POST on this path, so it routes no gRPC there."
        ),
        408 => format!("Look at the request timeout of {who}: the call took longer than it waits."),
        411 => format!("Switch HTTP/2 and gRPC on at {who}: it requires a content-length, which no gRPC call has."),
        413 => body_too_large(who),
        414 => format!("Look at the limits of {who}: it finds the path of the call too long."),
        415 => format!(
            "Find the port or the route of the gRPC server: {who} does not accept the content type application/grpc (a REST or \
             gRPC-Web endpoint)."
        ),
        421 => format!(
            "Name the host that this connection is for with --servername and --authority: {who} serves another one here."
        ),
        426 | 505 => format!("Switch HTTP/2 on at {who} for this host: it requires another protocol version."),
        429 => format!("Ask less often (--rate, -c): {who} limits the rate."),
        431 => headers_too_large(who),
        464 => "Set the protocol version of the ALB's target group to gRPC: the call does not fit the one it has.".to_string(),
        500 => format!("Look at the log of {who}: it failed while it handled the call."),
        501 => format!("Switch gRPC on at {who}: it does not support this request."),
        502 => format!(
            "Look behind {who}: it got no valid response from its server. Check that the server runs, and that {who} speaks \
             gRPC (HTTP/2) to it, with TLS if the server requires it."
        ),
        503 => no_backend(who, None),
        504 | 524 => backend_timeout(who),
        520 => "Look at the origin server behind Cloudflare: it sent an empty or unexpected response. gRPC must be switched on \
                for the zone."
            .to_string(),
        521 | 523 => "Look at the origin server behind Cloudflare: it refuses connections, or there is no route to it.".to_string(),
        522 => "Look at the origin server behind Cloudflare: it does not accept connections in time; check its firewall."
            .to_string(),
        525 => "Check TLS of the origin server behind Cloudflare: the handshake failed.".to_string(),
        526 => "Renew the certificate of the origin server behind Cloudflare: Cloudflare does not accept it.".to_string(),
        527 | 530 => "Look at the origin server behind Cloudflare: its name or its tunnel cannot be reached.".to_string(),
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
        "Look behind {who}: it has no healthy server for this call. Check that the servers run and pass its health checks{list}."
    )
}

fn backend_timeout(who: &str) -> String {
    format!("Look behind {who}: its server did not respond in time. Check that server, then the timeout of {who}.")
}

fn no_route(who: &str) -> String {
    format!(
        "Check the routes of {who}: none fits this host and /grpc.health.v1.Health/Check. Name the host that clients use with \
         --authority."
    )
}

fn headers_too_large(who: &str) -> String {
    format!("Send fewer or shorter headers (-H), or raise the limit of {who}: they are larger than it accepts.")
}

fn body_too_large(who: &str) -> String {
    format!("Raise the body limit of {who} (nginx: client_max_body_size): the call is larger than it accepts.")
}

/// What the addresses of login pages have in them: the paths of oauth2-proxy (`/oauth2/`), Keycloak (`/auth/`, `/protocol/saml`),
/// Okta, Microsoft and Google (`login.`, `/signin`), AWS Cognito (`/login`, `/oauth2/`).
const LOGIN: [&str; 7] = ["login", "signin", "sign-in", "oauth", "/auth", "sso", "saml"];

fn redirect(to: &str) -> String {
    let lower = to.to_lowercase();
    if LOGIN.iter().any(|word| lower.contains(word)) {
        return format!(
            "Exempt gRPC from the login of the proxy, or give credentials with -H: it redirects to {to}, and gRPC clients follow \
             no redirect."
        );
    }
    match to.strip_prefix("https://") {
        Some(host) => {
            let host = host.split('/').next().unwrap_or_default();
            format!(
                "Dial {host} with TLS (--tls on): the call is redirected there, and gRPC clients follow no redirect."
            )
        }
        None => format!("Dial {to} instead: the call is redirected there, and gRPC clients follow no redirect."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(status: u16, by: Option<ProxyName>, hint: Option<HttpHint>) -> (&'static str, String) {
        let told = on_http(status, by.as_ref(), hint.as_ref(), "words");
        (told.kind.code, told.remedy.unwrap_or_default())
    }

    #[test]
    fn a_gateway_without_a_server_behind_it_is_no_wrong_port() {
        for status in [502, 503, 504, 464, 520, 521, 522, 523, 524, 530] {
            for by in [None, Some(ProxyName::Nginx)] {
                let (code, remedy) = told(status, by, None);
                assert_eq!(code, "GD407", "{status}");
                assert!(!remedy.is_empty() && !remedy.contains("port and path"), "{status}: {remedy}");
            }
        }
        assert!(told(503, Some(ProxyName::Haproxy), Some(HttpHint::NoBackend)).1.contains("show servers state"));
        assert!(told(503, None, None).1.starts_with("Look behind a gateway or load balancer"));
    }

    #[test]
    fn every_status_has_a_remedy_of_its_own() {
        let statuses = [
            200, 301, 400, 401, 404, 405, 408, 411, 413, 414, 415, 421, 426, 429, 431, 464, 500, 501, 502, 503, 504,
            520, 521, 522, 525, 526, 530,
        ];
        let remedies: std::collections::BTreeSet<String> =
            statuses.iter().map(|status| told(*status, None, None).1).collect();
        assert_eq!(remedies.len(), statuses.len());
        assert!(!remedies.contains(""));
        assert_eq!(told(418, None, None), ("GD408", String::new()), "the catalog's remedy");
    }

    #[test]
    fn a_certificate_that_is_missing_is_ours_to_give() {
        let (code, remedy) = told(400, Some(ProxyName::Nginx), Some(HttpHint::CertificateMissing));
        assert_eq!(
            (code, remedy.as_str()),
            ("GD305", "Give a client certificate that it trusts: --cert FILE --key FILE.")
        );
        assert_eq!(told(400, Some(ProxyName::Nginx), Some(HttpHint::CertificateRefused)).0, "GD305");
        assert_eq!(told(400, Some(ProxyName::Nginx), Some(HttpHint::TlsExpected)).0, "GD402");
    }

    #[test]
    fn a_redirect_names_what_to_dial() {
        let to = |to: &str| told(302, None, Some(HttpHint::Redirect(to.to_string()))).1;
        assert!(
            to("https://pay.example/grpc.health.v1.Health/Check").starts_with("Dial pay.example with TLS (--tls on)")
        );
        assert!(to("http://pay.example:81/x").starts_with("Dial http://pay.example:81/x instead"));
        assert!(to("https://login.example/auth").starts_with("Exempt gRPC from the login"));
    }
}
