//! Parsers of values. Flags, environment variables and the configuration file use the same ones, so that an error
//! reads the same for all three. Errors do not repeat the text: the caller adds it and its origin.

use clap::ValueEnum;
pub use grpc_discover::backend::settings::{boolean, duration};
use grpc_discover::diagnosis::FINDINGS;
use grpc_discover::model::endpoint::{Address, AddressError};
use grpc_discover::model::finding::FindingKind;
use grpc_discover::model::host_port::{self, HostPort, PortError, without_brackets};
use grpc_discover::session::{Ignored, MinReady};
use grpc_discover::text::near;
use http::uri::Authority;
use tokio_rustls::rustls::pki_types::ServerName;

/// Why a text is not a valid value. Follows "is" in a sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// The text is empty.
    #[error("empty")]
    Empty,
    /// 0, or not digits only.
    #[error("must be a positive integer")]
    NotAtLeastOne,
    /// Not a TCP port.
    #[error("not a valid port; expected a number from 1 to 65535")]
    Port(#[source] PortError),
    /// Not the address of an endpoint.
    #[error("the address {}; expected HOST:PORT such as 10.0.0.7:50051", .0.why)]
    Address(#[source] AddressError),
    /// A host name or IP address with a port.
    #[error("not a host name (it has a port); write {host}")]
    NameWithPort {
        /// The text without the port.
        host: String,
    },
    /// Not a name that a certificate can contain.
    #[error("not a host name or IP address")]
    NotAName,
    /// A URI.
    #[error("not an authority; write {authority}")]
    UriForAuthority {
        /// The authority in it.
        authority: String,
    },
    /// Not an authority, for another reason.
    #[error("not an authority (host or host:port)")]
    NotAnAuthority,
    /// Neither a count nor a percentage.
    #[error("expected a count (2) or a percentage (50%)")]
    NotACount,
    /// Not a valid percentage.
    #[error("expected a count (2) or a percentage (50%), from 0% to 100%")]
    NotAPercentage,
    /// Not the code of a finding.
    #[error("not the code of a finding{}; `grpc-discover explain` lists all", similar(near))]
    NotACode {
        /// Codes and names that are similar.
        near: Vec<&'static str>,
    },
    /// Not one of the values of a flag.
    #[error("expected one of {}", words.join(", "))]
    NotAWord {
        /// The valid values.
        words: Vec<String>,
    },
}

/// A positive integer.
pub fn at_least_one(text: &str) -> Result<u32, ValueError> {
    match text.parse() {
        Ok(0) | Err(_) => Err(ValueError::NotAtLeastOne),
        Ok(number) => Ok(number),
    }
}

/// A TCP port.
pub fn port(text: &str) -> Result<u16, ValueError> {
    host_port::port(text).map_err(ValueError::Port)
}

/// An endpoint's address; a port is required.
pub fn address(text: &str) -> Result<Address, ValueError> {
    text.parse().map_err(ValueError::Address)
}

/// A name in a certificate: a host name or an IP address, without a port.
pub fn server_name(text: &str) -> Result<String, ValueError> {
    if ServerName::try_from(without_brackets(text)).is_ok() {
        return Ok(text.to_string());
    }
    Err(match HostPort::split(text) {
        Ok(HostPort { host, port: Some(_), .. }) if ServerName::try_from(host).is_ok() => {
            ValueError::NameWithPort { host: host.to_string() }
        }
        Ok(_) | Err(_) => ValueError::NotAName,
    })
}

/// A valid `:authority`: a host with or without a port.
pub fn authority(text: &str) -> Result<String, ValueError> {
    // This is only a name and is never dialed, so port 0 is valid.
    let is_port = |digits| matches!(host_port::port(digits), Ok(_) | Err(PortError::Zero));
    let is_host_port = HostPort::split(text).is_ok_and(|parts| parts.port.is_none_or(is_port));
    match Authority::try_from(text) {
        Ok(authority) if is_host_port && !text.contains('@') && !authority.host().is_empty() => Ok(text.to_string()),
        _ => match text.split_once("://").map(|(_, rest)| rest.trim_end_matches('/')) {
            Some(rest) if Authority::try_from(rest).is_ok() => {
                Err(ValueError::UriForAuthority { authority: rest.to_string() })
            }
            _ => Err(ValueError::NotAnAuthority),
        },
    }
}

/// `2`, or `50%`.
pub fn min_ready(text: &str) -> Result<MinReady, ValueError> {
    match text.strip_suffix('%') {
        Some(share) => match share.parse::<u8>() {
            Ok(percent @ 0..=100) => Ok(MinReady::Percent(percent)),
            _ => Err(ValueError::NotAPercentage),
        },
        None => text.parse().map(MinReady::Count).map_err(|_| ValueError::NotACount),
    }
}

/// `GD501`, `501` or the finding's name: everywhere, or with `=10.0.0.7:50051` at that address only.
pub fn ignored(text: &str) -> Result<Ignored, ValueError> {
    let (code, at) = text.split_once('=').map_or((text, None), |(code, at)| (code, Some(at)));
    let full = format!("GD{code}");
    let is_named = |kind: &&FindingKind| {
        [kind.code, kind.name].iter().any(|name| name.eq_ignore_ascii_case(code)) || kind.code == full
    };
    let Some(kind) = FINDINGS.iter().copied().find(is_named) else {
        let names = FINDINGS.iter().flat_map(|kind| [kind.code, kind.name]);
        return Err(ValueError::NotACode { near: near(code, names) });
    };
    Ok(Ignored { kind, address: at.map(address).transpose()? })
}

fn similar(names: &[&str]) -> String {
    if names.is_empty() { String::new() } else { format!("; similar: {}", names.join(", ")) }
}

/// One of the values of `T`.
pub fn word<T: ValueEnum>(text: &str) -> Result<T, ValueError> {
    T::from_str(text, true).map_err(|_| {
        let words = T::value_variants()
            .iter()
            .filter_map(|variant| Some(variant.to_possible_value()?.get_name().to_string()))
            .collect();
        ValueError::NotAWord { words }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_to_verify_and_to_send_are_names() {
        for name in ["pay.example", "pay_1.svc", "10.0.0.7", "::1", "[::1]", "localhost"] {
            assert_eq!(server_name(name), Ok(name.to_string()));
        }
        assert!(server_name("pay.example:443").unwrap_err().to_string().contains("write pay.example"));
        assert!(server_name("[::1]:443").unwrap_err().to_string().contains("write ::1"));
        for name in ["", "a b", "https://pay", "*.example"] {
            assert!(server_name(name).is_err(), "{name}");
        }
        for name in ["pay.example", "pay.example:443", "[::1]:80", "pay_1"] {
            assert_eq!(authority(name), Ok(name.to_string()));
        }
        assert!(authority("http://pay:80/").unwrap_err().to_string().contains("write pay:80"));
        for name in ["", "a b", "me@pay", "pay/x", "pay:port", "pay:", "[::1]80", "pay:+80"] {
            assert!(authority(name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_known_finding_is_ignored_everywhere_or_at_one_address() {
        for text in ["GD501", "gd501", "501", "NOT_SERVING"] {
            assert_eq!(
                ignored(text).map(|ignored| (ignored.kind.code, ignored.address)),
                Ok(("GD501", None)),
                "{text}"
            );
        }
        let at = ignored("GD201=10.0.0.7:50051").unwrap();
        assert_eq!((at.kind.code, at.address.unwrap().to_string()), ("GD201", "10.0.0.7:50051".to_string()));
        assert!(ignored("GD5O1").unwrap_err().to_string().contains("similar: GD501"));
        assert!(ignored("GD201=10.0.0.7").unwrap_err().to_string().contains("has no port"));
        assert!(ignored("").is_err());
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
    fn invalid_addresses_ports_and_booleans_are_named() {
        assert!(address("10.0.0.7").unwrap_err().to_string().contains("has no port"));
        assert!(port("0").is_err() && port("65536").is_err() && port("50051") == Ok(50051));
        assert!(boolean("maybe").is_err() && boolean("On") == Ok(true) && boolean("0") == Ok(false));
        assert!(at_least_one("0").is_err() && at_least_one("7") == Ok(7));
    }
}
