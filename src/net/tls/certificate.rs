//! Certificates in readable form.

use std::net::IpAddr;

use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::oid_registry::asn1_rs::Oid;
use x509_parser::prelude::{FromDer, X509Certificate, X509Name};
use x509_parser::public_key::{PublicKey, RSAPublicKey};
use x509_parser::x509::SubjectPublicKeyInfo;

use crate::model::certificate::{AlternativeName, CertificateTraits, Curve, Digest, KeyKind, KeyUsage, Purpose};
use crate::model::reach::Certificate;

/// Reads a certificate; `None` when the bytes are not one.
pub(crate) fn read(der: &[u8]) -> Option<Certificate> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let names = match certificate.subject_alternative_name() {
        Ok(Some(extension)) => extension.value.general_names.iter().map(alternative_name).collect(),
        Ok(None) | Err(_) => Vec::new(),
    };
    Some(Certificate {
        subject: certificate.subject().to_string(),
        issuer: certificate.issuer().to_string(),
        names,
        not_before: certificate.validity().not_before.timestamp(),
        not_after: certificate.validity().not_after.timestamp(),
        traits: traits(&certificate),
    })
}

/// The properties that client stacks check beside names and dates.
pub(super) fn traits(certificate: &X509Certificate<'_>) -> CertificateTraits {
    let common_name = certificate.subject().iter_common_name().next().and_then(|name| name.as_str().ok());
    let critical = certificate.extensions().iter().filter(|extension| extension.critical);
    let unknown = critical.filter(|extension| match extension.parsed_extension() {
        ParsedExtension::UnsupportedExtension { .. } | ParsedExtension::ParseError { .. } => true,
        _ => !is_of_rfc5280(&extension.oid),
    });
    CertificateTraits {
        key: key(certificate.public_key()),
        digest: digest(&certificate.signature_algorithm.algorithm),
        version: certificate.version().0 + 1,
        common_name: common_name.map(str::to_string),
        is_ca: certificate.is_ca(),
        usages: certificate.key_usage().ok().flatten().map(|usage| {
            let usage = usage.value;
            [
                (usage.digital_signature(), KeyUsage::DigitalSignature),
                (usage.key_encipherment(), KeyUsage::KeyEncipherment),
                (usage.key_agreement(), KeyUsage::KeyAgreement),
                (usage.key_cert_sign(), KeyUsage::CertSign),
                (usage.crl_sign(), KeyUsage::CrlSign),
            ]
            .into_iter()
            .filter_map(|(set, usage)| set.then_some(usage))
            .collect()
        }),
        purposes: certificate.extended_key_usage().ok().flatten().map(|purposes| {
            let purposes = purposes.value;
            let other = |name: &str| Purpose::Other(name.to_string());
            let known = [
                (purposes.any, Purpose::Any),
                (purposes.server_auth, Purpose::ServerAuth),
                (purposes.client_auth, Purpose::ClientAuth),
                (purposes.code_signing, other("codeSigning")),
                (purposes.email_protection, other("emailProtection")),
                (purposes.time_stamping, other("timeStamping")),
                (purposes.ocsp_signing, other("OCSPSigning")),
            ];
            let known = known.into_iter().filter_map(|(set, purpose)| set.then_some(purpose));
            known.chain(purposes.other.iter().map(|oid| Purpose::Other(oid.to_id_string()))).collect()
        }),
        unknown_critical: unknown.map(|extension| extension.oid.to_id_string()).collect(),
        path_length: certificate
            .basic_constraints()
            .ok()
            .flatten()
            .and_then(|constraints| constraints.value.path_len_constraint),
        critical_policies: certificate
            .extensions()
            .iter()
            .any(|extension| extension.critical && extension.oid.to_id_string() == "2.5.29.32"),
        constrains_names: certificate.name_constraints().is_ok_and(|found| found.is_some()),
        negative_serial: certificate.raw_serial().first().is_some_and(|byte| byte & 0x80 != 0),
    }
}

/// The certificate shows that a root did not sign it: it has the address of its issuer, or the issuer's issuer.
pub(super) fn shows_intermediate(certificate: &X509Certificate<'_>) -> bool {
    certificate.extensions().iter().any(|extension| match extension.parsed_extension() {
        ParsedExtension::AuthorityInfoAccess(access) => {
            access.accessdescs.iter().any(|entry| entry.access_method.to_id_string() == "1.3.6.1.5.5.7.48.2")
        }
        ParsedExtension::AuthorityKeyIdentifier(identifier) => {
            let above = identifier.authority_cert_issuer.iter().flatten();
            above.into_iter().any(|name| match name {
                GeneralName::DirectoryName(name) => name.as_raw() != certificate.issuer().as_raw(),
                _ => false,
            })
        }
        _ => false,
    })
}

/// A distinguished name as text; the number of its bytes if it cannot be read.
pub(crate) fn distinguished_name(der: &[u8]) -> String {
    match X509Name::from_der(der) {
        Ok((_, name)) => name.to_string(),
        Err(_) => format!("a name of {} bytes that cannot be parsed", der.len()),
    }
}

/// The extensions that RFC 5280 defines, all of which have numbers below 2.5.29; and OCSP's must-staple.
fn is_of_rfc5280(oid: &Oid<'_>) -> bool {
    let text = oid.to_id_string();
    text.starts_with("2.5.29.") || text == "1.3.6.1.5.5.7.1.24"
}

/// The kind of the key.
pub(super) fn key(info: &SubjectPublicKeyInfo<'_>) -> KeyKind {
    let bits = || match info.parsed() {
        Ok(PublicKey::RSA(key)) => modulus_bits(key.modulus),
        _ => 0,
    };
    let algorithm = info.algorithm.algorithm.to_id_string();
    match algorithm.as_str() {
        "1.2.840.113549.1.1.1" => KeyKind::Rsa(bits()),
        "1.2.840.113549.1.1.10" => {
            let key = RSAPublicKey::from_der(&info.subject_public_key.data);
            KeyKind::RsaPss(key.map_or(0, |(_, key)| modulus_bits(key.modulus)))
        }
        "1.2.840.10045.2.1" => {
            let curve = info.algorithm.parameters.as_ref().and_then(|any| any.as_oid().ok());
            KeyKind::Ec(match curve {
                Some(oid) => self::curve(&oid),
                None => Curve::Other("with explicit parameters".to_string()),
            })
        }
        "1.3.101.112" => KeyKind::Ed25519,
        "1.3.101.113" => KeyKind::Ed448,
        _ => KeyKind::Other(algorithm),
    }
}

/// The exact length: a modulus of 2047 bits takes as many bytes as one of 2048.
fn modulus_bits(modulus: &[u8]) -> usize {
    let modulus = &modulus[modulus.iter().take_while(|byte| **byte == 0).count()..];
    modulus.first().map_or(0, |first| modulus.len() * 8 - first.leading_zeros() as usize)
}

fn curve(oid: &Oid<'_>) -> Curve {
    let text = oid.to_id_string();
    let name = match text.as_str() {
        "1.2.840.10045.3.1.7" => return Curve::P256,
        "1.3.132.0.34" => return Curve::P384,
        "1.3.132.0.35" => return Curve::P521,
        "1.3.132.0.33" => "P-224",
        "1.3.132.0.10" => "secp256k1",
        "1.3.36.3.3.2.8.1.1.7" => "brainpoolP256r1",
        "1.3.36.3.3.2.8.1.1.11" => "brainpoolP384r1",
        other => other,
    };
    Curve::Other(name.to_string())
}

fn digest(signature: &Oid<'_>) -> Digest {
    match signature.to_id_string().as_str() {
        "1.2.840.113549.1.1.2" | "1.2.840.113549.1.1.4" => Digest::Md5,
        "1.2.840.113549.1.1.5" | "1.2.840.10045.4.1" | "1.2.840.10040.4.3" | "1.3.14.3.2.29" => Digest::Sha1,
        "1.2.840.113549.1.1.14" | "1.2.840.10045.4.3.1" => Digest::Sha224,
        _ => Digest::Strong,
    }
}

fn alternative_name(name: &GeneralName<'_>) -> AlternativeName {
    AlternativeName::Other(match name {
        GeneralName::DNSName(dns) => return AlternativeName::Dns((*dns).to_string()),
        GeneralName::IPAddress(bytes) => {
            let v4 = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
            match v4.or_else(|_| <[u8; 16]>::try_from(*bytes).map(IpAddr::from)) {
                Ok(ip) => return AlternativeName::Ip(ip),
                Err(_) => format!("IP:{} bytes", bytes.len()),
            }
        }
        GeneralName::URI(uri) => format!("URI:{uri}"),
        GeneralName::RFC822Name(mail) => format!("email:{mail}"),
        GeneralName::DirectoryName(name) => format!("DN:{name}"),
        GeneralName::RegisteredID(oid) => format!("RID:{}", oid.to_id_string()),
        GeneralName::OtherName(oid, _) => format!("otherName:{}", oid.to_id_string()),
        GeneralName::X400Address(_) => "x400Address".to_string(),
        GeneralName::EDIPartyName(_) => "ediPartyName".to_string(),
        _ => "a name of unknown type".to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_certificate_are_none() {
        assert_eq!(read(b"no certificate"), None);
        assert_eq!(distinguished_name(&[1, 2]), "a name of 2 bytes that cannot be parsed");
    }

    #[test]
    fn a_modulus_is_as_long_as_its_highest_bit() {
        assert_eq!(modulus_bits(&[0, 0x80, 0]), 16);
        assert_eq!(modulus_bits(&[0x7f, 0xff]), 15);
        assert_eq!(modulus_bits(&[]), 0);
    }
}
