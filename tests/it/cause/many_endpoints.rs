//! A large service with a few broken endpoints, and a small healthy one.

use serde_json::Value;

use super::setup::{Answer, Leaf, Setup};
use crate::support::tool::run;

/// The lines that fit on a first screen.
const SCREEN: usize = 24;

struct ManyEndpoints {
    setup: Setup,
    registry: String,
    authority: String,
    dead: Vec<String>,
    unhealthy: Vec<String>,
    expired: String,
}

/// 300 endpoints, each with an address of its own: 3 dead, 2 unhealthy, 1 with an expired certificate.
fn many_endpoints() -> ManyEndpoints {
    let setup = Setup::new();
    let (mut dead, mut unhealthy, mut expired) = (Vec::new(), Vec::new(), String::new());
    let mut all = Vec::new();
    for number in 0..300 {
        let host = format!("127.1.{}.{}:0", number / 100, number % 100 + 1);
        let address = match number {
            17 | 117 | 217 => {
                let address = std::net::TcpListener::bind(&host).unwrap().local_addr().unwrap().to_string();
                dead.push(address.clone());
                address
            }
            50 | 250 => {
                let address = setup.serves_on(&host, Answer::Status(2));
                unhealthy.push(address.clone());
                address
            }
            133 => {
                let leaf = Leaf { names: &["127.1.1.34"], valid: -30..-3 };
                expired = setup.serves_tls_on(&host, setup.authority().server(leaf));
                expired.clone()
            }
            _ => setup.serves_on(&host, Answer::Status(1)),
        };
        all.push(address);
    }
    let list: Vec<&str> = all.iter().map(String::as_str).collect();
    let registry = setup.registry("pay.json", &list);
    let authority = setup.path("ca.pem").display().to_string();
    ManyEndpoints { setup, registry, authority, dead, unhealthy, expired }
}

#[test]
fn the_first_screen_shows_the_six_broken_ones_of_three_hundred() {
    let many_endpoints = many_endpoints();
    let finished = run(&["probe", "--cacert", &many_endpoints.authority, &many_endpoints.registry]);
    assert_eq!(finished.code, 1, "{}", finished.all());
    let screen: Vec<&str> = finished.out.lines().take(SCREEN).collect();
    let text = screen.join("\n");
    assert!(
        screen[0].contains("294 of 300 healthy; 3 refuse connections, 1 has an expired certificate, 2 NOT_SERVING"),
        "{}",
        finished.all()
    );
    for (code, addresses) in [
        ("GD201", &many_endpoints.dead),
        ("GD501", &many_endpoints.unhealthy),
        ("GD301", &vec![many_endpoints.expired.clone()]),
    ] {
        let line = screen.iter().find(|line| line.contains(code)).unwrap_or_else(|| panic!("no {code}:\n{text}"));
        for address in addresses {
            assert!(line.contains(address.as_str()), "{address} is not in {line:?}:\n{text}");
        }
    }
    assert_eq!(screen.iter().filter(|line| line.contains("    do: ")).count(), 3, "{text}");
}

#[test]
fn the_document_holds_every_one_of_three_hundred() {
    let many_endpoints = many_endpoints();
    let finished = run(&["probe", "--cacert", &many_endpoints.authority, "-o", "json", &many_endpoints.registry]);
    assert_eq!(finished.code, 1, "{}", finished.err);
    let document: Value = serde_json::from_str(&finished.out).unwrap();
    let endpoints = document["endpoints"].as_array().unwrap();
    assert_eq!(endpoints.len(), 300);
    let with = |word: &str| endpoints.iter().filter(|endpoint| endpoint["verdict"] == word).count();
    assert_eq!((with("healthy"), with("unreachable"), with("unhealthy"), with("tls-failed")), (294, 3, 2, 1));
    let mut codes: Vec<&str> =
        document["findings"].as_array().unwrap().iter().map(|finding| finding["code"].as_str().unwrap()).collect();
    codes.sort_unstable();
    assert_eq!(codes, ["GD201", "GD201", "GD201", "GD301", "GD501", "GD501"]);
    drop(many_endpoints.setup);
}

#[test]
fn a_healthy_service_of_three_endpoints_has_no_finding_in_any_format() {
    let setup = Setup::new();
    let servers = [setup.healthy(), setup.healthy(), setup.healthy()];
    let registry = setup.registry("pay.json", &servers.each_ref().map(String::as_str));
    for format in ["table", "wide", "json", "ndjson"] {
        let finished = run(&["probe", "-o", format, &registry]);
        assert_eq!(finished.code, 0, "{format}: {}", finished.all());
        for address in &servers {
            assert!(finished.out.contains(address.as_str()), "{format}: {}", finished.all());
        }
        assert!(!finished.out.contains("GD"), "{format}: {}", finished.all());
    }
    let watched = run(&["watch", "--for", "1s", "-o", "table", &registry]);
    assert!(watched.code == 0 && !watched.out.contains("GD"), "{}", watched.all());
    let idle = run(&["probe", "--idle", "1s", &registry]);
    assert!(idle.code == 0 && !idle.out.contains("GD"), "{}", idle.all());
}
