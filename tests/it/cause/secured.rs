//! TLS failures, each with its own cause: GD3xx, and plaintext to a TLS port.

use rcgen::KeyPair;

use super::scenario::{Run, probe};
use super::world::{Leaf, World};

/// A server of a trusted authority, its certificate as in `leaf`.
fn with(world: &World, leaf: Leaf) -> (String, String) {
    let authority = world.authority();
    let address = world.serves_tls(authority.server(leaf));
    (address, world.path("ca.pem").display().to_string())
}

pub fn expired(world: &mut World) -> Option<Run> {
    let (address, ca) = with(world, Leaf { valid: -30..-3, ..Leaf::default() });
    Some(probe(&["--cacert", &ca, &address]).says(&[&address, "tls", "expired 3 days ago"]))
}

pub fn not_yet_valid(world: &mut World) -> Option<Run> {
    let (address, ca) = with(world, Leaf { valid: 3..30, ..Leaf::default() });
    Some(probe(&["--cacert", &ca, &address]).says(&[&address, "tls", "becomes valid in 3 days"]))
}

pub fn expires_soon(world: &mut World) -> Option<Run> {
    let (address, ca) = with(world, Leaf { valid: -30..9, ..Leaf::default() });
    Some(probe(&["--cacert", &ca, &address]).says(&[&address, "tls", "expires in 9 days"]))
}

pub fn certificates_of_two_issuers(world: &mut World) -> Option<Run> {
    let (old, new) = (world.authority_named("old CA", "old.pem"), world.authority_named("new CA", "new.pem"));
    let a = world.serves_tls(old.server(Leaf::default()));
    let b = world.serves_tls(new.server(Leaf::default()));
    let both = ["old.pem", "new.pem"].map(|name| std::fs::read_to_string(world.path(name)).unwrap()).concat();
    let roots = world.file("both.pem", &both);
    let registry = world.registry("pay.json", &[&a, &b]);
    Some(probe(&["--cacert", &roots, &registry]).says(&["2 kinds of certificate", &a, "old CA", &b, "new CA"]))
}

pub fn wrong_name(world: &mut World) -> Option<Run> {
    let (address, ca) = with(world, Leaf { names: &["pay.example"], ..Leaf::default() });
    Some(probe(&["--cacert", &ca, &address]).says(&[&address, "tls", "pay.example", "127.0.0.1"]))
}

pub fn unknown_authority(world: &mut World) -> Option<Run> {
    let (address, _) = with(world, Leaf::default());
    Some(probe(&[&address]).says(&[&address, "tls", "scenario CA"]))
}

pub fn client_certificate_missing(world: &mut World) -> Option<Run> {
    let authority = world.authority();
    let address = world.serves_tls(authority.server(Leaf::default()).clients_of(&authority));
    let ca = world.path("ca.pem").display().to_string();
    Some(probe(&["--cacert", &ca, &address]).says(&[&address, "tls", "certificate"]))
}

/// TLS 1.2 reports this within the handshake.
pub fn client_certificate_missing_tls12(world: &mut World) -> Option<Run> {
    let authority = world.authority();
    let address = world.serves_tls(authority.server(Leaf::default()).clients_of(&authority).tls12());
    let ca = world.path("ca.pem").display().to_string();
    Some(probe(&["--cacert", &ca, &address]).says(&[&address, "tls", "certificate"]))
}

pub fn no_alpn(world: &mut World) -> Option<Run> {
    let authority = world.authority();
    let address = world.serves_tls(authority.server(Leaf::default()).alpn(&[]));
    let ca = world.path("ca.pem").display().to_string();
    Some(probe(&["--cacert", &ca, &address]).says(&[&address, "tls", "h2"]))
}

pub fn other_alpn(world: &mut World) -> Option<Run> {
    let authority = world.authority();
    let address = world.serves_tls(authority.server(Leaf::default()).alpn(&["http/1.1"]));
    let ca = world.path("ca.pem").display().to_string();
    Some(probe(&["--cacert", &ca, &address]).says(&[&address, "tls", "h2"]))
}

pub fn tls_on_plaintext(world: &mut World) -> Option<Run> {
    let address = world.healthy();
    Some(probe(&["--tls", "on", &address]).says(&[&address, "tls"]))
}

pub fn plaintext_on_tls(world: &mut World) -> Option<Run> {
    let (address, _) = with(world, Leaf::default());
    Some(probe(&["--plaintext", &address]).says(&[&address, "TLS"]))
}

pub fn handshake_unanswered(world: &mut World) -> Option<Run> {
    let address = world.silent();
    let arguments = ["--tls", "on", "--connect-timeout", "500ms", &address];
    Some(probe(&arguments).says(&[&address, "tls", "no response to the TLS handshake within"]))
}

pub fn handshake_refused(world: &mut World) -> Option<Run> {
    // A fatal alert, handshake_failure: no common parameters.
    let address = world.answers_and_closes(&[21, 3, 3, 0, 2, 2, 40]);
    Some(probe(&["--tls", "on", &address]).says(&[&address, "tls"]))
}

pub fn tls_is_found_out(world: &mut World) -> Option<Run> {
    let (address, ca) = with(world, Leaf::default());
    Some(probe(&["--cacert", &ca, &address]))
}

/// C-core's clients reject it.
pub fn ed25519_certificate(world: &mut World) -> Option<Run> {
    let authority = world.authority();
    let key = KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let address = world.serves_tls(authority.server_of(&key, |_| {}));
    let ca = world.path("ca.pem").display().to_string();
    let run = probe(&["--cacert", &ca, &address]);
    Some(run.says(&[&address, "an Ed25519 key", "C-core (Python, C++, Ruby, PHP) rejects it", "grpc-go"]))
}

/// A limit of this tool: the server is reached all the same, and gets no metadata.
pub fn rsa_key_of_1024_bits(world: &mut World) -> Option<Run> {
    let authority = world.authority();
    let address = world.serves_tls(authority.server_with_a_short_key());
    let ca = world.path("ca.pem").display().to_string();
    let run = probe(&["--cacert", &ca, &address]);
    Some(run.says(&[&address, "an RSA key of 1024 bits: rustls (tonic, this tool) rejects it", "sent no metadata"]))
}

pub fn key_usage_without_signatures(world: &mut World) -> Option<Run> {
    let authority = world.authority();
    let address = world.serves_tls(authority.server_with(|params| {
        params.key_usages = vec![rcgen::KeyUsagePurpose::KeyEncipherment];
    }));
    let ca = world.path("ca.pem").display().to_string();
    let run = probe(&["--cacert", &ca, &address]);
    Some(run.says(&[&address, "without digitalSignature", "C-core", "grpc-java"]))
}

/// Only webpki rejects this: a CA's certificate as a server's.
pub fn authority_as_server(world: &mut World) -> Option<Run> {
    let authority = world.authority();
    let address = world.serves_tls(authority.server_with(|params| {
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    }));
    let ca = world.path("ca.pem").display().to_string();
    Some(
        probe(&["--cacert", &ca, &address])
            .says(&[&address, "basicConstraints CA:TRUE: rustls (tonic, this tool) rejects"]),
    )
}

pub fn certificate_for_clients_only(world: &mut World) -> Option<Run> {
    let authority = world.authority();
    let address = world.serves_tls(authority.server_with(|params| {
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
    }));
    let ca = world.path("ca.pem").display().to_string();
    let run = probe(&["--cacert", &ca, &address]);
    Some(
        run.says(&[&address, "not valid for server authentication", "clientAuth"])
            .does(&["serverAuth"])
            .never(&["--cacert"]),
    )
}

pub fn unknown_critical_extension(world: &mut World) -> Option<Run> {
    let authority = world.authority();
    let address = world.serves_tls(authority.server_with(|params| {
        let mut odd = rcgen::CustomExtension::from_oid_content(&[1, 2, 3, 4, 5], vec![5, 0]);
        odd.set_criticality(true);
        params.custom_extensions.push(odd);
    }));
    let ca = world.path("ca.pem").display().to_string();
    let run = probe(&["--cacert", &ca, &address]);
    Some(run.says(&[&address, "critical extension", "1.2.3.4.5"]).does(&["Reissue"]).never(&["--cacert"]))
}

pub fn intermediate_not_sent(world: &mut World) -> Option<Run> {
    let authority = world.authority();
    let address = world.serves_tls(authority.server_below("scenario intermediate", true));
    let ca = world.path("ca.pem").display().to_string();
    let run = probe(&["--cacert", &ca, &address]).says(&[
        &address,
        "the server did not send the certificate of",
        "scenario intermediate",
    ]);
    Some(run.does(&["full chain"]).never(&["--cacert"]))
}

/// Nothing shows whether the issuer is an intermediate: both possibilities are reported.
pub fn issuer_neither_sent_nor_trusted(world: &mut World) -> Option<Run> {
    let authority = world.authority();
    let address = world.serves_tls(authority.server_below("somebody", false));
    let ca = world.path("ca.pem").display().to_string();
    let run = probe(&["--cacert", &ca, &address]);
    Some(run.says(&[&address, "somebody", "sent no intermediate", "trusted: CN=scenario CA"]).does(&["full chain"]))
}

pub fn authority_made_anew(world: &mut World) -> Option<Run> {
    let old = world.authority_named("scenario CA", "old.pem");
    let address = world.serves_tls(old.server(Leaf::default()));
    world.authority_named("scenario CA", "ca.pem");
    let ca = world.path("ca.pem").display().to_string();
    Some(probe(&["--cacert", &ca, &address]).says(&[&address, "another key", "scenario CA"]))
}

pub fn no_alternative_name(world: &mut World) -> Option<Run> {
    let authority = world.authority();
    let address = world.serves_tls(authority.server_with(|params| {
        params.subject_alt_names.clear();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(rcgen::DnType::CommonName, "pay.example");
    }));
    let ca = world.path("ca.pem").display().to_string();
    let run = probe(&["--cacert", &ca, "--servername", "pay.example", &address]);
    let run = run.says(&[
        &address,
        "no subject alternative name",
        "C-core (Python, C++, Ruby, PHP), grpc-java and grpc-js accept",
    ]);
    Some(run.does(&["subject alternative name DNS:pay.example"]).never(&["--servername"]))
}

/// As a C-core server does, which sends no alert; detected by --tls auto, and not taken for plaintext.
pub fn client_certificate_of_another_issuer(world: &mut World) -> Option<Run> {
    let (authority, clients) = (world.authority(), world.authority_named("client CA", "clients.pem"));
    let other = world.authority_named("other CA", "other.pem");
    let address = authority.hangs_up_after_certificates_of(&clients, world);
    let [cert, key] = other.client(world, "client", |_| {});
    let ca = world.path("ca.pem").display().to_string();
    let run = probe(&["--cacert", &ca, "--cert", &cert, "--key", &key, &address]);
    let run = run.says(&[&address, "client certificate", "client CA", "other CA", "without an alert"]);
    Some(run.does(&["issued by \"CN=client CA\""]).never(&["plaintext"]))
}

pub fn client_certificate_expired(world: &mut World) -> Option<Run> {
    let authority = world.authority();
    let address = world.serves_tls(authority.server(Leaf::default()).clients_of(&authority));
    let [cert, key] = authority.client(world, "client", |params| {
        params.not_before = super::world::day(-30);
        params.not_after = super::world::day(-3);
    });
    let ca = world.path("ca.pem").display().to_string();
    let run = probe(&["--cacert", &ca, "--cert", &cert, "--key", &key, &address]);
    Some(run.says(&[&address, "client certificate", "expired 3 days ago"]).does(&["Renew"]))
}

pub fn client_certificate_for_servers(world: &mut World) -> Option<Run> {
    let authority = world.authority();
    let address = world.serves_tls(authority.server(Leaf::default()).clients_of(&authority).tls12());
    let [cert, key] = authority.client(world, "client", |params| {
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    });
    let ca = world.path("ca.pem").display().to_string();
    let run = probe(&["--cacert", &ca, "--cert", &cert, "--key", &key, &address]);
    Some(run.says(&[&address, "not valid for client authentication"]).does(&["clientAuth"]))
}
