//! The origin of requests to an address: scheme, `:authority`, and the host that a certificate is verified against.

use std::time::Duration;

use http::uri::{Authority, Scheme};

use super::mode::Mode;
use super::setup::Setup;
use crate::model::endpoint::Address;
use crate::model::host_port::HostPort;
use crate::model::reach::{Failure, FailureCode, Stage};
use crate::net::http2::Origin;

/// Scheme and `:authority`: the target's name where there is one, as in gRPC, else the address itself.
pub(super) fn origin(setup: &Setup, address: &Address, mode: Mode) -> Result<Origin, Failure> {
    let text = match (&setup.options.authority, address) {
        (Some(authority), _) => authority.clone(),
        (None, Address::Unix(_) | Address::UnixAbstract(_)) => "localhost".to_string(),
        (None, address) => address.to_string(),
    };
    let authority = Authority::try_from(text.as_str()).map_err(|error| {
        let text = format!("invalid :authority \"{text}\": {error}");
        Failure::new(Stage::Http2, FailureCode::Local, text, Duration::ZERO)
    })?;
    let scheme = match mode {
        Mode::Plaintext => Scheme::HTTP,
        Mode::Tls => Scheme::HTTPS,
    };
    Ok(Origin { scheme, authority })
}

/// The host without the brackets of an IPv6 literal, its zone, and the trailing dot.
pub(super) fn bare_host(host: &str) -> &str {
    match HostPort::split(host) {
        Ok(HostPort { host: v6, is_bracketed: true, .. }) => v6.split_once('%').map_or(v6, |(address, _zone)| address),
        Ok(_) | Err(_) => host.strip_suffix('.').unwrap_or(host),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_bare() {
        assert_eq!(bare_host("[fe80::1%eth0]"), "fe80::1");
        assert_eq!(bare_host("[::1]"), "::1");
        assert_eq!(bare_host("pay.example."), "pay.example");
        assert_eq!(bare_host("10.0.0.1"), "10.0.0.1");
    }
}
