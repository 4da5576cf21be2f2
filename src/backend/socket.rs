//! How an address of a registry is shown.

#![cfg_attr(
    not(feature = "all-backends"),
    allow(dead_code, reason = "a build with some of the backends may use a part of it")
)]

pub(super) use crate::net::io_text;

/// A registry's address in printable form: without the part before an `@` and the part after a `?`.
pub(super) fn shown_address(text: &str) -> String {
    let (before, query) = text.split_once('?').map_or((text, ""), |(before, _)| (before, "?***"));
    match text.rsplit_once('@') {
        None => format!("{before}{query}"),
        Some((_, after)) => format!("***@{}{query}", after.split('?').next().unwrap_or_default()),
    }
}
