//! TLS failures, each with its own cause: GD3xx, and plaintext to a TLS port.

use rcgen::KeyPair;

use super::scenario::{Run, probe};
use super::setup::{Leaf, Setup};

/// A server of a trusted authority, its certificate as in `leaf`.
fn with(setup: &Setup, leaf: Leaf) -> (String, String) {
    let authority = setup.authority();
    let address = setup.serves_tls(authority.server(leaf));
    (address, setup.path("ca.pem").display().to_string())
}

pub fn expired(setup: &mut Setup) -> Option<Run> {
    let (address, ca) = with(setup, Leaf { valid: -30..-3, ..Leaf::default() });
    Some(probe(&["--cacert", &ca, &address]).answer_with(&[&address, "tls", "expired 3 days ago"]))
}

pub fn not_yet_valid(setup: &mut Setup) -> Option<Run> {
    let (address, ca) = with(setup, Leaf { valid: 3..30, ..Leaf::default() });
    Some(probe(&["--cacert", &ca, &address]).answer_with(&[&address, "tls", "becomes valid in 3 days"]))
}

pub fn expires_soon(setup: &mut Setup) -> Option<Run> {
    let (address, ca) = with(setup, Leaf { valid: -30..9, ..Leaf::default() });
    Some(probe(&["--cacert", &ca, &address]).answer_with(&[&address, "tls", "expires in 9 days"]))
}

pub fn certificates_of_two_issuers(setup: &mut Setup) -> Option<Run> {
    let (old, new) = (setup.authority_named("old CA", "old.pem"), setup.authority_named("new CA", "new.pem"));
    let a = setup.serves_tls(old.server(Leaf::default()));
    let b = setup.serves_tls(new.server(Leaf::default()));
    let both = ["old.pem", "new.pem"].map(|name| std::fs::read_to_string(setup.path(name)).unwrap()).concat();
    let roots = setup.file("both.pem", &both);
    let registry = setup.registry("pay.json", &[&a, &b]);
    Some(probe(&["--cacert", &roots, &registry]).answer_with(&["2 kinds of certificate", &a, "old CA", &b, "new CA"]))
}

pub fn wrong_name(setup: &mut Setup) -> Option<Run> {
    let (address, ca) = with(setup, Leaf { names: &["pay.example"], ..Leaf::default() });
    Some(probe(&["--cacert", &ca, &address]).answer_with(&[&address, "tls", "pay.example", "127.0.0.1"]))
}

pub fn unknown_authority(setup: &mut Setup) -> Option<Run> {
    let (address, _) = with(setup, Leaf::default());
    Some(probe(&[&address]).answer_with(&[&address, "tls", "scenario CA"]))
}

pub fn client_certificate_missing(setup: &mut Setup) -> Option<Run> {
    let authority = setup.authority();
    let address = setup.serves_tls(authority.server(Leaf::default()).clients_of(&authority));
    let ca = setup.path("ca.pem").display().to_string();
    Some(probe(&["--cacert", &ca, &address]).answer_with(&[&address, "tls", "certificate"]))
}

/// TLS 1.2 reports this within the handshake.
pub fn client_certificate_missing_tls12(setup: &mut Setup) -> Option<Run> {
    let authority = setup.authority();
    let address = setup.serves_tls(authority.server(Leaf::default()).clients_of(&authority).tls12());
    let ca = setup.path("ca.pem").display().to_string();
    Some(probe(&["--cacert", &ca, &address]).answer_with(&[&address, "tls", "certificate"]))
}

pub fn no_alpn(setup: &mut Setup) -> Option<Run> {
    let authority = setup.authority();
    let address = setup.serves_tls(authority.server(Leaf::default()).alpn(&[]));
    let ca = setup.path("ca.pem").display().to_string();
    Some(probe(&["--cacert", &ca, &address]).answer_with(&[&address, "tls", "h2"]))
}

pub fn other_alpn(setup: &mut Setup) -> Option<Run> {
    let authority = setup.authority();
    let address = setup.serves_tls(authority.server(Leaf::default()).alpn(&["http/1.1"]));
    let ca = setup.path("ca.pem").display().to_string();
    Some(probe(&["--cacert", &ca, &address]).answer_with(&[&address, "tls", "h2"]))
}

pub fn tls_on_plaintext(setup: &mut Setup) -> Option<Run> {
    let address = setup.healthy();
    Some(probe(&["--tls", "on", &address]).answer_with(&[&address, "tls"]))
}

pub fn plaintext_on_tls(setup: &mut Setup) -> Option<Run> {
    let (address, _) = with(setup, Leaf::default());
    Some(probe(&["--plaintext", &address]).answer_with(&[&address, "TLS"]))
}

pub fn handshake_unanswered(setup: &mut Setup) -> Option<Run> {
    let address = setup.silent();
    let arguments = ["--tls", "on", "--connect-timeout", "500ms", &address];
    Some(probe(&arguments).answer_with(&[&address, "tls", "no response to the TLS handshake within"]))
}

pub fn handshake_refused(setup: &mut Setup) -> Option<Run> {
    // A fatal alert, handshake_failure: no common parameters.
    let address = setup.answers_and_closes(&[21, 3, 3, 0, 2, 2, 40]);
    Some(probe(&["--tls", "on", &address]).answer_with(&[&address, "tls"]))
}

pub fn tls_is_found_out(setup: &mut Setup) -> Option<Run> {
    let (address, ca) = with(setup, Leaf::default());
    Some(probe(&["--cacert", &ca, &address]))
}

/// C-core's clients reject it.
pub fn ed25519_certificate(setup: &mut Setup) -> Option<Run> {
    let authority = setup.authority();
    let key = KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let address = setup.serves_tls(authority.server_of(&key, |_| {}));
    let ca = setup.path("ca.pem").display().to_string();
    let run = probe(&["--cacert", &ca, &address]);
    Some(run.answer_with(&[&address, "an Ed25519 key", "C-core (Python, C++, Ruby, PHP) rejects it", "grpc-go"]))
}

/// A limit of this tool: the server is reached all the same, and gets no metadata.
pub fn rsa_key_of_1024_bits(setup: &mut Setup) -> Option<Run> {
    let authority = setup.authority();
    let address = setup.serves_tls(authority.server_with_a_short_key());
    let ca = setup.path("ca.pem").display().to_string();
    let run = probe(&["--cacert", &ca, &address]);
    Some(run.answer_with(&[
        &address,
        "an RSA key of 1024 bits: rustls (tonic, this tool) rejects it",
        "sent no metadata",
    ]))
}

pub fn key_usage_without_signatures(setup: &mut Setup) -> Option<Run> {
    let authority = setup.authority();
    let address = setup.serves_tls(authority.server_with(|params| {
        params.key_usages = vec![rcgen::KeyUsagePurpose::KeyEncipherment];
    }));
    let ca = setup.path("ca.pem").display().to_string();
    let run = probe(&["--cacert", &ca, &address]);
    Some(run.answer_with(&[&address, "without digitalSignature", "C-core", "grpc-java"]))
}

/// Only webpki rejects this: a CA's certificate as a server's.
pub fn authority_as_server(setup: &mut Setup) -> Option<Run> {
    let authority = setup.authority();
    let address = setup.serves_tls(authority.server_with(|params| {
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    }));
    let ca = setup.path("ca.pem").display().to_string();
    Some(
        probe(&["--cacert", &ca, &address])
            .answer_with(&[&address, "basicConstraints CA:TRUE: rustls (tonic, this tool) rejects"]),
    )
}

pub fn certificate_for_clients_only(setup: &mut Setup) -> Option<Run> {
    let authority = setup.authority();
    let address = setup.serves_tls(authority.server_with(|params| {
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
    }));
    let ca = setup.path("ca.pem").display().to_string();
    let run = probe(&["--cacert", &ca, &address]);
    Some(
        run.answer_with(&[&address, "not valid for server authentication", "clientAuth"])
            .does(&["serverAuth"])
            .never(&["--cacert"]),
    )
}

pub fn unknown_critical_extension(setup: &mut Setup) -> Option<Run> {
    let authority = setup.authority();
    let address = setup.serves_tls(authority.server_with(|params| {
        let mut odd = rcgen::CustomExtension::from_oid_content(&[1, 2, 3, 4, 5], vec![5, 0]);
        odd.set_criticality(true);
        params.custom_extensions.push(odd);
    }));
    let ca = setup.path("ca.pem").display().to_string();
    let run = probe(&["--cacert", &ca, &address]);
    Some(run.answer_with(&[&address, "critical extension", "1.2.3.4.5"]).does(&["Reissue"]).never(&["--cacert"]))
}

pub fn intermediate_not_sent(setup: &mut Setup) -> Option<Run> {
    let authority = setup.authority();
    let address = setup.serves_tls(authority.server_below("scenario intermediate", true));
    let ca = setup.path("ca.pem").display().to_string();
    let run = probe(&["--cacert", &ca, &address]).answer_with(&[
        &address,
        "the server did not send the certificate of",
        "scenario intermediate",
    ]);
    Some(run.does(&["full chain"]).never(&["--cacert"]))
}

/// Nothing shows whether the issuer is an intermediate: both possibilities are reported.
pub fn issuer_neither_sent_nor_trusted(setup: &mut Setup) -> Option<Run> {
    let authority = setup.authority();
    let address = setup.serves_tls(authority.server_below("somebody", false));
    let ca = setup.path("ca.pem").display().to_string();
    let run = probe(&["--cacert", &ca, &address]);
    Some(
        run.answer_with(&[&address, "somebody", "sent no intermediate", "trusted: CN=scenario CA"])
            .does(&["full chain"]),
    )
}

pub fn authority_made_anew(setup: &mut Setup) -> Option<Run> {
    let old = setup.authority_named("scenario CA", "old.pem");
    let address = setup.serves_tls(old.server(Leaf::default()));
    setup.authority_named("scenario CA", "ca.pem");
    let ca = setup.path("ca.pem").display().to_string();
    Some(probe(&["--cacert", &ca, &address]).answer_with(&[&address, "another key", "scenario CA"]))
}

pub fn no_alternative_name(setup: &mut Setup) -> Option<Run> {
    let authority = setup.authority();
    let address = setup.serves_tls(authority.server_with(|params| {
        params.subject_alt_names.clear();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(rcgen::DnType::CommonName, "pay.example");
    }));
    let ca = setup.path("ca.pem").display().to_string();
    let run = probe(&["--cacert", &ca, "--servername", "pay.example", &address]);
    let run = run.answer_with(&[
        &address,
        "no subject alternative name",
        "C-core (Python, C++, Ruby, PHP), grpc-java and grpc-js accept",
    ]);
    Some(run.does(&["subject alternative name DNS:pay.example"]).never(&["--servername"]))
}

/// As a C-core server does, which sends no alert; detected by --tls auto, and not taken for plaintext.
pub fn client_certificate_of_another_issuer(setup: &mut Setup) -> Option<Run> {
    let (authority, clients) = (setup.authority(), setup.authority_named("client CA", "clients.pem"));
    let other = setup.authority_named("other CA", "other.pem");
    let address = authority.hangs_up_after_certificates_of(&clients, setup);
    let [cert, key] = other.client(setup, "client", |_| {});
    let ca = setup.path("ca.pem").display().to_string();
    let run = probe(&["--cacert", &ca, "--cert", &cert, "--key", &key, &address]);
    let run = run.answer_with(&[&address, "client certificate", "client CA", "other CA", "without an alert"]);
    Some(run.does(&["issued by \"CN=client CA\""]).never(&["plaintext"]))
}

pub fn client_certificate_expired(setup: &mut Setup) -> Option<Run> {
    let authority = setup.authority();
    let address = setup.serves_tls(authority.server(Leaf::default()).clients_of(&authority));
    let [cert, key] = authority.client(setup, "client", |params| {
        params.not_before = super::setup::day(-30);
        params.not_after = super::setup::day(-3);
    });
    let ca = setup.path("ca.pem").display().to_string();
    let run = probe(&["--cacert", &ca, "--cert", &cert, "--key", &key, &address]);
    Some(run.answer_with(&[&address, "client certificate", "expired 3 days ago"]).does(&["Renew"]))
}

pub fn client_certificate_for_servers(setup: &mut Setup) -> Option<Run> {
    let authority = setup.authority();
    let address = setup.serves_tls(authority.server(Leaf::default()).clients_of(&authority).tls12());
    let [cert, key] = authority.client(setup, "client", |params| {
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    });
    let ca = setup.path("ca.pem").display().to_string();
    let run = probe(&["--cacert", &ca, "--cert", &cert, "--key", &key, &address]);
    Some(run.answer_with(&[&address, "not valid for client authentication"]).does(&["clientAuth"]))
}
