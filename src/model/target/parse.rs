//! Reading a [`Target`]: every form in gRPC's naming document (doc/naming.md), mbobakov's Consul targets, and
//! the schemes of other registries.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::str::FromStr;

use super::{Target, TargetError, secrets};
use crate::model::endpoint::Address;
use crate::model::text::shorten;

mod consul;
mod etcd;
mod eureka;
mod host;
mod kubernetes;
mod peers;
mod percent;
mod piece;
mod zookeeper;

use consul::consul;
use etcd::{discov, etcd};
use eureka::eureka;
use host::{host, ip_address, join, port};
pub(super) use kubernetes::bare as bare_kubernetes;
use kubernetes::{k8s, kubernetes};
use peers::{decoded, decoding, host_port, percent_decoded, without_query, without_slash};
use piece::{Parsed, Piece, Problem, wrong};
use zookeeper::zookeeper;

/// The schemes that have a backend, in the order they are offered.
const OWN_SCHEMES: [&str; 16] = [
    "dns",
    "srv",
    "ipv4",
    "ipv6",
    "unix",
    "unix-abstract",
    "file",
    "consul",
    "etcd",
    "discov",
    "eureka",
    "kubernetes",
    "k8s",
    "zookeeper",
    "zk",
    "passthrough",
];

/// Schemes of other people's targets: recognised, so that the refusal can say what is missing.
const FOREIGN_SCHEMES: [&str; 19] = [
    "xds",
    "google-c2p",
    "static",
    "direct",
    "discovery",
    "nacos",
    "polaris",
    "vsock",
    "svc",
    "service",
    "stork",
    "dubbo",
    "tri",
    "mdns",
    "kratos",
    "nats",
    "redis",
    "serverset",
    "unix-seqpacket",
];

/// Longest text that is looked at: room for a list of some thousand addresses.
const LONGEST: usize = 64 * 1024;
/// gRPC's port for names and literals without one.
const DEFAULT_PORT: u16 = 443;
/// `sun_path` has 108 bytes, one of them for the closing (or, abstract, leading) NUL.
const LONGEST_SOCKET_NAME: usize = 107;

const EXAMPLE: &str = "dns:///pay.example:50051";
impl FromStr for Target {
    type Err = TargetError;

    /// Parses every form of a target; contacts nobody. Schemes are compared without regard to case.
    fn from_str(text: &str) -> Result<Self, TargetError> {
        parse(Piece::new(text)).map_err(|Problem { at, problem, example }| TargetError {
            input: shorten(&secrets::mask(text), 80).into_owned(),
            position: at,
            problem: secrets::mask_in(&problem, text),
            example: secrets::mask_in(&example, text),
        })
    }
}

fn parse(whole: Piece<'_>) -> Parsed<Target> {
    if whole.is_empty() {
        return wrong(0, "the target is empty", format!("pay or {EXAMPLE}"));
    }
    if whole.text.len() > LONGEST {
        return wrong(
            LONGEST,
            format!("{} bytes are more than the {LONGEST} a target may have", whole.text.len()),
            EXAMPLE,
        );
    }
    if let Some((at, character)) = whole.text.char_indices().find(|(_, c)| c.is_control()) {
        return wrong(at, format!("U+{:04X} is a control character", u32::from(character)), EXAMPLE);
    }
    let Some((scheme, rest)) = split_scheme(whole) else { return bare_or_host_port(whole) };
    let lower = scheme.text.to_ascii_lowercase();
    if !matches!(lower.as_str(), "file" | "unix" | "unix-abstract")
        && let Some(at) = rest.text.find(char::is_whitespace)
    {
        return wrong(rest.at + at, "a target has no white space", without_space(whole));
    }
    match lower.as_str() {
        "dns" => dns(rest),
        "srv" => srv(rest),
        "ipv4" => list(rest, ipv4_element),
        "ipv6" => list(rest, ipv6_element),
        "unix" => unix(rest),
        "unix-abstract" => unix_abstract(rest),
        "file" => path(rest, "file", "file:endpoints.yaml").map(Target::File),
        "consul" => consul(rest).map(Target::Consul),
        "etcd" => etcd(rest).map(Target::Etcd),
        "discov" => discov(rest).map(Target::Etcd),
        "eureka" => eureka(rest).map(Target::Eureka),
        "kubernetes" => kubernetes(rest).map(Target::Kubernetes),
        "k8s" => k8s(rest).map(Target::Kubernetes),
        "zookeeper" | "zk" => zookeeper(rest).map(Target::Zookeeper),
        "passthrough" => passthrough(rest),
        foreign if FOREIGN_SCHEMES.contains(&foreign) => {
            Ok(Target::Foreign { scheme: lower, rest: secrets::mask(rest.text) })
        }
        "http" | "https" | "grpc" | "grpcs" | "tcp" => url(scheme, rest),
        unknown => wrong(scheme.at, unknown_scheme(unknown), format!("pay, pay.example:50051 or {EXAMPLE}")),
    }
}

/// The scheme and what follows its colon. `consul:8500` is the port of a host, not a scheme: only schemes that take a
/// plain word (`dns:8080` asks for the name `8080`, as gRPC does) win over a number.
fn split_scheme(whole: Piece<'_>) -> Option<(Piece<'_>, Piece<'_>)> {
    let (scheme, rest) = whole.split_once(':')?;
    let mut characters = scheme.text.chars();
    let shaped = characters.next().is_some_and(|c| c.is_ascii_alphabetic())
        && characters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    if !shaped {
        return None;
    }
    let lower = scheme.text.to_ascii_lowercase();
    let known = match lower.as_str() {
        "dns" | "srv" | "ipv4" | "ipv6" | "unix" | "unix-abstract" | "file" => true,
        other => {
            let is_port = !rest.is_empty() && rest.text.bytes().all(|b| b.is_ascii_digit());
            !is_port && (OWN_SCHEMES.contains(&other) || FOREIGN_SCHEMES.contains(&other))
        }
    };
    (known || rest.text.starts_with('/')).then_some((scheme, rest))
}

fn unknown_scheme(scheme: &str) -> String {
    let schemes = || OWN_SCHEMES.iter().chain(&FOREIGN_SCHEMES).copied();
    let mut near: Vec<(usize, &str)> = schemes()
        .map(|known| {
            (if known.starts_with(scheme) || scheme.starts_with(known) { 1 } else { distance(scheme, known) }, known)
        })
        .filter(|(distance, known)| *distance <= 2 && *distance < known.len())
        .collect();
    near.sort_unstable();
    let shown = shorten(scheme, 40);
    if near.is_empty() {
        format!("{shown}: is no known scheme (known: {})", OWN_SCHEMES.join(", "))
    } else {
        let near: Vec<_> = near.iter().take(3).map(|(_, known)| format!("{known}:")).collect();
        format!("{shown}: is no known scheme (near: {})", near.join(", "))
    }
}

/// Levenshtein distance; long words are far from everything.
fn distance(a: &str, b: &str) -> usize {
    if a.len() > 20 || b.len() > 20 {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let substituted = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

fn without_space(whole: Piece<'_>) -> String {
    let squeezed: String = whole.text.chars().filter(|c| !c.is_whitespace()).collect();
    if squeezed.is_empty() { EXAMPLE.to_string() } else { shorten(&secrets::mask(&squeezed), 60).into_owned() }
}

/// A URL is no target of gRPC's: the host and port in it are, and how they are spoken to is a flag's business.
fn url(scheme: Piece<'_>, rest: Piece<'_>) -> Parsed<Target> {
    let after = rest.strip("//").unwrap_or(rest);
    let authority = after.until(after.text.find(['/', '?', '#']).unwrap_or(after.text.len()));
    let server = authority.rsplit_once('@').map_or(authority, |(_, server)| server);
    let plaintext = if scheme.text.eq_ignore_ascii_case("http") { " --plaintext" } else { "" };
    let example = match host_port(server, EXAMPLE) {
        Ok((host, port)) => {
            let default = if plaintext.is_empty() { None } else { Some(80) };
            format!("{}{plaintext}", join(&host, port.or(default)))
        }
        Err(_) => EXAMPLE.to_string(),
    };
    wrong(scheme.at, format!("{}: is the scheme of a URL, not of a gRPC target", scheme.text), example)
}

fn bare_or_host_port(whole: Piece<'_>) -> Parsed<Target> {
    if let Some(at) = whole.text.find(char::is_whitespace) {
        return wrong(at, "a target has no white space", without_space(whole));
    }
    let name = without_slash(without_query(whole));
    let (host, port) = decoding(name, |name| host_port(name, "pay.example:50051"))?;
    if port.is_none() && !is_ip(&host) && !decoded(name.text).contains(':') {
        return Ok(Target::Bare(host));
    }
    Ok(Target::Dns { server: None, host, port })
}

fn is_ip(host: &str) -> bool {
    host.contains(':') || host.parse::<Ipv4Addr>().is_ok()
}

/// `[//server[:port]/]name` after the scheme: the server as typed, and the rest.
fn authority<'a>(rest: Piece<'a>, scheme: &str) -> Parsed<(Option<String>, Piece<'a>)> {
    let Some(after) = rest.strip("//") else {
        return Ok((None, rest.strip("/").unwrap_or(rest)));
    };
    let Some((server, name)) = after.split_once('/') else {
        let example = if after.is_empty() {
            EXAMPLE.to_string()
        } else {
            format!("{scheme}:///{}", shorten(&secrets::mask(after.text), 60))
        };
        return wrong(
            after.at,
            format!("no name follows: what stands after {scheme}:// is the DNS server, as in {scheme}://SERVER/NAME"),
            example,
        );
    };
    if server.is_empty() {
        return Ok((None, name));
    }
    // grpc-go drops a user; it is none of DNS' business.
    let server = server.rsplit_once('@').map_or(server, |(_, server)| server);
    let (host, port) = host_port(server, &format!("{scheme}://10.0.0.2:53/pay.example"))?;
    Ok((Some(join(&host, port)), name))
}

fn dns(rest: Piece<'_>) -> Parsed<Target> {
    let (server, name) = authority(without_query(rest), "dns")?;
    if name.is_empty() {
        return wrong(name.at, "no host is named", EXAMPLE);
    }
    let (host, port) = decoding(without_slash(name), |name| host_port(name, EXAMPLE))?;
    Ok(Target::Dns { server, host, port })
}

fn srv(rest: Piece<'_>) -> Parsed<Target> {
    const SRV: &str = "srv:///_grpc._tcp.pay.example";
    let (server, name) = authority(rest, "srv")?;
    if name.is_empty() {
        return wrong(name.at, "no name is given", SRV);
    }
    if let Some(colon) = name.text.find(':') {
        return wrong(name.at + colon, "SRV records bring their own ports", SRV);
    }
    host(name, SRV).map(|name| Target::Srv { server, name })
}

fn passthrough(rest: Piece<'_>) -> Parsed<Target> {
    const PASSTHROUGH: &str = "passthrough:///10.0.0.7:50051";
    // grpc-go ignores an authority here.
    let (_, name) = authority(without_query(rest), "passthrough")?;
    if let Some(path) = name.strip("unix:") {
        return unix(path);
    }
    if name.is_empty() {
        return wrong(name.at, "no address is given", PASSTHROUGH);
    }
    match decoding(name, |name| host_port(name, PASSTHROUGH))? {
        (_, None) => wrong(name.end(), "passthrough: has no default port", PASSTHROUGH),
        (host, Some(port)) => Ok(Target::Ip(vec![match ip_address(&host, port) {
            Some(socket) => Address::Ip(socket),
            None => Address::Name { host, port },
        }])),
    }
}

fn list(rest: Piece<'_>, element: fn(Piece<'_>) -> Parsed<Address>) -> Parsed<Target> {
    let rest = without_query(rest);
    // C-core and node take `ipv4:///a` too, C-core also `ipv4:/a`.
    let rest =
        rest.strip("///").unwrap_or_else(|| rest.strip("/").filter(|rest| !rest.text.starts_with('/')).unwrap_or(rest));
    // C-core skips empty elements.
    let elements: Vec<Piece<'_>> = rest.split(',').filter(|element| !element.is_empty()).collect();
    if elements.is_empty() {
        return element(rest.until(0)).map(|address| Target::Ip(vec![address]));
    }
    // C-core takes an element percent-encoded, brackets among it.
    let parsed = elements.into_iter().map(|piece| decoding(piece, element));
    parsed.collect::<Parsed<Vec<_>>>().map(Target::Ip)
}

fn ipv4_element(element: Piece<'_>) -> Parsed<Address> {
    const EXAMPLE: &str = "ipv4:10.0.0.1:50051,10.0.0.2:50051";
    if element.is_empty() {
        return wrong(element.at, "an empty element in the list", EXAMPLE);
    }
    let (address, port) = match element.split_once(':') {
        Some((address, digits)) => (address, port(digits, EXAMPLE)?),
        None => (element, DEFAULT_PORT),
    };
    match address.text.parse::<Ipv4Addr>() {
        Ok(ip) => Ok(Address::Ip((ip, port).into())),
        Err(_) => wrong(address.at, format!("{} is not an IPv4 address", address.quoted()), EXAMPLE),
    }
}

fn ipv6_element(element: Piece<'_>) -> Parsed<Address> {
    const EXAMPLE: &str = "ipv6:[2001:db8::1]:50051,[2001:db8::2]:50051";
    if element.is_empty() {
        return wrong(element.at, "an empty element in the list", EXAMPLE);
    }
    let (literal, port) = if element.text.starts_with('[') {
        let (host, port) = host_port(element, EXAMPLE)?;
        (host, port.unwrap_or(DEFAULT_PORT))
    } else if element.text.contains(':') {
        // naming.md allows a literal without brackets when no port follows.
        (host::v6(element)?, DEFAULT_PORT)
    } else {
        return wrong(element.at, format!("{} is not an IPv6 address", element.quoted()), EXAMPLE);
    };
    match ip_address(&literal, port) {
        Some(socket) => Ok(Address::Ip(socket)),
        // Whoever dials looks the interface up.
        None if literal.contains('%') => Ok(Address::Name { host: literal, port }),
        None => wrong(element.at, format!("{} is not an IPv6 address", element.quoted()), EXAMPLE),
    }
}

/// `path`, `///abs`: as typed, nothing is percent-decoded.
fn path(rest: Piece<'_>, scheme: &str, example: &str) -> Parsed<PathBuf> {
    let path = match rest.strip("//") {
        Some(after) if after.text.starts_with('/') => after,
        Some(after) if after.is_empty() => after,
        Some(after) => {
            let server = after.split_once('/').map_or(after, |(server, _)| server);
            return wrong(
                server.at,
                format!("{scheme}: takes no server, and {} stands where one would", server.quoted()),
                example,
            );
        }
        None => rest,
    };
    if path.is_empty() { wrong(path.at, "no path is given", example) } else { Ok(PathBuf::from(path.text)) }
}

fn unix(rest: Piece<'_>) -> Parsed<Target> {
    const EXAMPLE: &str = "unix:/run/pay.sock";
    let path = path(without_query(rest), "unix", EXAMPLE)?;
    let path = match path.to_str().map(percent_decoded) {
        Some(decoded) => PathBuf::from(decoded.as_ref()),
        None => path,
    };
    socket_name(rest, path.as_os_str().len(), EXAMPLE)?;
    Ok(Target::Ip(vec![Address::Unix(path)]))
}

/// `unix-abstract:name`; with an (empty) authority the slash after it belongs to the name, as in C-core and grpc-go.
fn unix_abstract(rest: Piece<'_>) -> Parsed<Target> {
    const EXAMPLE: &str = "unix-abstract:pay";
    let name = path(without_query(rest), "unix-abstract", EXAMPLE)?;
    let name = percent_decoded(&name.to_string_lossy()).into_owned();
    socket_name(rest, name.len(), EXAMPLE)?;
    Ok(Target::Ip(vec![Address::UnixAbstract(name)]))
}

fn socket_name(rest: Piece<'_>, length: usize, example: &str) -> Parsed<()> {
    if length > LONGEST_SOCKET_NAME {
        return wrong(
            rest.at,
            format!("a socket name of {length} bytes is longer than the {LONGEST_SOCKET_NAME} the system allows"),
            example,
        );
    }
    Ok(())
}
