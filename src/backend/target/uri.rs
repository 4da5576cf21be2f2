//! Common parts of the canonical forms of targets.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::model::secret::Secret;

/// Everything that has another meaning inside a name or a value of a URI.
pub const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':');

/// [`COMPONENT`], except that slashes are kept.
pub const PATH: &AsciiSet = &COMPONENT.remove(b'/');

/// A server's `host:port`. A scope is percent-encoded (RFC 6874): only an IPv6 literal has a percent sign.
pub fn server_text(server: Option<&str>) -> String {
    server.unwrap_or_default().replace('%', "%25")
}

/// `user:***@`.
pub fn fmt_user(f: &mut fmt::Formatter<'_>, user: Option<&(String, Secret)>) -> fmt::Result {
    match user {
        None => Ok(()),
        // It may be a token.
        Some((_, password)) if password.is_empty() => write!(f, "{password}@"),
        Some((user, password)) => write!(f, "{}:{password}@", utf8_percent_encode(user, NON_ALPHANUMERIC)),
    }
}
