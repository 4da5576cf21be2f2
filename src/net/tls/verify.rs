//! The one verifier of server certificates, for endpoints and registries alike.

use std::sync::Arc;
use std::time::Duration;

use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::client::{WebPkiServerVerifier, verify_server_name};
use tokio_rustls::rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::{self, CertificateError, DigitallySignedStruct, SignatureScheme};

use super::error::SetupError;
use super::path::{Chain, is_a_root};
use super::presented::PresentedChain;
use super::refusal::Refusal;
use super::roots::Roots;
use super::{certificate, fault};
use crate::model::reach::Certificate;

/// The certificates of a server.
#[derive(Clone, Copy)]
pub(crate) struct Presented<'a> {
    /// Its own certificate.
    pub leaf: &'a CertificateDer<'a>,
    /// The certificates that it sent with it.
    pub intermediates: &'a [CertificateDer<'a>],
    /// The expected name.
    pub name: &'a ServerName<'a>,
    /// The time.
    pub now: UnixTime,
}

/// Verifies chains against [`Roots`], or accepts every chain; the server must have the certificate's key in both
/// cases. As rustls' verifier it returns [`Refusal`]s as errors ([`refusal_in`](super::refusal_in)).
#[derive(Debug)]
pub(crate) struct Verifier {
    /// `None`: every chain is accepted.
    trusted: Option<Trusted>,
    provider: Arc<CryptoProvider>,
}

#[derive(Debug)]
struct Trusted {
    webpki: Arc<WebPkiServerVerifier>,
    roots: Roots,
}

impl Verifier {
    /// A verifier that trusts `roots`; without them, one that accepts every chain.
    ///
    /// # Errors
    ///
    /// Returns an error when they cannot be used.
    pub fn new(roots: Option<Roots>, provider: Arc<CryptoProvider>) -> Result<Self, SetupError> {
        let trusted = match roots {
            None => None,
            Some(roots) => {
                let webpki = WebPkiServerVerifier::builder_with_provider(roots.store.clone(), provider.clone());
                Some(Trusted { webpki: webpki.build()?, roots })
            }
        };
        Ok(Verifier { trusted, provider })
    }

    /// False when every chain is accepted.
    pub fn verifies(&self) -> bool {
        self.trusted.is_some()
    }

    /// The root from the settings at the end of the chain, if there is one.
    pub fn anchor(&self, chain: &[Certificate]) -> Option<Certificate> {
        self.trusted.as_ref()?.roots.anchor(chain)
    }

    /// Verifies the certificates of a server.
    pub fn check(&self, presented: Presented<'_>, ocsp: &[u8]) -> Result<(), Refusal> {
        let Some(Trusted { webpki, roots }) = &self.trusted else { return Ok(()) };
        let Presented { leaf, intermediates, name, now } = presented;
        let is_trusted = roots.named.iter().any(|named| named == leaf) || is_a_root(leaf, &roots.store);
        let verified = if is_trusted {
            named_itself(leaf, name, now)
        } else {
            webpki.verify_server_cert(leaf, intermediates, name, ocsp, now).map(|_| ())
        };
        let error = match verified {
            Ok(()) => return Ok(()),
            Err(rustls::Error::InvalidCertificate(error)) => error,
            Err(_) => CertificateError::ApplicationVerificationFailure,
        };
        let chain = Chain::new(std::iter::once(leaf).chain(intermediates));
        let read = std::iter::once(leaf).chain(intermediates).filter_map(|der| certificate::read(der)).collect();
        let seconds = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        let server_name = super::name_text(name);
        let seen = PresentedChain { chain: &chain, read, roots, server_name, now: seconds };
        let mut refusal = fault::explain(&error, &seen);
        if fault::may_be_our_limit(&error) {
            let algorithms = &self.provider.signature_verification_algorithms;
            refusal.is_our_limit = seen.is_for_name() && chain.passes_elsewhere(&roots.store, algorithms, seconds);
        }
        Err(refusal)
    }
}

/// A certificate that is itself one of the trusted ones: its name and its dates are checked.
fn named_itself(leaf: &CertificateDer<'_>, name: &ServerName<'_>, now: UnixTime) -> Result<(), rustls::Error> {
    let seconds = |at: i64| UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(at).unwrap_or(0)));
    verify_server_name(&ParsedCertificate::try_from(leaf)?, name)?;
    let read = certificate::read(leaf).ok_or(CertificateError::BadEncoding)?;
    let (not_before, not_after) = (seconds(read.not_before), seconds(read.not_after));
    if now < not_before {
        return Err(CertificateError::NotValidYetContext { time: now, not_before }.into());
    }
    if now > not_after {
        return Err(CertificateError::ExpiredContext { time: now, not_after }.into());
    }
    if read.traits.purposes.is_some() && !fault::may_serve(&read.traits) {
        return Err(CertificateError::InvalidPurpose.into());
    }
    Ok(())
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.check(Presented { leaf, intermediates, name, now }, ocsp)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        proved(certificate, verify_tls12_signature(message, certificate, signed, algorithms))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        proved(certificate, verify_tls13_signature(message, certificate, signed, algorithms))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// The proof that the server has the certificate's key; a failure becomes a [`Refusal`].
fn proved(
    certificate: &CertificateDer<'_>,
    proof: Result<HandshakeSignatureValid, rustls::Error>,
) -> Result<HandshakeSignatureValid, rustls::Error> {
    proof.map_err(|_| fault::unproved(certificate).into())
}
