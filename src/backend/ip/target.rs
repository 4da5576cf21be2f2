//! [`IpTarget`]: `ipv4:`, `ipv6:`, `unix:` and `unix-abstract:` of gRPC's naming document (doc/naming.md), and
//! grpc-go's `passthrough:`.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use crate::backend::target::grpc::{authority, decoding, host_port, percent_decoded, without_query};
use crate::backend::target::host::{ip_address, port, v6};
use crate::backend::target::path::path;
use crate::backend::target::{Example, Parsed, Piece, Scheme, invalid};
use crate::model::endpoint::Address;
use crate::model::host_port::joined;
use crate::model::target::{BackendTarget, Target};

/// The backend's name in the output and on the command line.
pub(super) const NAME: &str = "ip";

/// The schemes.
pub(super) const SCHEMES: &[Scheme] = &[
    Scheme::new("ipv4", |rest| list(rest, ipv4_element)).with_numbers(),
    Scheme::new("ipv6", |rest| list(rest, ipv6_element)).with_numbers(),
    Scheme::new("unix", unix).with_numbers().with_spaces(),
    Scheme::new("unix-abstract", unix_abstract).with_numbers().with_spaces(),
    Scheme::new("passthrough", passthrough),
];

/// The examples in the help.
pub(super) const EXAMPLES: &[Example] = &[
    Example { target: "ipv4:10.0.0.1:50051,10.0.0.2:50051", meaning: "" },
    Example { target: "ipv6:[2001:db8::1]:50051", meaning: "" },
    Example { target: "unix:/run/pay.sock", meaning: "" },
];

/// gRPC's default port.
const DEFAULT_PORT: u16 = 443;
/// `sun_path` has 108 bytes, one of them for the trailing (or, abstract, leading) NUL.
const LONGEST_SOCKET_NAME: usize = 107;

/// The addresses themselves: nothing is queried. Only `passthrough:` and a zone in `ipv6:` result in an
/// [`Address::Name`]: as in grpc-go, it is resolved when it is dialed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IpTarget(pub Vec<Address>);

impl BackendTarget for IpTarget {
    fn backend(&self) -> &'static str {
        NAME
    }

    fn scheme(&self) -> &'static str {
        scheme_of(self.0.first())
    }

    fn names_an_address(&self) -> bool {
        true
    }

    fn authority(&self) -> Option<String> {
        None
    }
}

fn scheme_of(first: Option<&Address>) -> &'static str {
    match first {
        None | Some(Address::Ip(SocketAddr::V4(_))) => "ipv4",
        Some(Address::Ip(SocketAddr::V6(_))) => "ipv6",
        Some(Address::Unix(_)) => "unix",
        Some(Address::UnixAbstract(_)) => "unix-abstract",
        // An IPv6 address whose zone is the name of an interface.
        Some(Address::Name { host, .. }) if host.contains(':') => "ipv6",
        Some(Address::Name { .. }) => "passthrough",
    }
}

/// One list per scheme: `ipv4:10.0.0.1:80,10.0.0.2:80`. A parsed target never mixes schemes.
impl fmt::Display for IpTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut previous = None;
        for address in &self.0 {
            let scheme = scheme_of(Some(address));
            if previous.is_some() {
                f.write_str(",")?;
            }
            match address {
                Address::Ip(socket) => {
                    if previous != Some(scheme) {
                        write!(f, "{scheme}:")?;
                    }
                    // A scope is percent-encoded (RFC 6874): only a literal has a percent sign.
                    f.write_str(&socket.to_string().replace('%', "%25"))?;
                }
                Address::Name { host, port } if host.contains(':') => {
                    if previous != Some(scheme) {
                        write!(f, "{scheme}:")?;
                    }
                    f.write_str(&joined(&host.replace('%', "%25"), *port))?;
                }
                Address::Name { host, port } => write!(f, "passthrough:///{host}:{port}")?,
                Address::Unix(path) => fmt_socket(f, scheme, &path.display().to_string())?,
                Address::UnixAbstract(name) => fmt_socket(f, scheme, name)?,
            }
            previous = Some(scheme);
        }
        Ok(())
    }
}

/// The name of a socket, encoded where it would otherwise be ambiguous.
fn fmt_socket(f: &mut fmt::Formatter<'_>, scheme: &str, name: &str) -> fmt::Result {
    let authority = if name.starts_with("//") { "//" } else { "" };
    write!(f, "{scheme}:{authority}{}", name.replace('%', "%25").replace('?', "%3F").replace('#', "%23"))
}

fn passthrough(rest: Piece<'_>) -> Parsed<Target> {
    const PASSTHROUGH: &str = "passthrough:///10.0.0.7:50051";
    // grpc-go ignores an authority here.
    let (_, name) = authority(without_query(rest), "passthrough")?;
    if let Some(path) = name.strip("unix:") {
        return unix(path);
    }
    if name.is_empty() {
        return invalid(name.at, "missing address", PASSTHROUGH);
    }
    match decoding(name, |name| host_port(name, PASSTHROUGH))? {
        (_, None) => invalid(name.end(), "missing port: passthrough: has no default port", PASSTHROUGH),
        (host, Some(port)) => {
            let address = match ip_address(&host, port) {
                Some(socket) => Address::Ip(socket),
                None => Address::Name { host, port },
            };
            Ok(IpTarget(vec![address]).into())
        }
    }
}

fn list(rest: Piece<'_>, element: fn(Piece<'_>) -> Parsed<Address>) -> Parsed<Target> {
    let rest = without_query(rest);
    // C-core and node accept `ipv4:///a` too, C-core also `ipv4:/a`.
    let rest =
        rest.strip("///").unwrap_or_else(|| rest.strip("/").filter(|rest| !rest.text.starts_with('/')).unwrap_or(rest));
    // C-core skips empty elements.
    let elements: Vec<Piece<'_>> = rest.split(',').filter(|element| !element.is_empty()).collect();
    if elements.is_empty() {
        return element(rest.until(0)).map(|address| IpTarget(vec![address]).into());
    }
    // C-core accepts a percent-encoded element, brackets included.
    let parsed = elements.into_iter().map(|piece| decoding(piece, element));
    parsed.collect::<Parsed<Vec<_>>>().map(|addresses| IpTarget(addresses).into())
}

fn ipv4_element(element: Piece<'_>) -> Parsed<Address> {
    const EXAMPLE: &str = "ipv4:10.0.0.1:50051,10.0.0.2:50051";
    if element.is_empty() {
        return invalid(element.at, "empty element in the list", EXAMPLE);
    }
    let (address, port) = match element.split_once(':') {
        Some((address, digits)) => (address, port(digits, EXAMPLE)?),
        None => (element, DEFAULT_PORT),
    };
    match address.text.parse::<Ipv4Addr>() {
        Ok(ip) => Ok(Address::Ip((ip, port).into())),
        Err(_) => invalid(address.at, format!("{} is not an IPv4 address", address.quoted()), EXAMPLE),
    }
}

fn ipv6_element(element: Piece<'_>) -> Parsed<Address> {
    const EXAMPLE: &str = "ipv6:[2001:db8::1]:50051,[2001:db8::2]:50051";
    if element.is_empty() {
        return invalid(element.at, "empty element in the list", EXAMPLE);
    }
    let (literal, port) = if element.text.starts_with('[') {
        let (host, port) = host_port(element, EXAMPLE)?;
        (host, port.unwrap_or(DEFAULT_PORT))
    } else if element.text.contains(':') {
        // naming.md allows a literal without brackets when no port follows.
        (v6(element)?, DEFAULT_PORT)
    } else {
        return invalid(element.at, format!("{} is not an IPv6 address", element.quoted()), EXAMPLE);
    };
    match ip_address(&literal, port) {
        Some(socket) => Ok(Address::Ip(socket)),
        // The interface is looked up when the address is dialed.
        None if literal.contains('%') => Ok(Address::Name { host: literal, port }),
        None => invalid(element.at, format!("{} is not an IPv6 address", element.quoted()), EXAMPLE),
    }
}

fn unix(rest: Piece<'_>) -> Parsed<Target> {
    const EXAMPLE: &str = "unix:/run/pay.sock";
    let path = path(without_query(rest), "unix", EXAMPLE)?;
    let path = match path.to_str().map(percent_decoded) {
        Some(decoded) => PathBuf::from(decoded.as_ref()),
        None => path,
    };
    socket_name(rest, path.as_os_str().len(), EXAMPLE)?;
    Ok(IpTarget(vec![Address::Unix(path)]).into())
}

/// `unix-abstract:name`; with an (empty) authority the slash after it belongs to the name, as in C-core and grpc-go.
fn unix_abstract(rest: Piece<'_>) -> Parsed<Target> {
    const EXAMPLE: &str = "unix-abstract:pay";
    let name = path(without_query(rest), "unix-abstract", EXAMPLE)?;
    let name = percent_decoded(&name.to_string_lossy()).into_owned();
    socket_name(rest, name.len(), EXAMPLE)?;
    Ok(IpTarget(vec![Address::UnixAbstract(name)]).into())
}

fn socket_name(rest: Piece<'_>, length: usize, example: &str) -> Parsed<()> {
    if length > LONGEST_SOCKET_NAME {
        return invalid(
            rest.at,
            format!("the socket name is {length} bytes long (limit of this system: {LONGEST_SOCKET_NAME})"),
            example,
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests;
