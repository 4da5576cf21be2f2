//! [`EurekaSettings`]: how Eureka is queried. The variable is Spring's own.

use std::fmt;
use std::sync::Arc;

use percent_encoding::percent_decode_str;

use super::target::EurekaTarget;
use crate::backend::login::shown_login;
use crate::backend::settings::{BackendSettings, Origin, Setting, SettingsError, SettingsReader, Sourced};
use crate::backend::socket::shown_address;
use crate::model::host_port::{self, ServerError};
use crate::model::secret::Secret;

/// The port of Spring's server.
const PORT: u16 = 8761;
/// The path before `/apps` on Spring's server.
const PATH: &str = "/eureka";
const VARIABLE: &str = "EUREKA_CLIENT_SERVICEURL_DEFAULTZONE";

/// The supported settings.
pub(super) const SETTINGS: &[Setting] = &[Setting::variable(
    VARIABLE,
    "the servers in Spring's form: http://user:password@host:8761/eureka/, separated by commas",
)
.or("http://127.0.0.1:8761/eureka")];

/// One server: where its REST API is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// `https`.
    pub tls: bool,
    /// A host name or an IP address, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The path before `/apps`, without a trailing slash: `/eureka`.
    pub path: String,
    /// User and password for HTTP basic authentication.
    pub user: Option<(String, Secret)>,
}

/// Why a text is not a valid server URL. The shown text omits the part before an `@`, which may be a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum ServerUrlError {
    /// Neither `http://` nor `https://`.
    #[error("{0:?} is not a valid URL: write http://127.0.0.1:8761/eureka/")]
    NotHttp(String),
    /// A query, a fragment or white space.
    #[error("{0:?} contains a query or white space")]
    Query(String),
    /// No host.
    #[error("{0:?} has no host: write http://127.0.0.1:8761/eureka/")]
    NoHost(String),
    /// Another fault of host or port.
    #[error("{shown:?} {source}")]
    Server {
        /// The text.
        shown: String,
        /// What is wrong.
        source: ServerError,
    },
}

impl Server {
    /// Parses `http[s]://[user:pw@]host[:port][/path]`.
    fn parse(text: &str) -> Result<Self, ServerUrlError> {
        let shown = shown_address(text);
        let (tls, rest) = match text.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (false, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (true, rest),
            _ => return Err(ServerUrlError::NotHttp(shown)),
        };
        if rest.chars().any(|c| c.is_whitespace() || c.is_control() || "?#".contains(c)) {
            return Err(ServerUrlError::Query(shown));
        }
        let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        let plain = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let (user, place) = match authority.rsplit_once('@') {
            None => (None, authority),
            Some((user, place)) => {
                let (name, password) = user.split_once(':').unwrap_or((user, ""));
                (Some((plain(name), Secret::new(plain(password)))), place)
            }
        };
        match host_port::server(place) {
            Err(ServerError::NoHost) => Err(ServerUrlError::NoHost(shown)),
            Err(source) => Err(ServerUrlError::Server { shown, source }),
            Ok((host, port)) => Ok(Server {
                tls,
                host: host.to_string(),
                port: port.unwrap_or(if tls { 443 } else { 80 }),
                path: path.trim_end_matches('/').to_string(),
                user,
            }),
        }
    }

    /// `host:port`: the value of the `Host` header.
    pub(super) fn authority(&self) -> String {
        host_port::joined(&self.host, self.port)
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", if self.tls { "https" } else { "http" }, self.authority(), self.path)
    }
}

/// How Eureka is queried. Nothing has been contacted yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EurekaSettings {
    /// The servers, queried in their order: `EUREKA_CLIENT_SERVICEURL_DEFAULTZONE`, by default
    /// `http://127.0.0.1:8761/eureka`.
    pub servers: Sourced<Vec<Server>>,
}

impl Default for EurekaSettings {
    fn default() -> Self {
        let (host, path) = ("127.0.0.1".to_string(), PATH.to_string());
        let local = Server { tls: false, host, port: PORT, path, user: None };
        EurekaSettings { servers: Sourced::new(vec![local], Origin::Default) }
    }
}

impl BackendSettings for EurekaSettings {
    fn read(given: &SettingsReader) -> Result<Self, SettingsError> {
        let servers = |text: &str| {
            text.split(',').map(|server| Server::parse(server.trim())).collect::<Result<Vec<_>, ServerUrlError>>()
        };
        Ok(EurekaSettings { servers: given.read_or(VARIABLE, EurekaSettings::default().servers.value, servers)? })
    }

    /// Each server's user is part of its own URL and is sent to no other server.
    fn without_secrets(&self) -> Arc<dyn BackendSettings> {
        Arc::new(self.clone())
    }
}

impl EurekaSettings {
    /// The servers that `target` queries: its own, else those of the settings.
    pub(super) fn servers(&self, target: Option<&EurekaTarget>) -> Result<Vec<Server>, ServerUrlError> {
        let Some((target, named)) = target.and_then(|target| Some((target, target.server.as_ref()?))) else {
            return Ok(self.servers.value.clone());
        };
        let (host, port) =
            host_port::server(named).map_err(|source| ServerUrlError::Server { shown: named.clone(), source })?;
        let path = target.path.clone().unwrap_or_else(|| PATH.to_string());
        let (port, user) = (port.unwrap_or(PORT), target.user.clone());
        Ok(vec![Server { tls: false, host: host.to_string(), port, path, user }])
    }

    /// Variable, value (secrets masked) and origin of every setting in force.
    pub(super) fn rows(&self) -> Vec<(&'static str, String, Origin)> {
        let shown = |server: &Server| match &server.user {
            None => server.to_string(),
            Some((name, password)) => {
                server.to_string().replacen("://", &format!("://{}@", shown_login(name, password)), 1)
            }
        };
        let servers: Vec<String> = self.servers.value.iter().map(shown).collect();
        vec![(VARIABLE, servers.join(","), self.servers.origin.clone())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(value: &str) -> Result<EurekaSettings, SettingsError> {
        EurekaSettings::from_env(|name| (name == VARIABLE).then(|| value.to_string()))
    }

    #[test]
    fn springs_variable_is_read_and_its_password_never_shown() {
        assert_eq!(from("  ").unwrap(), EurekaSettings::default());
        let settings = from("http://ann:hunt%65r2@h1:8761/eureka/, https://h2/eureka/v2").unwrap();
        let [first, second] = &settings.servers.value[..] else { panic!("{settings:?}") };
        assert_eq!(first.user.as_ref().map(|(_, password)| password.reveal()), Some("hunter2"));
        assert_eq!((second.tls, second.port, second.path.as_str()), (true, 443, "/eureka/v2"));
        let shown = "http://ann:***@h1:8761/eureka,https://h2:443/eureka/v2".to_string();
        assert_eq!(settings.rows(), [(VARIABLE, shown, Origin::Env(VARIABLE.to_string()))]);
        assert!(!format!("{settings:?}").contains("hunter2"));
    }

    #[test]
    fn what_makes_no_sense_is_refused_without_the_secret() {
        for (value, why) in [
            ("h1:8761", "is not a valid URL"),
            ("http://ann:hunter2@", "has no host"),
            ("http://h1:8761/eureka?x=1", "contains a query"),
            ("http://ann:hunter2@h1:x/", "has an invalid port: must be from 1 to 65535"),
        ] {
            let error = from(value).expect_err(value).to_string();
            assert!(error.starts_with(VARIABLE) && error.contains(why) && !error.contains("hunter2"), "{error}");
        }
    }
}
