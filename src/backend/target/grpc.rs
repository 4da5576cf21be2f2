//! Names, addresses and ports as gRPC's own clients parse them: grpc-go, grpc-java, C-core and grpc-js. A form that
//! one of them accepts and none interprets differently is accepted; `dns/target/peers.rs` has the table.

use std::borrow::Cow;
use std::net::Ipv6Addr;

use super::host::{host, port, split, v6};
use super::piece::{Parsed, Piece, invalid};
use crate::backend::dns::example::EXAMPLE;
use crate::model::host_port::joined;
use crate::model::services;
use crate::text::shorten;

/// What grpc-go dials for an empty host (`:50051`).
const THIS_MACHINE: &str = "localhost";

/// `host`, `host:port`, `:port`, `host:service`, `2001:db8::1`, `[2001:db8::1%eth0]:port`. The host is returned
/// without brackets; an empty port (`host:`) counts as none.
pub fn host_port(piece: Piece<'_>, example: &str) -> Parsed<(String, Option<u16>)> {
    let parts = split(piece)?;
    if parts.has_stray_colons {
        return match is_v6(piece.text) {
            true => Ok((v6(piece)?, None)),
            false => invalid(
                piece.at,
                format!("{} has more than one colon and is not an IPv6 address", piece.quoted()),
                example,
            ),
        };
    }
    let name = match (parts.host.text, parts.is_bracketed) {
        ("", false) if parts.port.is_some_and(Piece::is_empty) => {
            return invalid(piece.at, "missing host and port", example);
        }
        ("", _) if parts.is_bracketed || parts.port.is_some() => THIS_MACHINE.to_string(),
        (text, true) if text.contains(':') => v6(parts.host)?,
        // grpc-go accepts any host in brackets.
        (_, true) => host(parts.host, "[::1]:50051")?,
        (_, false) => host(parts.host, example)?,
    };
    let port = match parts.port {
        Some(port) => port_or_service(port, &joined(&name, 50051))?,
        None => None,
    };
    Ok((name, port))
}

/// An IPv6 address, with or without a zone.
fn is_v6(text: &str) -> bool {
    text.split_once('%').map_or(text, |(address, _)| address).parse::<Ipv6Addr>().is_ok()
}

/// A port number, or the name of a service (`http`); `None` when nothing follows the colon.
fn port_or_service(text: Piece<'_>, example: &str) -> Parsed<Option<u16>> {
    // grpc-go and C-core accept a sign.
    let text = text.strip("+").filter(|rest| rest.text.starts_with(|c: char| c.is_ascii_digit())).unwrap_or(text);
    let starts_with_letter = text.text.starts_with(|c: char| c.is_ascii_alphabetic());
    match services::port(text.text) {
        _ if text.is_empty() => Ok(None),
        Some(port) if starts_with_letter => Ok(Some(port)),
        None if starts_with_letter => invalid(
            text.at,
            format!("{} is neither a port number nor a known service name (http, https)", text.quoted()),
            example,
        ),
        _ => port(text, example).map(Some),
    }
}

/// `[//server[:port]/]name` after the scheme: the server as typed, and the rest.
pub fn authority<'a>(rest: Piece<'a>, scheme: &str) -> Parsed<(Option<String>, Piece<'a>)> {
    let Some(after) = rest.strip("//") else {
        return Ok((None, rest.strip("/").unwrap_or(rest)));
    };
    let Some((server, name)) = after.split_once('/') else {
        // Neither a user nor a parameter is valid there, and either may be a secret.
        let name = without_query(after).text;
        let name = name.rsplit_once('@').map_or(name, |(_, name)| name);
        let example = if name.is_empty() { EXAMPLE.to_string() } else { format!("{scheme}:///{}", shorten(name, 60)) };
        return invalid(
            after.at,
            format!("missing name: the part after {scheme}:// is the DNS server, as in {scheme}://SERVER/NAME"),
            example,
        );
    };
    if server.is_empty() {
        return Ok((None, name));
    }
    // grpc-go drops a user; DNS does not use one.
    let server = server.rsplit_once('@').map_or(server, |(_, server)| server);
    let (host, port) = host_port(server, &format!("{scheme}://10.0.0.2:53/pay.example"))?;
    Ok((Some(joined(&host, port)), name))
}

/// The part before a query or a fragment, which no client uses.
pub fn without_query(piece: Piece<'_>) -> Piece<'_> {
    piece.until(piece.text.find(['?', '#']).unwrap_or(piece.text.len()))
}

/// The part before a trailing slash, which grpc-java drops. A single slash is not a trailing one.
pub fn without_slash(piece: Piece<'_>) -> Piece<'_> {
    match piece.text.strip_suffix('/') {
        Some(rest) if !rest.is_empty() && !rest.ends_with('/') => piece.until(rest.len()),
        Some(_) | None => piece,
    }
}

/// Percent-decoded, except where a percent sign starts the zone of an IPv6 address. Invalid escapes stay unchanged.
pub fn decoded(text: &str) -> Cow<'_, str> {
    let is_literal = text.starts_with('[') || is_v6(text);
    if is_literal { Cow::Borrowed(text) } else { percent_decoded(text) }
}

/// Percent-decoded. Invalid escapes, and those of control characters, stay unchanged.
pub fn percent_decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let decoded = percent_encoding::percent_decode_str(text).decode_utf8();
    match decoded {
        Ok(decoded) if !decoded.chars().any(char::is_control) => decoded,
        Ok(_) | Err(_) => Cow::Borrowed(text),
    }
}

/// [`decoded`], passed to `parse`. If decoding changed the text, problems point to its start.
pub fn decoding<T>(piece: Piece<'_>, parse: impl FnOnce(Piece<'_>) -> Parsed<T>) -> Parsed<T> {
    match decoded(piece.text) {
        Cow::Borrowed(_) => parse(piece),
        Cow::Owned(text) => parse(Piece { text: &text, at: piece.at }).map_err(|mut problem| {
            problem.at = piece.at;
            problem
        }),
    }
}
