//! [`Roots`]: the trusted roots.

use std::sync::Arc;

use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::pki_types::CertificateDer;

use super::certificate;
use super::error::SetupError;
use super::pem::PemError;
use crate::model::certificate::KeyKind;
use crate::model::reach::Certificate;

/// The trusted roots.
#[derive(Debug, Clone)]
pub(crate) struct Roots {
    pub(super) store: Arc<RootCertStore>,
    /// The certificates from the settings. A trusted one that a server presents as its own is accepted, as in OpenSSL
    /// and Go (webpki rejects a CA certificate there, which is what `openssl req -x509` creates).
    pub(super) named: Vec<CertificateDer<'static>>,
}

impl Roots {
    /// Only these roots.
    ///
    /// # Errors
    ///
    /// Returns an error when none of them can be a root.
    pub fn named(named: Vec<CertificateDer<'static>>) -> Result<Self, PemError> {
        let mut store = RootCertStore::empty();
        let (added, _) = store.add_parsable_certificates(named.iter().cloned());
        if added == 0 {
            return Err(PemError::NotARoot { count: named.len() });
        }
        Ok(Roots { store: Arc::new(store), named })
    }

    /// The system's roots.
    ///
    /// # Errors
    ///
    /// Returns an error when the system has none.
    pub fn system() -> Result<Self, SetupError> {
        let found = rustls_native_certs::load_native_certs();
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(found.certs);
        if store.is_empty() {
            return Err(SetupError::NoSystemRoots { source: found.errors.into_iter().next() });
        }
        Ok(Roots { store: Arc::new(store), named: Vec::new() })
    }

    /// The subjects of the certificates from the settings.
    pub(super) fn subjects(&self) -> Vec<String> {
        self.named.iter().filter_map(|der| Some(certificate::read(der)?.subject)).collect()
    }

    pub(super) fn store(&self) -> &RootCertStore {
        &self.store
    }

    /// Name and key of the trusted root at the end of `chain`, if it is from the settings.
    pub(super) fn anchor_key(&self, chain: &[Certificate]) -> Option<(String, KeyKind)> {
        self.anchor(chain).map(|root| (root.subject, root.traits.key))
    }

    /// The root from the settings that issued a certificate of `chain`, by its name.
    pub(super) fn anchor(&self, chain: &[Certificate]) -> Option<Certificate> {
        let mut named = self.named.iter().filter_map(|der| certificate::read(der));
        named.find(|root| chain.iter().any(|of_chain| of_chain.issuer == root.subject))
    }
}
