//! Percent-encoding of URIs.

use percent_encoding::percent_decode_str;

use super::piece::{Parsed, Piece, invalid};

/// Percent-decodes `piece`; in a query, `+` is a space. The value is never shown: it may be a secret.
pub fn decode(piece: Piece<'_>, query: bool, example: &str) -> Parsed<String> {
    for (at, _) in piece.text.match_indices('%') {
        let digits = piece.text.as_bytes().get(at + 1..at + 3);
        if !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
            return invalid(piece.at + at, "'%' must be followed by two hex digits", "%25 for a percent sign");
        }
    }
    let text = if query { piece.text.replace('+', " ") } else { piece.text.to_string() };
    let Ok(decoded) = percent_decode_str(&text).decode_utf8() else {
        return invalid(piece.at, "the percent-encoded bytes are not valid UTF-8", example);
    };
    if decoded.chars().any(char::is_control) {
        return invalid(piece.at, "invalid percent-encoded control character", example);
    }
    Ok(decoded.into_owned())
}
