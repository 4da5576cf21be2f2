//! Texts for errors of the operating system and of TLS.

use std::io;

/// The system's message in lower case, without the number that the standard library appends: `connection refused`.
/// The TLS library's message is shown without the link to its documentation.
pub(crate) fn io_text(error: &io::Error) -> String {
    let text = error.to_string();
    let text = match (text.rfind(" (os error "), text.find(": https://docs.rs/")) {
        (Some(end), _) | (None, Some(end)) => &text[..end],
        (None, None) => &text,
    };
    let mut characters = text.chars();
    match (characters.next(), characters.clone().next()) {
        // "Connection refused", but not "TLS …".
        (Some(first), Some(second)) if first.is_uppercase() && second.is_lowercase() => {
            first.to_lowercase().chain(characters).collect()
        }
        _ => text.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::sync::Arc;

    use tokio_rustls::rustls::crypto::ring;
    use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore};

    use super::*;

    #[test]
    fn errors_of_the_system_keep_its_text() {
        assert_eq!(io_text(&io::Error::from_raw_os_error(111)), "connection refused");
        assert_eq!(io_text(&io::Error::other("TLS is off")), "TLS is off");
    }

    #[test]
    fn an_end_without_close_notify_has_no_address_of_documentation() {
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth();
        let mut tls = ClientConnection::new(Arc::new(config), "pay.example".try_into().unwrap()).unwrap();
        tls.read_tls(&mut io::empty()).unwrap();
        let error = tls.reader().read(&mut [0]).unwrap_err();
        assert!(error.to_string().contains("https://"), "{error}");
        assert_eq!(io_text(&error), "peer closed connection without sending TLS close_notify");
    }
}
