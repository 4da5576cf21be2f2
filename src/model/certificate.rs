//! What client stacks check in a certificate beyond names and dates, where they differ in accepting it; and why a TLS
//! handshake failed, as far as the remedy depends on it.

use std::fmt;
use std::net::IpAddr;

/// The public key of a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum KeyKind {
    /// RSA, with the length of the modulus in bits.
    Rsa(usize),
    /// RSA that may sign with PSS only (RFC 4055), with the length of the modulus in bits.
    RsaPss(usize),
    /// ECDSA on this curve.
    Ec(Curve),
    /// Ed25519.
    Ed25519,
    /// Ed448.
    Ed448,
    /// Anything else, by its OID.
    Other(String),
    /// It could not be read.
    #[default]
    Unknown,
}

impl fmt::Display for KeyKind {
    /// `RSA-1024`, `ECDSA P-521`, `Ed25519`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeyKind::Rsa(bits) => write!(f, "RSA-{bits}"),
            KeyKind::RsaPss(bits) => write!(f, "RSA-PSS-{bits}"),
            KeyKind::Ec(curve) => write!(f, "ECDSA {curve}"),
            KeyKind::Ed25519 => f.write_str("Ed25519"),
            KeyKind::Ed448 => f.write_str("Ed448"),
            KeyKind::Other(oid) => write!(f, "key type {oid}"),
            KeyKind::Unknown => f.write_str("an unreadable key"),
        }
    }
}

/// The elliptic curve of a key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Curve {
    /// `P-256`.
    P256,
    /// `P-384`.
    P384,
    /// `P-521`.
    P521,
    /// Another one: its name, its OID, or how its parameters are given.
    Other(String),
}

impl fmt::Display for Curve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Curve::P256 => "P-256",
            Curve::P384 => "P-384",
            Curve::P521 => "P-521",
            Curve::Other(name) => name,
        })
    }
}

/// The hash that a certificate was signed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Digest {
    /// MD5 or older.
    Md5,
    /// SHA-1.
    Sha1,
    /// SHA-224.
    Sha224,
    /// SHA-256 or longer, or a signature scheme that hashes by itself.
    #[default]
    Strong,
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Digest::Md5 => "MD5",
            Digest::Sha1 => "SHA-1",
            Digest::Sha224 => "SHA-224",
            Digest::Strong => "SHA-2",
        })
    }
}

/// What client stacks check beyond names and dates.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct CertificateTraits {
    /// The public key.
    pub key: KeyKind,
    /// The hash of its issuer's signature.
    pub digest: Digest,
    /// 1 or 3; 0 when unknown.
    pub version: u32,
    /// The common name of the subject.
    pub common_name: Option<String>,
    /// `basicConstraints` contains CA:TRUE.
    pub is_ca: bool,
    /// What `keyUsage` allows; `None` when the extension is absent: every usage is allowed.
    pub usages: Option<Vec<KeyUsage>>,
    /// What `extendedKeyUsage` allows; `None` when the extension is absent: every purpose is allowed.
    pub purposes: Option<Vec<Purpose>>,
    /// OIDs of critical extensions that no client stack supports.
    pub unknown_critical: Vec<String>,
    /// How many authorities may be below it, where it limits them.
    pub path_length: Option<u32>,
    /// `certificatePolicies` is critical.
    pub critical_policies: bool,
    /// It limits the names that certificates below it may have.
    pub constrains_names: bool,
    /// Its serial number is negative.
    pub negative_serial: bool,
}

impl CertificateTraits {
    /// Whether `keyUsage` allows `usage`.
    pub fn allows(&self, usage: KeyUsage) -> bool {
        self.usages.as_ref().is_none_or(|usages| usages.contains(&usage))
    }

    /// Whether `extendedKeyUsage` lists `purpose`, or is absent.
    pub fn is_for(&self, purpose: &Purpose) -> bool {
        self.purposes.as_ref().is_none_or(|purposes| purposes.contains(purpose))
    }
}

/// What a key may be used for (`keyUsage`; RFC 5280, 4.2.1.3), as far as TLS and authorities need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyUsage {
    /// `digitalSignature`: every TLS 1.3 certificate needs it.
    DigitalSignature,
    /// `keyEncipherment`.
    KeyEncipherment,
    /// `keyAgreement`.
    KeyAgreement,
    /// `keyCertSign`: of a certificate authority.
    CertSign,
    /// `cRLSign`.
    CrlSign,
}

/// What a certificate is for (`extendedKeyUsage`; RFC 5280, 4.2.1.12).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Purpose {
    /// Every purpose. Some stacks treat it as any purpose and some as none.
    Any,
    /// A server's certificate.
    ServerAuth,
    /// A client's certificate.
    ClientAuth,
    /// Another purpose: its name, or its OID.
    Other(String),
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Purpose::Any => "any",
            Purpose::ServerAuth => "serverAuth",
            Purpose::ClientAuth => "clientAuth",
            Purpose::Other(name) => name,
        })
    }
}

/// A subject alternative name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AlternativeName {
    /// `DNS:pay.example`.
    Dns(String),
    /// `IP:10.0.0.1`.
    Ip(IpAddr),
    /// A name of another kind, as it is printed: `URI:spiffe://…`.
    Other(String),
}

impl AlternativeName {
    /// The name, when it is a DNS name.
    pub fn dns(&self) -> Option<&str> {
        match self {
            AlternativeName::Dns(name) => Some(name),
            AlternativeName::Ip(_) | AlternativeName::Other(_) => None,
        }
    }

    /// The name that is printed as `text`.
    #[cfg(test)]
    pub(crate) fn shown(text: &str) -> AlternativeName {
        match text.split_once(':') {
            Some(("DNS", name)) => AlternativeName::Dns(name.to_string()),
            Some(("IP", ip)) => AlternativeName::Ip(ip.parse().unwrap()),
            _ => AlternativeName::Other(text.to_string()),
        }
    }
}

impl fmt::Display for AlternativeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AlternativeName::Dns(name) => write!(f, "DNS:{name}"),
            AlternativeName::Ip(ip) => write!(f, "IP:{ip}"),
            AlternativeName::Other(name) => f.write_str(name),
        }
    }
}

/// Why the TLS handshake with a peer failed, as far as the remedy depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsFault {
    /// The server did not send the certificate of this issuer, and the issuer is not trusted here.
    IssuerMissing {
        /// The issuer.
        issuer: String,
        /// The subjects that were given as trusted; empty when the system's are used.
        trusted: Vec<String>,
        /// Something in the certificate shows that the issuer is an intermediate.
        intermediate: bool,
    },
    /// The chain is complete up to this root, which is not trusted here.
    RootUnknown(String),
    /// An authority of this name is trusted, with another key.
    OtherKey(String),
    /// A trusted root has expired.
    RootExpired(String),
    /// The certificate is not for servers.
    Purpose,
    /// The certificate must be reissued; the text describes how: `signed with SHA-256`.
    Reissue(String),
    /// The certificate of an issuer must be reissued; the text describes how.
    ReissueIssuer(String),
    /// The server requires a client certificate of one of these issuers, and none was given.
    ClientMissing(Vec<String>),
    /// The given client certificate has another issuer than these.
    ClientIssuer(Vec<String>),
    /// The given client certificate has expired, or is not valid yet.
    ClientDates,
    /// The given client certificate is not for clients.
    ClientPurpose,
    /// The server refused the client's certificate, and nothing here shows why.
    ClientRefused,
    /// The server's TLS versions are too old.
    OldVersion,
    /// gRPC clients use none of the server's cipher suites.
    Ciphers,
    /// gRPC clients use none of the server's key exchanges.
    Groups,
    /// The server refused the name.
    UnknownName,
}
