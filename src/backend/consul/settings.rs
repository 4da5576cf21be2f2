//! [`ConsulSettings`]: how Consul is queried, read from the environment as by Consul's own command line (`hashicorp/consul`
//! `api/api.go`, `defaultConfig`).

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;

use super::agent::{AddressDefaults, Agent};
use crate::backend::login::shown_login;
use crate::backend::settings::{BackendSettings, Flag, Origin, Setting, SettingsError, SettingsReader, Sourced, Value};
use crate::model::secret::Secret;

const DC: &str = "--dc";
const TAG: &str = "--tag";
const TOKEN_FILE: &str = "--token-file";

/// The supported settings.
pub(super) const SETTINGS: &[Setting] = &[
    Setting::flag(Flag::one(DC, "NAME", "dc1"), "Consul: query this datacenter"),
    Setting::flag(
        Flag { value: Value::Many { name: "TAG", example: "v2" }, ..Flag::one(TAG, "TAG", "v2") },
        "Consul: keep only instances with this tag (repeat to require several tags)",
    ),
    Setting::flag(
        Flag::one(TOKEN_FILE, "FILE", "/run/secrets/consul-token"),
        "Consul: read the ACL token from this file (or set CONSUL_HTTP_TOKEN)",
    ),
    Setting::variable("CONSUL_HTTP_ADDR", "the agent: host:port, a URL, or unix:///path").or("127.0.0.1:8500"),
    Setting::variable("CONSUL_HTTP_TOKEN", "the ACL token"),
    Setting::variable("CONSUL_HTTP_TOKEN_FILE", "a file with the ACL token"),
    Setting::variable("CONSUL_HTTP_AUTH", "user:password for HTTP basic authentication"),
    Setting::variable("CONSUL_HTTP_SSL", "whether to use TLS for an address without a scheme").or("false"),
    Setting::variable("CONSUL_HTTP_SSL_VERIFY", "whether to verify the agent's certificate").or("true"),
    Setting::variable("CONSUL_CACERT", "a PEM file with the trusted root certificates").or("the system's"),
    Setting::variable("CONSUL_CAPATH", "a directory of PEM files with trusted root certificates"),
    Setting::variable("CONSUL_CLIENT_CERT", "a PEM file with the client certificate chain"),
    Setting::variable("CONSUL_CLIENT_KEY", "a PEM file with the client's private key"),
    Setting::variable("CONSUL_TLS_SERVER_NAME", "the name to verify in the agent's certificate").or("its host"),
    Setting::variable("CONSUL_NAMESPACE", "the namespace (Enterprise)"),
    Setting::variable("CONSUL_PARTITION", "the admin partition (Enterprise)"),
];

/// How Consul is queried. No file has been read and nothing contacted yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsulSettings {
    /// The agent: `CONSUL_HTTP_ADDR`, by default `127.0.0.1:8500`.
    pub agent: Sourced<Agent>,
    /// The ACL token: `CONSUL_HTTP_TOKEN`.
    pub token: Sourced<Option<Secret>>,
    /// A file with the ACL token; takes precedence over [`token`](Self::token), as in Consul:
    /// `CONSUL_HTTP_TOKEN_FILE`.
    pub token_file: Sourced<Option<PathBuf>>,
    /// User and password for HTTP basic authentication: `CONSUL_HTTP_AUTH`.
    pub auth: Sourced<Option<(String, Secret)>>,
    /// Use TLS for an agent whose address has no scheme: `CONSUL_HTTP_SSL`.
    pub tls: Sourced<bool>,
    /// Verify the agent's certificate: `CONSUL_HTTP_SSL_VERIFY`, by default true.
    pub verify: Sourced<bool>,
    /// PEM file with the trusted roots, instead of the system's: `CONSUL_CACERT`.
    pub cacert: Sourced<Option<PathBuf>>,
    /// Directory of PEM files with trusted roots; [`cacert`](Self::cacert) takes precedence: `CONSUL_CAPATH`.
    pub capath: Sourced<Option<PathBuf>>,
    /// PEM file with the client certificate chain: `CONSUL_CLIENT_CERT`.
    pub client_cert: Sourced<Option<PathBuf>>,
    /// PEM file with the client's private key: `CONSUL_CLIENT_KEY`.
    pub client_key: Sourced<Option<PathBuf>>,
    /// The name to verify the agent's certificate against, instead of its host: `CONSUL_TLS_SERVER_NAME`.
    pub server_name: Sourced<Option<String>>,
    /// The namespace (Enterprise): `CONSUL_NAMESPACE`.
    pub namespace: Sourced<Option<String>>,
    /// The admin partition (Enterprise): `CONSUL_PARTITION`.
    pub partition: Sourced<Option<String>>,
    /// The datacenter of targets that name none (`--dc`).
    pub dc: Sourced<Option<String>>,
    /// Tags that every target gets in addition to its own (`--tag`).
    pub tags: Vec<String>,
}

impl Default for ConsulSettings {
    fn default() -> Self {
        ConsulSettings {
            agent: Sourced::default(),
            token: Sourced::default(),
            token_file: Sourced::default(),
            auth: Sourced::default(),
            tls: Sourced::default(),
            verify: Sourced::new(true, Origin::Default),
            cacert: Sourced::default(),
            capath: Sourced::default(),
            client_cert: Sourced::default(),
            client_key: Sourced::default(),
            server_name: Sourced::default(),
            namespace: Sourced::default(),
            partition: Sourced::default(),
            dc: Sourced::default(),
            tags: Vec::new(),
        }
    }
}

impl BackendSettings for ConsulSettings {
    fn read(given: &SettingsReader) -> Result<Self, SettingsError> {
        let tls = given.go_boolean("CONSUL_HTTP_SSL", false)?;
        let defaults = AddressDefaults { tls: tls.value, port: None };
        let mut agent: Sourced<Agent> = given.read("CONSUL_HTTP_ADDR", |text| Agent::parse(text, defaults))?;
        if let (Agent::Tcp { tls: of_agent, .. }, Origin::Default) = (&mut agent.value, &agent.origin) {
            *of_agent = tls.value;
        }
        let mut settings = ConsulSettings {
            agent,
            token: given.secret("CONSUL_HTTP_TOKEN")?,
            token_file: given.path("CONSUL_HTTP_TOKEN_FILE")?,
            auth: given.read("CONSUL_HTTP_AUTH", |text| Ok::<_, Infallible>(Some(user_and_password(text))))?,
            tls,
            verify: given.go_boolean("CONSUL_HTTP_SSL_VERIFY", true)?,
            cacert: given.path("CONSUL_CACERT")?,
            capath: given.path("CONSUL_CAPATH")?,
            client_cert: given.path("CONSUL_CLIENT_CERT")?,
            client_key: given.path("CONSUL_CLIENT_KEY")?,
            server_name: given.text("CONSUL_TLS_SERVER_NAME")?,
            namespace: given.text("CONSUL_NAMESPACE")?,
            partition: given.text("CONSUL_PARTITION")?,
            dc: given.flag_text(DC)?,
            tags: given.flag_texts(TAG),
        };
        if let Some(token) = given.flag_secret_file(TOKEN_FILE)? {
            settings.token = Sourced::new(Some(token.value), token.origin);
            settings.token_file = Sourced::default();
        }
        let half = |name, other| Err(SettingsError::HalfIdentity { name, other });
        match (&settings.client_cert.value, &settings.client_key.value) {
            (Some(_), None) => half("CONSUL_CLIENT_CERT", "CONSUL_CLIENT_KEY"),
            (None, Some(_)) => half("CONSUL_CLIENT_KEY", "CONSUL_CLIENT_CERT"),
            _ => Ok(settings),
        }
    }

    fn without_secrets(&self) -> Arc<dyn BackendSettings> {
        Arc::new(ConsulSettings {
            token: Sourced::default(),
            token_file: Sourced::default(),
            auth: Sourced::default(),
            ..self.clone()
        })
    }
}

impl ConsulSettings {
    /// Variable, value (secrets masked) and origin of every setting in force.
    pub(super) fn rows(&self) -> Vec<(&'static str, String, Origin)> {
        let mut rows = vec![("CONSUL_HTTP_ADDR", self.agent.value.to_string(), self.agent.origin.clone())];
        let mut row = |name, value: Option<String>, origin: &Origin| {
            rows.extend(value.map(|value| (name, value, origin.clone())));
        };
        let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
        let secret = |secret: &Option<Secret>| secret.as_ref().map(Secret::to_string);
        row("CONSUL_HTTP_TOKEN", secret(&self.token.value), &self.token.origin);
        row("CONSUL_HTTP_TOKEN_FILE", path(&self.token_file.value), &self.token_file.origin);
        let auth = self.auth.value.as_ref().map(|(user, password)| shown_login(user, password));
        row("CONSUL_HTTP_AUTH", auth, &self.auth.origin);
        let explicit = |flag: &Sourced<bool>| (flag.origin != Origin::Default).then(|| flag.value.to_string());
        row("CONSUL_HTTP_SSL", explicit(&self.tls), &self.tls.origin);
        row("CONSUL_HTTP_SSL_VERIFY", explicit(&self.verify), &self.verify.origin);
        row("CONSUL_CACERT", path(&self.cacert.value), &self.cacert.origin);
        row("CONSUL_CAPATH", path(&self.capath.value), &self.capath.origin);
        row("CONSUL_CLIENT_CERT", path(&self.client_cert.value), &self.client_cert.origin);
        row("CONSUL_CLIENT_KEY", path(&self.client_key.value), &self.client_key.origin);
        row("CONSUL_TLS_SERVER_NAME", self.server_name.value.clone(), &self.server_name.origin);
        row("CONSUL_NAMESPACE", self.namespace.value.clone(), &self.namespace.origin);
        row("CONSUL_PARTITION", self.partition.value.clone(), &self.partition.origin);
        rows
    }
}

fn user_and_password(text: &str) -> (String, Secret) {
    let (user, password) = text.split_once(':').unwrap_or((text, ""));
    (user.to_string(), Secret::new(password))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(pairs: &[(&str, &str)]) -> Result<ConsulSettings, SettingsError> {
        ConsulSettings::from_env(|name| pairs.iter().find(|(n, _)| *n == name).map(|(_, value)| value.to_string()))
    }

    #[test]
    fn an_empty_environment_means_the_agent_of_this_machine() {
        let settings = from(&[("CONSUL_HTTP_ADDR", ""), ("CONSUL_HTTP_TOKEN", " ")]).unwrap();
        assert_eq!(settings, ConsulSettings::default());
        assert_eq!(settings.agent.value.to_string(), "127.0.0.1:8500");
        assert!(settings.verify.value);
        assert_eq!(settings.rows(), [("CONSUL_HTTP_ADDR", "127.0.0.1:8500".to_string(), Origin::Default)]);
    }

    #[test]
    fn every_variable_is_read_and_remembers_where_it_came_from() {
        let pairs = [
            ("CONSUL_HTTP_ADDR", "consul.example:8501"),
            ("CONSUL_HTTP_TOKEN", "s3cret\n"),
            ("CONSUL_HTTP_TOKEN_FILE", "/run/token"),
            ("CONSUL_HTTP_AUTH", "ann:pass:word"),
            ("CONSUL_HTTP_SSL", "1"),
            ("CONSUL_HTTP_SSL_VERIFY", "false"),
            ("CONSUL_CACERT", "/ca.pem"),
            ("CONSUL_CAPATH", "/ca.d"),
            ("CONSUL_CLIENT_CERT", "/cert.pem"),
            ("CONSUL_CLIENT_KEY", "/key.pem"),
            ("CONSUL_TLS_SERVER_NAME", "server.dc1.consul"),
            ("CONSUL_NAMESPACE", "team"),
            ("CONSUL_PARTITION", "part"),
        ];
        let settings = from(&pairs).unwrap();
        assert_eq!(settings.agent.value.to_string(), "https://consul.example:8501");
        assert_eq!(settings.token.value.as_ref().map(Secret::reveal), Some("s3cret"));
        assert_eq!(settings.auth.value, Some(("ann".to_string(), Secret::new("pass:word"))));
        assert!(!settings.verify.value);

        let rows = settings.rows();
        for (name, given) in pairs {
            let (_, shown, origin) = rows.iter().find(|(row, ..)| *row == name).unwrap_or_else(|| panic!("{name}"));
            assert_eq!(*origin, Origin::Env(name.to_string()));
            match name {
                "CONSUL_HTTP_ADDR" => assert_eq!(shown, "https://consul.example:8501"),
                "CONSUL_HTTP_TOKEN" => assert_eq!(shown, "***"),
                "CONSUL_HTTP_AUTH" => assert_eq!(shown, "ann:***"),
                "CONSUL_HTTP_SSL" => assert_eq!(shown, "true"),
                _ => assert_eq!(shown, given),
            }
        }
        let debug = format!("{settings:?}");
        assert!(!debug.contains("s3cret") && !debug.contains("pass:word"), "{debug}");
    }

    #[test]
    fn the_scheme_of_the_address_or_the_flag_requests_tls() {
        for (pairs, agent) in [
            (&[("CONSUL_HTTP_SSL", "true")][..], "https://127.0.0.1:8500"),
            (&[("CONSUL_HTTP_SSL", "true"), ("CONSUL_HTTP_ADDR", "a:1")], "https://a:1"),
            (&[("CONSUL_HTTP_SSL", "true"), ("CONSUL_HTTP_ADDR", "http://a:1")], "https://a:1"),
            (&[("CONSUL_HTTP_SSL", "false"), ("CONSUL_HTTP_ADDR", "https://a:1")], "https://a:1"),
            (&[("CONSUL_HTTP_SSL", "true"), ("CONSUL_HTTP_ADDR", "unix:///s")], "unix:///s"),
        ] {
            assert_eq!(from(pairs).unwrap().agent.value.to_string(), agent, "{pairs:?}");
        }
    }

    #[test]
    fn a_wrong_value_is_named_with_its_variable() {
        for (pairs, text) in [
            (&[("CONSUL_HTTP_SSL", "yes")][..], r#"CONSUL_HTTP_SSL: expected true or false, got "yes""#),
            (&[("CONSUL_HTTP_SSL_VERIFY", "no")], r#"CONSUL_HTTP_SSL_VERIFY: expected true or false, got "no""#),
            (
                &[("CONSUL_HTTP_ADDR", "tcp://a:1")],
                r#"CONSUL_HTTP_ADDR: "tcp://a:1" has a scheme that is not http, https or unix"#,
            ),
            (
                &[("CONSUL_CLIENT_CERT", "/cert.pem")],
                "CONSUL_CLIENT_CERT: is set without CONSUL_CLIENT_KEY: a client certificate requires both",
            ),
            (
                &[("CONSUL_CLIENT_KEY", "/key.pem")],
                "CONSUL_CLIENT_KEY: is set without CONSUL_CLIENT_CERT: a client certificate requires both",
            ),
        ] {
            assert_eq!(from(pairs).unwrap_err().to_string(), text);
        }
    }
}
