//! TLS to a registry: roots, client certificate, server name, and what went wrong in words that name the setting.

#![cfg_attr(
    not(feature = "all-backends"),
    allow(dead_code, reason = "a build with some of the backends may use a part of it")
)]

mod unverified;

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{self, ClientConfig};

use self::unverified::Unverified;
use crate::model::certificate::TlsFault;
use crate::model::reach::FailureCode;
use crate::net::tls::pem::{self, IdentityError};
use crate::net::tls::{ClientAuth, Roots, Verifier, explain_handshake, name_text, read};
use crate::platform::file;

/// The settings of one registry by their names, so that an error says what to set.
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
    /// What to do when the peer speaks no TLS.
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
    fn bytes(&self) -> io::Result<Cow<'_, [u8]>> {
        match self {
            Pem::File(path) => file::read(path, file::LARGE).map(Cow::Owned),
            Pem::Text(text) => Ok(Cow::Borrowed(text)),
        }
    }
}

/// Where it stands, never what it is.
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

/// What TLS needs, as the settings have it: files by name, nothing read yet.
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
    /// What the settings are called.
    pub names: &'static Names,
}

impl Plan {
    /// Reads the files. The error is a sentence that names the file, and the variable that named it.
    pub(super) fn load(&self) -> Result<Ready, String> {
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .dangerous();
        let builder = if self.verify {
            builder.with_custom_certificate_verifier(Arc::new(Verifier::new(self.roots()?, provider.clone())?))
        } else {
            builder.with_custom_certificate_verifier(Arc::new(Unverified(provider.clone())))
        };
        let (mut config, given) = match &self.identity {
            None => (builder.with_no_client_auth(), None),
            Some((cert, key)) => {
                let of_cert = |why: String| unusable(self.names.cert, cert, &why);
                let of_key = |why: String| unusable(self.names.key, key, &why);
                let chain = cert.bytes().map_err(|error| of_cert(pem::unreadable(&error)))?;
                let private = key.bytes().map_err(|error| of_key(pem::unreadable(&error)))?;
                let identity = pem::identity(&chain, &private, &provider).map_err(|error| match error {
                    IdentityError::Certificate(why) => of_cert(why),
                    IdentityError::Key(why) => of_key(why),
                })?;
                let given = identity.cert.iter().filter_map(|der| read(der)).collect();
                let resolver = rustls::sign::SingleCertAndKey::from(identity);
                (builder.with_client_cert_resolver(Arc::new(resolver)), Some(given))
            }
        };
        config.alpn_protocols = vec![self.alpn.as_bytes().to_vec()];
        let name = ServerName::try_from(self.server_name.clone())
            .map_err(|_| format!("{:?} is not a name that a certificate can have", self.server_name))?;
        let client = ClientAuth { asked: Some(Vec::new()), given, now: 0 };
        let words = Words { names: self.names, client, server_name: name_text(&name) };
        Ok(Ready { connector: TlsConnector::from(Arc::new(config)), name, words: Arc::new(words) })
    }

    /// Reads the files that are named, and keeps nothing: the system's roots are not looked at.
    pub(super) fn check(&self) -> Result<(), String> {
        let named = self.cacert.is_some() || self.capath.is_some();
        if !named && self.identity.is_none() {
            return Ok(());
        }
        Plan { verify: self.verify && named, ..self.clone() }.load().map(|_| ())
    }

    fn roots(&self) -> Result<Roots, String> {
        let named = if let Some(given) = &self.cacert {
            let why = |why: String| unusable(self.names.cacert, given, &why);
            let text = given.bytes().map_err(|error| why(pem::unreadable(&error)))?;
            return pem::certificates(&text).and_then(Roots::named).map_err(why);
        } else if let Some(directory) = &self.capath {
            let setting = Pem::File(directory.clone());
            let unreadable = |error: io::Error| unusable(self.names.capath, &setting, &pem::unreadable(&error));
            let mut named: Vec<CertificateDer<'static>> = Vec::new();
            for entry in std::fs::read_dir(directory).map_err(unreadable)? {
                let path = entry.map_err(unreadable)?.path();
                if path.is_file() {
                    let text = file::read(&path, file::LARGE).unwrap_or_default();
                    named.extend(pem::certificates(&text).unwrap_or_default());
                }
            }
            if named.is_empty() {
                return Err(unusable(self.names.capath, &setting, "no PEM file with a certificate in it"));
            }
            named
        } else {
            return Roots::system();
        };
        Roots::named(named)
    }
}

/// `failed to read ETCDCTL_CACERT /etc/ca.pem: no such file`.
fn unusable(setting: &str, given: &Pem, why: &str) -> String {
    format!("failed to read {setting} {given}: {why}")
}

/// TLS with every file read.
#[derive(Clone)]
pub(super) struct Ready {
    /// Does the handshake.
    pub connector: TlsConnector,
    /// The name the peer's certificate must have.
    pub name: ServerName<'static>,
    /// What a failure says.
    pub words: Arc<Words>,
}

/// What a TLS failure of one registry says, with the setting that mends it.
pub(super) struct Words {
    names: &'static Names,
    client: ClientAuth,
    server_name: String,
}

impl Words {
    /// What a TLS error below `error` says; `None` when it is no TLS error.
    pub(super) fn of(&self, error: &io::Error) -> Option<String> {
        let tls = error.get_ref()?.downcast_ref::<rustls::Error>()?;
        let names = self.names;
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
        let client = ClientAuth { now, ..self.client.clone() };
        let Some(told) = explain_handshake(error, &[], &self.server_name, &client) else {
            let remedy = match tls {
                rustls::Error::InvalidMessage(_) => names.no_tls,
                _ => "",
            };
            return Some(format!("peer does not speak TLS on this port{remedy}"));
        };
        let remedy = match (&told.fault, told.code) {
            (Some(TlsFault::IssuerMissing { .. } | TlsFault::RootUnknown(_) | TlsFault::OtherKey(_)), _) => {
                format!(" ({} names the authority to trust)", names.cacert)
            }
            (Some(TlsFault::ClientMissing(_)), _) => {
                format!(" ({} and {} name the certificate to show)", names.cert, names.key)
            }
            (_, FailureCode::HostnameMismatch) => names.other_name.to_string(),
            _ => String::new(),
        };
        Some(format!("{}{remedy}", told.text))
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
        other_name: " (A_NAME names the name to expect)",
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
        let ready = plan.load()?;
        let (client, server) = tokio::io::duplex(1 << 16);
        let acceptor = TlsAcceptor::from(Arc::new(config.clone()));
        tokio::spawn(async move { acceptor.accept(server).await.map(|_| ()) });
        match ready.connector.connect(ready.name.clone(), client).await {
            Ok(_) => Ok(()),
            Err(error) => Err(ready.words.of(&error).unwrap()),
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
            "certificate is for [DNS:localhost], not other (A_NAME names the name to expect)"
        );
        let (stranger, _) = self_signed();
        let other = plan(Some(stranger.path().join("me.pem")), "localhost");
        let why = shaken(&other, &config).await.unwrap_err();
        assert!(
            why.starts_with("certificate signed by unknown authority (\"CN=me\", self-signed) (A_CACERT names"),
            "{why}"
        );
    }

    #[test]
    fn files_are_checked_without_the_roots_of_the_system() {
        assert_eq!(plan(None, "localhost").check(), Ok(()));
        let why = plan(Some("/nowhere/ca.pem".into()), "localhost").check().unwrap_err();
        assert_eq!(why, "failed to read A_CACERT /nowhere/ca.pem: no such file");
        let (directory, _) = self_signed();
        let file = Pem::File(directory.path().join("me.pem"));
        let no_key = Plan { identity: Some((file.clone(), file)), ..plan(None, "localhost") };
        let why = no_key.check().unwrap_err();
        assert!(
            why.starts_with("failed to read A_KEY ") && why.ends_with("no private key found in file, only CERTIFICATE"),
            "{why}"
        );
    }
}
