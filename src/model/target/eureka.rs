//! [`EurekaTarget`]: an application in Eureka.

use std::fmt;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{COMPONENT, PATH, server_text};
use crate::model::secret::Secret;

/// What a `eureka:` target asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EurekaTarget {
    /// The server, `host` or `host:port`; the environment's when absent.
    pub server: Option<String>,
    /// What stands before `/apps` at that server, with a slash in front; `/eureka` when absent.
    pub path: Option<String>,
    /// User and password for HTTP basic authentication.
    pub user: Option<(String, Secret)>,
    /// The application's name. Eureka compares it without regard to case.
    pub app: String,
}

impl fmt::Display for EurekaTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("eureka://")?;
        if let Some((user, password)) = &self.user {
            match password.is_empty() {
                // It may be a token.
                true => write!(f, "{password}@")?,
                false => write!(f, "{}:{password}@", utf8_percent_encode(user, NON_ALPHANUMERIC))?,
            }
        }
        f.write_str(&server_text(self.server.as_deref()))?;
        if let Some(path) = &self.path {
            write!(f, "{}", utf8_percent_encode(path, PATH))?;
        }
        write!(f, "/{}", utf8_percent_encode(&self.app, COMPONENT))
    }
}
