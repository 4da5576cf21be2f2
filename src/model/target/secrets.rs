//! Passwords and tokens inside a text that may be no target at all: errors and refused schemes show what was typed, so
//! it is masked first.

/// Names of parameters whose value is nobody's business.
const SECRET_PARAMETERS: [&str; 6] = ["token", "password", "passwd", "secret", "access_key", "secret_key"];

/// `text` with `user:***@` for every password and `token=***` for every secret parameter. Masks too much rather than
/// too little: whatever stands between a colon and the last `@` before the `?` counts as a password.
pub(super) fn mask(text: &str) -> String {
    let (before, query) = match text.split_once('?') {
        Some((before, query)) => (before, Some(query)),
        None => (text, None),
    };
    let mut masked = mask_password(before);
    if let Some(query) = query {
        masked.push('?');
        for (index, pair) in query.split('&').enumerate() {
            if index > 0 {
                masked.push('&');
            }
            match pair.split_once('=') {
                Some((name, _)) if is_secret(name) => masked.push_str(&format!("{name}=***")),
                _ => masked.push_str(&mask_password(pair)),
            }
        }
    }
    masked
}

fn mask_password(text: &str) -> String {
    let start = text.find("//").map_or(0, |slashes| slashes + 2);
    let Some(at) = text.rfind('@').filter(|&at| at >= start) else { return text.to_string() };
    match text[start..at].find(':') {
        Some(colon) => format!("{}***{}", &text[..start + colon + 1], &text[at..]),
        None => text.to_string(),
    }
}

fn is_secret(name: &str) -> bool {
    let name = percent_encoding::percent_decode_str(name).decode_utf8_lossy().to_ascii_lowercase();
    SECRET_PARAMETERS.iter().any(|secret| name.contains(secret))
}
