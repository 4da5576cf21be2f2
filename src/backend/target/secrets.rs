//! Passwords and tokens inside a text that may not be a target: errors and rejected schemes show what was typed, so
//! it is masked first.

use std::ops::Range;

use crate::model::secret::{is_auth_scheme, is_secret_header};

/// `text` with `***` instead of every password, every value of a parameter that is not known to be harmless, and
/// every header value. Masks too much rather than too little.
pub(super) fn mask(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut shown = 0;
    for range in find(text) {
        masked.push_str(&text[shown..range.start]);
        masked.push_str("***");
        shown = range.end;
    }
    masked + &text[shown..]
}

/// True when `text` may contain a secret. A user without a password may be a token.
pub(super) fn may_be_in(text: &str) -> bool {
    let user =
        text.find("//").is_some_and(|at| text[at..].split(['?', '#']).next().is_some_and(|part| part.contains('@')));
    user || !find(text).is_empty()
}

/// `sentence` about `text`, without what [`mask`] hides in `text`.
pub(super) fn mask_in(sentence: &str, text: &str) -> String {
    let mut secrets: Vec<&str> = find(text).into_iter().map(|range| &text[range]).collect();
    // White space may have been removed from it, and a part of it may be quoted alone.
    secrets.extend(secrets.clone().into_iter().flat_map(str::split_whitespace));
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    let long_enough = |secret: &&&str| secret.len() > 2;
    secrets.iter().filter(long_enough).fold(sentence.to_string(), |masked, secret| masked.replace(*secret, "***"))
}

/// The possible secrets in `text`, in order and without overlap.
fn find(text: &str) -> Vec<Range<usize>> {
    if let Some(value) = header_value(text) {
        return std::iter::once(value..text.len()).collect();
    }
    let query = text.find('?').unwrap_or(text.len());
    let mut found: Vec<Range<usize>> = password(&text[..query], 0).into_iter().collect();
    let mut at = query + 1;
    for pair in text.get(at..).unwrap_or_default().split('&') {
        match pair.find('=') {
            Some(equals) if !is_shown(&pair[..equals]) => found.push(at + equals + 1..at + pair.len()),
            _ => found.extend(password(pair, at)),
        }
        at += pair.len() + 1;
    }
    found.retain(|range| !range.is_empty());
    found
}

/// True for a header that was typed instead of a target.
pub(super) fn is_header(text: &str) -> bool {
    header_value(text).is_some()
}

/// The start of the value of a header that was typed instead of a target: `authorization: Bearer T`, `Bearer T`.
fn header_value(text: &str) -> Option<usize> {
    let is_name = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    if let Some((name, value)) = text.split_once(':').filter(|(name, _)| is_name(name)) {
        let is_secret = is_secret_header(name);
        let is_port = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
        if (is_secret && !is_port && !value.starts_with('/')) || value.starts_with(char::is_whitespace) {
            return Some(name.len() + 1);
        }
    }
    let (scheme, value) = text.split_once(char::is_whitespace)?;
    (is_auth_scheme(scheme) && !value.trim().is_empty()).then(|| scheme.len() + 1)
}

/// The text between a colon and the last `@`.
fn password(text: &str, offset: usize) -> Option<Range<usize>> {
    let start = text.find("//").map_or(0, |slashes| slashes + 2);
    let at = text.rfind('@').filter(|&at| at >= start)?;
    let colon = text[start..at].find(':')?;
    Some(offset + start + colon + 1..offset + at)
}

/// A parameter that a scheme reads or accepts, and that is not secret. Any other one may be a misspelled `token`.
fn is_shown(name: &str) -> bool {
    let name = percent_encoding::percent_decode_str(name).decode_utf8_lossy().to_ascii_lowercase();
    super::schemes().any(|scheme| scheme.parameters.contains(&name.as_str()))
}

#[cfg(test)]
mod tests {
    use crate::model::target::Target;

    #[test]
    fn what_may_be_a_secret_is_in_no_part_of_an_error() {
        for typed in [
            "consul://127.0.0.1:8500/pay?tokn=hunter2",
            "consul:///pay?tagg=a&tokn=hunter2",
            "consul:///pay?token=hunter2&token=hunter2",
            "consul:///pay?healthy=maybe&token=hunter2",
            "consul://ann:hunter2@h:port/pay",
            "consul://ann:hunter2@",
            "consul://ann:hunter2@h",
            "etcd:///pay?pasword=hunter2",
            "etcd:///pay?key=a&key=b&auth=hunter2",
            "eureka://ann:hunter2@h:x/pay",
            "eureka:///pay?secret=hunter2",
            "kubernetes:///pay.prod?bearer=hunter2",
            "k8s://prod/pay?x=hunter2",
            "zookeeper:///pay?auth=hunter2",
            "authorization: Bearer hunter2",
            "Authorization:Bearer hunter2",
            "authorization:hunter2",
            "x-api-key: hunter2",
            "cookie: session=hunter2",
            "Bearer hunter2",
            "basic hunter2",
            "https://ann:hunter2@pay.example/x",
            "http://pay.example/?token=hunter2",
            "pay ?key=x&token=hunter2",
            "nosuch://ann:hunter2@h/pay?x=hunter2",
        ] {
            let error = typed.parse::<Target>().map(|target| format!("{target}")).expect_err(typed);
            let (shown, debug) = (error.to_string(), format!("{error:?}"));
            assert!(!shown.contains("hunter2") && !debug.contains("hunter2"), "{typed}: {debug}");
            assert!(shown.contains("***") || !debug.contains("hunter"), "{typed}: {shown}");
        }
    }

    #[test]
    fn what_a_target_drops_may_be_a_secret() {
        for typed in [
            "dns://ann:hunter2@10.0.0.2/pay:1",
            "srv://hunter2@10.0.0.2/pay",
            "pay:1?token=hunter2",
            "consul://hunter2@h/pay",
            "consul://h/pay?token=hunter2",
        ] {
            assert!(Target::may_show_a_secret(typed), "{typed}");
            assert!(!typed.parse::<Target>().expect(typed).to_string().contains("hunter2"), "{typed}");
        }
        for typed in ["pay", "10.0.0.1:1", "dns://10.0.0.2:53/pay:1", "consul://h/pay?tag=a@b&dc=x"] {
            assert!(!Target::may_show_a_secret(typed), "{typed}");
        }
    }

    #[test]
    fn what_is_not_a_secret_stays_readable() {
        for (typed, part) in [
            ("consul:///pay?tag=v1&nr=2", "tag=v1"),
            ("consul:///pay?healthy=maybe", "maybe"),
            ("pay.example:50051:1", "pay.example:50051:1"),
            ("auth:port", "auth"),
            ("auth-service:x", "auth-service"),
        ] {
            let error = typed.parse::<Target>().expect_err(typed).to_string();
            assert!(error.contains(part), "{typed}: {error}");
        }
        assert!("auth:8080".parse::<Target>().is_ok());
    }
}
