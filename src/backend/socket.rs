//! A registry's host and port.

#![cfg_attr(
    not(feature = "all-backends"),
    allow(dead_code, reason = "a build with some of the backends may use a part of it")
)]

pub(super) use crate::net::io_words;

/// `host[:port]`, an IPv6 address in brackets. The error follows the text in a sentence; `example` is what would be right.
pub(super) fn host_and_port<'a>(text: &'a str, example: &str) -> Result<(&'a str, Option<u16>), String> {
    let (host, port) = match text.strip_prefix('[') {
        Some(inside) => match inside.split_once(']') {
            Some((host, after))
                if host.parse::<std::net::Ipv6Addr>().is_ok() && (after.is_empty() || after.starts_with(':')) =>
            {
                (host, after.strip_prefix(':'))
            }
            _ => return Err("has no IPv6 address in its brackets".to_string()),
        },
        None => match text.rsplit_once(':') {
            Some((host, _)) if host.contains(':') => return Err("is no IPv6 address in brackets".to_string()),
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    if host.is_empty() {
        return Err(format!("has no host: write {example}"));
    }
    match port.map(str::parse::<u16>) {
        None => Ok((host, None)),
        Some(Ok(port)) if port != 0 => Ok((host, Some(port))),
        Some(_) => Err("has a port that is not a number from 1 to 65535".to_string()),
    }
}

/// `host:port`, an IPv6 address in brackets.
pub(super) fn joined(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// A registry's address as it may be shown: without what stands before an `@` and behind a `?`.
pub(super) fn shown_address(text: &str) -> String {
    let (before, query) = text.split_once('?').map_or((text, ""), |(before, _)| (before, "?***"));
    match text.rsplit_once('@') {
        None => format!("{before}{query}"),
        Some((_, after)) => format!("***@{}{query}", after.split('?').next().unwrap_or_default()),
    }
}
