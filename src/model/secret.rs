//! [`Secret`]: a value that is used but never shown, and [`Secrets`]: all those of a session, masked in foreign text.

mod forms;
mod header;

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, RwLock};

pub(crate) use header::{is_auth_scheme, is_secret_header};

/// A token, password or key. `Debug` and `Display` print `***`; only [`Secret::reveal`] returns the value.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps `value`. Surrounding white space is removed: a token file usually ends in a newline.
    pub fn new(value: impl Into<String>) -> Self {
        Secret(value.into().trim().to_string())
    }

    /// The value itself, for the code that sends it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// True when the value is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// A secret shorter than this is masked only as a separate word: it may be part of an ordinary word.
const SHORT: usize = 6;

/// The secrets of a session. Clones share them, so that what one backend learns late (a token file, the output of a
/// plugin) is masked in everything that is printed from then on.
#[derive(Clone, Default)]
pub struct Secrets(Arc<RwLock<Vec<String>>>);

impl Secrets {
    /// Masks `secret`, and its base64 forms, from now on. Each line of a secret with several lines (a key) is masked
    /// by itself.
    pub fn learn(&self, secret: &str) {
        let lines = secret.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("-----"));
        let Ok(mut known) = self.0.write() else { return };
        for form in lines.flat_map(forms::of) {
            if !known.contains(&form) {
                known.push(form);
            }
        }
        // A secret that contains another one is replaced first.
        known.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    }

    /// [`learn`](Self::learn)s `password`, and the pair as HTTP basic authentication sends it.
    pub fn learn_login(&self, user: &str, password: &str) {
        self.learn(password);
        self.learn(&forms::base64(format!("{user}:{password}").as_bytes()));
    }

    /// [`learn`](Self::learn)s what is secret in the header `name: value`: the value, and in a header of credentials
    /// each of its parts, with the login of basic authentication. A short value of another header (`x-debug: 1`) is
    /// not a secret.
    pub fn learn_header(&self, name: &str, value: &str) {
        if is_secret_header(name) || value.len() >= SHORT {
            self.learn(value);
        }
        header::parts(name, value).for_each(|part| self.learn(part));
        if let Some((user, password)) = header::login(value) {
            self.learn_login(&user, &password);
        }
    }

    /// `text` with `***` in place of every secret: in other case, percent-encoded, or escaped as in JSON, HTML or
    /// Rust. The beginning of a secret at the end of a truncated text is replaced too.
    pub fn mask<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let Ok(known) = self.0.read() else { return Cow::Borrowed("***") };
        let starts = forms::prefixes(&known);
        let (mut masked, mut shown, mut at) = (String::new(), 0, 0);
        while at < text.len() {
            let found = || known.iter().find_map(|secret| forms::end_of(secret.as_bytes(), text, at));
            match starts[usize::from(text.as_bytes()[at])].then(found).flatten() {
                Some(end) => {
                    masked.push_str(&text[shown..at]);
                    masked.push_str("***");
                    (shown, at) = (end, end);
                }
                None => at += text[at..].chars().next().map_or(1, char::len_utf8),
            }
        }
        if shown == 0 && masked.is_empty() {
            return Cow::Borrowed(text);
        }
        masked.push_str(&text[shown..]);
        Cow::Owned(masked)
    }

    /// [`mask`](Self::mask)s `text` in place.
    pub fn mask_in(&self, text: &mut String) {
        if let Cow::Owned(masked) = self.mask(text) {
            *text = masked;
        }
    }

    /// True when there is nothing to mask.
    pub fn is_empty(&self) -> bool {
        self.0.read().is_ok_and(|known| known.is_empty())
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_shows_itself() {
        let secret = Secret::new("hunter2\n");
        assert_eq!(secret.reveal(), "hunter2");
        assert_eq!(format!("{secret} {secret:?}"), "*** ***");
    }

    #[test]
    fn a_secret_is_found_in_every_form_that_a_peer_may_echo() {
        let secrets = Secrets::default();
        secrets.learn("s3cr\"t/+x y\\z");
        secrets.learn_login("ann", "hunter2");
        for echo in [
            r#"s3cr"t/+x y\z"#,
            "s3cr%22t%2F%2Bx%20y%5Cz",
            "s3cr%22t%2f%2bx+y%5cz",
            r#"s3cr\"t/+x y\\z"#,
            r#"s3cr\\\"t\/+x y\\\\z"#,
            r"s3cr\u0022t\u002f\u002Bx\u0020y\u005cz",
            r"s3cr\u{22}t/+x y\\z",
            "hunter2",
            "hunter%32",
            "HUNTER2",
            "s3cr&quot;t/+x y\\z",
            "S3CR&#34;t&#x2F;+x y\\z",
            "aHVudGVyMg==",
            "YW5uOmh1bnRlcjI=",
            "Basic YW5uOmh1bnRlcjI",
        ] {
            let text = format!("<{echo}> and ünï");
            let masked = secrets.mask(&text);
            assert!(masked.contains("***") && masked.ends_with("> and ünï"), "{echo}: {masked}");
            let lower = masked.to_lowercase();
            assert!(!lower.contains("s3cr") && !lower.contains("hunter") && !masked.contains("aHVu"), "{masked}");
        }
        assert!(matches!(secrets.mask("nothing of the kind: 100 % of pay-1"), Cow::Borrowed(_)));
        assert_eq!(format!("{secrets:?}"), "***");
    }

    #[test]
    fn base64_of_a_text_around_a_secret_is_found_wherever_the_secret_starts() {
        let secrets = Secrets::default();
        secrets.learn("Zm9v/secret-of-ann");
        for before in ["", "a", "ab", "abc", "token: "] {
            for url in [false, true] {
                let mut text = forms::base64(format!("{before}Zm9v/secret-of-ann and more").as_bytes());
                if url {
                    text = text.replace('+', "-").replace('/', "_");
                }
                let masked = secrets.mask(&text).into_owned();
                // What remains without the mark is the text around the secret.
                let rest = masked.len() - 3;
                assert!(
                    masked.contains("***") && rest <= (before.len() + 9) * 4 / 3 + 4,
                    "{before:?}: {text}: {masked}"
                );
            }
        }
    }

    #[test]
    fn a_header_of_credentials_is_secret_in_its_parts() {
        for (name, value, secret, other) in [
            ("authorization", "Bearer hunter2-of-ann", "hunter2-of-ann", "Bearer"),
            ("authorization", "hunter2-of-ann", "hunter2-of-ann", "other"),
            ("authorization", "Bearer T", "T", "Today"),
            ("authorization", "Basic YW5uOmh1bnRlcjI=", "hunter2", "Basic"),
            ("authorization", "Digest username=\"ann\", response=\"6629fae4\"", "6629fae4", "response"),
            ("cookie", "session=hunter2-of-ann; theme=dark-blue", "hunter2-of-ann", "session"),
            ("x-signed", "Bearer hunter2-of-ann", "hunter2-of-ann", "Bearer"),
            ("x-tenant", "payments", "payments", "pay"),
        ] {
            let secrets = Secrets::default();
            secrets.learn_header(name, value);
            assert_eq!(secrets.mask(&format!("you sent {secret}!")), "you sent ***!", "{name}: {value}");
            assert_eq!(secrets.mask(&format!("you sent {value}!")), "you sent ***!", "{name}: {value}");
            assert_eq!(secrets.mask(other), other, "{name}: {value}");
        }
        let secrets = Secrets::default();
        secrets.learn_header("x-debug", "1");
        assert_eq!(secrets.mask("1"), "1");
    }

    #[test]
    fn backslashes_of_a_secret_are_found_however_many_stand_for_them() {
        let secrets = Secrets::default();
        secrets.learn(r"corp\\ann\pw");
        for echo in [r"corp\\ann\pw", r"corp\\\\ann\\pw", "corp\\ann\\pw"] {
            assert_eq!(secrets.mask(echo), "***", "{echo}");
        }
    }

    #[test]
    fn the_start_of_a_truncated_secret_is_masked_too() {
        let secrets = Secrets::default();
        secrets.learn("a-long-token-of-ann");
        assert_eq!(secrets.mask("token: a-long-tok…"), "token: ***…");
        assert_eq!(secrets.mask("a-lo and a-long"), "a-lo and a-long", "not cut");
        secrets.learn("a/b/c/d/e/f");
        for cut in ["a%2Fb%2Fc%2…", "a\\u002fb\\u002fc\\u00…", "a/b/c\\…", "a/b/c&#4…", "a/b/c%…"] {
            assert_eq!(secrets.mask(cut).chars().take(3).collect::<String>(), "***", "{cut}");
        }
        assert_eq!(secrets.mask("a-long-token-of-ann a-long-token-of-ann!"), "*** ***!");
    }

    #[test]
    fn a_short_secret_within_a_longer_word_is_kept_and_a_key_counts_line_by_line() {
        let secrets = Secrets::default();
        secrets.learn("ann");
        assert_eq!(secrets.mask("ann cannot plan \"ann\""), "*** cannot plan \"***\"");
        secrets.learn("-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMG\nByqGSM49AgEG\n-----END PRIVATE KEY-----\n");
        assert_eq!(secrets.mask("got ByqGSM49AgEG"), "got ***");
        secrets.learn("");
        assert_eq!(secrets.mask("-----BEGIN PRIVATE KEY-----"), "-----BEGIN PRIVATE KEY-----");
    }
}
