//! TLS to the agent: roots, client certificate, server name.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::{self, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use super::settings::Settings;

/// What TLS needs, as the settings have it: files by name, nothing read yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan {
    verify: bool,
    cacert: Option<PathBuf>,
    capath: Option<PathBuf>,
    identity: Option<(PathBuf, PathBuf)>,
    server_name: String,
}

impl Plan {
    /// The plan for an agent at `host`.
    pub(super) fn new(settings: &Settings, host: &str) -> Self {
        Plan {
            verify: settings.verify.value,
            cacert: settings.cacert.value.clone(),
            capath: settings.capath.value.clone(),
            identity: settings.client_cert.value.clone().zip(settings.client_key.value.clone()),
            server_name: settings.server_name.value.clone().unwrap_or_else(|| host.to_string()),
        }
    }

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
                let chain = certificates("CONSUL_CLIENT_CERT", cert)?;
                let key_of = PrivateKeyDer::from_pem_file(key)
                    .map_err(|error| unreadable("CONSUL_CLIENT_KEY", key, &error, "private key"))?;
                builder.with_client_auth_cert(chain, key_of).map_err(|error| {
                    format!("CONSUL_CLIENT_KEY {} does not fit CONSUL_CLIENT_CERT: {error}", key.display())
                })?
            }
        };
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let name = ServerName::try_from(self.server_name.clone())
            .map_err(|_| format!("{:?} is no name that a certificate can have", self.server_name))?;
        Ok(Ready { connector: TlsConnector::from(Arc::new(config)), name })
    }

    fn roots(&self) -> Result<RootCertStore, String> {
        let mut roots = RootCertStore::empty();
        if let Some(file) = &self.cacert {
            for certificate in certificates("CONSUL_CACERT", file)? {
                roots.add(certificate).map_err(|error| format!("CONSUL_CACERT {}: {error}", file.display()))?;
            }
        } else if let Some(directory) = &self.capath {
            let unreadable = |error| format!("CONSUL_CAPATH {}: {error}", directory.display());
            for entry in std::fs::read_dir(directory).map_err(unreadable)? {
                let file = entry.map_err(unreadable)?.path();
                if file.is_file() {
                    roots.add_parsable_certificates(certificates("CONSUL_CAPATH", &file).unwrap_or_default());
                }
            }
            if roots.is_empty() {
                return Err(format!("CONSUL_CAPATH {} holds no PEM file with a certificate", directory.display()));
            }
        } else {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
        Ok(roots)
    }
}

fn certificates(variable: &str, file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match read {
        Ok(found) if found.is_empty() => Err(unreadable(variable, file, &pem::Error::NoItemsFound, "certificate")),
        Ok(found) => Ok(found),
        Err(error) => Err(unreadable(variable, file, &error, "certificate")),
    }
}

fn unreadable(variable: &str, file: &Path, error: &pem::Error, wanted: &str) -> String {
    match error {
        pem::Error::NoItemsFound => format!("{variable} {} holds no PEM {wanted}", file.display()),
        pem::Error::Io(error) => format!("{variable} {}: {}", file.display(), super::transport::io_words(error)),
        other => format!("{variable} {}: {other}", file.display()),
    }
}

/// TLS with every file read.
#[derive(Clone)]
pub(super) struct Ready {
    /// Does the handshake.
    pub connector: TlsConnector,
    /// The name the agent's certificate must have.
    pub name: ServerName<'static>,
}

/// `CONSUL_HTTP_SSL_VERIFY=false`: takes any certificate, but still wants the peer to hold its key.
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
