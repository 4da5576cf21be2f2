//! Texts into values. Used alike for flags, environment variables and the configuration file, so that an error reads the
//! same wherever the text stood. Errors do not repeat the text: whoever calls knows where it stood and shows it.

use clap::ValueEnum;
pub use grpc_discover::backend::settings::{boolean, duration};
use grpc_discover::model::endpoint::Address;
use grpc_discover::model::host_port::{self, without_brackets};
use grpc_discover::session::MinReady;
use http::uri::Authority;
use tokio_rustls::rustls::pki_types::ServerName;

/// A number from 1 on.
pub fn at_least_one(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("no whole number from 1 on".into()),
        Ok(number) => Ok(number),
    }
}

/// A TCP port.
pub fn port(text: &str) -> Result<u16, String> {
    host_port::port(text).map_err(|_| "no port; write a number from 1 to 65535".into())
}

/// An endpoint's address; a port is required.
pub fn address(text: &str) -> Result<Address, String> {
    text.parse::<Address>().map_err(|error| format!("the address {}; write e.g. 10.0.0.7:50051", error.why))
}

/// A name in a certificate: a host name or an IP address, without a port.
pub fn server_name(text: &str) -> Result<String, String> {
    if ServerName::try_from(without_brackets(text)).is_ok() {
        return Ok(text.to_string());
    }
    let mended = text.rsplit_once(':').map(|(host, _)| host).filter(|host| ServerName::try_from(*host).is_ok());
    Err(match mended {
        Some(host) => format!("not a host name (it has a port); write {host}"),
        None => "not a host name or IP address".into(),
    })
}

/// What `:authority` may be: a host with or without a port.
pub fn authority(text: &str) -> Result<String, String> {
    let port = text.rsplit_once(':').map(|(_, port)| port).filter(|port| !port.ends_with(']'));
    let has_port = port.is_none_or(|port| port.parse::<u16>().is_ok());
    match Authority::try_from(text) {
        Ok(authority) if has_port && !text.contains('@') && !authority.host().is_empty() => Ok(text.to_string()),
        _ => match text.split_once("://").map(|(_, rest)| rest.trim_end_matches('/')) {
            Some(rest) if Authority::try_from(rest).is_ok() => Err(format!("not an authority; write {rest}")),
            _ => Err("not an authority (host or host:port)".into()),
        },
    }
}

/// `2`, or `50%`.
pub fn min_ready(text: &str) -> Result<MinReady, String> {
    const FORM: &str = "neither a number of endpoints such as 2 nor a share such as 50%";
    match text.strip_suffix('%') {
        Some(share) => match share.parse::<u8>() {
            Ok(percent @ 0..=100) => Ok(MinReady::Percent(percent)),
            _ => Err(format!("{FORM} (0% to 100%)")),
        },
        None => text.parse().map(MinReady::Count).map_err(|_| FORM.into()),
    }
}

/// One of the words of `T`.
pub fn word<T: ValueEnum>(text: &str) -> Result<T, String> {
    T::from_str(text, true).map_err(|_| {
        let words: Vec<String> = T::value_variants()
            .iter()
            .filter_map(|variant| Some(variant.to_possible_value()?.get_name().to_string()))
            .collect();
        format!("not one of {}", words.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_to_verify_and_to_send_are_names() {
        for name in ["pay.example", "pay_1.svc", "10.0.0.7", "::1", "[::1]", "localhost"] {
            assert_eq!(server_name(name).as_deref(), Ok(name));
        }
        assert!(server_name("pay.example:443").unwrap_err().contains("write pay.example"));
        for name in ["", "a b", "https://pay", "*.example"] {
            assert!(server_name(name).is_err(), "{name}");
        }
        for name in ["pay.example", "pay.example:443", "[::1]:80", "pay_1"] {
            assert_eq!(authority(name).as_deref(), Ok(name));
        }
        assert!(authority("http://pay:80/").unwrap_err().contains("write pay:80"));
        for name in ["", "a b", "me@pay", "pay/x", "pay:port"] {
            assert!(authority(name).is_err(), "{name}");
        }
    }

    #[test]
    fn min_ready_is_a_count_or_a_share() {
        assert_eq!(min_ready("2"), Ok(MinReady::Count(2)));
        assert_eq!(min_ready("50%"), Ok(MinReady::Percent(50)));
        for text in ["101%", "-1", "half", "%", "1.5"] {
            assert!(min_ready(text).is_err(), "{text}");
        }
    }

    #[test]
    fn addresses_ports_and_booleans_name_what_is_wrong() {
        assert!(address("10.0.0.7").unwrap_err().contains("has no port"));
        assert!(port("0").is_err() && port("65536").is_err() && port("50051") == Ok(50051));
        assert!(boolean("maybe").is_err() && boolean("On") == Ok(true) && boolean("0") == Ok(false));
        assert!(at_least_one("0").is_err() && at_least_one("7") == Ok(7));
    }
}
