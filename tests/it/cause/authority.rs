//! Certificates and servers that are unusual on purpose: what an authority issues beside plain servers' certificates.

use std::sync::Arc;

use base64::Engine as _;
use rcgen::{BasicConstraints, CertificateParams, CustomExtension, DnType, IsCa, Issuer, KeyPair, PublicKeyData};
use tokio::io::AsyncWriteExt;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::client::danger::HandshakeSignatureValid;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use tokio_rustls::rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use tokio_rustls::rustls::sign::{Signer, SigningKey};
use tokio_rustls::rustls::{
    self, DigitallySignedStruct, DistinguishedName, RootCertStore, ServerConfig, SignatureAlgorithm, SignatureScheme,
};

use super::setup::{Authority, Setup, TlsServer, first_data, until_gone};

/// A plain server's certificate, before it is changed.
fn leaf() -> CertificateParams {
    let mut params = CertificateParams::new(["localhost".to_string(), "127.0.0.1".to_string()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, "pay");
    params
}

impl Authority {
    /// A server whose certificate is a plain one with `change`.
    pub fn server_with(&self, change: impl FnOnce(&mut CertificateParams)) -> TlsServer {
        self.server_of(&KeyPair::generate().unwrap(), change)
    }

    /// A server with this key, whose certificate is a plain one with `change`.
    pub fn server_of(&self, key: &KeyPair, change: impl FnOnce(&mut CertificateParams)) -> TlsServer {
        let mut params = leaf();
        change(&mut params);
        let certificate = params.signed_by(key, &self.issuer).unwrap();
        let private = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        // Built here: rustls checks a certificate that it is to serve.
        let signs = ring::sign::any_supported_type(&private).unwrap();
        TlsServer { chain: vec![certificate.der().clone()], signs: Some(signs), ..self.server(Default::default()) }
    }

    /// A server with an RSA key of 1024 bits. Its signatures are invalid: no client in these tests verifies them.
    pub fn server_with_a_short_key(&self) -> TlsServer {
        let certificate = leaf().signed_by(&Rsa1024::new(), &self.issuer).unwrap();
        let chain = vec![certificate.der().clone()];
        TlsServer { chain, signs: Some(Arc::new(Scribble)), ..self.server(Default::default()) }
    }

    /// An intermediate authority; its server sends only its own certificate. `hint`: the certificate contains the URL
    /// of its issuer's.
    pub fn server_below(&self, intermediate: &str, hint: bool) -> TlsServer {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, intermediate);
        let key = KeyPair::generate().unwrap();
        let below = Authority {
            certificate: params.signed_by(&key, &self.issuer).unwrap().der().clone(),
            issuer: Issuer::new(params, key),
            pem: String::new(),
        };
        below.server_with(|params| {
            if hint {
                // AuthorityInfoAccess: caIssuers, http://a/
                let access = b"\x30\x17\x30\x15\x06\x08\x2b\x06\x01\x05\x05\x07\x30\x02\x86\x09http://a/".to_vec();
                params.custom_extensions.push(CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], access));
            }
        })
    }

    /// The files of a client's certificate and key, a plain one with `change`.
    pub fn client(&self, setup: &Setup, name: &str, change: impl FnOnce(&mut CertificateParams)) -> [String; 2] {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(["client".to_string()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        change(&mut params);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        [
            setup.file(&format!("{name}.pem"), &certificate.pem()),
            setup.file(&format!("{name}.key"), &key.serialize_pem()),
        ]
    }

    /// A TLS port that rejects a client's certificate as a C-core server does: it requests one of `clients`, accepts
    /// any, and closes without an alert.
    pub fn hangs_up_after_certificates_of(&self, clients: &Authority, setup: &Setup) -> String {
        let (certificate, key) = {
            let server = self.server(Default::default());
            (server.chain, PrivateKeyDer::try_from(server.key).unwrap())
        };
        let mut roots = RootCertStore::empty();
        roots.add(clients.certificate.clone()).unwrap();
        let verifier = TakesAny(roots.subjects());
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(Arc::new(verifier))
            .with_single_cert(certificate, key)
            .unwrap();
        config.alpn_protocols = vec![b"h2".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        setup.listen(move |stream| {
            let acceptor = acceptor.clone();
            async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                first_data(&mut stream).await;
                // Beneath TLS: no close_notify.
                let (socket, _) = stream.get_mut();
                let _ = socket.shutdown().await;
                until_gone(socket).await;
            }
        })
    }
}

/// A public key of 1024 bits, made by openssl; the private key was not kept.
struct Rsa1024(Vec<u8>);

impl Rsa1024 {
    fn new() -> Rsa1024 {
        const KEY: &str = "MIGJAoGBALdMGqidx4DlmZZ8eZ7/r8IMKxDaRuv3/vbq9K+S3jmySwvGV/NiidHd5LR4eIOTidg1/jfalQjqBURViVIs9FIx3VVp\
                           64IapNk39d41QqwzAqaPM2D3Z78iOVF86DpWrBb4cHSuF5gN8ZBNVmxFYQKG7Q6XnXouw72T4aZ+ZXRfAgMBAAE=";
        Rsa1024(base64::engine::general_purpose::STANDARD.decode(KEY).unwrap())
    }
}

impl PublicKeyData for Rsa1024 {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &rcgen::PKCS_RSA_SHA256
    }
}

/// Signs everything with zeros.
#[derive(Debug)]
struct Scribble;

impl SigningKey for Scribble {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        offered.contains(&SignatureScheme::RSA_PSS_SHA256).then(|| Box::new(Scribble) as Box<dyn Signer>)
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::RSA
    }
}

impl Signer for Scribble {
    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, rustls::Error> {
        Ok(vec![0; 128])
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::RSA_PSS_SHA256
    }
}

/// Requests certificates of these issuers and accepts any.
#[derive(Debug)]
struct TakesAny(Vec<DistinguishedName>);

impl ClientCertVerifier for TakesAny {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.0
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ring::default_provider().signature_verification_algorithms.supported_schemes()
    }
}
