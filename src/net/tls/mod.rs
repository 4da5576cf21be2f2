//! TLS: one verifier of certificates ([`Verifier`]), the files that settings name ([`pem`]), and error texts without
//! library types.

mod alert;
pub(crate) mod certificate;
#[cfg(feature = "networked")]
mod client;
mod client_auth;
mod config;
mod error;
mod explain;
mod fault;
mod flaw;
mod hello;
mod other_name;
mod path;
pub(crate) mod pem;
mod presented;
mod refusal;
mod roots;
mod tls_failure;
mod verify;

pub(crate) use certificate::{distinguished_name, read};
#[cfg(feature = "networked")]
pub(crate) use client::{Remedy, TlsClient, TlsExplanation};
pub(crate) use client_auth::{ClientAuth, explain_end};
pub(crate) use config::config;
pub use error::SetupError;
pub(crate) use explain::{explain_alert, explain_handshake, is_tls};
pub(crate) use hello::{HelloResponse, Offered, answer, client_hello};
pub(crate) use refusal::refusal_in;
pub(crate) use roots::Roots;
pub(crate) use tls_failure::TlsFailure;
pub(crate) use verify::{Presented, Verifier};

use tokio_rustls::rustls::pki_types::ServerName;

use crate::text;

/// A server's name without its type.
pub(crate) fn name_text(name: &ServerName<'_>) -> String {
    match name {
        ServerName::IpAddress(address) => std::net::IpAddr::from(*address).to_string(),
        name => name.to_str().into_owned(),
    }
}

/// `a, b and 3 more`.
fn list<T: std::fmt::Display>(names: &[T]) -> String {
    const SHOWN: usize = 8;
    text::few(names, ", ", SHOWN)
}

/// `"a", "b" or 3 others`.
fn quoted(names: &[String]) -> String {
    const SHOWN: usize = 3;
    let shown = names.iter().take(SHOWN).map(|name| format!("\"{name}\""));
    let others = names.len().checked_sub(SHOWN).filter(|more| *more > 0).map(|more| format!("{more} others"));
    text::any_of(shown.chain(others))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_are_truncated() {
        let names: Vec<_> = (0..10).map(|n| format!("DNS:{n}")).collect();
        assert!(list(&names).ends_with("DNS:7 and 2 more"));
        assert_eq!(quoted(&names), "\"DNS:0\", \"DNS:1\", \"DNS:2\" or 7 others");
        assert_eq!(quoted(&names[..3]), "\"DNS:0\", \"DNS:1\" or \"DNS:2\"");
    }
}
