//! Names in the form in which they are queried.

use hickory_resolver::proto::rr::Name;

use crate::model::resolution::{ResolveCode, ResolveError};

/// `name` as a name to which no search domain is appended.
pub(super) fn fully_qualified(mut name: Name) -> Name {
    name.set_fqdn(true);
    name
}

/// `host` as a full name. ASCII is taken unchanged: names with underscores are not valid in IDNA but are resolved
/// nevertheless.
pub(super) fn full_name(host: &str) -> Result<Name, ResolveError> {
    let name = if host.is_ascii() { Name::from_ascii(host) } else { Name::from_utf8(host) };
    name.map(fully_qualified).map_err(|error| {
        // The library's message for a name that IDNA does not allow is not suitable for users.
        let why =
            if host.is_ascii() { error.to_string() } else { "not a valid internationalized name (IDNA)".to_string() };
        ResolveError::fatal(ResolveCode::BadTarget, format!("\"{host}\" is not a DNS name: {why}")).caused_by(error)
    })
}
