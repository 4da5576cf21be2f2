//! The metadata that is sent with every request.

use http::header::{HeaderMap, HeaderName, HeaderValue, USER_AGENT};

use crate::model::secret::Secret;

/// Names that the user may not set.
const RESERVED: [&str; 5] = ["te", "content-type", "host", "connection", "transfer-encoding"];

/// An entry that cannot be sent. The message contains nothing of its value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum MetadataError {
    #[error("invalid metadata name \"{0}\"")]
    Name(String),
    #[error("invalid value of metadata \"{0}\": it contains characters that cannot be sent")]
    Value(String),
}

/// The headers of `entries`, and our `user-agent` unless they have one.
pub(super) fn headers(entries: &[(String, Secret)]) -> Result<HeaderMap, MetadataError> {
    let mut headers = HeaderMap::new();
    headers.insert(USER_AGENT, crate::net::http2::AGENT);
    for (name, value) in entries {
        let key = HeaderName::try_from(name.as_str())
            .ok()
            .filter(|key| !RESERVED.contains(&key.as_str()) && !key.as_str().starts_with("grpc-"))
            .ok_or_else(|| MetadataError::Name(name.clone()))?;
        let mut value = HeaderValue::try_from(value.reveal()).map_err(|_| MetadataError::Value(name.clone()))?;
        value.set_sensitive(true);
        if key == USER_AGENT {
            headers.insert(key, value);
        } else {
            headers.append(key, value);
        }
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_marked_secret_and_wrong_entries_are_named() {
        let of = |name: &str, value: &str| headers(&[(name.to_string(), Secret::new(value))]);
        let headers = of("Authorization", "Bearer hunter2").unwrap();
        assert!(headers["authorization"].is_sensitive(), "never indexed by HPACK, never shown by Debug");
        assert_eq!(of("user-agent", "mine").unwrap()[USER_AGENT], "mine");
        for name in ["x y", "te", "grpc-timeout", ":path", ""] {
            let error = of(name, "hunter2").unwrap_err();
            assert_eq!(error.to_string(), format!("invalid metadata name \"{name}\""));
        }
        let text = of("x-token", "hunter\u{7}2").unwrap_err().to_string();
        assert_eq!(text, "invalid value of metadata \"x-token\": it contains characters that cannot be sent");
    }
}
