//! A TLS client for one registry, and the errors of failed handshakes.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls;
use tokio_rustls::rustls::client::ResolvesClientCert;
use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::sign::{CertifiedKey, SingleCertAndKey};

use super::client_auth::ClientAuth;
use super::config::config;
use super::error::SetupError;
use super::explain::explain_handshake;
use super::roots::Roots;
use super::tls_failure::TlsFailure;
use super::verify::Verifier;
use super::{name_text, read};
use crate::net::dial::Io;

/// Suggests what to do about a failed handshake, by the names of the registry's settings.
pub(crate) trait Remedy: fmt::Debug + Send + Sync {
    /// The text after the sentence about the failure: ` (ETCDCTL_CACERT names the authority to trust)`, or nothing.
    fn of(&self, failure: &TlsFailure) -> String;

    /// The text for a peer that does not support TLS.
    fn no_tls(&self) -> &'static str;
}

/// TLS to one peer, with every file read.
#[derive(Clone)]
pub(crate) struct TlsClient {
    connector: TlsConnector,
    /// The name the peer's certificate must have.
    name: ServerName<'static>,
    explain: Arc<TlsExplanation>,
}

impl TlsClient {
    /// TLS to `server_name`. Without `roots` every certificate is accepted.
    ///
    /// # Errors
    ///
    /// Returns an error when it cannot be set up with these.
    pub(crate) fn new(
        provider: Arc<CryptoProvider>,
        roots: Option<Roots>,
        identity: Option<CertifiedKey>,
        server_name: &str,
        alpn: &str,
        remedy: &'static dyn Remedy,
    ) -> Result<Self, SetupError> {
        let verifier = Arc::new(Verifier::new(roots, provider.clone())?);
        let given = identity.as_ref().map(|identity| identity.cert.iter().filter_map(|der| read(der)).collect());
        let resolver =
            identity.map(|identity| Arc::new(SingleCertAndKey::from(identity)) as Arc<dyn ResolvesClientCert>);
        let config = config(provider, verifier, resolver, alpn)?;
        let name = ServerName::try_from(server_name.to_string())
            .map_err(|_| SetupError::ServerName(server_name.to_string()))?;
        let client = ClientAuth { requested: Some(Vec::new()), given, now: 0 };
        let explain = Arc::new(TlsExplanation { remedy, client, server_name: name_text(&name) });
        Ok(TlsClient { connector: TlsConnector::from(Arc::new(config)), name, explain })
    }

    /// Performs the handshake over `stream`. No time limit of its own. [`TlsExplanation::of`] describes the error.
    pub(crate) async fn handshake<S: Io>(&self, stream: S) -> io::Result<TlsStream<S>> {
        let secured = self.connector.connect(self.name.clone(), stream).await;
        match &secured {
            Ok(_) => tracing::debug!(server_name = self.explain.server_name, "tls handshake complete"),
            Err(error) => tracing::debug!(server_name = self.explain.server_name, %error, "tls handshake failed"),
        }
        secured
    }

    /// Describes failures of this client.
    pub(crate) fn explain(&self) -> &Arc<TlsExplanation> {
        &self.explain
    }
}

/// Describes TLS failures of one peer, with the setting that resolves them.
#[derive(Debug)]
pub(crate) struct TlsExplanation {
    remedy: &'static dyn Remedy,
    client: ClientAuth,
    server_name: String,
}

impl TlsExplanation {
    /// The text for the TLS error below `error`; `None` when it is not one.
    pub(crate) fn of(&self, error: &io::Error) -> Option<String> {
        let tls = error.get_ref()?.downcast_ref::<rustls::Error>()?;
        #[expect(clippy::disallowed_methods, reason = "certificates have dates")]
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
        let client = ClientAuth { now, ..self.client.clone() };
        Some(match explain_handshake(error, &[], &self.server_name, &client) {
            Some(failure) => format!("{}{}", failure.text, self.remedy.of(&failure)),
            None => {
                let remedy = if matches!(tls, rustls::Error::InvalidMessage(_)) { self.remedy.no_tls() } else { "" };
                format!("peer does not use TLS on this port{remedy}")
            }
        })
    }
}
