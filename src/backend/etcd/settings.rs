//! [`EtcdSettings`]: how etcd is queried, read from the environment as by etcdctl (`etcd-io/etcd`
//! `etcdctl/ctlv3/command/global.go`, `client/v3/config.go`).

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::backend::settings::{BackendSettings, Origin, Setting, SettingsError, SettingsReader, Sourced};
use crate::backend::socket::shown_address;
use crate::model::host_port::{self, ServerError};
use crate::model::secret::Secret;
use crate::text::exact_duration;

/// The supported settings.
pub(super) const SETTINGS: &[Setting] = &[
    Setting::variable("ETCDCTL_ENDPOINTS", "the members, separated by commas").or("127.0.0.1:2379"),
    Setting::variable("ETCDCTL_CACERT", "a PEM file with the trusted root certificates").or("the system's"),
    Setting::variable("ETCDCTL_CERT", "a PEM file with the client certificate chain"),
    Setting::variable("ETCDCTL_KEY", "a PEM file with the client's private key"),
    Setting::variable("ETCDCTL_USER", "user:password, or only the user name if ETCDCTL_PASSWORD is set"),
    Setting::variable("ETCDCTL_PASSWORD", "the password"),
    Setting::variable("ETCDCTL_DIAL_TIMEOUT", "time limit for connecting to a member").or("2s"),
    Setting::variable("ETCDCTL_COMMAND_TIMEOUT", "time limit for a response").or("5s"),
    Setting::variable("ETCDCTL_INSECURE_SKIP_TLS_VERIFY", "whether to skip verification of the member's certificate")
        .or("false"),
    Setting::variable("ETCDCTL_INSECURE_TRANSPORT", "whether to connect without TLS to a member without a scheme")
        .or("true"),
];

/// etcd's port for clients.
pub(super) const PORT: u16 = 2379;

/// One member of the cluster: the address for its clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// From its scheme: `https://` is true, `http://` false, no scheme is `None`.
    pub tls: Option<bool>,
    /// A host name or an IP address, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// Why a text is not valid for a setting of etcd. The shown address omits the part before an `@`, which may be a
/// password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum EtcdSettingError {
    /// A member with another scheme.
    #[error("{0:?} has a scheme that is not http or https")]
    Scheme(String),
    /// A member with a user, perhaps with a password.
    #[error("{0:?} contains a user name: set ETCDCTL_USER to user:password instead")]
    User(String),
    /// A member with a path or white space.
    #[error("{0:?} has a path or white space; expected host:port")]
    NotHostPort(String),
    /// A member without a host.
    #[error("{0:?} has no host: write 127.0.0.1:2379")]
    NoHost(String),
    /// Another fault of a member's host or port.
    #[error("{shown:?} {source}")]
    Server {
        /// The member.
        shown: String,
        /// What is wrong.
        source: ServerError,
    },
    /// No password, neither beside the user nor in its own variable. The text is not shown: without a colon it may be
    /// a token.
    #[error("has no password: write user:password, or set ETCDCTL_PASSWORD")]
    NoPassword,
    /// Not a positive duration.
    #[error("invalid duration {0:?}: write 2s or 500ms")]
    Time(String),
}

impl Member {
    /// Parses `[http://|https://]host[:port]`.
    pub(super) fn parse(text: &str) -> Result<Self, EtcdSettingError> {
        let shown = shown_address(text);
        let (tls, rest) = match text.split_once("://") {
            None => (None, text),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (Some(false), rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (Some(true), rest),
            Some(_) => return Err(EtcdSettingError::Scheme(shown)),
        };
        let rest = rest.trim_end_matches('/');
        if rest.contains('@') {
            return Err(EtcdSettingError::User(shown));
        }
        if rest.chars().any(|c| c.is_whitespace() || c.is_control() || "/?#".contains(c)) {
            return Err(EtcdSettingError::NotHostPort(shown));
        }
        let (host, port) = match host_port::server(rest) {
            Ok(parts) => parts,
            Err(ServerError::NoHost) => return Err(EtcdSettingError::NoHost(shown)),
            Err(source) => return Err(EtcdSettingError::Server { shown, source }),
        };
        Ok(Member { tls, host: host.to_string(), port: port.unwrap_or(PORT) })
    }

    /// `host:port`, an IPv6 address in brackets: the value of `:authority`.
    pub(super) fn authority(&self) -> String {
        host_port::joined(&self.host, self.port)
    }
}

impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.tls {
            None => "",
            Some(true) => "https://",
            Some(false) => "http://",
        };
        write!(f, "{scheme}{}", self.authority())
    }
}

/// How etcd is queried. No file has been read and nothing contacted yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EtcdSettings {
    /// The members, queried in their order: `ETCDCTL_ENDPOINTS`, by default `127.0.0.1:2379`.
    pub endpoints: Sourced<Vec<Member>>,
    /// PEM file with the trusted roots, instead of the system's: `ETCDCTL_CACERT`.
    pub cacert: Sourced<Option<PathBuf>>,
    /// PEM file with the client certificate chain: `ETCDCTL_CERT`.
    pub cert: Sourced<Option<PathBuf>>,
    /// PEM file with the client's private key: `ETCDCTL_KEY`.
    pub key: Sourced<Option<PathBuf>>,
    /// The user, and the password unless [`password`](Self::password) has it: `ETCDCTL_USER`.
    pub user: Sourced<Option<(String, Option<Secret>)>>,
    /// The password; [`user`](Self::user) is then only a name, colons included: `ETCDCTL_PASSWORD`.
    pub password: Sourced<Option<Secret>>,
    /// Time limit for connecting to one member: `ETCDCTL_DIAL_TIMEOUT`, by default 2 s.
    pub dial_timeout: Sourced<Duration>,
    /// Time limit for one query: `ETCDCTL_COMMAND_TIMEOUT`, by default 5 s. `--resolve-timeout` takes precedence.
    pub command_timeout: Sourced<Duration>,
    /// Accept any certificate: `ETCDCTL_INSECURE_SKIP_TLS_VERIFY`.
    pub skip_verify: Sourced<bool>,
    /// Plain text if a member's address has no scheme: `ETCDCTL_INSECURE_TRANSPORT`, by default true. Files for TLS
    /// take precedence, as in etcdctl.
    pub insecure_transport: Sourced<bool>,
}

impl Default for EtcdSettings {
    fn default() -> Self {
        let local = Member { tls: None, host: "127.0.0.1".to_string(), port: PORT };
        EtcdSettings {
            endpoints: Sourced::new(vec![local], Origin::Default),
            cacert: Sourced::default(),
            cert: Sourced::default(),
            key: Sourced::default(),
            user: Sourced::default(),
            password: Sourced::default(),
            dial_timeout: Sourced::new(Duration::from_secs(2), Origin::Default),
            command_timeout: Sourced::new(Duration::from_secs(5), Origin::Default),
            skip_verify: Sourced::default(),
            insecure_transport: Sourced::new(true, Origin::Default),
        }
    }
}

impl BackendSettings for EtcdSettings {
    fn read(given: &SettingsReader) -> Result<Self, SettingsError> {
        let unset = EtcdSettings::default();
        let password = given.secret("ETCDCTL_PASSWORD")?;
        let whole = password.value.is_some();
        let settings = EtcdSettings {
            endpoints: given.read_or("ETCDCTL_ENDPOINTS", unset.endpoints.value, members)?,
            cacert: given.path("ETCDCTL_CACERT")?,
            cert: given.path("ETCDCTL_CERT")?,
            key: given.path("ETCDCTL_KEY")?,
            user: given.read("ETCDCTL_USER", |text| user(text, whole).map(Some))?,
            password,
            dial_timeout: given.read_or("ETCDCTL_DIAL_TIMEOUT", unset.dial_timeout.value, duration)?,
            command_timeout: given.read_or("ETCDCTL_COMMAND_TIMEOUT", unset.command_timeout.value, duration)?,
            skip_verify: given.go_boolean("ETCDCTL_INSECURE_SKIP_TLS_VERIFY", false)?,
            insecure_transport: given.go_boolean("ETCDCTL_INSECURE_TRANSPORT", true)?,
        };
        let half = |name, other| Err(SettingsError::HalfIdentity { name, other });
        match (&settings.cert.value, &settings.key.value, &settings.user.value, &settings.password.value) {
            (Some(_), None, ..) => half("ETCDCTL_CERT", "ETCDCTL_KEY"),
            (None, Some(_), ..) => half("ETCDCTL_KEY", "ETCDCTL_CERT"),
            (_, _, None, Some(_)) => Err(SettingsError::NoUser { name: "ETCDCTL_PASSWORD", other: "ETCDCTL_USER" }),
            _ => Ok(settings),
        }
    }

    fn without_secrets(&self) -> Arc<dyn BackendSettings> {
        Arc::new(EtcdSettings { user: Sourced::default(), password: Sourced::default(), ..self.clone() })
    }
}

impl EtcdSettings {
    /// User and password.
    pub(super) fn credentials(&self) -> Option<(String, Secret)> {
        let (name, own) = self.user.value.clone()?;
        Some((name, self.password.value.clone().or(own).unwrap_or_else(|| Secret::new(""))))
    }

    /// Does `member` use TLS? Its scheme decides; without one, files for TLS or `ETCDCTL_INSECURE_TRANSPORT=false`
    /// do.
    pub(super) fn is_tls(&self, member: &Member) -> bool {
        member.tls.unwrap_or(self.cacert.value.is_some() || self.cert.value.is_some() || !self.insecure_transport.value)
    }

    /// Variable, value (secrets masked) and origin of every setting in force.
    pub(super) fn rows(&self) -> Vec<(&'static str, String, Origin)> {
        let members: Vec<String> = self.endpoints.value.iter().map(Member::to_string).collect();
        let mut rows = vec![("ETCDCTL_ENDPOINTS", members.join(","), self.endpoints.origin.clone())];
        let mut row = |name, value: Option<String>, origin: &Origin| {
            rows.extend(value.map(|value| (name, value, origin.clone())));
        };
        let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
        row("ETCDCTL_CACERT", path(&self.cacert.value), &self.cacert.origin);
        row("ETCDCTL_CERT", path(&self.cert.value), &self.cert.origin);
        row("ETCDCTL_KEY", path(&self.key.value), &self.key.origin);
        let user = self.user.value.as_ref().map(|(name, own)| match own {
            Some(password) => format!("{name}:{password}"),
            // With a separate password the text is a name, colons included. The password may be set in both
            // variables.
            None => name.split_once(':').map_or_else(|| name.clone(), |(name, _)| format!("{name}:***")),
        });
        row("ETCDCTL_USER", user, &self.user.origin);
        row("ETCDCTL_PASSWORD", self.password.value.as_ref().map(Secret::to_string), &self.password.origin);
        let time = |time: &Sourced<Duration>| (time.origin != Origin::Default).then(|| exact_duration(time.value));
        row("ETCDCTL_DIAL_TIMEOUT", time(&self.dial_timeout), &self.dial_timeout.origin);
        row("ETCDCTL_COMMAND_TIMEOUT", time(&self.command_timeout), &self.command_timeout.origin);
        let explicit = |flag: &Sourced<bool>| (flag.origin != Origin::Default).then(|| flag.value.to_string());
        row("ETCDCTL_INSECURE_SKIP_TLS_VERIFY", explicit(&self.skip_verify), &self.skip_verify.origin);
        row("ETCDCTL_INSECURE_TRANSPORT", explicit(&self.insecure_transport), &self.insecure_transport.origin);
        rows
    }
}

fn members(text: &str) -> Result<Vec<Member>, EtcdSettingError> {
    text.split(',').map(|member| Member::parse(member.trim())).collect()
}

/// `name:password`; with a password in its own variable the text is a name. etcdctl prompts for a missing password,
/// which is not possible here.
fn user(text: &str, whole: bool) -> Result<(String, Option<Secret>), EtcdSettingError> {
    if whole {
        return Ok((text.to_string(), None));
    }
    match text.split_once(':') {
        Some((name, password)) => Ok((name.to_string(), Some(Secret::new(password)))),
        None => Err(EtcdSettingError::NoPassword),
    }
}

/// What Go's `time.ParseDuration` accepts, as far as it is used for timeouts: `5s`, `1m30s`, `500ms`, `1.5s`.
fn duration(text: &str) -> Result<Duration, EtcdSettingError> {
    let invalid = || EtcdSettingError::Time(text.to_string());
    let mut rest = text;
    let mut total = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(invalid)?;
        let number: f64 = rest[..digits].parse().map_err(|_| invalid())?;
        let unit_end = rest[digits..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |end| digits + end);
        total += number
            * match &rest[digits..unit_end] {
                "h" => 3600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 1e-3,
                "us" | "µs" => 1e-6,
                _ => return Err(invalid()),
            };
        rest = &rest[unit_end..];
    }
    match Duration::try_from_secs_f64(total) {
        Ok(time) if !time.is_zero() => Ok(time),
        _ => Err(invalid()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(pairs: &[(&str, &str)]) -> Result<EtcdSettings, SettingsError> {
        EtcdSettings::from_env(|name| pairs.iter().find(|(n, _)| *n == name).map(|(_, value)| value.to_string()))
    }

    #[test]
    fn an_empty_environment_means_the_member_of_this_machine() {
        let settings = from(&[("ETCDCTL_ENDPOINTS", ""), ("ETCDCTL_USER", " ")]).unwrap();
        assert_eq!(settings, EtcdSettings::default());
        assert_eq!(settings.rows(), [("ETCDCTL_ENDPOINTS", "127.0.0.1:2379".to_string(), Origin::Default)]);
    }

    #[test]
    fn every_variable_is_read_and_remembers_where_it_came_from() {
        let pairs = [
            ("ETCDCTL_ENDPOINTS", "https://h1:2379,h2,http://[2001:db8::1]:4001/"),
            ("ETCDCTL_CACERT", "/ca.pem"),
            ("ETCDCTL_CERT", "/cert.pem"),
            ("ETCDCTL_KEY", "/key.pem"),
            ("ETCDCTL_USER", "ann:pass:word"),
            ("ETCDCTL_DIAL_TIMEOUT", "1m30s"),
            ("ETCDCTL_COMMAND_TIMEOUT", "1500ms"),
            ("ETCDCTL_INSECURE_SKIP_TLS_VERIFY", "1"),
            ("ETCDCTL_INSECURE_TRANSPORT", "false"),
        ];
        let settings = from(&pairs).unwrap();
        assert_eq!(settings.credentials(), Some(("ann".to_string(), Secret::new("pass:word"))));
        assert_eq!(settings.dial_timeout.value, Duration::from_secs(90));
        let rows = settings.rows();
        assert_eq!(rows.len(), pairs.len());
        for (name, given) in pairs {
            let (_, shown, origin) = rows.iter().find(|(row, ..)| *row == name).unwrap_or_else(|| panic!("{name}"));
            assert_eq!(*origin, Origin::Env(name.to_string()));
            match name {
                "ETCDCTL_ENDPOINTS" => assert_eq!(shown, "https://h1:2379,h2:2379,http://[2001:db8::1]:4001"),
                "ETCDCTL_USER" => assert_eq!(shown, "ann:***"),
                "ETCDCTL_DIAL_TIMEOUT" => assert_eq!(shown, "90s"),
                "ETCDCTL_COMMAND_TIMEOUT" => assert_eq!(shown, "1.5s"),
                "ETCDCTL_INSECURE_SKIP_TLS_VERIFY" => assert_eq!(shown, "true"),
                _ => assert_eq!(shown, given),
            }
        }
        let debug = format!("{settings:?}");
        assert!(!debug.contains("pass:word"), "{debug}");
        let apart = from(&[("ETCDCTL_USER", "a:b"), ("ETCDCTL_PASSWORD", "s3cret")]).unwrap();
        assert_eq!(apart.credentials(), Some(("a:b".to_string(), Secret::new("s3cret"))));
    }

    #[test]
    fn tls_is_used_when_the_scheme_or_the_files_require_it() {
        let tls = |pairs: &[(&str, &str)]| {
            let settings = from(pairs).unwrap();
            settings.is_tls(&settings.endpoints.value[0])
        };
        assert!(!tls(&[]));
        assert!(tls(&[("ETCDCTL_ENDPOINTS", "https://a")]));
        assert!(tls(&[("ETCDCTL_CACERT", "/ca.pem")]));
        assert!(tls(&[("ETCDCTL_INSECURE_TRANSPORT", "false")]));
        assert!(!tls(&[("ETCDCTL_CACERT", "/ca.pem"), ("ETCDCTL_ENDPOINTS", "http://a")]));
    }

    #[test]
    fn a_wrong_value_is_named_with_its_variable_and_no_password() {
        for (pairs, text) in [
            (
                &[("ETCDCTL_ENDPOINTS", "tcp://a")][..],
                "ETCDCTL_ENDPOINTS: \"tcp://a\" has a scheme that is not http or https",
            ),
            (&[("ETCDCTL_ENDPOINTS", "a,:1")], "ETCDCTL_ENDPOINTS: \":1\" has no host: write 127.0.0.1:2379"),
            (
                &[("ETCDCTL_ENDPOINTS", "a:0")],
                "ETCDCTL_ENDPOINTS: \"a:0\" has an invalid port: must be from 1 to 65535",
            ),
            (&[("ETCDCTL_ENDPOINTS", "::1")], "ETCDCTL_ENDPOINTS: \"::1\" is not an IPv6 address in brackets"),
            (
                &[("ETCDCTL_ENDPOINTS", "u:hunter2@a")],
                "ETCDCTL_ENDPOINTS: \"***@a\" contains a user name: set ETCDCTL_USER to user:password instead",
            ),
            (&[("ETCDCTL_DIAL_TIMEOUT", "2")], "ETCDCTL_DIAL_TIMEOUT: invalid duration \"2\": write 2s or 500ms"),
            (&[("ETCDCTL_DIAL_TIMEOUT", "0s")], "ETCDCTL_DIAL_TIMEOUT: invalid duration \"0s\": write 2s or 500ms"),
            (&[("ETCDCTL_INSECURE_TRANSPORT", "no")], "ETCDCTL_INSECURE_TRANSPORT: expected true or false, got \"no\""),
            (&[("ETCDCTL_USER", "ann")], "ETCDCTL_USER: has no password: write user:password, or set ETCDCTL_PASSWORD"),
            (&[("ETCDCTL_PASSWORD", "x")], "ETCDCTL_PASSWORD: is set without ETCDCTL_USER"),
            (&[("ETCDCTL_KEY", "k")], "ETCDCTL_KEY: is set without ETCDCTL_CERT: a client certificate requires both"),
        ] {
            assert_eq!(from(pairs).unwrap_err().to_string(), text);
        }
    }
}
