//! Certificates as a person on call reads them, and the words for their dates.

use time::OffsetDateTime;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate, X509Name};

use crate::model::reach::Certificate;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Reads a certificate; `None` when the bytes are none.
pub(super) fn read(der: &[u8]) -> Option<Certificate> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let names = match certificate.subject_alternative_name() {
        Ok(Some(extension)) => extension.value.general_names.iter().map(alternative_name).collect(),
        Ok(None) | Err(_) => Vec::new(),
    };
    Some(Certificate {
        subject: certificate.subject().to_string(),
        issuer: certificate.issuer().to_string(),
        names,
        not_before: certificate.validity().not_before.timestamp(),
        not_after: certificate.validity().not_after.timestamp(),
    })
}

/// A distinguished name as text; the number of its bytes when it cannot be read.
pub(super) fn distinguished_name(der: &[u8]) -> String {
    match X509Name::from_der(der) {
        Ok((_, name)) => name.to_string(),
        Err(_) => format!("a name of {} bytes that cannot be read", der.len()),
    }
}

fn alternative_name(name: &GeneralName<'_>) -> String {
    match name {
        GeneralName::DNSName(dns) => format!("DNS:{dns}"),
        GeneralName::URI(uri) => format!("URI:{uri}"),
        GeneralName::RFC822Name(mail) => format!("email:{mail}"),
        GeneralName::DirectoryName(name) => format!("DN:{name}"),
        GeneralName::IPAddress(bytes) => {
            if let Ok(v4) = <[u8; 4]>::try_from(*bytes) {
                format!("IP:{}", std::net::Ipv4Addr::from(v4))
            } else if let Ok(v6) = <[u8; 16]>::try_from(*bytes) {
                format!("IP:{}", std::net::Ipv6Addr::from(v6))
            } else {
                format!("IP:{} bytes", bytes.len())
            }
        }
        other => format!("other:{other:?}"),
    }
}

/// `3 days ago (2026-11-19)`. Both in seconds since 1970.
pub(super) fn ago(then: i64, now: i64) -> String {
    format!("{} ago ({})", span(now.saturating_sub(then)), date(then))
}

/// `in 9 days (2026-12-01)`. Both in seconds since 1970.
pub(super) fn ahead(then: i64, now: i64) -> String {
    format!("in {} ({})", span(then.saturating_sub(now)), date(then))
}

fn span(seconds: i64) -> String {
    let of = |count: i64, unit: &str| format!("{count} {unit}{}", if count == 1 { "" } else { "s" });
    match seconds {
        DAY.. => of(seconds / DAY, "day"),
        HOUR.. => of(seconds / HOUR, "hour"),
        MINUTE.. => of(seconds / MINUTE, "minute"),
        _ => of(seconds.max(0), "second"),
    }
}

fn date(at: i64) -> String {
    match OffsetDateTime::from_unix_timestamp(at) {
        Ok(moment) => moment.date().to_string(),
        Err(_) => format!("{at} seconds since 1970"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_said_as_people_say_them() {
        let now = 1_795_345_200; // 2026-11-22 11:00:00 UTC
        assert_eq!(ago(now - 3 * DAY - HOUR, now), "3 days ago (2026-11-19)");
        assert_eq!(ago(now - DAY, now), "1 day ago (2026-11-21)");
        assert_eq!(ago(now - 90, now), "1 minute ago (2026-11-22)");
        assert_eq!(ago(now + 5, now), "0 seconds ago (2026-11-22)");
        assert_eq!(ahead(now + 9 * DAY, now), "in 9 days (2026-12-01)");
        assert_eq!(ago(i64::MIN, now), format!("{} days ago ({} seconds since 1970)", i64::MAX / DAY, i64::MIN));
    }

    #[test]
    fn bytes_that_are_no_certificate_are_none() {
        assert_eq!(read(b"no certificate"), None);
        assert_eq!(distinguished_name(&[1, 2]), "a name of 2 bytes that cannot be read");
    }
}
