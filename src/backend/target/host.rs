//! Host names, literals and ports: what every scheme has in common.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use super::piece::{Parsed, Piece, wrong};
use crate::text::shorten;

/// `host`, `host:port`, `[v6]` or `[v6]:port`. The host comes back without brackets.
pub fn host_port(piece: Piece<'_>, example: &str) -> Parsed<(String, Option<u16>)> {
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

/// An IPv6 address without brackets. Its zone is a number or the name of an interface, percent-encoded as RFC 6874 wants it
/// (`%25eth0`) or not (`%eth0`); it comes back as `fe80::1%eth0`.
pub fn v6(literal: Piece<'_>) -> Parsed<String> {
    let no_address =
        || wrong(literal.at, format!("{} is not an IPv6 address", literal.quoted()), "[2001:db8::1]:50051");
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
        Err(_) => wrong(
            literal.at + address.len(),
            "the zone of an IPv6 address is the name or number of an interface (`ip link` lists them)",
            format!("[{ip}%25eth0]:50051"),
        ),
    }
}

/// A port where something can listen.
pub fn port(digits: Piece<'_>, example: &str) -> Parsed<u16> {
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
pub fn host(name: Piece<'_>, example: &str) -> Parsed<String> {
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

/// `host:port`; an IPv6 address gets brackets.
pub fn join(host: &str, port: Option<u16>) -> String {
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_string() };
    port.map_or_else(|| host.clone(), |port| format!("{host}:{port}"))
}

/// The socket address, where the host is an IP address without the name of a zone.
pub fn ip_address(host: &str, port: u16) -> Option<SocketAddr> {
    join(host, Some(port)).parse().ok()
}
