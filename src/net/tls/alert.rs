//! The names of alerts.

use tokio_rustls::rustls::AlertDescription;

/// The alert's name as RFC 8446 writes it: `unknown_ca`.
pub(crate) fn alert_name(alert: AlertDescription) -> String {
    if let AlertDescription::Unknown(number) = alert {
        return number.to_string();
    }
    let camel = format!("{alert:?}");
    let mut name = String::new();
    let mut before_upper = true;
    for character in camel.chars() {
        if character.is_uppercase() && !before_upper {
            name.push('_');
        }
        before_upper = character.is_uppercase();
        name.extend(character.to_lowercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alerts_are_named_as_the_rfc_names_them() {
        for (alert, name) in [
            (AlertDescription::UnknownCA, "unknown_ca"),
            (AlertDescription::HandshakeFailure, "handshake_failure"),
            (AlertDescription::NoApplicationProtocol, "no_application_protocol"),
            (AlertDescription::Unknown(200), "200"),
        ] {
            assert_eq!(alert_name(alert), name);
        }
    }
}
