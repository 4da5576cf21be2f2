//! What is fuzzed of Eureka: the response about one application.

use super::decode::decode;

/// Decodes a response.
pub(crate) fn answer(bytes: &[u8]) {
    let _ = decode(bytes, 1_700_000_000_000);
}
