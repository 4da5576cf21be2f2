//! Secrets appear in no output, whatever echoes them and in whatever form.

#[cfg(all(feature = "consul", feature = "etcd", feature = "eureka", feature = "kubernetes", feature = "zookeeper"))]
mod echo;
mod endpoint;
#[cfg(all(feature = "consul", feature = "etcd", feature = "eureka", feature = "kubernetes", feature = "zookeeper"))]
mod registries;
#[cfg(all(feature = "consul", feature = "etcd", feature = "eureka", feature = "kubernetes", feature = "zookeeper"))]
mod ways;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use percent_encoding::percent_decode_str;

use crate::support::tool::Finished;

/// A secret with every character that any of the encodings changes.
const SECRET: &str = r#"hunter2-CORE/x+y"z\q&w"#;
/// The part of the secret that is searched for: the same in every encoding but base64.
const CORE: &str = "hunter2-CORE";

/// The first line of `text` that contains the secret: unchanged in either case, percent-encoded, or in base64.
fn shown(text: &str) -> Option<&str> {
    let is_shown = |line: &&str| {
        let plain = percent_decode_str(line).decode_utf8_lossy().replace("\\u002d", "-").to_lowercase();
        plain.contains(&CORE.to_lowercase())
            // After zero, one or two bytes of other text: the part that does not depend on its neighbors.
            || (0..3).any(|before| {
                let encoded = STANDARD_NO_PAD.encode([&[0; 2][..before], CORE.as_bytes()].concat());
                line.contains(&encoded[[0, 2, 3][before]..encoded.len() - 1])
            })
    };
    text.lines().find(is_shown)
}

fn percent(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Fails if a run shows the secret.
fn shows_nothing(finished: &Finished, what: &str) {
    for text in [&finished.out, &finished.err] {
        if let Some(line) = shown(text) {
            panic!("{what}: the secret is shown: {line}\n{}", finished.all());
        }
    }
}

#[test]
fn the_search_finds_a_secret_in_every_form() {
    for before in ["", "a", "ab", "abc"] {
        assert!(shown(&STANDARD_NO_PAD.encode(format!("{before}{SECRET}"))).is_some(), "{before}");
    }
    for text in [SECRET, "x HUNTER2-core", "hunter2%2DCORE", "%68unter2-CORE", "a\nhunter2\\u002dCORE\n"] {
        assert!(shown(text).is_some(), "{text}");
    }
    assert_eq!(shown("nothing of ***"), None);
}
