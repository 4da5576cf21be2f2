//! What is fuzzed of Consul: the answer of its health API.

use serde_json::value::RawValue;

use super::decode::decode;
use crate::model::target::Target;

/// Decodes an answer as several targets ask for it.
pub(crate) fn answer(bytes: &[u8]) {
    let Ok(entries) = serde_json::from_slice::<Vec<Box<RawValue>>>(bytes) else { return };
    for target in ["consul:///pay", "consul:///pay?tag=grpc&healthy=false"] {
        if let Ok(Target::Consul(target)) = target.parse() {
            let _ = decode(&entries, &target);
        }
    }
}
