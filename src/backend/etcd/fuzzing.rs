//! What is fuzzed of etcd: its messages, and the listing that is built from them.

use prost::Message;

use super::WORDS;
use super::messages::{AuthenticateResponse, LeaseTimeToLiveResponse, RangeResponse, StatusResponse, WatchResponse};
use crate::backend::listing::{Listing, Pair, Sought, prefixes};
use crate::model::endpoint::Lease;

/// Reads the bytes as every message that etcd sends.
pub(crate) fn messages(bytes: &[u8]) {
    let _ = WatchResponse::decode(bytes);
    let _ = LeaseTimeToLiveResponse::decode(bytes);
    let _ = AuthenticateResponse::decode(bytes);
    let _ = StatusResponse::decode(bytes);
    if let Ok(range) = RangeResponse::decode(bytes) {
        lists(range.kvs.into_iter().map(Into::into));
    }
}

/// Reads the bytes as a key and its value, separated by a line feed, under the prefix of every framework.
pub(crate) fn key_value(bytes: &[u8]) {
    let at = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let of = |prefix: String| Pair {
        key: [prefix.as_bytes(), &bytes[..at]].concat(),
        value: bytes[at..].to_vec(),
        revision: 1,
        owner: 7,
    };
    lists(prefixes(None, |layout| layout.prefixes("pay")).into_iter().map(|prefix| of(prefix.text)));
}

fn lists(pairs: impl Iterator<Item = Pair>) {
    let sought = Sought { service: "pay".to_string(), typed: "etcd:///pay".to_string(), narrowed: false };
    let mut listing = Listing::new(WORDS, sought, prefixes(None, |layout| layout.prefixes("pay")));
    for pair in pairs {
        listing.put(pair);
    }
    let _ = (listing.owners(), listing.answer(|_, _| (Lease::Permanent, None)));
}
