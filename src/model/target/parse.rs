//! Reading a [`Target`]: every form in gRPC's naming document (doc/naming.md), mbobakov's Consul targets, and
//! the schemes of other registries.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use percent_encoding::percent_decode_str;

use super::{ConsulTarget, Target, TargetError, secrets};
use crate::model::endpoint::Address;
use crate::model::secret::Secret;
use crate::model::text::shorten;

/// The schemes that have a backend, in the order they are offered.
const OWN_SCHEMES: [&str; 9] = ["dns", "srv", "ipv4", "ipv6", "unix", "unix-abstract", "file", "consul", "passthrough"];

/// Schemes of other people's targets: recognised, so that the refusal can say what is missing.
const FOREIGN_SCHEMES: [&str; 26] = [
    "kubernetes",
    "k8s",
    "etcd",
    "discov",
    "xds",
    "google-c2p",
    "static",
    "direct",
    "discovery",
    "nacos",
    "eureka",
    "polaris",
    "zookeeper",
    "zk",
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
const CONSUL_EXAMPLE: &str = "consul:///pay?tag=v1";

/// Parameters of `consul:` that mean something here.
const CONSUL_PARAMETERS: &str = "tag, dc, near, healthy, token, ns, partition";
/// Parameters of mbobakov's resolver that tune the client, not the question: accepted, so that its targets can be pasted.
const CONSUL_TUNING: [&str; 7] =
    ["wait", "limit", "insecure", "timeout", "max-backoff", "allow-stale", "require-consistent"];

/// A part of the text, and where it stood.
#[derive(Clone, Copy)]
struct Piece<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Piece<'a> {
    fn new(text: &'a str) -> Self {
        Piece { text, at: 0 }
    }

    /// Everything from byte `from` on; `from` must be a character boundary.
    fn from(self, from: usize) -> Self {
        Piece { text: &self.text[from..], at: self.at + from }
    }

    fn until(self, end: usize) -> Self {
        Piece { text: &self.text[..end], at: self.at }
    }

    fn strip(self, prefix: &str) -> Option<Self> {
        self.text.starts_with(prefix).then(|| self.from(prefix.len()))
    }

    fn split_once(self, separator: char) -> Option<(Self, Self)> {
        let at = self.text.find(separator)?;
        Some((self.until(at), self.from(at + separator.len_utf8())))
    }

    fn rsplit_once(self, separator: char) -> Option<(Self, Self)> {
        let at = self.text.rfind(separator)?;
        Some((self.until(at), self.from(at + separator.len_utf8())))
    }

    fn split(self, separator: char) -> impl Iterator<Item = Piece<'a>> {
        let mut rest = Some(self);
        std::iter::from_fn(move || {
            let piece = rest?;
            match piece.split_once(separator) {
                Some((first, others)) => {
                    rest = Some(others);
                    Some(first)
                }
                None => rest.take(),
            }
        })
    }

    fn end(self) -> usize {
        self.at + self.text.len()
    }

    fn is_empty(self) -> bool {
        self.text.is_empty()
    }

    /// The text in quotes, fit for a sentence: what stands before an `@` may be a password.
    fn quoted(self) -> String {
        match self.text.rfind('@') {
            Some(at) => format!("{:?}", shorten(&format!("***{}", &self.text[at..]), 40)),
            None => format!("{:?}", shorten(self.text, 40)),
        }
    }
}

/// What is wrong and where, before the whole text is added.
struct Problem {
    at: usize,
    problem: String,
    example: String,
}

type Parsed<T> = Result<T, Problem>;

fn wrong<T>(at: usize, problem: impl Into<String>, example: impl Into<String>) -> Parsed<T> {
    Err(Problem { at, problem: problem.into(), example: example.into() })
}

impl FromStr for Target {
    type Err = TargetError;

    /// Parses every form of a target; contacts nobody. Schemes are compared without regard to case.
    fn from_str(text: &str) -> Result<Self, TargetError> {
        parse(Piece::new(text)).map_err(|Problem { at, problem, example }| TargetError {
            input: shorten(&secrets::mask(text), 80).into_owned(),
            position: at,
            problem,
            example,
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
        "passthrough" => passthrough(rest),
        foreign if FOREIGN_SCHEMES.contains(&foreign) => {
            Ok(Target::Unsupported { scheme: lower, rest: secrets::mask(rest.text) })
        }
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
            (OWN_SCHEMES.contains(&other) || FOREIGN_SCHEMES.contains(&other))
                && !(!rest.is_empty() && rest.text.bytes().all(|b| b.is_ascii_digit()))
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

fn bare_or_host_port(whole: Piece<'_>) -> Parsed<Target> {
    if let Some(at) = whole.text.find(char::is_whitespace) {
        return wrong(at, "a target has no white space", without_space(whole));
    }
    let (host, port) = host_port(whole, "pay.example:50051")?;
    if port.is_none() && !is_ip(&host) {
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
            format!("between {scheme}:// and the next slash stands a DNS server, and no name follows"),
            example,
        );
    };
    if server.is_empty() {
        return Ok((None, name));
    }
    let (host, port) = host_port(server, &format!("{scheme}://10.0.0.2:53/pay.example"))?;
    Ok((Some(join(&host, port)), name))
}

fn join(host: &str, port: Option<u16>) -> String {
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_string() };
    port.map_or_else(|| host.clone(), |port| format!("{host}:{port}"))
}

fn dns(rest: Piece<'_>) -> Parsed<Target> {
    let (server, name) = authority(rest, "dns")?;
    if name.is_empty() {
        return wrong(name.at, "no host is named", EXAMPLE);
    }
    let (host, port) = host_port(name, EXAMPLE)?;
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
    let (server, name) = authority(rest, "passthrough")?;
    if server.is_some() {
        return wrong(rest.at, "passthrough: asks nobody, so it takes no server", PASSTHROUGH);
    }
    match host_port(name, PASSTHROUGH)? {
        (_, None) => wrong(name.end(), "passthrough: has no default port", PASSTHROUGH),
        (host, Some(port)) => Ok(Target::Ip(vec![match ip_address(&host, port) {
            Some(socket) => Address::Ip(socket),
            None => Address::Name { host, port },
        }])),
    }
}

fn ip_address(host: &str, port: u16) -> Option<SocketAddr> {
    join(host, Some(port)).parse().ok()
}

/// `host`, `host:port`, `[v6]` or `[v6]:port`. The host comes back without brackets.
fn host_port(piece: Piece<'_>, example: &str) -> Parsed<(String, Option<u16>)> {
    if piece.text.starts_with('[') {
        let Some(close) = piece.text.find(']') else {
            return wrong(piece.at, "the bracket is never closed", "[::1]:50051");
        };
        let literal = v6(piece.until(close).from(1))?;
        let after = piece.from(close + 1);
        return match after.strip(":") {
            None if after.is_empty() => Ok((literal, None)),
            None => wrong(after.at, format!("{} cannot follow a bracketed address", after.quoted()), "[::1]:50051"),
            Some(digits) => Ok((literal.clone(), Some(port(digits, &join(&literal, Some(50051)))?))),
        };
    }
    match piece.text.matches(':').count() {
        0 => Ok((host(piece, example)?, None)),
        1 => match piece.split_once(':') {
            Some((name, digits)) => {
                let name = host(name, example)?;
                let right = join(&name, Some(50051));
                Ok((name, Some(port(digits, &right)?)))
            }
            None => wrong(piece.at, "no port is given", example),
        },
        _ => match piece.text.parse::<Ipv6Addr>() {
            Ok(literal) => {
                wrong(piece.at, "an IPv6 address stands in brackets", format!("[{literal}] or [{literal}]:50051"))
            }
            Err(_) => wrong(
                piece.at,
                format!("{} has more than one colon and is no IPv6 address in brackets", piece.quoted()),
                example,
            ),
        },
    }
}

/// The inside of the brackets. A scope is a number, percent-encoded as RFC 6874 wants it (`%252` is scope 2) or not
/// (`%2`); it comes back as the standard library writes it: `fe80::1%2`.
fn v6(literal: Piece<'_>) -> Parsed<String> {
    let no_address = || wrong(literal.at, format!("{} is no IPv6 address", literal.quoted()), "[2001:db8::1]:50051");
    let (address, scope) = literal.text.split_once('%').unwrap_or((literal.text, ""));
    let Ok(ip) = address.parse::<Ipv6Addr>() else { return no_address() };
    if address.len() == literal.text.len() {
        return Ok(ip.to_string());
    }
    match scope.strip_prefix("25").filter(|rest| !rest.is_empty()).unwrap_or(scope).parse::<u32>() {
        Ok(0) => Ok(ip.to_string()),
        Ok(scope) => Ok(format!("{ip}%{scope}")),
        Err(_) => wrong(
            literal.at + address.len(),
            "the scope of an IPv6 address is the number of an interface (`ip link` shows it)",
            format!("[{ip}%252]:50051"),
        ),
    }
}

fn port(digits: Piece<'_>, example: &str) -> Parsed<u16> {
    if digits.is_empty() {
        return wrong(digits.at, "no port follows the colon", example);
    }
    if let Some((at, _)) = digits.text.char_indices().find(|(_, c)| !c.is_ascii_digit()) {
        return wrong(digits.at + at, format!("{} is no port number", digits.quoted()), example);
    }
    match digits.text.parse::<u32>() {
        Ok(0) => wrong(digits.at, "nothing can listen on port 0", example),
        Ok(number) => match u16::try_from(number) {
            Ok(port) => Ok(port),
            Err(_) => wrong(digits.at, format!("port {number} is above 65535"), example),
        },
        Err(_) => wrong(digits.at, format!("port {} is above 65535", shorten(digits.text, 20)), example),
    }
}

/// A host name: letters (any script), digits, `-`, `_`, in labels of 1 to 63 bytes, 253 in all, or an IPv4 literal.
fn host(name: Piece<'_>, example: &str) -> Parsed<String> {
    if name.is_empty() {
        return wrong(name.at, "no host is named", example);
    }
    if let Some((at, character)) =
        name.text.char_indices().find(|(_, c)| !c.is_alphanumeric() && !matches!(c, '-' | '_' | '.'))
    {
        return wrong(name.at + at, format!("{character:?} cannot be part of a host name"), example);
    }
    let relative = name.text.strip_suffix('.').unwrap_or(name.text);
    if relative.len() > 253 {
        return wrong(name.at + 253, format!("a host name of {} bytes is longer than 253", relative.len()), example);
    }
    for label in name.until(relative.len()).split('.') {
        if label.is_empty() {
            return wrong(label.at, "an empty label (two dots, or a dot at the start)", example);
        }
        if label.text.len() > 63 {
            return wrong(label.at, format!("a label of {} bytes is longer than 63", label.text.len()), example);
        }
    }
    let numeric = |c: char| c.is_ascii_digit() || c == '.';
    if name.text.contains('.') && name.text.chars().all(numeric) && name.text.parse::<Ipv4Addr>().is_err() {
        return wrong(name.at, format!("{} is no IPv4 address", name.quoted()), example);
    }
    Ok(name.text.to_string())
}

fn list(rest: Piece<'_>, element: fn(Piece<'_>) -> Parsed<Address>) -> Parsed<Target> {
    // C-core and node accept `ipv4:///a` too.
    let rest = rest.strip("///").unwrap_or(rest);
    rest.split(',').map(element).collect::<Parsed<Vec<_>>>().map(Target::Ip)
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
        Err(_) => wrong(address.at, format!("{} is no IPv4 address", address.quoted()), EXAMPLE),
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
        (v6(element)?, DEFAULT_PORT)
    } else {
        return wrong(element.at, format!("{} is no IPv6 address", element.quoted()), EXAMPLE);
    };
    match ip_address(&literal, port) {
        Some(socket) => Ok(Address::Ip(socket)),
        None => wrong(element.at, format!("{} is no IPv6 address", element.quoted()), EXAMPLE),
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
    let path = path(rest, "unix", EXAMPLE)?;
    socket_name(rest, path.as_os_str().len(), EXAMPLE)?;
    Ok(Target::Ip(vec![Address::Unix(path)]))
}

fn unix_abstract(rest: Piece<'_>) -> Parsed<Target> {
    const EXAMPLE: &str = "unix-abstract:pay";
    if rest.is_empty() {
        return wrong(rest.at, "no socket is named", EXAMPLE);
    }
    socket_name(rest, rest.text.len(), EXAMPLE)?;
    Ok(Target::Ip(vec![Address::UnixAbstract(rest.text.to_string())]))
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

fn consul(rest: Piece<'_>) -> Parsed<ConsulTarget> {
    let (before, query) = match rest.split_once('?') {
        Some((before, query)) => (before, Some(query)),
        None => (rest, None),
    };
    let mut target = ConsulTarget::default();
    let service = match before.strip("//") {
        None => before.strip("/").unwrap_or(before),
        Some(after) => match after.split_once('/') {
            None => {
                let name = after.text.rsplit('@').next().filter(|n| !n.is_empty() && !n.contains(':')).unwrap_or("pay");
                return wrong(
                    after.at,
                    "between consul:// and the next slash stands an agent, and no service follows",
                    format!("consul:///{}", shorten(name, 60)),
                );
            }
            Some((authority, service)) => {
                consul_authority(authority, &mut target)?;
                service
            }
        },
    };
    // mbobakov trims slashes as well; an encoded one (%2F) is part of the name.
    let trimmed = service.text.trim_end_matches('/').len();
    let service = service.until(trimmed);
    let service = service.from(service.text.len() - service.text.trim_start_matches('/').len());
    if service.is_empty() {
        return wrong(service.at, "no service is named", CONSUL_EXAMPLE);
    }
    target.service = decode(service, false)?;
    for pair in query.into_iter().flat_map(|query| query.split('&')).filter(|pair| !pair.is_empty()) {
        consul_parameter(pair, &mut target)?;
    }
    Ok(target)
}

fn consul_authority(authority: Piece<'_>, target: &mut ConsulTarget) -> Parsed<()> {
    let agent = match authority.rsplit_once('@') {
        None => authority,
        Some((user, agent)) => {
            let (name, password) = user.split_once(':').unwrap_or((user, user.from(user.text.len())));
            target.user = Some((decode(name, false)?, Secret::new(decode(password, false)?)));
            agent
        }
    };
    if !agent.is_empty() {
        let (host, port) = host_port(agent, "consul://127.0.0.1:8500/pay")?;
        target.agent = Some(join(&host, port));
    }
    Ok(())
}

fn consul_parameter(pair: Piece<'_>, target: &mut ConsulTarget) -> Parsed<()> {
    let (name, value) = pair.split_once('=').unwrap_or((pair, pair.from(pair.text.len())));
    let decoded = decode(value, true)?;
    let once = |slot: &mut Option<String>| -> Parsed<()> {
        if slot.is_some() {
            return wrong(name.at, format!("{} is given twice", name.text), CONSUL_EXAMPLE);
        }
        *slot = Some(decoded.clone()).filter(|text| !text.is_empty());
        Ok(())
    };
    match decode(name, true)?.as_str() {
        "tag" if decoded.is_empty() => Ok(()),
        "tag" => {
            target.tags.push(decoded);
            Ok(())
        }
        "dc" => once(&mut target.dc),
        "near" => once(&mut target.near),
        "ns" => once(&mut target.namespace),
        "partition" => once(&mut target.partition),
        "token" if target.token.is_some() => wrong(name.at, "token is given twice", CONSUL_EXAMPLE),
        "token" => {
            target.token = Some(Secret::new(decoded)).filter(|token| !token.is_empty());
            Ok(())
        }
        // strconv.ParseBool, as mbobakov reads it.
        "healthy" => match decoded.as_str() {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => {
                target.passing_only = true;
                Ok(())
            }
            "0" | "f" | "F" | "false" | "FALSE" | "False" => {
                target.passing_only = false;
                Ok(())
            }
            _ => wrong(
                value.at,
                format!("healthy is true or false, not {}", value.quoted()),
                "consul:///pay?healthy=true",
            ),
        },
        known if CONSUL_TUNING.contains(&known) => Ok(()),
        _ => wrong(
            name.at,
            format!(
                "{} is no parameter of consul: (known: {CONSUL_PARAMETERS}; accepted without effect: {})",
                name.quoted(),
                CONSUL_TUNING.join(", ")
            ),
            CONSUL_EXAMPLE,
        ),
    }
}

/// Percent-decodes `piece`; in a query, `+` is a space. The value is never shown: it may be a secret.
fn decode(piece: Piece<'_>, query: bool) -> Parsed<String> {
    for (at, _) in piece.text.match_indices('%') {
        let digits = piece.text.as_bytes().get(at + 1..at + 3);
        if !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
            return wrong(
                piece.at + at,
                "a percent sign stands before two hexadecimal digits",
                "%25 for a percent sign",
            );
        }
    }
    let text = if query { piece.text.replace('+', " ") } else { piece.text.to_string() };
    let Ok(decoded) = percent_decode_str(&text).decode_utf8() else {
        return wrong(piece.at, "the percent-encoded bytes are no UTF-8", CONSUL_EXAMPLE);
    };
    if decoded.chars().any(char::is_control) {
        return wrong(piece.at, "a percent-encoded control character", CONSUL_EXAMPLE);
    }
    Ok(decoded.into_owned())
}
