//! [`HostPort`]: splits and joins `host:port`, for everything that names a server or an endpoint.

use std::net::Ipv6Addr;

/// The parts of `host`, `host:port`, `[v6]` or `[v6]:port`, as written. Neither part is checked: which hosts are
/// valid depends on the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HostPort<'a> {
    /// The host without brackets. A text with more than one colon and no brackets is all host: it may be an IPv6
    /// address.
    pub host: &'a str,
    /// What follows the colon, where there is one. It may be empty.
    pub port: Option<&'a str>,
    /// True when the host was in brackets.
    pub is_bracketed: bool,
}

/// Why a text with brackets cannot be split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BracketError {
    /// `[::1`.
    #[error("missing closing bracket")]
    Unclosed,
    /// `[::1]80`: something other than a port follows.
    #[error("expected :port after the bracket")]
    Followed {
        /// The byte offset of what follows.
        at: usize,
    },
}

impl<'a> HostPort<'a> {
    /// Splits `text`.
    ///
    /// # Errors
    ///
    /// [`BracketError`] when it starts with a bracket that is not closed, or that is followed by something other than
    /// a port.
    pub fn split(text: &'a str) -> Result<Self, BracketError> {
        if let Some(inside) = text.strip_prefix('[') {
            let (host, after) = inside.split_once(']').ok_or(BracketError::Unclosed)?;
            return match after.strip_prefix(':') {
                Some(port) => Ok(HostPort { host, port: Some(port), is_bracketed: true }),
                None if after.is_empty() => Ok(HostPort { host, port: None, is_bracketed: true }),
                None => Err(BracketError::Followed { at: text.len() - after.len() }),
            };
        }
        Ok(match text.split_once(':') {
            Some((host, port)) if !port.contains(':') => HostPort { host, port: Some(port), is_bracketed: false },
            _ => HostPort { host: text, port: None, is_bracketed: false },
        })
    }

    /// The byte offset of the port in the text that was split; the end of the text where there is no port.
    pub fn port_at(&self) -> usize {
        let brackets = if self.is_bracketed { 2 } else { 0 };
        self.host.len() + brackets + usize::from(self.port.is_some())
    }

    /// True for more than one colon and no brackets: an IPv6 address, or a text without a meaning.
    pub fn has_stray_colons(&self) -> bool {
        !self.is_bracketed && self.host.contains(':')
    }

    /// True when the host is an IPv6 address without a zone.
    pub fn is_v6(&self) -> bool {
        self.host.parse::<Ipv6Addr>().is_ok()
    }
}

/// `host` without the brackets of an IPv6 address.
pub fn without_brackets(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// `host` with `port`, where there is one. A host with a colon is an IPv6 address and gets brackets.
pub fn joined(host: &str, port: impl Into<Option<u16>>) -> String {
    let host = bracketed(host);
    match port.into() {
        Some(port) => format!("{host}:{port}"),
        None => host,
    }
}

/// `host`, in brackets when it contains a colon: it is an IPv6 address then.
pub fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_string() }
}

/// Why a text is not a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PortError {
    /// The text is empty.
    #[error("missing port")]
    Empty,
    /// The text contains something other than digits.
    #[error("not a number")]
    NotANumber {
        /// The byte offset of the first character that is not a digit.
        at: usize,
    },
    /// Port 0.
    #[error("port 0 is not a valid port")]
    Zero,
    /// Above 65535.
    #[error("must be at most 65535")]
    TooLarge,
}

/// A port where something can listen: 1 to 65535, in digits.
///
/// # Errors
///
/// [`PortError`].
pub fn port(digits: &str) -> Result<u16, PortError> {
    if digits.is_empty() {
        return Err(PortError::Empty);
    }
    if let Some((at, _)) = digits.char_indices().find(|(_, c)| !c.is_ascii_digit()) {
        return Err(PortError::NotANumber { at });
    }
    match digits.parse::<u16>() {
        Ok(0) => Err(PortError::Zero),
        Ok(port) => Ok(port),
        // The text consists of digits only, so the number is too large.
        Err(_) => Err(PortError::TooLarge),
    }
}

/// Why a text does not name a server. The message follows the text in a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// The host is empty.
    #[error("has no host")]
    NoHost,
    /// `[::1`.
    #[error("has no closing ] after the IPv6 address")]
    Unclosed,
    /// `[::1]80`.
    #[error("has something other than :port after the closing ]")]
    Followed,
    /// `[pay]`.
    #[error("has no IPv6 address between its brackets")]
    NotV6,
    /// `::1`, `a:b:c`.
    #[error("is not an IPv6 address in brackets")]
    StrayColons,
    /// The port is not a number from 1 to 65535.
    #[error("has an invalid port: must be from 1 to 65535")]
    Port,
}

/// A server in a setting: `host` or `host:port`, an IPv6 address in brackets.
///
/// # Errors
///
/// [`ServerError`].
pub fn server(text: &str) -> Result<(&str, Option<u16>), ServerError> {
    let parts = HostPort::split(text).map_err(|error| match error {
        BracketError::Unclosed => ServerError::Unclosed,
        BracketError::Followed { .. } => ServerError::Followed,
    })?;
    if parts.has_stray_colons() {
        return Err(ServerError::StrayColons);
    }
    if parts.is_bracketed && !parts.is_v6() {
        return Err(ServerError::NotV6);
    }
    if parts.host.is_empty() {
        return Err(ServerError::NoHost);
    }
    let port = parts.port.map(port).transpose().map_err(|_| ServerError::Port)?;
    Ok((parts.host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_a_host_with_or_without_a_port() {
        assert_eq!(server("pay"), Ok(("pay", None)));
        assert_eq!(server("[::1]:80"), Ok(("::1", Some(80))));
        for (text, error) in [
            ("", ServerError::NoHost),
            (":80", ServerError::NoHost),
            ("[::1", ServerError::Unclosed),
            ("[::1]80", ServerError::Followed),
            ("[pay]:80", ServerError::NotV6),
            ("::1", ServerError::StrayColons),
            ("pay:", ServerError::Port),
            ("pay:0", ServerError::Port),
        ] {
            assert_eq!(server(text), Err(error), "{text}");
        }
    }

    #[test]
    fn a_text_is_taken_apart_as_it_was_written() {
        for (text, host, port, port_at) in [
            ("pay", "pay", None, 3),
            ("pay:80", "pay", Some("80"), 4),
            ("pay:", "pay", Some(""), 4),
            (":80", "", Some("80"), 1),
            ("[::1]", "::1", None, 5),
            ("[::1]:80", "::1", Some("80"), 6),
            ("[fe80::1%eth0]:80", "fe80::1%eth0", Some("80"), 15),
            ("2001:db8::1", "2001:db8::1", None, 11),
            ("pay:80:90", "pay:80:90", None, 9),
            ("", "", None, 0),
        ] {
            let parts = HostPort::split(text).unwrap();
            assert_eq!((parts.host, parts.port, parts.port_at()), (host, port, port_at), "{text}");
        }
        assert!(HostPort::split("pay:80:90").unwrap().has_stray_colons());
        assert_eq!(HostPort::split("[::1"), Err(BracketError::Unclosed));
        assert_eq!(HostPort::split("[::1]80"), Err(BracketError::Followed { at: 5 }));
    }

    #[test]
    fn an_ipv6_address_is_joined_in_brackets() {
        assert_eq!(joined("pay", 80), "pay:80");
        assert_eq!(joined("pay", None), "pay");
        assert_eq!(joined("::1", 80), "[::1]:80");
        assert_eq!(joined("fe80::1%2", None), "[fe80::1%2]");
        assert_eq!((without_brackets("[::1]"), without_brackets("pay")), ("::1", "pay"));
    }

    #[test]
    fn a_port_is_a_number_from_1_to_65535() {
        assert_eq!(port("1"), Ok(1));
        assert_eq!(port("00080"), Ok(80));
        assert_eq!(port("65535"), Ok(65535));
        assert_eq!(port(""), Err(PortError::Empty));
        assert_eq!(port("8x"), Err(PortError::NotANumber { at: 1 }));
        assert_eq!(port("+80"), Err(PortError::NotANumber { at: 0 }));
        assert_eq!(port("000"), Err(PortError::Zero));
        assert_eq!(port("99999999999999999999"), Err(PortError::TooLarge));
    }
}
