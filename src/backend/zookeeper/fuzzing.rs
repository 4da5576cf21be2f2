//! What is fuzzed of ZooKeeper: the frames of a session.

use super::jute::{self, JuteReader};

/// Reads the bytes as every frame that a server sends.
pub(crate) fn frame(bytes: &[u8]) {
    let _ = jute::connected(bytes);
    let body = |read: fn(JuteReader<'_>)| {
        let mut reader = JuteReader(bytes);
        if jute::head(&mut reader).is_some() {
            read(reader);
        }
    };
    body(|reader| drop(jute::data(reader)));
    body(|reader| drop(jute::children(reader)));
    body(|reader| drop(jute::notification(reader)));
}
