//! TLS that fails, each in its own way: GD3xx, and plaintext where TLS is spoken.

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

/// TLS 1.2 says so within the handshake.
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
    Some(probe(&arguments).says(&[&address, "tls", "handshake unanswered"]))
}

pub fn handshake_refused(world: &mut World) -> Option<Run> {
    // A fatal alert, handshake_failure: nothing in common.
    let address = world.answers_and_closes(&[21, 3, 3, 0, 2, 2, 40]);
    Some(probe(&["--tls", "on", &address]).says(&[&address, "tls"]))
}

pub fn tls_is_found_out(world: &mut World) -> Option<Run> {
    let (address, ca) = with(world, Leaf::default());
    Some(probe(&["--cacert", &ca, &address]))
}
