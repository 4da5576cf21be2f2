//! TLS to a registry: roots, client certificate, server name, and what went wrong in words that name the setting.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::{self, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use super::socket::io_words;

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
    #[cfg(feature = "kubernetes")]
    Text(Vec<u8>),
}

impl Pem {
    fn bytes(&self) -> io::Result<Cow<'_, [u8]>> {
        match self {
            Pem::File(file) => std::fs::read(file).map(Cow::Owned),
            #[cfg(feature = "kubernetes")]
            Pem::Text(text) => Ok(Cow::Borrowed(text)),
        }
    }
}

/// Where it stands, never what it is.
impl fmt::Display for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pem::File(file) => write!(f, "{}", file.display()),
            #[cfg(feature = "kubernetes")]
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
            .map_err(|error| error.to_string())?;
        let builder = if self.verify {
            builder.with_root_certificates(self.roots()?)
        } else {
            builder.dangerous().with_custom_certificate_verifier(Arc::new(Anyone(provider)))
        };
        let mut config = match &self.identity {
            None => builder.with_no_client_auth(),
            Some((cert, key)) => {
                let chain = certificates(self.names.cert, cert)?;
                let wrong = |error| unreadable(self.names.key, key, &error, "private key");
                let read = key.bytes().map_err(pem::Error::Io).and_then(|text| PrivateKeyDer::from_pem_slice(&text));
                builder
                    .with_client_auth_cert(chain, read.map_err(wrong)?)
                    .map_err(|error| format!("{} {key} does not fit {}: {error}", self.names.key, self.names.cert))?
            }
        };
        config.alpn_protocols = vec![self.alpn.as_bytes().to_vec()];
        let name = ServerName::try_from(self.server_name.clone())
            .map_err(|_| format!("{:?} is no name that a certificate can have", self.server_name))?;
        Ok(Ready { connector: TlsConnector::from(Arc::new(config)), name })
    }

    fn roots(&self) -> Result<RootCertStore, String> {
        let mut roots = RootCertStore::empty();
        if let Some(given) = &self.cacert {
            for certificate in certificates(self.names.cacert, given)? {
                roots.add(certificate).map_err(|error| format!("{} {given}: {error}", self.names.cacert))?;
            }
        } else if let Some(directory) = &self.capath {
            let unreadable = |error| format!("{} {}: {error}", self.names.capath, directory.display());
            for entry in std::fs::read_dir(directory).map_err(unreadable)? {
                let file = entry.map_err(unreadable)?.path();
                if file.is_file() {
                    let found = certificates(self.names.capath, &Pem::File(file)).unwrap_or_default();
                    roots.add_parsable_certificates(found);
                }
            }
            if roots.is_empty() {
                return Err(format!(
                    "{} {} holds no PEM file with a certificate",
                    self.names.capath,
                    directory.display()
                ));
            }
        } else {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
        Ok(roots)
    }
}

fn certificates(setting: &str, given: &Pem) -> Result<Vec<CertificateDer<'static>>, String> {
    let wrong = |error| unreadable(setting, given, &error, "certificate");
    let text = given.bytes().map_err(|error| wrong(pem::Error::Io(error)))?;
    let found: Vec<_> = CertificateDer::pem_slice_iter(&text).collect::<Result<_, _>>().map_err(wrong)?;
    if found.is_empty() { Err(wrong(pem::Error::NoItemsFound)) } else { Ok(found) }
}

fn unreadable(setting: &str, given: &Pem, error: &pem::Error, wanted: &str) -> String {
    match error {
        pem::Error::NoItemsFound => format!("{setting} {given} holds no PEM {wanted}"),
        pem::Error::Io(error) => format!("{setting} {given}: {}", io_words(error)),
        other => format!("{setting} {given}: {other}"),
    }
}

/// TLS with every file read.
#[derive(Clone)]
pub(super) struct Ready {
    /// Does the handshake.
    pub connector: TlsConnector,
    /// The name the peer's certificate must have.
    pub name: ServerName<'static>,
}

impl Names {
    /// What a TLS error below `error` says, with the setting that mends it; `None` when it is no TLS error.
    pub(super) fn words(&self, error: &io::Error) -> Option<String> {
        error.get_ref()?.downcast_ref::<rustls::Error>().map(|error| self.words_of(error))
    }

    /// What a TLS error says, with the setting that mends it.
    pub(super) fn words_of(&self, error: &rustls::Error) -> String {
        use rustls::{AlertDescription, CertificateError, InvalidMessage};
        let names = self;
        let remedy = match error {
            rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => names.no_tls.to_string(),
            rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
                format!(" ({} names the authority to trust)", names.cacert)
            }
            rustls::Error::InvalidCertificate(CertificateError::NotValidForNameContext { .. }) => {
                names.other_name.to_string()
            }
            rustls::Error::AlertReceived(AlertDescription::CertificateRequired) => {
                format!(" ({} and {} name the certificate to show)", names.cert, names.key)
            }
            _ => String::new(),
        };
        format!("{error}{remedy}")
    }
}

/// Takes any certificate, but still wants the peer to hold its key.
struct Anyone(Arc<CryptoProvider>);

impl fmt::Debug for Anyone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Anyone")
    }
}

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
