//! Host names, literals and ports: what every scheme has in common.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use super::piece::{Parsed, Piece, invalid};
use crate::model::host_port::{self, BracketError, HostPort, PortError, joined};
use crate::text::shorten;

/// The parts of `host:port`, with their positions.
pub struct Parts<'a> {
    /// Without brackets.
    pub host: Piece<'a>,
    /// The text after the colon, if there is one.
    pub port: Option<Piece<'a>>,
    /// The host was in brackets.
    pub is_bracketed: bool,
    /// More than one colon and no brackets.
    pub has_stray_colons: bool,
}

/// Splits `host:port`; neither part is checked.
pub fn split(piece: Piece<'_>) -> Parsed<Parts<'_>> {
    match HostPort::split(piece.text) {
        Ok(parts) => Ok(Parts {
            host: Piece { text: parts.host, at: piece.at + usize::from(parts.is_bracketed) },
            port: parts.port.map(|text| Piece { text, at: piece.at + parts.port_at() }),
            is_bracketed: parts.is_bracketed,
            has_stray_colons: parts.has_stray_colons(),
        }),
        Err(BracketError::Unclosed) => invalid(piece.at, "missing closing bracket", "[::1]:50051"),
        Err(BracketError::Followed { at }) => {
            let after = piece.from(at);
            invalid(after.at, format!("unexpected {} after the bracketed address", after.quoted()), "[::1]:50051")
        }
    }
}

/// `host`, `host:port`, `[v6]` or `[v6]:port`. The host is returned without brackets.
pub fn host_port(piece: Piece<'_>, example: &str) -> Parsed<(String, Option<u16>)> {
    let parts = split(piece)?;
    if parts.has_stray_colons {
        return match piece.text.parse::<Ipv6Addr>() {
            Ok(literal) => {
                invalid(piece.at, "an IPv6 address must be in brackets", format!("[{literal}] or [{literal}]:50051"))
            }
            Err(_) => invalid(
                piece.at,
                format!("{} has more than one colon and is not an IPv6 address in brackets", piece.quoted()),
                example,
            ),
        };
    }
    let name = if parts.is_bracketed { v6(parts.host)? } else { host(parts.host, example)? };
    let port = parts.port.map(|digits| port(digits, &joined(&name, 50051))).transpose()?;
    Ok((name, port))
}

/// An IPv6 address without brackets. Its zone is a number or the name of an interface, percent-encoded as in RFC 6874
/// (`%25eth0`) or not (`%eth0`); it is returned as `fe80::1%eth0`.
pub fn v6(literal: Piece<'_>) -> Parsed<String> {
    let no_address =
        || invalid(literal.at, format!("{} is not an IPv6 address", literal.quoted()), "[2001:db8::1]:50051");
    let (address, zone) = literal.text.split_once('%').unwrap_or((literal.text, ""));
    let Ok(ip) = address.parse::<Ipv6Addr>() else { return no_address() };
    if address.len() == literal.text.len() {
        return Ok(ip.to_string());
    }
    let name = zone.strip_prefix("25").filter(|rest| !rest.is_empty()).unwrap_or(zone);
    let is_zone_letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    match name.parse::<u32>() {
        Ok(0) => Ok(ip.to_string()),
        Ok(index) => Ok(format!("{ip}%{index}")),
        Err(_) if !name.is_empty() && name.chars().all(is_zone_letter) => Ok(format!("{ip}%{name}")),
        Err(_) => invalid(
            literal.at + address.len(),
            "invalid IPv6 zone; expected the name or number of a network interface (see `ip link`)",
            format!("[{ip}%25eth0]:50051"),
        ),
    }
}

/// A valid port to listen on.
pub fn port(digits: Piece<'_>, example: &str) -> Parsed<u16> {
    host_port::port(digits.text).or_else(|error| match error {
        PortError::Empty => invalid(digits.at, "missing port after the colon", example),
        PortError::NotANumber { at } => {
            invalid(digits.at + at, format!("{} is not a port number", digits.quoted()), example)
        }
        PortError::Zero => invalid(digits.at, "port 0 is not a valid port", example),
        PortError::TooLarge => {
            invalid(digits.at, format!("port {} is out of range (1 to 65535)", shorten(digits.text, 20)), example)
        }
    })
}

/// A host name: letters (any script), digits, `-`, `_`, in labels of 1 to 63 bytes, 253 in all, or an IPv4 literal.
pub fn host(name: Piece<'_>, example: &str) -> Parsed<String> {
    if name.is_empty() {
        return invalid(name.at, "missing host name", example);
    }
    if let Some((at, character)) =
        name.text.char_indices().find(|(_, c)| !c.is_alphanumeric() && !matches!(c, '-' | '_' | '.'))
    {
        return invalid(name.at + at, format!("invalid character {character:?} in the host name"), example);
    }
    let relative = name.text.strip_suffix('.').unwrap_or(name.text);
    if relative.len() > 253 {
        return invalid(name.at + 253, format!("the host name is {} bytes long (limit: 253)", relative.len()), example);
    }
    for label in name.until(relative.len()).split('.') {
        if label.is_empty() {
            return invalid(
                label.at,
                "empty label in the host name (two dots in a row, or a dot at the start)",
                example,
            );
        }
        if label.text.len() > 63 {
            return invalid(
                label.at,
                format!("a label of the host name is {} bytes long (limit: 63)", label.text.len()),
                example,
            );
        }
    }
    let numeric = |c: char| c.is_ascii_digit() || c == '.';
    if name.text.contains('.') && name.text.chars().all(numeric) && name.text.parse::<Ipv4Addr>().is_err() {
        return invalid(name.at, format!("{} is not an IPv4 address", name.quoted()), example);
    }
    Ok(name.text.to_string())
}

/// The socket address, if the host is an IP address without a named zone.
pub fn ip_address(host: &str, port: u16) -> Option<SocketAddr> {
    joined(host, port).parse().ok()
}
