//! Certificates and keys from PEM, and why they cannot be used: phrases that follow a file's name and a colon, and
//! contain nothing of its content, which may be a key.

use std::io;
use std::path::Path;

use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::pki_types::pem::{Error, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{self, InconsistentKeys};

use super::certificate;
use crate::model::certificate::KeyKind;
use crate::platform::file;

/// Why a file of certificates or a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PemError {
    /// It cannot be read.
    #[error("{}", unreadable(.0))]
    Unreadable(#[source] io::Error),
    /// It is empty.
    #[error("the file is empty")]
    Empty,
    /// It contains something else.
    #[error("no {wanted} found in file, only {found}")]
    Other {
        /// The wanted kind: `certificate`, `private key`.
        wanted: &'static str,
        /// The content, by its PEM label.
        found: String,
    },
    /// It seems to be in binary form (DER).
    #[error("no {wanted} in PEM format found in file (it looks like DER; convert it with openssl)")]
    Der {
        /// The wanted kind.
        wanted: &'static str,
    },
    /// It is not PEM at all.
    #[error("no {wanted} found in file (not PEM)")]
    NotPem {
        /// The wanted kind.
        wanted: &'static str,
    },
    /// It starts as PEM and is malformed after that. The parser's own error may contain a part of a key.
    #[error("not valid PEM")]
    Malformed,
    /// One of its certificates cannot be read.
    #[error("a certificate in the file cannot be parsed")]
    Certificate,
    /// No certificate in it can be trusted as a root.
    #[error("{}", match count {
        1 => "the certificate in the file cannot be a trusted root".to_string(),
        _ => format!("none of the {count} certificates in the file can be a trusted root"),
    })]
    NotARoot {
        /// The number of certificates.
        count: usize,
    },
    /// A directory without a usable file.
    #[error("no PEM file with a certificate found")]
    EmptyDirectory,
    /// The key needs a passphrase.
    #[error("the key is encrypted; decrypt it first (openssl pkey -in KEY -out PLAIN)")]
    Encrypted,
    /// Certificate and key do not match.
    #[error("the key does not match the certificate")]
    Mismatch,
    /// The TLS library does not support such keys.
    #[error(
        "the key is not supported (supported: RSA of 2048 to 8192 bits, ECDSA P-256 and P-384, Ed25519); the certificate is for {kind}"
    )]
    KeyNotSupported {
        /// The key of the certificate.
        kind: KeyKind,
    },
}

/// Which of two files cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IdentityError {
    /// The certificates.
    #[error(transparent)]
    Certificate(PemError),
    /// The key.
    #[error(transparent)]
    Key(PemError),
}

/// The bytes of a file of certificates or a key.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, PemError> {
    file::read(path, file::LARGE).map_err(PemError::Unreadable)
}

/// Every certificate in `text`, at least one.
pub(crate) fn certificates(text: &[u8]) -> Result<Vec<CertificateDer<'static>>, PemError> {
    let found = CertificateDer::pem_slice_iter(text).collect::<Result<Vec<_>, _>>();
    match found {
        Ok(found) if found.is_empty() => Err(absent("certificate", text)),
        Ok(found) if found.iter().any(|der| certificate::read(der).is_none()) => Err(PemError::Certificate),
        Ok(found) => Ok(found),
        Err(_) => Err(PemError::Malformed),
    }
}

/// Certificate chain and key of a client, which must match.
pub(crate) fn identity(chain: &[u8], key: &[u8], provider: &CryptoProvider) -> Result<CertifiedKey, IdentityError> {
    let chain = certificates(chain).map_err(IdentityError::Certificate)?;
    if is_encrypted(key) {
        return Err(IdentityError::Key(PemError::Encrypted));
    }
    let private = match PrivateKeyDer::from_pem_slice(key) {
        Ok(private) => private,
        Err(Error::NoItemsFound) => return Err(IdentityError::Key(absent("private key", key))),
        Err(_) => return Err(IdentityError::Key(PemError::Malformed)),
    };
    let kind = chain.first().and_then(|leaf| certificate::read(leaf)).map_or(KeyKind::Unknown, |leaf| leaf.traits.key);
    CertifiedKey::from_der(chain, private, provider).map_err(|error| {
        IdentityError::Key(match error {
            rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => PemError::Mismatch,
            _ => PemError::KeyNotSupported { kind },
        })
    })
}

/// Why a file of certificates cannot be read, as text.
fn unreadable(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::InvalidData => "not PEM (the file is not text)".to_string(),
        _ => file::why(error),
    }
}

fn absent(wanted: &'static str, text: &[u8]) -> PemError {
    if text.iter().all(u8::is_ascii_whitespace) {
        return PemError::Empty;
    }
    match labels(text).next() {
        Some(found) => PemError::Other { wanted, found },
        None if text.first() == Some(&0x30) => PemError::Der { wanted },
        None => PemError::NotPem { wanted },
    }
}

/// The labels in PEM: `-----BEGIN CERTIFICATE REQUEST-----`.
fn labels(text: &[u8]) -> impl Iterator<Item = String> {
    let text = String::from_utf8_lossy(text);
    let found: Vec<String> = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("-----BEGIN ")?.strip_suffix("-----"))
        .filter(|label| {
            label.len() < 40 && label.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == ' ')
        })
        .map(str::to_string)
        .collect();
    found.into_iter()
}

/// PKCS #8's own label, or the header of the older form.
fn is_encrypted(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    text.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----") || text.contains("Proc-Type: 4,ENCRYPTED")
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio_rustls::rustls::crypto::ring;

    fn made(name: &str) -> (String, String) {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec![name.to_string()]).unwrap();
        (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
    }

    fn refused(chain: &str, key: &str) -> IdentityError {
        identity(chain.as_bytes(), key.as_bytes(), &ring::default_provider()).unwrap_err()
    }

    #[test]
    fn what_is_not_a_certificate_is_named() {
        let (certificate, key) = made("a");
        assert_eq!(certificates(certificate.as_bytes()).unwrap().len(), 1);
        let why = |text: &str| certificates(text.as_bytes()).unwrap_err().to_string();
        assert_eq!(why(" \n"), "the file is empty");
        assert_eq!(why("hello"), "no certificate found in file (not PEM)");
        assert_eq!(why(&key), "no certificate found in file, only PRIVATE KEY");
        assert_eq!(
            certificates(&[0x30, 0x82, 1, 1, 0xff]).unwrap_err().to_string(),
            "no certificate in PEM format found in file (it looks like DER; convert it with openssl)"
        );
        let broken = "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n";
        assert_eq!(why(broken), "a certificate in the file cannot be parsed");
        assert_eq!(why("-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n"), "not valid PEM");
    }

    #[test]
    fn an_identity_is_a_pair() {
        let ((certificate, key), (other, _)) = (made("a"), made("b"));
        assert!(identity(certificate.as_bytes(), key.as_bytes(), &ring::default_provider()).is_ok());
        let of_key = |error: IdentityError| match error {
            IdentityError::Key(why) => why.to_string(),
            IdentityError::Certificate(why) => panic!("{why}"),
        };
        let of_certificate = |error: IdentityError| match error {
            IdentityError::Certificate(why) => why.to_string(),
            IdentityError::Key(why) => panic!("{why}"),
        };
        assert_eq!(of_key(refused(&other, &key)), "the key does not match the certificate");
        assert_eq!(of_certificate(refused("", &key)), "the file is empty");
        assert_eq!(of_certificate(refused(&key, &certificate)), "no certificate found in file, only PRIVATE KEY");
        for locked in [
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\naGVsbG8=\n-----END ENCRYPTED PRIVATE KEY-----\n",
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\naGVsbG8=\n-----END RSA PRIVATE KEY-----\n",
        ] {
            let text = "the key is encrypted; decrypt it first (openssl pkey -in KEY -out PLAIN)";
            assert_eq!(of_key(refused(&certificate, locked)), text);
        }
        let odd = "-----BEGIN PRIVATE KEY-----\naGVsbG8=\n-----END PRIVATE KEY-----\n";
        let why = of_key(refused(&certificate, odd));
        assert!(why.starts_with("the key is not supported (supported: "), "{why}");
    }

    #[test]
    fn a_file_that_cannot_be_read_shows_why() {
        let why = |error: io::ErrorKind| unreadable(&error.into());
        assert_eq!(why(io::ErrorKind::NotFound), "no such file");
        assert_eq!(unreadable(&std::fs::read_to_string(std::env::temp_dir()).unwrap_err()), "is a directory");
        assert_eq!(why(io::ErrorKind::PermissionDenied), "permission denied");
    }
}
