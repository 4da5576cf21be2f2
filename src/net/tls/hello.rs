//! What a server supports: a ClientHello that offers everything, and the server's first response to it, read without
//! a TLS library. Sent only after a handshake without common parameters, to find out what is missing. Pure.

use super::explain::old_version_text;
use super::path;
use super::read;
use super::tls_failure::TlsFailure;
use crate::model::certificate::TlsFault;
use crate::model::reach::FailureCode;

/// The newest version that a hello offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Offered {
    /// TLS 1.2 and everything before it.
    UpTo12,
    /// TLS 1.3 only.
    Only13,
}

/// The server's response.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct HelloResponse {
    /// `0x0303`.
    version: u16,
    cipher: u16,
    /// The key exchange group, if one is named.
    group: Option<u16>,
    /// The server's own certificate; `None` in TLS 1.3, which encrypts it.
    certificate: Option<Vec<u8>>,
    /// Nothing more will arrive unencrypted.
    is_complete: bool,
}

/// Cipher suites with their names, those of TLS 1.3 first, then those of gRPC clients, then the others.
const CIPHERS: [(u16, &str); 54] = [
    (0x1301, "TLS_AES_128_GCM_SHA256"),
    (0x1302, "TLS_AES_256_GCM_SHA384"),
    (0x1303, "TLS_CHACHA20_POLY1305_SHA256"),
    (0x1304, "TLS_AES_128_CCM_SHA256"),
    (0x1305, "TLS_AES_128_CCM_8_SHA256"),
    (0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"),
    (0xc02c, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
    (0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
    (0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"),
    (0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"),
    (0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"),
    (0xc0ac, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM"),
    (0xc0ad, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM"),
    (0xc0ae, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8"),
    (0x009e, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"),
    (0x009f, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384"),
    (0xccaa, "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256"),
    (0x009c, "TLS_RSA_WITH_AES_128_GCM_SHA256"),
    (0x009d, "TLS_RSA_WITH_AES_256_GCM_SHA384"),
    (0xc023, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"),
    (0xc024, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384"),
    (0xc027, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256"),
    (0xc028, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384"),
    (0xc009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"),
    (0xc00a, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"),
    (0xc013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"),
    (0xc014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"),
    (0x0067, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256"),
    (0x006b, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256"),
    (0x0033, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA"),
    (0x0039, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA"),
    (0x003c, "TLS_RSA_WITH_AES_128_CBC_SHA256"),
    (0x003d, "TLS_RSA_WITH_AES_256_CBC_SHA256"),
    (0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA"),
    (0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA"),
    (0xc072, "TLS_ECDHE_ECDSA_WITH_CAMELLIA_128_CBC_SHA256"),
    (0xc076, "TLS_ECDHE_RSA_WITH_CAMELLIA_128_CBC_SHA256"),
    (0x0041, "TLS_RSA_WITH_CAMELLIA_128_CBC_SHA"),
    (0x0084, "TLS_RSA_WITH_CAMELLIA_256_CBC_SHA"),
    (0x00a2, "TLS_DHE_DSS_WITH_AES_128_GCM_SHA256"),
    (0x0032, "TLS_DHE_DSS_WITH_AES_128_CBC_SHA"),
    (0x0038, "TLS_DHE_DSS_WITH_AES_256_CBC_SHA"),
    (0xc008, "TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA"),
    (0xc012, "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA"),
    (0x0016, "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA"),
    (0x000a, "TLS_RSA_WITH_3DES_EDE_CBC_SHA"),
    (0xc007, "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA"),
    (0xc011, "TLS_ECDHE_RSA_WITH_RC4_128_SHA"),
    (0x0005, "TLS_RSA_WITH_RC4_128_SHA"),
    (0x0004, "TLS_RSA_WITH_RC4_128_MD5"),
    (0xc006, "TLS_ECDHE_ECDSA_WITH_NULL_SHA"),
    (0xc010, "TLS_ECDHE_RSA_WITH_NULL_SHA"),
    (0x003b, "TLS_RSA_WITH_NULL_SHA256"),
    (0x0002, "TLS_RSA_WITH_NULL_SHA"),
];

/// Suites that gRPC clients use: the first ones of each version.
const USABLE: [u16; 9] = [0x1301, 0x1302, 0x1303, 0xc02b, 0xc02c, 0xc02f, 0xc030, 0xcca9, 0xcca8];

/// Key exchange groups, those that this tool's TLS library supports first.
const GROUPS: [(u16, &str); 16] = [
    (0x001d, "X25519"),
    (0x0017, "P-256"),
    (0x0018, "P-384"),
    (0x0019, "P-521"),
    (0x001e, "X448"),
    (0x0015, "P-224"),
    (0x0016, "secp256k1"),
    (0x001a, "brainpoolP256r1"),
    (0x001b, "brainpoolP384r1"),
    (0x001c, "brainpoolP512r1"),
    (0x0100, "ffdhe2048"),
    (0x0101, "ffdhe3072"),
    (0x0102, "ffdhe4096"),
    (0x0103, "ffdhe6144"),
    (0x0104, "ffdhe8192"),
    (0x11ec, "X25519MLKEM768"),
];

const USABLE_GROUPS: [u16; 3] = [0x001d, 0x0017, 0x0018];

/// Signature schemes: every one of RFC 8446 and of TLS 1.2 before it.
const SCHEMES: [u16; 24] = [
    0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0809, 0x080a, 0x080b, 0x0401, 0x0501, 0x0601,
    0x081a, 0x081b, 0x081c, 0x0303, 0x0301, 0x0402, 0x0502, 0x0203, 0x0201, 0x0202,
];

/// A hello that offers everything up to a version, to a server with this name (none for an address).
pub(crate) fn client_hello(offered: Offered, server_name: Option<&str>, random: [u8; 32]) -> Vec<u8> {
    let mut body = vec![3, 3];
    body.extend_from_slice(&random);
    // Some middleboxes require a session identifier in TLS 1.3.
    match offered {
        Offered::UpTo12 => body.push(0),
        Offered::Only13 => {
            body.push(32);
            body.extend_from_slice(&random);
        }
    }
    let is_13 = |cipher: u16| cipher & 0xff00 == 0x1300;
    let ciphers = CIPHERS.iter().map(|(cipher, _)| *cipher);
    let ciphers: Vec<u8> =
        ciphers.filter(|cipher| is_13(*cipher) == (offered == Offered::Only13)).flat_map(u16::to_be_bytes).collect();
    with_length(&mut body, &ciphers);
    body.extend_from_slice(&[1, 0]);

    let mut extensions = Vec::new();
    let mut extension = |kind: u16, content: &[u8]| {
        extensions.extend_from_slice(&kind.to_be_bytes());
        with_length(&mut extensions, content);
    };
    if let Some(name) = server_name {
        let mut entry = vec![0];
        with_length(&mut entry, name.as_bytes());
        let mut list = Vec::new();
        with_length(&mut list, &entry);
        extension(0, &list);
    }
    let groups: Vec<u8> = GROUPS.iter().flat_map(|(group, _)| group.to_be_bytes()).collect();
    let schemes: Vec<u8> = SCHEMES.iter().flat_map(|scheme| scheme.to_be_bytes()).collect();
    let listed = |content: &[u8]| {
        let mut list = Vec::new();
        with_length(&mut list, content);
        list
    };
    extension(10, &listed(&groups));
    extension(11, &[1, 0]);
    extension(13, &listed(&schemes));
    extension(16, &listed(b"\x02h2"));
    match offered {
        Offered::UpTo12 => extension(0xff01, &[0]),
        Offered::Only13 => {
            extension(43, &[2, 3, 4]);
            extension(45, &[1, 1]);
            // No key share: the server names the group that it requires (RFC 8446, 4.2.8).
            extension(51, &[0, 0]);
        }
    }
    with_length(&mut body, &extensions);

    let length = body.len().to_be_bytes();
    let mut handshake = vec![1];
    handshake.extend_from_slice(&length[length.len() - 3..]);
    handshake.extend_from_slice(&body);
    let mut record = vec![0x16, 3, 1];
    with_length(&mut record, &handshake);
    record
}

/// Appends `content` with its length in two bytes before it.
fn with_length(to: &mut Vec<u8>, content: &[u8]) {
    to.extend_from_slice(&u16::try_from(content.len()).unwrap_or(u16::MAX).to_be_bytes());
    to.extend_from_slice(content);
}

/// The content of the bytes so far; `None` without a complete ServerHello.
pub(crate) fn answer(bytes: &[u8]) -> Option<HelloResponse> {
    let mut handshakes = Vec::new();
    let mut rest = bytes;
    while let [0x16, 3, _, high, low, more @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let Some(content) = more.get(..length) else { break };
        handshakes.extend_from_slice(content);
        rest = &more[length..];
    }
    let mut answer = None;
    let mut rest = handshakes.as_slice();
    while let [kind, a, b, c, more @ ..] = rest {
        let length = usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c);
        let Some(content) = more.get(..length) else { break };
        match (kind, &mut answer) {
            (2, _) => answer = server_hello(content),
            (11, Some(answer)) => answer.certificate = first_certificate(content),
            // Elliptic curve of a named group.
            (12, Some(answer)) => {
                if let [3, high, low, ..] = content {
                    answer.group = Some(u16::from_be_bytes([*high, *low]));
                }
            }
            (14, Some(answer)) => answer.is_complete = true,
            _ => {}
        }
        rest = &more[length..];
    }
    answer
}

fn server_hello(content: &[u8]) -> Option<HelloResponse> {
    let version = u16::from_be_bytes([*content.first()?, *content.get(1)?]);
    let session = usize::from(*content.get(34)?);
    let after = content.get(35 + session..)?;
    let cipher = u16::from_be_bytes([*after.first()?, *after.get(1)?]);
    let mut answer = HelloResponse { version, cipher, ..HelloResponse::default() };
    let mut extensions = after.get(5..).unwrap_or_default();
    while let [k1, k2, l1, l2, more @ ..] = extensions {
        let length = usize::from(u16::from_be_bytes([*l1, *l2]));
        let Some(value) = more.get(..length) else { break };
        match (u16::from_be_bytes([*k1, *k2]), value) {
            (43, [high, low]) => {
                answer.version = u16::from_be_bytes([*high, *low]);
                // Everything after this is encrypted.
                answer.is_complete = true;
            }
            (51, [high, low, ..]) => answer.group = Some(u16::from_be_bytes([*high, *low])),
            _ => {}
        }
        extensions = &more[length..];
    }
    Some(answer)
}

fn first_certificate(content: &[u8]) -> Option<Vec<u8>> {
    let [_, _, _, a, b, c, rest @ ..] = content else { return None };
    rest.get(..usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c)).map(<[u8]>::to_vec)
}

impl HelloResponse {
    /// Nothing more will arrive that can be read.
    pub fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// Why a gRPC client and this server have nothing in common; `None` when the response does not show it.
    pub fn lacks(&self) -> Option<TlsFailure> {
        let failure = |code, text: String, fault| Some(TlsFailure { code, text, fault: Some(fault) });
        if self.version < 0x0303 {
            let text = old_version_text(self.version).to_string();
            return failure(FailureCode::ProtocolVersionUnsupported, text, TlsFault::OldVersion);
        }
        let common = FailureCode::CipherSuiteMismatch;
        if !USABLE.contains(&self.cipher) {
            let name = name_of(&CIPHERS, self.cipher);
            let why = match name.as_str() {
                name if name.contains("_CBC_") => "CBC mode, which HTTP/2 forbids: RFC 9113, 9.2.2",
                name if name.starts_with("TLS_DHE_") => "finite-field Diffie-Hellman, which gRPC clients do not offer",
                name if name.starts_with("TLS_RSA_") => {
                    "no ephemeral key exchange, so HTTP/2 forbids it: RFC 9113, 9.2.2"
                }
                _ => "which gRPC clients do not offer",
            };
            let text =
                format!("no cipher suite in common: when offered all of them, the server selects {name} ({why})");
            return failure(common, text, TlsFault::Ciphers);
        }
        if let Some(group) = self.group.filter(|group| !USABLE_GROUPS.contains(group)) {
            let name = name_of(&GROUPS, group);
            let text = format!(
                "no key exchange group in common: when offered all of them, the server selects {name}, and this tool's TLS library (rustls) supports X25519, P-256 and P-384"
            );
            return failure(common, text, TlsFault::Groups);
        }
        let key = self.certificate.as_deref().and_then(read).map(|certificate| certificate.traits.key);
        if let Some(key) = key.filter(path::is_beyond) {
            let text =
                format!("the server's certificate has a key ({key}) that most gRPC clients do not offer to verify");
            let better = "with an ECDSA P-256 or an RSA key of 2048 bits".to_string();
            return failure(FailureCode::CertificateVerificationFailed, text, TlsFault::Reissue(better));
        }
        None
    }

    /// The same for a server that responds to a hello that offers everything, when its response does not show why it
    /// rejected a client's.
    pub fn wants_another_signature(&self) -> TlsFailure {
        let text = "the server's certificate requires a signature scheme that most gRPC clients do not offer (such as Ed448 or RSA-PSS keys)";
        let better = "with an ECDSA P-256 or an RSA key of 2048 bits".to_string();
        TlsFailure {
            code: FailureCode::CertificateVerificationFailed,
            text: text.to_string(),
            fault: Some(TlsFault::Reissue(better)),
        }
    }
}

fn name_of(table: &[(u16, &str)], number: u16) -> String {
    table
        .iter()
        .find(|(known, _)| *known == number)
        .map_or_else(|| format!("0x{number:04x}"), |(_, name)| name.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server's first flight in TLS 1.2: hello, and a key exchange in this group.
    fn flight(version: u16, cipher: u16, group: Option<u16>) -> Vec<u8> {
        let mut hello = version.to_be_bytes().to_vec();
        hello.extend([7; 32]);
        hello.push(0);
        hello.extend(cipher.to_be_bytes());
        hello.push(0);
        let mut handshakes = vec![2, 0, 0, u8::try_from(hello.len()).unwrap()];
        handshakes.extend(hello);
        if let Some(group) = group {
            handshakes.extend([12, 0, 0, 4, 3]);
            handshakes.extend(group.to_be_bytes());
            handshakes.push(0);
        }
        handshakes.extend([14, 0, 0, 0]);
        let mut record = vec![0x16, 3, 3];
        with_length(&mut record, &handshakes);
        record
    }

    fn lacks(version: u16, cipher: u16, group: Option<u16>) -> Option<(String, Option<TlsFault>)> {
        let answer = answer(&flight(version, cipher, group)).unwrap();
        assert!(answer.is_complete());
        answer.lacks().map(|failure| (failure.text, failure.fault))
    }

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(lacks(0x0303, 0xc02f, Some(0x001d)), None);
        let (text, fault) = lacks(0x0303, 0xc013, Some(0x001d)).unwrap();
        assert!(text.contains("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA (CBC mode"), "{text}");
        assert_eq!(fault, Some(TlsFault::Ciphers));
        let (text, _) = lacks(0x0303, 0x009e, None).unwrap();
        assert!(text.contains("finite-field Diffie-Hellman"), "{text}");
        let (text, _) = lacks(0x0303, 0x009c, None).unwrap();
        assert!(text.contains("TLS_RSA_WITH_AES_128_GCM_SHA256 (no ephemeral"), "{text}");
        let (text, fault) = lacks(0x0303, 0xc02f, Some(0x0019)).unwrap();
        assert!(text.contains("selects P-521"), "{text}");
        assert_eq!(fault, Some(TlsFault::Groups));
        let (text, fault) = lacks(0x0301, 0xc013, None).unwrap();
        assert!(text.contains("TLS 1.0 and nothing newer"), "{text}");
        assert_eq!(fault, Some(TlsFault::OldVersion));
    }

    #[test]
    fn half_an_answer_is_none_and_garbage_is_none() {
        let whole = flight(0x0303, 0xc02f, Some(0x0019));
        for cut in 0..whole.len() {
            if let Some(answer) = answer(&whole[..cut]) {
                assert!(!answer.is_complete(), "{cut}");
            }
        }
        assert_eq!(answer(b"HTTP/1.1 400 Bad Request\r\n"), None);
        assert_eq!(answer(&[0x15, 3, 3, 0, 2, 2, 40]), None);
    }

    #[test]
    fn a_hello_is_as_long_as_its_header_states() {
        for offered in [Offered::UpTo12, Offered::Only13] {
            for name in [None, Some("pay.example")] {
                let hello = client_hello(offered, name, [1; 32]);
                assert_eq!(usize::from(u16::from_be_bytes([hello[3], hello[4]])), hello.len() - 5);
                assert_eq!(usize::from(u16::from_be_bytes([hello[7], hello[8]])), hello.len() - 9);
                assert!(hello.len() < 512);
            }
        }
    }
}
