//! TLS to a registry: roots, client certificate, server name, and errors that name the setting.

#![cfg_attr(
    not(feature = "all-backends"),
    allow(dead_code, reason = "a build with some of the backends may use a part of it")
)]

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;

use crate::model::certificate::TlsFault;
use crate::model::reach::FailureCode;
use crate::net::tls::pem::{self, IdentityError, PemError};
use crate::net::tls::{Remedy, Roots, SetupError, TlsClient, TlsFailure};

/// The names of one registry's settings, so that an error names what to set.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Names {
    /// PEM file with the trusted roots.
    pub cacert: &'static str,
    /// Directory of such files.
    pub capath: &'static str,
    /// PEM file with the client's certificate chain.
    pub cert: &'static str,
    /// PEM file with the client's key.
    pub key: &'static str,
    /// What to do when the certificate has another name: ` (X names the name to expect)`.
    pub other_name: &'static str,
    /// What to do when the peer does not support TLS.
    pub no_tls: &'static str,
}

/// Certificates or a key in PEM.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Pem {
    /// A file, not read yet.
    File(PathBuf),
    /// The text itself.
    Text(Vec<u8>),
}

impl Pem {
    fn bytes(&self) -> Result<Cow<'_, [u8]>, PemError> {
        match self {
            Pem::File(path) => pem::read(path).map(Cow::Owned),
            Pem::Text(text) => Ok(Cow::Borrowed(text)),
        }
    }
}

/// Where the certificates or the key are, never their content.
impl fmt::Display for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pem::File(file) => write!(f, "{}", file.display()),
            Pem::Text(_) => f.write_str("(given as data)"),
        }
    }
}

impl fmt::Debug for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// The TLS settings: files by name, none read yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan {
    /// Verify the peer's certificate.
    pub verify: bool,
    /// See [`Names::cacert`]; without it and `capath` the system's roots.
    pub cacert: Option<Pem>,
    /// See [`Names::capath`]; `cacert` wins.
    pub capath: Option<PathBuf>,
    /// Certificate chain and key of the client.
    pub identity: Option<(Pem, Pem)>,
    /// The name that the peer's certificate must have.
    pub server_name: String,
    /// The protocol to agree on: `http/1.1`, `h2`.
    pub alpn: &'static str,
    /// The names of the settings.
    pub names: &'static Names,
}

impl Plan {
    /// Reads the files.
    pub(super) fn load(&self) -> Result<TlsClient, SetupError> {
        let provider = Arc::new(ring::default_provider());
        let roots = if self.verify { Some(self.roots()?) } else { None };
        let identity = match &self.identity {
            None => None,
            Some((cert, key)) => {
                let (of_cert, of_key) = (unusable(self.names.cert, cert), unusable(self.names.key, key));
                let (chain, private) = (cert.bytes().map_err(&of_cert)?, key.bytes().map_err(&of_key)?);
                Some(pem::identity(&chain, &private, &provider).map_err(|error| match error {
                    IdentityError::Certificate(why) => of_cert(why),
                    IdentityError::Key(why) => of_key(why),
                })?)
            }
        };
        TlsClient::new(provider, roots, identity, &self.server_name, self.alpn, self.names)
    }

    /// Reads the files that are named and discards the result; the system's roots are not read.
    pub(super) fn check(&self) -> Result<(), SetupError> {
        let named = self.cacert.is_some() || self.capath.is_some();
        if !named && self.identity.is_none() {
            return Ok(());
        }
        Plan { verify: self.verify && named, ..self.clone() }.load().map(|_| ())
    }

    fn roots(&self) -> Result<Roots, SetupError> {
        if let Some(given) = &self.cacert {
            let why = unusable(self.names.cacert, given);
            let text = given.bytes().map_err(&why)?;
            return pem::certificates(&text).and_then(Roots::named).map_err(why);
        }
        let Some(directory) = &self.capath else { return Roots::system() };
        let setting = Pem::File(directory.clone());
        let why = unusable(self.names.capath, &setting);
        let unreadable = |error: io::Error| why(PemError::Unreadable(error));
        let mut named: Vec<CertificateDer<'static>> = Vec::new();
        for entry in std::fs::read_dir(directory).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path.is_file() {
                let text = pem::read(&path).unwrap_or_default();
                named.extend(pem::certificates(&text).unwrap_or_default());
            }
        }
        if named.is_empty() {
            return Err(why(PemError::EmptyDirectory));
        }
        Roots::named(named).map_err(why)
    }
}

/// `failed to read ETCDCTL_CACERT /etc/ca.pem: no such file`.
fn unusable(setting: &'static str, given: &Pem) -> impl Fn(PemError) -> SetupError {
    let place = given.to_string();
    move |source| SetupError::File { setting, place: place.clone(), source }
}

impl Remedy for Names {
    fn of(&self, failure: &TlsFailure) -> String {
        match (&failure.fault, failure.code) {
            (Some(TlsFault::IssuerMissing { .. } | TlsFault::RootUnknown(_) | TlsFault::OtherKey(_)), _) => {
                format!(" ({} sets the trusted authority)", self.cacert)
            }
            (Some(TlsFault::ClientMissing(_)), _) => {
                format!(" ({} and {} set the client certificate)", self.cert, self.key)
            }
            (_, FailureCode::HostnameMismatch) => self.other_name.to_string(),
            _ => String::new(),
        }
    }

    fn no_tls(&self) -> &'static str {
        self.no_tls
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair};
    use tokio_rustls::TlsAcceptor;
    use tokio_rustls::rustls::ServerConfig;
    use tokio_rustls::rustls::pki_types::PrivateKeyDer;

    use super::*;

    const NAMES: &Names = &Names {
        cacert: "A_CACERT",
        capath: "A_CAPATH",
        cert: "A_CERT",
        key: "A_KEY",
        other_name: " (A_NAME sets the expected name)",
        no_tls: " (this is plain text)",
    };

    /// What `openssl req -x509` makes: self-signed, and a CA.
    fn self_signed() -> (tempfile::TempDir, ServerConfig) {
        let mut params = CertificateParams::new(["localhost".to_string()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "me");
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("me.pem"), certificate.pem()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
            .unwrap();
        (directory, config)
    }

    fn plan(cacert: Option<PathBuf>, server_name: &str) -> Plan {
        let cacert = cacert.map(Pem::File);
        let server_name = server_name.to_string();
        Plan { verify: true, cacert, capath: None, identity: None, server_name, alpn: "http/1.1", names: NAMES }
    }

    async fn shaken(plan: &Plan, config: &ServerConfig) -> Result<(), String> {
        let tls = plan.load().map_err(|error| error.to_string())?;
        let (client, server) = tokio::io::duplex(1 << 16);
        let acceptor = TlsAcceptor::from(Arc::new(config.clone()));
        tokio::spawn(async move { acceptor.accept(server).await.map(|_| ()) });
        match tls.handshake(client).await {
            Ok(_) => Ok(()),
            Err(error) => Err(tls.explain().of(&error).unwrap()),
        }
    }

    #[tokio::test]
    async fn a_self_signed_authority_is_trusted_when_it_is_the_ca_file_and_only_for_its_names() {
        let (directory, config) = self_signed();
        let file = directory.path().join("me.pem");
        assert_eq!(shaken(&plan(Some(file.clone()), "localhost"), &config).await, Ok(()));
        let directory_of_it = Plan { capath: Some(directory.path().into()), ..plan(None, "localhost") };
        assert_eq!(shaken(&directory_of_it, &config).await, Ok(()));
        assert_eq!(
            shaken(&plan(Some(file), "other"), &config).await.unwrap_err(),
            "certificate is for [DNS:localhost], not other (A_NAME sets the expected name)"
        );
        let (stranger, _) = self_signed();
        let other = plan(Some(stranger.path().join("me.pem")), "localhost");
        let why = shaken(&other, &config).await.unwrap_err();
        assert!(
            why.starts_with("certificate signed by unknown authority (\"CN=me\", self-signed) (A_CACERT sets"),
            "{why}"
        );
    }

    #[test]
    fn files_are_checked_without_the_roots_of_the_system() {
        assert!(plan(None, "localhost").check().is_ok());
        let why = plan(Some("/nowhere/ca.pem".into()), "localhost").check().unwrap_err().to_string();
        assert_eq!(why, "failed to read A_CACERT /nowhere/ca.pem: no such file");
        let (directory, _) = self_signed();
        let file = Pem::File(directory.path().join("me.pem"));
        let no_key = Plan { identity: Some((file.clone(), file)), ..plan(None, "localhost") };
        let why = no_key.check().unwrap_err().to_string();
        assert!(
            why.starts_with("failed to read A_KEY ") && why.ends_with("no private key found in file, only CERTIFICATE"),
            "{why}"
        );
    }
}
