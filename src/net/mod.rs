//! How bytes travel to a peer, endpoint and registry alike: one TLS verifier, its files, and its failures in words.

pub(crate) mod tls;
