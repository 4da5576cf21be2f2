//! [`ZookeeperSettings`]: how ZooKeeper is queried. Its own command line reads no environment, so the two variables are ours;
//! the connect string has the format of every ZooKeeper client.

use std::fmt;
use std::sync::Arc;

use super::path::{self, PathError};
use crate::backend::settings::{BackendSettings, Origin, Setting, SettingsError, SettingsReader, Sourced};
use crate::backend::socket::shown_address;
use crate::model::host_port::{self, ServerError};
use crate::model::secret::Secret;

/// The supported settings.
pub(super) const SETTINGS: &[Setting] = &[
    Setting::variable("ZOOKEEPER_CONNECT", "the connect string: host:port,host:port/chroot").or("127.0.0.1:2181"),
    Setting::variable("ZOOKEEPER_AUTH", "user:password for the digest scheme"),
];

/// ZooKeeper's port for clients.
const PORT: u16 = 2181;

/// One server of the ensemble.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// A host name or an IP address, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// Why a text is not valid for a setting of ZooKeeper. The shown server omits the part before an `@`, which may be a
/// password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum ZookeeperSettingError {
    /// A server with a user, perhaps with a password.
    #[error("{0:?} contains a user name: set ZOOKEEPER_AUTH to user:password instead")]
    User(String),
    /// A server with a scheme, a path or white space.
    #[error("{0:?} has a scheme, a path or white space; expected host:port")]
    NotHostPort(String),
    /// A server without a host.
    #[error("{0:?} has no host: write 127.0.0.1:2181")]
    NoHost(String),
    /// Another fault of a server's host or port.
    #[error("{shown:?} {source}")]
    Server {
        /// The server.
        shown: String,
        /// What is wrong.
        source: ServerError,
    },
    /// A chroot that is not a valid path.
    #[error("{chroot:?} {source}")]
    Chroot {
        /// The chroot.
        chroot: String,
        /// What is wrong.
        source: PathError,
    },
    /// A user without a password. The text is not shown: without a colon it may be a password.
    #[error("has no password: write user:password")]
    NoPassword,
}

impl Server {
    /// Parses `host[:port]`.
    pub(super) fn parse(text: &str) -> Result<Self, ZookeeperSettingError> {
        let shown = shown_address(text);
        if text.contains('@') {
            return Err(ZookeeperSettingError::User(shown));
        }
        if text.chars().any(|c| c.is_whitespace() || c.is_control() || "/?#".contains(c)) {
            return Err(ZookeeperSettingError::NotHostPort(shown));
        }
        match host_port::server(text) {
            Ok((host, port)) => Ok(Server { host: host.to_string(), port: port.unwrap_or(PORT) }),
            Err(ServerError::NoHost) => Err(ZookeeperSettingError::NoHost(shown)),
            Err(source) => Err(ZookeeperSettingError::Server { shown, source }),
        }
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&host_port::joined(&self.host, self.port))
    }
}

/// The address of an ensemble, in the format of ZooKeeper's connect string: `h1:2181,h2:2181/chroot`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connect {
    /// The servers, queried in their order.
    pub servers: Vec<Server>,
    /// The prefix of every path: empty, or `/path` without a trailing slash.
    pub chroot: String,
}

impl Connect {
    fn parse(text: &str) -> Result<Self, ZookeeperSettingError> {
        let (servers, chroot) = text.find('/').map_or((text, ""), |at| text.split_at(at));
        let servers = servers.split(',').map(|server| Server::parse(server.trim())).collect::<Result<_, _>>()?;
        let chroot = chroot.trim_end_matches('/').to_string();
        if !chroot.is_empty() {
            path::check(&chroot).map_err(|source| ZookeeperSettingError::Chroot { chroot: chroot.clone(), source })?;
        }
        Ok(Connect { servers, chroot })
    }
}

impl fmt::Display for Connect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let servers: Vec<String> = self.servers.iter().map(Server::to_string).collect();
        write!(f, "{}{}", servers.join(","), self.chroot)
    }
}

/// How ZooKeeper is queried. Nothing has been contacted yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZookeeperSettings {
    /// The ensemble: `ZOOKEEPER_CONNECT`, by default `127.0.0.1:2181`.
    pub connect: Sourced<Connect>,
    /// User and password: `ZOOKEEPER_AUTH`, `user:password` of the scheme `digest`.
    pub auth: Sourced<Option<(String, Secret)>>,
}

impl Default for ZookeeperSettings {
    fn default() -> Self {
        let local = Server { host: "127.0.0.1".to_string(), port: PORT };
        let connect = Connect { servers: vec![local], chroot: String::new() };
        ZookeeperSettings { connect: Sourced::new(connect, Origin::Default), auth: Sourced::default() }
    }
}

impl BackendSettings for ZookeeperSettings {
    fn read(given: &SettingsReader) -> Result<Self, SettingsError> {
        let unset = ZookeeperSettings::default();
        Ok(ZookeeperSettings {
            connect: given.read_or("ZOOKEEPER_CONNECT", unset.connect.value, Connect::parse)?,
            auth: given.read("ZOOKEEPER_AUTH", |text| match text.split_once(':') {
                Some((user, password)) => Ok(Some((user.to_string(), Secret::new(password)))),
                None => Err(ZookeeperSettingError::NoPassword),
            })?,
        })
    }

    fn without_secrets(&self) -> Arc<dyn BackendSettings> {
        Arc::new(ZookeeperSettings { auth: Sourced::default(), ..self.clone() })
    }
}

impl ZookeeperSettings {
    /// Variable, value (secrets masked) and origin of every setting in force.
    pub(super) fn rows(&self) -> Vec<(&'static str, String, Origin)> {
        let mut rows = vec![("ZOOKEEPER_CONNECT", self.connect.value.to_string(), self.connect.origin.clone())];
        if let Some((user, password)) = &self.auth.value {
            rows.push(("ZOOKEEPER_AUTH", format!("{user}:{password}"), self.auth.origin.clone()));
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(pairs: &[(&str, &str)]) -> Result<ZookeeperSettings, SettingsError> {
        ZookeeperSettings::from_env(|name| pairs.iter().find(|(n, _)| *n == name).map(|(_, value)| value.to_string()))
    }

    #[test]
    fn an_empty_environment_means_the_server_of_this_machine() {
        let settings = from(&[("ZOOKEEPER_CONNECT", " ")]).unwrap();
        assert_eq!(settings, ZookeeperSettings::default());
        assert_eq!(settings.rows(), [("ZOOKEEPER_CONNECT", "127.0.0.1:2181".to_string(), Origin::Default)]);
    }

    #[test]
    fn the_connect_string_is_read_with_its_chroot_and_the_password_is_never_shown() {
        let settings =
            from(&[("ZOOKEEPER_CONNECT", "h1:2182, h2,[::1]:4/eu/prod/"), ("ZOOKEEPER_AUTH", "ann:hunter:2")]).unwrap();
        assert_eq!(settings.connect.value.chroot, "/eu/prod");
        let origin = |name: &str| Origin::Env(name.to_string());
        let rows = settings.rows();
        let connect = "h1:2182,h2:2181,[::1]:4/eu/prod".to_string();
        assert_eq!(rows[0], ("ZOOKEEPER_CONNECT", connect, origin("ZOOKEEPER_CONNECT")));
        assert_eq!(rows[1], ("ZOOKEEPER_AUTH", "ann:***".to_string(), origin("ZOOKEEPER_AUTH")));
        assert_eq!(settings.auth.value.as_ref().unwrap().1.reveal(), "hunter:2");
        assert!(!format!("{settings:?}").contains("hunter"));
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_the_reason_and_without_the_secret() {
        for (name, value, why) in [
            ("ZOOKEEPER_CONNECT", "h1,,h2", "has no host"),
            ("ZOOKEEPER_CONNECT", "h1:port", "has an invalid port"),
            ("ZOOKEEPER_CONNECT", "http://h1:2181", "has an invalid port"),
            ("ZOOKEEPER_CONNECT", "ann:hunter2@h1", "ZOOKEEPER_AUTH"),
            ("ZOOKEEPER_CONNECT", "h1/eu//prod", "empty"),
            ("ZOOKEEPER_AUTH", "hunter2", "user:password"),
        ] {
            let error = from(&[(name, value)]).expect_err(value).to_string();
            assert!(error.starts_with(name) && error.contains(why) && !error.contains("hunter2"), "{error}");
        }
    }
}
