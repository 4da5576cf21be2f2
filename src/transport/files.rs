//! The files that [`Options`](super::Options) name: reads and checks them, and reports why one cannot be used.

use std::path::{Path, PathBuf};

use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::sign::CertifiedKey;

use super::options::Options;
use crate::net::tls::Roots;
use crate::net::tls::pem::{self, IdentityError, PemError};

/// Which file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsFile {
    /// [`Options::cacert`](super::Options::cacert).
    CaCert,
    /// The certificate chain of [`Options::identity`](super::Options::identity).
    Cert,
    /// The key of [`Options::identity`](super::Options::identity).
    Key,
}

impl TlsFile {
    /// The command's flag for it.
    pub const fn flag(self) -> &'static str {
        match self {
            TlsFile::CaCert => "--cacert",
            TlsFile::Cert => "--cert",
            TlsFile::Key => "--key",
        }
    }
}

/// A file that cannot be used. The message contains nothing of its content.
#[derive(Debug, thiserror::Error)]
#[error("failed to read {} {}: {why}", file.flag(), path.display())]
pub struct FileError {
    /// Which file.
    pub file: TlsFile,
    /// Its path.
    pub path: PathBuf,
    /// Why: `no such file`.
    #[source]
    pub why: PemError,
}

impl Options {
    /// Reads the files that the options name and checks them, whether or not TLS will be used. A session reads them
    /// again at the first use of TLS.
    ///
    /// # Errors
    ///
    /// A file cannot be read, is not valid, or certificate and key do not belong together.
    pub fn check_files(&self) -> Result<(), FileError> {
        if let Some(path) = &self.cacert {
            roots(path)?;
        }
        if let Some((chain, key)) = &self.identity {
            identity(chain, key, &ring::default_provider())?;
        }
        Ok(())
    }
}

/// Checks that `text` contains certificates in PEM that can be trusted roots.
///
/// # Errors
///
/// Why it does not: `no certificate found in file, only PRIVATE KEY`.
pub fn check_roots(text: &[u8]) -> Result<(), PemError> {
    pem::certificates(text).and_then(Roots::named).map(|_| ())
}

/// Checks that `chain` and `key` are a client's certificate chain and its key, both in PEM.
///
/// # Errors
///
/// Which of them is invalid, and why. The message contains nothing of the key.
pub fn check_identity(chain: &[u8], key: &[u8]) -> Result<(), (TlsFile, PemError)> {
    match pem::identity(chain, key, &ring::default_provider()) {
        Ok(_) => Ok(()),
        Err(IdentityError::Certificate(why)) => Err((TlsFile::Cert, why)),
        Err(IdentityError::Key(why)) => Err((TlsFile::Key, why)),
    }
}

/// The trusted roots in the file.
pub(super) fn roots(path: &Path) -> Result<Roots, FileError> {
    let error = |why| FileError { file: TlsFile::CaCert, path: path.to_path_buf(), why };
    let text = pem::read(path).map_err(error)?;
    pem::certificates(&text).and_then(Roots::named).map_err(error)
}

/// The client's certificate chain and key.
pub(super) fn identity(chain: &Path, key: &Path, provider: &CryptoProvider) -> Result<CertifiedKey, FileError> {
    let of_chain = |why| FileError { file: TlsFile::Cert, path: chain.to_path_buf(), why };
    let of_key = |why| FileError { file: TlsFile::Key, path: key.to_path_buf(), why };
    let (chain_text, key_text) = (pem::read(chain).map_err(of_chain)?, pem::read(key).map_err(of_key)?);
    pem::identity(&chain_text, &key_text, provider).map_err(|error| match error {
        IdentityError::Certificate(why) => of_chain(why),
        IdentityError::Key(why) => of_key(why),
    })
}
