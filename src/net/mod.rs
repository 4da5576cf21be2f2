//! How bytes travel to a peer, endpoint and registry alike: one TLS verifier, its files, and failures in words.

#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
pub(crate) mod tls;
mod words;

pub(crate) use words::io_words;
