//! What is secret in a header that carries credentials.

use super::forms::from_base64;

/// Substrings of the names of headers that carry credentials.
const SECRET_HEADERS: [&str; 8] = ["auth", "cookie", "token", "secret", "password", "passwd", "api-key", "apikey"];
/// The schemes of an `Authorization` header.
const AUTH_SCHEMES: [&str; 5] = ["bearer", "basic", "digest", "negotiate", "token"];

/// True when the header `name` carries credentials.
pub fn is_secret_header(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_HEADERS.iter().any(|part| name.contains(part))
}

/// True for the scheme of an `Authorization` header: `Bearer`.
pub fn is_auth_scheme(word: &str) -> bool {
    AUTH_SCHEMES.iter().any(|known| word.eq_ignore_ascii_case(known))
}

/// The parts of a value that are secret by themselves: what follows the scheme, and the value of each `name=value`.
pub(super) fn parts<'a>(name: &str, value: &'a str) -> impl Iterator<Item = &'a str> {
    let (scheme, after) = value.split_once(char::is_whitespace).unwrap_or(("", value));
    let rest = if is_auth_scheme(scheme) { after.trim() } else { value };
    let is_secret = is_secret_header(name) || rest.len() < value.len();
    let pairs = rest.split([' ', ',', ';']).filter(|part| !part.is_empty());
    std::iter::once(rest).chain(pairs.map(value_of)).filter(move |_| is_secret)
}

/// The value of `name=value`; otherwise the whole text. Base64 with its padding is not a pair.
fn value_of(pair: &str) -> &str {
    let value = pair.split_once('=').map_or("", |(_, value)| value.trim_matches(['=', '"']));
    if value.is_empty() { pair } else { value }
}

/// User and password of basic authentication.
pub(super) fn login(value: &str) -> Option<(String, String)> {
    let (scheme, encoded) = value.split_once(char::is_whitespace)?;
    let bytes = scheme.eq_ignore_ascii_case("basic").then(|| from_base64(encoded.trim())).flatten()?;
    let login = String::from_utf8(bytes).ok()?;
    login.split_once(':').map(|(user, password)| (user.to_string(), password.to_string()))
}
