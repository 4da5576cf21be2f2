//! [`Credentials`]: what is sent to the API server, chosen in kubectl's order.

use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::{AUTHORIZATION, HeaderName, HeaderValue, InvalidHeaderValue};
use kube::config::{AuthInfo, AuthProviderConfig, Cluster};
use secrecy::ExposeSecret as _;
use time::OffsetDateTime;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::error::{CredentialsError, KubernetesError};
use super::exec::{Issued, Plugin, names_secret};
use crate::backend::login;
use crate::backend::tls::Pem;
use crate::model::secret::{Secret, Secrets};
use crate::platform::file;

/// The credentials that are sent to the API server with every request.
#[derive(Debug)]
pub(super) struct Credentials {
    bearer: Bearer,
    /// `as`, `as-groups`, `as-uid` of the kubeconfig.
    impersonated: Vec<(HeaderName, HeaderValue)>,
    /// The client certificate and its key.
    identity: Option<(Pem, Pem)>,
    /// Gets every secret that is sent.
    secrets: Secrets,
}

#[derive(Debug)]
enum Bearer {
    Nothing,
    Fixed(HeaderValue),
    /// A file that another program keeps fresh: read for every request.
    File(PathBuf),
    /// A program that issues new credentials when the last ones have expired.
    Plugin(Box<Plugin>, Mutex<Option<Issued>>),
}

impl Credentials {
    /// The credentials of the kubeconfig's user. Nothing is run yet.
    pub(super) fn new(user: &AuthInfo, cluster: &Cluster, secrets: Secrets) -> Result<Self, CredentialsError> {
        learn(user, &secrets);
        let (bearer, impersonated, identity) = (bearer(user, cluster)?, impersonated(user)?, identity(user)?);
        Ok(Credentials { bearer, impersonated, identity, secrets })
    }

    /// What is sent to a server without TLS: no secrets. client-go reads credentials only when the transport is TLS
    /// (`clientcmd`, `IsConfigTransportTLS`); impersonation headers are not secret.
    pub(super) fn in_plain_text(user: &AuthInfo) -> Result<Self, CredentialsError> {
        let (impersonated, secrets) = (impersonated(user)?, Secrets::default());
        Ok(Credentials { bearer: Bearer::Nothing, impersonated, identity: None, secrets })
    }

    /// Certificate and key, from the plugin if it issues them. The plugin is run, within `limit`.
    pub(super) async fn identity(&self, limit: Duration) -> Result<Option<(Pem, Pem)>, KubernetesError> {
        let Bearer::Plugin(plugin, issued) = &self.bearer else { return Ok(self.identity.clone()) };
        let mut issued = issued.lock().await;
        let made = run(plugin, &self.secrets, limit).await?;
        Ok(issued.insert(made).identity.clone().or_else(|| self.identity.clone()))
    }

    /// Adds the credentials to `headers`. Expired ones are renewed, within `limit`.
    pub(super) async fn show(&self, headers: &mut HeaderMap, limit: Duration) -> Result<(), KubernetesError> {
        for (name, value) in &self.impersonated {
            headers.append(name.clone(), value.clone());
        }
        let shown = match &self.bearer {
            Bearer::Nothing => None,
            Bearer::Fixed(value) => Some(value.clone()),
            Bearer::File(file) => Some(from_file(file.clone(), self.secrets.clone()).await?),
            Bearer::Plugin(plugin, issued) => {
                let mut issued = issued.lock().await;
                let counts = issued.as_ref().filter(|issued| issued.still_counts(OffsetDateTime::now_utc()));
                if counts.is_none() {
                    *issued = Some(run(plugin, &self.secrets, limit).await?);
                }
                let token = issued.as_ref().and_then(|issued| issued.token.as_ref());
                token.map(|token| bearer_value(token.reveal())).transpose().map_err(KubernetesError::Unsendable)?
            }
        };
        if let Some(value) = shown {
            headers.insert(AUTHORIZATION, value);
        }
        Ok(())
    }
}

/// A description of the credentials of a kubeconfig's user.
pub(super) fn in_words(user: &AuthInfo, name: &str) -> String {
    if let Some(provider) = &user.auth_provider {
        format!("the token of auth-provider {:?} for user {name:?}", provider.name)
    } else if user.username.is_some() && user.password.is_some() {
        format!("the password of user {name:?}")
    } else if let Some(file) = &user.token_file {
        format!("the token of user {name:?} from {file}")
    } else if user.token.is_some() {
        format!("the token of user {name:?}")
    } else if let Some(exec) = &user.exec {
        format!("the credentials from plugin {:?} for user {name:?}", exec.command.as_deref().unwrap_or_default())
    } else if user.client_certificate.is_some() || user.client_certificate_data.is_some() {
        format!("the client certificate of user {name:?}")
    } else {
        format!("anonymous access: user {name:?} has no credentials")
    }
}

/// Does the user of a kubeconfig have any credentials?
pub(super) fn has_secret(user: &AuthInfo) -> bool {
    let is_anonymous = user.auth_provider.is_none()
        && (user.username.is_none() || user.password.is_none())
        && user.token_file.is_none()
        && user.token.is_none()
        && user.exec.is_none()
        && user.client_certificate.is_none()
        && user.client_certificate_data.is_none();
    !is_anonymous
}

/// The program that issues the credentials, unless other credentials take precedence.
pub(super) fn program(user: &AuthInfo) -> Option<&str> {
    let is_first = user.auth_provider.is_none()
        && (user.username.is_none() || user.password.is_none())
        && user.token_file.is_none()
        && user.token.is_none();
    user.exec.as_ref().filter(|_| is_first)?.command.as_deref()
}

/// Adds the secrets in the kubeconfig; those of a file or plugin are added later.
fn learn(user: &AuthInfo, secrets: &Secrets) {
    let provider = user.auth_provider.iter().flat_map(|provider| &provider.config);
    provider.filter(|(name, _)| names_secret(name)).for_each(|(_, value)| secrets.learn(value));
    if let Some(token) = &user.token {
        secrets.learn(token.expose_secret());
    }
    if let (Some(name), Some(password)) = (&user.username, &user.password) {
        secrets.learn_login(name, password.expose_secret());
    }
    if let Some(key) = &user.client_key_data {
        secrets.learn(key.expose_secret());
    }
}

async fn run(plugin: &Plugin, secrets: &Secrets, limit: Duration) -> Result<Issued, KubernetesError> {
    let slow = || KubernetesError::Slow { what: "getting the credentials".to_string(), limit };
    timeout(limit, plugin.run(secrets)).await.map_err(|_| slow())?
}

fn bearer(user: &AuthInfo, cluster: &Cluster) -> Result<Bearer, CredentialsError> {
    if let Some(provider) = &user.auth_provider {
        return Ok(Bearer::Fixed(bearer_value(of_provider(provider)?)?));
    }
    if let (Some(name), Some(password)) = (&user.username, &user.password) {
        return Ok(Bearer::Fixed(login::basic_auth(name, password.expose_secret())?));
    }
    // client-go: when both are present, the file takes precedence.
    if let Some(file) = &user.token_file {
        return Ok(Bearer::File(file.into()));
    }
    if let Some(token) = &user.token {
        return Ok(Bearer::Fixed(bearer_value(token.expose_secret())?));
    }
    match &user.exec {
        Some(exec) => Ok(Bearer::Plugin(Box::new(Plugin::new(exec, cluster)?), Mutex::default())),
        None => Ok(Bearer::Nothing),
    }
}

/// Of its built-in providers client-go kept only `oidc`; its token is sent as it is, and not renewed.
fn of_provider(provider: &AuthProviderConfig) -> Result<&str, CredentialsError> {
    match (provider.name.as_str(), provider.config.get("id-token")) {
        ("oidc", Some(token)) => Ok(token),
        ("oidc", None) => Err(CredentialsError::NoIdToken),
        (other, _) => Err(CredentialsError::AuthProvider(other.to_string())),
    }
}

fn impersonated(user: &AuthInfo) -> Result<Vec<(HeaderName, HeaderValue)>, CredentialsError> {
    let mut headers = Vec::new();
    let groups = user.impersonate_groups.iter().flatten().map(|group| ("impersonate-group", group));
    let one = |name, value| Some((name, value?));
    for (name, value) in
        [one("impersonate-user", user.impersonate.as_ref()), one("impersonate-uid", user.impersonate_uid.as_ref())]
            .into_iter()
            .flatten()
            .chain(groups)
    {
        let sent = HeaderValue::from_str(value).map_err(|source| CredentialsError::Impersonation {
            header: name,
            value: value.clone(),
            source,
        })?;
        headers.push((HeaderName::from_static(name), sent));
    }
    Ok(headers)
}

fn identity(user: &AuthInfo) -> Result<Option<(Pem, Pem)>, CredentialsError> {
    let key = user.client_key_data.as_ref().map(|key| key.expose_secret());
    let certificate =
        pem("client-certificate", user.client_certificate_data.as_deref(), user.client_certificate.as_deref())?;
    match (certificate, pem("client-key", key, user.client_key.as_deref())?) {
        (Some(certificate), Some(key)) => Ok(Some((certificate, key))),
        (None, None) => Ok(None),
        (Some(_), None) => Err(CredentialsError::NoKey),
        (None, Some(_)) => Err(CredentialsError::NoCertificate),
    }
}

/// Data in base64 from a kubeconfig, or a file; data takes precedence.
pub(super) fn pem(
    setting: &'static str,
    data: Option<&str>,
    file: Option<&str>,
) -> Result<Option<Pem>, CredentialsError> {
    let filled = |text: &&str| !text.is_empty();
    match data.filter(filled) {
        Some(data) => {
            let data: Vec<u8> = data.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
            let text = STANDARD.decode(data).map_err(|source| CredentialsError::Base64 { setting, source })?;
            Ok(Some(Pem::Text(text)))
        }
        None => Ok(file.filter(filled).map(|file| Pem::File(file.into()))),
    }
}

async fn from_file(path: PathBuf, secrets: Secrets) -> Result<HeaderValue, KubernetesError> {
    let read = move || match file::read_text(&path, file::SMALL) {
        Ok(text) if text.trim().is_empty() => Err(KubernetesError::EmptyTokenFile(path)),
        Ok(text) => {
            secrets.learn(text.trim());
            bearer_value(&text).map_err(KubernetesError::Unsendable)
        }
        Err(source) => Err(KubernetesError::TokenFile { path, source }),
    };
    tokio::task::spawn_blocking(read).await.map_err(KubernetesError::TokenNotRead)?
}

fn bearer_value(token: &str) -> Result<HeaderValue, InvalidHeaderValue> {
    login::sensitive(&format!("Bearer {}", Secret::new(token).reveal()))
}
