//! User and password for a registry: how they are sent, shown and masked.

#![cfg_attr(
    not(feature = "all-backends"),
    allow(dead_code, reason = "a build with some of the backends may use a part of it")
)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{HeaderValue, InvalidHeaderValue};

use crate::model::secret::{Secret, Secrets};

/// The value of `Authorization` for HTTP basic authentication (RFC 7617).
pub(super) fn basic_auth(user: &str, password: &str) -> Result<HeaderValue, InvalidHeaderValue> {
    sensitive(&format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))))
}

/// A header's value that no debug output shows.
pub(super) fn sensitive(text: &str) -> Result<HeaderValue, InvalidHeaderValue> {
    let mut value = HeaderValue::from_str(text)?;
    value.set_sensitive(true);
    Ok(value)
}

/// `user:***`; `***` without a password, because the user may then be a token.
pub(super) fn shown_login(user: &str, password: &Secret) -> String {
    if password.is_empty() { "***".to_string() } else { format!("{user}:{password}") }
}

/// Makes `secrets` mask user and password. Without a password the user is the secret.
pub(super) fn learn_login(secrets: &Secrets, user: &str, password: &Secret) {
    if password.is_empty() {
        secrets.learn(user);
    }
    secrets.learn_login(user, password.reveal());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_authentication_is_the_example_of_the_rfc_and_is_not_shown() {
        let value = basic_auth("Aladdin", "open sesame").unwrap();
        assert_eq!(value, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert_eq!(format!("{value:?}"), "Sensitive");
    }
}
