//! Secrets appear in no output, whoever repeats them and in whatever form.

mod endpoint;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use crate::support::tool::Finished;

/// A secret with every character that some encoding writes in another way.
const SECRET: &str = r#"hunter2-CORE/x+y"z\q&w"#;
/// What is looked for of it: the same in every encoding but base64.
const CORE: &str = "hunter2-CORE";

/// What `text` shows of the secret: as it is in either case, percent-encoded, or in base64.
fn shown(text: &str) -> Option<String> {
    let plain = text.replace("%2D", "-").replace("%2d", "-").replace("\\u002d", "-").to_lowercase();
    let at = plain.find(&CORE.to_lowercase()).or_else(|| {
        // Behind none, one or two bytes of other text: what does not depend on its neighbors.
        (0..3).find_map(|before| {
            let encoded = STANDARD_NO_PAD.encode([&[0; 2][..before], CORE.as_bytes()].concat());
            text.find(&encoded[[0, 2, 3][before]..encoded.len() - 1])
        })
    })?;
    let line = |text: &str| text[..at.min(text.len())].rfind('\n').map_or(0, |end| end + 1);
    Some(plain[line(&plain)..].lines().next().unwrap_or_default().to_string())
}

/// Fails when a run shows the secret.
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
    for text in [SECRET, "x HUNTER2-core", "hunter2%2DCORE", "a\nhunter2\\u002dCORE\n"] {
        assert!(shown(text).is_some(), "{text}");
    }
    assert_eq!(shown("nothing of ***"), None);
}
