//! [`mended`]: what to type instead of a text that is not a target. Each candidate is parsed before it is offered.

use std::net::Ipv6Addr;

use super::foreign;
use super::grpc::without_query;
use super::piece::Piece;
use super::{parse, schemes, split_scheme};
use crate::model::host_port::{HostPort, joined};
use crate::model::target::Mended;

/// Schemes of URLs that are pasted instead of a target, and the flag with the same meaning.
const URLS: &[(&str, Option<&str>)] = &[
    ("http", Some("--plaintext")),
    ("h2c", Some("--plaintext")),
    ("https", Some("--tls on")),
    ("grpcs", Some("--tls on")),
    ("ssl", Some("--tls on")),
    ("tls", Some("--tls on")),
    ("grpc", None),
    ("h2", None),
    ("tcp", None),
];

/// True for the scheme of a URL: lower case, without the colon.
pub(super) fn is_url(scheme: &str) -> bool {
    URLS.iter().any(|(known, _)| *known == scheme)
}

/// The form of `text` that is a target and was most likely meant; `None` when nothing is likely.
pub(super) fn mended(text: &str) -> Option<Mended> {
    let (typed, text) = (text, trimmed(text));
    if text.len() < typed.len() && is_target(text) {
        return Some(Mended::target(text));
    }
    // What a target with a scheme lacks is stated by its backend.
    let has_scheme =
        |(scheme, _): (Piece<'_>, Piece<'_>)| schemes().any(|known| scheme.text.eq_ignore_ascii_case(known.name));
    if split_scheme(Piece::new(text)).is_some_and(has_scheme) {
        return None;
    }
    let forms = [switch, url, registry, several, path, with_service, bracketed, one_colon];
    forms.iter().find_map(|form| form(text))
}

/// Without the white space, quotes and punctuation that are copied along with an address.
fn trimmed(text: &str) -> &str {
    let around = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '\'' | '`' | '<' | '>');
    text.trim_matches(around).trim_end_matches([',', ';']).trim_matches(around)
}

fn is_target(text: &str) -> bool {
    parse(Piece::new(text)).is_ok()
}

/// A host name or address, with or without a port, and neither a scheme nor a path.
fn is_host_port(text: &str) -> bool {
    !text.contains('/') && is_target(text)
}

fn is_port(text: &str) -> bool {
    text.parse::<u16>().is_ok_and(|port| port > 0)
}

/// dig's `@server` and `+short`.
fn switch(text: &str) -> Option<Mended> {
    if text == "+short" {
        return Some(Mended::default().with("-o short"));
    }
    let server = text.strip_prefix('@').filter(|server| is_host_port(server))?;
    Some(Mended::default().with(format!("--dns-server {server}")))
}

/// `http://host:port/pay.v1.Pay/Charge`, also with a slash missing.
fn url(text: &str) -> Option<Mended> {
    let (scheme, rest) = text.split_once(':')?;
    let scheme = scheme.to_ascii_lowercase();
    let (_, flag) = URLS.iter().find(|(known, _)| *known == scheme)?;
    let rest = without_query(Piece::new(rest.trim_start_matches('/'))).text;
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    // A user does not belong in a target, and may be a secret.
    let server = authority.rsplit_once('@').map_or(authority, |(_, server)| server);
    let parts = HostPort::split(server).ok().filter(|_| is_host_port(server))?;
    let mended = match (parts.port, scheme.as_str()) {
        (None, "http") => Mended::target(joined(parts.host, 80)),
        _ => Mended::target(server),
    };
    let mended = match flag {
        Some(flag) => mended.with(*flag),
        None => mended,
    };
    Some(and_service(mended, path))
}

/// `consul/pay`, `consul//pay`.
fn registry(text: &str) -> Option<Mended> {
    let (scheme, rest) = text.split_once('/')?;
    let lower = scheme.to_ascii_lowercase();
    if !schemes().any(|known| known.name == lower) && foreign::find(&lower).is_none() {
        return None;
    }
    let name = rest.trim_start_matches('/');
    let mended = format!("{lower}:///{name}");
    (!name.is_empty() && is_target(&mended)).then(|| Mended::target(mended))
}

/// `a:1,b:1`, `a:1, b:1`, `a:1 b:1`; and `host 50051` and `host,50051`, whose second part is the port.
fn several(text: &str) -> Option<Mended> {
    let parts: Vec<&str> =
        text.split(|c: char| c == ',' || c.is_whitespace()).filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        [] | [_] => None,
        [host, port] if is_port(port) => {
            let mended = format!("{host}:{port}");
            (is_host_port(host) && is_host_port(&mended)).then(|| Mended::target(mended))
        }
        parts => {
            let all = parts.iter().all(|part| is_target(part) && !is_port(part));
            all.then(|| Mended { targets: parts.iter().map(ToString::to_string).collect(), flags: Vec::new() })
        }
    }
}

/// `./pay.json`, `lists/pay.yaml`, `/run/pay.sock`.
fn path(text: &str) -> Option<Mended> {
    let is_list = [".json", ".yaml", ".yml"].iter().any(|end| text.ends_with(end));
    let is_socket = [".sock", ".socket"].iter().any(|end| text.ends_with(end));
    let is_path = text.starts_with(['/', '.', '~']) || (text.contains('/') && is_list);
    if !is_path || !text.contains('/') {
        return None;
    }
    if is_socket {
        let mended = format!("unix:{text}");
        return is_target(&mended).then(|| Mended::target(mended));
    }
    let forms = schemes().map(|scheme| format!("{}:{text}", scheme.name));
    let reads_a_file = |form: &String| parse(Piece::new(form)).is_ok_and(|target| target.file().is_some());
    forms.into_iter().find(reads_a_file).map(Mended::target)
}

/// `host:port/pay.v1.Pay`, as grpcurl's words become when they are joined.
fn with_service(text: &str) -> Option<Mended> {
    let (server, path) = text.split_once('/')?;
    is_host_port(server).then(|| and_service(Mended::target(server), path))
}

/// The addresses of `///a:1,b:1`, which follow the scheme of another framework.
pub(super) fn addresses(rest: &str) -> Option<Mended> {
    let list = rest.trim_start_matches('/').split(['/', '?']).next()?;
    let targets: Vec<String> = list.split(',').map(str::to_string).collect();
    targets.iter().all(|target| is_host_port(target)).then(|| Mended { targets, flags: Vec::new() })
}

/// The name of `///pay`, for every active backend.
pub(super) fn name(rest: &str) -> Option<Mended> {
    let name = rest.trim_start_matches('/').split('?').next()?;
    is_host_port(name).then(|| Mended::target(name))
}

/// The service of `pay.v1.Pay/Charge`, or of `pay.v1.Pay`, as a flag. Any other path has no meaning in gRPC.
fn and_service(mended: Mended, path: &str) -> Mended {
    let service = path.trim_matches('/').split('/').next().unwrap_or_default();
    let is_name = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let is_service = service.split('.').all(is_name) && (service.contains('.') || path.starts_with(char::is_uppercase));
    if is_service { mended.with(format!("--service {service}")) } else { mended }
}

/// `::1:50051`.
fn bracketed(text: &str) -> Option<Mended> {
    let (host, port) = text.rsplit_once(':')?;
    let host = host.trim_matches(['[', ']']);
    (host.parse::<Ipv6Addr>().is_ok() && is_port(port)).then(|| Mended::target(format!("[{host}]:{port}")))
}

/// `host::50051`.
fn one_colon(text: &str) -> Option<Mended> {
    let (host, port) = text.split_once("::")?;
    let mended = format!("{host}:{port}");
    (!host.is_empty() && is_port(port) && is_host_port(&mended)).then(|| Mended::target(mended))
}

#[cfg(test)]
mod tests {
    use crate::model::target::Target;

    #[test]
    fn the_example_of_an_error_is_the_input_mended() {
        for (typed, expected) in [
            ("http://10.0.0.7:50051", "10.0.0.7:50051 --plaintext"),
            ("http://10.0.0.7/x", "10.0.0.7:80 --plaintext"),
            ("http:/10.0.0.7:50051", "10.0.0.7:50051 --plaintext"),
            ("https://joe@pay.example/v1", "pay.example --tls on"),
            ("https://pay.example:443/pay.v1.Pay/Charge", "pay.example:443 --tls on --service pay.v1.Pay"),
            ("grpc://pay.example:50051", "pay.example:50051"),
            ("grpcs://[::1]:50051", "[::1]:50051 --tls on"),
            ("10.0.0.7:50051/pay.v1.Pay", "10.0.0.7:50051 --service pay.v1.Pay"),
            ("pay.example:50051/Pay/Charge", "pay.example:50051 --service Pay"),
            ("pay.example:50051/health", "pay.example:50051"),
            ("::1:50051", "[::1]:50051"),
            ("2001:db8::7:50051", "[2001:db8::7]:50051"),
            ("pay.example::50051", "pay.example:50051"),
            ("a:1,b:1", "a:1 b:1"),
            ("a:1, b:1", "a:1 b:1"),
            ("pay.example 50051", "pay.example:50051"),
            ("pay.example,50051", "pay.example:50051"),
            ("./r12.json", "file:./r12.json"),
            ("/etc/grpc/pay.yaml", "file:/etc/grpc/pay.yaml"),
            ("lists/pay.yml", "file:lists/pay.yml"),
            ("/run/pay.sock", "unix:/run/pay.sock"),
            ("pay ", "pay"),
            ("'pay.example:50051',", "pay.example:50051"),
            ("@127.0.0.53", "--dns-server 127.0.0.53"),
            ("+short", "-o short"),
            ("dns/pay.example:50051", "dns:///pay.example:50051"),
        ] {
            let error = typed.parse::<Target>().expect_err(typed);
            assert_eq!(error.mended.to_string(), expected, "{typed}: {error}");
            assert!(error.to_string().ends_with(&format!("; write {expected}")), "{error}");
            assert!(error.mended.targets.iter().all(|target| target.parse::<Target>().is_ok()), "{typed}: {error}");
        }
    }

    #[cfg(feature = "consul")]
    #[test]
    fn a_registry_before_a_slash_becomes_a_scheme() {
        for (typed, expected) in [("consul/pay", "consul:///pay"), ("Consul/pay?tag=v1", "consul:///pay?tag=v1")] {
            assert_eq!(typed.parse::<Target>().unwrap_err().mended.to_string(), expected, "{typed}");
        }
    }
}
